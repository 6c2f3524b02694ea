/* A provider without cryptography: fast and the same octets each time, for the simulator, the
 * fuzzers and the tests of structure. Every output depends on every input as a real algorithm's
 * would, so that a wrong key, IV, group or octet shows; nobody is kept from finding the key. */
#include "base/ct.h"
#include "crypto/provider.h"

#include <stdlib.h>

struct toy {
    struct shrike_provider table;
    u64 random;
};

/* What a digest is for, so that no two functions give the same octets for the same input. */
enum purpose { SHA1 = 1, PRF, MAC, STREAM, ICV, EXPONENT, PADDING, SECRET };

/* A running digest: 128 bits of state, eight octets at a time. */
struct digest {
    u64 a, b;
    u64 word;    /* octets that do not fill eight yet, little-endian */
    size_t size; /* of all so far */
};

/* Odd constants with bits all over (2^64 over the golden ratio, and its neighbour in splitmix64).
 */
#define SPREAD_A 0x9e3779b97f4a7c15u
#define SPREAD_B 0xbf58476d1ce4e5b9u

static void mix(struct digest *d, u64 word)
{
    d->a = (d->a ^ word) * SPREAD_A;
    d->a ^= d->a >> 29;
    d->b = (d->b + d->a) * SPREAD_B;
    d->b ^= d->b >> 31;
}

static u64 load(const u8 *at)
{
    u64 word = 0;
    for (size_t i = 0; i < 8; i++)
        word |= (u64)at[i] << (8 * i);
    return word;
}

static void absorb(struct digest *d, struct bytes data)
{
    size_t i = 0;
    while (i < data.len) {
        size_t fill = d->size % 8;
        if (fill == 0 && data.len - i >= 8) {
            mix(d, load(data.at + i));
            i += 8;
            d->size += 8;
            continue;
        }
        d->word |= (u64)data.at[i++] << (8 * fill);
        d->size++;
        if (d->size % 8 == 0) {
            mix(d, d->word);
            d->word = 0;
        }
    }
}

static void absorb_u64(struct digest *d, u64 value)
{
    u8 octets[8];
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (u8)(value >> (8 * i));
    absorb(d, bytes_of(octets, sizeof(octets)));
}

static struct digest begin(enum purpose purpose, u64 id)
{
    struct digest d = {.a = SPREAD_B, .b = SPREAD_A};
    mix(&d, purpose);
    mix(&d, id);
    return d;
}

/* The next eight octets, as many times as wanted; size, behind the rest, ends what was absorbed. */
static u64 squeeze(struct digest *d)
{
    mix(d, d->word);
    mix(d, d->size);
    return d->a ^ d->b;
}

static void squeeze_bytes(struct digest *d, u8 *out, size_t len)
{
    for (size_t at = 0; at < len; at += 8) {
        u64 word = squeeze(d);
        for (size_t i = 0; i < MIN(len - at, (size_t)8); i++)
            out[at + i] = (u8)(word >> (8 * i));
    }
}

static bool toy_random(void *ctx, u8 *out, size_t len)
{
    struct toy *toy = ctx;
    struct digest d = {.a = toy->random++, .b = SPREAD_B};
    squeeze_bytes(&d, out, len);
    return true;
}

static bool toy_sha1(void *ctx, struct bytes data, u8 out[20])
{
    (void)ctx;
    struct digest d = begin(SHA1, 0);
    absorb(&d, data);
    squeeze_bytes(&d, out, 20);
    return true;
}

static bool toy_prf(void *ctx, const struct prf_suite *prf, struct bytes key,
                    const struct bytes *parts, size_t count, u8 *out)
{
    (void)ctx;
    struct digest d = begin(PRF, prf->id);
    absorb_u64(&d, key.len);
    absorb(&d, key);
    for (size_t i = 0; i < count; i++)
        absorb(&d, parts[i]);
    squeeze_bytes(&d, out, prf->len);
    return true;
}

static bool toy_mac(void *ctx, const struct integ_suite *integ, const u8 *key,
                    const struct bytes *parts, size_t count, u8 *out)
{
    (void)ctx;
    struct digest d = begin(MAC, integ->id);
    absorb(&d, bytes_of(key, integ->key_len));
    for (size_t i = 0; i < count; i++)
        absorb(&d, parts[i]);
    squeeze_bytes(&d, out, integ->icv_len);
    return true;
}

/* Both ways: data with a stream made of cipher, key and IV. */
static bool toy_crypt(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                      u8 *data, size_t len)
{
    (void)ctx;
    if (len % encr->block != 0)
        return false;
    if (encr->key_len == 0) /* ENCR_NULL */
        return true;
    struct digest d = begin(STREAM, encr->id);
    absorb(&d, bytes_of(key, (size_t)encr->key_len + encr->salt_len));
    absorb(&d, bytes_of(iv, encr->iv_len));
    for (size_t at = 0; at < len; at += 8) {
        u64 word = squeeze(&d);
        for (size_t i = 0; i < MIN(len - at, (size_t)8); i++)
            data[at + i] ^= (u8)(word >> (8 * i));
    }
    return true;
}

