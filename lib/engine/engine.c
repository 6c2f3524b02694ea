/* The engine: its inputs, one function each (shrike/shrike.h). engine_datagram() is the way of a
 * datagram; docs/TOUR.md walks along it. */
#include "base/ct.h"
#include "base/siphash.h"
#include "engine/command.h"
#include "engine/export.h"
#include "engine/gate.h"
#include "engine/import.h"
#include "engine/kernel.h"
#include "engine/outside.h"
#include "engine/view.h"
#include "exchange/exchange.h"
#include "exchange/idsync.h"
#include "exchange/init.h"
#include "exchange/reauth.h"
#include "exchange/roam.h"
#include "exchange/unique.h"
#include "exchange/wants.h"
#include "sa/child.h"
#include "sa/keys.h"
#include "sa/life.h"
#include "sa/protect.h"
#include "sa/trace.h"
#include "sa/twin.h"
#include "wire/grammar.h"

/* An SA whose time has come may send all fragments of a request, and close with some of its
 * children. */
enum { TICK_SAS = 4, TICK_ROOM = 80, REHOME_PER_TICK = 64 };

struct shrike {
    struct shard shard;
    struct gate gate;
    struct wake wake;
    struct outside outside;
    u32 told;   /* the place that shrike_changed() has named last */
    u32 rehome; /* SAs below this index look at the current configuration, if theirs is in it */
    size_t bytes;
};

struct shrike *shrike_new(const struct shrike_env *env, shrike_time now)
{
    struct page_source source = {.from = env->pages, .bytes_max = UINT64_MAX};
    struct shrike *e = page_take(&source, sizeof(struct shrike));
    if (!e)
        return NULL;
    if (!shard_init(&e->shard, env, now)) {
        page_give(&source, e, sizeof(struct shrike));
        return NULL;
    }
    e->wake.next = e->wake.roam = WAKE_NONE;
    outside_init(&e->outside);
    e->shard.source.bytes += source.bytes; /* of this very structure */
    return e;
}

void shrike_free(struct shrike *e)
{
    struct page_source source = e->shard.source;
    shard_free(&e->shard);
    wipe(e, sizeof(*e));
    page_give(&source, e, sizeof(struct shrike));
}

bool shrike_conf(struct shrike *e, const struct shrike_conf *conf)
{
    ring_input(&e->shard.ring);
    e->rehome = 0;
    return shard_conf(&e->shard, conf);
}

/* ---- every input begins and ends alike ---- */

static void input_begin(struct shrike *e, shrike_time now)
{
    e->shard.now = MAX(now, e->shard.now);
    ring_input(&e->shard.ring);
}

/* One deadline per SA. Lazy: a deadline that moved away is found out when its node goes off. */
static void timers_set(struct shard *s, struct ike_sa *sa)
{
    shrike_time due = sa_due(s, sa);
    if (due == SHRIKE_NEVER)
        heap_remove(&s->timers, &sa->timer);
    else if (sa->timer.place == 0 || due < sa->timer.key)
        heap_set(&s->timers, &sa->timer, due);
}

/* Look after an SA that an input has touched. */
static void settle(struct shrike *e, struct ike_sa *sa)
{
    struct shard *s = &e->shard;
    sa_changed(s, sa);
    move_settle(s, sa);
    unique_work(s, sa);
    wants_next(s, sa);
    reauth_settle(s, sa);
    child_sweep(s, sa);
    if (sa->reap && sa->dead == 0)
        sa_free(s, sa);
    else
        timers_set(s, sa);
}

static void input_end(struct shrike *e)
{
    arena_reset(&e->shard.scratch);
}

/* ---- datagrams ---- */

static struct ring_path path_of(const struct shrike_datagram *d)
{
    return (struct ring_path){d->local, d->remote, d->marker};
}

