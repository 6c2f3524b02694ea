/* What was used with which key. */
#include "reuse.h"
#include "wire/codes.h"
#include "wire/header.h"

#define GENERIC_SIZE 4 /* of the payload header in front of the IV (RFC 7296 3.14) */
#define SKF_SIZE     4 /* fragment number and total (RFC 7383 2.5) */
#define IV_SIZE      8 /* of AEADs and CTR; of CBC the first half */
#define ICV_END      8 /* the last octets of a message */

void reuse_free(struct reuse *r)
{
    marks_free(&r->sealed);
    marks_free(&r->used);
    marks_free(&r->planes);
}

/* ---- providers ---- */

static const struct shrike_provider *inner_of(void *ctx)
{
    return ((struct watch *)ctx)->inner;
}

static u64 key_of(const struct encr_suite *encr, const u8 *key)
{
    return mix(MIX_FIRST, key, (size_t)encr->key_len + encr->salt_len);
}

static void note(struct watch *w, u64 key, u64 iv, const u8 *icv, size_t icv_len)
{
    (void)marks_agree(&w->reuse->sealed, mix(iv, icv + icv_len - ICV_END, ICV_END), key);
}

static bool watch_random(void *ctx, u8 *out, size_t len)
{
    return inner_of(ctx)->random(inner_of(ctx)->ctx, out, len);
}

static bool watch_sha1(void *ctx, struct bytes data, u8 out[20])
{
    return inner_of(ctx)->sha1(inner_of(ctx)->ctx, data, out);
}

static bool watch_prf(void *ctx, const struct prf_suite *prf, struct bytes key,
                      const struct bytes *parts, size_t count, u8 *out)
{
    return inner_of(ctx)->prf(inner_of(ctx)->ctx, prf, key, parts, count, out);
}

/* Behind an encrypt() it is over what was encrypted; else it is to be compared. */
static bool watch_mac(void *ctx, const struct integ_suite *integ, const u8 *key,
                      const struct bytes *parts, size_t count, u8 *out)
{
    struct watch *w = ctx;
    bool good = w->inner->mac(w->inner->ctx, integ, key, parts, count, out);

    if (w->key != 0)
        note(w, w->key, w->iv, out, integ->icv_len);
    w->key = 0;
    return good;
}

static bool watch_encrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                          u8 *data, size_t len)
{
    struct watch *w = ctx;

    w->key = key_of(encr, key);
    w->iv = mix(MIX_FIRST, iv, IV_SIZE);
    return w->inner->encrypt(w->inner->ctx, encr, key, iv, data, len);
}

static bool watch_decrypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                          u8 *data, size_t len)
{
    return inner_of(ctx)->decrypt(inner_of(ctx)->ctx, encr, key, iv, data, len);
}

static bool watch_seal(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                       struct bytes aad, u8 *data, size_t len, u8 *icv)
{
    struct watch *w = ctx;
    bool good = w->inner->seal(w->inner->ctx, encr, key, iv, aad, data, len, icv);

    note(w, key_of(encr, key), mix(MIX_FIRST, iv, IV_SIZE), icv, encr->icv_len);
    return good;
}

static bool watch_open(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                       struct bytes aad, u8 *data, size_t len, const u8 *icv)
{
    return inner_of(ctx)->open(inner_of(ctx)->ctx, encr, key, iv, aad, data, len, icv);
}

static bool watch_generate(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value)
{
    return inner_of(ctx)->ke_generate(inner_of(ctx)->ctx, ke, private_key, public_value);
}

static bool watch_derive(void *ctx, const struct ke_suite *ke, const u8 *private_key,
                         struct bytes peer, u8 *secret, bool *valid)
{
    return inner_of(ctx)->ke_derive(inner_of(ctx)->ctx, ke, private_key, peer, secret, valid);
}

void watch_init(struct watch *w, struct reuse *r, const struct shrike_provider *inner)
{
    *w = (struct watch){.inner = inner, .reuse = r};
    w->provider = (struct shrike_provider){.ctx = w,
                                           .random = watch_random,
                                           .sha1 = watch_sha1,
                                           .prf = watch_prf,
                                           .mac = watch_mac,
                                           .encrypt = watch_encrypt,
                                           .decrypt = watch_decrypt,
                                           .seal = watch_seal,
                                           .open = watch_open,
                                           .ke_generate = watch_generate,
                                           .ke_derive = watch_derive};
}

/* ---- what leaves ---- */

/* Where the IV stands; 0 when the message has none. */
static size_t iv_at(const struct header *head, size_t len)
{
    size_t at = HEADER_SIZE + GENERIC_SIZE;

    if (head->next_payload == PAYLOAD_SKF)
        at += SKF_SIZE;
    else if (head->next_payload != PAYLOAD_SK)
        return 0;
    return at + IV_SIZE + ICV_END <= len ? at : 0;
}

/* RFC 5282 3.1: with one key an IV is used once. RFC 7296 2.1, 2.2: a message ID is that of one
 * message, which is sent again as it was. */
const char *reuse_sent(struct reuse *r, struct bytes d)
{
    struct header head;
    u64 whole = mix(MIX_FIRST, d.at, d.len), iv, key, id;
    size_t at = header_read(d, &head) == HEADER_OK ? iv_at(&head, d.len) : 0;

    if (at == 0)
        return NULL;
    iv = mix(MIX_FIRST, d.at + at, IV_SIZE);
    key = marks_value(&r->sealed, mix(iv, d.at + d.len - ICV_END, ICV_END));
    if (key == 0)
        return "sends what it has not sealed";
    if (!marks_agree(&r->used, mix(key, d.at + at, IV_SIZE), whole))
        return "uses an IV twice";
    /* Exchange, flags and ID, and of a fragment its number. */
    id = mix(key ^ 0x5a5a5a5a, d.at + 16, HEADER_SIZE - 4 - 16);
    if (head.next_payload == PAYLOAD_SKF)
        id = mix(id, d.at + HEADER_SIZE + GENERIC_SIZE, SKF_SIZE);
    if (!marks_agree(&r->used, id, whole))
        return "sends two different messages with one message ID";
    return NULL;
}

const char *reuse_installed(struct reuse *r, struct bytes key, const void *pair)
{
    u64 hash = mix(MIX_FIRST, key.at, key.len), place = mix(MIX_FIRST, &pair, sizeof pair);
    return marks_agree(&r->planes, hash, place) ? NULL : "counts twice with one ESP key";
}
