/* Rekeying the IKE SA: see ike_rekey.h. */
#include "exchange/ike_rekey.h"
#include "base/ct.h"
#include "exchange/fresh.h"
#include "sa/keys.h"
#include "sa/life.h"
#include "sa/trace.h"

enum { IKE_SPI_LEN = 8, OURS = 0, THEIRS = 1 };

/* ---- which one stays ---- */

static enum rekey_stage stage_of(const struct ike_sa *sa)
{
    return !sa ? REKEY_NONE : sa->state == IKE_UP ? REKEY_UP : REKEY_PENDING;
}

/* Nobody needs it: it is closed by who made it. */
static void close_loser(struct shard *s, struct ike_sa *ours)
{
    if (!ours || ours->state != IKE_UP)
        return;
    ours->wants |= WANT_CLOSE;
    ours->reason = SHRIKE_REASON_REKEYED;
    sa_touch(s, ours);
}

/* Closed by the peer, or forgotten when it never knew that it had made it. */
static void await_delete(struct shard *s, struct ike_sa *sa)
{
    sa->expires = s->now + REPLACED_TIME;
    sa_touch(s, sa);
}

static void ours_stays(struct shard *s, struct ike_sa *old)
{
    /* RFC 7296 2.8 (6): the last that is said over the old one is its Delete. */
    sa_take_over(s, old->next[OURS]);
    old->wants |= WANT_CLOSE;
    old->reason = SHRIKE_REASON_REKEYED;
    if (old->next[THEIRS])
        await_delete(s, old->next[THEIRS]);
}

static void theirs_stays(struct shard *s, struct ike_sa *old)
{
    sa_take_over(s, old->next[THEIRS]);
    await_delete(s, old);
    close_loser(s, old->next[OURS]);
}

static void settle(struct shard *s, struct ike_sa *old)
{
    const struct ike_sa *ours = old->next[OURS], *theirs = old->next[THEIRS];
    struct rekey_view v = {
        .ours = stage_of(ours),
        .theirs = stage_of(theirs),
        .ours_lowest = ours ? &ours->lowest : NULL,
        .theirs_lowest = theirs ? &theirs->lowest : NULL,
    };
    if (old->replaced) { /* it is settled, and ours came too late */
        close_loser(s, old->next[OURS]);
        return;
    }
    /* RFC 7296 2.8.2 (1): one stays, and gets the children. */
    switch (rekey_move(&v)) {
    case REKEY_WAIT:
        break;
    case REKEY_OURS_STAYS:
        ours_stays(s, old);
        break;
    case REKEY_THEIRS_STAYS:
        theirs_stays(s, old);
        break;
    }
}

bool ike_rekey_leaves_alone(const struct ike_sa *sa)
{
    return sa->state == IKE_UP && !sa->spare && !sa->replaced && !sa->next[OURS] &&
           !sa->next[THEIRS];
}

void ike_rekey_used(struct shard *s, struct ike_sa *sa)
{
    struct ike_sa *old = sa->before;
    if (old && sa->spare && sa == old->next[THEIRS] && !old->replaced)
        theirs_stays(s, old);
}

void ike_rekey_closing(struct shard *s, struct ike_sa *sa)
{
    struct ike_sa *ours = sa->next[OURS];
    if (sa->spare)
        sa_unlink(s, sa);
    if (sa->next[THEIRS] && !fault(39))
        ike_rekey_used(s, sa->next[THEIRS]);
    if (ours && ours->state < IKE_UP) /* RFC 7296 2.25.2 (3): our own request is forgotten */
        sa_free(s, ours);
}

void ike_rekey_anew(struct shard *s, struct ike_sa *sa)
{
    if (sa->next[OURS])
        sa_free(s, sa->next[OURS]);
    life_retry(s, sa, REKEY_RETRY_SOON);
}

/* ---- both sides ---- */

static struct bytes spi_octets(u64 spi, u8 out[IKE_SPI_LEN])
{
    struct writer w = writer_of(out, IKE_SPI_LEN);
    write_u64(&w, spi);
    return written_bytes(&w);
}

static u64 spi_of(const struct choice *c)
{
    struct reader r = reader_of(bytes_of(c->spi, c->spi_len));
    return read_u64(&r);
}

static void add_fresh(struct turn *t, const struct work *work)
{
    struct offer_between between = fresh_between(work);
    offer_fresh(t, &between);
}

