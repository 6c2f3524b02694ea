/* Lifetimes: see life.h. */
#include "sa/life.h"
#include "sa/shard.h"

static shrike_time later(shrike_time at, shrike_time d)
{
    return at > SHRIKE_NEVER - d ? SHRIKE_NEVER : at + d;
}

void life_begin(struct shard *s, struct ike_sa *sa)
{
    const struct shrike_conn *conn = sa->conn;
    sa->established = s->now;
    if (conn->rekey_time)
        sa->rekey_at = later(s->now, shard_early(s, conn->rekey_time, conn->rand_time));
    if (sa->before) {
        sa->reauth_at = sa->before->reauth_at;
    } else {
        sa->line = sa->spi_i;
        sa->born = s->now;
    }
    if (!sa->before && conn->reauth_time)
        sa->reauth_at = later(s->now, shard_early(s, conn->reauth_time, conn->rand_time));
    shrike_time soft = MIN(sa->rekey_at, sa->reauth_at);
    sa->expires = conn->over_time ? later(soft, conn->over_time) : SHRIKE_NEVER;
}

void life_begin_child(struct shard *s, struct child_sa *child)
{
    const struct shrike_child_conf *conf = child->conf;
    child->up_since = s->now;
    child->retries = 0;
    if (conf->rekey_time)
        /* RFC 7296 2.8.1 (1): a little earlier or later, so that the two ends seldom meet. */
        child->rekey_at = later(s->now, shard_early(s, conf->rekey_time, conf->rand_time));
    if (conf->life_time)
        child->dies_at = later(s->now, conf->life_time);
}

/* Does this IKE SA carry on, and is no other to take its place? */
static bool stays(const struct ike_sa *sa)
{
    return sa->state == IKE_UP && !sa->spare && !sa->replaced && !sa->next[0] && !sa->next[1] &&
           !(sa->wants & WANT_CLOSE);
}

bool life_may_rekey(const struct ike_sa *sa)
{
    return stays(sa) && !sa->reauth && !slots_asking(sa) && !slots_answering(sa);
}

struct slot *life_lets_ask(const struct shard *s, const struct ike_sa *sa)
{
    bool alone = sa->wants & WANTS_ALONE || (stays(sa) && !sa->reauth && sa->rekey_at <= s->now);
    return alone && slots_asking(sa) ? NULL : slot_idle(sa);
}

bool life_may_rekey_child(const struct shard *s, const struct ike_sa *sa,
                          const struct child_sa *child)
{
    /* While the peer has not deleted what it replaces, the peer may not know that it is there. */
    return child->state == CHILD_UP && !child->wants_delete && !child->lost &&
           child->plane == s->plane && stays(sa) && life_lets_ask(s, sa) &&
           !child_of_serial(sa, child->replaces) && !slot_about(sa, child);
}

void life_retry(struct shard *s, struct ike_sa *sa, shrike_time delay)
{
    sa->rekey_at = ++sa->rekeys < REKEYS_MAX ? s->now + shard_vary(s, delay, 50) : SHRIKE_NEVER;
}

void life_retry_child(struct shard *s, struct child_sa *child, shrike_time delay)
{
    child->rekey_at =
        ++child->retries < REKEYS_MAX ? s->now + shard_vary(s, delay, 50) : SHRIKE_NEVER;
}

shrike_time life_due(const struct shard *s, const struct ike_sa *sa)
{
    shrike_time due = SHRIKE_NEVER;
    if (life_may_rekey(sa))
        due = sa->rekey_at;
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (life_may_rekey_child(s, sa, c))
            due = MIN(due, c->rekey_at);
    }
    due = MAX(due, sa->not_before);
    if (stays(sa) && !sa->reauth)
        due = MIN(due, sa->reauth_at);
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->state == CHILD_UP && !c->wants_delete)
            due = MIN(due, c->dies_at);
    }
    return due;
}

/* Its place in the configuration is to be filled again when it should stand always, or when it
 * would have been rekeyed but for the peer. */
static void end_child(struct child_sa *child)
{
    child_end(child, child->announced ? SHRIKE_REASON_EXPIRED : SHRIKE_REASON_REKEYED);
    child->again = child->announced && (child->refused || child->conf->start & SHRIKE_START_NOW);
}

void life_tick(struct shard *s, struct ike_sa *sa)
{
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        /* RFC 7296 2.8 (1, 4): past its time it is not used; neither is an IKE SA. */
        if (c->state == CHILD_UP && !c->wants_delete && c->dies_at <= s->now)
            end_child(c);
    }
    if (sa->expires > s->now)
        return;
    if (sa->next[0] || sa->next[1]) { /* one more chance; retransmission ends it */
        sa->expires = s->now + REPLACED_TIME;
        return;
    }
    /* RFC 7296 2.8 (4), 2.4 (12): with all of its children. */
    sa->wants |= WANT_CLOSE;
    if (sa->reason != SHRIKE_REASON_REDIRECTED) /* RFC 5685 5: it had its time to go */
        sa->reason = SHRIKE_REASON_EXPIRED;
    sa->expires = SHRIKE_NEVER;
}