/* RFC 7296 2.1 (1, 2): a remembered reply, sent once more where the request came from. */
static bool replay(struct shard *s, const struct ike_sa *sa, struct packet *reply,
                   const struct shrike_datagram *d)
{
    struct ring_path path = path_of(d);
    ladder_in(s, sa, &path, bytes_of(d->data, d->len), NULL);
    ladder_again(s, sa, reply);
    ring_send(&s->ring, reply, &path);
    s->stats.replays++;
    return true;
}

/* The slot of a protected or first message, if the SA waits for it; NULL: drop it. *again: it is a
 * request that was answered, and the reply is there. */
static struct slot *slot_for(struct ike_sa *sa, const struct header *h, bool *again)
{
    *again = false;
    struct slot *slot = NULL;
    if (h->flags & FLAG_RESPONSE)
        return slot_of_response(sa, h);
    switch (window_request(&sa->window, h->message_id)) {
    case WINDOW_NEW: /* RFC 7296 2.3 (4): whatever we have asked for ourselves, the peer may ask. */
        return sa->state == IKE_GONE ? NULL : slot_for_request(sa, h->message_id);
    case WINDOW_SEEN:
        slot = slot_of_reply(sa, h->message_id);
        *again = slot != NULL;
        break;
    case WINDOW_STALE: /* RFC 7296 2.1 (5), 2.3 (9): neither what is forgotten nor what is out of
                        * the window is answered. */
        break;
    }
    return slot;
}

/* RFC 7296 2.21.2: in the middle of EAP, or between two rounds (RFC 4739), the initiator may say
 * that it goes no further. */
static bool in_eap(const struct ike_sa *sa, const struct header *h)
{
    return !sa->initiator && sa->state == IKE_AUTH && sa->handshake &&
           (sa->handshake->eap.phase != EAP_NOT || sa->handshake->eap.request) &&
           h->exchange == EXCHANGE_INFORMATIONAL && !(h->flags & FLAG_RESPONSE);
}

/* RFC 7296 1 (1): is this exchange one that the SA can have now? Nothing but IKE_AUTH before it is
 * authenticated. */
static bool admits(const struct ike_sa *sa, const struct header *h)
{
    switch (h->exchange) {
    case EXCHANGE_IKE_SA_INIT:
        return sa->state == IKE_INIT && (h->flags & FLAG_RESPONSE);
    case EXCHANGE_IKE_AUTH:
        return sa->state == IKE_AUTH && sa->initiator == ((h->flags & FLAG_RESPONSE) != 0);
    case EXCHANGE_CREATE_CHILD_SA:
    case EXCHANGE_INFORMATIONAL:
        /* RFC 7296 2.21.2: what the peer says to our rejecting it is all that it may say. */
        return sa->authenticated || fault(26) || in_eap(sa, h) ||
               (sa->state == IKE_CLOSING && (h->flags & FLAG_RESPONSE));
    default:
        return false;
    }
}

/* Does the header name this SA by both SPIs, and the sender by its role? */
static bool names(const struct ike_sa *sa, const struct header *h)
{
    bool from_initiator = (h->flags & FLAG_INITIATOR) != 0;
    u64 theirs = sa->initiator ? sa->spi_r : sa->spi_i;
    u64 said = sa->initiator ? h->spi_r : h->spi_i;
    return from_initiator != sa->initiator && (theirs == said || (theirs == 0 && sa->initiator));
}

/* Refuse what the grid does not allow: an answer that says so for a request, silence for a
 * response. */
