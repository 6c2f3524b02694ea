/* The role that has the kernel's IPsec in its hands, in the seat of the data plane: it has the
 * right to (CAP_NET_ADMIN), and no other one. */
#include "ops/seam.h"
#include "plane/post.h"
#include "xfrm/count.h"
#include "xfrm/event.h"
#include "xfrm/heritage.h"
#include "xfrm/leftover.h"
#include "xfrm/move.h"
#include "xfrm/watch.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 64 };

struct xfrm {
    struct seat *seat;
    struct stock stock;
    struct watch watch;
    struct source events;
    struct alarm tick;
    bool ticks;  /* the alarm is set */
    bool looked; /* what a life before has left is known */
    bool ready;
    u64 refused, unsaid; /* mail that made no sense; answers that net did not take */
    u64 lost;            /* times that events of the kernel were lost */
};

static void tick(void *ctx)
{
    struct xfrm *x = ctx;
    shrike_time now = loop_now(x->seat->loop);
    x->ticks = watch_tick(&x->watch, &x->stock, now);
    if (x->ticks)
        loop_alarm(x->seat->loop, &x->tick, now + WATCH_EACH);
}

/* One that is due is not put off, however much there is to do. */
static void tick_soon(struct xfrm *x)
{
    if (!x->ticks)
        loop_alarm(x->seat->loop, &x->tick, loop_now(x->seat->loop) + WATCH_EACH);
    x->ticks = true;
}

/* ---- the kernel ---- */

static void events_ready(void *ctx, u32 events)
{
    static _Alignas(8) u8 octets[KERNEL_EVENT_MAX]; /* one thread */
    struct xfrm *x = ctx;
    struct event e;
    size_t len;
    bool lost, any = false;
    (void)events;
    for (int n = 0; n < EVENTS_PER_TURN && kernel_happening(&x->stock.kernel, octets, &len, &lost);
         n++) {
        x->lost += lost;
        any |= lost;
        int left = (int)len;
        for (const struct nlmsghdr *h = (const void *)octets; mnl_nlmsg_ok(h, left);
             h = mnl_nlmsg_next(h, &left)) {
            happening_read(h, &e);
            watch_event(&x->stock, &e, loop_now(x->seat->loop));
        }
    }
    if (any)
        watch_lost(&x->stock, loop_now(x->seat->loop));
}

/* ---- mail ---- */

/* Before anything is put in, and behind what the program before has handed on. */
static void look_for_leftovers(struct xfrm *x)
{
    if (x->looked)
        return;
    x->looked = true;
    u32 left = leftover_adopt(&x->stock, loop_now(x->seat->loop));
    if (left > 0)
        seat_log(x->seat, SHRIKE_NOTICE,
                 "%u SAs and policies of a life before carry on until others are there", left);
}

static bool got_snapshot(struct xfrm *x, const struct mail *m)
{
    struct snapshot_copy *s = m->fd < 0 ? NULL : snapshot_load(m->fd);
    if (!s)
        return false;
    look_for_leftovers(x);
    stock_conf(&x->stock, s);
    guard_conf(&x->stock.guard, s, loop_now(x->seat->loop));
    tick_soon(x);
    if (!x->ready)
        x->ready = seat_send(x->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
    return true;
}

static bool got_socket(struct xfrm *x, struct mail *m)
{
    struct mail_socket is;
    struct reader r = reader_of(m->body);
    if (!socket_read(&r, &is) || !read_ended(&r) || m->fd < 0 || is.kind != SOCKET_NAT_T)
        return false;
    int *at = &x->watch.sockets[is.family == 6];
    if (*at >= 0)
        close(*at);
    *at = mail_take_fd(m);
    return true;
}

static void install(struct xfrm *x, const struct shrike_op *op)
{
    shrike_time now = loop_now(x->seat->loop);
    struct rules_verdict v;
    if (stock_allows(&x->stock, &op->install, &v, now) &&
        stock_add(&x->stock, &op->install, &v, now))
        answers_add(&x->stock.answers, op->token, now);
    else
        x->unsaid += !post_answer(x->seat, op->token, false);
}

static void count(struct xfrm *x, u32 serial, struct mail_count *out)
{
    struct child *child = children_find(&x->stock.children, serial);
    *out = (struct mail_count){.child_serial = serial};
    if (!child)
        return;
    count_children(&x->stock, &child, 1, loop_now(x->seat->loop));
    count_fold(&x->stock, child);
    *out = child->count;
    out->child_serial = serial;
}

static void take_out(struct xfrm *x, const struct shrike_remove_op *op)
{
    struct mail_count carried;
    count(x, op->child_serial, &carried);
    post_counts(x->seat, ROLE_CONTROL, 0, &carried, 1);
    post_counts(x->seat, ROLE_NET, 0, &carried, 1);
    stock_remove(&x->stock, op->child_serial, loop_now(x->seat->loop));
}

static bool got_op(struct xfrm *x, const struct mail *m)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    if (!op_read(&r, &op, &box) || !read_ended(&r))
        return false;
    if (m->kind == MAIL_REMOVE && op.kind == SHRIKE_CHILD_REMOVE)
        take_out(x, &op.remove);
    else if (m->kind == MAIL_SWITCH && op.kind == SHRIKE_CHILD_SWITCH)
        stock_switch(&x->stock, op.change.child_serial);
    else if (m->kind == MAIL_MOVE && op.kind == SHRIKE_CHILD_MOVE)
        stock_move(&x->stock, &op.move, loop_now(x->seat->loop));
    else if (m->kind == MAIL_INSTALL && op.kind == SHRIKE_CHILD_INSTALL)
        install(x, &op);
    else
        return false;
    tick_soon(x);
    return true;
}

