/* Running exchanges: see exchange.h. */
#include "exchange/exchange.h"
#include "base/ct.h"
#include "exchange/child_rekey.h"
#include "exchange/elsewhere.h"
#include "exchange/ike_rekey.h"
#include "exchange/reauth.h"
#include "exchange/roam.h"
#include "exchange/widen.h"
#include "sa/again.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/latency.h"
#include "sa/peers.h"
#include "sa/protect.h"
#include "sa/trace.h"

#define GONE_TIME (60 * SHRIKE_SECOND) /* closed SAs answer late retransmissions so long */
#define FORGET_TIME                                                                                \
    (180 * SHRIKE_SECOND) /* RFC 7296 2.1: replies may be forgotten after minutes                  \
                           */

struct exchange {
    u8 type;
    exchange_verb *ask, *answer, *conclude;
};

static const struct exchange exchanges[] = {
#define EXCHANGE(type, name) {type, name##_ask, name##_answer, name##_conclude},
#include "exchange/exchange.def"
#undef EXCHANGE
};

static const struct exchange *exchange_of(u8 type)
{
    for (size_t i = 0; i < ARRAY_LEN(exchanges); i++) {
        if (exchanges[i].type == type)
            return &exchanges[i];
    }
    return NULL;
}

enum verdict turn_refuse(struct turn *t, enum shrike_reason_code code, u16 notify)
{
    t->reason.code = code;
    t->reason.notify = notify;
    if (t->slot)
        t->reason.exchange = t->slot->exchange;
    else if (t->in) /* a stranger's first */
        t->reason.exchange = t->in->header.exchange;
    return REFUSE;
}

enum verdict turn_fail(struct turn *t, enum shrike_reason_code code, u16 notify)
{
    (void)turn_refuse(t, code, notify);
    return FAIL;
}

enum verdict turn_refuse_now(struct turn *t, enum shrike_reason_code code)
{
    return turn_refuse(t, code,
                       t->slot->exchange == EXCHANGE_CREATE_CHILD_SA ? NOTIFY_TEMPORARY_FAILURE
                                                                     : NOTIFY_NO_ADDITIONAL_SAS);
}

enum verdict turn_refuse_group(struct turn *t, u16 group)
{
    t->notify_octets[0] = (u8)(group >> 8);
    t->notify_octets[1] = (u8)group;
    t->notify_data = bytes_of(t->notify_octets, 2);
    t->reason.detail = group;
    return turn_refuse(t, SHRIKE_REASON_KE_GROUP, NOTIFY_INVALID_KE_PAYLOAD);
}

enum shrike_reason_code reason_of_notify(u16 notify, enum shrike_reason_code no_proposal)
{
    switch (notify) {
    case NOTIFY_NO_PROPOSAL_CHOSEN:
        return no_proposal;
    case NOTIFY_TS_UNACCEPTABLE:
        return SHRIKE_REASON_TS_MISMATCH;
    case NOTIFY_SINGLE_PAIR_REQUIRED:
        return SHRIKE_REASON_SINGLE_PAIR;
    case NOTIFY_INVALID_KE_PAYLOAD:
        return SHRIKE_REASON_KE_GROUP;
    case NOTIFY_AUTHENTICATION_FAILED:
        return SHRIKE_REASON_AUTH_FAILED;
    case NOTIFY_INTERNAL_ADDRESS_FAILURE:
        return SHRIKE_REASON_ADDRESS_NOT_GIVEN;
    case NOTIFY_FAILED_CP_REQUIRED:
        return SHRIKE_REASON_ADDRESS_NOT_ASKED;
    default:
        return SHRIKE_REASON_PEER_REFUSED;
    }
}

static bool is_ours(const struct turn *t)
{
    return slot_is_ours(t->sa, t->slot);
}