static bool fits_grid(struct turn *t, const struct message *m, enum message_verdict read,
                      u8 payload)
{
    enum column column = read == MESSAGE_OK ? grammar_column(m) : COLUMN_COUNT;
    t->reason.detail = payload;
    switch (read) {
    case MESSAGE_OK:
        break;
    /* RFC 7296 2.5 (8), 2.21.2 (3): the whole message is refused, and the payload named. */
    case MESSAGE_CRITICAL:
        t->notify_octets[0] = payload;
        t->notify_data = bytes_of(t->notify_octets, 1);
        (void)turn_refuse(t, SHRIKE_REASON_CRITICAL_PAYLOAD, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD);
        return false;
    case MESSAGE_TOO_MANY:
        (void)turn_refuse(t, SHRIKE_REASON_TOO_MANY_PAYLOADS, NOTIFY_INVALID_SYNTAX);
        return false;
    case MESSAGE_SYNTAX:
        (void)turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
        return false;
    }
    /* RFC 7296 3.10.1 (4), 2.21.3 (1): what nothing else is said of. */
    (void)turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    if (column == COLUMN_COUNT || !notify_check(m))
        return false;
    switch (grammar_check(m, column, &payload)) {
    case GRAMMAR_OK:
        t->reason = (struct shrike_reason){0};
        return true;
    case GRAMMAR_UNEXPECTED:
        t->reason.code = SHRIKE_REASON_UNEXPECTED_PAYLOAD;
        break;
    case GRAMMAR_MISSING:
        t->reason.code = SHRIKE_REASON_MISSING_PAYLOAD;
        break;
    case GRAMMAR_TOO_MANY:
        t->reason.code = SHRIKE_REASON_TOO_MANY_PAYLOADS;
        break;
    }
    t->reason.detail = payload;
    return false;
}

/* The octets behind the header, walked; the message knows its header. */
static enum message_verdict read_chain(struct message *m, const u8 *base, struct bytes chain,
                                       u8 first, u8 *payload)
{
    return message_read(m, base, chain, first, payload);
}

/* A request is to be answered here. The peer has had the reply that was kept, or needs it no more.
 */
static void slot_begin(struct shard *s, struct slot *slot, const struct header *h, u64 hash)
{
    if (!fault(95))
        slot_free(s, slot);
    slot->exchange = h->exchange;
    slot->message_id = h->message_id;
    slot->hash = hash;
}

/* A stranger was admitted: make the SA and answer its IKE_SA_INIT. */
static bool welcome(struct shrike *e, const struct stranger *x, struct turn *t)
{
    struct shard *s = &e->shard;
    const struct shrike_datagram *d = x->datagram;
    struct ike_sa *sa = sa_new(s, false);
    if (!sa)
        return false;
    sa->spi_i = x->message->header.spi_i;
    sa->local = d->local;
    sa->remote = d->remote;
    sa->marker = d->marker;
    if (!gate_count(s, sa, x)) {
        sa_free(s, sa);
        return false;
    }
    slot_begin(s, &sa->theirs, &x->message->header, x->hash);
    window_accept(&sa->window, 0);
    counts_message(s, NULL, &x->message->header, true);
    if (t->malformed)
        counts_add(s, NULL, SHRIKE_COUNT_INVALID);
    ladder_in(s, sa, &t->path, t->datagram, x->message);
    t->sa = sa;
    t->slot = &sa->theirs;
    exchange_run(t);
    settle(e, sa);
    return true;
}

/* A first request that has its answer: the same again, as far as it is known. */
static bool asked_again(struct shard *s, struct ike_sa *sa, const struct shrike_datagram *d)
{
    if (sa->handshake)
        sa->handshake->again += sa->handshake->again < UINT8_MAX;
    return sa->theirs.message && replay(s, sa, sa->theirs.message, d);
}

/* A datagram for no SA of ours: the gate decides before anything is kept. */
static bool stranger(struct shrike *e, const struct shrike_datagram *d, const struct header *h)
{
    struct shard *s = &e->shard;
    struct message m;
    u8 payload;
    if (!gate_is_init(h)) {
        counts_add(s, NULL, SHRIKE_COUNT_INVALID_SPI);
        outside_stranger(&e->outside, s, d, h);
        return false;
    }
    struct bytes chain = bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE);
    enum message_verdict read = read_chain(&m, d->data, chain, h->next_payload, &payload);
    m.header = *h;
    struct stranger x = {.datagram = d, .message = &m};
    struct turn t = {.shard = s, .in = &m, .datagram = bytes_of(d->data, d->len)};
    t.path = path_of(d);
    t.malformed = d->len > INIT_MAX || !fits_grid(&t, &m, read, payload);
    switch (gate_admit(&e->gate, s, &x)) {
    case GATE_ADMIT:
        return welcome(e, &x, &t);
    case GATE_REPLAY:
        if (!t.malformed)
            gate_follow(s, &x);
        return asked_again(s, x.sa, d);
    case GATE_COOKIE:
        gate_send_cookie(s, &x);
        return true;
    case GATE_DROP:
        break;
    }
    return false;
}

