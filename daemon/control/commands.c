/* The table of commands, and events: see commands.h. */
#include "control/commands.h"
#include "control/algorithms.h"
#include "control/control.h"
#include "control/sas.h"
#include "proc/line.h"
#include <stdio.h>
#include <sys/utsname.h>

#define LINE_MESSAGE_MAX  (LOG_TEXT_MAX + 1024)
#define EVENT_MESSAGE_MAX 65536 /* two Child SAs with all selectors that there may be */

/* ---- lines ---- */

static void put_line(struct vici_writer *w, const struct log_line *line)
{
    char at[48];
    vici_put_text(w, "group", log_group_name(line->group));
    vici_put_u64(w, "level", log_vici_level(line->level));
    if (line->conn[0])
        vici_put_text(w, "ikesa-name", line->conn);
    if (line->ike) /* some readers look for this spelling */
        vici_put_u64(w, "ikesa-uniqueid", line->ike);
    snprintf(at, sizeof at, "%llu.%03u", (unsigned long long)(line->when_us / 1000000),
             (unsigned)(line->when_us / 1000 % 1000));
    vici_put_text(w, "time", at);
    vici_put_text(w, "severity", line_level(line->level));
    vici_put_text(w, "msg", line->text);
}

static bool line_message(u8 octets[LINE_MESSAGE_MAX], const struct log_line *line,
                         struct bytes *message)
{
    struct vici_writer w = vici_writer_of(octets, LINE_MESSAGE_MAX);
    put_line(&w, line);
    return vici_written(&w, message);
}

void commands_line(struct control *c, const struct log_line *line)
{
    u8 octets[LINE_MESSAGE_MAX];
    struct bytes message;
    if (vici_server_wanted(&c->clients.server, SERVED_LOG) && line_message(octets, line, &message))
        vici_server_event(&c->clients.server, SERVED_LOG, message);
}

void commands_stream_line(struct control *c, vici_ticket ticket, enum served event,
                          const struct log_line *line)
{
    u8 octets[LINE_MESSAGE_MAX];
    struct bytes message;
    if (line_message(octets, line, &message))
        (void)vici_server_stream(&c->clients.server, ticket, (unsigned)event, message);
}

/* All that are kept fit into what may wait for a client. */
static enum vici_reply shrike_log(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    struct bytes text = vici_value(r->message, "count");
    u32 count = text.len ? 0 : LOG_RING, from = 0;
    const struct log_line *line;
    (void)w;
    for (size_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        count = MIN(count * 10 + (text.at[i] - '0'), LOG_RING);
    if (c->log.count > count)
        from = c->log.count - count;
    while ((line = log_kept(&c->log, from++)) != NULL)
        commands_stream_line(c, r->ticket, SERVED_LOG, line);
    return VICI_REPLY_NOW;
}

/* ---- what becomes of SAs ---- */

void commands_alert(struct control *c, const struct shrike_event *e, const struct log_line *line)
{
    u8 octets[LINE_MESSAGE_MAX];
    struct bytes message;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (!vici_server_wanted(&c->clients.server, SERVED_ALERT))
        return;
    vici_put_text(&w, "type", shrike_event_name(e->id));
    put_line(&w, line);
    if (vici_written(&w, &message))
        vici_server_event(&c->clients.server, SERVED_ALERT, message);
}

/* Which event of ours tells of this one; SERVED_COUNT: none. */
static enum served served_of(enum shrike_event_id id)
{
    static const struct {
        enum shrike_event_id id;
        enum served event;
    } rows[] = {
        {SHRIKE_EVENT_IKE_UP, SERVED_IKE_UPDOWN},
        {SHRIKE_EVENT_IKE_DOWN, SERVED_IKE_UPDOWN},
        {SHRIKE_EVENT_CHILD_UP, SERVED_CHILD_UPDOWN},
        {SHRIKE_EVENT_CHILD_DOWN, SERVED_CHILD_UPDOWN},
        {SHRIKE_EVENT_IKE_REKEYED, SERVED_IKE_REKEY},
        {SHRIKE_EVENT_IKE_MOVED, SERVED_IKE_UPDATE},
        {SHRIKE_EVENT_CHILD_REKEYED, SERVED_CHILD_REKEY},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].id == id)
            return rows[i].event;
    return SERVED_COUNT;
}

bool commands_wants(struct control *c, const struct shrike_event *e)
{
    enum served event = served_of(e->id);
    return event != SERVED_COUNT && vici_server_wanted(&c->clients.server, event);
}

void commands_event(struct control *c, const struct shrike_event *e,
                    const struct mail_count *counts)
{
    static u8 octets[EVENT_MESSAGE_MAX];
    const shrike_time now = loop_now(c->seat->loop);
    struct bytes message;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    enum served event = served_of(e->id);
    if (!commands_wants(c, e))
        return;
    if (e->id == SHRIKE_EVENT_IKE_UP || e->id == SHRIKE_EVENT_CHILD_UP)
        vici_put_text(&w, "up", "yes");
    if (event == SERVED_IKE_REKEY || event == SERVED_CHILD_REKEY)
        sas_put_rekey(&w, e, counts, now);
    else if (event == SERVED_IKE_UPDATE)
        sas_put_update(&w, e, now);
    else
        sas_put_event(&w, e, counts, now);
    if (vici_written(&w, &message))
        vici_server_event(&c->clients.server, event, message);
}

