/* INFORMATIONAL (RFC 7296 1.4): liveness, deleting Child SAs and the IKE SA, crossing deletes; what
 * it says of addresses is in mobike.c. */
#include "exchange/cp.h"
#include "exchange/exchange.h"
#include "exchange/ike_rekey.h"
#include "exchange/mobike.h"
#include "exchange/reauth.h"
#include "exchange/redirect.h"
#include "sa/child.h"
#include "sa/trace.h"

enum { FIRST_AFTER_AUTH = 2 };
enum info_answer_step { ANSWER_READ, ANSWER_LEASED };

/* Our inbound SPIs of the Child SAs that end, for one payload of each protocol: a peer need not
 * read many. */
struct ending {
    u8 octets[2][CHILDREN_MAX * IPSEC_SPI_LEN];
    struct writer spis[2]; /* of ESP, of AH */
};

static void ending_begin(struct ending *e)
{
    for (unsigned i = 0; i < 2; i++)
        e->spis[i] = writer_of(e->octets[i], sizeof(e->octets[i]));
}

static void ending_add(struct ending *e, u8 protocol, u32 spi)
{
    write_u32(&e->spis[protocol == PROTOCOL_AH], spi);
}

static void add_delete(struct turn *t, const struct ending *e)
{
    static const u8 protocols[2] = {PROTOCOL_ESP, PROTOCOL_AH};
    for (unsigned i = 0; i < 2; i++) {
        struct bytes spis = written_bytes(&e->spis[i]);
        if (spis.len == 0)
            continue;
        struct delete d = {protocols[i], IPSEC_SPI_LEN, (u16)(spis.len / IPSEC_SPI_LEN), spis};
        size_t mark = payload_begin(t->out, PAYLOAD_DELETE, false);
        delete_write(t->out->w, &d);
        payload_end(t->out, mark);
    }
}

/* RFC 7296 1.5 (1), 2.21.4 (7) */
static void tell_spi(struct turn *t)
{
    u8 spi[IPSEC_SPI_LEN];
    struct writer w = writer_of(spi, sizeof(spi));
    if (!t->sa->bad_spi)
        return;
    write_u32(&w, t->sa->bad_spi);
    notify_add(t->out, NOTIFY_INVALID_SPI, written_bytes(&w));
    t->sa->bad_spi = 0;
}

enum verdict info_ask(struct turn *t)
{
    bool refuses = t->slot->want == WANT_REJECT &&
                   notify_of_refusal(t->sa->reason) == NOTIFY_AUTHENTICATION_FAILED;
    if (refuses) { /* RFC 7296 2.21.2 (2) */
        notify_add(t->out, NOTIFY_AUTHENTICATION_FAILED, bytes_of(NULL, 0));
    } else if (t->slot->want == WANT_CLOSE || t->slot->want == WANT_REJECT) {
        /* RFC 7296 2.4 (13), 3.11 (3): the IKE SA has no SPI here. */
        struct delete d = {.protocol = PROTOCOL_IKE};
        size_t mark = payload_begin(t->out, PAYLOAD_DELETE, false);
        delete_write(t->out->w, &d);
        payload_end(t->out, mark);
    } else if (t->slot->want == WANT_TELL) {
        tell_spi(t);
        redirect_tell(t);
    } else if (t->slot->want == WANT_ROAM) {
        mobike_ask(t);
    } else if (t->slot->want == WANT_LIVENESS) { /* RFC 7296 1.4 (6) */
        mobike_ask_mapping(t);
    } else if (t->slot->child) {
        struct ending e;
        ending_begin(&e);
        /* RFC 7296 2.4 (11), 1.4.1 (2), 3.11 (1): what comes in to us. */
        ending_add(&e, t->slot->child->protocol, t->slot->child->spi_in);
        add_delete(t, &e);
    }
    return DONE;
}

enum verdict info_conclude(struct turn *t)
{
    struct child_sa *child = t->slot->child;
    if (t->slot->want == WANT_CLOSE || t->slot->want == WANT_REJECT)
        return turn_fail(t, t->sa->reason ? t->sa->reason : SHRIKE_REASON_COMMAND,
                         0); /* as wanted: it is closed now */
    if (t->slot->want == WANT_ROAM)
        return mobike_conclude(t);
    if (child) {
        child_die(t->sa, child, child->reason);
    } else if (t->slot->want == WANT_LIVENESS) {
        mobike_conclude_mapping(t);
        (void)trace_ike(t->shard, SHRIKE_EVENT_PEER_ALIVE, t->sa);
        pending_release(t->shard, t->sa->command_alive, SHRIKE_REASON_NONE);
        t->sa->command_alive = 0;
    }
    return DONE;
}

/* The peer may delete a Child SA whose making we have not heard of: its response to our
 * CREATE_CHILD_SA was lost and will come once more. */
static void note_gone(struct ike_sa *sa, u32 spi)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        struct work *work = slot->exchange == EXCHANGE_CREATE_CHILD_SA ? slot->work : NULL;
        if (work && work->gone_count < GONE_MAX)
            work->gone[work->gone_count++] = spi;
    }
}

