/* Ways to sign AUTH payloads: see scheme.h. */
#include "crypto/scheme.h"
#include "base/cursor.h"
#include "wire/codes.h"
#include <assert.h>

static_assert(SCHEME_COUNT <= 31, "the last bit of a set is SCHEME_SHORT_KEYS");

#define OCTETS(text)                                                                               \
    {                                                                                              \
        (const u8 *)(text), sizeof(text) - 1                                                       \
    }
static const struct scheme schemes[] = {
#define SCHEME(name, key, hash, method, oid, other)                                                \
    {SCHEME_##name, #name, key, hash, method, OCTETS(oid), OCTETS(other)},
#include "crypto/scheme.def"
#undef SCHEME
};

const struct scheme *scheme_at(enum scheme_id id)
{
    return &schemes[id];
}

u32 scheme_defaults(void)
{
    u32 set = 0;
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (schemes[i].hash != HASH_SHA1)
            set |= SCHEME_BIT(i);
    }
    return set;
}

/* RFC 8017 A.2.3: the trailer field of RSASSA-PSS has one value, which goes without saying; some
 * say it. */
static bool is_with_trailer(struct bytes algorithm, struct bytes pss)
{
    enum { WHOLE = 1, PARAMETERS = 14 }; /* where lengths stand */
    static const u8 trailer[] = {0xa3, 3, 2, 1, 1};
    if (algorithm.len != pss.len + sizeof(trailer) ||
        memcmp(algorithm.at + pss.len, trailer, sizeof(trailer)) != 0)
        return false;
    for (size_t i = 0; i < pss.len; i++) {
        const size_t more = i == WHOLE || i == PARAMETERS ? sizeof(trailer) : 0;
        if (algorithm.at[i] != pss.at[i] + more)
            return false;
    }
    return true;
}

/* Only RSASSA-PSS has two encodings. */
static bool is_named(struct bytes algorithm, const struct scheme *s)
{
    if (algorithm.len == 0)
        return false;
    if (bytes_equal(algorithm, s->oid) || bytes_equal(algorithm, s->other))
        return true;
    return s->other.len > 0 &&
           (is_with_trailer(algorithm, s->oid) || is_with_trailer(algorithm, s->other));
}

const struct scheme *scheme_read(u8 method, struct bytes data, struct bytes *signature)
{
    struct reader r = reader_of(data);
    struct bytes algorithm = bytes_of(NULL, 0);
    if (method == AUTH_DIGITAL_SIGNATURE)
        algorithm = read_bytes(&r, read_u8(&r));
    *signature = read_rest(&r);
    if (r.bad || signature->len == 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        const struct scheme *s = &schemes[i];
        if (s->method == method && (method != AUTH_DIGITAL_SIGNATURE || is_named(algorithm, s)))
            return s;
    }
    return NULL;
}

/* RFC 4754 4: each method has its curve. */
static unsigned bits_of_method(u8 method)
{
    switch (method) {
    case AUTH_ECDSA_256:
        return 256;
    case AUTH_ECDSA_384:
        return 384;
    case AUTH_ECDSA_521:
        return 521;
    default:
        return 0;
    }
}

const struct scheme *scheme_choose(u32 set, enum key_kind key, unsigned key_bits, unsigned hashes)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        const struct scheme *s = &schemes[i];
        bool modern = s->method == AUTH_DIGITAL_SIGNATURE;
        unsigned bits = bits_of_method(s->method);
        if (!(set & SCHEME_BIT(i)) || s->key != key || modern != (hashes != 0))
            continue;
        if (modern ? hashes & HASH_BIT(s->hash) : bits == 0 || bits == key_bits)
            return s;
    }
    return NULL;
}
