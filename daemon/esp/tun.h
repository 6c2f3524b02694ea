/* The TUN device: packets with a virtio-net header in front, so that whole TCP and UDP
 * super-segments pass in one call, or plain packets where that cannot be had. */
#ifndef ESP_TUN_H
#define ESP_TUN_H

#include "base/bytes.h"
#include <sys/types.h>
#include <sys/uio.h>

#define TUN_PACKET_MAX 65535 /* octets of a packet, super-segments included */

enum tun_kind {
    TUN_PLAIN, /* a packet as it goes over a wire */
    TUN_TCP,   /* to be cut into TCP segments */
    TUN_UDP,   /* ... into UDP datagrams */
};

/* What the header says of a packet. */
struct tun_meta {
    enum tun_kind kind;
    u16 size;           /* octets of payload in each piece, the last may have fewer */
    bool checksum_open; /* from checksum_start on it must still be summed */
    u16 checksum_start; /* in the packet */
    u16 checksum_at;    /* behind that; holds the pseudo header's sum so far */
};

struct esp_tun {
    int fd;    /* -1: none */
    bool vnet; /* each packet has the header, coming and going */
    bool tso;  /* the system gives us TCP super-segments ... */
    bool uso;  /* ... and UDP ones, and takes them too */
};

/* Use this device, which belongs to t from then on, and ask for all offloads it has. */
void esp_tun_open(struct esp_tun *t, int fd, bool vnet);
void esp_tun_close(struct esp_tun *t);
/* Its octets; 0: there is none, or it has a header that makes no sense (*bad). The packet has at
 * most size octets. */
size_t esp_tun_read(struct esp_tun *t, u8 *at, size_t size, struct tun_meta *m, bool *bad);
/* Hand a packet in pieces to the system; iov[0] is left free for the header. false: refused. */
bool esp_tun_write(struct esp_tun *t, const struct tun_meta *m, struct iovec *iov, int count);

#endif
