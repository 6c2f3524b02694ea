/* The Child SAs that are in the kernel, found by their serial number or by an SPI, and what is left
 * of those that nobody knows any more. */
#ifndef XFRM_CHILD_H
#define XFRM_CHILD_H

#include "base/list.h"
#include "ops/mail.h"
#include "plane/keepalive.h"
#include "shrike/action.h"
#include "xfrm/policy.h"
#include "xfrm/selector.h"
#include "xfrm/traits.h"

#define CHILDREN_MAX     65536
#define CHILDREN_BUCKETS 4096 /* a power of two */

/* An orphan carries on until a new Child SA of its reqid has been there for so long, since the peer
 * may still send by it; */
#define ORPHAN_AFTER (10 * SHRIKE_SECOND)
/* or until its peer must have noticed that nobody knows it any more. */
#define ORPHAN_MAX (300 * SHRIKE_SECOND)
/* What comes in by a Child SA that has ended, while another of its reqid goes on, is taken for so
 * long: the peer may have sent it before it knew. */
#define LINGER SHRIKE_SECOND

/* The outbound SA of a Child SA, until it is to be sent by. */
struct later {
    struct letter_sa sa;
    u8 encr_key[LETTER_KEY_MAX], integ_key[LETTER_KEY_MAX];
};

struct child {
    struct list link;   /* of the bucket of its serial, or among the orphans */
    struct list alike;  /* of the bucket of its reqid */
    struct list by_in;  /* of the bucket of its inbound SPI */
    struct list by_out; /* likewise */
    u32 serial;         /* 0: an orphan */
    u64 rule;           /* that it is there by (rules/rules.h); 0: none */
    u64 life_s;         /* after so many seconds the kernel ends it, should nobody else; 0: never */
    u32 conf_reqid;     /* of the configuration */
    u32 reqid;          /* for the kernel */
    u32 spi_in, spi_out;
    u16 cpi_in, cpi_out; /* of IPComp; 0: none */
    u8 protocol;         /* IPPROTO_ESP or IPPROTO_AH */
    u8 mode;             /* XFRM_MODE_... */
    bool encap, nat_here, esn;
    bool claimed;      /* by a new net, which has not claimed all of its own yet */
    bool takes, sends; /* its inbound and its outbound SA are in the kernel */
    bool routed;       /* the parent was asked for its routes */
    struct traits traits;
    struct later *later; /* NULL: there is nothing to come */
    struct end *end;     /* NULL: needs no keepalives */
    struct shrike_endpoint local, remote;
    struct claim *claims;
    u32 claim_count;
    shrike_time until;       /* when an orphan goes */
    shrike_time idle;        /* so long it may carry nothing; 0: for ever */
    shrike_time idle_from;   /* this counts from then on, or from when it was used last */
    shrike_time heard_every; /* 0: nobody wants to know */
    shrike_time heard;       /* when it was told last */
    struct mail_count count; /* as the kernel said last */
    u64 told[4];             /* of it, what is in the sums of the ledger */
    bool seen_in, seen_out;  /* the kernel had these SAs when it was asked last */
    bool soft_told, hard_told;
    u16 local_ts_count, remote_ts_count;
    struct shrike_ts ts[]; /* local ones, then those of the remote side */
};

struct children {
    struct list serials[CHILDREN_BUCKETS];
    struct list reqids[CHILDREN_BUCKETS];
    struct list spis[CHILDREN_BUCKETS]; /* inbound */
    struct list outs[CHILDREN_BUCKETS];
    struct list orphans;
    u32 count;
};

void children_open(struct children *c);
void children_close(struct children *c); /* not what the kernel has */

u8 child_mode(enum shrike_mode mode); /* XFRM_MODE_... */
/* NULL: no memory, too many, or this serial is taken. It has its own copy of the selectors. */
struct child *children_add(struct children *c, const struct shrike_install_op *op,
                           const struct traits *t);
/* One of a life before, of which no more is known than its SAs: an orphan. NULL as above. */
struct child *children_adopt(struct children *c, u32 reqid, shrike_time now);
void children_remove(struct children *c, struct child *child);
struct child *children_find(const struct children *c, u32 serial); /* NULL: none; 0 is nobody's */
/* As the one before has handed it on, but for what belongs to lists; with a copy of the selectors,
 * local ones first. NULL: no memory, too many, or this serial is taken. */
struct child *children_restore(struct children *c, const struct child *is,
                               const struct shrike_ts *ts);
/* By its inbound SPI; by the outbound one and where that goes to. NULL: none; not orphans of a life
 * before. */
struct child *children_by_spi(const struct children *c, u32 spi);
struct child *children_by_out(const struct children *c, u32 spi,
                              const struct shrike_endpoint *remote);

/* The number that the kernel has it by: the configuration's where it is fixed there; else one that
 * follows from it, the selectors, and marks and interfaces, so that a Child SA that takes the place
 * of another has the same, also after a restart, and those of two peers have not. */
u32 reqid_for(u32 conf_reqid, const struct selector_sides *s, const struct traits *t);
bool reqid_is_ours(u32 reqid);

/* Has one of this number an SA of IPComp of this CPI? */
bool children_has_cpi(const struct children *c, u32 reqid, u16 cpi);
/* Has an orphan this number? */
bool children_has_orphan(const struct children *c, u32 reqid);
/* Another one that goes on with its reqid, and sends; NULL: none. */
struct child *children_sibling(const struct children *c, const struct child *child);

/* Is it the only one of its number, orphans included? */
bool children_alone(const struct children *c, const struct child *child);

/* Keep its outbound SA, keys and all, until it is to be sent by. false: no memory. */
bool child_later(struct child *child, const struct letter_sa *sa) must_use;

/* Another one that has its number, and is not sent by yet; NULL: none. */
struct child *children_waiting(const struct children *c, const struct child *child);

/* A new net goes on with this one. false: there is none. */
bool children_claim(struct children *c, u32 serial) must_use;
void children_unclaim(struct children *c); /* yet another net: it claims anew */
/* All but those claimed become orphans; how many of them is the result. Claims are over. */
u32 children_orphan(struct children *c, shrike_time now);
void child_orphan(struct children *c, struct child *child, shrike_time until);
/* A new Child SA of this reqid is there. */
void children_succeeded(struct children *c, u32 reqid, shrike_time now);
/* An orphan whose time is over; NULL: there is none. */
struct child *children_ended(const struct children *c, shrike_time now);
/* The next one from *bucket on, behind `last` (NULL: the first), 0 and NULL at the beginning. NULL:
 * that was all. Not orphans. */
struct child *children_next(const struct children *c, u32 *bucket, const struct child *last);

#endif
