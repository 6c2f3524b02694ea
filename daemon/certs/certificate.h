/* X.509 certificates: parsed once, and kept by their octets, for parsing costs more than to verify
 * a signature. */
#ifndef CERTS_CERTIFICATE_H
#define CERTS_CERTIFICATE_H

#include "base/list.h"
#include "certs/signature.h"
#include <openssl/x509.h>
#include <time.h>

#define CERTIFICATE_MAX 16384 /* octets of DER; what is longer is refused */
#define RSA_BITS_MAX    8192  /* a peer must not make us compute for long */
/* What is kept though nobody uses it, as peers choose it. */
#define CERTIFICATES_MAX    1024
#define CERTIFICATES_OCTETS (4u * 1024 * 1024) /* of DER; parsed they take about ten times that */

#define CERTIFICATE_HASH 32

/* The last time that this certificate was found good (chain.c). */
struct certificate_good {
    u64 trust;          /* serial of the struct trust; 0: never */
    u64 known;          /* version of what others have said of revocation */
    u32 rule;           /* and which of its rules */
    u32 schemes;        /* what was allowed */
    time_t from, until; /* nothing that counted changes in between */
};

struct certificate {
    X509 *x509;
    EVP_PKEY *pkey;    /* its public key; x509's own */
    struct bytes spki; /* SubjectPublicKeyInfo, DER */
    size_t len;        /* octets of its DER */
    struct ability ability;
    struct shrike_key_id key;
    u8 hash[CERTIFICATE_HASH]; /* SHA-256 of its DER */
    struct certificate_good good;
    /* of the cache */
    u32 uses;
    struct list bucket, age;
};

struct certificates; /* those that are in use, and some that were */

struct certificates *certificates_new(void) must_use; /* NULL: no memory */
void certificates_free(struct certificates *c);       /* none is in use any more; NULL is fine */

/* The certificate with these octets, in use until it is put back. NULL: they are none, or it has a
 * public key that nothing here can use, or there is no memory. */
struct certificate *certificate_get(struct certificates *c, struct bytes der) must_use;
struct certificate *certificate_hold(struct certificate *cert);         /* one more use of it */
void certificate_put(struct certificates *c, struct certificate *cert); /* NULL is fine */

u32 certificates_count(const struct certificates *c);
u32 certificates_idle(const struct certificates *c); /* of them, those that nobody uses */

#endif
