/* Keys stirred with post-quantum preshared keys: by whose name, and how. */
#include "keys/ppk.h"
#include "test.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

static struct shrike_provider *provider;
static struct secrets *secrets;
static u8 value[KEYMAT_MIXED * KEY_MAX];

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static void put(enum secret_source source, enum secret_kind kind, u8 type, const char *id,
                const char *octets)
{
    const struct mail_secret m = {.kind = (u8)kind,
                                  .name = text(octets),
                                  .secret = text(octets),
                                  .id_count = id ? 1 : 0,
                                  .ids = {{type, text(id ? id : "")}}};
    CHECK(secrets_put(secrets, source, &m));
}

static struct shrike_answer ask(const char *id, struct bytes keys)
{
    const struct shrike_mix_op op = {.prf = PRF_HMAC_SHA2_256, .id = text(id), .keys = keys};
    return ppk_answer(provider, secrets, &op, value);
}

static const u8 keys[96] = {1, [32] = 2, [64] = 3};

/* RFC 8784 3: prf(PPK, SK | 0x01), with a library's HMAC instead of ours. */
static bool is_stirred_with(const struct shrike_answer *a, const char *ppk)
{
    if (!a->ok || a->value.len != sizeof(keys))
        return false;
    for (size_t i = 0; i < 3; i++) {
        u8 octets[33], want[EVP_MAX_MD_SIZE];
        unsigned len;
        memcpy(octets, keys + 32 * i, 32);
        octets[32] = 1;
        HMAC(EVP_sha256(), ppk, (int)strlen(ppk), octets, sizeof(octets), want, &len);
        if (memcmp(want, a->value.at + 32 * i, 32) != 0)
            return false;
    }
    return true;
}

static bool finds(const char *id, const char *ppk)
{
    struct shrike_answer a = ask(id, bytes_of(keys, sizeof(keys)));
    return ppk ? is_stirred_with(&a, ppk) : !a.ok && a.reason == SHRIKE_REASON_PPK_UNKNOWN;
}

static void begin(void)
{
    provider = provider_openssl_new();
    secrets = secrets_new();
    CHECK(provider && secrets);
}

static void end(void)
{
    secrets_free(secrets);
    provider_openssl_free(provider);
}

/* Names are octets: what kind of identity they look like does not matter, nor do others' secrets,
 * wildcards, or secrets that are for everybody. */
TEST(the_name_decides)
{
    begin();
    CHECK(finds("tomorrow", NULL));
    put(SECRET_FILES, SECRET_IKE, ID_FQDN, "tomorrow", "a shared secret");
    put(SECRET_FILES, SECRET_PPK, 0, NULL, "for nobody");
    put(SECRET_FILES, SECRET_PPK, ID_FQDN, "*.example", "no pattern");
    CHECK(finds("tomorrow", NULL) && finds("a.example", NULL) && finds("", NULL));
    put(SECRET_FILES, SECRET_PPK, ID_FQDN, "tomorrow", "first");
    put(SECRET_FILES, SECRET_PPK, ID_KEY_ID, "tomorrow", "second");
    put(SECRET_FILES, SECRET_PPK, ID_RFC822_ADDR, "carol@x", "of carol");
    CHECK(finds("tomorrow", "first") && finds("carol@x", "of carol"));
    CHECK(finds("Tomorrow", NULL) && finds("tomorro", NULL) && finds("*.example", "no pattern"));
    put(SECRET_CONTROL, SECRET_PPK, ID_KEY_ID, "tomorrow", "of the control socket");
    CHECK(finds("tomorrow", "of the control socket"));
    secrets_clear(secrets, SECRET_CONTROL);
    secrets_remove(secrets, SECRET_FILES, text("first"));
    CHECK(finds("tomorrow", "second"));
    end();
}

TEST(keys_have_the_length_of_the_prf)
{
    begin();
    put(SECRET_FILES, SECRET_PPK, ID_FQDN, "tomorrow", "ppk");
    static const size_t wrong[] = {0, 1, 32, 95};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct shrike_answer a = ask("tomorrow", bytes_of(keys, wrong[i]));
        CHECK(!a.ok && a.reason == SHRIKE_REASON_CRYPTO);
    }
    struct shrike_mix_op op = {.prf = 0, .id = text("tomorrow"), .keys = bytes_of(keys, 96)};
    CHECK(!ppk_answer(provider, secrets, &op, value).ok);
    end();
}

/* Whatever the PRF, with a PPK that is longer than its key and one that is shorter. */
TEST(every_prf)
{
    static const u8 long_keys[KEYMAT_MIXED * KEY_MAX] = {7};
    size_t count;
    begin();
    const struct prf_suite *all = suite_prf_all(&count);
    put(SECRET_FILES, SECRET_PPK, ID_FQDN, "short", "s");
    put(SECRET_FILES, SECRET_PPK, ID_FQDN, "long",
        "longer than the key of any PRF that there is, and than the block of each of its hashes, "
        "so that it has to be hashed itself before it is of use");
    for (size_t i = 0; i < count; i++) {
        struct shrike_mix_op op = {.prf = all[i].id, .id = text("short")};
        u8 other[KEYMAT_MIXED * KEY_MAX];
        op.keys = bytes_of(long_keys, KEYMAT_MIXED * (size_t)all[i].key_len);
        CHECK(ppk_answer(provider, secrets, &op, other).ok);
        op.id = text("long");
        CHECK(ppk_answer(provider, secrets, &op, value).ok);
        CHECK(memcmp(value, other, op.keys.len) != 0);
    }
    end();
}

int main(void)
{
    return RUN(the_name_decides) | RUN(keys_have_the_length_of_the_prf) | RUN(every_prf);
}
