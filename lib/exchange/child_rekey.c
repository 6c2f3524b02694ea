/* Rekeying Child SAs: see child_rekey.h. */
#include "exchange/child_rekey.h"
#include "sa/life.h"
#include "sa/trace.h"
#include "wire/grammar.h"

/* RFC 7296 2.8 (5), 2.9.2 (2, 4): with the selectors in use, or more. */
static bool make_replacement(struct shard *s, struct ike_sa *sa, struct child_sa *old)
{
    struct child_sa *child = child_new(s, sa, old->conf);
    if (!child)
        return false;
    child->selectors = packet_ref(old->selectors);
    child->local_ts_count = old->local_ts_count;
    child->remote_ts_count = old->remote_ts_count;
    child->mode = old->mode;
    child->pair = old->pair;
    child->replaces = old->serial;
    child->ours = true;
    child->asked = old->asked;
    old->rekey_at = s->now + REPLACED_TIME;
    return true;
}

void child_rekey_next(struct shard *s, struct ike_sa *sa)
{
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->rekey_at > s->now || !life_may_rekey_child(s, sa, c))
            continue;
        if (child_replacing(sa, c->serial, true) || child_replacing(sa, c->serial, false))
            c->rekey_at = s->now + REPLACED_TIME;
        else if (make_replacement(s, sa, c))
            return; /* one after the other */
        else
            life_retry_child(s, c, REKEY_RETRY);
        if (child_successor(sa, c))
            child_end(c, SHRIKE_REASON_REKEYED);
    }
}

bool child_rekey_name(struct turn *t, const struct child_sa *child)
{
    const struct child_sa *old = child_of_serial(t->sa, child->replaces);
    u8 spi[IPSEC_SPI_LEN];
    t->reason.code = SHRIKE_REASON_CHILD_GONE;
    if (!old || old->state != CHILD_UP || old->wants_delete)
        return false;
    struct writer w = writer_of(spi, sizeof(spi));
    write_u32(&w, old->spi_in);
    /* RFC 7296 1.3.3 (1), 3.10 (1): by the SPI at which we receive. */
    notify_add_spi(t->out, NOTIFY_REKEY_SA, old->protocol, written_bytes(&w));
    return true;
}

bool child_rekey_still(const struct ike_sa *sa, const struct child_sa *child)
{
    const struct child_sa *old = child_of_serial(sa, child->replaces);
    return old && old->state == CHILD_UP && !old->wants_delete;
}

enum verdict child_rekey_find(struct turn *t, struct child_sa **old)
{
    struct notify n;
    *old = NULL;
    if (grammar_column(t->in) != COLUMN_REKEY_CHILD_REQUEST)
        return DONE;
    if (!notify_find(t->in, NOTIFY_REKEY_SA, &n) || n.spi.len != IPSEC_SPI_LEN)
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    struct reader r = reader_of(n.spi);
    struct child_sa *child = child_by_peer_spi(t->sa, n.protocol, read_u32(&r));
    struct rekey_request q = {
        /* The response that names it may be under way. */
        .known = child || slots_creating(t->sa),
        .ending = !child || child->state != CHILD_UP || child->wants_delete || child->lost,
        .replaced = child && child_replacing(t->sa, child->serial, false),
    };
    if (child && child->lost) /* the peer does not know that it is to delete it */
        child_end(child, SHRIKE_REASON_REKEYED);
    switch (rekey_answer(&q)) {
    case REKEY_TAKE:
        break;
    case REKEY_GONE: /* RFC 7296 2.25 (5), 3.10 (1): the notify names it */
        memcpy(t->notify_octets, n.spi.at, IPSEC_SPI_LEN);
        t->notify_spi = bytes_of(t->notify_octets, IPSEC_SPI_LEN);
        t->notify_protocol = n.protocol;
        return turn_refuse(t, SHRIKE_REASON_CHILD_GONE, NOTIFY_CHILD_SA_NOT_FOUND);
    case REKEY_NOT_NOW: /* RFC 7296 2.25 (1), 2.25.1 (1) */
        return turn_refuse(t, SHRIKE_REASON_REKEY_LATER, NOTIFY_TEMPORARY_FAILURE);
    }
    *old = child;
    return DONE;
}

bool child_rekey_has_lost(const struct ike_sa *sa, const struct child_sa *child)
{
    const struct child_sa *theirs = child_replacing(sa, child->replaces, false);
    return child->replaces && theirs && lowest_compare(&child->lowest, &theirs->lowest) < 0;
}

static enum rekey_stage stage_of(const struct child_sa *child)
{
    return !child ? REKEY_NONE : child->state == CHILD_UP ? REKEY_UP : REKEY_PENDING;
}

