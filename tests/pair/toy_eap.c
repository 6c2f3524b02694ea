/* A model of EAP methods: see toy_eap.h. */
#include "toy_eap.h"
#include "wire/payload.h"
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 256 };

static const char *word_of(const struct toy_eap *e)
{
    return e->word ? e->word : "sesame";
}

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static void say(struct shrike_answer *a, u8 *value, const struct eap *eap)
{
    struct writer w = writer_of(value, VALUE_MAX);
    eap_write(&w, eap);
    a->value = bytes_of(value, written(&w));
}

static void succeed(struct toy_eap *e, struct shrike_answer *a)
{
    const char *word = word_of(e);
    for (unsigned i = 0; i < sizeof(e->key); i++)
        e->key[i] = (u8)((u8)word[i % strlen(word)] + i + e->other_key);
    a->mutual = !e->one_sided;
    a->secret = bytes_of(e->key, e->keyless ? 0 : sizeof(e->key));
}

static bool knows(const struct toy_eap *e, const struct eap *eap)
{
    return eap->type == EAP_TYPE_TOY && bytes_equal(eap->data, text(word_of(e)));
}

static void serve(struct toy_eap *e, const struct eap *eap, struct shrike_answer *a, u8 *value)
{
    unsigned requests = e->requests ? e->requests : 2;
    struct eap out = {.code = EAP_REQUEST, .type = EAP_TYPE_TOY, .data = text("who goes there?")};
    if (eap && eap->type == EAP_TYPE_IDENTITY) {
        snprintf(e->heard, sizeof(e->heard), "%.*s", (int)eap->data.len,
                 (const char *)eap->data.at);
    } else if (eap && !knows(e, eap)) {
        *a = (struct shrike_answer){.reason = SHRIKE_REASON_EAP_FAILED};
        return;
    }
    if (!eap && e->asks_name) {
        out.type = EAP_TYPE_IDENTITY;
    } else if (e->step++ == requests) {
        succeed(e, a);
        a->identity = text(e->heard);
        a->grant = e->grant;
        return;
    }
    out.identifier = (u8)(eap ? eap->identifier + 1 : 7);
    say(a, value, &out);
}

static void answer(struct toy_eap *e, const struct eap *eap, struct shrike_answer *a, u8 *value)
{
    static const u8 wanted = EAP_TYPE_TOY;
    struct eap out = {
        .code = EAP_RESPONSE,
        .type = eap->type,
        .identifier = (u8)(eap->identifier + e->stray),
    };
    if (eap->code == EAP_SUCCESS && (e->done || e->trusting)) {
        succeed(e, a);
        return;
    }
    if (eap->code != EAP_REQUEST) {
        *a = (struct shrike_answer){.reason = SHRIKE_REASON_EAP_EARLY};
        return;
    }
    if (eap->type == EAP_TYPE_IDENTITY) {
        out.data = text(e->name ? e->name : "alice");
    } else if (eap->type == EAP_TYPE_TOY) {
        out.data = text(word_of(e));
        e->done = true;
    } else {
        out.type = EAP_TYPE_NAK;
        out.data = bytes_of(&wanted, 1);
    }
    say(a, value, &out);
}

bool toy_eap_take(struct toy_eap *e, const struct shrike_eap_op *op, struct shrike_answer *a,
                  uint8_t *value)
{
    struct eap eap;
    bool there = op->message.len > 0;
    e->asked++;
    e->last = *op;
    if (op->session != e->session) {
        e->wrong += e->session != 0;
        e->begun++;
        e->session = op->session;
        e->step = 0;
        e->done = false;
        e->heard[0] = 0;
    }
    *a = (struct shrike_answer){.ok = true};
    if (there && !eap_read(op->message, &eap))
        *a = (struct shrike_answer){.reason = SHRIKE_REASON_EAP_SYNTAX};
    else if (op->server)
        serve(e, there ? &eap : NULL, a, value);
    else
        answer(e, &eap, a, value);
    return !e->lost;
}

void toy_eap_over(struct toy_eap *e, uint32_t session)
{
    e->wrong += session == 0 || session != e->session;
    e->over++;
    e->session = 0;
}