static struct header header_for(const struct turn *t)
{
    u8 flags = t->sa->initiator ? FLAG_INITIATOR : 0;
    return (struct header){
        .spi_i = t->sa->spi_i,
        .spi_r = t->no_sa ? 0 : t->sa->spi_r, /* RFC 7296 2.6 */
        /* RFC 7296 2.5 (4), 3.1 (4, 7, 10, 12, 13): version 2.0; of the flags those of our roles.
         */
        .version = VERSION_2_0,
        .exchange = t->slot->exchange,
        .flags = (u8)(is_ours(t) ? flags : flags | FLAG_RESPONSE),
        .message_id = t->slot->message_id,
    };
}

/* The message that a verb builds: in the clear for IKE_SA_INIT, else the inside of SK. */
struct draft {
    struct writer w;
    struct builder b;
    u8 first;
};

static void draft_begin(struct turn *t, struct draft *d)
{
    struct header h = header_for(t);
    d->w = writer_of(t->shard->out, OUT_MAX);
    d->first = PAYLOAD_NONE;
    d->b = t->slot->exchange == EXCHANGE_IKE_SA_INIT ? builder_message(&d->w, &h)
                                                     : builder_chain(&d->w, &d->first);
    t->out = &d->b;
}

static void ladder_draft(const struct turn *t, const struct packet *chain, const struct draft *d)
{
    enum { NEXT_PAYLOAD_AT = 16 };
    struct bytes plain = written_bytes(&d->w);
    u8 first = d->first;
    if (t->slot->exchange == EXCHANGE_IKE_SA_INIT) {
        first = plain.at[NEXT_PAYLOAD_AT];
        plain = bytes_of(plain.at + HEADER_SIZE, plain.len - HEADER_SIZE);
    }
    ladder_out(t->shard, t->sa, chain, plain, first);
}

/* Make packets of the draft; NULL when it did not fit or cannot be sealed. */
static struct packet *draft_seal(struct turn *t, struct draft *d)
{
    struct packet *k = NULL;
    if (t->slot->exchange == EXCHANGE_IKE_SA_INIT)
        builder_end(&d->b);
    if (!d->w.full && t->slot->exchange == EXCHANGE_IKE_SA_INIT) {
        k = packet_copy(&t->shard->packets, written_bytes(&d->w));
    } else if (!d->w.full) {
        struct sealing in = {
            .header = header_for(t),
            .first = d->first,
            .inner = written_bytes(&d->w),
        };
        /* RFC 7296 1.4 (2): with the keys of the IKE SA that it is about. */
        k = protect_seal(t->shard, t->sa, &in);
    }
    if (k)
        ladder_draft(t, k, d);
    wipe(t->shard->out, written(&d->w));
    return k;
}

static u32 send(struct turn *t, struct packet *chain, const struct ring_path *path)
{
    u32 count = 0;
    ring_send(&t->shard->ring, chain, path);
    for (struct packet *k = chain; k; k = k->next)
        count++;
    t->shard->stats.sent += count;
    return count;
}

static void count_sent(const struct turn *t)
{
    const struct header h = header_for(t);
    counts_message(t->shard, t->sa, &h, false);
}

/* A request that looks for a path which works begins faster, and is sent as much more often: the
 * time until the peer is given up stays the same. */
enum { PROBE_EARLY = 2 };
static unsigned early_sends(const struct turn *t)
{
    bool probes = t->slot->want == WANT_ROAM && t->sa->roam & ROAM_PROBING;
    return probes && t->slot->exchange == EXCHANGE_INFORMATIONAL ? PROBE_EARLY : 0;
}

/* By the path of the SA, or by each that may be one, as far as there is room. */
static void send_request(struct turn *t, struct packet *chain)
{
    enum { REST_ROOM = 64 }; /* for what else this input does */
    struct ring_path paths[PATHS_MAX];
    unsigned count = roam_paths(t->shard, t->sa, paths);
    /* The one that the system would choose is asked a moment before the others: to the address of
     * another link answers may come sooner, but it is not where packets go out. */
    if (early_sends(t) && t->slot->tries == 0 && !fault(251))
        count = 1;
    u32 packets = send(t, chain, &paths[0]);
    for (unsigned i = 1; i < count && ring_room(&t->shard->ring) >= REST_ROOM + packets; i++)
        (void)send(t, chain, &paths[i]);
}

