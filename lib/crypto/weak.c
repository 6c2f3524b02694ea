/* Weak algorithms: see weak.h. */
#include "crypto/weak.h"
#include "wire/codes.h"

/* RFC 8247 2.1 to 2.4, RFC 8221 5 and 6, RFC 9395 4 and 6 (which deprecates what others had left
 * open). */
static const struct {
    u8 type;
    u8 id;
} weak[] = {
    {TRANSFORM_ENCR, ENCR_DES_IV64},
    {TRANSFORM_ENCR, ENCR_DES},
    {TRANSFORM_ENCR, ENCR_3DES},
    {TRANSFORM_ENCR, ENCR_RC5},
    {TRANSFORM_ENCR, ENCR_IDEA},
    {TRANSFORM_ENCR, ENCR_CAST},
    {TRANSFORM_ENCR, ENCR_BLOWFISH},
    {TRANSFORM_ENCR, ENCR_3IDEA},
    {TRANSFORM_ENCR, ENCR_DES_IV32},
    {TRANSFORM_PRF, PRF_HMAC_MD5},
    {TRANSFORM_PRF, PRF_HMAC_TIGER},
    {TRANSFORM_INTEG, INTEG_HMAC_MD5_96},
    {TRANSFORM_INTEG, INTEG_DES_MAC},
    {TRANSFORM_INTEG, INTEG_KPDK_MD5},
    {TRANSFORM_INTEG, INTEG_HMAC_MD5_128},
    {TRANSFORM_INTEG, INTEG_HMAC_SHA1_160},
    {TRANSFORM_KE, KE_MODP768},
    {TRANSFORM_KE, KE_MODP1024},
    {TRANSFORM_KE, KE_MODP1536},
    {TRANSFORM_KE, KE_MODP1024_160},
    {TRANSFORM_KE, KE_MODP2048_224},
    {TRANSFORM_KE, KE_MODP2048_256},
};

bool weak_transform(u8 type, u16 id)
{
    for (size_t i = 0; i < ARRAY_LEN(weak); i++) {
        if (weak[i].type == type && weak[i].id == id)
            return true;
    }
    return false;
}
