/* One direction of a network: delays, loses, repeats, reorders and spoils what passes. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "sim/world.h"

#define LINK_QUEUE_MAX 65536 /* packets in flight; more are lost, as in a full router */

struct link_faults {
    shrike_time delay, jitter;            /* each packet takes delay + up to jitter */
    shrike_time reorder_delay;            /* what a reordered packet takes more */
    u8 loss, duplicate, reorder, corrupt; /* percent */
    u16 mtu;                              /* IP octets; larger packets vanish; 0: no limit */
    bool down;                            /* a partition: nothing passes */
};

struct link_packet {
    shrike_time at;
    u64 order;
    struct packet *packet;
};

struct link {
    struct node node;
    struct node *next;
    struct prng prng;
    struct link_faults faults;
    struct link_packet *queue; /* a binary heap by (at, order) */
    size_t count, room;
    u64 order;
};

void link_init(struct link *l, struct world *w, const char *name, struct node *next);
void link_free(struct link *l);
/* What a UDP datagram measures as an IP packet, with the non-ESP marker (RFC 3948 2.2). */
size_t packet_ip_size(const struct packet *p);

#endif
