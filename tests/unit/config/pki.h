/* Certificates of the tests' own, and the files that they stand in. */
#ifndef CONFIG_PKI_H
#define CONFIG_PKI_H

#include "config/x509.h"
#include "tools.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#define PKI_DAY   86400
#define PKI_FILES 16

/* From now on. */
struct pki_days {
    long from, until;
};
#define DAYS(from, until) ((struct pki_days){from, until})

struct pki {
    X509 *x;
    EVP_PKEY *key;
};

static inline void pki_extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
    ensure(!value || (e && X509_add_ext(x, e, -1) == 1));
    X509_EXTENSION_free(e);
}

/* A certificate with a new key, of itself or of `by`, that began some days ago and ends in some. */
static inline struct pki pki_make(const char *cn, const struct pki *by, const char *san, bool ca,
                                  struct pki_days days)
{
    struct pki p = {X509_new(), EVP_EC_gen("P-256")};
    const struct pki *signer = by ? by : &p;
    static long serial;
    X509_NAME *name = X509_NAME_new();
    ensure(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)cn, -1, -1, 0));
    X509_set_version(p.x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(p.x), ++serial);
    X509_set_subject_name(p.x, name);
    X509_set_issuer_name(p.x, by ? X509_get_subject_name(by->x) : name);
    X509_gmtime_adj(X509_getm_notBefore(p.x), days.from * PKI_DAY);
    X509_gmtime_adj(X509_getm_notAfter(p.x), days.until * PKI_DAY + 60);
    X509_set_pubkey(p.x, p.key);
    pki_extend(p.x, NID_subject_alt_name, san);
    pki_extend(p.x, NID_basic_constraints, ca ? "critical,CA:TRUE" : NULL);
    ensure(X509_sign(p.x, signer->key, EVP_sha256()) > 0);
    X509_NAME_free(name);
    return p;
}

static inline void pki_free(struct pki *p)
{
    X509_free(p->x);
    EVP_PKEY_free(p->key);
}

/* Everything that is not NULL, as PEM. */
static inline struct bytes pki_pem(const struct pki *key, const struct pki *a, const struct pki *b)
{
    static char text[4][8192];
    static unsigned at;
    char *from;
    BIO *bio = BIO_new(BIO_s_mem());
    if (key)
        PEM_write_bio_PrivateKey(bio, key->key, NULL, NULL, 0, NULL, NULL);
    if (a)
        PEM_write_bio_X509(bio, a->x);
    if (b)
        PEM_write_bio_X509(bio, b->x);
    long len = BIO_get_mem_data(bio, &from);
    at = (at + 1) % 4;
    ensure(len < 8192);
    memcpy(text[at], from, (size_t)len);
    BIO_free(bio);
    return bytes_of(text[at], (size_t)len);
}

/* Files below the test's folder, which go with it. */
static char pki_paths[PKI_FILES][160];
static inline const char *pki_file(const char *name, struct bytes octets)
{
    unsigned i = 0;
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
    while (pki_paths[i][0] && strcmp(pki_paths[i], path) != 0)
        i++;
    ensure(i < PKI_FILES);
    strcpy(pki_paths[i], path);
    unlink(path); /* so that it is another file even within one tick of the clock */
    FILE *f = fopen(path, "wb");
    ensure(f && fwrite(octets.at, 1, octets.len, f) == octets.len && fclose(f) == 0);
    return pki_paths[i];
}

static inline void pki_remove(const char *name)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static inline void pki_folders_remove(void)
{
    static const char *const folders[] = {"x509", "x509ca", "x509crl", "pubkey", "pkcs12"};
    char path[160];
    for (unsigned i = 0; i < PKI_FILES; i++)
        if (pki_paths[i][0])
            unlink(pki_paths[i]);
    for (unsigned i = 0; i < ARRAY_LEN(folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
        rmdir(path);
    }
}

#endif
