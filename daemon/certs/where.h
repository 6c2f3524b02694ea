/* Where a certificate says that its revocation can be looked up. */
#ifndef CERTS_WHERE_H
#define CERTS_WHERE_H

#include "certs/target.h"
#include <openssl/x509.h>

#define WHERE_MAX 4 /* of each kind that are looked at */

struct where {
    u8 responder_count, crl_count;
    char responders[WHERE_MAX][TARGET_URL_MAX]; /* RFC 5280 4.2.2.1 */
    char crls[WHERE_MAX][TARGET_URL_MAX]; /* RFC 5280 4.2.1.13; of those that its issuer signs */
};

/* One more, behind those that are there; where there is no room, or target_read() does not take it,
 * it is passed over. */
void where_add(struct where *out, bool crl, const char *url);
/* Those of the certificate, likewise. */
void where_of(X509 *x, struct where *out);

#endif