/* Keys of the old SK_d and of what is new (RFC 7296 2.18). */
static enum verdict bring_up(struct turn *t, struct ike_sa *sa)
{
    const struct ike_sa *old = t->sa;
    struct keyed_prf sk_d = {t->shard->provider, old->suite.prf, keys_get(old, SK_D)};
    struct ike_keys keys;
    struct fresh f;
    enum verdict v = fresh_join(t, t->slot->work, &f);
    if (v != DONE)
        return v;
    f.seed.spi_i = sa->spi_i;
    f.seed.spi_r = sa->spi_r;
    bool keyed = keymat_rekey(&sk_d, &sa->suite, &f.seed, &keys) && keys_keep(t->shard, sa, &keys);
    wipe(&keys, sizeof(keys));
    fresh_wipe(&f);
    if (!keyed)
        return turn_refuse_now(t, SHRIKE_REASON_CRYPTO);
    sa->lowest = f.lowest;
    sa->state = IKE_UP;
    sa->authenticated = true;
    life_begin(t->shard, sa);
    return DONE;
}

/* ---- the side that asks ---- */

/* The group of the old one most likely is the one that the peer wants. */
static u16 first_group(const struct ike_sa *sa)
{
    const struct shrike_conn *conn = sa->conn;
    if (sa->rekey_group != KE_NONE)
        return sa->rekey_group;
    if (select_has_group(conn->proposals, conn->proposal_count, sa->suite.ke->id))
        return sa->suite.ke->id;
    return select_first_group(conn->proposals, conn->proposal_count);
}

static void give_up(struct turn *t)
{
    if (t->sa->next[OURS])
        sa_free(t->shard, t->sa->next[OURS]);
}

static enum verdict fail(struct turn *t, enum shrike_reason_code code, u16 notify)
{
    struct ike_sa *sa = t->sa;
    give_up(t);
    life_retry(t->shard, sa, REKEY_RETRY);
    (void)turn_refuse(t, code, notify);
    trace_ike_reason(t->shard, SHRIKE_EVENT_REKEY_FAILED, sa, &t->reason);
    pending_release(t->shard, sa->command_rekey, code);
    sa->command_rekey = 0;
    return REFUSE;
}

enum verdict ike_rekey_ask(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    const struct shrike_conn *conn = sa->conn;
    struct work *work = slot_work(t->shard, t->slot);
    struct ike_sa *ours = work ? sa_new_rekeyed(t->shard, sa, true) : NULL;
    u16 group = first_group(sa);
    u8 spi[IKE_SPI_LEN];
    sa->rekey_group = KE_NONE;
    /* RFC 7296 1.3.2 (1), 2.18 (1): always with a key exchange. */
    if (!ours || !fresh_draw(t, work, group))
        return fail(t, ours ? SHRIKE_REASON_CRYPTO : SHRIKE_REASON_LIMIT, 0);
    struct offer offer = {
        .spi = spi_octets(ours->spi_i, spi).at,
        .spi_len = IKE_SPI_LEN,
        .group_first = group,
    };
    size_t mark = payload_begin(t->out, PAYLOAD_SA, false);
    select_offer(t->out->w, conn->proposals, conn->proposal_count, &offer);
    payload_end(t->out, mark);
    add_fresh(t, work);
    return DONE;
}

/* RFC 7296 1.3, 2.25: another group, later, or never by a rekey. */
static enum verdict take_error(struct turn *t, const struct notify *n)
{
    struct ike_sa *sa = t->sa;
    const struct shrike_conn *conn = sa->conn;
    u16 tried = t->slot->work->group;
    u16 group = fresh_other_group(n, conn->proposals, conn->proposal_count, tried);
    enum shrike_reason_code code = reason_of_notify(n->type, SHRIKE_REASON_NO_IKE_PROPOSAL);
    t->reason.theirs = true;
    t->reason.origin = conn->proposals_origin;
    give_up(t);
    if (sa->next[THEIRS]) /* the peer's stays, which we have answered; there the children are now */
        settle(t->shard, sa);
    if (sa->replaced)
        return DONE;
    if (group != KE_NONE && ++sa->rekeys < REKEYS_MAX) {
        sa->rekey_group = group;
        sa->rekey_at = t->shard->now;
        return DONE;
    }
    if (n->type == NOTIFY_TEMPORARY_FAILURE) {
        life_retry(t->shard, sa, REKEY_RETRY_SOON);
        if (sa->rekey_at != SHRIKE_NEVER)
            return DONE;
    }
    if (n->type == NOTIFY_NO_ADDITIONAL_SAS || n->type == NOTIFY_TEMPORARY_FAILURE) {
        /* RFC 7296 2.25 (4), 4 (9): one from scratch it may have room for, or a mind to. */
        sa->reauth_at = t->shard->now;
        sa->rekeys = REKEYS_MAX;
    }
    return fail(t, code, n->type);
}

