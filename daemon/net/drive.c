/* Drives the engine: see drive.h. */
#include "net/drive.h"
#include "base/ct.h"
#include "net/address.h"
#include "net/memory.h"
#include "ops/grant.h"
#include "ops/seam.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#define SAY_EVERY  (10 * SHRIKE_SECOND) /* lines about datagrams that cannot be sent */
#define EVENT_MAX  (2 * SEAM_OFFER_MAX + 16384)
#define ROOM_WANTS (CHANNEL_QUEUE_MAX / 2) /* of a queue: else what can be missed is left out */

/* ---- out of the engine ---- */

/* What belongs to a command, or tells of an SA, may use the whole queue; the rest half of it. */
static bool may_be_missed(const struct shrike_event *e)
{
    return e->command == 0 && shrike_event_level(e->id) >= SHRIKE_INFO;
}

static bool concerns_scripts(const struct drive *d, const struct shrike_event *e)
{
    return held_scripts(&d->held) &&
           (e->id == SHRIKE_EVENT_CHILD_UP || e->id == SHRIKE_EVENT_CHILD_DOWN ||
            e->id == SHRIKE_EVENT_CHILD_REKEYED);
}

static void send_event(struct drive *d, struct shrike_event *e)
{
    u8 body[EVENT_MAX];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_seen seen;
    e->local.port = udp_port_out(&d->udp, e->local.port);
    if (e->seen) {
        seen = *e->seen;
        seen.ike.local.port = udp_port_out(&d->udp, seen.ike.local.port);
        seen.ike_was.local.port = udp_port_out(&d->udp, seen.ike_was.local.port);
        e->seen = &seen;
    }
    event_write(&w, e);
    if (concerns_scripts(d, e) && !w.full &&
        !seat_send(d->seat, ROLE_PARENT, MAIL_UPDOWN, written_bytes(&w)))
        seat_log(d->seat, SHRIKE_WARNING,
                 "the parent does not hear of Child SA %u: its script, if "
                 "there is one, is not run",
                 e->child);
    bool room = !may_be_missed(e) || seat_room(d->seat, ROLE_CONTROL) > ROOM_WANTS;
    d->events++;
    if (!room || w.full || !seat_send(d->seat, ROLE_CONTROL, MAIL_EVENT, written_bytes(&w))) {
        d->events_lost++;
        return;
    }
    if (d->events_owned_up != d->events_lost) {
        seat_log(d->seat, SHRIKE_WARNING, "%llu events are missing here: they came too fast",
                 (unsigned long long)(d->events_lost - d->events_owned_up));
        d->events_owned_up = d->events_lost;
    }
}

static void tell(struct drive *d, struct shrike_event *e)
{
    bool written = true;
    d->established += e->id == SHRIKE_EVENT_IKE_UP;
    d->failed += e->id == SHRIKE_EVENT_IKE_FAILED;
    if (e->id == SHRIKE_EVENT_IKE_UP || e->id == SHRIKE_EVENT_IKE_REKEYED ||
        e->id == SHRIKE_EVENT_IKE_FAILED)
        written = keyfile_ike(&d->keyfile, d->engine, e->ike);
    if (!written)
        seat_log(d->seat, SHRIKE_ERROR, "the key file for IKE cannot be written; no more keys");
    accounts_event(&d->accounts, d->engine, e);
    send_event(d, e);
}

/* Leases are given out here: nobody else has to be asked. */
static void lease(struct drive *d, const struct shrike_op *op)
{
    struct mail_grant grant;
    bool granted = op->lease.grant.len > 0 && grant_read(op->lease.grant, &grant);
    struct shrike_answer a = desk_ask(&d->desk, &op->lease, granted ? &grant.gift : NULL);
    courier_answer(&d->courier, op, &a);
}

static void post(struct drive *d, struct shrike_op *op)
{
    if (op->kind == SHRIKE_LEASE) {
        lease(d, op);
        return;
    }
    if (op->kind == SHRIKE_LEASE_FREE) {
        desk_over(&d->desk, op->lease_over);
        return;
    }
    if (op->kind == SHRIKE_CHILD_INSTALL) {
        if (!keyfile_esp(&d->keyfile, &op->install))
            seat_log(d->seat, SHRIKE_ERROR, "the key file for ESP cannot be written; no more keys");
        op->install.local.port = udp_port_out(&d->udp, op->install.local.port);
    }
    if (op->kind == SHRIKE_CHILD_MOVE)
        op->move.local.port = udp_port_out(&d->udp, op->move.local.port);
    courier_post(&d->courier, loop_now(d->seat->loop), op);
}

