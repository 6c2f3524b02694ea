/* The sockets that ESP leaves and arrives by: UDP with segmentation and receive offload where the
 * system has them, or raw protocol 50. */
#ifndef ESP_SOCKET_H
#define ESP_SOCKET_H

#include "esp/drop.h"
#include "esp/sa.h"
#include "ops/mail.h"

#define UDP_SEGMENTS_MAX 64    /* packets of one send; older systems take no more */
#define UDP_SEND_MAX     65000 /* octets of one send */
#define UDP_RUNS_MAX     64    /* sends of one call */

#define PATH_LESS_FOR                                                                              \
    (600 * SHRIKE_SECOND) /* how long a narrow path is believed in (RFC 1191 6.3) */

/* Sealed packets that stand one behind the other and go to the same end: of one length, but the
 * last may be shorter. */
struct run {
    struct esp_sa *sa; /* outbound; held until the run is gone */
    u8 *at;
    u32 len;
    u16 size;  /* of each packet */
    u16 count; /* packets */
    u8 tos;
    bool dont_fragment;
};

struct esp_socket {
    int fd; /* -1: none */
    u8 family;
    bool raw;
    u16 port;                     /* 0: raw */
    bool dont_fragment, df_known; /* what the socket was last told */
    u16 segments_max;             /* 1: no segmentation offload */
    bool gro;
};

/* Use this socket, which belongs to u from then on. false: it is not one for ESP, or refuses what
 * is needed; it is closed. */
bool esp_socket_open(struct esp_socket *u, int fd, const struct mail_socket *m) must_use;
void esp_socket_close(struct esp_socket *u);

/* Send these runs; gives how many are done, sent or lost (and counted). Fewer than all: the socket
 * takes no more for now. An SA whose path turns out narrow learns it. */
size_t esp_socket_send(struct esp_socket *u, const struct run *runs, size_t count, shrike_time now,
                       struct esp_counters *c);
/* One octet 0xff (RFC 3948 2.3) from here to there. */
void esp_socket_keepalive(struct esp_socket *u, const struct shrike_endpoint *local,
                          const struct shrike_endpoint *remote);
/* Read away what the socket has to tell of errors; gives the MTU of the last "too big", or 0. */
u16 esp_socket_errors(struct esp_socket *u);

/* A datagram, or several that receive offload has put together. */
struct arrival {
    struct shrike_endpoint local, remote;
    u8 *at;
    size_t len;
    size_t size; /* of each datagram in it, the last may be shorter */
    u8 tos;
};

#define UDP_ARRIVALS    16    /* taken by one call */
#define UDP_ARRIVAL_MAX 65536 /* octets of one */

struct arrival_buffers;
struct arrival_buffers *arrival_buffers_new(void) must_use;
void arrival_buffers_free(struct arrival_buffers *b);
/* Take what has arrived; gives how many of out[] are filled. They stay until the next call. */
size_t esp_socket_receive(struct esp_socket *u, struct arrival_buffers *b,
                          struct arrival out[UDP_ARRIVALS]);

#endif
