/* Private keys are read out of every kind of file, and what is wrong with one is said. */
#include "key.h"
#include "keys/private.h"
#include "test.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#define FILE_MAX   16384
#define PASSPHRASE "what nobody guesses"

/* A file, as one writes it into a BIO. */
struct file {
    BIO *bio;
    u8 octets[FILE_MAX];
    size_t len;
};

static void open_file(struct file *f)
{
    f->bio = BIO_new(BIO_s_mem());
    if (!f->bio)
        abort();
}

static void close_file(struct file *f, int good)
{
    int len = BIO_read(f->bio, f->octets, FILE_MAX);
    if (good != 1 || len <= 0 || len == FILE_MAX)
        abort();
    f->len = (size_t)len;
    BIO_free(f->bio);
}

enum form {
    PEM_PKCS8,
    PEM_PKCS8_SEALED,
    PEM_OLD,        /* PKCS #1, SEC 1 */
    PEM_OLD_SEALED, /* with Proc-Type */
    DER_PKCS8,
    DER_PKCS8_SEALED,
    DER_OLD,
    PKCS12_SEALED,
    FORM_COUNT,
};

static bool is_sealed(enum form form)
{
    return form == PEM_PKCS8_SEALED || form == PEM_OLD_SEALED || form == DER_PKCS8_SEALED ||
           form == PKCS12_SEALED;
}

static int write_pkcs12(BIO *bio, EVP_PKEY *key)
{
    X509 *cert = key_cert(key);
    PKCS12 *store = PKCS12_create(PASSPHRASE, "name", key, cert, NULL, 0, 0, 0, 0, 0);
    int good = store ? i2d_PKCS12_bio(bio, store) : 0;
    PKCS12_free(store);
    X509_free(cert);
    return good;
}

static int write_as(BIO *bio, enum form form, EVP_PKEY *key)
{
    const EVP_CIPHER *c = is_sealed(form) ? EVP_aes_256_cbc() : NULL;
    const char *word = is_sealed(form) ? PASSPHRASE : NULL;
    int len = word ? (int)strlen(word) : 0;
    switch (form) {
    case PEM_PKCS8:
    case PEM_PKCS8_SEALED:
        return PEM_write_bio_PKCS8PrivateKey(bio, key, c, word, len, NULL, NULL);
    case PEM_OLD:
    case PEM_OLD_SEALED:
        return PEM_write_bio_PrivateKey_traditional(bio, key, c, (const u8 *)word, len, NULL, NULL);
    case DER_PKCS8:
    case DER_PKCS8_SEALED:
        return i2d_PKCS8PrivateKey_bio(bio, key, c, word, len, NULL, NULL);
    case DER_OLD:
        return i2d_PrivateKey_bio(bio, key);
    case PKCS12_SEALED:
        return write_pkcs12(bio, key);
    case FORM_COUNT:
        break;
    }
    return 0;
}

static struct bytes file_as(struct file *f, enum form form, EVP_PKEY *key)
{
    open_file(f);
    close_file(f, write_as(f->bio, form, key));
    return bytes_of(f->octets, f->len);
}

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* Is it refused, for this cause? */
static bool refused(struct bytes file, const char *passphrase, const char *cause)
{
    const char *why = NULL;
    EVP_PKEY *key = private_read(file, text(passphrase), &why);
    if (why && !strstr(why, cause))
        printf("# %s\n", why);
    EVP_PKEY_free(key);
    return !key && why && strstr(why, cause) && ERR_peek_error() == 0;
}

static bool reads(struct bytes file, const char *passphrase, const EVP_PKEY *want)
{
    const char *why = NULL;
    EVP_PKEY *key = private_read(file, text(passphrase), &why);
    struct shrike_key_id a, b;
    bool same = key && EVP_PKEY_eq(key, want) == 1 && private_id(key, &a) && private_id(want, &b) &&
                memcmp(&a, &b, sizeof(a)) == 0 && ERR_peek_error() == 0;
    if (!key)
        printf("# %s\n", why);
    EVP_PKEY_free(key);
    return same;
}

TEST(every_form_of_every_kind)
{
    static struct file f;
    const struct {
        const char *type, *curve;
        int bits;
    } kinds[] = {{"RSA", NULL, 2048}, {"EC", "P-256", 0}, {"EC", "P-521", 0}, {"ED25519", NULL, 0}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        EVP_PKEY *key = key_make(kinds[i].type, kinds[i].curve, kinds[i].bits);
        for (int form = 0; form < FORM_COUNT; form++) {
            bool old = form == PEM_OLD || form == PEM_OLD_SEALED || form == DER_OLD;
            if (old && i == 3) /* has no form of before PKCS #8 */
                continue;
            struct bytes b = file_as(&f, (enum form)form, key);
            CHECK(reads(b, PASSPHRASE, key)); /* also where it is not needed */
            CHECK(is_sealed((enum form)form) ? refused(b, "", "no section of `secrets`") &&
                                                   refused(b, "something", "another passphrase")
                                             : reads(b, "", key));
        }
        EVP_PKEY_free(key);
    }
}

