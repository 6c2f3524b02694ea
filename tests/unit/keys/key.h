/* Private keys and certificates, made for a test. */
#ifndef UNIT_KEYS_KEY_H
#define UNIT_KEYS_KEY_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

/* curve: of EC; bits: of RSA. NULL: the library does not know the type. */
static inline EVP_PKEY *key_try(const char *type, const char *curve, int bits)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx && (EVP_PKEY_keygen_init(ctx) != 1 ||
                (curve && EVP_PKEY_CTX_set_group_name(ctx, curve) != 1) ||
                (bits && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1) ||
                EVP_PKEY_generate(ctx, &key) != 1))
        abort();
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static inline EVP_PKEY *key_make(const char *type, const char *curve, int bits)
{
    EVP_PKEY *key = key_try(type, curve, bits);
    if (!key)
        abort();
    return key;
}

/* Signed by itself, for who wants one beside a key. */
static inline X509 *key_cert(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    if (!cert || !ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) ||
        !X509_gmtime_adj(X509_getm_notBefore(cert), 0) ||
        !X509_gmtime_adj(X509_getm_notAfter(cert), 3600) || !X509_set_pubkey(cert, key) ||
        !X509_sign(cert, key, digest))
        abort();
    return cert;
}

#endif
