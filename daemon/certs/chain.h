/* From a peer's certificate up to an authority that we trust. */
#ifndef CERTS_CHAIN_H
#define CERTS_CHAIN_H

#include "base/text.h"
#include "certs/known.h"
#include "certs/trust.h"
#include "shrike/event.h"

#define CHAIN_LINKS_MAX 8         /* authorities between the peer and the last one */
#define CHAIN_GOOD_S    (10 * 60) /* seconds after which a good one is looked at again */
#define CHAIN_WAITS_MAX 16        /* answers that a chain waits for at a time */
#define CHAIN_TOLD_MAX  8         /* responses that a peer brings along which are looked at */

/* Answers that are waited for, by their numbers in struct known; certificates, by those in struct
 * lookups. */
struct chain_waits {
    u32 count;
    u64 numbers[CHAIN_WAITS_MAX];
};

struct chain_ask {
    const struct trust *trust;
    u32 rule; /* of trust_rule_of() */
    struct certificate *end;
    struct certificate *const *given; /* what the peer sent beside it, in any order */
    size_t given_count;
    u32 schemes; /* that are allowed: SCHEME_SHORT_KEYS, RSA_SHA1 and ECDSA_SHA1 count here too */
    time_t now;
    /* Revocation, beside the CRLs of files: */
    const struct bytes *told; /* OCSP responses that the peer has sent (RFC 4806) */
    size_t told_count;
    struct known *known;       /* what is known of others, and to be asked; NULL: nothing */
    struct chain_waits *waits; /* NULL: nobody is asked */
};

/* NONE: it is trusted, for now. Else the reason why not, one of CERT_*: dates come first, whatever
 * else is wrong, then what is wrong with the chain, then that one is revoked, then that this is not
 * known. `about` names the certificate that it is the fault of, by its subject.
 * The rules are those of RFC 5280 6 with RFC 4945 5, and ours: keys of RSA have 2048 bits,
 * signatures 112 bits of strength, so no SHA-1. Nothing is computed for certificates of strangers:
 * a chain that does not end at an authority is refused before any signature is verified, and CRLs
 * are not looked at before all else is good. */
enum shrike_reason_code chain_verify(const struct chain_ask *a, struct text *about);

/* The two halves of it. Between them the peer proves that it has the key, so that nobody is asked
 * on behalf of who has none. The second one is for a chain that the first one has found good; when
 * it adds to `waits`, it cannot be told yet: ask again when these are here. */
enum shrike_reason_code chain_build(const struct chain_ask *a, struct text *about);
enum shrike_reason_code chain_revocation(const struct chain_ask *a, struct text *about);

/* Is it good as far as it can be told alone? It is trusted for itself: dates and strength. */
enum shrike_reason_code chain_end_fault(const X509 *x, u32 schemes, time_t now, struct text *about);

#endif
