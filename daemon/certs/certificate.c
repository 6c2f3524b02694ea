/* The certificates that are kept: see certificate.h. */
#include "certs/certificate.h"
#include "base/siphash.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define BUCKETS 1024 /* a power of two */

struct certificates {
    struct list buckets[BUCKETS];
    struct list idle; /* the one that was used last stands last */
    u32 count, idle_count;
    size_t idle_octets;
    u8 key[16]; /* of the hash: peers choose their certificates */
};

struct certificates *certificates_new(void)
{
    struct certificates *c = calloc(1, sizeof(*c));
    if (!c || RAND_bytes(c->key, sizeof(c->key)) != 1) {
        free(c);
        return NULL;
    }
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&c->buckets[i]);
    list_init(&c->idle);
    return c;
}

static void destroy(struct certificate *cert)
{
    X509_free(cert->x509);
    OPENSSL_free((void *)(uintptr_t)cert->spki.at);
    free(cert);
}

/* Of those that nobody uses, the one that was used longest ago. */
static void forget_one(struct certificates *c)
{
    struct certificate *cert = list_item(c->idle.next, struct certificate, age);
    list_remove(&cert->age);
    list_remove(&cert->bucket);
    c->count--;
    c->idle_count--;
    c->idle_octets -= cert->len;
    destroy(cert);
}

void certificates_free(struct certificates *c)
{
    if (!c)
        return;
    while (c->idle_count > 0)
        forget_one(c);
    ensure(c->count == 0);
    free(c);
}

/* ---- parsing ---- */

/* RFC 5280 4.1: a certificate and nothing behind it. */
static X509 *parse(struct bytes der)
{
    const u8 *at = der.at;
    X509 *x = der.len > 0 && der.len <= CERTIFICATE_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (x && at != der.at + der.len) {
        X509_free(x);
        x = NULL;
    }
    /* This reads the extensions, once; and says whether one of them is broken. */
    if (x && (X509_check_purpose(x, -1, 0) != 1 || X509_get_extension_flags(x) & EXFLAG_INVALID)) {
        X509_free(x);
        x = NULL;
    }
    ERR_clear_error();
    return x;
}

static bool take_key(struct certificate *cert)
{
    u8 *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &spki);
    cert->spki = bytes_of(spki, len > 0 ? (size_t)len : 0);
    cert->pkey = X509_get0_pubkey(cert->x509);
    return len > 0 && cert->pkey && signature_ability(cert->pkey, &cert->ability) &&
           (cert->ability.kind != KEY_RSA || cert->ability.bits <= RSA_BITS_MAX) &&
           EVP_Digest(spki, (size_t)len, cert->key.octets, NULL, EVP_sha1(), NULL) == 1;
}

static struct certificate *make(struct bytes der)
{
    struct certificate *cert = calloc(1, sizeof(*cert));
    X509 *x = cert ? parse(der) : NULL;
    if (!x) {
        free(cert);
        return NULL;
    }
    cert->x509 = x;
    cert->len = der.len;
    if (take_key(cert))
        return cert;
    destroy(cert);
    ERR_clear_error();
    return NULL;
}

/* ---- in and out of use ---- */

static struct list *bucket_of(struct certificates *c, const u8 hash[CERTIFICATE_HASH])
{
    return &c->buckets[siphash(c->key, bytes_of(hash, CERTIFICATE_HASH)) & (BUCKETS - 1)];
}

static struct certificate *find(const struct list *bucket, const u8 hash[CERTIFICATE_HASH])
{
    for (struct list *at = bucket->next; at != bucket; at = at->next) {
        struct certificate *cert = list_item(at, struct certificate, bucket);
        if (memcmp(cert->hash, hash, CERTIFICATE_HASH) == 0)
            return cert;
    }
    return NULL;
}

struct certificate *certificate_get(struct certificates *c, struct bytes der)
{
    u8 hash[CERTIFICATE_HASH];
    if (EVP_Digest(der.at, der.len, hash, NULL, EVP_sha256(), NULL) != 1)
        return NULL;
    struct list *bucket = bucket_of(c, hash);
    struct certificate *cert = find(bucket, hash);
    if (!cert) {
        cert = make(der);
        if (!cert)
            return NULL;
        memcpy(cert->hash, hash, sizeof(hash));
        list_append(bucket, &cert->bucket);
        c->count++;
    } else if (cert->uses == 0) {
        list_remove(&cert->age);
        c->idle_count--;
        c->idle_octets -= cert->len;
    }
    cert->uses++;
    return cert;
}

struct certificate *certificate_hold(struct certificate *cert)
{
    cert->uses++;
    return cert;
}

void certificate_put(struct certificates *c, struct certificate *cert)
{
    if (!cert || --cert->uses > 0)
        return;
    list_append(&c->idle, &cert->age);
    c->idle_count++;
    c->idle_octets += cert->len;
    while (c->idle_count > CERTIFICATES_MAX || c->idle_octets > CERTIFICATES_OCTETS)
        forget_one(c);
}

u32 certificates_count(const struct certificates *c)
{
    return c->count;
}

u32 certificates_idle(const struct certificates *c)
{
    return c->idle_count;
}