/* Over what went over the wire: associated data and ciphertext, with the sizes of both. */
static void toy_icv(const struct encr_suite *encr, const u8 *key, const u8 *iv,
                    const struct bytes parts[2], u8 *out)
{
    struct digest d = begin(ICV, encr->id);
    absorb(&d, bytes_of(key, (size_t)encr->key_len + encr->salt_len));
    absorb(&d, bytes_of(iv, encr->iv_len));
    for (size_t i = 0; i < 2; i++) {
        absorb_u64(&d, parts[i].len);
        absorb(&d, parts[i]);
    }
    squeeze_bytes(&d, out, encr->icv_len);
}

static bool toy_seal(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                     struct bytes aad, u8 *data, size_t len, u8 *icv)
{
    if (!toy_crypt(ctx, encr, key, iv, data, len))
        return false;
    toy_icv(encr, key, iv, (struct bytes[]){aad, bytes_of(data, len)}, icv);
    return true;
}

static bool toy_open(void *ctx, const struct encr_suite *encr, const u8 *key, const u8 *iv,
                     struct bytes aad, u8 *data, size_t len, const u8 *icv)
{
    u8 expected[ICV_MAX];
    toy_icv(encr, key, iv, (struct bytes[]){aad, bytes_of(data, len)}, expected);
    return ct_equal(expected, icv, encr->icv_len) && toy_crypt(ctx, encr, key, iv, data, len);
}

/* Key exchange: Diffie-Hellman modulo the Mersenne prime 2^61 - 1, whose least primitive root
 * is 37. A public value is eight octets, then padding to the group's size that follows from group
 * and value. */
#define PRIME     (((u64)1 << 61) - 1)
#define GENERATOR 37
#define VALUE_LEN 8

__extension__ typedef unsigned __int128 u128;

/* Modulo 2^61 - 1 the high bits of a product count like the low ones. */
static u64 multiply(u64 x, u64 y)
{
    u128 product = (u128)x * y;
    u64 sum = (u64)(product & PRIME) + (u64)(product >> 61);
    return sum >= PRIME ? sum - PRIME : sum;
}

static u64 power(u64 base, u64 exponent)
{
    u64 result = 1;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            result = multiply(result, base);
        base = multiply(base, base);
    }
    return result;
}

static u64 exponent_of(const struct ke_suite *ke, const u8 *private_key)
{
    struct digest d = begin(EXPONENT, 0);
    absorb(&d, bytes_of(private_key, ke->private_len));
    return 1 + squeeze(&d) % (PRIME - 2);
}

static void put_value(const struct ke_suite *ke, u64 value, u8 *out)
{
    struct digest d = begin(PADDING, ke->id);
    absorb_u64(&d, value);
    for (size_t i = 0; i < VALUE_LEN; i++)
        out[i] = (u8)(value >> (8 * i));
    squeeze_bytes(&d, out + VALUE_LEN, ke->public_len - (size_t)VALUE_LEN);
}

static bool toy_ke_generate(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value)
{
    if (!toy_random(ctx, private_key, ke->private_len))
        return false;
    put_value(ke, power(GENERATOR, exponent_of(ke, private_key)), public_value);
    return true;
}

static bool toy_ke_derive(void *ctx, const struct ke_suite *ke, const u8 *private_key,
                          struct bytes peer, u8 *secret, bool *valid)
{
    (void)ctx;
    u8 expected[KE_PUBLIC_MAX];
    *valid = false;
    if (peer.len != ke->public_len)
        return true;
    u64 value = load(peer.at);
    put_value(ke, value, expected);
    if (value < 2 || value > PRIME - 2 || memcmp(expected, peer.at, peer.len) != 0)
        return true;
    struct digest d = begin(SECRET, ke->id);
    absorb_u64(&d, power(value, exponent_of(ke, private_key)));
    squeeze_bytes(&d, secret, ke->secret_len);
    *valid = true;
    return true;
}

struct shrike_provider *provider_toy_new(u64 seed)
{
    struct toy *toy = malloc(sizeof(*toy));
    if (!toy)
        return NULL;
    struct digest d = {.a = seed};
    *toy = (struct toy){
        .table =
            {
                .ctx = toy,
                .random = toy_random,
                .sha1 = toy_sha1,
                .prf = toy_prf,
                .mac = toy_mac,
                .encrypt = toy_crypt,
                .decrypt = toy_crypt,
                .seal = toy_seal,
                .open = toy_open,
                .ke_generate = toy_ke_generate,
                .ke_derive = toy_ke_derive,
            },
        .random = squeeze(&d),
    };
    return &toy->table;
}

void provider_toy_free(struct shrike_provider *p)
{
    if (p)
        free(p->ctx);
}
