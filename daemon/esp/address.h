/* Between our endpoints and the system's addresses, and the control messages with them. */
#ifndef ESP_ADDRESS_H
#define ESP_ADDRESS_H

#include "base/bytes.h"
#include <netinet/in.h>
#include <sys/socket.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

void address_of(struct address *a, const struct shrike_endpoint *e);
void endpoint_of(struct shrike_endpoint *e, const struct address *a);

#define ADDRESS_CONTROL_MAX 128 /* octets of the control messages of one send */

/* Control messages being written into ADDRESS_CONTROL_MAX octets. */
struct controls {
    u8 *at;
    size_t len;
};

struct controls controls_begin(u8 at[ADDRESS_CONTROL_MAX]);
void controls_add(struct controls *c, int level, int type, const void *value, size_t len);
/* Send from this address (RFC 4301 4.4.1.2: the tunnel's own end). */
void controls_source(struct controls *c, const struct shrike_endpoint *local);
void controls_tos(struct controls *c, u8 family, u8 tos);
/* Take the local address or the TOS octet out of one that came in; else nothing. */
void control_read(const struct cmsghdr *c, struct shrike_endpoint *local, u8 *tos);

#endif