/* RFC 7296 2.21.3: a peer that could not read our request has closed its SA. */
static bool is_unread(struct turn *t)
{
    struct notify n;
    t->reason.theirs = t->sa->authenticated && notify_find(t->in, NOTIFY_INVALID_SYNTAX, &n);
    return t->reason.theirs;
}

/* The verb that is due on this slot. */
static enum verdict run_verb(struct turn *t)
{
    const struct exchange *x = exchange_of(t->slot->exchange);
    ensure(x != NULL);
    t->slot->awaiting = false;
    t->slot->question = 0;
    /* RFC 7296 1.4.1 (7): a broken response ends the SA. An unprotected one may be forged: then the
     * genuine one may still come. */
    if (t->malformed)
        return !is_ours(t) ? REFUSE : t->slot->exchange == EXCHANGE_IKE_SA_INIT ? DROP : FAIL;
    if (!is_ours(t))
        return x->answer(t);
    if (t->slot->conclude && t->slot->step == 0 && is_unread(t))
        return turn_fail(t, SHRIKE_REASON_PEER_REFUSED, NOTIFY_INVALID_SYNTAX);
    return t->slot->conclude ? x->conclude(t) : x->ask(t);
}

/* RFC 7296 2.1 (4), 1.4 (4): the reply is sent, and kept until the next request has its own. */
static void remember(struct turn *t, struct packet *reply)
{
    struct slot *slot = t->slot;
    struct handshake *h = t->sa->handshake;
    if (slot->exchange == EXCHANGE_IKE_SA_INIT && h && !h->init_r)
        h->init_r = packet_ref(reply);
    packet_drop(&t->shard->packets, slot->message);
    slot->message = reply;
    count_sent(t);
    slot_rest(t->shard, slot);
    t->sa->forget = t->shard->now + FORGET_TIME;
    /* RFC 7296 2.11 (1): where the request came from. */
    (void)send(t, reply, &t->path);
}

static void tell_refused(struct turn *t)
{
    enum shrike_event_id id =
        t->sa->authenticated ? SHRIKE_EVENT_MESSAGE_REFUSED : SHRIKE_EVENT_STRANGER_REFUSED;
    if (t->reason.code != SHRIKE_REASON_NONE)
        trace_limited_reason(t->shard, id, t->sa, &t->reason);
}

/* RFC 7296 2.21.2, 2.21.3: what we could not read is fatal for both, and so is any refusal before
 * the peer is known. */
static bool is_fatal(const struct turn *t)
{
    return t->slot->exchange == EXCHANGE_IKE_AUTH ||
           (t->slot->exchange != EXCHANGE_IKE_SA_INIT && t->reason.notify == NOTIFY_INVALID_SYNTAX);
}

static void add_error(const struct turn *t, struct builder *b)
{
    if (t->notify_spi.len)
        notify_add_spi(b, t->reason.notify, t->notify_protocol, t->notify_spi);
    else
        notify_add(b, t->reason.notify, t->notify_data);
}

static void finish_answer(struct turn *t, enum verdict v, struct draft *d)
{
    if (v == REFUSE && is_fatal(t))
        v = FAIL;
    if (v == REFUSE || v == FAIL) {
        t->shard->stats.refused++;
        t->no_sa = t->slot->exchange == EXCHANGE_IKE_SA_INIT;
        draft_begin(t, d);
        add_error(t, &d->b);
        trace_keep_offers(t->shard, &t->reason); /* the message goes */
        tell_refused(t);
    }
    if (v == DONE) {
        widen_accept(t);
        widen_promise(t);
    }
    struct packet *reply = v == DROP ? NULL : draft_seal(t, d);
    bool init = t->slot->exchange == EXCHANGE_IKE_SA_INIT;
    if (reply)
        remember(t, reply);
    else
        slot_free(t->shard, t->slot);
    if (v == FAIL || t->closes)
        ike_close(t->shard, t->sa, &t->reason);
    /* A refused stranger leaves nothing behind; the same request gets the same answer again. */
    if (init && (v != DONE || !reply))
        t->sa->reap = true;
}

