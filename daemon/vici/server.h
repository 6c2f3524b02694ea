/* The server of the control protocol without its sockets: octets of each client go in and come out,
 * commands are run from a table, events go to those that asked for them. Each client has its own
 * bounded queues, so that a slow one loses events, with a count, and delays nobody. */
#ifndef VICI_SERVER_H
#define VICI_SERVER_H

#include "vici/packet.h"

#define VICI_CLIENTS_MAX 256
#define VICI_EVENTS_MAX  64             /* kinds of events: bits of a mask */
#define VICI_WAITING_MAX (1024u * 1024) /* octets unread by a client; over it events are lost */
#define VICI_OUT_MAX     (VICI_WAITING_MAX + VICI_STREAM_MAX) /* and one reply, never refused */
/* Octets of memory that the queues of all clients share. When they are used up, each client still
 * has so many of its own, each way, and beyond them one reply, or one event, at a time. */
#define VICI_SHARED_MAX (64u * 1024 * 1024)
#define VICI_OWN_MAX    (64u * 1024)
#define VICI_TURN_MAX   4 /* requests of one client that are run before those of the next */

/* Names a request that waits for its answer; void once it is answered or its client is gone. */
typedef u64 vici_ticket;

struct vici_request {
    struct bytes name, message; /* valid during the call only */
    vici_ticket ticket;
};

enum vici_reply {
    VICI_REPLY_NOW,   /* what was built is the answer */
    VICI_REPLY_LATER, /* vici_server_answer() will be called with the ticket */
};

struct vici_command {
    const char *name;
    enum vici_reply (*run)(void *ctx, const struct vici_request *request,
                           struct vici_writer *answer);
};

/* The answer that it failed, and why: VICI_REPLY_NOW. */
enum vici_reply vici_refuse(struct vici_writer *answer, const char *why);

/* What the server offers; outlives it. An event is named by its place in the table. */
struct vici_service {
    const struct vici_command *commands;
    const char *const *events;
    unsigned command_count, event_count;
    void *ctx;
};

struct vici_client_slot {
    struct vici_queue in, out;
    const char *why; /* it has to be closed; NULL: it is well */
    u64 events;      /* registered, by bit */
    u64 lost;        /* events that it was too slow for */
    size_t held;     /* octets of its queues, as counted in those of all */
    u32 serial;      /* of its last request */
    bool open;
    bool busy;    /* a request waits for its answer */
    bool starved; /* a stream found no room */
};

struct vici_server {
    const struct vici_service *service;
    u8 *scratch; /* an answer being built */
    u64 lost;    /* events, of all clients ever */
    size_t held; /* octets of the queues of all clients */
    bool running;
    struct vici_client_slot clients[VICI_CLIENTS_MAX];
};

/* false: no memory. */
bool vici_server_init(struct vici_server *s, const struct vici_service *service) must_use;
void vici_server_free(struct vici_server *s);

/* A new client, or -1 when there are too many. Not from within a command, nor closing. */
int vici_server_open(struct vici_server *s);
void vici_server_close(struct vici_server *s, int client);
/* Octets that may be read from the client now: 0 while it sends faster than we serve. */
size_t vici_server_room(const struct vici_server *s, int client);
/* What was read; no more than there is room for. */
void vici_server_input(struct vici_server *s, int client, struct bytes octets);
/* What to write to the client, and how much of it was written. */
struct bytes vici_server_output(const struct vici_server *s, int client);
void vici_server_sent(struct vici_server *s, int client, size_t n);
/* Why the client has to be closed, or NULL. */
const char *vici_server_fault(const struct vici_server *s, int client);

/* The request of this client that waits for its answer, or 0: what works for it ends before the
 * client is closed. */
vici_ticket vici_server_busy(const struct vici_server *s, int client);

/* Run requests that can be, at most VICI_TURN_MAX of each client: the only place where commands are
 * called. To be called after input, sent or answer; a client's next request waits until its last is
 * answered and its output is not over VICI_WAITING_MAX. true: there are more, for the next turn. */
bool vici_server_run(struct vici_server *s);

/* The answer to a request of before. false: nobody waits for it any more. */
bool vici_server_answer(struct vici_server *s, vici_ticket ticket, struct bytes message);

/* An event for all that registered it; how many got it. */
bool vici_server_wanted(const struct vici_server *s, unsigned event);
unsigned vici_server_event(struct vici_server *s, unsigned event, struct bytes message);

/* An event for him alone whose request this is, while it is not answered (a listing). */
enum vici_streamed {
    VICI_STREAMED,
    VICI_STREAM_UNWANTED, /* he did not register it: go on without */
    VICI_STREAM_FULL,     /* go on when vici_server_starved() gives this ticket */
    VICI_STREAM_VOID,     /* he is gone: stop */
};
enum vici_streamed vici_server_stream(struct vici_server *s, vici_ticket ticket, unsigned event,
                                      struct bytes message);
/* The next ticket whose stream found no room and has some now; each is given once. */
bool vici_server_starved(struct vici_server *s, vici_ticket *ticket) must_use;

#endif