/* ---- commands ---- */

static enum vici_reply version(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct utsname u;
    (void)ctx, (void)r;
    vici_put_text(w, "daemon", "shriked");
    vici_put_text(w, "version", SHRIKE_VERSION);
    if (uname(&u) == 0) {
        vici_put_text(w, "sysname", u.sysname);
        vici_put_text(w, "release", u.release);
        vici_put_text(w, "machine", u.machine);
    }
    return VICI_REPLY_NOW;
}

static enum vici_reply reload_settings(void *ctx, const struct vici_request *r,
                                       struct vici_writer *w)
{
    struct control *c = ctx;
    char why[REPORT_FILE + REPORT_TEXT + 32];
    (void)r;
    bool good = control_reload(c);
    vici_put_text(w, "success", good ? "yes" : "no");
    for (u32 i = 0; !good && i < c->report.count; i++) {
        const struct config_line *l = &c->report.lines[i];
        if (!l->error)
            continue;
        snprintf(why, sizeof why, "%s:%u: %s", l->file, l->line, l->text);
        vici_put_text(w, "errmsg", why);
        break;
    }
    return VICI_REPLY_NOW;
}

static enum vici_reply initiate(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    return tasks_initiate(ctx, r, w);
}

static enum vici_reply terminate(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    return tasks_terminate(ctx, r, w);
}

static enum vici_reply rekey(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    return tasks_rekey(ctx, r, w);
}

static enum vici_reply redirect(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    return tasks_redirect(ctx, r, w);
}

static enum vici_reply list_sas(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct sas_filter f;
    const char *why = sas_filter_read(&f, r->message);
    if (!why && listing_begin(ctx, r->ticket, &f, false))
        return VICI_REPLY_LATER;
    return vici_refuse(w, why ? why : "there is no memory for a list");
}

static const struct vici_command commands[] = {
    {"version", version},
    {"stats", stats_command},
    {"reload-settings", reload_settings},
    {"initiate", initiate},
    {"terminate", terminate},
    {"rekey", rekey},
    {"install", policies_install},
    {"uninstall", policies_uninstall},
    {"redirect", redirect},
    {"list-sas", list_sas},
    {"list-policies", walk_policies},
    {"list-conns", walk_conns},
    {"get-conns", conns_get},
    {"list-certs", walk_certs},
    {"list-authorities", authorities_list},
    {"get-authorities", authorities_get},
    {"load-conn", conns_load},
    {"unload-conn", conns_unload},
    {"load-cert", certs_load},
    {"load-key", certs_load_key},
    {"unload-key", certs_unload_key},
    {"get-keys", certs_get_keys},
    {"load-token", certs_load_token},
    {"load-shared", shared_load},
    {"unload-shared", shared_unload},
    {"get-shared", shared_get},
    {"flush-certs", certs_flush},
    {"clear-creds", shared_clear},
    {"load-authority", authorities_load},
    {"unload-authority", authorities_unload},
    {"load-pool", pools_load},
    {"unload-pool", pools_unload},
    {"get-pools", pools_get},
    {"get-algorithms", algorithms_get},
    {"get-counters", counters_get},
    {"reset-counters", counters_reset},
    {"shrike-log", shrike_log},
    {"shrike-why", failures_command},
    {"shrike-reload", reload_command},
    {"shrike-trace", ladders_command},
    {"shrike-upgrade", upgrade_command},
};

static const char *const events[SERVED_COUNT] = {
    [SERVED_LOG] = "log",
    [SERVED_CONTROL_LOG] = "control-log",
    [SERVED_LIST_SA] = "list-sa",
    [SERVED_LIST_POLICY] = "list-policy",
    [SERVED_LIST_CONN] = "list-conn",
    [SERVED_LIST_CERT] = "list-cert",
    [SERVED_LIST_AUTHORITY] = "list-authority",
    [SERVED_IKE_UPDOWN] = "ike-updown",
    [SERVED_CHILD_UPDOWN] = "child-updown",
    [SERVED_IKE_REKEY] = "ike-rekey",
    [SERVED_IKE_UPDATE] = "ike-update",
    [SERVED_CHILD_REKEY] = "child-rekey",
    [SERVED_FAILURE] = "shrike-failure",
    [SERVED_ALERT] = "alert",
    [SERVED_LADDER] = "shrike-ladder",
    [SERVED_DATAGRAM] = "shrike-datagram",
};

const struct vici_service *commands_service(struct control *c)
{
    static struct vici_service service;
    service = (struct vici_service){
        .commands = commands,
        .events = events,
        .command_count = ARRAY_LEN(commands),
        .event_count = SERVED_COUNT,
        .ctx = c,
    };
    return &service;
}

void commands_go_on(struct control *c, vici_ticket ticket)
{
    listing_goes_on(c, ticket);
    walk_goes_on(c, ticket);
}

void commands_cancel(struct control *c, vici_ticket ticket)
{
    tasks_cancel(c, ticket);
    listing_cancel(c, ticket);
    walk_cancel(c, ticket);
    stats_cancel(c, ticket);
    asks_cancel(c, ticket);
    certs_cancel(c, ticket);
    upgrade_cancel(c, ticket);
}
