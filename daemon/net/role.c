/* The role that speaks IKE: the engine, its sockets, and the mail of the other roles. It holds the
 * keys of the IKE SAs, reads what strangers send, and can open nothing. */
#include "net/drive.h"
#include "net/list.h"
#include "net/pools.h"
#include "net/tally.h"
#include "ops/seam.h"
#include "proc/seat.h"
#include <stdio.h>
#include <stdlib.h>

#define PUT_OUT_MAX (10 * SHRIKE_SECOND) /* for the peer to answer when it is put out */
#define QUIT_MAX    (2 * SHRIKE_SECOND)  /* for peers to hear that we go */
enum { STATS_MAX = 8192 };               /* octets of our numbers as octets */

struct net {
    struct drive drive;
    struct seat *seat;
    struct listings listings;
    struct hook hook;
    struct alarm late; /* at the end: no longer */
    bool ready;
    bool yields;         /* to another program: what has come is done, and no more */
    bool quitting, left; /* QUIT has come; DONE has been said */
    u32 walk;            /* at the end: no SA below this place */
    u64 refused;         /* mails that made no sense */
};

static void send_empty(struct net *n, u16 kind)
{
    (void)seat_send(n->seat, ROLE_PARENT, kind, bytes_of(NULL, 0));
}

/* ---- the end ---- */

/* SAs that peers know of: a delete is on its way or was not even asked for. */
static bool any_left(struct net *n)
{
    struct shrike_ike_view v;
    for (u32 at = n->walk; shrike_view_ike(n->drive.engine, &at, &v); n->walk = at)
        if (v.state != SHRIKE_IKE_CONNECTING)
            return true;
    return false;
}

static void leave(struct net *n)
{
    if (n->left)
        return;
    n->left = true;
    loop_disarm(n->seat->loop, &n->late);
    send_empty(n, MAIL_DONE);
}

static void too_late(void *ctx)
{
    leave(ctx);
}

static void quit(struct net *n)
{
    struct shrike_command all = {.kind = SHRIKE_DOWN};
    if (n->quitting)
        return;
    n->quitting = true;
    loop_alarm(n->seat->loop, &n->late, loop_now(n->seat->loop) + QUIT_MAX);
    drive_command(&n->drive, &all);
}

/* ---- a turn ---- */

