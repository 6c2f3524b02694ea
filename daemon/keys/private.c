/* Private keys out of files: see private.h. */
#include "keys/private.h"
#include "base/ct.h"
#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

static const char no_key[] = "is none: PEM or DER of PKCS #1, SEC 1, PKCS #8 or PKCS #12";
static const char no_passphrase[] =
    "is encrypted: its passphrase stands in no section of `secrets`";
static const char other_passphrase[] = "is encrypted with another passphrase";
static const char other_cipher[] = "is encrypted in a way that the cryptographic library does not "
                                   "do: encrypt it anew, with AES";

/* What the library asks for while it reads PEM. */
struct passphrase {
    struct bytes octets;
    bool asked;
};

static int give_passphrase(char *at, int size, int writing, void *ctx)
{
    struct passphrase *p = ctx;
    (void)writing;
    p->asked = true;
    if (p->octets.len == 0 || p->octets.len > (size_t)size)
        return -1;
    memcpy(at, p->octets.at, p->octets.len);
    return (int)p->octets.len;
}

/* Why what is encrypted could not be read: of all that the library has noted. */
static const char *cause_of_failure(struct bytes passphrase)
{
    unsigned long e;
    while ((e = ERR_get_error()) != 0) {
        int reason = ERR_GET_REASON(e);
        if (ERR_GET_LIB(e) == ERR_LIB_EVP &&
            (reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNSUPPORTED_ALGORITHM ||
             reason == EVP_R_UNSUPPORTED_CIPHER || reason == EVP_R_UNKNOWN_PBE_ALGORITHM ||
             reason == EVP_R_UNKNOWN_CIPHER))
            return other_cipher;
        if (ERR_GET_LIB(e) == ERR_LIB_PEM && reason == PEM_R_UNSUPPORTED_ENCRYPTION)
            return other_cipher;
    }
    return passphrase.len == 0 ? no_passphrase : other_passphrase;
}

static EVP_PKEY *read_pem(struct bytes file, struct bytes passphrase, const char **why)
{
    struct passphrase p = {.octets = passphrase};
    BIO *bio = BIO_new_mem_buf(file.at, (int)file.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &p) : NULL;
    BIO_free(bio);
    if (!key)
        *why = p.asked ? cause_of_failure(passphrase) : no_key;
    return key;
}

static EVP_PKEY *read_pkcs8(const X509_SIG *sealed, struct bytes passphrase, const char **why)
{
    PKCS8_PRIV_KEY_INFO *open =
        PKCS8_decrypt(sealed, (const char *)passphrase.at, (int)passphrase.len);
    EVP_PKEY *key = open ? EVP_PKCS82PKEY(open) : NULL;
    if (!key)
        *why = open ? no_key : cause_of_failure(passphrase);
    PKCS8_PRIV_KEY_INFO_free(open);
    return key;
}

static EVP_PKEY *read_pkcs12(PKCS12 *store, struct bytes passphrase, const char **why)
{
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    char text[PRIVATE_PASSPHRASE_MAX + 1] = {0};
    if (passphrase.len > 0)
        memcpy(text, passphrase.at, passphrase.len);
    if (!PKCS12_parse(store, text, &key, &cert, NULL))
        *why = cause_of_failure(passphrase);
    else if (!key)
        *why = no_key;
    X509_free(cert);
    wipe(text, sizeof(text));
    return key;
}

static EVP_PKEY *read_plain(struct bytes file, const char **why)
{
    const unsigned char *at = file.at;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)file.len);
    if (key && at == file.at + file.len)
        return key;
    EVP_PKEY_free(key);
    *why = no_key;
    return NULL;
}

static EVP_PKEY *read_der(struct bytes file, struct bytes passphrase, const char **why)
{
    const unsigned char *at = file.at;
    EVP_PKEY *key = NULL;
    PKCS12 *store = d2i_PKCS12(NULL, &at, (long)file.len);
    at = file.at;
    X509_SIG *sealed = store ? NULL : d2i_X509_SIG(NULL, &at, (long)file.len);
    ERR_clear_error(); /* that it is not this one or that */
    if (store)
        key = read_pkcs12(store, passphrase, why);
    else if (sealed)
        key = read_pkcs8(sealed, passphrase, why);
    else
        key = read_plain(file, why);
    PKCS12_free(store);
    X509_SIG_free(sealed);
    return key;
}

EVP_PKEY *private_read(struct bytes file, struct bytes passphrase, const char **why)
{
    static const char mark[] = "-----BEGIN ";
    EVP_PKEY *key = NULL;
    ERR_clear_error();
    if (file.len == 0)
        *why = "is empty";
    else if (file.len > PRIVATE_FILE_MAX)
        *why = "is too large";
    else if (passphrase.len > PRIVATE_PASSPHRASE_MAX)
        *why = "has a passphrase that is too long";
    else if (memmem(file.at, file.len, mark, sizeof(mark) - 1))
        key = read_pem(file, passphrase, why);
    else
        key = read_der(file, passphrase, why);
    ERR_clear_error();
    return key;
}

u8 *private_write(const EVP_PKEY *key, size_t *len)
{
    u8 *der = NULL;
    PKCS8_PRIV_KEY_INFO *open = EVP_PKEY2PKCS8(key);
    int n = open ? i2d_PKCS8_PRIV_KEY_INFO(open, &der) : -1;
    PKCS8_PRIV_KEY_INFO_free(open);
    *len = n > 0 ? (size_t)n : 0;
    return n > 0 ? der : NULL;
}

void private_free(u8 *der, size_t len)
{
    OPENSSL_clear_free(der, len);
}

bool private_id(const EVP_PKEY *key, struct shrike_key_id *id)
{
    u8 *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    static_assert(sizeof(id->octets) == SHA_DIGEST_LENGTH, "a name is a SHA-1");
    bool good =
        len > 0 && EVP_Q_digest(NULL, "SHA1", NULL, der, (size_t)len, id->octets, NULL) == 1;
    OPENSSL_free(der);
    return good;
}
