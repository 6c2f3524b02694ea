/* get-algorithms: every algorithm of the suites once, by the names of the control protocol. */
#include "ask.h"
#include "crypto/suite.h"

static u32 keys_of(const char *section)
{
    struct vici_item item;
    u32 n = 0;
    if (!vici_find(answer_of(&c), section, &item) || item.type != VICI_SECTION_START)
        return UINT32_MAX;
    struct vici_reader r = vici_reader_of(item.value);
    while (vici_read_next(&r, &item) == VICI_KEY_VALUE)
        n++;
    return n;
}

TEST(each_once)
{
    size_t count;
    ask_begin("");
    CHECK(ASK("get-algorithms", NULL, NULL));
    CHECK(answer_is(&c, "encryption.AES_CBC", "openssl") && keys_of("encryption") == 3);
    CHECK(answer_is(&c, "aead.AES_GCM_16", "openssl") && keys_of("aead") == 7);
    (void)suite_integ_all(&count);
    CHECK(answer_is(&c, "integrity.HMAC_SHA2_256_128", "openssl"));
    CHECK_EQ(keys_of("integrity"), count);
    (void)suite_prf_all(&count);
    CHECK(answer_is(&c, "prf.PRF_HMAC_SHA2_512", "openssl"));
    CHECK_EQ(keys_of("prf"), count);
    (void)suite_ke_all(&count);
    CHECK(answer_is(&c, "dh.MODP_2048", "openssl") && answer_is(&c, "dh.CURVE_25519", "openssl"));
    CHECK_EQ(keys_of("dh"), count);
    ask_end();
}

int main(void)
{
    return RUN(each_once);
}
