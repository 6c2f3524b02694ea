/* What an Access-Accept grants: keys, addresses, groups, and for how long. */
#ifndef RADIUS_GRANT_H
#define RADIUS_GRANT_H

#include "radius/packet.h"

#define RADIUS_MSK_MAX       128 /* octets of the key of a method */
#define RADIUS_ADDRESSES_MAX 4   /* to be assigned to one client */
#define RADIUS_DNS_MAX       8   /* servers for names */
#define RADIUS_GROUPS_MAX    32  /* groups and classes, each */
#define RADIUS_INTERIM_MIN   60  /* seconds (RFC 2869 5.16) */

/* What is borrowed points into the packet. */
struct radius_grant {
    u8 msk[RADIUS_MSK_MAX]; /* a secret: radius_grant_wipe() */
    u8 msk_len;             /* 0: none */
    u8 address_count, dns_count, class_count, filter_count;
    bool tunnel_esp; /* Tunnel-Type is ESP */
    struct shrike_addr addresses[RADIUS_ADDRESSES_MAX];
    struct shrike_addr netmask; /* family 0: none */
    struct shrike_addr dns[RADIUS_DNS_MAX];
    struct bytes classes[RADIUS_GROUPS_MAX]; /* to be given back in accounting, and maybe groups */
    struct bytes filters[RADIUS_GROUPS_MAX]; /* Filter-Id */
    struct bytes user_name;                  /* for accounting, in place of ours; empty: none */
    u32 session_s, idle_s, interim_s;        /* seconds; 0: none */
};

/* The packet is known to be the answer to the request with this authenticator. false: a key in it
 * cannot be read, so that no two would have the same one. */
bool radius_grant_read(struct radius_grant *g, const struct radius_packet *p,
                       const struct radius_secret *s, const u8 request[MD5_LEN]) must_use;
void radius_grant_wipe(struct radius_grant *g);

/* Is it in this group? What makes a group is for the configuration to say: classes (class_group),
 * or filters of an ESP tunnel (filter_id). */
bool radius_grant_is_in(const struct radius_grant *g, bool by_class, bool by_filter,
                        const char *group) must_use;

#endif
