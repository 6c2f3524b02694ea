/* The clients of the control socket: their sockets in the loop, around the server of vici/. */
#ifndef CONTROL_CLIENTS_H
#define CONTROL_CLIENTS_H

#include "proc/loop.h"
#include "vici/server.h"

#define CLIENTS_PAUSE SHRIKE_SECOND /* when the system gives no more descriptors */

struct clients {
    struct loop *loop;
    struct vici_server server;
    struct source listener; /* fd -1: none yet */
    struct alarm pause;     /* until clients are accepted again */
    struct client {
        struct source source;
        struct clients *all;
        int place; /* in the server */
        bool full; /* its socket takes no more until it says so */
    } at[VICI_CLIENTS_MAX];
    /* Nobody waits for the answer to this request any more: called before its client is closed. */
    void (*gone)(void *ctx, vici_ticket ticket);
    /* There is room again for what this request streams. */
    void (*goes_on)(void *ctx, vici_ticket ticket);
    void *ctx;
    u64 turned_away; /* clients beyond the cap */
};

/* gone, goes_on and ctx are set by the caller; the service outlives it. false: no memory. */
bool clients_open(struct clients *s, struct loop *loop,
                  const struct vici_service *service) must_use;
void clients_close(struct clients *s);
/* Accept at this socket, which belongs to the clients from then on. false: it cannot be watched. */
bool clients_listen(struct clients *s, int fd) must_use;
/* Run what was asked and write what is to be said; at each settling. true: there is more to do. */
bool clients_settle(struct clients *s);

#endif
