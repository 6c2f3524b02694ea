/* Settings of the daemon itself, from the section `shrike { }`: not the engine's business. */
#ifndef DAEMON_CONFIG_SETTINGS_H
#define DAEMON_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_PATH      108 /* octets of a path, NUL included: those of a Unix socket */
#define SETTINGS_INTERFACE 16  /* IFNAMSIZ */

/* Which library does the work of ESP. */
enum settings_library {
    LIBRARY_FASTEST, /* libipsec-mb where it is there and has the suite, else OpenSSL */
    LIBRARY_OPENSSL,
};

struct settings {
    uint16_t port, port_nat_t;          /* [500, 4500] */
    bool install_routes;                /* [yes] */
    uint8_t esp_library;                /* enum settings_library [fastest] */
    uint32_t routing_table;             /* [220] */
    uint32_t routing_priority;          /* of the rule that leads to the table [220] */
    uint32_t mark;                      /* fwmark of IKE and ESP packets [220] */
    uint16_t mtu;                       /* of the TUN device [1400] */
    uint32_t replay_window;             /* packets [1024] */
    uint32_t keepalive_s;               /* seconds between NAT keepalives; 0 none [20] */
    char interface[SETTINGS_INTERFACE]; /* the TUN device [shrike0] */
    char control_socket[SETTINGS_PATH]; /* [/run/charon.vici] */
    char unsafe_keys[SETTINGS_PATH];    /* folder for tshark's key files; empty: none */
};

#endif
