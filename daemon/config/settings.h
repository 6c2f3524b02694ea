/* Settings of the daemon itself, from the section `shrike { }`: not the engine's business. */
#ifndef DAEMON_CONFIG_SETTINGS_H
#define DAEMON_CONFIG_SETTINGS_H

#include "lease/pool.h"
#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_PATH      108 /* octets of a path, NUL included: those of a Unix socket */
#define SETTINGS_INTERFACE 16  /* IFNAMSIZ */

/* Which library does the work of ESP. */
enum settings_library {
    LIBRARY_FASTEST, /* libipsec-mb where it is there and has the suite, else OpenSSL */
    LIBRARY_OPENSSL,
};

/* Where DNS servers go that a gateway gives us. */
enum settings_dns {
    DNS_AUTO,       /* the first of the following that this host has */
    DNS_RESOLVED,   /* systemd-resolved, by resolvectl(1) */
    DNS_RESOLVCONF, /* resolvconf(8) */
    DNS_FILE,       /* a file in the format of resolv.conf(5) */
    DNS_NONE,       /* nowhere */
};

/* What a data plane can do beyond ESP in tunnel mode: what it cannot is neither offered nor taken.
 */
enum settings_plane {
    PLANE_IPCOMP = 1, /* compression (RFC 3173) */
    PLANE_AH = 2,     /* RFC 4302 */
    PLANE_USER = 0,   /* the one in user space: none of it */
};

struct settings {
    uint16_t port, port_nat_t;          /* [500, 4500] */
    bool install_routes;                /* [yes] */
    uint8_t plane;                      /* of enum settings_plane: not written to snapshots */
    uint8_t esp_library;                /* enum settings_library [fastest] */
    uint32_t routing_table;             /* [220] */
    uint32_t routing_priority;          /* of the rule that leads to the table [220] */
    uint32_t mark;                      /* fwmark of IKE and ESP packets [220] */
    uint16_t mtu;                       /* of the TUN device [1400] */
    uint32_t replay_window;             /* packets [1024] */
    uint32_t keepalive_s;               /* seconds between NAT keepalives; 0 none [20] */
    char interface[SETTINGS_INTERFACE]; /* the TUN device [shrike0] */
    char control_socket[SETTINGS_PATH]; /* [/run/charon.vici] */
    bool install_virtual_ip;            /* addresses that a gateway gives us [yes] */
    uint8_t dns;                        /* enum settings_dns [auto] */
    char dns_file[SETTINGS_PATH];       /* [/etc/resolv.conf] */
    char journal[SETTINGS_PATH];        /* file of the records of IKE SAs; empty: in memory */
    char unsafe_keys[SETTINGS_PATH];    /* folder for tshark's key files; empty: none */
    const struct lease_pool *pools;     /* of virtual addresses, each address of one of them */
    uint32_t pool_count;                /* at most LEASE_POOLS_MAX */
};

#endif
