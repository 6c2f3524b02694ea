/* What a responder says of a certificate (RFC 6960), and how it is asked. */
#ifndef CERTS_OCSP_H
#define CERTS_OCSP_H

#include "base/bytes.h"
#include <openssl/x509.h>
#include <time.h>

#define OCSP_RESPONSE_MAX 65536     /* octets */
#define OCSP_SKEW_S       300       /* that clocks may differ by */
#define OCSP_NO_END_S     (60 * 60) /* a response that does not say until when it holds */

enum ocsp_says {
    OCSP_SAYS_NOTHING, /* of this certificate; or it is too old, or nobody who may say it has signed
                        */
    OCSP_SAYS_GOOD,
    OCSP_SAYS_REVOKED,
};

/* `issuer` has signed `cert`, and is trusted. It, or a certificate that it has made for this, must
 * have signed the response (RFC 6960 4.2.2.2). until: when it is to be asked again. */
enum ocsp_says ocsp_read(struct bytes response, X509 *cert, X509 *issuer, time_t now,
                         time_t *until);

/* An OCSPRequest for it, without a nonce, so that responders may have their answers ready (RFC 5019
 * 2.1.1). Octets to be freed with OPENSSL_free(); empty: no memory. */
struct bytes ocsp_ask(X509 *cert, X509 *issuer);

#endif
