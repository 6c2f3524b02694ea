/* Recording a provider's calls and making them again: see tape.h. */
#include "tape.h"
#include "host.h"
#include <stdio.h>
#include <stdlib.h>

enum call_kind {
    CALL_RANDOM,
    CALL_SHA1,
    CALL_PRF,
    CALL_MAC,
    CALL_ENCRYPT,
    CALL_DECRYPT,
    CALL_SEAL,
    CALL_OPEN,
    CALL_GENERATE,
    CALL_DERIVE,
    CALLS,
};

struct tape_call {
    enum call_kind kind;
    union {
        const struct prf_suite *prf;
        const struct integ_suite *integ;
        const struct encr_suite *encr;
        const struct ke_suite *ke;
    };
    const u8 *key, *iv, *icv;
    struct bytes key_bytes, data, aad;
    struct bytes parts[PRF_PARTS_MAX];
    size_t count;
};

/* A copy of an argument. */
static const u8 *keep(struct tape *t, const void *at, size_t len)
{
    u8 *copy = t->octets + t->used;
    if (len > TAPE_OCTETS - t->used)
        bench_fail("the tape is full");
    if (len)
        memcpy(copy, at, len);
    t->used += len;
    return copy;
}

static struct bytes keep_bytes(struct tape *t, struct bytes b)
{
    return bytes_of(keep(t, b.at, b.len), b.len);
}

/* The call to be written down; a place that is not looked at when nothing is recorded. */
static struct tape_call *call_new(struct tape *t, enum call_kind kind)
{
    static struct tape_call nowhere;
    if (!t->recording)
        return &nowhere;
    if (t->count == TAPE_CALLS)
        bench_fail("too many calls for the tape");
    struct tape_call *c = &t->calls[t->count++];
    *c = (struct tape_call){.kind = kind};
    return c;
}

static void keep_parts(struct tape *t, struct tape_call *c, const struct bytes *parts, size_t count)
{
    c->count = count;
    for (size_t i = 0; i < count; i++)
        c->parts[i] = keep_bytes(t, parts[i]);
}

static bool tape_random(void *ctx, u8 *out, size_t len)
{
    struct tape *t = ctx;
    call_new(t, CALL_RANDOM)->data = bytes_of(NULL, len);
    return t->bare->random(t->bare->ctx, out, len);
}

static bool tape_sha1(void *ctx, struct bytes data, u8 out[20])
{
    struct tape *t = ctx;
    if (t->recording)
        call_new(t, CALL_SHA1)->data = keep_bytes(t, data);
    return t->bare->sha1(t->bare->ctx, data, out);
}

static bool tape_prf(void *ctx, const struct prf_suite *prf, struct bytes key,
                     const struct bytes *parts, size_t count, u8 *out)
{
    struct tape *t = ctx;
    if (t->recording) {
        struct tape_call *c = call_new(t, CALL_PRF);
        c->prf = prf;
        c->key_bytes = keep_bytes(t, key);
        keep_parts(t, c, parts, count);
    }
    return t->bare->prf(t->bare->ctx, prf, key, parts, count, out);
}

static bool tape_mac(void *ctx, const struct integ_suite *integ, const u8 *key,
                     const struct bytes *parts, size_t count, u8 *out)
{
    struct tape *t = ctx;
    if (t->recording) {
        struct tape_call *c = call_new(t, CALL_MAC);
        c->integ = integ;
        c->key = keep(t, key, integ->key_len);
        keep_parts(t, c, parts, count);
    }
    return t->bare->mac(t->bare->ctx, integ, key, parts, count, out);
}

/* What ciphers and AEADs have in common. */
static void keep_cipher(struct tape *t, enum call_kind kind, const struct tape_call *arguments)
{
    if (!t->recording)
        return;
    const struct encr_suite *encr = arguments->encr;
    struct tape_call *c = call_new(t, kind);
    c->encr = encr;
    c->key = keep(t, arguments->key, (size_t)encr->key_len + encr->salt_len);
    c->iv = keep(t, arguments->iv, encr->iv_len);
    c->data = keep_bytes(t, arguments->data);
    c->aad = keep_bytes(t, arguments->aad);
    if (arguments->icv)
        c->icv = keep(t, arguments->icv, encr->icv_len);
}

static bool tape_encrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                         u8 *data, size_t len)
{
    struct tape *t = ctx;
    keep_cipher(t, CALL_ENCRYPT,
                &(struct tape_call){.encr = encr, .key = key, .iv = iv, .data = {data, len}});
    return t->bare->encrypt(t->bare->ctx, encr, key, iv, data, len);
}

static bool tape_decrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                         u8 *data, size_t len)
{
    struct tape *t = ctx;
    keep_cipher(t, CALL_DECRYPT,
                &(struct tape_call){.encr = encr, .key = key, .iv = iv, .data = {data, len}});
    return t->bare->decrypt(t->bare->ctx, encr, key, iv, data, len);
}

static bool tape_seal(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                      struct bytes aad, u8 *data, size_t len, u8 *icv)
{
    struct tape *t = ctx;
    struct tape_call arguments = {
        .encr = encr, .key = key, .iv = iv, .data = {data, len}, .aad = aad};
    keep_cipher(t, CALL_SEAL, &arguments);
    return t->bare->seal(t->bare->ctx, encr, key, iv, aad, data, len, icv);
}

