/* The worker of the data plane: what it needs to carry packets between the TUN device and the
 * sockets. One thread; it sleeps, and mail is looked at, between two turns. */
#ifndef ESP_PLANE_H
#define ESP_PLANE_H

#include "esp/batch.h"
#include "esp/coalesce.h"
#include "esp/flow.h"
#include "esp/sadb.h"
#include "esp/socket.h"
#include "esp/tun.h"

enum plane_socket {
    PLANE_RAW_V4,
    PLANE_RAW_V6,
    PLANE_UDP_V4,
    PLANE_UDP_V6,
    PLANE_SOCKETS,
};

/* What the worker has to tell. */
struct plane_events {
    /* This packet met this trap, or orphan. */
    void (*acquire)(void *ctx, const struct esp_sa *sa, const struct inner *packet);
    void (*life)(void *ctx, const struct esp_sa *sa, enum esp_life life); /* once each */
    void (*first)(void *ctx, const struct esp_sa *sa);    /* once, of an SA that heralds */
    void (*stray)(void *ctx, const struct mail_stray *m); /* a datagram for net */
    void (*heard)(void *ctx, const struct esp_sa *sa);    /* now and then (esp_sa.heard_every) */
    /* The newest packet of this SA, an authentic one, came from another end of the peer. */
    void (*mapping)(void *ctx, const struct esp_sa *sa, const struct arrival *a);
    /* A packet of so many octets has an SPI that no SA has. */
    void (*unknown)(void *ctx, const struct arrival *a, u32 spi, size_t len);
    void *ctx;
};

struct plane {
    struct sadb *db;
    struct esp_tun tun;
    struct esp_socket sockets[PLANE_SOCKETS];
    struct plane_events events;
    struct esp_counters counters;
    shrike_time now;
    u16 mtu; /* of the TUN device */

    u8 *super; /* what was read from the TUN device */
    struct batch batch;
    struct arrival_buffers *buffers;
    struct coalesce coalesce;
    struct flows flows;
    u64 sends, received; /* calls, and what they brought */
};

/* NULL: no memory. */
struct plane *plane_new(u32 sas_max, const struct plane_events *e) must_use;
void plane_free(struct plane *p);
/* Both belong to the plane from then on, in place of what it had. */
void plane_take_tun(struct plane *p, int fd, bool vnet);
/* Where a socket of this kind has its place. */
struct esp_socket *plane_socket_place(struct plane *p, const struct mail_socket *m);
/* NULL: it is not a socket for ESP, and was closed. */
struct esp_socket *plane_take_socket(struct plane *p, int fd, const struct mail_socket *m);
/* Around a turn: between the two the worker may hold SAs, and as long as sealed packets wait. */
void plane_enter(struct plane *p);
void plane_leave(struct plane *p);
/* By which an SA sends. NULL: there is none of this kind. */
struct esp_socket *plane_socket(struct plane *p, const struct esp_sa *sa);
/* An SA that is used counts an inner packet; false: its lifetime is over (counted and told). */
bool plane_account(struct plane *p, struct esp_sa *sa, size_t octets) must_use;
/* The most octets of an inner packet in this outbound SA: the device's MTU, or less on a narrow
 * path. */
u16 plane_inner_max(struct plane *p, struct esp_sa *sa);

/* A NAT keepalive from here to there, if there is a socket for it. */
void plane_keepalive(struct plane *p, const struct shrike_endpoint *local,
                     const struct shrike_endpoint *remote);

#endif
