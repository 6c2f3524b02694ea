/* The role that knows the configuration, without its secrets: it reads the files, serves the
 * control socket, resolves names, has children called up, and writes the log. */
#include "control/commands.h"
#include "control/control.h"
#include "control/render.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the log ---- */

static void sink(void *ctx, const struct log_line *line)
{
    struct control *c = ctx;
    sinks_line(&c->sinks, line);
    if (log_keeps(&c->log, line))
        commands_line(c, line);
}

void control_say(struct control *c, enum shrike_level level, const char *format, ...)
{
    struct log_line line = {.level = level, .group = log_group_of_role(ROLE_CONTROL)};
    va_list args;
    if (!log_may_say(&c->log, log_kind_of_role(ROLE_CONTROL), &line))
        return;
    va_start(args, format);
    vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    log_say(&c->log, &line);
}

static void say_report_line(struct control *c, const struct config_line *l, bool sparing)
{
    struct log_line line = {.level = l->error ? SHRIKE_ERROR : SHRIKE_WARNING,
                            .group = log_group_of_role(ROLE_CONTROL)};
    struct text t = text_of(line.text, sizeof line.text);
    if (sparing && !l->error && !log_may_say(&c->log, log_kind_of_role(ROLE_CONTROL), &line))
        return;
    render_name(&t, l->file);
    if (l->line) {
        text_char(&t, ':');
        text_u64(&t, l->line);
    }
    text_str(&t, ": ");
    render_name(&t, l->text);
    log_say(&c->log, &line);
}

void control_say_report(struct control *c, const struct config_report *r, bool sparing)
{
    for (u32 i = 0; i < r->count; i++)
        say_report_line(c, &r->lines[i], sparing);
    if (r->errors + r->warnings > r->count)
        control_say(c, SHRIKE_WARNING, "and %u more errors and warnings",
                    r->errors + r->warnings - r->count);
}

/* ---- references ---- */

u32 control_reference(struct control *c, enum reference_kind kind)
{
    c->serial = (c->serial + 1) & ((1u << REFERENCE_SHIFT) - 1);
    return (u32)kind << REFERENCE_SHIFT | c->serial;
}

enum reference_kind control_reference_kind(u32 reference)
{
    u32 kind = reference >> REFERENCE_SHIFT;
    return kind <= REFERENCE_KEYS ? (enum reference_kind)kind : REFERENCE_NONE;
}

/* ---- the configuration ---- */

const struct config *control_config(struct control *c)
{
    static struct config_report report; /* c->report may be in use */
    if (c->model.merged || !c->model.files)
        return c->model.merged;
    model_merge(&c->model, &report);
    control_say_report(c, &report, true);
    creds_join(c, c->model.merged);
    if (!names_use(&c->names, c->model.merged))
        control_say(c, SHRIKE_ERROR, "there are more than %d names: some are not resolved",
                    NAMES_MAX);
    policies_use(&c->policies, c->model.merged);
    start_look(c);
    return c->model.merged;
}

bool control_reload(struct control *c)
{
    return reload_files(c);
}

/* At the start every line goes to who started us, with its place first. */
static void print_report(const struct config_report *r)
{
    for (u32 i = 0; i < r->count; i++)
        if (r->lines[i].error)
            fprintf(stderr, "%s:%u: error: %s\n", r->lines[i].file, r->lines[i].line,
                    r->lines[i].text);
    if (r->errors > REPORT_LINES)
        fprintf(stderr, "%u errors in all\n", r->errors);
    fflush(stderr);
}

static void read_first(struct control *c)
{
    const struct config_files from = reload_from(c);
    if (model_read(&c->model, &from, &c->report)) {
        sinks_use(&c->sinks, &c->model.files->settings, c->log.levels);
        control_say_report(c, &c->report, false);
        publish_secrets(c);
        return;
    }
    print_report(&c->report);
    (void)seat_send(c->seat, ROLE_PARENT, MAIL_FATAL, bytes_of(NULL, 0));
}

