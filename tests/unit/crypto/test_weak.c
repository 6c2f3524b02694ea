/* Which algorithms are weak, and that nothing else is. */
#include "../test.h"
#include "crypto/suite.h"
#include "crypto/weak.h"
#include "wire/codes.h"

TEST(what_the_documents_forbid_or_advise_against)
{
    CHECK(weak_transform(TRANSFORM_ENCR, ENCR_DES));         /* RFC 8247 2.1: MUST NOT */
    CHECK(weak_transform(TRANSFORM_ENCR, ENCR_3DES));        /* RFC 8221 5: SHOULD NOT */
    CHECK(weak_transform(TRANSFORM_ENCR, ENCR_CAST));        /* RFC 9395 6: deprecated */
    CHECK(weak_transform(TRANSFORM_PRF, PRF_HMAC_MD5));      /* RFC 8247 2.2: MUST NOT */
    CHECK(weak_transform(TRANSFORM_INTEG, INTEG_DES_MAC));   /* RFC 8247 2.3: MUST NOT */
    CHECK(weak_transform(TRANSFORM_KE, KE_MODP768));         /* RFC 8247 2.4: MUST NOT */
    CHECK(weak_transform(TRANSFORM_KE, KE_MODP1024));        /* SHOULD NOT */
    CHECK(weak_transform(TRANSFORM_KE, KE_MODP2048_224));    /* SHOULD NOT */
    CHECK(!weak_transform(TRANSFORM_PRF, PRF_HMAC_SHA1));    /* MUST- */
    CHECK(!weak_transform(TRANSFORM_KE, KE_MODP2048));       /* MUST */
    CHECK(!weak_transform(TRANSFORM_INTEG, KE_MODP768 + 1)); /* a number means by its type */
}

/* Of what we have, two groups alone are. */
TEST(of_what_is_built)
{
    size_t count;
    unsigned weak = 0;
    const struct encr_suite *encr = suite_encr_all(&count);
    for (size_t i = 0; i < count; i++)
        CHECK(!weak_transform(TRANSFORM_ENCR, encr[i].id));
    const struct prf_suite *prf = suite_prf_all(&count);
    for (size_t i = 0; i < count; i++)
        CHECK(!weak_transform(TRANSFORM_PRF, prf[i].id));
    const struct integ_suite *integ = suite_integ_all(&count);
    for (size_t i = 0; i < count; i++)
        CHECK(!weak_transform(TRANSFORM_INTEG, integ[i].id));
    const struct ke_suite *ke = suite_ke_all(&count);
    for (size_t i = 0; i < count; i++)
        weak += weak_transform(TRANSFORM_KE, ke[i].id);
    CHECK_EQ(weak, 2);
}

int main(void)
{
    return RUN(what_the_documents_forbid_or_advise_against) | RUN(of_what_is_built);
}
