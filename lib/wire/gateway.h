/* The data of the notifies REDIRECT and REDIRECTED_FROM (RFC 5685 9.2, 9.3). */
#ifndef WIRE_GATEWAY_H
#define WIRE_GATEWAY_H

#include "base/cursor.h"
#include "shrike/types.h"

#define GATEWAY_NAME_MAX 255 /* octets of a name of the DNS */

struct gateway {
    u8 type;           /* GATEWAY_IPV4 ... */
    struct bytes name; /* 4 or 16 octets, or a name */
    struct bytes rest; /* behind it: the nonce, in IKE_SA_INIT */
};
/* false: it is malformed, of a type that there is not, or its name can be none of the DNS. */
bool gateway_read(struct bytes data, struct gateway *out) must_use;
void gateway_write(struct writer *w, const struct gateway *g);

/* The same as an identity: of type ID_IPV4_ADDR, ID_IPV6_ADDR or ID_FQDN. Type 0, and back: it is
 * none of these. */
struct shrike_id gateway_id(const struct gateway *g);
struct gateway gateway_of_id(const struct shrike_id *id);
/* An address as a gateway; it points into the address. */
struct gateway gateway_of_address(const struct shrike_addr *a);

#endif