/* A request whose reply is remembered. An identical datagram gets it for the price of a hash; one
 * that differs (RFC 7383 2.6.1: cut anew) only when it, or its first fragment, is authentic. */
static bool seen(struct shard *s, struct ike_sa *sa, const struct slot *slot,
                 const struct shrike_datagram *d, const struct header *h)
{
    struct bytes octets = bytes_of(d->data, d->len);
    bool same = siphash(s->hash_key, octets) == slot->hash;
    bool keyed = sa->state != IKE_GONE && sa->keys; /* a half-open one may have none yet */
    return (same || (keyed && protect_first(s, sa, octets, h))) && replay(s, sa, slot->message, d);
}

/* The payloads of a message for an SA: in the clear for IKE_SA_INIT, else out of SK. */
static bool unwrap(struct shard *s, struct ike_sa *sa, const struct shrike_datagram *d,
                   const struct header *h, struct opened *o)
{
    struct bytes octets = bytes_of(d->data, d->len);
    if (h->exchange == EXCHANGE_IKE_SA_INIT) {
        *o = (struct opened){
            .inner = bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE),
            .first = h->next_payload,
        };
        return d->len <= INIT_MAX;
    }
    if (!init_key(s, sa)) {
        struct shrike_reason why = {.code = SHRIKE_REASON_KE_INVALID};
        ike_close(s, sa, &why);
        return false;
    }
    switch (protect_open(s, sa, octets, h, o)) {
    case OPEN_OK:
        return true;
    case OPEN_MORE:
        return false;
    case OPEN_BAD:
    case OPEN_LIMIT:
        s->stats.dropped++;
        break;
    }
    return false;
}

/* RFC 6311: message IDs are agreed upon anew. */
static bool resync(struct shrike *e, struct ike_sa *sa, const struct shrike_datagram *d,
                   const struct header *h, const struct idsync *sync)
{
    struct turn t = {.shard = &e->shard, .sa = sa, .path = path_of(d)};
    if (!idsync_heed(&t, sync))
        return false;
    counts_message(&e->shard, sa, h, true);
    sa->heard = e->shard.now;
    settle(e, sa);
    return true;
}

/* He speaks IKEv1 only, and says so. */
static bool old_peer(struct shrike *e, const struct shrike_datagram *d, const struct header *h)
{
    struct ike_sa *sa = outside_old(&e->shard, d, h);
    if (sa)
        settle(e, sa);
    return sa != NULL;
}

