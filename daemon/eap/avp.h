/* Attributes as Diameter writes them, which is how EAP-TTLS speaks in its tunnel (RFC 5281 10.1).
 */
#ifndef EAP_AVP_H
#define EAP_AVP_H

#include "base/cursor.h"

enum avp_code { /* of vendor 0: those of RADIUS (RFC 2865 5, RFC 3579 3.1) */
                AVP_USER_NAME = 1,
                AVP_USER_PASSWORD = 2,
                AVP_EAP_MESSAGE = 79,
};

struct avp {
    u32 code, vendor; /* vendor 0: none */
    bool must;        /* whoever does not know it has to refuse */
    struct bytes data;
};

/* The next one. false: there is none, or it lies about its length, and then r is bad. */
bool avp_read(struct reader *r, struct avp *out) must_use;
void avp_write(struct writer *w, const struct avp *a); /* with what fills it up to four octets */

#endif