/* Names of a configuration may stand in other actions of the same drain. */
static void give_back_unused(struct drive *d)
{
    for (u32 i = 0; i < d->unused_count; i++)
        held_unused(&d->held, d->unused[i]);
    d->unused_count = 0;
}

static void say_unsent(struct drive *d)
{
    shrike_time now = loop_now(d->seat->loop);
    char text[ADDRESS_TEXT];
    if (d->udp.failed && now >= d->may_say) {
        seat_log(d->seat, SHRIKE_WARNING, "cannot send to %s: %s",
                 address_text(&d->udp.failed_to, text), strerror(d->udp.failed));
        d->may_say = now + SAY_EVERY;
    }
    d->udp.failed = 0;
}

static void write_records(struct drive *d)
{
    bool before = d->records.failed;
    records_write(&d->records, d->engine, loop_now(d->seat->loop), d->plane);
    if (d->records.failed && !before)
        seat_log(d->seat, SHRIKE_ERROR,
                 "no memory for records of the IKE SAs: they would not outlive this process");
}

/* What the engine has sent and received since. */
static void take_rungs(struct drive *d)
{
    struct shrike_rung r;
    while (shrike_rung(d->engine, &r)) {
        r.local.port = udp_port_out(&d->udp, r.local.port);
        ladders_add(&d->ladders, &r);
        ladders_look(&d->ladders, d->engine, &r);
    }
}

static void drain(struct drive *d)
{
    struct shrike_action a;
    write_records(d);
    take_rungs(d);
    while (shrike_next(d->engine, &a)) {
        switch (a.kind) {
        case SHRIKE_SEND:
            udp_send(&d->udp, &a.send);
            break;
        case SHRIKE_OP:
            post(d, &a.op);
            break;
        case SHRIKE_EVENT:
            tell(d, &a.event);
            break;
        case SHRIKE_CONF_UNUSED:
            ensure(d->unused_count < DRIVE_UNUSED);
            d->unused[d->unused_count++] = a.conf;
            break;
        }
    }
    d->inputs = 0;
    give_back_unused(d);
    udp_flush(&d->udp);
    say_unsent(d);
}

/* ---- into the engine ---- */

/* Before each input: is a drain due? The time of the input. */
static shrike_time input(struct drive *d)
{
    if (d->inputs == SHRIKE_BATCH)
        drain(d);
    d->inputs++;
    return loop_now(d->seat->loop);
}

static void got_datagram(void *ctx, const struct shrike_datagram *datagram)
{
    struct drive *d = ctx;
    shrike_time now = input(d);
    shrike_datagram(d->engine, now, datagram);
}

/* ESP that came here goes to its process, but never at the price of ops. */
static void got_stray(void *ctx, const struct mail_stray *s)
{
    static u8 body[MAIL_BODY_MAX]; /* used by one call at a time */
    struct drive *d = ctx;
    struct writer w = writer_of(body, sizeof body);
    stray_write(&w, s);
    if (w.full || seat_room(d->seat, ROLE_ESP) < ROOM_WANTS ||
        !seat_send(d->seat, ROLE_ESP, MAIL_STRAY, written_bytes(&w)))
        d->strays_lost++;
}

static void take_aim(struct drive *d, const char *conn, u32 reqid)
{
    struct held_aim aim = {.conn = conn, .reqid = reqid, .udp = &d->udp, .local = &d->local};
    if (!held_take_aim(&d->held, &aim) && !reqid)
        seat_log(d->seat, SHRIKE_NOTICE, "connection %s: no route to the peer yet",
                 conn ? conn : "(all)");
}

void drive_command(struct drive *d, const struct shrike_command *c)
{
    if (c->kind == SHRIKE_UP)
        take_aim(d, c->conn, 0);
    shrike_time now = input(d);
    shrike_command(d->engine, now, c);
}

void drive_answer(struct drive *d, enum role from, struct shrike_token token,
                  const struct shrike_answer *a)
{
    if (!courier_answered(&d->courier, from, &token))
        return;
    shrike_time now = input(d);
    shrike_done(d->engine, now, token, a);
}

/* What was answered here, could not be delivered, or was lost with who had it; some, since answers
 * bring new ops. */
static void answer_done(struct drive *d, u32 some)
{
    struct shrike_token token;
    struct shrike_answer answer;
    for (u32 n = 0; n < some && courier_done(&d->courier, &token, &answer); n++) {
        shrike_time now = input(d);
        shrike_done(d->engine, now, token, &answer);
    }
}