static bool got_count(struct xfrm *x, enum role from, const struct mail *m)
{
    static struct mail_count counts[MAIL_COUNTS_MAX]; /* used by one call at a time */
    struct child *some[COUNT_AT_ONCE];
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    u16 n = read_u16(&r), asked = 0;
    if (r.bad || n > MAIL_COUNTS_MAX)
        return false;
    for (u16 at = 0; at < n; at++) {
        counts[at] = (struct mail_count){.child_serial = read_u32(&r)};
        struct child *child = children_find(&x->stock.children, counts[at].child_serial);
        if (child)
            some[asked++] = child;
        if (asked < COUNT_AT_ONCE && (at + 1 < n || asked == 0))
            continue;
        count_children(&x->stock, some, asked, loop_now(x->seat->loop));
        asked = 0;
    }
    if (!read_ended(&r))
        return false;
    for (u16 at = 0; at < n; at++) {
        const struct child *child = children_find(&x->stock.children, counts[at].child_serial);
        u32 serial = counts[at].child_serial;
        if (child)
            counts[at] = child->count;
        counts[at].child_serial = serial;
    }
    post_counts(x->seat, from, reference, counts, n);
    return true;
}

static bool got_traffic(struct xfrm *x, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return false;
    count_traffic(&x->stock, reference, loop_now(x->seat->loop));
    return true;
}

static bool got_stats(struct xfrm *x, const struct mail *m)
{
    struct mail_stats stats = {.count = 0};
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return false;
    stats_add(&stats, "children", x->stock.children.count);
    stats_add(&stats, "policies", x->stock.spd.count);
    stats_add(&stats, "traps", x->stock.standing.count);
    stats_add(&stats, "letters", x->stock.kernel.letters);
    stats_add(&stats, "round_trips", x->stock.kernel.sends);
    stats_add(&stats, "letters_refused", x->stock.failed);
    stats_add(&stats, "sas_moved", x->stock.moved);
    stats_add(&stats, "events_lost", x->lost);
    stats_add(&stats, "forbidden", x->stock.guard.forbidden);
    stats_add(&stats, "mail_refused", x->refused);
    stats_add(&stats, "mail_lost", x->unsaid + x->stock.answers.unsaid);
    post_stats(x->seat, reference, &stats);
    return true;
}

