/* Numbers of all roles: see stats.h. */
#include "control/stats.h"
#include "control/control.h"
#include <stdio.h>
#include <time.h>

#define ANSWER_MAX 32768

static const enum role asked[] = {ROLE_PARENT, ROLE_NET, ROLE_ESP, ROLE_KEYS, ROLE_CERTS, ROLE_EAP};

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

static const char *name_of(enum role r, const struct stats_ask *a)
{
    return role_name(seat_program(a->control->seat, r));
}

/* What the parent knows of the process of a role; there may be only one. */
static void put_process(struct vici_writer *w, enum role r, const struct stats_ask *a)
{
    static const char *const keys[][2] = {{"pid", "pid"}, {"cpu_us", "cpu_us"}, {"rss", "memory"}};
    const struct mail_stats *m = &a->of[ROLE_PARENT];
    const char *who = a->control->seat->options->one_process ? "parent" : name_of(r, a);
    char name[32];
    u64 pid = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        snprintf(name, sizeof name, "%s_%s", who, keys[i][0]);
        if (i == 0)
            pid = number(m, name);
        if (pid)
            vici_put_u64(w, keys[i][1], number(m, name));
    }
}

/* Its own numbers and those of its process; of the parent only these. */
static void put_role(struct vici_writer *w, enum role r, const struct stats_ask *a)
{
    char name[32];
    snprintf(name, sizeof name, "shrike-%s", name_of(r, a));
    vici_begin(w, name);
    for (u16 i = 0; r != ROLE_PARENT && i < a->of[r].count; i++)
        vici_put_u64(w, a->of[r].stats[i].name, a->of[r].stats[i].value);
    if (r == ROLE_CONTROL || a->of[r].count)
        put_process(w, r, a);
    vici_end(w);
}

static void count_own(struct mail_stats *own, const struct control *c)
{
    const struct config *config = c->model.merged;
    stats_add(own, "connections", config ? config->conf.conn_count : 0);
    stats_add(own, "connections_control", c->model.loaded_count);
    stats_add(own, "secrets_control", c->shared.count);
    stats_add(own, "names", c->names.count);
    stats_add(own, "clients_turned_away", c->clients.turned_away);
    stats_add(own, "client_events_lost", c->clients.server.lost);
    stats_add(own, "mail_refused", c->refused);
    stats_add(own, "uptime_s", (loop_now(c->seat->loop) - c->began) / SHRIKE_SECOND);
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
        vici_list_put(&w, bytes_of(name_of(r, a), strlen(name_of(r, a))));
    vici_list_end(&w);
    count_own(&a->of[ROLE_CONTROL], c);
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++)
        put_role(&w, r, a);
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