/* Certificates and parameters may stand in front. */
TEST(a_bundle_in_pem)
{
    static struct file f;
    EVP_PKEY *key = key_make("EC", "P-384", 0);
    X509 *cert = key_cert(key);
    open_file(&f);
    int good = BIO_puts(f.bio, "made by hand\n") > 0 && PEM_write_bio_X509(f.bio, cert) &&
               BIO_puts(f.bio, "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n"
                               "-----END EC PARAMETERS-----\n") > 0 &&
               PEM_write_bio_PrivateKey_traditional(f.bio, key, NULL, NULL, 0, NULL, NULL) &&
               PEM_write_bio_X509(f.bio, cert);
    close_file(&f, good);
    CHECK(reads(bytes_of(f.octets, f.len), "", key));
    open_file(&f);
    close_file(&f, PEM_write_bio_X509(f.bio, cert));
    CHECK(refused(bytes_of(f.octets, f.len), "", "is none"));
    open_file(&f);
    close_file(&f, PEM_write_bio_PUBKEY(f.bio, key));
    CHECK(refused(bytes_of(f.octets, f.len), "", "is none"));
    X509_free(cert);
    EVP_PKEY_free(key);
}

TEST(what_is_none)
{
    static struct file f;
    static u8 large[PRIVATE_FILE_MAX + 1];
    EVP_PKEY *key = key_make("EC", "P-256", 0);
    struct bytes b = file_as(&f, DER_PKCS8, key);
    for (size_t i = 1; i < b.len; i++)
        CHECK(refused(bytes_of(b.at, i), "", "is none"));
    f.octets[f.len] = 0;
    CHECK(refused(bytes_of(f.octets, f.len + 1), "", "is none"));
    b = file_as(&f, PEM_PKCS8, key);
    CHECK(refused(bytes_of(b.at, b.len - 30), "", "is none"));
    CHECK(refused(text("-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n"), "",
                  "is none"));
    CHECK(refused(text("rubbish"), "", "is none"));
    CHECK(refused(bytes_of(NULL, 0), "", "empty"));
    CHECK(refused(bytes_of(large, sizeof(large)), "", "large"));
    memset(large, 'a', sizeof(large) - 1);
    large[PRIVATE_PASSPHRASE_MAX + 1] = 0;
    CHECK(refused(b, (const char *)large, "passphrase that is too long"));
    EVP_PKEY_free(key);
}

/* PKCS #12 as it was made for long, with RC2, which the library does only when it is asked to. */
TEST(ciphers_of_yesterday_are_said)
{
    static struct file f;
    OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(ctx, "legacy");
    OSSL_PROVIDER *rest = OSSL_PROVIDER_load(ctx, "default");
    EVP_PKEY *key = key_make("EC", "P-256", 0);
    X509 *cert = key_cert(key);
    PKCS12 *store = PKCS12_create_ex(PASSPHRASE, "name", key, cert, NULL,
                                     NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                                     NID_pbe_WithSHA1And40BitRC2_CBC, 0, 0, 0, ctx, NULL);
    ERR_clear_error();
    if (legacy && store) {
        open_file(&f);
        close_file(&f, i2d_PKCS12_bio(f.bio, store));
        CHECK(refused(bytes_of(f.octets, f.len), PASSPHRASE, "library does not do"));
        CHECK(refused(bytes_of(f.octets, f.len), "something", "another passphrase"));
    }
    PKCS12_free(store);
    X509_free(cert);
    EVP_PKEY_free(key);
    if (legacy)
        OSSL_PROVIDER_unload(legacy);
    OSSL_PROVIDER_unload(rest);
    OSSL_LIB_CTX_free(ctx);
}

TEST(written_and_read_again)
{
    EVP_PKEY *keys[] = {key_make("RSA", NULL, 2048), key_make("EC", "P-384", 0),
                        key_make("ED448", NULL, 0)};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        size_t len;
        u8 *der = private_write(keys[i], &len);
        CHECK(der && reads(bytes_of(der, len), "", keys[i]));
        private_free(der, len);
        EVP_PKEY_free(keys[i]);
    }
}

/* The SHA-1 of the SubjectPublicKeyInfo, by another program: of the Ed25519 key of RFC 8410 10.1,
 * 10.3. */
TEST(names)
{
    u8 der[64], want[20];
    const char *why;
    struct shrike_key_id id;
    struct bytes file = bytes_of(der, hex("302e020100300506032b657004220420"
                                          "d4ee72dbf913584ad5b6d8f1f769f8ad"
                                          "3afe7c28cbf1d4fbe097a88f44755842",
                                          der, sizeof(der)));
    EVP_PKEY *key = private_read(file, bytes_of(NULL, 0), &why);
    CHECK(key && private_id(key, &id));
    CHECK_EQ(hex("3a04967761a552db7e9e18c6dba4bd4aae119908", want, sizeof(want)), 20);
    CHECK_BYTES(id.octets, want, 20);
    EVP_PKEY_free(key);
}

int main(void)
{
    return RUN(every_form_of_every_kind) | RUN(a_bundle_in_pem) | RUN(what_is_none) |
           RUN(ciphers_of_yesterday_are_said) | RUN(written_and_read_again) | RUN(names);
}