/* The way of a datagram; false: it was dropped. */
static bool engine_datagram(struct shrike *e, const struct shrike_datagram *d)
{
    struct shard *s = &e->shard;
    struct header h;
    struct opened o;
    struct message m;
    struct idsync sync;
    bool again;
    u8 payload;
    enum header_verdict read = header_read(bytes_of(d->data, d->len), &h);
    if (read == HEADER_MAJOR) /* RFC 7296 2.5 (2) */
        outside_version(&e->outside, s, d, &h);
    if (read == HEADER_OLD && old_peer(e, d, &h))
        return true;
    if (read != HEADER_OK) {
        counts_add(s, NULL, SHRIKE_COUNT_INVALID);
        return false;
    }
    struct ike_sa *sa = shard_sa_by_spi(s, h.flags & FLAG_INITIATOR ? h.spi_r : h.spi_i);
    if (!sa)
        return stranger(e, d, &h); /* gate_admit() */
    if (!names(sa, &h) || outside_hint(s, sa, d, &h))
        return false;
    if (idsync_read(s, sa, bytes_of(d->data, d->len), &h, &sync))
        return resync(e, sa, d, &h, &sync);
    struct slot *slot = slot_for(sa, &h, &again); /* window_request() */
    if (again)
        return seen(s, sa, slot, d, &h);
    if (!slot || !admits(sa, &h))
        return false;
    if (unwrap(s, sa, d, &h, &o)) { /* protect_open() */
        const u8 *base = h.exchange == EXCHANGE_IKE_SA_INIT ? d->data : o.inner.at;
        enum message_verdict chain = read_chain(&m, base, o.inner, o.first, &payload);
        m.header = h;
        struct turn t = {.shard = s, .sa = sa, .slot = slot, .in = &m};
        t.datagram = bytes_of(d->data, d->len);
        t.path = path_of(d);
        t.malformed = !fits_grid(&t, &m, chain, payload);
        counts_message(s, sa, &h, true);
        ladder_in(s, sa, &t.path, t.datagram, &m);
        if (t.malformed)
            counts_add(s, sa, SHRIKE_COUNT_INVALID);
        if (h.flags & FLAG_RESPONSE) {
            slot->conclude = true;
        } else {
            slot_begin(s, slot, &h, o.hash);
            window_accept(&sa->window, h.message_id);
        }
        if (h.exchange != EXCHANGE_IKE_SA_INIT) {
            sa->heard = s->now;
            roam_heard(&t);
        }
        exchange_run(&t); /* then protect_seal(), the reply is remembered, ring_send() */
    }
    settle(e, sa); /* wants_next(), timers_set() */
    return true;
}

void shrike_datagram(struct shrike *e, shrike_time now, const struct shrike_datagram *d)
{
    input_begin(e, now);
    e->shard.stats.received++;
    /* RFC 7296 2 (1): as long as UDP can carry. */
    if (d->len > MESSAGE_MAX || !engine_datagram(e, d))
        e->shard.stats.dropped++;
    input_end(e);
}

/* ---- commands and answers ---- */

void shrike_command(struct shrike *e, shrike_time now, const struct shrike_command *command)
{
    struct commander c = {.shard = &e->shard};
    input_begin(e, now);
    command_run(&c, command);
    input_end(e);
}

void shrike_kernel(struct shrike *e, shrike_time now, const struct shrike_kernel_event *k)
{
    input_begin(e, now);
    if (k->kind == SHRIKE_SPI_UNKNOWN)
        outside_esp(&e->outside, &e->shard, k);
    else
        kernel_event(&e->wake, &e->shard, k);
    input_end(e);
}

void shrike_done(struct shrike *e, shrike_time now, struct shrike_token token,
                 const struct shrike_answer *answer)
{
    input_begin(e, now);
    struct ike_sa *sa =
        token.incarnation == e->shard.incarnation ? shard_sa_at(&e->shard, token.index) : NULL;
    struct slot *slot = sa && sa->serial == token.serial ? slot_of_question(sa, token.slot) : NULL;
    if (slot) {
        exchange_resume(&e->shard, sa, slot, answer);
        settle(e, sa);
    }
    input_end(e);
}

/* ---- time ---- */

static void tick_slots(struct shard *s, struct ike_sa *sa)
{
    struct shrike_answer late = {.ok = false, .reason = SHRIKE_REASON_OP_TIMEOUT};
    struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        if (ring_room(&s->ring) < TICK_ROOM)
            break; /* the next tick goes on */
        if (ours->awaiting && s->now >= ours->due)
            exchange_resume(s, sa, ours, &late);
        else if (ours->exchange && s->now >= ours->due)
            exchange_retransmit(s, sa, ours);
        if (theirs->awaiting && s->now >= theirs->due)
            exchange_resume(s, sa, theirs, &late);
    }
}

static void tick_life(struct shard *s, struct ike_sa *sa)
{
    life_tick(s, sa);
    twin_settle(s, sa);
    if (s->now >= sa->reauth_at && !sa->reauth && !(sa->wants & WANT_CLOSE) && !reauth_begin(s, sa))
        sa->rekey_at = MIN(sa->rekey_at, s->now);
}

