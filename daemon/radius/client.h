/* Asks servers of RADIUS: which one, how often, when the next one. Without sockets and clock: time,
 * datagrams and questions come in, datagrams and answers go out, as with libshrike.
 *
 * A server has two doors, for authentication and for accounting. One that lets a question go
 * unanswered, while nothing else comes from it either, is silent: it is left alone for a while, and
 * then one question tries it. As long as another one is there, nobody waits for a silent one. */
#ifndef RADIUS_CLIENT_H
#define RADIUS_CLIENT_H

#include "crypto/provider.h"
#include "radius/packet.h"

#define RADIUS_SERVERS_MAX    16
#define RADIUS_LANES_MAX      16   /* sockets of one door, of 256 questions at a time */
#define RADIUS_QUESTIONS_MAX  4096 /* at a time, with those that wait for a place */
#define RADIUS_ATTRIBUTES_MAX 3800 /* octets of a question's own; the rest of a packet is ours */
#define RADIUS_WAIT_MAX       (30 * SHRIKE_SECOND) /* for a place */
#define RADIUS_ANY            UINT32_MAX

enum radius_door { RADIUS_AUTHENTICATION, RADIUS_ACCOUNTING, RADIUS_DOORS };

struct radius_server {
    const char *name;
    const char *nas_identifier;
    struct bytes secret;
    u32 preference; /* the highest that is there is asked; among equals, who has least to do */
    u16 lanes;      /* 1 to RADIUS_LANES_MAX */
};

struct radius_client_conf {
    const struct radius_server *servers; /* they and what they point to outlive the client */
    u16 count;                           /* 1 to RADIUS_SERVERS_MAX */
    u16 tries;                           /* sends of one question to one server, at least 1 */
    u16 backoff;                         /* hundredths by which a pause is longer than the last */
    shrike_time first;                   /* pause after the first send */
    shrike_time silence;                 /* for which a silent server is left alone */
};

/* One socket of a server. */
struct radius_place {
    u16 server, lane;
    u8 door; /* enum radius_door */
};

struct radius_question {
    u8 door;
    u32 server;              /* RADIUS_ANY, or the one that has answered before (State is its) */
    u64 about;               /* handed back with the answer */
    struct bytes attributes; /* copied; ours are NAS-Identifier and authenticators */
};

struct radius_output {
    enum radius_output_kind {
        RADIUS_SEND,
        RADIUS_ANSWERED,
        RADIUS_UNANSWERED,
        RADIUS_SILENT,  /* for the log: that server, from now on */
        RADIUS_IS_BACK, /* the same: it answers again */
    } kind;
    struct radius_place place;   /* SEND; the others: of the server that was asked last */
    u64 number, about;           /* ANSWERED, UNANSWERED: of the question */
    struct bytes data;           /* SEND */
    struct radius_packet answer; /* ANSWERED: by who knows the secret */
    u8 request[MD5_LEN];         /* the authenticator that it answers to, to open keys */
};

struct radius_counts {
    u64 asked, sent_again, answered, unanswered, forged, strays;
};

struct radius_client;

/* NULL: no memory. */
struct radius_client *radius_client_new(const struct radius_client_conf *conf,
                                        const struct shrike_provider *random,
                                        struct md5 *md5) must_use;
void radius_client_free(struct radius_client *c); /* NULL is fine */

/* Returns the number of the question, which is never used twice; 0: too much is asked already, the
 * attributes are too long, or there is no memory. */
u64 radius_client_ask(struct radius_client *c, shrike_time now,
                      const struct radius_question *q) must_use;
/* The answer is not waited for any more; nothing when it is answered. */
void radius_client_drop(struct radius_client *c, shrike_time now, u64 number);

void radius_client_heard(struct radius_client *c, shrike_time now, struct radius_place from,
                         struct bytes datagram);
/* The network says that nobody is there; anybody can say so, and it only makes us look elsewhere
 * earlier. */
void radius_client_unreachable(struct radius_client *c, shrike_time now, struct radius_place at);
/* It may be there now: nothing is waited for any longer. */
void radius_client_hope(struct radius_client *c, shrike_time now, u16 server);
void radius_client_tick(struct radius_client *c, shrike_time now);
shrike_time
radius_client_due(const struct radius_client *c); /* of the next tick; UINT64_MAX: none */

/* What is to be done now; false: nothing more. It is valid until the next call. */
bool radius_client_next(struct radius_client *c, shrike_time now,
                        struct radius_output *out) must_use;

struct radius_secret radius_client_secret(const struct radius_client *c, u16 server);
const struct radius_counts *radius_client_counts(const struct radius_client *c, u16 server,
                                                 u8 door);
u32 radius_client_busy(const struct radius_client *c); /* questions without answer */

#endif
