/* The role that holds the keys of ESP: it carries packets between the TUN device and the network.
 */
#include "esp/cipher.h"
#include "esp/early.h"
#include "esp/handover.h"
#include "esp/inbound.h"
#include "esp/install.h"
#include "esp/outbound.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "plane/post.h"
#include "proc/seat.h"
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SAS_MAX   4096 /* inbound; as many as there may be policies */
#define TICK_EACH SHRIKE_SECOND

struct esp {
    struct seat *seat;
    struct plane *plane;
    struct installed installed;
    struct source tun;
    struct esp_source {
        struct source source;
        struct esp *esp;
        struct esp_socket *socket;
    } sockets[PLANE_SOCKETS];
    struct esp_source *full; /* its socket takes no more for now */
    struct alarm tick;
    struct early early;
    bool ready;
    u64 refused, unsaid; /* mail that made no sense; events and answers that net did not take */
};

/* What the worker tells. */

static void on_acquire(void *ctx, const struct esp_sa *sa, const struct inner *packet)
{
    struct esp *e = ctx;
    struct shrike_kernel_event k = {.kind = SHRIKE_ACQUIRE, .reqid = sa->reqid};
    trap_selectors(packet, &k.local, &k.remote);
    if (!traps_met(&e->installed.traps, sa->reqid, e->plane->now))
        return;
    if (!post_kernel(e->seat, &k))
        traps_untold(&e->installed.traps, sa->reqid);
}

static void on_life(void *ctx, const struct esp_sa *sa, enum esp_life life)
{
    struct esp *e = ctx;
    struct shrike_kernel_event k = {
        .kind = life == LIFE_HARD ? SHRIKE_EXPIRE_HARD : SHRIKE_EXPIRE_SOFT,
        .reqid = sa->reqid,
        .child_serial = sa->child_serial,
    };
    if (sa->child_serial != 0 && !post_kernel(e->seat, &k))
        e->unsaid++;
}

/* The peer sends by it, so it has it: we may, too. */
static void on_first(void *ctx, const struct esp_sa *sa)
{
    struct esp *e = ctx;
    installed_switch(&e->installed, sa->child_serial);
}

static void on_stray(void *ctx, const struct mail_stray *m)
{
    struct esp *e = ctx;
    if (!post_stray(e->seat, m))
        e->unsaid++; /* IKE sends again */
}

static void on_heard(void *ctx, const struct esp_sa *sa)
{
    struct esp *e = ctx;
    struct shrike_kernel_event k = {
        .kind = SHRIKE_HEARD, .reqid = sa->reqid, .child_serial = sa->child_serial};
    if (sa->child_serial != 0 && !post_kernel(e->seat, &k))
        e->unsaid++; /* then net asks the peer itself */
}

static void on_mapping(void *ctx, const struct esp_sa *sa, const struct arrival *a)
{
    struct esp *e = ctx;
    struct shrike_kernel_event k = {.kind = SHRIKE_MAPPING,
                                    .reqid = sa->reqid,
                                    .child_serial = sa->child_serial,
                                    .from = a->remote,
                                    .to = a->local};
    if (sa->child_serial != 0 && !post_kernel(e->seat, &k))
        e->unsaid++; /* the next packet tells again */
}

/* RFC 7296 1.5: the peer may have an SA that we lost. */
static void on_unknown(void *ctx, const struct arrival *a, u32 spi, size_t len)
{
    struct esp *e = ctx;
    struct shrike_kernel_event k = {
        .kind = SHRIKE_SPI_UNKNOWN, .spi = spi, .from = a->remote, .to = a->local};
    early_keep(&e->early, a, spi, e->plane->now);
    if (unknown_tell(&e->installed.unknown, spi, len, &a->local, e->plane->now) &&
        !post_kernel(e->seat, &k))
        e->unsaid++;
}

/* The turns of the worker. */

static struct esp_source *source_of(struct esp *e, const struct esp_socket *u)
{
    return &e->sockets[u - e->plane->sockets];
}

/* After something was sent: when a socket is full, wait for it and leave the TUN device alone, so
 * that its queue tells the senders. */
static void watch(struct esp *e)
{
    struct esp_socket *waits = outbound_waits_for(e->plane);
    struct esp_source *full = waits ? source_of(e, waits) : NULL;
    if (full == e->full)
        return;
    if (e->full)
        loop_watch(e->seat->loop, &e->full->source, EPOLLIN);
    if (full)
        loop_watch(e->seat->loop, &full->source, EPOLLIN | EPOLLOUT);
    if (e->plane->tun.fd >= 0)
        loop_watch(e->seat->loop, &e->tun, full ? 0 : EPOLLIN);
    e->full = full;
}