/* A command has set the end. What can be told of it once, is: true, it is over. */
static bool tick_forced(struct shard *s, struct ike_sa *sa)
{
    struct shrike_reason why = {.code = SHRIKE_REASON_COMMAND};
    if (s->now < sa->forced)
        return false;
    if (sa->state == IKE_UP && !sa->last_word) {
        sa->last_word = true;
        sa->not_before = 0;
        return false;
    }
    ike_close(s, sa, &why);
    sa->forced = SHRIKE_NEVER;
    sa->reap = true;
    return true;
}

static void tick_sa(struct shard *s, struct ike_sa *sa)
{
    bool carries_on = sa->state == IKE_UP && !sa->spare && !sa->replaced;
    if (tick_forced(s, sa))
        return;
    if (carries_on)
        tick_life(s, sa);
    else if (s->now >= sa->expires) {
        struct shrike_reason why = {.code = SHRIKE_REASON_HALF_OPEN_TIMEOUT};
        why.exchange = sa->state == IKE_AUTH ? EXCHANGE_IKE_AUTH : 0;
        if (sa->theirs.awaiting) /* the peer has done what it could */
            why.code = SHRIKE_REASON_OP_TIMEOUT;
        if (sa->handshake) {
            why.again = sa->handshake->again;
            why.parts = sa->handshake->parts;
            why.parts_all = sa->handshake->parts_all;
            why.detail = why.parts_all ? sa->handshake->part_octets : 0;
        }
        ike_close(s, sa, &why);
        sa->reap = true;
        return;
    }
    tick_slots(s, sa);
    protect_expire(s, sa);
    if (sa->forget && s->now >= sa->forget) {
        /* RFC 7296 2.1 (5): from now on its request is ignored. */
        slots_forget_replies(s, sa);
        sa->forget = 0;
    }
    if (carries_on && sa->conn->dpd_delay && s->now >= sa->heard + sa->conn->dpd_delay &&
        !slot_of_want(sa, WANT_LIVENESS))
        sa->wants |= WANT_LIVENESS;
}

/* SAs whose connection stands unchanged in the new configuration move over to it, a few at a time;
 * the others stay with the one they know. */
static void rehome(struct shrike *e)
{
    struct shard *s = &e->shard;
    for (u32 n = 0; n < REHOME_PER_TICK && e->rehome < s->sas.cut; n++) {
        struct ike_sa *sa = shard_sa_at(s, e->rehome++);
        if (sa && sa->conn && !sa->handshake && sa->snapshot != s->current)
            sa_rehome(s, sa);
    }
}

void shrike_tick(struct shrike *e, shrike_time now)
{
    struct shard *s = &e->shard;
    input_begin(e, now);
    for (u32 n = 0; n < TICK_SAS; n++) {
        struct heap_node *node = heap_least(&s->timers);
        if (!node || node->key > s->now || ring_room(&s->ring) < TICK_ROOM)
            break;
        struct ike_sa *sa = list_item(node, struct ike_sa, timer);
        heap_remove(&s->timers, node);
        tick_sa(s, sa);
        settle(e, sa);
    }
    kernel_wake(&e->wake, s);
    outside_work(&e->outside, s);
    rehome(e);
    input_end(e);
}

shrike_time shrike_deadline(const struct shrike *e)
{
    const struct heap_node *node = heap_least(&e->shard.timers);
    if (e->wake.next != WAKE_NONE || e->wake.roam != WAKE_NONE || e->outside.next != OUTSIDE_IDLE ||
        e->rehome < e->shard.sas.cut)
        return e->shard.now;
    return node ? node->key : SHRIKE_NEVER;
}

/* ---- output ---- */

bool shrike_next(struct shrike *e, struct shrike_action *out)
{
    return ring_next(&e->shard.ring, out);
}

bool shrike_view_ike(const struct shrike *e, uint32_t *at, struct shrike_ike_view *out)
{
    return view_ike(&e->shard, at, out);
}

