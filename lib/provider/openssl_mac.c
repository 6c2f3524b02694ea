/* Hashes, PRFs and integrity: HMAC over a context that is kept, XCBC and CMAC over AES alone. */
#include "provider/openssl.h"
#include <openssl/crypto.h>
#include <openssl/err.h>

/* The hash under an HMAC, or 0 for what is none. */
static u16 prf_hash(u16 id)
{
    switch (id) {
    case PRF_HMAC_SHA1:
        return HASH_SHA1;
    case PRF_HMAC_SHA2_256:
        return HASH_SHA2_256;
    case PRF_HMAC_SHA2_384:
        return HASH_SHA2_384;
    case PRF_HMAC_SHA2_512:
        return HASH_SHA2_512;
    }
    return 0;
}

static u16 integ_hash(u16 id)
{
    switch (id) {
    case INTEG_HMAC_SHA1_96:
        return HASH_SHA1;
    case INTEG_HMAC_SHA2_256_128:
        return HASH_SHA2_256;
    case INTEG_HMAC_SHA2_384_192:
        return HASH_SHA2_384;
    case INTEG_HMAC_SHA2_512_256:
        return HASH_SHA2_512;
    }
    return 0;
}

bool openssl_mac_new(struct openssl *o)
{
    static const char *const names[HASH_IDS] = {
        [HASH_SHA1] = "SHA1",
        [HASH_SHA2_256] = "SHA2-256",
        [HASH_SHA2_384] = "SHA2-384",
        [HASH_SHA2_512] = "SHA2-512",
    };
    for (size_t id = 0; id < HASH_IDS; id++) {
        struct hash *h = &o->hashes[id];
        h->md = names[id] ? EVP_MD_fetch(NULL, names[id], NULL) : NULL;
        if (h->md && !(h->ctx = EVP_MD_CTX_new()))
            return false;
    }
    return true;
}

void openssl_mac_free(struct openssl *o)
{
    for (size_t id = 0; id < HASH_IDS; id++) {
        EVP_MD_CTX_free(o->hashes[id].ctx);
        EVP_MD_free(o->hashes[id].md);
    }
}

static bool hash(const struct hash *h, const struct bytes *parts, size_t count, u8 *out)
{
    if (!h->md || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1)
        return false;
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestUpdate(h->ctx, parts[i].at, parts[i].len) != 1)
            return false;
    return EVP_DigestFinal_ex(h->ctx, out, NULL) == 1;
}

/* RFC 2104 2: H(K ^ opad, H(K ^ ipad, parts)), keys longer than a block hashed first. out has room
 * for DIGEST_MAX octets. */
static bool hmac(const struct hash *h, struct bytes key, const struct bytes *parts, size_t count,
                 u8 *out)
{
    u8 pad[HASH_BLOCK_MAX] = {0};
    struct bytes with_pad[PRF_PARTS_MAX + 1];
    if (!h->md || count > PRF_PARTS_MAX)
        return false;
    size_t block = (size_t)EVP_MD_get_block_size(h->md);
    size_t len = (size_t)EVP_MD_get_size(h->md);
    ensure(block <= sizeof(pad) && len <= DIGEST_MAX);
    bool done = true;
    if (key.len > block)
        done = hash(h, &key, 1, pad);
    else if (key.len > 0)
        memcpy(pad, key.at, key.len);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36;
    with_pad[0] = bytes_of(pad, block);
    for (size_t i = 0; i < count; i++)
        with_pad[i + 1] = parts[i];
    done = done && hash(h, with_pad, count + 1, out);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    with_pad[1] = bytes_of(out, len);
    done = done && hash(h, with_pad, 2, out);
    OPENSSL_cleanse(pad, sizeof(pad));
    return done;
}

static bool aes_key(const struct openssl *o, const u8 *key)
{
    return o->aes && EVP_EncryptInit_ex2(o->aes, NULL, key, NULL, NULL) == 1;
}

static bool aes_block(const struct openssl *o, u8 *block)
{
    int len;
    return EVP_EncryptUpdate(o->aes, block, &len, block, AES_BLOCK) == 1 && len == AES_BLOCK;
}

/* XCBC and CMAC are one construction: CBC-MAC under a key, with a mask over the last block that
 * tells whether it was whole. They differ in how key and masks come from the secret. */
struct masks {
    u8 whole[AES_BLOCK], partial[AES_BLOCK];
};

/* RFC 3566 4 (1): K1, K2 and K3 are blocks of ones, twos and threes, encrypted. */
static bool xcbc_key(const struct openssl *o, const u8 *key, struct masks *m)
{
    u8 first[AES_BLOCK];
    memset(first, 1, AES_BLOCK);
    memset(m->whole, 2, AES_BLOCK);
    memset(m->partial, 3, AES_BLOCK);
    bool done = aes_key(o, key) && aes_block(o, first) && aes_block(o, m->whole) &&
                aes_block(o, m->partial) && aes_key(o, first);
    OPENSSL_cleanse(first, sizeof(first));
    return done;
}