void drive_kernel(struct drive *d, const struct shrike_kernel_event *k)
{
    if (k->kind == SHRIKE_PLANE_LOST)
        answer_done(d, COURIER_KEPT_MAX); /* before it has failed, nothing is made anew */
    if (k->kind == SHRIKE_ACQUIRE && k->reqid)
        take_aim(d, NULL, k->reqid);
    struct shrike_kernel_event known = *k;
    known.to.port = udp_port_in(&d->udp, k->to.port);
    shrike_time now = input(d);
    shrike_kernel(d->engine, now, &known);
}

/* ---- from the records ---- */

bool drive_journal(struct drive *d, int fd)
{
    return records_open(&d->records, fd);
}

static void well(void *ctx)
{
    struct drive *d = ctx;
    journal_well(&d->records.journal);
}

void drive_yield(struct drive *d)
{
    udp_deafen(&d->udp);
    if (d->configured)
        well(d);
}

/* All at once, and in one commit: until then, another net would find what we have found. */
static void import_all(struct drive *d)
{
    struct records *r = &d->records;
    u32 at = 0;
    if (records_doubtful(r)) {
        seat_log(d->seat, SHRIKE_ERROR,
                 "net has ended %d times with the same records: their IKE SAs are given up",
                 RECORDS_TRIES);
    } else {
        do {
            (void)input(d);
        } while (records_import(r, &at, d->engine));
        drain(d); /* what was being installed is taken back */
    }
    if (r->taken || r->refused)
        seat_log(d->seat, r->refused ? SHRIKE_WARNING : SHRIKE_NOTICE,
                 "%u IKE SAs go on from their records, %u cannot", r->taken, r->refused);
    d->plane = r->taken ? r->journal.plane : 0;
    records_read(r);
}

static void send_heir(struct drive *d, const struct mail_heir *m)
{
    static u8 body[8 + sizeof m->serials]; /* used by one call at a time */
    struct writer w = writer_of(body, sizeof body);
    heir_write(&w, m);
    if (w.full || !seat_send(d->seat, ROLE_ESP, MAIL_HEIR, written_bytes(&w)))
        seat_log(d->seat, SHRIKE_ERROR, "esp does not hear which Child SAs are still ours");
}

/* The Child SAs of a former net's that are ours; none, when esp is new as well. */
static void tell_esp(struct drive *d, bool known)
{
    static struct mail_heir m; /* used by one call at a time */
    u32 at = 0, serial;
    m.count = 0;
    m.last = false;
    while (known && shrike_view_held(d->engine, &at, &serial)) {
        if (m.count == MAIL_HEIR_MAX) {
            send_heir(d, &m);
            m.count = 0;
        }
        m.serials[m.count++] = serial;
    }
    m.last = true;
    send_heir(d, &m);
}

void drive_plane(struct drive *d)
{
    struct shrike_kernel_event lost = {.kind = SHRIKE_PLANE_LOST};
    u64 life = d->seat->lives[ROLE_ESP];
    bool same = d->plane == life;
    if (!d->configured || !seat_has(d->seat, ROLE_ESP))
        return;
    if (d->plane && !same)
        drive_kernel(d, &lost);
    d->plane = life;
    tell_esp(d, same);
}

/* Nobody was heard until now. */
static void begin(struct drive *d)
{
    import_all(d);
    accounts_import(&d->accounts, d->engine);
    d->configured = true;
    drive_plane(d);
    loop_alarm(d->seat->loop, &d->well, loop_now(d->seat->loop) + RECORDS_WELL);
    if (udp_listen(&d->udp) > 0)
        seat_log(d->seat, SHRIKE_ERROR, "sockets cannot be watched: no memory");
}

static void try_conf(struct drive *d)
{
    const struct shrike_conf *waiting = held_waiting(&d->held);
    if (!waiting)
        return;
    (void)input(d);
    held_retire(&d->held, d->engine);
    if (!shrike_conf(d->engine, waiting))
        return;
    held_give(&d->held);
    if (!d->configured)
        begin(d);
}

bool drive_conf(struct drive *d, int fd)
{
    if (!held_load(&d->held, fd))
        return false;
    const struct settings *set = held_settings(&d->held);
    if (!book_pools(d->desk.book, set->pools, set->pool_count))
        seat_log(d->seat, SHRIKE_ERROR, "no memory for pools: they stay as they were");
    try_conf(d); /* at once: commands for it may stand behind it */
    return true;
}

