/* Ways to prove oneself: see method.h. */
#include "config/method.h"
#include "crypto/scheme.h"
#include "wire/codes.h"
#include <string.h>

#define KINDS            (KEY_ML_DSA_87 + 1)
#define KIND_BIT(kind)   (1u << (kind))
#define ALL_KINDS        (KIND_BIT(KINDS) - 1)
#define RSA_BITS_DEFAULT 2048 /* scheme.h: shorter ones have to be named */
#define EC_BITS_DEFAULT  256
#define BITS_MAX         16384
#define PSS_SCHEMES                                                                                \
    (SCHEME_BIT(SCHEME_RSA_PSS_SHA256) | SCHEME_BIT(SCHEME_RSA_PSS_SHA384) |                       \
     SCHEME_BIT(SCHEME_RSA_PSS_SHA512))

static const struct kind_word {
    const char *word;
    unsigned kinds;
    bool pss; /* no other way to sign by RSA */
} kind_words[] = {
    {"pubkey", ALL_KINDS, false},
    {"rsa", KIND_BIT(KEY_RSA), false},
    {"rsa/pss", KIND_BIT(KEY_RSA), true},
    {"ecdsa", KIND_BIT(KEY_EC), false},
    {"ed25519", KIND_BIT(KEY_ED25519), false},
    {"ed448", KIND_BIT(KEY_ED448), false},
};

static const struct hash_word {
    const char *word;
    u8 hash;
} hash_words[] = {
    {"sha1", HASH_SHA1},       {"sha256", HASH_SHA2_256},   {"sha384", HASH_SHA2_384},
    {"sha512", HASH_SHA2_512}, {"identity", HASH_IDENTITY},
};

/* What has been read of a method by public keys. */
struct reading {
    struct method *out;
    unsigned kinds, now; /* all that are named; those that what follows is about */
    unsigned hashes[KINDS];
    bool pss, any_pkcs1;
    bool hashed; /* hashes are named */
    bool rsa;    /* and so is rsa itself */
};

static bool is_word(struct bytes token, const char *word)
{
    return bytes_equal(token, bytes_of(word, strlen(word)));
}

static bool take_kind(struct reading *r, struct bytes token)
{
    for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
        if (!is_word(token, kind_words[i].word))
            continue;
        r->now = kind_words[i].kinds;
        r->kinds |= r->now;
        r->pss |= kind_words[i].pss;
        r->rsa |= r->now == KIND_BIT(KEY_RSA);
        r->any_pkcs1 |= (r->now & KIND_BIT(KEY_RSA)) && !kind_words[i].pss;
        return true;
    }
    return false;
}

static bool take_hash(struct reading *r, struct bytes token)
{
    for (size_t i = 0; i < ARRAY_LEN(hash_words); i++) {
        if (!is_word(token, hash_words[i].word))
            continue;
        for (unsigned kind = 0; kind < KINDS; kind++)
            if (r->now & KIND_BIT(kind))
                r->hashes[kind] |= HASH_BIT(hash_words[i].hash);
        r->hashed = true;
        return true;
    }
    return false;
}

/* Of one kind of keys, for those of another have other bits. */
static bool take_bits(struct reading *r, struct bytes token)
{
    unsigned bits = 0;
    for (size_t i = 0; i < token.len; i++) {
        if (token.at[i] < '0' || token.at[i] > '9' || bits > BITS_MAX)
            return false;
        bits = 10 * bits + (unsigned)(token.at[i] - '0');
    }
    if (bits == 0 || bits > BITS_MAX)
        return false;
    if (r->now == KIND_BIT(KEY_RSA))
        r->out->rsa_bits = (uint16_t)bits;
    else if (r->now == KIND_BIT(KEY_EC))
        r->out->ec_bits = (uint16_t)bits;
    else
        return false;
    return true;
}

static uint32_t schemes_of(const struct reading *r)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < SCHEME_COUNT; i++) {
        const struct scheme *s = scheme_at((enum scheme_id)i);
        unsigned hashes = r->hashes[s->key];
        if (!(r->kinds & KIND_BIT(s->key)) ||
            (s->key == KEY_RSA && r->pss && !r->any_pkcs1 && !(SCHEME_BIT(i) & PSS_SCHEMES)))
            continue;
        if (hashes ? hashes & HASH_BIT(s->hash) : s->hash != HASH_SHA1)
            set |= SCHEME_BIT(i);
    }
    if (r->out->rsa_bits && r->out->rsa_bits < RSA_BITS_DEFAULT)
        set |= SCHEME_SHORT_KEYS;
    return set;
}

static enum method_verdict read_pubkey(const char *text, struct method *out)
{
    struct reading r = {.out = out};
    bool ike = strncmp(text, "ike:", 4) == 0;
    text += ike ? 4 : 0;
    out->kind = SHRIKE_AUTH_PUBKEY;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, "-");
        struct bytes token = bytes_of(at, len);
        bool first = at == text;
        if (!take_kind(&r, token) && (first || (!take_hash(&r, token) && !take_bits(&r, token))))
            return METHOD_BAD;
        at += len;
        if (!*at)
            break;
    }
    out->chain = r.hashed && !ike;
    out->schemes = out->own_schemes = schemes_of(&r);
    if (r.rsa && r.hashes[KEY_RSA] && !r.pss)
        out->own_schemes &= ~PSS_SCHEMES;
    return out->schemes & ~SCHEME_SHORT_KEYS ? METHOD_GOOD : METHOD_BAD;
}

/* Methods that are not built, by the word that they begin with. */
static bool is_later(const char *text)
{
    static const char *const later[] = {"bliss", "xauth", "any"};
    size_t len = strcspn(text, "-:/");
    for (size_t i = 0; i < ARRAY_LEN(later); i++)
        if (strlen(later[i]) == len && strncmp(text, later[i], len) == 0)
            return true;
    return false;
}

enum method_verdict method_read(const char *text, struct method *out)
{
    *out = (struct method){.kind = SHRIKE_AUTH_PSK};
    if (strcmp(text, "psk") == 0)
        return METHOD_GOOD;
    if (strcmp(text, "null") == 0) {
        out->kind = SHRIKE_AUTH_NULL;
        return METHOD_GOOD;
    }
    return is_later(text) ? METHOD_LATER : read_pubkey(text, out);
}
