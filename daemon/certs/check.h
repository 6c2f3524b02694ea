/* Is a peer who it says it is? The answer to a CHECK of a signature. */
#ifndef CERTS_CHECK_H
#define CERTS_CHECK_H

#include "base/text.h"
#include "certs/chain.h"
#include "certs/lookup.h"
#include "shrike/action.h"

#define CHECK_TRIES_MAX 8 /* certificates that are tried for a peer that has sent none */

/* Answer the op, which may be of any kind and hold anything. `about` is made by the caller; when
 * the answer is no, it names the certificate that it is the fault of, and is the value of the
 * answer.
 *
 * The first certificate of the peer's has the key that has signed (RFC 7296 3.6), or its first raw
 * key (RFC 7670), which counts only where the connection names it: then it is of whatever identity
 * the connection takes. A peer that sends neither is known by what the connection names, or by the
 * certificates of the folder x509.
 *
 * A certificate may be named by hash and URL instead, or several that stand in a bundle (RFC 7296
 * 3.6): with check_with(), where that URL may be asked. */
struct shrike_answer check_answer(const struct trust *t, const struct shrike_op *op, time_t now,
                                  struct text *about);

/* The same with what others know of revocation. When it is yes and `waits` is not empty, it is not
 * an answer yet: ask again when these are here. With waits NULL nobody is asked. */
struct check_others {
    struct known *known;
    struct lookups *lookups; /* certificates that peers name by hash and URL; NULL: none */
    struct chain_waits *waits;
    bool proved; /* who asks has seen that the peer has the key of the first certificate: there is
                  * no signature to be checked */
};
struct shrike_answer check_with(const struct trust *t, const struct shrike_op *op, time_t now,
                                const struct check_others *others, struct text *about);

#endif