/* Another program takes over; the kernel goes on by itself. */
static bool yield(struct xfrm *x)
{
    loop_disarm(x->seat->loop, &x->tick);
    x->ticks = true; /* and stays away */
    guard_yield(&x->stock.guard, loop_now(x->seat->loop));
    int fd = stock_leave(&x->stock);
    if (fd < 0 || !seat_send_fd(x->seat, ROLE_PARENT, MAIL_STATE, bytes_of(NULL, 0), fd))
        seat_log(x->seat, SHRIKE_ERROR, "no memory to hand the Child SAs on: they are made anew");
    if (fd >= 0)
        close(fd);
    return seat_send(x->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static bool got_state(struct xfrm *x, const struct mail *m)
{
    if (m->fd < 0 || x->looked)
        return false;
    if (!stock_inherit(&x->stock, m->fd))
        seat_log(
            x->seat, SHRIKE_ERROR,
            "not all Child SAs of the program before could be taken over: others are made anew");
    look_for_leftovers(x);
    tick_soon(x);
    return true;
}

static bool quit(struct xfrm *x)
{
    look_for_leftovers(x); /* they go, too */
    if (!fault(249))
        stock_clear(&x->stock);
    return seat_send(x->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static bool got_routed(struct xfrm *x, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 number = read_u32(&r);
    if (!read_ended(&r))
        return false;
    answers_routed(&x->stock.answers, number);
    return true;
}

static bool from_parent(struct xfrm *x, struct mail *m)
{
    if (m->kind == MAIL_ROUTED)
        return got_routed(x, m);
    if (m->kind == MAIL_VAULT && m->fd >= 0) {
        guard_vault(&x->stock.guard, mail_take_fd(m), loop_now(x->seat->loop));
        return true;
    }
    if (m->kind == MAIL_SNAPSHOT) /* of one that has died; control sends those to come */
        return got_snapshot(x, m);
    if (m->kind == MAIL_STATE)
        return got_state(x, m);
    if (m->kind == MAIL_ROUTES) {
        stock_routes(&x->stock);
        return true;
    }
    if (m->kind == MAIL_SOCKET)
        return got_socket(x, m);
    if (m->kind == MAIL_YIELD)
        return yield(x);
    return m->kind == MAIL_TUN || (m->kind == MAIL_QUIT && quit(x));
}

static bool from_control(struct xfrm *x, const struct mail *m)
{
    if (m->kind == MAIL_SNAPSHOT)
        return got_snapshot(x, m);
    if (m->kind == MAIL_COUNT)
        return got_count(x, ROLE_CONTROL, m);
    if (m->kind == MAIL_TRAFFIC)
        return got_traffic(x, m);
    return m->kind == MAIL_STATS && got_stats(x, m);
}

static bool got_heir(struct xfrm *x, const struct mail *m)
{
    static struct mail_heir heir; /* used by one call at a time */
    struct reader r = reader_of(m->body);
    if (!heir_read(&r, &heir))
        return false;
    u32 orphans = stock_heir(&x->stock, &heir, loop_now(x->seat->loop));
    if (orphans > 0)
        seat_log(x->seat, SHRIKE_NOTICE, "%u Child SAs carry on without their IKE SAs", orphans);
    tick_soon(x);
    return true;
}

static bool from_net(struct xfrm *x, const struct mail *m)
{
    if (m->kind == MAIL_HEIR)
        return got_heir(x, m);
    if (m->kind == MAIL_COUNT)
        return got_count(x, ROLE_NET, m);
    return (m->kind == MAIL_INSTALL || m->kind == MAIL_REMOVE || m->kind == MAIL_SWITCH ||
            m->kind == MAIL_MOVE) &&
           got_op(x, m);
}

static void xfrm_mail(void *self, enum role from, struct mail *m)
{
    struct xfrm *x = self;
    bool taken = (from == ROLE_PARENT && from_parent(x, m)) ||
                 (from == ROLE_CONTROL && from_control(x, m)) ||
                 (from == ROLE_NET && from_net(x, m));
    x->refused += !taken;
    if (!taken && from == ROLE_NET)
        guard_nonsense(&x->stock.guard, loop_now(x->seat->loop));
}

/* A new net says which SAs of the one before it knows. */
static void xfrm_peer(void *self, enum role who, bool there)
{
    struct xfrm *x = self;
    if (who != ROLE_NET || !there)
        return;
    /* Of a configuration control tells before net goes by it. */
    seat_hear_first(x->seat, ROLE_CONTROL, ROLE_NET);
    stock_new_net(&x->stock);
}

static void xfrm_stop(void *self)
{
    struct xfrm *x = self;
    loop_disarm(x->seat->loop, &x->tick);
    loop_watch(x->seat->loop, &x->events, 0);
    for (size_t i = 0; i < ARRAY_LEN(x->watch.sockets); i++)
        if (x->watch.sockets[i] >= 0)
            close(x->watch.sockets[i]);
    stock_close(&x->stock);
    kernel_close(&x->stock.kernel);
    free(x);
}

static void *xfrm_start(struct seat *seat)
{
    struct xfrm *x = calloc(1, sizeof *x);
    if (!x || !kernel_open(&x->stock.kernel, true)) {
        seat_log(seat, SHRIKE_ERROR, "xfrm cannot start: %s", strerror(x ? errno : ENOMEM));
        free(x);
        return NULL;
    }
    x->seat = seat;
    x->watch.sockets[0] = x->watch.sockets[1] = -1;
    x->tick = (struct alarm){.ring = tick, .ctx = x};
    stock_open(&x->stock, seat);
    x->events = (struct source){.fd = x->stock.kernel.events, .ready = events_ready, .ctx = x};
    if (!loop_watch(seat->loop, &x->events, EPOLLIN))
        seat_log(seat, SHRIKE_ERROR, "the kernel's events cannot be watched");
    return x;
}

const struct role_type xfrm_role = {ROLE_ESP, xfrm_start, xfrm_mail, xfrm_peer, xfrm_stop};
