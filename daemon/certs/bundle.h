/* Certificates that a URL leads to together (RFC 7296 3.6: CertificateBundle). */
#ifndef CERTS_BUNDLE_H
#define CERTS_BUNDLE_H

#include "base/bytes.h"
#include "shrike/conf.h"

struct bundle {
    u16 count; /* what is behind the first SHRIKE_CERTS_MAX is passed over */
    struct bytes certs[SHRIKE_CERTS_MAX];
};

/* What is in it, as slices, which may be anything. CRLs are passed over: what is revoked is found
 * out from others. false: it is none; of DER it has the short forms alone. */
bool bundle_read(struct bytes octets, struct bundle *out) must_use;

#endif