static void tell_ready(struct net *n)
{
    if (n->ready || !n->drive.configured || n->drive.udp.socket_count == 0)
        return;
    n->ready = seat_send(n->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
}

static bool settle(void *ctx)
{
    struct net *n = ctx;
    bool more = drive_settle(&n->drive);
    if (n->drive.configured) /* before that it does not know what is in its records */
        more |= list_turn(&n->listings, n->drive.engine);
    tell_ready(n);
    if (n->yields)
        leave(n);
    accounts_settle(&n->drive.accounts);
    if (n->quitting && !n->left && !any_left(n) && accounts_said(&n->drive.accounts))
        leave(n);
    return more;
}

/* ---- mail ---- */

static bool got_socket(struct net *n, struct mail *m)
{
    struct mail_socket is;
    struct reader r = reader_of(m->body);
    if (!socket_read(&r, &is) || !read_ended(&r) || m->fd < 0)
        return false;
    if (is.kind == SOCKET_LOOKUP) {
        local_add(&n->drive.local, is.family, mail_take_fd(m));
        return true;
    }
    if (udp_add(&n->drive.udp, &is, mail_take_fd(m)))
        return true;
    seat_log(n->seat, SHRIKE_ERROR, "the socket of UDP port %u cannot be used", is.port);
    return false;
}

static bool got_key_file(struct net *n, struct mail *m)
{
    struct reader r = reader_of(m->body);
    u8 which = read_u8(&r);
    if (!read_ended(&r) || which >= KEYFILE_COUNT || m->fd < 0)
        return false;
    keyfile_set(&n->drive.keyfile, (enum keyfile_which)which, mail_take_fd(m));
    seat_log(n->seat, SHRIKE_WARNING, "keys of all %s SAs are written to a file",
             which == KEYFILE_IKE ? "IKE" : "ESP");
    return true;
}

static bool got_snapshot(struct net *n, const struct mail *m)
{
    if (m->fd >= 0 && drive_conf(&n->drive, m->fd))
        return true;
    seat_log(n->seat, SHRIKE_ERROR, "a configuration came that cannot be read; the old one stays");
    return false;
}

static bool got_command(struct net *n, const struct mail *m)
{
    struct shrike_command c;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    if (!command_read(&r, &c, &box) || !read_ended(&r))
        return false;
    if (!n->quitting)
        drive_command(&n->drive, &c);
    return true;
}

static bool got_pools(struct net *n, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    u8 leases = read_u8(&r);
    if (!read_ended(&r) || leases > 1)
        return false;
    pools_tell(n->seat, n->drive.desk.book, reference, leases == 1);
    return true;
}

/* "handshake_0" to "handshake_10": what took at most each bound and more than the one before. */
static void add_took(struct mail_stats *m, const struct shrike_latency took[SHRIKE_TOOK_COUNT])
{
    static const char *const names[SHRIKE_TOOK_COUNT] = {[SHRIKE_TOOK_HANDSHAKE] = "handshake",
                                                         [SHRIKE_TOOK_CHILD] = "child",
                                                         [SHRIKE_TOOK_CHILD_REKEY] = "child_rekey",
                                                         [SHRIKE_TOOK_IKE_REKEY] = "ike_rekey"};
    char name[32];
    for (unsigned k = 0; k < SHRIKE_TOOK_COUNT; k++) {
        for (unsigned i = 0; i <= SHRIKE_LATENCY_BOUNDS; i++) {
            snprintf(name, sizeof name, "%s_%u", names[k], i);
            stats_add(m, name, took[k].counts[i]);
        }
        snprintf(name, sizeof name, "%s_us", names[k]);
        stats_add(m, name, took[k].sum_us);
    }
}

static void add_engine_stats(struct mail_stats *m, const struct shrike *engine)
{
    struct shrike_stats s;
    shrike_stats(engine, &s);
    stats_add(m, "ike_sas", s.ike_sas);
    stats_add(m, "half_open", s.half_open);
    stats_add(m, "child_sas", s.child_sas);
    stats_add(m, "handshakes", s.handshakes);
    stats_add(m, "bytes_live", s.bytes_live);
    stats_add(m, "bytes_pages", s.bytes_pages);
    stats_add(m, "messages_in", s.received);
    stats_add(m, "messages_out", s.sent);
    stats_add(m, "messages_dropped", s.dropped);
    stats_add(m, "messages_refused", s.refused);
    stats_add(m, "retransmits", s.retransmits);
    stats_add(m, "replays", s.replays);
    stats_add(m, "cookies", s.cookies);
    add_took(m, s.took);
}

static void add_own_stats(struct mail_stats *m, const struct net *n)
{
    const struct drive *d = &n->drive;
    const struct udp_counts *u = &d->udp.counts;
    stats_add(m, "datagrams_in", u->received);
    stats_add(m, "datagrams_out", u->sent);
    stats_add(m, "datagrams_unsent", u->unsent);
    stats_add(m, "datagrams_odd", u->odd);
    stats_add(m, "keepalives", u->keepalives);
    stats_add(m, "strays", u->strays);
    stats_add(m, "strays_lost", d->strays_lost);
    stats_add(m, "ops", d->courier.posted);
    stats_add(m, "ops_failed", d->courier.failures);
    stats_add(m, "ops_waiting",
              d->courier.keys.count + d->courier.esp.count + d->courier.parent.count);
    stats_add(m, "leases", d->desk.count);
    stats_add(m, "accounts", d->accounts.count);
    stats_add(m, "accounts_lost", d->accounts.lost);
    stats_add(m, "ike_established", d->established);
    stats_add(m, "ike_failed", d->failed);
    stats_add(m, "events", d->events);
    stats_add(m, "events_lost", d->events_lost);
    stats_add(m, "records_written", d->records.written);
    stats_add(m, "records_octets", d->records.octets);
    stats_add(m, "mail_refused", n->refused);
}

static bool got_stats(struct net *n, const struct mail *m)
{
    u8 body[STATS_MAX];
    struct writer w = writer_of(body, sizeof body);
    struct mail_stats stats = {.count = 0};
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return false;
    add_engine_stats(&stats, n->drive.engine);
    add_own_stats(&stats, n);
    write_u32(&w, reference);
    stats_write(&w, &stats);
    if (!w.full)
        (void)seat_send(n->seat, ROLE_CONTROL, MAIL_STATS_ARE, written_bytes(&w));
    return true;
}

static bool got_answer(struct net *n, enum role from, const struct mail *m)
{
    struct shrike_token token;
    struct shrike_answer answer;
    struct reader r = reader_of(m->body);
    if (!answer_read(&r, &token, &answer) || !read_ended(&r))
        return false;
    drive_answer(&n->drive, from, token, &answer);
    return true;
}

static bool got_kernel(struct net *n, const struct mail *m)
{
    struct shrike_kernel_event k;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    if (!kernel_read(&r, &k, &box) || !read_ended(&r) || k.kind == SHRIKE_ADDRESSES)
        return false;
    if (!n->quitting)
        drive_kernel(&n->drive, &k);
    return true;
}

/* Of this host the parent speaks, of SAs esp. */
static bool got_addresses(struct net *n, const struct mail *m)
{
    struct shrike_kernel_event k;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    return kernel_read(&r, &k, &box) && read_ended(&r) && drive_addresses(&n->drive, &k);
}

static bool got_stray(struct net *n, const struct mail *m)
{
    struct mail_stray s;
    struct reader r = reader_of(m->body);
    if (!stray_read(&r, &s) || !read_ended(&r))
        return false;
    if (n->drive.configured) /* else the peer sends it again */
        udp_take(&n->drive.udp, &s);
    return true;
}

static bool got_journal(struct net *n, struct mail *m)
{
    if (m->fd < 0 || n->drive.configured)
        return false;
    if (!drive_journal(&n->drive, mail_take_fd(m)))
        seat_log(n->seat, SHRIKE_ERROR,
                 "the records of IKE SAs cannot be used: they would not outlive this process");
    return true;
}

static bool from_parent(struct net *n, struct mail *m)
{
    if (m->kind == MAIL_VAULT)
        return got_journal(n, m);
    if (m->kind == MAIL_SOCKET)
        return got_socket(n, m);
    if (m->kind == MAIL_KEY_FILE)
        return got_key_file(n, m);
    if (m->kind == MAIL_ADDRESSES)
        return got_addresses(n, m);
    if (m->kind == MAIL_ANSWER)
        return got_answer(n, ROLE_PARENT, m);
    if (m->kind == MAIL_YIELD) {
        n->yields = true;
        drive_yield(&n->drive);
    } else if (m->kind == MAIL_QUIT) {
        quit(n);
    }
    return m->kind == MAIL_QUIT || m->kind == MAIL_YIELD;
}

static bool from_control(struct net *n, const struct mail *m)
{
    if (m->kind == MAIL_SNAPSHOT)
        return got_snapshot(n, m);
    if (m->kind == MAIL_COMMAND)
        return got_command(n, m);
    if (m->kind == MAIL_LIST)
        return list_begin(&n->listings, m->body);
    if (m->kind == MAIL_POOLS)
        return got_pools(n, m);
    if (m->kind == MAIL_TALLY)
        return tally_got(n->seat, n->drive.engine, m);
    if (m->kind == MAIL_ANSWER)
        return got_answer(n, ROLE_CONTROL, m);
    if (m->kind == MAIL_TRACE || m->kind == MAIL_TRACE_END)
        return drive_trace(&n->drive, m);
    return m->kind == MAIL_STATS && got_stats(n, m);
}

static bool from_esp(struct net *n, const struct mail *m)
{
    if (m->kind == MAIL_KERNEL)
        return got_kernel(n, m);
    if (m->kind == MAIL_STRAY)
        return got_stray(n, m);
    if (m->kind == MAIL_COUNTED)
        return accounts_counted(&n->drive.accounts, m);
    return m->kind == MAIL_ANSWER && got_answer(n, ROLE_ESP, m);
}

/* A server of RADIUS may want somebody out. */
static bool from_eap(struct net *n, const struct mail *m)
{
    struct shrike_command down = {.kind = SHRIKE_DOWN, .forget = PUT_OUT_MAX};
    if (m->kind == MAIL_ANSWER)
        return got_answer(n, ROLE_EAP, m);
    if (m->kind != MAIL_ACCOUNT_ASK || !accounts_asked(&n->drive.accounts, m, &down.ike))
        return false;
    if (down.ike && !n->quitting)
        drive_command(&n->drive, &down);
    return true;
}

static void net_mail(void *self, enum role from, struct mail *m)
{
    struct net *n = self;
    bool right = false;
    if (from == ROLE_PARENT)
        right = from_parent(n, m);
    else if (from == ROLE_CONTROL)
        right = from_control(n, m);
    else if (from == ROLE_ESP)
        right = from_esp(n, m);
    else if (from == ROLE_EAP)
        right = from_eap(n, m);
    else if (from == ROLE_KEYS || from == ROLE_CERTS)
        right = m->kind == MAIL_ANSWER && got_answer(n, from, m);
    if (!right)
        n->refused++;
}

/* ---- roles that come and go ---- */

static void net_peer(void *self, enum role who, bool there)
{
    struct net *n = self;
    courier_peer(&n->drive.courier, who, there);
    accounts_peer(&n->drive.accounts, who, there);
    if (who == ROLE_CONTROL && !there) {
        list_clear(&n->listings);
        drive_trace_end(&n->drive);
    }
    if (who == ROLE_ESP && there && !n->quitting)
        drive_plane(&n->drive);
}

static u16 real_port(void *ctx, u16 port)
{
    return udp_port_out(ctx, port);
}

static void *net_start(struct seat *seat)
{
    struct net *n = calloc(1, sizeof *n);
    if (!n || !drive_open(&n->drive, seat)) {
        seat_log(seat, SHRIKE_ERROR, "net cannot start: no memory, or no cryptographic library");
        free(n);
        return NULL;
    }
    n->seat = seat;
    n->listings = (struct listings){.seat = seat, .port = real_port, .ctx = &n->drive.udp};
    n->late = (struct alarm){.ring = too_late, .ctx = n};
    n->hook = (struct hook){.settle = settle, .ctx = n};
    loop_hook(seat->loop, &n->hook);
    return n;
}

static void net_stop(void *self)
{
    struct net *n = self;
    loop_unhook(n->seat->loop, &n->hook);
    loop_disarm(n->seat->loop, &n->late);
    drive_close(&n->drive);
    free(n);
}

const struct role_type net_role = {ROLE_NET, net_start, net_mail, net_peer, net_stop};
