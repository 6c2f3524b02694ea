/* Where a certificate may send us: addresses of everybody's, none of this host or its networks. */
#ifndef CERTS_TARGET_H
#define CERTS_TARGET_H

#include "base/bytes.h"
#include "shrike/types.h"

/* Is this a unicast address of the Internet at large (RFC 6890)? What it leads to behind a
 * translation is looked at too. */
bool target_is_public(const struct shrike_addr *a);

#define TARGET_URL_MAX  1024 /* octets of a URL, NUL included */
#define TARGET_HOST_MAX 256  /* of the name in it */

/* http://host[:port]/path: what CRLs and responders are reached by (RFC 5280 4.2.1.13). Those are
 * signed, and TLS would need certificates that need them. false: another one, or no URL; with a
 * user in it, or octets that no URL has. The host is in lower case, an address without brackets. */
struct target {
    char host[TARGET_HOST_MAX];
    u16 port;
    bool is_addr; /* the host is an address: */
    struct shrike_addr addr;
};
bool target_read(const char *url, struct target *out) must_use;

#endif