static void name_changed(void *ctx, const char *name, const struct resolved *answer)
{
    struct control *c = ctx;
    char at[64];
    struct text t = text_of(at, sizeof at);
    if (answer->ok) {
        text_addr(&t, answer->addrs[0].octets, answer->addrs[0].family);
        control_say(c, SHRIKE_INFO, "%s is %s%s", name, at, answer->count > 1 ? " and others" : "");
        model_touch(&c->model);
        publish_soon(c);
    } else {
        control_say(c, SHRIKE_WARNING, "no address for %s: %s; asked again in %u s", name,
                    answer->why, answer->ttl_s);
        failures_name(c, name, answer->why);
    }
    (void)tasks_look(c);
}

/* ---- mail of the parent ---- */

static void restore(void *ctx, struct bytes key, struct bytes value)
{
    policies_restore(ctx, key, value);
    failures_restore(ctx, key, value);
    creds_restore(ctx, key, value);
    certs_restore(ctx, key);
    authorities_restore(ctx, key, value);
    if (key.len > 7 && memcmp(key.at, "shared:", 7) == 0)
        shared_restore(ctx, bytes_of(key.at + 7, key.len - 7), value);
}

static bool got_vault(struct control *c, struct mail *m)
{
    const struct vault_reader others = {.record = restore, .ctx = c};
    if (m->fd < 0)
        return false;
    if (!model_restore(&c->model, mail_take_fd(m), &others, &c->report))
        control_say(c, SHRIKE_ERROR,
                    "the vault cannot be used: connections that come over the "
                    "control socket will not outlive this process");
    if (c->model.loaded_count)
        control_say(c, SHRIKE_NOTICE,
                    "%u connections and pools of the control socket are there again",
                    c->model.loaded_count);
    publish_release(c);
    return true;
}

static bool got_log_file(struct control *c, struct mail *m)
{
    if (m->fd < 0)
        return false;
    sinks_file(&c->sinks, m->body, mail_take_fd(m));
    return true;
}

static bool got_metrics(struct control *c, struct mail *m)
{
    metrics_listen(c, m->fd < 0 ? -1 : mail_take_fd(m));
    return true;
}