static void tun_ready(void *ctx, u32 events)
{
    struct esp *e = ctx;
    e->plane->now = loop_now(e->seat->loop);
    if (!(events & EPOLLIN)) {
        seat_log(e->seat, SHRIKE_ERROR, "the TUN device is gone");
        loop_watch(e->seat->loop, &e->tun, 0);
        return;
    }
    outbound_turn(e->plane);
    watch(e);
}

static void socket_ready(void *ctx, u32 events)
{
    struct esp_source *s = ctx;
    struct esp *e = s->esp;
    e->plane->now = loop_now(e->seat->loop);
    if (events & EPOLLERR)
        esp_socket_errors(s->socket);
    if (events & EPOLLIN)
        inbound_turn(e->plane, s->socket);
    if (events & EPOLLOUT) {
        outbound_turn(e->plane);
        watch(e);
    }
}

static void tick(void *ctx)
{
    struct esp *e = ctx;
    e->plane->now = loop_now(e->seat->loop);
    if (installed_tick(&e->installed, e->plane->now))
        loop_alarm(e->seat->loop, &e->tick, e->plane->now + TICK_EACH);
}

static void tick_soon(struct esp *e)
{
    loop_alarm(e->seat->loop, &e->tick, e->plane->now + TICK_EACH);
}

/* Mail. */