/* RFC 7296 1.4.1 (3): the peer names its inbound SAs; we answer with ours of the same pairs, but
 * for those whose delete of ours is under way. */
static void delete_children(struct turn *t, const struct delete *d, struct ending *e)
{
    struct reader r = reader_of(d->spis);
    for (unsigned i = 0; i < d->count && i < DELETE_SPIS_MAX; i++) {
        u32 spi = read_u32(&r);
        struct child_sa *child = child_by_peer_spi(t->sa, d->protocol, spi);
        /* RFC 7296 2.25.1 (6): of what is not there nothing is said. */
        if (!child) {
            note_gone(t->sa, spi);
            continue;
        }
        /* RFC 7296 1.4.1 (4, 5): ours is under way, and its response takes what comes in. */
        if (child->state != CHILD_DELETING)
            ending_add(e, child->protocol, fault(28) ? child->spi_out : child->spi_in);
        child->again |= child->conf->close_action == SHRIKE_START_NOW && !child->command_down;
        /* RFC 7296 2.25.1 (5), 2.25.2 (6): whatever else is under way. */
        child_die(t->sa, child, SHRIKE_REASON_PEER_DELETED);
    }
}

/* RFC 7296 2.21.2: an initiator that does not believe us says so right after IKE_AUTH, and has
 * closed the SA. */
static bool rejects(const struct turn *t)
{
    struct notify n;
    return !t->sa->initiator && t->in->header.message_id == FIRST_AFTER_AUTH &&
           notify_find(t->in, NOTIFY_AUTHENTICATION_FAILED, &n);
}

/* RFC 7296 2.21.4 (9): no SA is changed by it. */
static void note_spi(struct turn *t)
{
    struct notify n;
    if (!notify_find(t->in, NOTIFY_INVALID_SPI, &n) || n.data.len != IPSEC_SPI_LEN)
        return;
    struct reader r = reader_of(n.data);
    struct shrike_event *e = trace_limited(t->shard, SHRIKE_EVENT_SPI_UNKNOWN_THERE, t->sa);
    if (e)
        e->esp_out = read_u32(&r);
}

static bool deletes_ike(const struct message *in)
{
    const struct payload *p = message_find(in, PAYLOAD_DELETE);
    struct delete d;
    for (; p; p = message_find_after(in, p)) {
        if (delete_read(bytes_at(in->base, p->body), &d) && d.protocol == PROTOCOL_IKE)
            return true;
    }
    return false;
}

static enum verdict answer(struct turn *t)
{
    const struct payload *p = message_find(t->in, PAYLOAD_DELETE);
    struct ending e;
    bool rejected = rejects(t), close = rejected || deletes_ike(t->in);
    ending_begin(&e);
    if (!close) /* before its Child SAs are looked for: by this it gets them */
        ike_rekey_used(t->shard, t->sa);
    for (; p; p = message_find_after(t->in, p)) {
        struct delete d;
        if (!delete_read(bytes_at(t->in->base, p->body), &d))
            return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
        if (d.protocol == PROTOCOL_ESP || d.protocol == PROTOCOL_AH)
            delete_children(t, &d, &e);
    }
    /* RFC 7296 1.4 (5): there may be nothing to say. */
    cp_reply(t);
    add_delete(t, &e);
    /* RFC 7296 2.25.2 (4): though we may be closing it ourselves. */
    t->closes = close;
    t->reason.theirs = close;
    if (close)
        (void)turn_refuse(t, rejected ? SHRIKE_REASON_AUTH_FAILED : SHRIKE_REASON_PEER_DELETED,
                          rejected ? NOTIFY_AUTHENTICATION_FAILED : 0);
    if (rejected)
        t->reason.origin = t->sa->conn->local.origin;
    note_spi(t);
    reauth_heed(t);
    if (!close) {
        mobike_answer(t);
        redirect_heed(t);
    }
    return DONE;
}

/* RFC 7296 2.21.2: in the middle of EAP this is all that the initiator may say. */
static enum verdict answer_unproved(struct turn *t)
{
    struct notify n;
    if (!notify_find(t->in, NOTIFY_AUTHENTICATION_FAILED, &n) && !deletes_ike(t->in))
        return DROP;
    t->reason.theirs = t->closes = true;
    (void)turn_refuse(t, SHRIKE_REASON_EAP_GIVEN_UP, 0);
    t->reason.origin = t->sa->conn->remote.origin;
    return DONE;
}

/* RFC 7296 3.15.4: internal addresses may be asked for once more. */
enum verdict info_answer(struct turn *t)
{
    enum verdict v;
    if (!t->sa->authenticated && !fault(26))
        return answer_unproved(t);
    switch ((enum info_answer_step)t->slot->step) {
    case ANSWER_READ:
        t->slot->step = ANSWER_LEASED;
        v = cp_lease(t);
        return v == DONE ? answer(t) : v;
    case ANSWER_LEASED:
        cp_leased(t);
        break;
    }
    return answer(t);
}
