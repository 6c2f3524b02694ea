/* Settings of the daemon itself, from the section `shrike { }`: not the engine's business. */
#ifndef DAEMON_CONFIG_SETTINGS_H
#define DAEMON_CONFIG_SETTINGS_H

#include "lease/pool.h"
#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_PATH      108 /* octets of a path, NUL included: those of a Unix socket */
#define SETTINGS_INTERFACE 16  /* IFNAMSIZ */

/* What a shared secret is for. Preshared keys of IKE are used; the others are kept for later. */
enum secret_kind { SECRET_IKE, SECRET_EAP, SECRET_NTLM, SECRET_PPK, SECRET_KINDS };

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
    PLANE_KERNEL = 4, /* it is the kernel's; or, of a kernel, it has one */
    PLANE_MOVES = 8,  /* the kernel moves SAs to other ends by itself */
    PLANE_IPTFS = 16, /* RFC 9347 */
    PLANE_ALL = 31,
    PLANE_USER = 0, /* the one in user space: none of it */
};

/* Who is asked what is revoked. */
enum settings_revocation {
    REVOCATION_FETCH = 1,   /* those whom certificates name [yes] */
    REVOCATION_PRIVATE = 2, /* those of this host and of private networks, too [no] */
    REVOCATION_BY_HASH = 4, /* beside it: certificates that peers name by hash and URL [no] */
};

/* What lines of the log are about. */
enum log_group {
#define GROUP(name) LOG_##name,
#include "config/groups.def"
#undef GROUP
    LOG_GROUP_COUNT
};

#define LOG_LEVEL_NONE (-1)
#define LOG_LEVEL_MAX  4
/* A level of -1 shows nothing, 0 errors and warnings, 1 what happens too, 2 and above everything;
 * a secret is shown at none. */

#define SETTINGS_LOGS 8  /* places where the log goes */
#define SETTINGS_TIME 48 /* octets of a time format, NUL included */

enum settings_log_kind {
    LOG_TO_STDERR, /* with its fields to the journal, where stderr leads there */
    LOG_TO_STDOUT,
    LOG_TO_FILE,
    LOG_TO_SYSLOG,
};

/* One place where the log goes. */
struct settings_log {
    uint8_t kind;     /* enum settings_log_kind */
    uint8_t facility; /* of syslog: 3 daemon, 4 auth and 10 authpriv (RFC 5424 6.2.1) */
    bool by_level;    /* levels are written; else the command line decides */
    bool json, append, flush_line, ike_name, log_level, time_ms;
    int8_t levels[LOG_GROUP_COUNT];
    char path[SETTINGS_PATH];        /* of a file */
    char time_format[SETTINGS_TIME]; /* of strftime(3); empty: no time */
};

struct settings {
    uint16_t port, port_nat_t;          /* [500, 4500] */
    bool install_routes;                /* [yes] */
    uint8_t plane;                      /* of enum settings_plane */
    uint8_t esp_library;                /* enum settings_library [fastest] */
    uint8_t revocation;                 /* of enum settings_revocation: neither is this */
    uint8_t inside_ttls, inside_peap;   /* types of EAP; 0: any. Nor are these */
    uint32_t routing_table;             /* [220] */
    uint32_t routing_priority;          /* of the rule that leads to the table [220] */
    uint32_t mark;                      /* fwmark of IKE and ESP packets [220] */
    uint16_t mtu;                       /* of the TUN device [1400] */
    uint16_t route_mtu, route_mss;      /* of routes into tunnels; 0: as the device has it [0, 0] */
    uint32_t replay_window;             /* packets [1024] */
    uint32_t keepalive_s;               /* seconds between NAT keepalives; 0 none [20] */
    char interface[SETTINGS_INTERFACE]; /* the TUN device [shrike0] */
    char control_socket[SETTINGS_PATH]; /* [/run/charon.vici] */
    bool install_virtual_ip;            /* addresses that a gateway gives us [yes] */
    uint8_t dns;                        /* enum settings_dns [auto] */
    char dns_file[SETTINGS_PATH];       /* [/etc/resolv.conf] */
    char journal[SETTINGS_PATH];        /* file of the records of IKE SAs; empty: in memory */
    char unsafe_keys[SETTINGS_PATH];    /* folder for tshark's key files; empty: none */
    struct settings_log logs[SETTINGS_LOGS];
    uint8_t log_count;
    char syslog_identifier[SETTINGS_INTERFACE * 2]; /* [shriked] */
    struct shrike_endpoint metrics;                 /* TCP; family 0: none are served */
    const struct lease_pool *pools; /* of virtual addresses, each address of one of them */
    uint32_t pool_count;            /* at most LEASE_POOLS_MAX */
};

/* Servers of RADIUS. Not part of the above: there are secrets in it, for eap alone. */
#define SETTINGS_RADIUS_SERVERS 16

struct settings_radius_server {
    char name[64];
    char nas_identifier[64];        /* [Shrike] */
    char host[256];                 /* its name, when that has to be looked up; else empty */
    struct shrike_endpoint ends[2]; /* for authentication [1812] and for accounting [1813]; of a
                                     * name family 0 */
    struct shrike_addr source;      /* family 0: as the system likes */
    uint32_t preference;            /* the highest is asked first [0] */
    uint16_t sockets;               /* [1] */
    uint16_t secret_len;
    uint8_t secret[128];
};

struct settings_radius {
    uint16_t server_count;
    uint16_t tries;        /* sends of one question to one server [4] */
    uint16_t backoff;      /* hundredths by which a pause is longer than the last [140] */
    bool eap_start;        /* the server asks the client who it is [no] */
    bool class_group;      /* Class attributes are names of groups [no] */
    bool filter_id;        /* Filter-Id attributes are, where Tunnel-Type is ESP [no] */
    bool with_port;        /* Called-Station-Id and Calling-Station-Id have ports [yes] */
    bool accounting;       /* servers are told who is there, and what is carried [no] */
    bool accounting_class; /* with the Class attributes that they have sent [no] */
    bool accounting_vip;   /* only of who has a virtual address [no] */
    bool close_on_timeout; /* who cannot be accounted for is put out [yes] */
    uint16_t dae_secret_len;
    uint32_t accounting_s; /* between what is told meanwhile; 0: it is not [0] */
    shrike_time first;     /* pause after the first send [2 s] */
    struct shrike_endpoint
        dae; /* UDP, where they ask for somebody to be put out; family 0: nowhere */
    uint8_t dae_secret[128];
    char id_prefix[64]; /* in front of names of users */
    struct settings_radius_server servers[SETTINGS_RADIUS_SERVERS];
};

#endif
