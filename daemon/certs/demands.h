/* What a connection demands of certificates beyond what holds for all (ops/trustfile.h). */
#ifndef CERTS_DEMANDS_H
#define CERTS_DEMANDS_H

#include "certs/trust.h"
#include "shrike/event.h"

/* A chain that is good otherwise, the peer's certificate first, the authority that ends it last; a
 * peer's that is trusted for itself stands alone, and its signature counts for nothing then. NONE,
 * or the reason, and the certificate that it is the fault of. */
enum shrike_reason_code demands_fault(const struct trust_demands *d, const STACK_OF(X509) * chain,
                                      X509 **culprit);
enum shrike_reason_code demands_end_fault(const struct trust_demands *d, X509 *x);
/* A key without certificate has neither policies nor an authority. */
enum shrike_reason_code demands_key_fault(const struct trust_demands *d, const EVP_PKEY *key);

#endif
