/* Key exchange modulo a prime (RFC 2409 6.2, RFC 3526): the generator is two. */
#include "provider/openssl.h"
#include <openssl/dh.h>
#include <openssl/rand.h>

static const u16 groups[MODP_COUNT] = {
    KE_MODP1024, KE_MODP1536, KE_MODP2048, KE_MODP3072, KE_MODP4096, KE_MODP6144, KE_MODP8192,
};

static BIGNUM *prime_of(u16 id)
{
    switch (id) {
    case KE_MODP1024:
        return BN_get_rfc2409_prime_1024(NULL);
    case KE_MODP1536:
        return BN_get_rfc3526_prime_1536(NULL);
    case KE_MODP2048:
        return BN_get_rfc3526_prime_2048(NULL);
    case KE_MODP3072:
        return BN_get_rfc3526_prime_3072(NULL);
    case KE_MODP4096:
        return BN_get_rfc3526_prime_4096(NULL);
    case KE_MODP6144:
        return BN_get_rfc3526_prime_6144(NULL);
    case KE_MODP8192:
        return BN_get_rfc3526_prime_8192(NULL);
    }
    return NULL;
}

bool openssl_modp_new(struct openssl *o)
{
    o->generator = BN_new();
    if (!o->generator || BN_set_word(o->generator, 2) != 1)
        return false;
    for (size_t i = 0; i < MODP_COUNT; i++) {
        struct modp *m = &o->modp[i];
        m->id = groups[i];
        m->prime = prime_of(m->id);
        m->prime_less_one = BN_dup(m->prime);
        m->mont = BN_MONT_CTX_new();
        if (!m->prime || !m->prime_less_one || !m->mont || BN_sub_word(m->prime_less_one, 1) != 1 ||
            BN_MONT_CTX_set(m->mont, m->prime, o->bn) != 1)
            return false;
    }
    return true;
}

void openssl_modp_free(struct openssl *o)
{
    for (size_t i = 0; i < MODP_COUNT; i++) {
        BN_free(o->modp[i].prime);
        BN_free(o->modp[i].prime_less_one);
        BN_MONT_CTX_free(o->modp[i].mont);
    }
    BN_free(o->generator);
}

struct modp *openssl_modp_of(struct openssl *o, u16 id)
{
    for (size_t i = 0; i < MODP_COUNT; i++)
        if (o->modp[i].id == id)
            return &o->modp[i];
    return NULL;
}

/* o->a = base ^ exponent, in time that does not depend on the exponent. */
static bool power(struct openssl *o, const struct modp *m, const BIGNUM *base, const u8 *exponent,
                  int len)
{
    bool done = BN_bin2bn(exponent, len, o->secret) &&
                BN_mod_exp_mont_consttime(o->a, base, o->secret, m->prime, o->bn, m->mont) == 1;
    BN_clear(o->secret);
    return done;
}

bool openssl_modp_generate(struct openssl *o, const struct modp *m, const struct ke_suite *ke,
                           u8 *private_key, u8 *public_value)
{
    /* RFC 7296 3.4 (1): zeros stand in front of a value that is short. */
    return RAND_priv_bytes(private_key, ke->private_len) == 1 &&
           power(o, m, o->generator, private_key, ke->private_len) &&
           BN_bn2binpad(o->a, public_value, ke->public_len) == ke->public_len;
}

bool openssl_modp_derive(struct openssl *o, const struct modp *m, struct agreement *g)
{
    if (!BN_bin2bn(g->peer, g->ke->public_len, o->b))
        return false;
    /* RFC 6989 2.1: 1 < y < p - 1; the primes are safe ones, so no more is to be tested. */
    g->valid = !BN_is_zero(o->b) && !BN_is_one(o->b) && BN_cmp(o->b, m->prime_less_one) < 0;
    if (!g->valid)
        return true;
    /* RFC 7296 2.14: g^ir is padded to the length of the modulus. */
    bool done = power(o, m, o->b, g->private_key, g->ke->private_len);
    if (fault(15))
        done = done && BN_bn2bin(o->a, memset(g->secret, 0, g->ke->secret_len)) > 0;
    else
        done = done && BN_bn2binpad(o->a, g->secret, g->ke->secret_len) == g->ke->secret_len;
    BN_clear(o->a);
    return done;
}
