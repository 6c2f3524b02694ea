/* Keys of an IKE SA: those of its suite come back, each in its place, and no more is kept. */
#include "sa/keys.h"
#include "tools.h"

static struct ike_keys numbered(void)
{
    struct ike_keys keys;
    memset(keys.d, 1, sizeof(keys.d));
    memset(keys.a[0], 2, sizeof(keys.a[0]));
    memset(keys.a[1], 3, sizeof(keys.a[1]));
    memset(keys.e[0], 4, sizeof(keys.e[0]));
    memset(keys.e[1], 5, sizeof(keys.e[1]));
    return keys;
}

static bool is_filled(struct bytes key, size_t len, u8 with)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.at[i] != with)
            return false;
    return key.len == len;
}

TEST(an_aead_has_no_integrity_keys)
{
    CHECK(shard_begin());
    struct ike_sa sa = {.suite = {suite_encr(ENCR_AES_GCM_16, 256), suite_prf(PRF_HMAC_SHA2_256),
                                  NULL, suite_ke(KE_CURVE25519)}};
    struct ike_keys keys = numbered(), back;
    CHECK(keys_keep(&shard, &sa, &keys));
    CHECK_EQ(sa.keys->len, 32 + 2 * 36); /* AES-256 and four octets of salt */
    CHECK(is_filled(keys_get(&sa, SK_D), 32, 1));
    CHECK(is_filled(keys_get(&sa, SK_AI), 0, 0) && is_filled(keys_get(&sa, SK_AR), 0, 0));
    CHECK(is_filled(keys_get(&sa, SK_EI), 36, 4) && is_filled(keys_get(&sa, SK_ER), 36, 5));
    keys_spread(&sa, &back);
    CHECK(is_filled(bytes_of(back.a, sizeof(back.a)), sizeof(back.a), 0));
    CHECK(is_filled(bytes_of(back.e[0], 36), 36, 4) && back.e[0][36] == 0);
    packet_drop(&shard.packets, sa.keys);
    CHECK(shard_end());
}

TEST(others_have_all_five)
{
    CHECK(shard_begin());
    struct ike_sa sa = {.suite = {suite_encr(ENCR_AES_CBC, 128), suite_prf(PRF_HMAC_SHA2_512),
                                  suite_integ(INTEG_HMAC_SHA2_384_192), suite_ke(KE_MODP2048)}};
    struct ike_keys keys = numbered();
    CHECK(keys_keep(&shard, &sa, &keys));
    keys.d[0] = 9;
    CHECK(keys_keep(&shard, &sa, &keys)); /* instead of the first */
    CHECK_EQ(packets_live(&shard.packets), 1);
    CHECK(keys_get(&sa, SK_D).at[0] == 9 && keys_get(&sa, SK_D).len == 64);
    CHECK(is_filled(keys_get(&sa, SK_AI), 48, 2) && is_filled(keys_get(&sa, SK_AR), 48, 3));
    CHECK(is_filled(keys_get(&sa, SK_EI), 16, 4) && is_filled(keys_get(&sa, SK_ER), 16, 5));
    packet_drop(&shard.packets, sa.keys);
    CHECK(shard_end());
}

int main(void)
{
    int failed = RUN(an_aead_has_no_integrity_keys) | RUN(others_have_all_five);
    return failed;
}