static bool got_listener(struct control *c, struct mail *m)
{
    if (m->fd < 0)
        return false;
    if (!clients_listen(&c->clients, mail_take_fd(m)))
        control_say(c, SHRIKE_ERROR, "the control socket cannot be used");
    if (!c->ready)
        c->ready = seat_send(c->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
    return true;
}

static bool from_parent(struct control *c, struct mail *m)
{
    if (m->kind == MAIL_VAULT)
        return got_vault(c, m);
    if (m->kind == MAIL_LISTENER)
        return got_listener(c, m);
    if (m->kind == MAIL_LOG_FILE)
        return got_log_file(c, m);
    if (m->kind == MAIL_METRICS)
        return got_metrics(c, m);
    if (m->kind == MAIL_RELOAD) {
        (void)reload_files(c);
        return true;
    }
    if (m->kind == MAIL_UPGRADE_SAID)
        return upgrade_said(c, m);
    if (m->kind == MAIL_QUIT || m->kind == MAIL_YIELD)
        (void)seat_send(c->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
    return m->kind == MAIL_QUIT || m->kind == MAIL_YIELD;
}

/* ---- mail of the others ---- */

static bool got_log(struct control *c, enum role from, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u8 level = read_u8(&r);
    struct log_line line = {.level = (enum shrike_level)level,
                            .group = log_group_of_role(seat_program(c->seat, from))};
    if (r.bad || level > SHRIKE_DEBUG)
        return false;
    if (!log_may_say(&c->log, log_kind_of_role(from), &line))
        return true;
    struct text t = text_of(line.text, sizeof line.text);
    text_safe(&t, read_rest(&r));
    log_say(&c->log, &line);
    return true;
}

static void tell_event(struct control *c, const struct shrike_event *e)
{
    struct log_line line = {.level = shrike_event_level(e->id),
                            .group = log_group_of_event(e),
                            .event = e->id,
                            .reason = e->reason.code,
                            .ike = e->ike,
                            .child = e->child,
                            .local = e->local,
                            .remote = e->remote};
    bool wanted = tasks_want(c, e);
    bool said = log_may_say(&c->log, log_kind_of_event(e->id), &line);
    struct text t = text_of(line.text, sizeof line.text);
    if (!wanted && !said)
        return;
    snprintf(line.conn, sizeof line.conn, "%s", e->conn ? e->conn : "");
    snprintf(line.child_conf, sizeof line.child_conf, "%s", e->child_conf ? e->child_conf : "");
    render_event(&t, e, c->model.merged ? &c->model.merged->conf : NULL);
    if (said)
        log_say(&c->log, &line);
    if (said && line.level <= SHRIKE_WARNING)
        commands_alert(c, e, &line);
    if (wanted)
        tasks_log(c, e, &line);
}

static void answered(struct control *c, const struct shrike_event *e)
{
    if (control_reference_kind(e->command) == REFERENCE_START)
        start_answered(c, e);
    else if (control_reference_kind(e->command) == REFERENCE_TASK)
        tasks_answered(c, e);
}

/* Ends of commands are told to who waits for them; the log has what they caused. */
static bool got_event(struct control *c, const struct mail *m)
{
    static struct seam_box box;
    struct shrike_event e;
    const struct mail_count *counts;
    struct reader r = reader_of(m->body);
    if (!event_read(&r, &e, &box))
        return false;
    if (e.id == SHRIKE_EVENT_COMMAND_DONE || e.id == SHRIKE_EVENT_COMMAND_FAILED) {
        answered(c, &e);
        return true;
    }
    metrics_event(c, &e);
    tell_event(c, &e);
    failures_event(c, &e);
    policies_heed(c, &e);
    if (!ended_waits(c, &e, m->body, &counts))
        commands_event(c, &e, counts);
    return true;
}

static bool from_net(struct control *c, const struct mail *m)
{
    if (m->kind == MAIL_EVENT)
        return got_event(c, m);
    if (m->kind == MAIL_LIST_IKE)
        return listing_got_ike(c, m);
    if (m->kind == MAIL_LIST_CHILD)
        return listing_got_child(c, m);
    if (m->kind == MAIL_POOL || m->kind == MAIL_LEASE || m->kind == MAIL_POOLS_END)
        return pools_got(c, m);
    if (m->kind == MAIL_TALLIES)
        return counters_got(c, m);
    if (m->kind == MAIL_RESOLVE)
        return lookup_got(c, m);
    if (m->kind == MAIL_LADDER || m->kind == MAIL_LADDERS_END || m->kind == MAIL_DATAGRAM)
        return ladders_got(c, m);
    return m->kind == MAIL_LIST_END && listing_got_end(c, m);
}

/* Without a reference: what one carried that was removed. */
static bool got_counts(struct control *c, const struct mail *m)
{
    struct mail_count one;
    struct reader r = reader_of(m->body);
    if (read_u32(&r) != 0)
        return listing_got_counts(c, m);
    if (read_u16(&r) != 1 || !count_read(&r, &one) || !read_ended(&r))
        return false;
    ended_got(c, &one);
    return true;
}

static bool got_key(struct control *c, const struct mail *m)
{
    struct mail_private_is is;
    struct reader r = reader_of(m->body);
    if (m->kind == MAIL_PRIVATES_ARE)
        return certs_got_keys(c, &r);
    if (m->kind == MAIL_OBJECT_IS)
        return objects_got(c, m);
    return m->kind == MAIL_PRIVATE_IS && private_is_read(&r, &is) && certs_got_key(c, &is);
}

static void control_mail(void *self, enum role from, struct mail *m)
{
    struct control *c = self;
    bool right = false;
    if (m->kind == MAIL_LOG)
        right = got_log(c, from, m);
    else if (m->kind == MAIL_STATS_ARE)
        right = metrics_got_stats(c, from, m) || stats_got(c, from, m);
    else if (from == ROLE_PARENT)
        right = from_parent(c, m);
    else if (from == ROLE_NET)
        right = from_net(c, m);
    else if (from == ROLE_CERTS || from == ROLE_EAP)
        right = m->kind == MAIL_HOST && lookup_got_host(c, from, m);
    else if (from == ROLE_KEYS)
        right = got_key(c, m);
    else if (from == ROLE_ESP)
        right = (m->kind == MAIL_COUNTED && got_counts(c, m)) ||
                (m->kind == MAIL_TRAFFIC_IS && metrics_got_traffic(c, m));
    if (!right)
        c->refused++;
}

/* What a role must be told, the settling of this turn tells it. */
static void control_peer(void *self, enum role who, bool there)
{
    struct control *c = self;
    publish_gone(c, who);
    c->log.plane = seat_program(c->seat, ROLE_ESP);
    if (there && who == ROLE_NET)
        listing_net_came(c);
    if (there)
        return;
    stats_gone(c, who);
    if (who == ROLE_NET || who == ROLE_ESP)
        ended_forget(c);
    metrics_gone(c, who);
    if (who == ROLE_KEYS) {
        certs_keys_gone(c);
        objects_keys_gone(c);
    }
    if (who == ROLE_NET) {
        start_forget(c);
        listing_net_gone(c);
        tasks_net_gone(c);
        asks_net_gone(c);
    } else if (who == ROLE_ESP) {
        listing_esp_gone(c);
    }
}

/* ---- the role itself ---- */

static bool settle(void *ctx)
{
    struct control *c = ctx;
    bool more = clients_settle(&c->clients);
    (void)publish_settle(c);
    if (publish_has(c, ROLE_NET))
        more |= tasks_look(c);
    start_settle(c);
    return more;
}

static void client_gone(void *ctx, vici_ticket ticket)
{
    commands_cancel(ctx, ticket);
}

static void client_goes_on(void *ctx, vici_ticket ticket)
{
    commands_go_on(ctx, ticket);
}

static void control_stop(void *self)
{
    struct control *c = self;
    loop_unhook(c->seat->loop, &c->hook);
    tasks_close(c);
    listing_close(c);
    stats_close(c);
    metrics_close(c);
    asks_close(c);
    failures_close(c);
    ended_close(c);
    clients_close(&c->clients);
    start_close(c);
    publish_close(c);
    lookup_close(c);
    names_close(&c->names);
    shared_close(c);
    policies_close(c);
    renew_close(c);
    authorities_close(c);
    creds_close(c);
    objects_close(c);
    model_free(&c->model);
    log_close(&c->log);
    sinks_close(&c->sinks);
    free(c);
}

static void *control_start(struct seat *seat)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->seat = seat;
    c->began = loop_now(seat->loop);
    c->log.level = seat->options->level;
    c->log.sink = sink;
    c->log.ctx = c->names.ctx = c->clients.ctx = c;
    c->names.changed = name_changed;
    c->clients.gone = client_gone;
    c->clients.goes_on = client_goes_on;
    c->hook = (struct hook){.settle = settle, .ctx = c};
    log_open(&c->log, seat->loop);
    c->sinks.loop = seat->loop;
    c->sinks.level = seat->options->level;
    c->sinks.log = &c->log;
    memset(c->log.levels, LOG_LEVEL_NONE, sizeof c->log.levels);
    sinks_open(&c->sinks);
    metrics_open(c);
    model_init(&c->model);
    creds_open(c);
    objects_open(c);
    renew_open(c);
    failures_open(c);
    publish_open(c);
    start_open(c);
    ended_open(c);
    loop_hook(seat->loop, &c->hook);
    bool clients = clients_open(&c->clients, seat->loop, commands_service(c));
    if (!names_open(&c->names, seat->loop) || !clients) {
        fprintf(stderr, "control cannot start: no memory\n");
        control_stop(c);
        return NULL;
    }
    read_first(c);
    return c;
}

const struct role_type control_role = {ROLE_CONTROL, control_start, control_mail, control_peer,
                                       control_stop};
