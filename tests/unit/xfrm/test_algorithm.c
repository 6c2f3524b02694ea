/* Names that the kernel has for algorithms. */
#include "crypto/suite.h"
#include "test.h"
#include "wire/codes.h"
#include "xfrm/algorithm.h"

TEST(what_is_built_the_kernel_has)
{
    static const u16 encr[] = {
#define ENCR_SUITE(row, id, key_bits, key_len, salt_len, iv_len, block, icv_len, aead) id,
#include "crypto/suite.def"
    };
    static const struct {
        u16 id, icv;
    } integ[] = {
#define INTEG_SUITE(id, key_len, icv_len) {id, icv_len},
#include "crypto/suite.def"
    };
    for (size_t i = 0; i < ARRAY_LEN(encr); i++)
        CHECK(kernel_encryption(encr[i]));
    for (size_t i = 0; i < ARRAY_LEN(integ); i++) {
        const struct kernel_algorithm *a = kernel_integrity(integ[i].id);
        CHECK(a && a->kind == KERNEL_IS_AUTH);
        CHECK_EQ(a->icv_bits, integ[i].icv * 8);
    }
}

TEST(each_is_of_its_kind)
{
    u32 n = 0;
    for (; kernel_algorithm_at(n); n++) {
        const struct kernel_algorithm *a = kernel_algorithm_at(n);
        CHECK(a->kind != KERNEL_NONE && strlen(a->name) < 64);
        CHECK_EQ(a->icv_bits == 0, a->kind == KERNEL_IS_CRYPT);
    }
    CHECK(n > 20);
    CHECK_EQ(kernel_encryption(ENCR_AES_GCM_16)->icv_bits, 128);
    CHECK(!kernel_encryption(ENCR_CAMELLIA_CCM_8));
    CHECK(!kernel_integrity(INTEG_NONE));
}

int main(void)
{
    return RUN(what_is_built_the_kernel_has) | RUN(each_is_of_its_kind);
}