static bool got_tun(struct esp *e, struct mail *m)
{
    struct reader r = reader_of(m->body);
    u8 vnet_hdr = read_u8(&r);
    if (!read_ended(&r) || m->fd < 0)
        return false;
    loop_watch(e->seat->loop, &e->tun, 0);
    plane_take_tun(e->plane, mail_take_fd(m), vnet_hdr != 0);
    e->tun = (struct source){.fd = e->plane->tun.fd, .ready = tun_ready, .ctx = e};
    if (!e->full && !loop_watch(e->seat->loop, &e->tun, EPOLLIN))
        seat_log(e->seat, SHRIKE_ERROR, "the TUN device cannot be watched");
    if (!e->ready)
        e->ready = seat_send(e->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
    return true;
}

static bool got_socket(struct esp *e, struct mail *m)
{
    struct mail_socket is;
    struct reader r = reader_of(m->body);
    if (!socket_read(&r, &is) || !read_ended(&r) || m->fd < 0 || is.kind == SOCKET_IKE)
        return false;
    struct esp_source *at = source_of(e, plane_socket_place(e->plane, &is));
    loop_watch(e->seat->loop, &at->source, 0);
    struct esp_socket *u = plane_take_socket(e->plane, mail_take_fd(m), &is);
    if (!u) {
        seat_log(e->seat, SHRIKE_ERROR, "a socket for ESP cannot be used");
        return true;
    }
    at->socket = u;
    at->source.fd = u->fd;
    if (!loop_watch(e->seat->loop, &at->source, EPOLLIN))
        seat_log(e->seat, SHRIKE_ERROR, "a socket for ESP cannot be watched");
    return true;
}

static bool got_snapshot(struct esp *e, const struct mail *m)
{
    struct snapshot_copy *s = m->fd < 0 ? NULL : snapshot_load(m->fd);
    if (!s)
        return false;
    installed_conf(&e->installed, s);
    guard_conf(&e->installed.guard, s, e->plane->now);
    tick_soon(e);
    return true;
}

/* What came in before the peer's delete did still belongs to the SA that goes: the delete took
 * another way, through net, and has overtaken it. */
static void take_what_is_there(struct esp *e)
{
    enum { TURNS = 8 };
    for (int i = 0; i < PLANE_SOCKETS; i++) {
        u64 before = e->plane->received + 1;
        for (int n = 0; n < TURNS && e->sockets[i].source.fd >= 0; n++) {
            if (e->plane->received == before)
                break;
            before = e->plane->received;
            inbound_turn(e->plane, e->sockets[i].socket);
        }
    }
}

/* What came before it was there is taken now, and counted once more. */
static void install(struct esp *e, const struct shrike_op *op)
{
    struct arrival a;
    struct rules_verdict v;
    if (!installed_allows(&e->installed, &op->install, &v) ||
        !installed_add(&e->installed, &op->install, &v)) {
        e->unsaid += !post_answer(e->seat, op->token, false);
        return;
    }
    answers_add(&e->installed.answers, op->token, e->plane->now);
    for (int n = 0; n < EARLY_MAX; n++) {
        if (!early_take(&e->early, op->install.in.spi, e->plane->now, &a))
            break;
        inbound_stray(e->plane, &a);
    }
}

static bool got_op(struct esp *e, const struct mail *m)
{
    struct shrike_op op;
    struct seam_box box;
    struct mail_count carried;
    struct reader r = reader_of(m->body);
    if (!op_read(&r, &op, &box) || !read_ended(&r))
        return false;
    if (m->kind == MAIL_REMOVE && op.kind == SHRIKE_CHILD_REMOVE) {
        take_what_is_there(e);
        installed_count(&e->installed, op.remove.child_serial, &carried);
        post_counts(e->seat, ROLE_CONTROL, 0, &carried, 1);
        post_counts(e->seat, ROLE_NET, 0, &carried, 1);
        installed_remove(&e->installed, op.remove.child_serial);
    } else if (m->kind == MAIL_SWITCH && op.kind == SHRIKE_CHILD_SWITCH) {
        installed_switch(&e->installed, op.change.child_serial);
    } else if (m->kind == MAIL_MOVE && op.kind == SHRIKE_CHILD_MOVE) {
        installed_move(&e->installed, &op.move);
        watch(e); /* what is sealed already leaves by another socket now */
    } else if (m->kind == MAIL_INSTALL && op.kind == SHRIKE_CHILD_INSTALL) {
        install(e, &op);
    } else {
        return false;
    }
    tick_soon(e);
    return true;
}

/* ESP that net's socket took; it is decrypted in a place of our own. */
static bool got_stray(struct esp *e, const struct mail *m)
{
    struct mail_stray stray;
    struct reader r = reader_of(m->body);
    if (!stray_read(&r, &stray) || stray.data.len > TUN_PACKET_MAX)
        return false;
    memcpy(e->plane->super, stray.data.at, stray.data.len);
    struct arrival a = {.local = stray.local,
                        .remote = stray.remote,
                        .at = e->plane->super,
                        .len = stray.data.len,
                        .size = stray.data.len,
                        .tos = stray.tos};
    inbound_stray(e->plane, &a);
    return true;
}

static bool got_count(struct esp *e, enum role from, const struct mail *m)
{
    struct mail_count counts[MAIL_COUNTS_MAX];
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    u16 count = read_u16(&r);
    if (r.bad || count > MAIL_COUNTS_MAX)
        return false;
    for (u16 i = 0; i < count; i++)
        installed_count(&e->installed, read_u32(&r), &counts[i]);
    if (!read_ended(&r))
        return false;
    post_counts(e->seat, from, reference, counts, count);
    return true;
}

static bool got_traffic(struct esp *e, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return false;
    ledger_ask(&e->installed.ledger, reference);
    return true;
}

static bool got_stats(struct esp *e, const struct mail *m)
{
    struct mail_stats stats = {.count = 0};
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return false;
    stats_add(&stats, "children", e->installed.pairs.count);
    stats_add(&stats, "traps", e->installed.traps.count);
    stats_add(&stats, "sends", e->plane->sends);
    stats_add(&stats, "arrivals", e->plane->received);
    for (int i = 0; i < ESP_DROP_COUNT; i++)
        stats_add(&stats, esp_drop_word((enum esp_drop)i),
                  esp_counted(&e->plane->counters, (enum esp_drop)i));
    stats_add(&stats, "forbidden", e->installed.guard.forbidden);
    stats_add(&stats, "mail_refused", e->refused);
    stats_add(&stats, "mail_lost", e->unsaid + e->installed.answers.unsaid);
    post_stats(e->seat, reference, &stats);
    return true;
}

/* Another program takes over: nothing is sent or received here from now on. */
static bool yield(struct esp *e)
{
    loop_disarm(e->seat->loop, &e->tick);
    loop_watch(e->seat->loop, &e->tun, 0);
    for (int i = 0; i < PLANE_SOCKETS; i++)
        loop_watch(e->seat->loop, &e->sockets[i].source, 0);
    outbound_flush(e->plane);
    guard_yield(&e->installed.guard, e->plane->now);
    int fd = handover_write(&e->installed);
    if (fd < 0 || !seat_send_fd(e->seat, ROLE_PARENT, MAIL_STATE, bytes_of(NULL, 0), fd))
        seat_log(e->seat, SHRIKE_ERROR, "no memory to hand the Child SAs on: they are made anew");
    if (fd >= 0)
        close(fd);
    return seat_send(e->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static bool got_state(struct esp *e, const struct mail *m)
{
    if (m->fd < 0 || e->installed.pairs.count > 0)
        return false;
    if (!handover_read(&e->installed, m->fd))
        seat_log(e->seat, SHRIKE_ERROR,
                 "not all Child SAs of the program before could be taken over: others are deleted");
    tick_soon(e);
    return true;
}

static bool got_routed(struct esp *e, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 number = read_u32(&r);
    if (!read_ended(&r))
        return false;
    answers_routed(&e->installed.answers, number);
    return true;
}

static bool from_parent(struct esp *e, struct mail *m)
{
    if (m->kind == MAIL_ROUTED)
        return got_routed(e, m);
    if (m->kind == MAIL_VAULT && m->fd >= 0) {
        guard_vault(&e->installed.guard, mail_take_fd(m), e->plane->now);
        return true;
    }
    if (m->kind == MAIL_SNAPSHOT) /* of one that has died; control sends those to come */
        return got_snapshot(e, m);
    if (m->kind == MAIL_STATE)
        return got_state(e, m);
    if (m->kind == MAIL_ROUTES) {
        installed_routes(&e->installed);
        return true;
    }
    if (m->kind == MAIL_YIELD)
        return yield(e);
    if (m->kind == MAIL_TUN)
        return got_tun(e, m);
    if (m->kind == MAIL_SOCKET)
        return got_socket(e, m);
    if (m->kind == MAIL_QUIT)
        return seat_send(e->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
    return false;
}

static bool from_control(struct esp *e, const struct mail *m)
{
    if (m->kind == MAIL_SNAPSHOT)
        return got_snapshot(e, m);
    if (m->kind == MAIL_COUNT)
        return got_count(e, ROLE_CONTROL, m);
    if (m->kind == MAIL_TRAFFIC)
        return got_traffic(e, m);
    return m->kind == MAIL_STATS && got_stats(e, m);
}

static bool got_heir(struct esp *e, const struct mail *m)
{
    static struct mail_heir heir; /* used by one call at a time */
    struct reader r = reader_of(m->body);
    if (!heir_read(&r, &heir))
        return false;
    u32 orphans = installed_heir(&e->installed, &heir);
    if (orphans > 0)
        seat_log(e->seat, SHRIKE_NOTICE, "%u Child SAs carry on without their IKE SAs", orphans);
    tick_soon(e);
    return true;
}

static bool from_net(struct esp *e, const struct mail *m)
{
    if (m->kind == MAIL_STRAY)
        return got_stray(e, m);
    if (m->kind == MAIL_HEIR)
        return got_heir(e, m);
    if (m->kind == MAIL_COUNT)
        return got_count(e, ROLE_NET, m);
    return (m->kind == MAIL_INSTALL || m->kind == MAIL_REMOVE || m->kind == MAIL_SWITCH ||
            m->kind == MAIL_MOVE) &&
           got_op(e, m);
}

static void esp_mail(void *self, enum role from, struct mail *m)
{
    struct esp *e = self;
    e->plane->now = loop_now(e->seat->loop);
    bool taken = (from == ROLE_PARENT && from_parent(e, m)) ||
                 (from == ROLE_CONTROL && from_control(e, m)) ||
                 (from == ROLE_NET && from_net(e, m));
    e->refused += !taken;
    if (!taken && from == ROLE_NET)
        guard_nonsense(&e->installed.guard, e->plane->now);
}

/* A new net says which SAs of the one before it knows. All carry on, those that it does not know
 * until it has made others in their place. */
static void esp_peer(void *self, enum role who, bool there)
{
    struct esp *e = self;
    if (who != ROLE_NET || !there)
        return;
    /* Of a configuration control tells before net goes by it. */
    seat_hear_first(e->seat, ROLE_CONTROL, ROLE_NET);
    installed_new_net(&e->installed);
}

static void esp_stop(void *self)
{
    struct esp *e = self;
    loop_disarm(e->seat->loop, &e->tick);
    loop_watch(e->seat->loop, &e->tun, 0);
    for (int i = 0; i < PLANE_SOCKETS; i++)
        loop_watch(e->seat->loop, &e->sockets[i].source, 0);
    installed_close(&e->installed);
    plane_free(e->plane);
    free(e);
}

static void *esp_start(struct seat *seat)
{
    struct esp *e = calloc(1, sizeof(*e));
    struct plane_events events = {on_acquire, on_life,    on_first,   on_stray,
                                  on_heard,   on_mapping, on_unknown, e};
    struct plane *plane = e ? plane_new(SAS_MAX, &events) : NULL;
    if (!plane) {
        seat_log(seat, SHRIKE_ERROR, "esp cannot start: no memory");
        free(e);
        return NULL;
    }
    cipher_begin();
    e->seat = seat;
    e->plane = plane;
    plane->now = loop_now(seat->loop);
    e->tick.ring = tick;
    e->tick.ctx = e;
    for (int i = 0; i < PLANE_SOCKETS; i++)
        e->sockets[i] = (struct esp_source){
            .source = {.fd = -1, .ready = socket_ready, .ctx = &e->sockets[i]}, .esp = e};
    installed_open(&e->installed, seat, plane);
    return e;
}

const struct role_type esp_role = {ROLE_ESP, esp_start, esp_mail, esp_peer, esp_stop};
