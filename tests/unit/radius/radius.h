/* What tests of RADIUS share: the secret of the examples of its RFCs, and packets of a server. */
#ifndef UNIT_RADIUS_H
#define UNIT_RADIUS_H

#include "radius/packet.h"
#include "test.h"

#define RADIUS_SECRET "xyzzy5461" /* of the examples of RFC 2865 7 and RFC 5997 6 */

static inline struct radius_secret secret_of(struct md5 *m)
{
    return (struct radius_secret){m, bytes_of(RADIUS_SECRET, strlen(RADIUS_SECRET))};
}

/* An answer of a server with these attributes to the request with this authenticator. */
static inline struct bytes answer_of(struct md5 *m, u8 at[RADIUS_MAX], u8 code, u8 id,
                                     const u8 *request)
{
    struct radius_secret s = secret_of(m);
    struct writer w = writer_of(at, RADIUS_MAX);
    radius_begin(&w, code, id, code != RADIUS_ACCOUNTING_RESPONSE);
    if (code == RADIUS_ACCESS_CHALLENGE)
        radius_put_text(&w, RADIUS_STATE, "state");
    return radius_seal(&w, &s, RADIUS_ANSWER, request) ? written_bytes(&w) : bytes_of(NULL, 0);
}

#endif
