/* Key exchange on elliptic curves modulo a prime (RFC 5903, RFC 6954): points as x | y. */
#include "provider/openssl.h"
#include <openssl/obj_mac.h>
#include <openssl/rand.h>

#define DRAWS_MAX 128 /* a draw fits the order at worst with a chance of a half */

static const struct {
    u16 id;
    int nid;
} curves[ECP_COUNT] = {
    {KE_ECP256, NID_X9_62_prime256v1},
    {KE_ECP384, NID_secp384r1},
    {KE_ECP521, NID_secp521r1},
    {KE_BRAINPOOL_P224R1, NID_brainpoolP224r1},
    {KE_BRAINPOOL_P256R1, NID_brainpoolP256r1},
    {KE_BRAINPOOL_P384R1, NID_brainpoolP384r1},
    {KE_BRAINPOOL_P512R1, NID_brainpoolP512r1},
};

bool openssl_ecp_new(struct openssl *o)
{
    for (size_t i = 0; i < ECP_COUNT; i++) {
        struct ecp *e = &o->ecp[i];
        e->id = curves[i].id;
        e->group = EC_GROUP_new_by_curve_name(curves[i].nid);
        if (!e->group)
            continue;
        e->order = EC_GROUP_get0_order(e->group);
        e->prime = EC_GROUP_get0_field(e->group);
    }
    o->bn = BN_CTX_new();
    o->secret = BN_new();
    o->a = BN_new();
    o->b = BN_new();
    if (!o->bn || !o->secret || !o->a || !o->b)
        return false;
    BN_set_flags(o->secret, BN_FLG_CONSTTIME);
    return true;
}

void openssl_ecp_free(struct openssl *o)
{
    for (size_t i = 0; i < ECP_COUNT; i++)
        EC_GROUP_free(o->ecp[i].group);
    BN_clear_free(o->secret);
    BN_clear_free(o->a);
    BN_clear_free(o->b);
    BN_CTX_free(o->bn);
}

struct ecp *openssl_ecp_of(struct openssl *o, u16 id)
{
    for (size_t i = 0; i < ECP_COUNT; i++)
        if (o->ecp[i].id == id && o->ecp[i].group)
            return &o->ecp[i];
    return NULL;
}

/* A private key in [1, order - 1], every one as likely as another: what does not fit is drawn anew.
 */
static bool draw_scalar(struct openssl *o, const struct ecp *e, u8 *out, size_t len)
{
    int spare_bits = (int)(8 * len) - BN_num_bits(e->order);
    if (spare_bits < 0 || spare_bits >= 8)
        return false;
    for (int i = 0; i < DRAWS_MAX; i++) {
        if (RAND_priv_bytes(out, (int)len) != 1)
            return false;
        out[0] &= (u8)(0xff >> spare_bits);
        if (!BN_bin2bn(out, (int)len, o->secret))
            return false;
        if (!BN_is_zero(o->secret) && BN_cmp(o->secret, e->order) < 0)
            return true;
    }
    return false;
}

bool openssl_ecp_generate(struct openssl *o, const struct ecp *e, const struct ke_suite *ke,
                          u8 *private_key, u8 *public_value)
{
    int half = ke->public_len / 2;
    EC_POINT *point = EC_POINT_new(e->group);
    bool done = point && draw_scalar(o, e, private_key, ke->private_len) &&
                EC_POINT_mul(e->group, point, o->secret, NULL, NULL, o->bn) == 1 &&
                EC_POINT_get_affine_coordinates(e->group, point, o->a, o->b, o->bn) == 1 &&
                BN_bn2binpad(o->a, public_value, half) == half &&
                BN_bn2binpad(o->b, public_value + half, half) == half;
    BN_clear(o->secret);
    EC_POINT_clear_free(point);
    return done;
}

/* RFC 6989 2.3: both coordinates below the prime, and the point on the curve. Our curves have a
 * cofactor of one, so such a point has the right order; the library refuses one off the curve. */
static bool read_point(struct openssl *o, const struct ecp *e, const u8 *from, int half,
                       EC_POINT *out)
{
    return BN_bin2bn(from, half, o->a) && BN_bin2bn(from + half, half, o->b) &&
           BN_cmp(o->a, e->prime) < 0 && BN_cmp(o->b, e->prime) < 0 &&
           EC_POINT_set_affine_coordinates(e->group, out, o->a, o->b, o->bn) == 1;
}

bool openssl_ecp_derive(struct openssl *o, const struct ecp *e, struct agreement *g)
{
    int half = g->ke->secret_len;
    EC_POINT *theirs = EC_POINT_new(e->group), *common = EC_POINT_new(e->group);
    bool done = theirs && common && BN_bin2bn(g->private_key, g->ke->private_len, o->secret);
    g->valid = done && read_point(o, e, g->peer, half, theirs);
    if (g->valid) {
        /* RFC 5903 7 and 9: the secret is x alone. */
        done = EC_POINT_mul(e->group, common, NULL, theirs, o->secret, o->bn) == 1 &&
               EC_POINT_get_affine_coordinates(e->group, common, o->a, o->b, o->bn) == 1 &&
               BN_bn2binpad(fault(16) ? o->b : o->a, g->secret, half) == half;
        BN_clear(o->a);
        BN_clear(o->b);
    }
    BN_clear(o->secret);
    EC_POINT_free(theirs);
    EC_POINT_clear_free(common);
    return done;
}