/* Twice a block in GF(2^128) (RFC 4493 2.3), without a branch on the secret. */
static void double_block(u8 *out, const u8 *in)
{
    u8 carry = (u8)(-(in[0] >> 7) & 0x87);
    for (size_t i = 0; i < AES_BLOCK - 1; i++)
        out[i] = (u8)(in[i] << 1 | in[i + 1] >> 7);
    out[AES_BLOCK - 1] = (u8)(in[AES_BLOCK - 1] << 1) ^ carry;
}

/* RFC 4493 2.3: the masks are two and four times an encrypted block of zeros. */
static bool cmac_key(const struct openssl *o, const u8 *key, struct masks *m)
{
    u8 zero[AES_BLOCK] = {0};
    bool done = aes_key(o, key) && aes_block(o, zero);
    double_block(m->whole, zero);
    double_block(m->partial, m->whole);
    OPENSSL_cleanse(zero, sizeof(zero));
    return done;
}

/* RFC 3566 4, RFC 4493 2.4: a last block that is not whole, also that of an empty message, gets a
 * one bit behind it. */
static bool cbc_mac(const struct openssl *o, const struct masks *m, const struct bytes *parts,
                    size_t count, u8 *out)
{
    u8 block[AES_BLOCK] = {0};
    size_t fill = 0;
    bool done = true;
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < parts[i].len; at++) {
            if (fill == AES_BLOCK) {
                done = done && aes_block(o, block);
                fill = 0;
            }
            block[fill++] ^= parts[i].at[at];
        }
    const u8 *mask = fill == AES_BLOCK ? m->whole : m->partial;
    if (fill < AES_BLOCK)
        block[fill] ^= 0x80;
    for (size_t i = 0; i < AES_BLOCK; i++)
        block[i] ^= mask[i];
    done = done && aes_block(o, block);
    memcpy(out, block, AES_BLOCK);
    OPENSSL_cleanse(block, sizeof(block));
    return done;
}

static bool mac_key(const struct openssl *o, bool xcbc, const u8 *key, struct masks *m)
{
    return xcbc ? xcbc_key(o, key, m) : cmac_key(o, key, m);
}

/* A PRF takes keys of any size. RFC 4434 2: shorter ones get zeros behind them, longer ones are
 * what XCBC under a key of zeros makes of them. RFC 4615 3: CMAC does the latter with both. */
static bool prf_key(const struct openssl *o, bool xcbc, struct bytes key, struct masks *m)
{
    static const u8 zeros[AES_BLOCK];
    u8 fixed[AES_BLOCK] = {0};
    bool done = true;
    if (key.len > AES_BLOCK || (key.len < AES_BLOCK && !xcbc))
        done = mac_key(o, xcbc, zeros, m) && cbc_mac(o, m, &key, 1, fixed);
    else if (key.len > 0)
        memcpy(fixed, key.at, key.len);
    done = done && mac_key(o, xcbc, fixed, m);
    OPENSSL_cleanse(fixed, sizeof(fixed));
    return done;
}

static bool finish(bool done)
{
    if (!done)
        ERR_clear_error();
    return done;
}

bool openssl_sha1(void *ctx, struct bytes data, u8 out[20])
{
    const struct openssl *o = ctx;
    return finish(hash(&o->hashes[HASH_SHA1], &data, 1, out));
}

/* RFC 7296 1.7 (8): a key of any length. */
bool openssl_prf(void *ctx, const struct prf_suite *prf, struct bytes key,
                 const struct bytes *parts, size_t count, u8 *out)
{
    const struct openssl *o = ctx;
    u16 under = prf_hash(prf->id);
    if (under)
        return finish(hmac(&o->hashes[under], key, parts, count, out));
    bool xcbc = prf->id == PRF_AES128_XCBC;
    if (!xcbc && prf->id != PRF_AES128_CMAC)
        return false;
    struct masks m;
    bool done = prf_key(o, xcbc, key, &m) && cbc_mac(o, &m, parts, count, out);
    OPENSSL_cleanse(&m, sizeof(m));
    return finish(done);
}

bool openssl_mac(void *ctx, const struct integ_suite *integ, const u8 *key,
                 const struct bytes *parts, size_t count, u8 *out)
{
    const struct openssl *o = ctx;
    u8 whole[DIGEST_MAX];
    struct masks m;
    u16 under = integ_hash(integ->id);
    bool xcbc = integ->id == INTEG_AES_XCBC_96;
    bool done = false;
    if (under)
        done = hmac(&o->hashes[under], bytes_of(key, integ->key_len), parts, count, whole);
    else if (xcbc || integ->id == INTEG_AES_CMAC_96)
        done = mac_key(o, xcbc, key, &m) && cbc_mac(o, &m, parts, count, whole);
    if (done)
        memcpy(out, whole, integ->icv_len);
    OPENSSL_cleanse(whole, sizeof(whole));
    OPENSSL_cleanse(&m, sizeof(m));
    return finish(done);
}
