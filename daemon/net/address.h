/* The ends of libshrike as socket addresses, and back. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/bytes.h"
#include <sys/socket.h>

/* scope: the interface of a link-local IPv6 address, else 0. Gives the size; 0: no family. */
socklen_t address_write(struct sockaddr_storage *to, const struct shrike_endpoint *e, u32 scope);
/* scope, unless NULL, gets what stands there. false: neither IPv4 nor IPv6, or IPv4 inside IPv6. */
bool address_read(const struct sockaddr_storage *from, struct shrike_endpoint *e,
                  u32 *scope) must_use;
bool address_is_link_local(const struct shrike_endpoint *e); /* RFC 4291 2.5.6 */

#define ADDRESS_TEXT 56
/* "192.0.2.1:500", "[2001:db8::1]:500", "any"; out is given back. */
const char *address_text(const struct shrike_endpoint *e, char out[ADDRESS_TEXT]);

#endif
