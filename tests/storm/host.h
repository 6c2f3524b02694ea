/* One of the two hosts: a data plane with a socket pair in place of its TUN device, sockets on the
 * loopback interface, and the tables of the role. Beside each of its sockets the storm has one of
 * its own, which is where the host takes its peer to be. */
#ifndef STORM_HOST_H
#define STORM_HOST_H

#include "esp/install.h"

#define TRANSPORTS PLANE_SOCKETS /* enum plane_socket */

struct host {
    struct plane *plane;
    struct installed installed;
    struct seat seat;
    struct channel parent, control; /* their ends */
    int device;                     /* the other end of the TUN device */
    bool vnet;
    struct shrike_endpoint at[TRANSPORTS], peer[TRANSPORTS];
    int wire[TRANSPORTS]; /* the storm's sockets, at peer[]; -1: there is none */
    u64 acquires, softs, hards, strays, firsts;
    int64_t routes; /* asked for and not taken back */
};

/* A namespace of our own, with addresses to send raw ESP between. false: the system refuses. */
bool host_namespace(void);
/* side: 0 or 1; raw: protocol 50 too. Ends the program when the system lacks what is needed. */
void host_open(struct host *h, int side, bool raw, bool vnet);
void host_close(struct host *h);
/* Let the parent and control read what they were sent. */
void host_letters(struct host *h);

/* Into the TUN device, out of it (0: nothing). */
void host_send(struct host *h, const void *head, const u8 *packet, size_t len);
size_t host_take(struct host *h, void *head, u8 *packet, size_t size);
bool host_waits(int fd); /* is there something to read? */

#endif
