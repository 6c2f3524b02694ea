/* The UDP sockets of IKE: datagrams to and from the engine, in batches.
 *
 * Whatever ports the sockets are really bound to, the engine knows them as 500 and 4500: it decides
 * by these numbers where non-ESP markers stand and when to go on behind a NAT. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/capture.h"
#include "ops/mail.h"
#include "proc/loop.h"
#include "shrike/shrike.h"

#define UDP_SOCKETS_MAX  8            /* two ports, two families, and some room */
#define UDP_BATCH        SHRIKE_BATCH /* datagrams taken in one turn of one socket */
#define UDP_OUT_MAX      64           /* datagrams gathered until they are sent together */
#define UDP_OUT_OCTETS   (128 * 1024) /* of them in all; the largest message has half of it */
#define UDP_DATAGRAM_MAX 65535
#define UDP_SCOPES       16 /* link-local peers whose interface is remembered */

#define UDP_PORT_IKE   500 /* as the engine sees them */
#define UDP_PORT_NAT_T 4500

struct udp_counts {
    u64 received;   /* for the engine */
    u64 keepalives; /* RFC 3948 2.3 */
    u64 strays;     /* ESP, for the other process */
    u64 odd;        /* dropped: cut, too short, without an address */
    u64 sent;
    u64 unsent; /* dropped: the system refused, or has no room; IKE sends again */
};

struct udp;

struct udp_socket {
    struct source source;
    struct udp *udp;
    struct mail_socket is;
};

/* A datagram that waits for udp_flush(). */
struct udp_out {
    const struct udp_socket *socket;
    struct shrike_endpoint local, remote;
    u32 at, len; /* in out_data */
};

struct udp {
    struct loop *loop;
    /* Set by the owner. The data is writable and gone when the call returns. */
    void (*got)(void *ctx, const struct shrike_datagram *d);
    void (*stray)(void *ctx, const struct mail_stray *s);
    void *ctx;
    struct capture *capture; /* of what is sent and received; NULL: nobody wants it */

    bool deaf; /* sockets send and do not receive yet: what comes waits in them; set by the owner */
    struct udp_socket sockets[UDP_SOCKETS_MAX];
    u32 socket_count;
    struct udp_scope {
        u8 addr[16];
        u32 interface;
    } scopes[UDP_SCOPES];
    u32 scope_next;
    struct udp_out out[UDP_OUT_MAX];
    u32 out_count;
    u32 out_octets;
    u8 out_data[UDP_OUT_OCTETS];

    struct udp_counts counts;
    int failed; /* errno of the last datagram refused; 0 when told: the owner clears it */
    struct shrike_endpoint failed_to;
};

/* loop, got, stray and ctx are set, the rest is zero. Take a socket, which is ours from then on;
 * false: of no use here, or too many; it is closed. */
bool udp_add(struct udp *u, const struct mail_socket *is, int fd) must_use;
/* No longer deaf. How many sockets can not be watched. */
u32 udp_listen(struct udp *u);
void udp_deafen(struct udp *u);
void udp_close(struct udp *u);

/* A datagram of port 4500 that the other process got; data is copied. Goes to got() or stray(). */
void udp_take(struct udp *u, const struct mail_stray *s);

/* Send this with the next udp_flush(); the data is copied. It leaves from `local`, or, when that
 * has no family, from where the system thinks best. What cannot be sent is dropped and counted. */
void udp_send(struct udp *u, const struct shrike_send *s);
void udp_flush(struct udp *u);

/* A real port as the engine knows it, and back; other numbers stay. */
u16 udp_port_in(const struct udp *u, u16 port);
u16 udp_port_out(const struct udp *u, u16 port);

#endif
