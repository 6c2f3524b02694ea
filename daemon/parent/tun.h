/* The TUN device, through which the packets of tunnels reach this host. */
#ifndef PARENT_TUN_H
#define PARENT_TUN_H

#include "config/settings.h"
#include "parent/netlink.h"
#include "parent/tell.h"

/* It stays open here while the program lives, so that nothing goes past the tunnels while esp is
 * away. It stays in the system, too, when the program is ended by force, with its routes and
 * addresses, for the next one: what the kernel's IPsec carries goes on meanwhile, and nothing else
 * leaves in clear. */
struct tun {
    int fd;      /* -1: not open */
    u32 link;    /* its index */
    u8 vnet_hdr; /* octets of the virtio-net header before each packet; 0: none */
    bool ours;   /* tun_close() takes it out of the system: nobody else has made it */
    bool former; /* ours, from a life that was ended by force */
};

/* Make it as the settings say. false: it cannot be, stderr says why. */
bool tun_open(struct tun *t, struct netlink *n, const struct settings *set,
              const struct tell *tell) must_use;
/* The same with one that the program before has opened. */
void tun_keep(struct tun *t, struct netlink *n, const struct tell *tell);
/* Its MTU as the settings say now; what is in the way is told. */
void tun_resize(struct tun *t, struct netlink *n, const struct settings *set,
                const struct tell *tell);
void tun_close(struct tun *t); /* with its routes; twice is fine */

#endif
