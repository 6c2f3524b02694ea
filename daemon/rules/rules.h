/* The rules of a data plane: what each connection of the configuration allows. Those of the newest
 * configuration, and of those before as long as Child SAs go on by them: nothing is done to SAs
 * when files are read again (docs/DAEMON.md). No I/O and no clock. */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "ops/snapshot.h"
#include "rules/allowed.h"

/* How long a connection that is gone, or another one now, is kept without Child SAs: what is being
 * negotiated, or made anew after the last one has ended or the data plane has died, gets through.
 */
#define RULES_GRACE (300 * SHRIKE_SECOND)

/* One connection. */
struct rule {
    const struct shrike_conn *conn;
    u32 users;         /* Child SAs that are there by it */
    shrike_time until; /* SHRIKE_NEVER: it is of the newest configuration; else it goes when this
                        * time has come and it has no users */
};

/* Where the one of this hash stands. */
struct rule_place {
    u64 hash;
    u32 place;
};

struct rules {
    struct snapshot_copy *now;    /* NULL: none yet */
    struct snapshot_copy *former; /* connections of others; NULL: none */
    u8 *octets;                   /* of these */
    size_t len;
    struct rule *all;           /* by name, of one name the newest first */
    struct rule_place *by_hash; /* the same */
    u32 count;
};

void rules_open(struct rules *r);
void rules_close(struct rules *r); /* twice is fine */

/* A new configuration, which belongs to the rules from then on; NULL: there is none any more, and
 * only what has users is kept. false: no memory; all stays as it was, and the configuration is the
 * caller's. */
bool rules_take(struct rules *r, struct snapshot_copy *s, shrike_time now) must_use;
/* What was kept without users has had its time: it goes. false: nothing has changed. */
bool rules_tick(struct rules *r, shrike_time now);
/* When rules_tick() has something to do; SHRIKE_NEVER: not at all. */
shrike_time rules_due(const struct rules *r);

/* What is kept of former configurations as octets, for the next process; and back, into rules that
 * have none yet. There the time without Child SAs begins anew. Empty: nothing is kept. */
struct bytes rules_former(const struct rules *r);
bool rules_restore(struct rules *r, struct bytes octets, shrike_time now) must_use;

/* May this be? Where the Child SA takes the place of another one, `before` says what that is, and
 * `rule` by which rule it is there; else NULL and 0. */
struct rules_verdict {
    enum refusal why;
    u64 rule; /* the hash of the connection that allows it, to be held */
    const struct shrike_conn *conn;
    const struct shrike_child_conf *child; /* what net does not decide stands here */
};
struct rules_verdict rules_judge(const struct rules *r, const struct shrike_install_op *op,
                                 const struct allowed_before *before, u64 rule);
/* May what is there by this rule move to these ends? */
enum refusal rules_judge_move(const struct rules *r, u64 rule, const struct shrike_move_op *op);

/* A Child SA is there by this rule, or no longer. */
void rules_hold(struct rules *r, u64 rule);
void rules_release(struct rules *r, u64 rule, shrike_time now);

#endif
