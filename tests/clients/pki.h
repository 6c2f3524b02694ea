/* Keys and certificates of clients, of servers and of their authorities, made when they are named:
 * "KIND TYPE NAME by AUTHORITY", as RSA FQDN vpn.example.org by Example CA. */
#ifndef CLIENTS_PKI_H
#define CLIENTS_PKI_H

#include "keys/signer.h"

#define PKI_TEXT_MAX 200

struct pki {
    char text[PKI_TEXT_MAX];
    X509 *x509;
    EVP_PKEY *key;
    struct bytes der;
};

/* That of this text, or the authority of this name; the same for the same. NULL: it is none. */
const struct pki *pki_of(const char *text);
const struct pki *pki_authority(const char *name);
/* As PEM into this file. */
bool pki_write(const struct pki *p, const char *path) must_use;
void pki_free(void);

/* The AUTH data by this scheme; 0: it cannot be made. */
size_t pki_sign(const struct pki *p, const struct scheme *s, struct bytes octets,
                u8 out[SIGNER_VALUE_MAX]);
/* Has the certificate, which is of this name, made this AUTH value of these octets? */
bool pki_verify(struct bytes der, const char *name, const struct shrike_auth_op *op);

#endif
