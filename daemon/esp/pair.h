/* The Child SAs that are installed: two SAs each, found by their serial number, and those that a
 * net before left behind. */
#ifndef ESP_PAIR_H
#define ESP_PAIR_H

#include "base/list.h"
#include "esp/sa.h"
#include "plane/keepalive.h"

#define PAIR_BUCKETS 1024 /* a power of two */

/* An orphan carries on until a new Child SA of its reqid has been there for so long, since the peer
 * may still send by it; */
#define ORPHAN_AFTER (10 * SHRIKE_SECOND)
/* or until its peer must have noticed that nobody knows it any more. */
#define ORPHAN_MAX (300 * SHRIKE_SECOND)
/* What comes in by a Child SA that has ended, while another of its reqid goes on, is taken for so
 * long: the peer may have sent it before it knew. */
#define LINGER SHRIKE_SECOND

struct pair {
    struct list link;  /* of its bucket, or among the orphans */
    struct list alike; /* of the bucket of its reqid */
    u32 serial, reqid; /* serial 0: an orphan */
    u64 rule;     /* that it is there by (rules/rules.h); 0: it is from before there were any */
    bool claimed; /* by a new net, which has not claimed all of its own yet */
    struct esp_sa *in, *out; /* of the tables; out: NULL when it lingers */
    struct end *end;         /* NULL: needs no keepalives */
    shrike_time until;       /* when an orphan goes */
    shrike_time idle;        /* so long it may carry nothing; 0: for ever */
    u64 told[4];             /* of what it has carried: what is in the sums of esp/ledger.h */
    shrike_time idle_from;   /* this counts from then on, or from when it was used last */
};

struct pairs {
    struct list buckets[PAIR_BUCKETS];
    struct list reqids[PAIR_BUCKETS];
    struct list orphans;
    u32 count;
    u32 idling; /* pairs with a time that they may be idle for */
};

void pairs_open(struct pairs *p);
void pairs_close(struct pairs *p); /* not the SAs, which are of the tables */
/* NULL: no memory, or this serial is taken. */
struct pair *pairs_add(struct pairs *p, u32 serial, u32 reqid);
/* As it was in the hands of an esp before; serial 0: an orphan until then. NULL as above. */
struct pair *pairs_restore(struct pairs *p, u32 serial, u32 reqid, shrike_time until);
/* Whose outbound SA this is; NULL: nobody's. */
const struct pair *pairs_of(const struct pairs *p, const struct esp_sa *out);
struct pair *pairs_find(const struct pairs *p, u32 serial); /* NULL: none; 0 is nobody's */
void pairs_remove(struct pairs *p, struct pair *pair);
/* These two are between other ends from now on; path sizes are found out anew. The keepalives of
 * the old ends are given back, and those of `end` (NULL: none) are its own. */
void pair_move(struct pair *pair, const struct shrike_endpoint *local,
               const struct shrike_endpoint *remote, bool encap, struct end *end);
/* A new net goes on with this one; what the limits of its SAs had to tell is told once more. false:
 * there is none. */
bool pairs_claim(struct pairs *p, u32 serial) must_use;
void pairs_unclaim(struct pairs *p); /* yet another net: it claims anew */
/* All but those claimed become orphans, how many of them is the result; what they do is told to
 * nobody any more. Claims are over. */
u32 pairs_orphan(struct pairs *p, shrike_time now);
/* Does another Child SA of its reqid go on? */
bool pairs_has_sibling(const struct pairs *p, const struct pair *pair);
/* Its outbound SA is gone: an orphan for LINGER. */
void pairs_linger(struct pairs *p, struct pair *pair, shrike_time now);
/* A new Child SA of this reqid is there. */
void pairs_succeeded(struct pairs *p, u32 reqid, shrike_time now);
/* So long this one may carry nothing (0: for ever), from now on; or, where it is to replace the
 * pair with this serial, from when that one was used last. */
void pairs_limit(struct pairs *p, struct pair *pair, shrike_time idle, u32 replaces,
                 shrike_time now);
/* One that has been idle for too long, for its owner to limit anew or to remove; NULL: none. */
struct pair *pairs_idle(const struct pairs *p, shrike_time now);
/* An orphan whose time is over; NULL: there is none. */
struct pair *pairs_ended(const struct pairs *p, shrike_time now);
/* Note at the ends that need keepalives when the SAs last sent. */
void pairs_note_sent(const struct pairs *p);

#endif