/* Is the response made of what we asked for? */
static bool accept(struct turn *t, struct ike_sa *ours)
{
    const struct shrike_conn *conn = t->sa->conn;
    u16 group = t->slot->work->group;
    struct choice choice;
    struct select_want want = {
        .ours = conn->proposals,
        .count = conn->proposal_count,
        .protocol = PROTOCOL_IKE,
        .ke_hint = group,
        .ike_rekey = true,
    };
    if (!select_verify(message_body(t->in, PAYLOAD_SA), &want, &choice, &t->reason) ||
        choice.ke != group || !sa_use_suite(ours, &choice))
        return false;
    ours->spi_r = spi_of(&choice);
    return ours->spi_r != 0;
}

enum verdict ike_rekey_conclude(struct turn *t)
{
    struct ike_sa *sa = t->sa, *ours = sa->next[OURS];
    struct notify n;
    if (notify_error(t->in, &n))
        return take_error(t, &n);
    if (!ours || !accept(t, ours) || bring_up(t, ours) != DONE) {
        /* The peer has moved to an SA that we cannot have. */
        sa->wants |= WANT_CLOSE;
        sa->reason = SHRIKE_REASON_NO_IKE_PROPOSAL;
        return fail(t, t->reason.code, 0);
    }
    sa->rekeys = 0;
    settle(t->shard, sa);
    return DONE;
}

/* ---- the side that answers ---- */

static enum verdict choose(struct turn *t, u16 group, struct choice *out)
{
    const struct shrike_conn *conn = t->sa->conn;
    struct select_want want = {
        .ours = conn->proposals,
        .count = conn->proposal_count,
        .protocol = PROTOCOL_IKE,
        .ke_hint = group,
        .ike_rekey = true,
    };
    struct shrike_reason why = {0};
    if (!select_proposal(message_body(t->in, PAYLOAD_SA), &want, out, &why)) {
        t->reason = why;
        return turn_refuse(t, why.code, NOTIFY_NO_PROPOSAL_CHOSEN);
    }
    return out->ke == group ? DONE : turn_refuse_group(t, out->ke);
}

/* Is an exchange about a Child SA under way, beside the one of this turn? */
static bool is_about_children(const struct turn *t)
{
    const struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(t->sa, i)) && (theirs = slot_theirs(t->sa, i)); i++) {
        if (ours->child || (theirs->child && theirs != t->slot))
            return true;
    }
    return slots_creating(t->sa);
}

/* RFC 7296 2.25.1 (7), 2.25.2 (2), 2.8.2 (2): what may not cross a rekey of the IKE SA. */
static enum verdict admit(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    struct rekey_request q = {
        .known = true,
        .ending = sa->state != IKE_UP || sa->spare || sa->replaced || sa->wants & WANT_CLOSE,
        .replaced = sa->next[THEIRS] != NULL,
        .barred = is_about_children(t),
    };
    return rekey_answer(&q) == REKEY_TAKE
               ? DONE
               : turn_refuse(t, SHRIKE_REASON_REKEY_LATER, NOTIFY_TEMPORARY_FAILURE);
}

static enum verdict make(struct turn *t, struct ike_sa *theirs, const struct choice *c)
{
    struct work *work = slot_work(t->shard, t->slot);
    u8 spi[IKE_SPI_LEN];
    theirs->spi_i = spi_of(c);
    if (theirs->spi_i == 0)
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    if (!sa_use_suite(theirs, c) || !work || !fresh_draw(t, work, c->ke))
        return turn_refuse_now(t, SHRIKE_REASON_CRYPTO);
    enum verdict v = bring_up(t, theirs);
    if (v != DONE)
        return v;
    size_t mark = payload_begin(t->out, PAYLOAD_SA, false);
    select_answer(t->out->w, c, spi_octets(theirs->spi_r, spi).at, IKE_SPI_LEN);
    payload_end(t->out, mark);
    add_fresh(t, work);
    return DONE;
}

enum verdict ike_rekey_answer(struct turn *t)
{
    struct choice choice;
    struct ke ke;
    enum verdict v = admit(t);
    if (v != DONE)
        return v;
    if (!ke_read(message_body(t->in, PAYLOAD_KE), &ke))
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    v = choose(t, ke.group, &choice);
    if (v != DONE)
        return v;
    struct ike_sa *theirs = sa_new_rekeyed(t->shard, t->sa, false);
    if (!theirs)
        return turn_refuse(t, SHRIKE_REASON_LIMIT, NOTIFY_NO_ADDITIONAL_SAS);
    v = make(t, theirs, &choice);
    if (v == DONE)
        settle(t->shard, t->sa);
    else
        sa_free(t->shard, theirs);
    return v;
}
