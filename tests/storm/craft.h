/* Inner packets by chance: right ones of many kinds, and wrong ones. */
#ifndef STORM_CRAFT_H
#define STORM_CRAFT_H

#include "packet.h"
#include "sim/prng.h"
#include <linux/virtio_net.h>

#define CRAFT_PIECES_MAX 48 /* of a super-segment: what the sockets have room for */
#define CRAFT_GSO_UDP    5  /* VIRTIO_NET_HDR_GSO_UDP_L4, Linux 6.2 */

/* What a host hands to its TUN device. */
struct craft {
    struct virtio_net_hdr head;
    size_t len;
    u8 octets[PACKET_MAX];
};

/* From where to where: whose addresses are to be in it. */
struct craft_ends {
    u8 family;
    u8 addr[2][16];
};

/* One packet between these two. vnet: super-segments and open checksums are wanted too. */
void craft_packet(struct prng *r, const struct craft_ends *ends, bool vnet, struct craft *c);

#endif