/* RFC 7296 2.4 (8): each time twice as long. */
static void arm(struct turn *t)
{
    struct shard *s = t->shard;
    const struct shrike_conn *conn = t->sa->conn;
    struct slot *slot = t->slot;
    shrike_time d = conn->give_up_after;
    unsigned early = early_sends(t);
    if (slot->tries < conn->retransmit_tries + early) {
        d = slot->tries < (fault(29) ? 1 : 32) ? conn->retransmit_first << slot->tries >> early
                                               : conn->retransmit_max;
        d = shard_vary(s, MIN(d, conn->retransmit_max), conn->retransmit_jitter);
    }
    slot->due = s->now + d;
}

/* Is it this host that could not find out whether the peer is who it says? */
static bool is_unknown(enum shrike_reason_code reason)
{
    return reason == SHRIKE_REASON_OP_TIMEOUT || reason == SHRIKE_REASON_LIMIT ||
           reason == SHRIKE_REASON_MEMORY;
}

u16 notify_of_refusal(enum shrike_reason_code reason)
{
    return is_unknown(reason) && !fault(186) ? NOTIFY_TEMPORARY_FAILURE
                                             : NOTIFY_AUTHENTICATION_FAILED;
}

/* RFC 7296 2.21.2 (2): the peer has let us in, and we do not believe who it is. */
static bool is_refusal(const struct turn *t)
{
    return t->slot->exchange == EXCHANGE_IKE_AUTH && t->slot->conclude && !t->malformed &&
           !t->reason.theirs && !t->sa->authenticated && !fault(57);
}

static void tell_closed(struct shard *s, struct ike_sa *sa, const struct shrike_reason *why)
{
    bool was_up = sa->authenticated;
    bool not_needed = why->code == SHRIKE_REASON_CROSSED || why->code == SHRIKE_REASON_REKEYED;
    if (sa->told || sa->spare || sa->replaced) /* another one stands for it */
        return;
    if (!was_up && not_needed)
        trace_ike_reason(s, SHRIKE_EVENT_IKE_NOT_NEEDED, sa, why);
    else if (was_up || sa->initiator)
        trace_ike_reason(s, was_up ? SHRIKE_EVENT_IKE_DOWN : SHRIKE_EVENT_IKE_FAILED, sa, why);
    else
        trace_limited_reason(s, SHRIKE_EVENT_IKE_FAILED, sa, why);
    sa->told = true;
}

/* It has failed, and what hung on it goes; it stays for as long as the peer is told: that we do not
 * believe it, or, where we do not know, that it is over. */
static void ike_reject(struct shard *s, struct ike_sa *sa, const struct shrike_reason *why)
{
    tell_closed(s, sa, why);
    again_lost(sa, why);
    sa->state = IKE_CLOSING;
    sa->wants = WANT_REJECT;
    sa->reason = why->code;
    sa->expires = s->now + sa->conn->half_open_max;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
        child_die(sa, c, why->code);
    sa_end_handshake(s, sa);
}

/* RFC 7296 2.21.3 (2), 1.3.1 (4): an exchange of ours has failed; what hung on it ends, and nothing
 * is said of it. */
static void fail_ours(struct turn *t, enum verdict v)
{
    struct child_sa *child = t->slot->child;
    bool refuses = v == FAIL && is_refusal(t);
    trace_keep_offers(t->shard, &t->reason); /* the message goes */
    slot_free(t->shard, t->slot);
    if (refuses) {
        ike_reject(t->shard, t->sa, &t->reason);
        return;
    }
    if (v == FAIL) {
        ike_close(t->shard, t->sa, &t->reason);
        return;
    }
    if (child && child->state < CHILD_UP)
        turn_child_failed(t, child);
}

/* Which of our rules the peer has refused. */
static struct shrike_origin rule_of(const struct shrike_child_conf *conf,
                                    enum shrike_reason_code code)
{
    if (code == SHRIKE_REASON_TS_MISMATCH || code == SHRIKE_REASON_SINGLE_PAIR)
        return conf->ts_origin;
    if (code == SHRIKE_REASON_NO_CHILD_PROPOSAL || code == SHRIKE_REASON_KE_GROUP)
        return conf->proposals_origin;
    return conf->origin;
}

