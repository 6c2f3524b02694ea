/* Certificates and public keys in files of this host, as far as its configuration must know them:
 * by which keys, under which names, until when. What peers send is read elsewhere. */
#ifndef DAEMON_CONFIG_X509_H
#define DAEMON_CONFIG_X509_H

#include "base/bytes.h"
#include "config/pool.h"
#include "shrike/conf.h"
#include <openssl/types.h>
#include <time.h>

#define X509_ITEMS_MAX 1024 /* of one file: a bundle of public authorities has some 150 */
#define X509_NAMES_MAX 128  /* subjectAltNames of one certificate that are looked at */

struct x509_item {
    X509 *x509; /* NULL: a public key without a certificate */
    struct shrike_bytes der;
    struct shrike_key_id key;
    const struct shrike_id *names; /* the subject, unless it is empty, then subjectAltNames */
    uint16_t name_count;
    bool authority;   /* it may sign certificates */
    bool self_signed; /* and has signed itself */
    time_t from, until;
};

struct x509_items {
    struct x509_item *at;
    uint32_t count;
};

/* What is to be looked for in a file. */
enum x509_kind { X509_CERTIFICATES, X509_PUBLIC_KEYS };

/* All certificates, or public keys, of a file: PEM, in which other things may stand, too, or DER.
 * What they point to lives in p; x509_free() is needed all the same. NULL: done; else what is wrong
 * with the file, as static text that fits behind its name. */
const char *x509_read(struct pool *p, enum x509_kind kind, struct bytes file,
                      struct x509_items *out);
/* The certificates of a PKCS #12 container: its keys stay encrypted. */
const char *x509_read_store(struct pool *p, struct bytes file, struct bytes passphrase,
                            struct x509_items *out);
void x509_free(struct x509_items *items);

/* Private keys in PEM are overwritten by blanks: nobody who reads the rest needs them. */
void x509_hide_keys(uint8_t *file, size_t len);

/* Is the identity one of those that the certificate is for? */
bool x509_is_for(const struct x509_item *item, const struct shrike_id *id);
/* Has the key of that one signed this one? */
bool x509_signed_by(const struct x509_item *item, const struct x509_item *issuer);

#endif
