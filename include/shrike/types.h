/* Plain values that cross the seam: time, addresses, identities, selectors, tokens. */
#ifndef SHRIKE_TYPES_H
#define SHRIKE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds of a clock that never goes back and runs through a suspend (CLOCK_BOOTTIME). */
typedef uint64_t shrike_time;
#define SHRIKE_NEVER  UINT64_MAX
#define SHRIKE_MS     ((shrike_time)1000)
#define SHRIKE_SECOND ((shrike_time)1000000)

/* Octets that somebody else owns; valid as long as the place that hands them out says. */
struct shrike_bytes {
    const uint8_t *at;
    size_t len;
};

/* An address: family 4 (first 4 octets, the rest zero), 6, or 0 for none. */
struct shrike_addr {
    uint8_t octets[16];
    uint8_t family;
};

/* A UDP end. port is in host order. */
struct shrike_endpoint {
    uint8_t octets[16];
    uint16_t port;
    uint8_t family; /* 4, 6, or 0 for none */
    uint8_t unused;
};

/* An address block as configured: 192.0.2.0/24; family 0 is %any. */
struct shrike_net {
    struct shrike_addr addr;
    uint8_t prefix_bits;
};

/* One traffic selector (RFC 7296 3.13.1): an address range, a protocol (0 any) and a port range.
 * Unused address octets are zero. OPAQUE ports are written as from 65535 to 0. */
struct shrike_ts {
    uint8_t from[16];
    uint8_t to[16];
    uint16_t port_from;
    uint16_t port_to;
    uint8_t protocol;
    uint8_t family; /* 4 or 6; 0 in configuration: dynamic, the internal addresses of the host if it
                     * has or needs such, else its own address */
    uint8_t unused[2];
};
#define SHRIKE_TS_MAX 32 /* selectors we keep for one side of one Child SA */

/* Internal addresses (RFC 7296 2.19), and DNS servers, of one IKE SA: what is beyond is ignored. */
#define SHRIKE_ADDRESSES_MAX 8

/* An identity (RFC 7296 3.5): type is its IANA number, data its octets as on the wire. */
struct shrike_id {
    uint8_t type;
    struct shrike_bytes data;
};
#define SHRIKE_ID_MAX 512 /* octets of an identity; longer ones are refused */

/* Names what an op was asked for, so that its answer finds it or is dropped. */
struct shrike_token {
    uint32_t incarnation; /* of the engine: answers of a former life are dropped */
    uint32_t serial;      /* of the IKE SA, never used twice in one incarnation */
    uint32_t index;       /* where the SA lies in its pool */
    uint32_t slot;        /* which question of that SA */
};

/* Where a rule was written: a file and line, or the VICI message and key path (line 0). */
struct shrike_origin {
    const char *file;
    uint32_t line;
};

#endif