void turn_child_failed(struct turn *t, struct child_sa *child)
{
    if (t->reason.theirs)
        t->reason.origin = rule_of(child->conf, t->reason.code);
    if (!child->replaces)
        trace_child_reason(t->shard, SHRIKE_EVENT_CHILD_FAILED, t->sa, child, &t->reason);
    pending_release(t->shard, child->command, t->reason.code);
    child->command = 0;
    if (!child->wants_delete)
        child_die(t->sa, child, t->reason.code);
    if (child->replaces)
        child_rekey_failed(t, child);
}

static void finish_ask(struct turn *t, enum verdict v, struct draft *d)
{
    bool init = t->slot->exchange == EXCHANGE_IKE_SA_INIT;
    t->slot->message_id = init ? 0 : t->sa->window.ours;
    if (v == DONE)
        widen_promise(t);
    struct packet *request = v == DONE ? draft_seal(t, d) : NULL;
    if (!request) {
        if (v == DONE)
            v = turn_fail(t, SHRIKE_REASON_MEMORY, 0);
        fail_ours(t, v);
        return;
    }
    /* RFC 7296 2.1 (3, 7), 2.2 (1): kept as it is until the response comes, to be sent again. */
    t->sa->window.ours = t->slot->message_id + 1;
    struct handshake *h = t->sa->handshake;
    if (init && h) {
        packet_drop(&t->shard->packets, h->init_i);
        h->init_i = packet_ref(request);
    }
    packet_drop(&t->shard->packets, t->slot->message);
    t->slot->message = request;
    t->slot->tries = 0;
    t->slot->step = 0;
    arm(t);
    count_sent(t);
    send_request(t, request);
}

static void finish_conclude(struct turn *t, enum verdict v)
{
    if (v == DROP)
        t->slot->conclude = false; /* it was not the response: go on waiting */
    else if (v == DONE) {
        widen_accept(t);
        if (t->slot->work && t->slot->work->began)
            latency_note(t->shard, (enum shrike_took)t->slot->work->took, t->slot->work->began);
        slot_free(t->shard, t->slot);
    } else
        fail_ours(t, v);
}

void exchange_run(struct turn *t)
{
    struct draft d;
    draft_begin(t, &d);
    enum verdict v = run_verb(t);
    if (v == AWAIT && t->in && !slot_keep(t->shard, t->slot, t->in))
        v = turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    if (v == AWAIT && t->slot->work)
        t->slot->work->path = t->path;
    if (v == AWAIT)
        wipe(t->shard->out, written(&d.w));
    else if (!is_ours(t))
        finish_answer(t, v, &d);
    else if (t->slot->conclude)
        finish_conclude(t, v);
    else
        finish_ask(t, v, &d);
}

void exchange_begin(struct shard *s, struct ike_sa *sa, u8 type, struct child_sa *child, u16 want)
{
    struct slot *slot = slot_idle(sa);
    ensure(slot != NULL);
    slot->exchange = type;
    slot->want = (u8)want;
    slot->child = child;
    const enum shrike_took took = want == WANT_REKEY         ? SHRIKE_TOOK_IKE_REKEY
                                  : child && child->replaces ? SHRIKE_TOOK_CHILD_REKEY
                                                             : SHRIKE_TOOK_CHILD;
    struct turn t = {.shard = s, .sa = sa, .slot = slot};
    exchange_run(&t);
    if (type == EXCHANGE_CREATE_CHILD_SA && slot->work) {
        slot->work->took = (u8)took;
        slot->work->began = s->now;
    }
}

void exchange_anew(struct shard *s, struct ike_sa *sa, struct slot *slot)
{
    struct turn t = {.shard = s, .sa = sa, .slot = slot};
    slot->step = 0;
    slot->conclude = false;
    exchange_run(&t);
}

void exchange_resume(struct shard *s, struct ike_sa *sa, struct slot *slot,
                     const struct shrike_answer *op)
{
    struct turn t = {.shard = s, .sa = sa, .slot = slot, .op = op};
    t.in = slot->work && slot->work->octets ? &slot->work->in : NULL;
    if (t.in)
        t.path = slot->work->path;
    exchange_run(&t);
}

