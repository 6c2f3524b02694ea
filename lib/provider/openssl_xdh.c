/* Key exchange on Curve25519 and Curve448 (RFC 7748, RFC 8031). */
#include "provider/openssl.h"
#include <openssl/core_names.h>
#include <openssl/params.h>

static const struct {
    u16 id;
    const char *name;
} curves[XDH_COUNT] = {{KE_CURVE25519, "X25519"}, {KE_CURVE448, "X448"}};

void openssl_xdh_new(struct openssl *o)
{
    for (size_t i = 0; i < XDH_COUNT; i++) {
        struct xdh *x = &o->xdh[i];
        x->id = curves[i].id;
        x->make = EVP_PKEY_CTX_new_from_name(NULL, curves[i].name, NULL);
        x->import = EVP_PKEY_CTX_new_from_name(NULL, curves[i].name, NULL);
        x->ready = x->make && x->import && EVP_PKEY_keygen_init(x->make) == 1 &&
                   EVP_PKEY_fromdata_init(x->import) == 1;
    }
}

void openssl_xdh_free(struct openssl *o)
{
    for (size_t i = 0; i < XDH_COUNT; i++) {
        EVP_PKEY_CTX_free(o->xdh[i].make);
        EVP_PKEY_CTX_free(o->xdh[i].import);
    }
}

struct xdh *openssl_xdh_of(struct openssl *o, u16 id)
{
    for (size_t i = 0; i < XDH_COUNT; i++)
        if (o->xdh[i].id == id && o->xdh[i].ready)
            return &o->xdh[i];
    return NULL;
}

bool openssl_xdh_generate(struct xdh *x, const struct ke_suite *ke, u8 *private_key,
                          u8 *public_value)
{
    size_t private_len = ke->private_len, public_len = ke->public_len;
    EVP_PKEY *key = NULL;
    bool done = EVP_PKEY_generate(x->make, &key) == 1 &&
                EVP_PKEY_get_raw_private_key(key, private_key, &private_len) == 1 &&
                private_len == ke->private_len &&
                EVP_PKEY_get_raw_public_key(key, public_value, &public_len) == 1 &&
                public_len == ke->public_len;
    EVP_PKEY_free(key);
    return done;
}

/* A key of our private half and the peer's public one. To make it costs little, because nobody
 * computes a public half; a derivation reads only the private half of its key and only the public
 * half of its peer, so one object is both. */
static EVP_PKEY *pair_of(struct xdh *x, const struct agreement *g)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)g->private_key,
                                          g->ke->private_len),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)g->peer,
                                          g->ke->public_len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pair = NULL;
    return EVP_PKEY_fromdata(x->import, &pair, EVP_PKEY_KEYPAIR, params) == 1 ? pair : NULL;
}

bool openssl_xdh_derive(struct xdh *x, struct agreement *g)
{
    size_t len = g->ke->secret_len;
    EVP_PKEY *pair = pair_of(x, g);
    EVP_PKEY_CTX *c = pair ? EVP_PKEY_CTX_new_from_pkey(NULL, pair, NULL) : NULL;
    bool ready = c && EVP_PKEY_derive_init(c) == 1 && EVP_PKEY_derive_set_peer_ex(c, pair, 0) == 1;
    memset(g->secret, 0, len);
    if (ready) {
        /* RFC 8031 3.2, RFC 7748 5: octets that are no reduced coordinate are accepted. RFC 7748
         * 6.1: a secret of zero means a point of small order; the library looks for it itself,
         * without a branch on the way, and fails for no other reason. */
        g->valid = EVP_PKEY_derive(c, g->secret, &len) == 1 && len == g->ke->secret_len;
        if (fault(17))
            g->valid = true;
    }
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(pair);
    return ready;
}
