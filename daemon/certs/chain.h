/* From a peer's certificate up to an authority that we trust. */
#ifndef CERTS_CHAIN_H
#define CERTS_CHAIN_H

#include "base/text.h"
#include "certs/trust.h"
#include "shrike/event.h"

#define CHAIN_LINKS_MAX 8         /* authorities between the peer and the last one */
#define CHAIN_GOOD_S    (10 * 60) /* seconds after which a good one is looked at again */

struct chain_ask {
    const struct trust *trust;
    u32 rule; /* of trust_rule_of() */
    struct certificate *end;
    struct certificate *const *given; /* what the peer sent beside it, in any order */
    size_t given_count;
    u32 schemes; /* that are allowed: SCHEME_SHORT_KEYS, RSA_SHA1 and ECDSA_SHA1 count here too */
    time_t now;
};

/* NONE: it is trusted, for now. Else the reason why not, one of CERT_*: dates come first, whatever
 * else is wrong, then what is wrong with the chain, then that one is revoked, then that this is not
 * known. `about` names the certificate that it is the fault of, by its subject.
 * The rules are those of RFC 5280 6 with RFC 4945 5, and ours: keys of RSA have 2048 bits,
 * signatures 112 bits of strength, so no SHA-1. Nothing is computed for certificates of strangers:
 * a chain that does not end at an authority is refused before any signature is verified, and CRLs
 * are not looked at before all else is good. */
enum shrike_reason_code chain_verify(const struct chain_ask *a, struct text *about);

/* Is it good as far as it can be told alone? It is trusted for itself: dates and strength. */
enum shrike_reason_code chain_end_fault(const X509 *x, u32 schemes, time_t now, struct text *about);

#endif