/* Of the largest of its packets. */
static u16 octets_of(const struct packet *chain)
{
    size_t most = 0;
    for (const struct packet *k = chain; k; k = k->next)
        most = MAX(most, packet_bytes(k).len);
    return (u16)MIN(most, UINT16_MAX);
}

/* Why an exchange ends to which no genuine response came. Instead of one to IKE_SA_INIT an error is
 * believed in the end: only later the peer could have protected it. */
static struct shrike_reason silence_of(const struct ike_sa *sa, const struct slot *slot)
{
    const struct handshake *h = sa->handshake;
    struct shrike_reason why = {.code = SHRIKE_REASON_TIMEOUT,
                                .exchange = slot->exchange,
                                .notify = h ? h->hint : 0,
                                .parts = h ? h->parts : 0,
                                .parts_all = h ? h->parts_all : 0,
                                .origin = sa->conn->origin};
    why.theirs = why.notify && slot->exchange == EXCHANGE_IKE_SA_INIT;
    if (why.theirs)
        why.code = reason_of_notify(why.notify, SHRIKE_REASON_NO_IKE_PROPOSAL);
    if (why.code == SHRIKE_REASON_NO_IKE_PROPOSAL && sa->conn->proposals_origin.file)
        why.origin = sa->conn->proposals_origin;
    if (!why.theirs)
        why.detail = octets_of(slot->message);
    return why;
}

void exchange_retransmit(struct shard *s, struct ike_sa *sa, struct slot *slot)
{
    struct turn t = {.shard = s, .sa = sa, .slot = slot};
    if (elsewhere_try(s, sa, slot))
        return;
    /* RFC 7296 2.4 (5): only silence tells that the peer is gone. */
    if (t.slot->tries >= sa->conn->retransmit_tries + early_sends(&t)) {
        t.reason = silence_of(sa, slot);
        ike_close(s, sa, &t.reason);
        return;
    }
    /* RFC 7296 2.1 (6, 7), 2.2 (1): the same octets again. */
    t.slot->tries++;
    s->stats.retransmits++;
    arm(&t);
    roam_unanswered(s, sa, slot);
    ladder_again(s, sa, t.slot->message);
    send_request(&t, t.slot->message);
    struct shrike_event *e = trace_ike(s, SHRIKE_EVENT_RETRANSMIT, sa);
    e->exchange = t.slot->exchange;
    e->message_id = t.slot->message_id;
    e->number = t.slot->tries;
}

void ike_close(struct shard *s, struct ike_sa *sa, const struct shrike_reason *why)
{
    if (sa->state == IKE_GONE)
        return;
    ike_close_first(s, sa, why);
    child_sweep(s, sa);
    internal_end(s, sa);
}

void ike_close_first(struct shard *s, struct ike_sa *sa, const struct shrike_reason *why)
{
    sa->told |= sa->spare;
    ike_rekey_closing(s, sa);
    tell_closed(s, sa, why);
    pending_release(s, sa->command_alive, why->code);
    pending_release(s, sa->command_down, SHRIKE_REASON_NONE);
    pending_release(s, sa->command_rekey, why->code);
    sa->command_alive = sa->command_down = sa->command_rekey = 0;
    reauth_closing(s, sa);
    again_lost(sa, why);
    peers_remove(s, sa);
    sa->ousts = OUST_NONE;
    sa->state = IKE_GONE; /* no child is wanted again */
    /* RFC 7296 1.4.1 (1): with the IKE SA all of its children go, both SAs of each. */
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
        child_die(sa, c, why->code);
    slots_end(s, sa);
    protect_forget(s, sa, 0);
    protect_forget(s, sa, 1);
    sa_end_handshake(s, sa);
    packet_drop(&s->packets, sa->keys); /* RFC 7296 2.12 (1): which wipes them */
    sa->keys = NULL;
    sa->wants = 0;
    sa->not_before = 0;
    sa->expires = s->now + GONE_TIME;
    sa->reap = !slots_remember(sa);
}
