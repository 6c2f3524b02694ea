/* Keys on tokens, for whom the role has them: proofs that are made later, those that wait for a
 * token to be opened, and what the steward tells. */
#include "base/text.h"
#include "keys/keys.h"
#include <stdlib.h>

#define TOLD_MAX (MAIL_WHY_MAX + 64) /* octets of why there is no certificate */

/* false: the answer is there already, and says why it cannot be. */
static bool sign_by_token(struct keys *k, const struct shrike_op *op, const struct token *one,
                          enum role from, struct shrike_answer *a)
{
    struct tokens *t = &k->keeper.tokens;
    a->reason = tokens_sign(t, one, &op->auth, (struct token_caller){from, op->token});
    if (a->reason == SHRIKE_REASON_NONE)
        return true;
    if (a->reason == SHRIKE_REASON_AUTH_TOKEN || a->reason == SHRIKE_REASON_AUTH_PIN) {
        k->count.no_token++;
        keys_say_no_token(k, &op->auth, one);
        if (!one->open)
            tokens_again(t);
    }
    return false;
}

/* It may be on a token that is just being opened. */
static bool hold(struct keys *k, enum role from, struct bytes body)
{
    u8 *copy = k->held_count < KEYS_HELD_MAX && body.len ? malloc(body.len) : NULL;
    if (!copy)
        return false;
    memcpy(copy, body.at, body.len);
    k->held[k->held_count].from = from;
    k->held[k->held_count].body = copy;
    k->held[k->held_count++].len = body.len;
    return true;
}

bool bearer_proves(struct keys *k, const struct shrike_op *op, enum role from, struct bytes body,
                   struct shrike_answer *a)
{
    struct tokens *t = &k->keeper.tokens;
    *a = (struct shrike_answer){.reason = SHRIKE_REASON_NONE};
    if (op->kind != SHRIKE_PROVE || op->auth.kind != SHRIKE_AUTH_PUBKEY ||
        signers_find(&k->keeper.signers, &op->auth.key))
        return false;
    const struct token *one = tokens_find(t, &op->auth.key);
    if ((!one || one->opening) && tokens_opening(t) && hold(k, from, body))
        return true;
    if (one)
        return sign_by_token(k, op, one, from, a);
    if (!tokens_unknown(t))
        return false;
    tokens_again(t);
    k->count.no_token++;
    a->reason = SHRIKE_REASON_AUTH_TOKEN;
    return false;
}

/* ---- certificates ---- */

static void tell_object(struct keys *k, u32 reference, struct bytes octets, const char *why)
{
    static u8 body[MAIL_OBJECT_MAX + TOLD_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct mail_object_is is = {.reference = reference, .octets = octets};
    struct text t = text_of(is.why, sizeof(is.why));
    text_str(&t, why ? why : "");
    object_is_write(&w, &is);
    if (w.full || !seat_send(k->seat, ROLE_CONTROL, MAIL_OBJECT_IS, written_bytes(&w)))
        k->count.lost++;
}

void bearer_got_object(struct keys *k, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    const struct mail_handle handle = handle_read(&r);
    if (!read_ended(&r) || !handle.octets.len) {
        k->count.refused++;
        return;
    }
    const char *why = tokens_look(&k->keeper.tokens, &handle, reference);
    if (why)
        tell_object(k, reference, bytes_of(NULL, 0), why);
}

/* ---- what the steward tells ---- */

static void token_opened(void *ctx, u32 reference, const char *name, const struct shrike_key_id *id,
                         const char *why)
{
    struct keys *k = ctx;
    if (reference)
        keys_tell_private(k, reference, id, why);
    else if (why)
        seat_log(k->seat, SHRIKE_ERROR, "private key %s %s", name, why);
    else
        seat_log(k->seat, SHRIKE_INFO, "private key %s can be used, on its token", name);
}

static void tokens_settled(void *ctx)
{
    struct keys *k = ctx;
    u32 count = k->held_count;
    k->held_count = 0;
    for (u32 i = 0; i < count; i++) {
        u8 *body = k->held[i].body;
        keys_got_op(k, k->held[i].from, bytes_of(body, k->held[i].len), SHRIKE_PROVE);
        free(body);
    }
    keys_tell_privates(k);
    keys_tell_ready(k);
}

static void token_seen(void *ctx, u32 reference, struct bytes octets, const char *why)
{
    tell_object(ctx, reference, octets, why);
}

static void token_signed(void *ctx, struct token_caller caller, const struct shrike_answer *a)
{
    struct keys *k = ctx;
    k->count.proved += a->ok;
    k->count.failed += !a->ok;
    keys_answer(k, caller.role, caller.token, a);
}

void bearer_start(struct keys *k, int steward)
{
    const struct tokens_use use = {k, token_opened, tokens_settled, token_seen, token_signed};
    tokens_join(&k->keeper.tokens, k->seat->loop, steward, &use);
}

void bearer_stop(struct keys *k)
{
    for (u32 i = 0; i < k->held_count; i++)
        free(k->held[i].body);
    k->held_count = 0;
}
