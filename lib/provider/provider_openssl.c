/* The OpenSSL provider: its making, its randomness, and which family a key exchange group is of. */
#include "provider/openssl.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

static bool openssl_random(void *ctx, u8 *out, size_t len)
{
    (void)ctx;
    if (len <= INT_MAX && RAND_bytes(out, (int)len) == 1)
        return true;
    ERR_clear_error();
    return false;
}

static bool generate(struct openssl *o, const struct ke_suite *ke, u8 *private_key,
                     u8 *public_value)
{
    struct xdh *x = openssl_xdh_of(o, ke->id);
    if (x)
        return openssl_xdh_generate(x, ke, private_key, public_value);
    struct ecp *e = openssl_ecp_of(o, ke->id);
    if (e)
        return openssl_ecp_generate(o, e, ke, private_key, public_value);
    struct modp *m = openssl_modp_of(o, ke->id);
    return m && openssl_modp_generate(o, m, ke, private_key, public_value);
}

static bool derive(struct openssl *o, struct agreement *g)
{
    struct xdh *x = openssl_xdh_of(o, g->ke->id);
    if (x)
        return openssl_xdh_derive(x, g);
    struct ecp *e = openssl_ecp_of(o, g->ke->id);
    if (e)
        return openssl_ecp_derive(o, e, g);
    struct modp *m = openssl_modp_of(o, g->ke->id);
    return m && openssl_modp_derive(o, m, g);
}

bool openssl_ke_generate(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value)
{
    if (generate(ctx, ke, private_key, public_value))
        return true;
    OPENSSL_cleanse(private_key, ke->private_len);
    ERR_clear_error();
    return false;
}

bool openssl_ke_derive(void *ctx, const struct ke_suite *ke, const u8 *private_key,
                       struct bytes peer, u8 *secret, bool *valid)
{
    struct agreement g = {ke, private_key, peer.at, secret, false};
    *valid = false;
    if (peer.len != ke->public_len)
        return true;
    bool done = derive(ctx, &g);
    *valid = done && g.valid;
    if (!*valid) {
        OPENSSL_cleanse(secret, ke->secret_len);
        ERR_clear_error();
    }
    return done;
}

static const struct shrike_provider table = {
    .random = openssl_random,
    .sha1 = openssl_sha1,
    .prf = openssl_prf,
    .mac = openssl_mac,
    .encrypt = openssl_encrypt,
    .decrypt = openssl_decrypt,
    .seal = openssl_seal,
    .open = openssl_open,
    .ke_generate = openssl_ke_generate,
    .ke_derive = openssl_ke_derive,
};

struct shrike_provider *provider_openssl_new(void)
{
    struct openssl *o = OPENSSL_zalloc(sizeof(*o));
    if (!o)
        return NULL;
    o->table = table;
    o->table.ctx = o;
    openssl_cipher_new(o);
    openssl_xdh_new(o);
    bool made = openssl_mac_new(o) && openssl_ecp_new(o) && openssl_modp_new(o);
    ERR_clear_error(); /* what the library does not have left its complaint there */
    if (made)
        return &o->table;
    provider_openssl_free(&o->table);
    return NULL;
}

void provider_openssl_free(struct shrike_provider *p)
{
    if (!p)
        return;
    struct openssl *o = p->ctx;
    openssl_modp_free(o);
    openssl_ecp_free(o);
    openssl_xdh_free(o);
    openssl_mac_free(o);
    openssl_cipher_free(o);
    OPENSSL_clear_free(o, sizeof(*o));
}
