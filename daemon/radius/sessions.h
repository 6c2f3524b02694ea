/* Who has come in by RADIUS: what the server is told of them again and again, and how it names them
 * when it wants somebody out. A session belongs to an IKE SA and outlives its rekeys. */
#ifndef RADIUS_SESSIONS_H
#define RADIUS_SESSIONS_H

#include "base/heap.h"
#include "base/list.h"
#include "radius/grant.h"

#define RADIUS_SESSIONS_MAX    65536
#define RADIUS_SESSION_ID_SIZE 32 /* NUL included */

struct radius_usage {
    u64 in_octets, out_octets; /* from the client; to it */
    u64 in_packets, out_packets;
};

struct radius_session {
    struct radius_session *next; /* of the same bucket */
    struct list link;
    struct heap_node timer; /* the earlier of both */
    u64 sa; /* of its owner: names the IKE SA, and it in accounting, where no two may have the same
             */
    char id[RADIUS_SESSION_ID_SIZE];
    u16 server;                 /* that has let it in */
    bool started;               /* accounting has begun */
    u32 interim_s;              /* 0: none */
    shrike_time began, interim; /* interim: when it is next told */
    shrike_time ends;           /* UINT64_MAX: when it likes */
    struct {                    /* of its owner */
        struct list owed;
        u8 owes;      /* what is to be told: a set of bits of enum radius_status */
        u8 telling;   /* what is being told now; 0: nothing */
        u8 cause;     /* why it ends: enum radius_cause; 0: not known yet */
        bool over;    /* it is gone, and to be told */
        bool virtual; /* it has a virtual address */
        bool sure;    /* it was seen since others have begun anew */
        struct radius_usage usage;
    } own;
    struct bytes attributes; /* that name it, in each packet about it */
    struct bytes granted;    /* what accounting tells besides: addresses, Class */
};

struct radius_sessions;

/* NULL: no memory. */
struct radius_sessions *radius_sessions_new(void) must_use;
void radius_sessions_free(struct radius_sessions *s); /* NULL is fine */
u32 radius_sessions_count(const struct radius_sessions *s);

/* What names a session. Texts may be empty. */
struct radius_who {
    u64 sa;
    struct bytes user_name;
    const char *conn;
    struct shrike_endpoint local, remote; /* of the IKE SA */
    u32 port;                             /* NAS-Port */
    bool with_port;                       /* in Called-Station-Id and Calling-Station-Id */
};

/* These, for each packet about a session: id is that of accounting; empty: it has none. Each value
 * has a cap; RADIUS_WHO_MAX octets are enough for all. */
#define RADIUS_WHO_MAX 2048
void radius_put_who(struct writer *w, const struct radius_who *who, const char *id, u32 port);

/* When the first question is asked about it. NULL: too many, or no memory. */
struct radius_session *radius_sessions_add(struct radius_sessions *s, const struct radius_who *who,
                                           shrike_time now) must_use;
struct radius_session *radius_sessions_find(const struct radius_sessions *s, u64 sa); /* or NULL */
/* The next one, in the order they came; begin with NULL. NULL: no more. */
struct radius_session *radius_sessions_after(const struct radius_sessions *s,
                                             const struct radius_session *one);
void radius_sessions_remove(struct radius_sessions *s, struct radius_session *one);

/* It is let in: by this server, with this, and these are the addresses that it has. false: no
 * memory; then accounting lacks them. */
struct radius_lease {
    const struct shrike_addr *addresses;
    u16 count;
    u32 interim_s; /* where the server names none */
};
bool radius_sessions_start(struct radius_sessions *s, struct radius_session *one,
                           const struct radius_grant *g, const struct radius_lease *lease,
                           shrike_time now) must_use;
/* Another end than was granted; 0: none. */
void radius_sessions_end_at(struct radius_sessions *s, struct radius_session *one, u32 seconds,
                            shrike_time now);

/* Where the server has named none: what is carried is told every so many seconds; 0: never. */
void radius_sessions_interim(struct radius_sessions *s, struct radius_session *one, u32 seconds,
                             shrike_time now);

/* The first session that something is due for, or NULL. ended: it has lasted long enough; else
 * what it has carried is to be told. Either is due once. */
struct radius_session *radius_sessions_due(struct radius_sessions *s, shrike_time now, bool *ended);
shrike_time radius_sessions_next(const struct radius_sessions *s); /* UINT64_MAX: never */

/* Does an attribute name a session, or the host that has it (RFC 5176 3)? */
bool radius_names_session(u8 type);
bool radius_names_nas(u8 type);
/* The next session that has each attribute of the request that names sessions; with `nas`, also
 * those that name the host, but for NAS-Identifier. NULL: no more. `after`: NULL at first. */
struct radius_session *radius_sessions_match(const struct radius_sessions *s,
                                             const struct radius_packet *request, bool nas,
                                             const struct radius_session *after);

#endif