bool shrike_view_ike_of(const struct shrike *e, uint64_t spi_i, uint64_t spi_r,
                        struct shrike_ike_view *out)
{
    return view_ike_of(&e->shard, spi_i, out) || view_ike_of(&e->shard, spi_r, out);
}

bool shrike_view_grant(const struct shrike *e, uint64_t spi_i, uint64_t spi_r,
                       struct shrike_grant_view *out)
{
    return view_grant(&e->shard, spi_i, out) || view_grant(&e->shard, spi_r, out);
}

bool shrike_view_child(const struct shrike *e, uint32_t at, uint32_t ike, uint32_t after,
                       struct shrike_child_view *out)
{
    return view_child(&e->shard, at, ike, after, out);
}

bool shrike_view_conn(const struct shrike *e, uint32_t *at, const struct shrike_conn **out)
{
    return view_conn(&e->shard, at, out);
}

bool shrike_view_held(const struct shrike *e, uint32_t *at, uint32_t *serial)
{
    return view_held(&e->shard, at, serial);
}

/* ---- state is a value ---- */

static const struct ike_sa *ike_of(const struct shard *s, u32 place, u32 ike)
{
    const struct ike_sa *sa = shard_sa_at(s, place); /* where it was told of */
    for (u32 i = 0; (!sa || sa->serial != ike) && i < s->sas.cut; i++)
        sa = shard_sa_at(s, i);
    return sa && sa->serial == ike ? sa : NULL;
}

size_t shrike_export(const struct shrike *e, uint32_t ike, void *out, size_t size)
{
    const struct ike_sa *sa = ike_of(&e->shard, e->told, ike);
    return sa ? export_ike(&e->shard, sa, out, size) : 0;
}

bool shrike_changed(struct shrike *e, struct shrike_change *out)
{
    *out = (struct shrike_change){0};
    if (!changes_next(&e->shard.changes, e->shard.sas.cut, &out->place))
        return false;
    const struct ike_sa *sa = shard_sa_at(&e->shard, out->place);
    e->told = out->place;
    out->ike = sa ? sa->serial : 0;
    return true;
}

bool shrike_import(struct shrike *e, shrike_time made, const void *record, size_t len)
{
    input_begin(e, 0);
    bool good = import_ike(&e->shard, made, bytes_of(record, len));
    input_end(e);
    return good;
}

bool shrike_import_stale(struct shrike *e, const void *record, size_t len)
{
    input_begin(e, 0);
    bool good = import_stale(&e->shard, bytes_of(record, len));
    input_end(e);
    return good;
}

void shrike_stats(const struct shrike *e, struct shrike_stats *out)
{
    const struct shard *s = &e->shard;
    *out = s->stats;
    out->ike_sas = s->sas.live;
    out->half_open = s->half_open;
    out->child_sas = s->children.live;
    out->handshakes = s->handshakes.live;
    out->packets = packets_live(&s->packets);
    out->works = s->works.live;
    out->bytes_live = s->source.bytes_live;
    out->bytes_pages = s->source.bytes;
    out->allocations = s->source.allocations;
}

bool shrike_counts(const struct shrike *e, uint32_t *at, struct shrike_counts *out)
{
    return counts_next(&e->shard.counts, at, out);
}

bool shrike_counts_reset(struct shrike *e, const char *conn)
{
    return counts_reset(&e->shard, conn);
}

bool shrike_rung(struct shrike *e, struct shrike_rung *out)
{
    return ladder_next(&e->shard.ladder, out);
}

bool shrike_unsafe_keys(const struct shrike *e, uint32_t ike, uint8_t out[SHRIKE_KEYS_MAX],
                        size_t len[5])
{
    for (u32 i = 0; i < e->shard.sas.cut; i++) {
        const struct ike_sa *sa = shard_sa_at(&e->shard, i);
        if (!sa || !sa->keys || sa->serial != ike)
            continue;
        for (int j = 0; j < SK_COUNT; out += len[j], j++) {
            struct bytes key = keys_get(sa, (enum sa_key)j);
            memcpy(out, key.at, key.len);
            len[j] = key.len;
        }
        return true;
    }
    return false;
}