/* The old one was told of as closed before it was known that this one stays. */
static void announce(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    if (!child->announced)
        (void)trace_child(s, SHRIKE_EVENT_CHILD_UP, sa, child);
    child->announced = true;
}

/* RFC 7296 2.8: who has made the replacement deletes the old one. */
static void ours_stays(struct shard *s, struct ike_sa *sa, struct child_sa *old,
                       struct child_sa *ours)
{
    struct child_sa *theirs = child_replacing(sa, ours->replaces, false);
    if (ours->later)
        child_switch(s, sa, ours);
    if (theirs) {
        theirs->lost = true;
        theirs->dies_at = MIN(theirs->dies_at, s->now + REPLACED_TIME);
    }
    if (!old) {
        announce(s, sa, ours);
    } else if (old->wants_delete) { /* meanwhile it was decided that it is to end altogether */
        if (old->command_down)
            child_end(ours, SHRIKE_REASON_COMMAND);
    } else {
        child_end(old, SHRIKE_REASON_REKEYED);
    }
}

/* Ours goes; before that, nothing may be sent by it: the peer forgets it when it hears of it. */
static void theirs_stays(struct shard *s, struct ike_sa *sa, struct child_sa *old,
                         struct child_sa *theirs)
{
    struct child_sa *ours = child_replacing(sa, theirs->replaces, true);
    if (ours && !ours->later && !fault(37))
        child_switch(s, sa, old && old->plane ? old : theirs);
    if (ours)
        child_end(ours, SHRIKE_REASON_REKEYED);
    if (old)
        old->rekey_at = s->now + REPLACED_TIME;
    else
        announce(s, sa, theirs);
}

void child_rekey_settle(struct shard *s, struct ike_sa *sa, u32 serial)
{
    struct child_sa *old = child_of_serial(sa, serial);
    struct child_sa *ours = child_replacing(sa, serial, true);
    struct child_sa *theirs = child_replacing(sa, serial, false);
    struct rekey_view v = {
        .ours = stage_of(ours),
        .theirs = stage_of(theirs),
        .ours_lowest = ours ? &ours->lowest : NULL,
        .theirs_lowest = theirs ? &theirs->lowest : NULL,
    };
    /* RFC 7296 2.25.1 (2): both were made as usual; the nonces decide. */
    switch (rekey_move(&v)) {
    case REKEY_WAIT:
        break;
    case REKEY_OURS_STAYS:
        ours_stays(s, sa, old, ours);
        break;
    case REKEY_THEIRS_STAYS:
        theirs_stays(s, sa, old, theirs);
        break;
    }
}

static void tell_failed(struct turn *t, struct child_sa *old)
{
    trace_child_reason(t->shard, SHRIKE_EVENT_REKEY_FAILED, t->sa, old, &t->reason);
    pending_release(t->shard, old->command_rekey, t->reason.code);
    old->command_rekey = 0;
}

/* What becomes of the old one depends on what the peer has said. */
static void try_again(struct turn *t, struct child_sa *old)
{
    switch (t->reason.theirs ? t->reason.notify : 0) {
    case NOTIFY_TEMPORARY_FAILURE: /* RFC 7296 2.25 (2, 3): not at once */
        life_retry_child(t->shard, old, REKEY_RETRY_SOON);
        break;
    case NOTIFY_CHILD_SA_NOT_FOUND: /* RFC 7296 2.25 (6): there is nothing to delete at the peer */
        child_die(t->sa, old, SHRIKE_REASON_CHILD_GONE);
        old->again = true;
        return;
    case NOTIFY_NO_ADDITIONAL_SAS: /* RFC 7296 4 (9): neither now nor later */
        old->rekey_at = SHRIKE_NEVER;
        break;
    default:
        life_retry_child(t->shard, old, REKEY_RETRY);
        tell_failed(t, old);
        break;
    }
    old->refused = old->rekey_at == SHRIKE_NEVER;
    if (!old->refused)
        return;
    tell_failed(t, old);
    /* RFC 7296 2.8 (4), 2.25 (4), 4 (9): all from scratch, and then the old ones are closed. */
    t->sa->reauth_at = MIN(t->sa->reauth_at, t->shard->now);
}

void child_rekey_failed(struct turn *t, const struct child_sa *child)
{
    struct child_sa *old = child_of_serial(t->sa, child->replaces);
    if (old && old->state == CHILD_UP && !old->wants_delete)
        try_again(t, old);
    child_rekey_settle(t->shard, t->sa, child->replaces);
}
