/* Numbers of all roles: see stats.h. */
#include "control/stats.h"
#include "control/control.h"
#include "ops/process.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 32768

static const enum role asked[] = {ROLE_PARENT, ROLE_NET, ROLE_ESP, ROLE_KEYS};

static u64 number(const struct mail_stats *m, const char *name)
{
    for (u16 i = 0; i < m->count; i++)
        if (strcmp(m->stats[i].name, name) == 0)
            return m->stats[i].value;
    return 0;
}

static void put_uptime(struct vici_writer *w, shrike_time running)
{
    char at[64];
    u64 s = running / SHRIKE_SECOND;
    time_t since = time(NULL) - (time_t)s;
    struct tm tm;
    vici_begin(w, "uptime");
    if (s >= 2 * 86400)
        snprintf(at, sizeof at, "%llu days", (unsigned long long)(s / 86400));
    else if (s >= 2 * 3600)
        snprintf(at, sizeof at, "%llu hours", (unsigned long long)(s / 3600));
    else if (s >= 2 * 60)
        snprintf(at, sizeof at, "%llu minutes", (unsigned long long)(s / 60));
    else
        snprintf(at, sizeof at, "%llu seconds", (unsigned long long)s);
    vici_put_text(w, "running", at);
    if (localtime_r(&since, &tm) && strftime(at, sizeof at, "%b %d %H:%M:%S %Y", &tm))
        vici_put_text(w, "since", at);
    vici_end(w);
}

/* Threads and their queues, which readers of this message expect: there are none. */
static void put_workers(struct vici_writer *w)
{
    static const char *const names[] = {"critical", "high", "medium", "low"};
    vici_begin(w, "workers");
    vici_put_u64(w, "total", ROLE_COUNT);
    vici_put_u64(w, "idle", ROLE_COUNT);
    vici_begin(w, "active");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        vici_put_u64(w, names[i], 0);
    vici_end(w);
    vici_end(w);
    vici_begin(w, "queues");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        vici_put_u64(w, names[i], 0);
    vici_end(w);
    vici_put_u64(w, "scheduled", 0);
}

/* Octets that this process has in memory now; 0: the system does not say. Of the others only this
 * one can look: they are shut in. */
static u64 resident(u64 pid)
{
    char text[128], *end;
    snprintf(text, sizeof text, "/proc/%llu/statm", (unsigned long long)pid);
    int fd = open(text, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[MAX(n, 0)] = '\0';
    (void)strtoull(text, &end, 10); /* of the address space */
    return strtoull(end, NULL, 10) * (u64)sysconf(_SC_PAGESIZE);
}

static void put_role(struct vici_writer *w, enum role r, const struct mail_stats *m)
{
    char name[32];
    snprintf(name, sizeof name, "shrike-%s", role_name(r));
    vici_begin(w, name);
    for (u16 i = 0; i < m->count; i++)
        vici_put_u64(w, m->stats[i].name, m->stats[i].value);
    if (m->count)
        vici_put_u64(w, "memory", resident(number(m, "pid")));
    vici_end(w);
}

static void put_own(struct vici_writer *w, const struct control *c)
{
    struct mail_stats own = {.count = 0};
    const struct config *config = c->model.merged;
    stats_add(&own, "connections", config ? config->conf.conn_count : 0);
    stats_add(&own, "connections_control", c->model.loaded_count);
    stats_add(&own, "secrets_control", c->shared.count);
    stats_add(&own, "names", c->names.count);
    stats_add(&own, "clients_turned_away", c->clients.turned_away);
    stats_add(&own, "client_events_lost", c->clients.server.lost);
    stats_add(&own, "mail_refused", c->refused);
    stats_add(&own, "uptime_s", (loop_now(c->seat->loop) - c->began) / SHRIKE_SECOND);
    stats_add_process(&own);
    put_role(w, ROLE_CONTROL, &own);
}

static void leave(struct stats_ask *a)
{
    loop_disarm(a->control->seat->loop, &a->alarm);
    a->ticket = 0;
}

static void answer(struct stats_ask *a)
{
    static u8 octets[ANSWER_MAX];
    struct control *c = a->control;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct bytes message = bytes_of(NULL, 0);
    put_uptime(&w, loop_now(c->seat->loop) - c->began);
    put_workers(&w);
    vici_begin(&w, "ikesas");
    vici_put_u64(&w, "total", number(&a->of[ROLE_NET], "ike_sas"));
    vici_put_u64(&w, "half-open", number(&a->of[ROLE_NET], "half_open"));
    vici_end(&w);
    vici_list_begin(&w, "plugins");
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++)
        vici_list_put(&w, bytes_of(role_name(r), strlen(role_name(r))));
    vici_list_end(&w);
    put_own(&w, c);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        put_role(&w, asked[i], &a->of[asked[i]]);
    if (!vici_written(&w, &message))
        message = bytes_of(NULL, 0);
    (void)vici_server_answer(&c->clients.server, a->ticket, message);
    leave(a);
}

static void too_late(void *ctx)
{
    answer(ctx);
}

static void ask(struct stats_ask *a)
{
    struct control *c = a->control;
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    a->reference = control_reference(c, REFERENCE_STATS);
    write_u32(&w, a->reference);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        if (seat_send(c->seat, asked[i], MAIL_STATS, written_bytes(&w)))
            a->waits |= 1u << asked[i];
    shrike_time wait = a->waits ? STATS_WAIT : 0;
    loop_alarm(c->seat->loop, &a->alarm, loop_now(c->seat->loop) + wait);
}

enum vici_reply stats_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    for (int i = 0; i < STATS_AT_ONCE; i++) {
        struct stats_ask *a = &c->stats.at[i];
        if (a->ticket)
            continue;
        *a = (struct stats_ask){
            .control = c, .ticket = r->ticket, .alarm = {.ring = too_late, .ctx = a}};
        ask(a);
        return VICI_REPLY_LATER;
    }
    return vici_refuse(w, "others ask for the same just now; try again");
}

static void arrived(struct stats_ask *a, enum role r)
{
    a->waits &= ~(1u << r);
    if (!a->waits)
        answer(a);
}

bool stats_got(struct control *c, enum role from, const struct mail *m)
{
    static struct mail_stats stats;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!stats_read(&r, &stats) || !read_ended(&r))
        return false;
    for (int i = 0; i < STATS_AT_ONCE; i++) {
        struct stats_ask *a = &c->stats.at[i];
        if (!a->ticket || a->reference != reference || !(a->waits & 1u << from))
            continue;
        a->of[from] = stats;
        arrived(a, from);
    }
    return true;
}

void stats_gone(struct control *c, enum role r)
{
    for (int i = 0; i < STATS_AT_ONCE; i++)
        if (c->stats.at[i].ticket && c->stats.at[i].waits & 1u << r)
            arrived(&c->stats.at[i], r);
}

void stats_cancel(struct control *c, vici_ticket ticket)
{
    for (int i = 0; i < STATS_AT_ONCE; i++)
        if (c->stats.at[i].ticket == ticket)
            leave(&c->stats.at[i]);
}

void stats_close(struct control *c)
{
    for (int i = 0; i < STATS_AT_ONCE; i++)
        if (c->stats.at[i].ticket)
            leave(&c->stats.at[i]);
}