static bool tape_open(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                      struct bytes aad, u8 *data, size_t len, const u8 *icv)
{
    struct tape *t = ctx;
    struct tape_call arguments = {
        .encr = encr, .key = key, .iv = iv, .data = {data, len}, .aad = aad, .icv = icv};
    keep_cipher(t, CALL_OPEN, &arguments);
    return t->bare->open(t->bare->ctx, encr, key, iv, aad, data, len, icv);
}

static bool tape_ke_generate(void *ctx, const struct ke_suite *ke, u8 *private_key,
                             u8 *public_value)
{
    struct tape *t = ctx;
    call_new(t, CALL_GENERATE)->ke = ke;
    return t->bare->ke_generate(t->bare->ctx, ke, private_key, public_value);
}

static bool tape_ke_derive(void *ctx, const struct ke_suite *ke, const u8 *private_key,
                           struct bytes peer, u8 *secret, bool *valid)
{
    struct tape *t = ctx;
    if (t->recording) {
        struct tape_call *c = call_new(t, CALL_DERIVE);
        c->ke = ke;
        c->key = keep(t, private_key, ke->private_len);
        c->data = keep_bytes(t, peer);
    }
    return t->bare->ke_derive(t->bare->ctx, ke, private_key, peer, secret, valid);
}

void tape_init(struct tape *t, struct shrike_provider *bare)
{
    *t = (struct tape){.bare = bare};
    t->calls = calloc(TAPE_CALLS, sizeof(*t->calls));
    t->octets = malloc(TAPE_OCTETS);
    if (!t->calls || !t->octets)
        bench_fail("no memory for a tape");
    t->provider = (struct shrike_provider){
        .ctx = t,
        .random = tape_random,
        .sha1 = tape_sha1,
        .prf = tape_prf,
        .mac = tape_mac,
        .encrypt = tape_encrypt,
        .decrypt = tape_decrypt,
        .seal = tape_seal,
        .open = tape_open,
        .ke_generate = tape_ke_generate,
        .ke_derive = tape_ke_derive,
    };
}

void tape_free(struct tape *t)
{
    free(t->calls);
    free(t->octets);
}

void tape_record(struct tape *t)
{
    t->count = 0;
    t->used = 0;
    t->recording = true;
}

void tape_stop(struct tape *t)
{
    t->recording = false;
}

/* Ciphers work in place, so on a copy. */
static bool play_cipher(const struct shrike_provider *p, const struct tape_call *c)
{
    static u8 data[TAPE_OCTETS], icv[ICV_MAX];
    size_t len = c->data.len;
    memcpy(data, c->data.at, len);
    if (c->kind == CALL_ENCRYPT)
        return p->encrypt(p->ctx, c->encr, c->key, c->iv, data, len);
    if (c->kind == CALL_DECRYPT)
        return p->decrypt(p->ctx, c->encr, c->key, c->iv, data, len);
    if (c->kind == CALL_SEAL)
        return p->seal(p->ctx, c->encr, c->key, c->iv, c->aad, data, len, icv);
    return p->open(p->ctx, c->encr, c->key, c->iv, c->aad, data, len, c->icv);
}

static bool play(const struct shrike_provider *p, const struct tape_call *c)
{
    static u8 out[TAPE_OCTETS], private_key[KE_PRIVATE_MAX];
    bool valid;
    switch (c->kind) {
    case CALL_RANDOM:
        return p->random(p->ctx, out, c->data.len);
    case CALL_SHA1:
        return p->sha1(p->ctx, c->data, out);
    case CALL_PRF:
        return p->prf(p->ctx, c->prf, c->key_bytes, c->parts, c->count, out);
    case CALL_MAC:
        return p->mac(p->ctx, c->integ, c->key, c->parts, c->count, out);
    case CALL_ENCRYPT:
    case CALL_DECRYPT:
    case CALL_SEAL:
    case CALL_OPEN:
        return play_cipher(p, c);
    case CALL_GENERATE:
        return p->ke_generate(p->ctx, c->ke, private_key, out);
    case CALL_DERIVE:
        return p->ke_derive(p->ctx, c->ke, c->key, c->data, out, &valid);
    case CALLS:
        break;
    }
    return false;
}

void tape_play(const struct tape *t)
{
    for (unsigned i = 0; i < t->count; i++) {
        if (!play(t->bare, &t->calls[i]))
            bench_fail("a call went well once and does not now");
    }
}

void tape_text(const struct tape *t, char out[TAPE_TEXT_MAX])
{
    static const char *const names[CALLS] = {"random",  "sha1", "prf",  "mac",      "encrypt",
                                             "decrypt", "seal", "open", "generate", "derive"};
    unsigned counts[CALLS] = {0};
    size_t at = 0;
    out[0] = 0;
    for (unsigned i = 0; i < t->count; i++)
        counts[t->calls[i].kind]++;
    for (unsigned i = 0; i < CALLS && at < TAPE_TEXT_MAX; i++) {
        if (counts[i])
            at += (size_t)snprintf(out + at, TAPE_TEXT_MAX - at, "%s%u %s", at ? ", " : "",
                                   counts[i], names[i]);
    }
}