bool drive_addresses(struct drive *d, const struct shrike_kernel_event *k)
{
    return roam_take(&d->roam, k);
}

static void tell_addresses(struct drive *d)
{
    struct shrike_kernel_event k;
    if (d->configured && roam_tell(&d->roam, d->engine, &d->local, &k))
        drive_kernel(d, &k);
}

/* ---- who looks on ---- */

bool drive_trace(struct drive *d, const struct mail *m)
{
    bool right = watches_got(&d->watches, m);
    d->udp.capture = d->watches.capture;
    return right;
}

void drive_trace_end(struct drive *d)
{
    watches_clear(&d->watches);
    d->udp.capture = NULL;
}

/* ---- a turn ---- */

static bool is_due(const struct drive *d)
{
    return shrike_deadline(d->engine) <= loop_now(d->seat->loop);
}

static void wake(void *ctx)
{
    (void)ctx; /* the next settling does the work */
}

bool drive_settle(struct drive *d)
{
    bool waits = held_waiting(&d->held) != NULL;
    try_conf(d);
    tell_addresses(d);
    answer_done(d, SHRIKE_BATCH);
    for (int n = 0; n < DRIVE_TICKS && is_due(d); n++)
        shrike_tick(d->engine, input(d));
    drain(d);
    courier_settle(&d->courier, loop_now(d->seat->loop));
    watches_turn(&d->watches);
    shrike_time due = shrike_deadline(d->engine);
    if (due == SHRIKE_NEVER)
        loop_disarm(d->seat->loop, &d->alarm);
    else
        loop_alarm(d->seat->loop, &d->alarm, due);
    bool took = waits && !held_waiting(&d->held);
    return took || courier_has_done(&d->courier) || is_due(d);
}

/* ---- from the start to the end ---- */

/* Until the parent hands better ones: such sockets have no mark, so they see a route into a tunnel
 * where there is one to the peer's address. */
static void open_lookup(struct local *l)
{
    *l = (struct local){-1, -1};
    local_add(l, 4, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    local_add(l, 6, socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

static struct shrike *new_engine(struct drive *d)
{
    struct shrike_env env = {
        .provider = d->provider, .pages = memory_pages(), .limits = memory_limits(), .shards = 1};
    struct shrike *e = NULL;
    if (getrandom(env.seed, sizeof env.seed, 0) == (ssize_t)sizeof env.seed &&
        getrandom(&env.incarnation, sizeof env.incarnation, 0) == (ssize_t)sizeof env.incarnation)
        e = shrike_new(&env, loop_now(d->seat->loop));
    wipe(env.seed, sizeof env.seed);
    return e;
}

static bool open_desk(struct drive *d)
{
    u8 key[16];
    bool good = getrandom(key, sizeof key, 0) == (ssize_t)sizeof key && desk_open(&d->desk, key);
    wipe(key, sizeof key);
    return good;
}

bool drive_open(struct drive *d, struct seat *seat)
{
    memset(d, 0, sizeof *d);
    d->seat = seat;
    d->watches.seat = seat;
    d->watches.ladders = &d->ladders;
    d->udp.loop = seat->loop;
    d->udp.got = got_datagram;
    d->udp.stray = got_stray;
    d->udp.deaf = true;
    d->udp.ctx = d;
    d->alarm = (struct alarm){.ring = wake, .ctx = d};
    d->well = (struct alarm){.ring = well, .ctx = d};
    records_init(&d->records);
    courier_init(&d->courier, seat);
    accounts_open(&d->accounts, seat);
    keyfile_init(&d->keyfile);
    d->provider = provider_openssl_new();
    d->engine = d->provider && open_desk(d) ? new_engine(d) : NULL;
    if (d->engine) {
        open_lookup(&d->local);
        return true;
    }
    desk_close(&d->desk);
    if (d->provider)
        provider_openssl_free(d->provider);
    return false;
}

void drive_close(struct drive *d)
{
    loop_disarm(d->seat->loop, &d->alarm);
    loop_disarm(d->seat->loop, &d->well);
    udp_close(&d->udp);
    accounts_close(&d->accounts);
    drive_trace_end(d);
    local_close(&d->local);
    keyfile_close(&d->keyfile);
    records_close(&d->records);
    courier_free(&d->courier);
    shrike_free(d->engine);
    provider_openssl_free(d->provider);
    held_free(&d->held);
    desk_close(&d->desk);
    wipe(d, sizeof *d);
}
