/* initiate, terminate, rekey and redirect: see tasks.h. */
#include "control/tasks.h"
#include "config/value.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/render.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include <stdio.h>

static struct task *by_ticket(struct control *c, vici_ticket ticket)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->tasks.at[i].state != TASK_FREE && c->tasks.at[i].ticket == ticket)
            return &c->tasks.at[i];
    return NULL;
}

static void leave(struct task *t)
{
    loop_disarm(t->control->seat->loop, &t->alarm);
    t->state = TASK_FREE;
}

/* why NULL: it went well. */
static void put_answer(struct vici_writer *w, const struct task *t, const char *why)
{
    vici_put_text(w, "success", why ? "no" : "yes");
    if (t->kind != TASK_UP)
        vici_put_u64(w, "matches", t->matched);
    if (t->kind == TASK_DOWN)
        vici_put_u64(w, "terminated", t->matched - MIN(t->matched, t->left + t->failed));
    if (why)
        vici_put_text(w, "errmsg", why);
}

static void answer(struct task *t, const char *why)
{
    u8 octets[TASK_WHY_MAX + 256];
    struct bytes message;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct control *c = t->control;
    put_answer(&w, t, why);
    ensure(vici_written(&w, &message));
    (void)vici_server_answer(&c->clients.server, t->ticket, message);
    leave(t);
}

/* What is known of the failure by now, else what the command was told. */
static void answer_reason(struct task *t)
{
    char why[TASK_WHY_MAX];
    struct text text = text_of(why, sizeof why);
    if (t->kind != TASK_UP || t->reason == SHRIKE_REASON_BUSY ||
        !failures_newest(t->control, t->failures, t->conn, &text))
        render_reason(&text, t->reason);
    answer(t, why);
}

static const char *late_what(const struct task *t)
{
    switch (t->kind) {
    case TASK_UP:
        return "it was not up";
    case TASK_DOWN:
        return "not all was down";
    case TASK_REKEY:
        return "not all was rekeyed";
    case TASK_REDIRECT:
        return "not all were told";
    }
    return "it was not done";
}

/* No net has been there yet, or it has no configuration: all is beginning. */
static bool net_comes(const struct control *c)
{
    return !fault(250) && !publish_has(c, ROLE_NET) &&
           (!c->seat->lives[ROLE_NET] || seat_has(c->seat, ROLE_NET));
}

static void too_late(void *ctx)
{
    struct task *t = ctx;
    char why[TASK_WHY_MAX];
    if (t->state == TASK_WAITING) {
        answer(t, publish_has(t->control, ROLE_NET)
                      ? "the name of the peer got no address in time"
                      : "the process that speaks IKE has not come yet");
        return;
    }
    snprintf(why, sizeof why, "%s within %llu ms; it goes on, and the log has how it ends",
             late_what(t), (unsigned long long)(t->limit / SHRIKE_MS));
    answer(t, why);
}

/* ---- all ---- */

/* Milliseconds; -1: the client does not wait. */
static bool read_timeout(struct bytes message, shrike_time *limit, bool *waits)
{
    struct bytes text = vici_value(message, "timeout");
    u64 ms = 0;
    *waits = true;
    *limit = TASK_MOST;
    if (text.len == 2 && memcmp(text.at, "-1", 2) == 0) {
        *waits = false;
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        ms = MIN(ms * 10 + (text.at[i] - '0'), TASK_MOST / SHRIKE_MS);
    }
    if (ms)
        *limit = ms * SHRIKE_MS;
    return true;
}

static unsigned read_loglevel(struct bytes message)
{
    struct bytes text = vici_value(message, "loglevel");
    return text.len == 1 && text.at[0] >= '0' && text.at[0] <= '4' ? (unsigned)(text.at[0] - '0')
                                                                   : 1u;
}

/* One for this client, who has one request at a time; NULL: never. */
static struct task *new_task(struct control *c, const struct vici_request *r)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct task *t = &c->tasks.at[i];
        if (t->state != TASK_FREE)
            continue;
        *t = (struct task){.control = c,
                           .ticket = r->ticket,
                           .reference = control_reference(c, REFERENCE_TASK),
                           .loglevel = read_loglevel(r->message),
                           .failures = c->failures.number,
                           .alarm = {.ring = too_late, .ctx = t}};
        return t;
    }
    return NULL;
}

static bool send_command(struct task *t, const struct shrike_command *m)
{
    u8 body[1024];
    struct writer w = writer_of(body, sizeof body);
    command_write(&w, m);
    return !w.full && seat_send(t->control->seat, ROLE_NET, MAIL_COMMAND, written_bytes(&w));
}

static const char not_there[] =
    "the process that speaks IKE is not there; it is being started again";

/* ---- initiate ---- */

static bool send_up(struct task *t)
{
    const struct shrike_command m = {.kind = SHRIKE_UP,
                                     .reference = t->reference,
                                     .conn = t->conn,
                                     .child = t->child[0] ? t->child : NULL,
                                     .limited = t->limited};
    t->state = TASK_RUNNING;
    return publish_has(t->control, ROLE_NET) && send_command(t, &m);
}

/* There is none: perhaps it was left out of the configuration. */
static void say_none(const struct config *config, const char *name, char why[TASK_WHY_MAX])
{
    snprintf(why, TASK_WHY_MAX, "there is no connection %.200s; shrike list shows what there is",
             name);
    for (u32 i = 0; config && i < config->left_out; i++)
        if (strcmp(config->lefts[i].name, name) == 0)
            snprintf(why, TASK_WHY_MAX, "connection %.100s is left out: %.150s; rule: %.150s:%u",
                     name, config->lefts[i].why, config->lefts[i].origin.file,
                     config->lefts[i].origin.line);
}

const struct shrike_conn *tasks_find_conn(struct control *c, const struct sas_filter *f, u32 *index,
                                          char why[TASK_WHY_MAX])
{
    const struct config *config = control_config(c);
    const struct bytes ike = bytes_of(f->ike, strlen(f->ike));
    const struct bytes child = bytes_of(f->child, strlen(f->child));
    say_none(config, f->ike, why);
    if (!config)
        snprintf(why, TASK_WHY_MAX, "the configuration files cannot be used: mend them first");
    else if (!f->ike[0] && !f->child[0])
        snprintf(why, TASK_WHY_MAX, "neither a connection nor a child is named");
    if (!config || f->ike[0] || !f->child[0]) {
        const struct shrike_conn *conn = config ? model_conn(&c->model, ike, index) : NULL;
        if (!conn || !f->child[0] || model_child(conn, child))
            return conn;
        snprintf(why, TASK_WHY_MAX,
                 "connection %.200s has no child %.200s; shrike list shows what it has", f->ike,
                 f->child);
        return NULL;
    }
    for (u32 i = 0; i < config->conf.conn_count; i++) {
        *index = i;
        if (model_child(&config->conf.conns[i], child))
            return &config->conf.conns[i];
    }
    snprintf(why, TASK_WHY_MAX, "no connection has a child %.200s; shrike list shows what there is",
             f->child);
    return NULL;
}

static enum vici_reply begin_up(struct task *t, const struct config_conn *beside, bool waits,
                                struct vici_writer *w)
{
    struct control *c = t->control;
    bool pending = false;
    const char *name = names_missing(&c->names, beside, &pending);
    char why[TASK_WHY_MAX];
    if (name && !pending) {
        leave(t);
        snprintf(why, sizeof why,
                 "no address is known for %.200s; is the name right, and does a "
                 "name server answer?",
                 name);
        return vici_refuse(w, why);
    }
    t->state = TASK_WAITING;
    const bool later = name || net_comes(c);
    if (!later && !send_up(t)) {
        leave(t);
        return vici_refuse(w, not_there);
    }
    if (!waits && !later) {
        put_answer(w, t, NULL);
        leave(t);
        return VICI_REPLY_NOW;
    }
    shrike_time limit = later ? MIN(t->limit, name ? TASK_NAME_MOST : TASK_NET_MOST) : t->limit;
    loop_alarm(c->seat->loop, &t->alarm, loop_now(c->seat->loop) + limit);
    return VICI_REPLY_LATER;
}

/* The child of this name, or all that the connection has. */
static bool is_shunt(const struct shrike_conn *conn, struct bytes child)
{
    const struct shrike_child_conf *named = child.len ? model_child(conn, child) : NULL;
    return named ? named->mode >= SHRIKE_PASS : conn->shunt_count && !conn->child_count;
}

enum vici_reply tasks_initiate(struct control *c, const struct vici_request *r,
                               struct vici_writer *w)
{
    struct sas_filter f;
    char why[TASK_WHY_MAX];
    shrike_time limit;
    bool waits;
    u32 index = 0;
    const char *wrong = sas_filter_read(&f, r->message);
    if (wrong || !read_timeout(r->message, &limit, &waits))
        return vici_refuse(w, wrong ? wrong : "timeout is a number of milliseconds, or -1");
    publish_now(c); /* net knows what was loaded before this */
    const struct shrike_conn *conn = tasks_find_conn(c, &f, &index, why);
    if (!conn)
        return vici_refuse(w, why);
    if (is_shunt(conn, bytes_of(f.child, strlen(f.child))))
        return vici_refuse(w, "a shunt has no peer to be called: install puts it in place");
    struct task *t = new_task(c, r);
    if (!t)
        return vici_refuse(w, "too many commands are under way");
    t->kind = TASK_UP;
    t->limit = limit;
    t->limited = vici_value_is(r->message, "init-limits", "yes");
    snprintf(t->conn, sizeof t->conn, "%s", conn->name);
    memcpy(t->child, f.child, sizeof t->child);
    return begin_up(t, &control_config(c)->beside[index], waits, w);
}

/* Look again at one that waits. */
static void look(struct task *t)
{
    struct control *c = t->control;
    const struct config *config = control_config(c);
    u32 index;
    bool pending = false;
    if (!config || !model_conn(&c->model, bytes_of(t->conn, strlen(t->conn)), &index)) {
        answer(t, "the connection is no longer there");
        return;
    }
    const char *name = names_missing(&c->names, &config->beside[index], &pending);
    if (name && !pending) {
        char why[TASK_WHY_MAX];
        snprintf(why, sizeof why,
                 "no address is known for %.200s; is the name right, and does a "
                 "name server answer?",
                 name);
        answer(t, why);
    } else if (!name) {
        publish_now(c);
        if (net_comes(c))
            return;
        loop_alarm(c->seat->loop, &t->alarm, loop_now(c->seat->loop) + t->limit);
        if (!send_up(t))
            answer(t, not_there);
    }
}

bool tasks_look(struct control *c)
{
    bool answered = false;
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct task *t = &c->tasks.at[i];
        if (t->state != TASK_WAITING)
            continue;
        look(t);
        answered |= t->state == TASK_FREE;
    }
    return answered;
}

/* ---- terminate and rekey ---- */

/* A forced end of Child SAs is like any other, but not waited for. Of IKE SAs it comes at once, or
 * when the time is over that was asked for; the answer just behind it. */
static void take_force(struct task *t, const struct sas_filter *f, bool timed)
{
    if (sas_filter_names_child(f)) {
        t->limit = timed ? t->limit : 0;
        return;
    }
    t->forget = timed && t->limit ? t->limit : 1;
    if (timed && t->limit)
        t->limit += TASK_FORCED_GRACE;
}

static enum vici_reply begin_looking(struct control *c, const struct vici_request *r,
                                     struct vici_writer *w, enum task_kind kind)
{
    struct sas_filter f;
    shrike_time limit;
    bool waits, reauth = kind == TASK_REKEY && vici_value_is(r->message, "reauth", "yes");
    const char *wrong = sas_filter_read(&f, r->message);
    if (wrong || !read_timeout(r->message, &limit, &waits))
        return vici_refuse(w, wrong ? wrong : "timeout is a number of milliseconds, or -1");
    if (!f.ike[0] && !f.child[0] && !f.ike_id && !f.child_id)
        return vici_refuse(w, "neither ike, child, ike-id nor child-id is named");
    if (reauth && sas_filter_names_child(&f))
        return vici_refuse(w, "reauth is for IKE SAs; name no child with it");
    const struct bytes timeout = vici_value(r->message, "timeout");
    const bool timed = timeout.len && !(timeout.len == 1 && timeout.at[0] == '0');
    if (kind == TASK_REKEY && !timeout.at)
        waits = false;
    f.up = kind == TASK_REKEY;
    struct task *t = new_task(c, r);
    if (!t || !listing_begin(c, r->ticket, &f, true))
        return vici_refuse(w, "too many commands are under way");
    t->state = TASK_LOOKING;
    t->kind = kind;
    t->reauth = reauth;
    t->limit = waits ? limit : 0;
    if (kind == TASK_DOWN && vici_value_is(r->message, "force", "yes"))
        take_force(t, &f, timed);
    memcpy(t->conn, f.ike, sizeof t->conn);
    memcpy(t->child, f.child, sizeof t->child);
    return VICI_REPLY_LATER;
}

enum vici_reply tasks_terminate(struct control *c, const struct vici_request *r,
                                struct vici_writer *w)
{
    return begin_looking(c, r, w, TASK_DOWN);
}

enum vici_reply tasks_rekey(struct control *c, const struct vici_request *r, struct vici_writer *w)
{
    return begin_looking(c, r, w, TASK_REKEY);
}

/* Which IKE SAs are meant, and where to; NULL, or what is wrong. */
static const char *read_redirect(struct sas_filter *f, char gateway[VICI_NAME_MAX + 1],
                                 struct bytes message)
{
    struct shrike_addr at;
    struct shrike_id id;
    struct bytes text = vici_value(message, "gateway");
    const char *wrong = sas_filter_read(f, message);
    wrong = wrong ? wrong : sas_filter_read_peer(f, message);
    gateway[0] = 0;
    if (text.len && text.len <= VICI_NAME_MAX && !memchr(text.at, 0, text.len)) {
        memcpy(gateway, text.at, text.len);
        gateway[text.len] = 0;
    }
    if (!wrong && !value_gateway(gateway, &at, &id))
        return "gateway is the address or the name of where they are to go";
    if (!wrong && !f->ike[0] && !f->ike_id && !f->peer_ip[0] && !f->peer_id[0])
        return "neither ike, ike-id, peer-ip nor peer-id is named";
    return wrong;
}

enum vici_reply tasks_redirect(struct control *c, const struct vici_request *r,
                               struct vici_writer *w)
{
    struct sas_filter f;
    char gateway[VICI_NAME_MAX + 1];
    const char *wrong = read_redirect(&f, gateway, r->message);
    if (wrong)
        return vici_refuse(w, wrong);
    f.up = true;
    f.child[0] = 0;
    f.child_id = 0;
    struct task *t = new_task(c, r);
    if (!t || !listing_begin(c, r->ticket, &f, true))
        return vici_refuse(w, "too many commands are under way");
    t->state = TASK_LOOKING;
    t->kind = TASK_REDIRECT;
    t->limit = TASK_MOST;
    memcpy(t->conn, f.ike, sizeof t->conn);
    memcpy(t->gateway, gateway, sizeof t->gateway);
    return VICI_REPLY_LATER;
}

static enum shrike_command_kind command_of(enum task_kind kind)
{
    return kind == TASK_REKEY      ? SHRIKE_REKEY
           : kind == TASK_REDIRECT ? SHRIKE_REDIRECT
                                   : SHRIKE_DOWN;
}

void tasks_found(struct control *c, vici_ticket ticket, const struct listing *l)
{
    struct task *t = by_ticket(c, ticket);
    struct shrike_command m = {.kind = SHRIKE_DOWN};
    struct shrike_addr gateway;
    if (!t || t->state != TASK_LOOKING)
        return;
    t->state = TASK_RUNNING;
    m.kind = command_of(t->kind);
    if (t->kind == TASK_REDIRECT)
        ensure(value_gateway(t->gateway, &gateway, &m.gateway));
    m.reauth = t->reauth;
    m.forget = t->forget;
    m.reference = t->reference;
    for (size_t at = 0; listing_next(l, &at, &m.ike, &m.child_serial);) {
        t->matched++;
        if (send_command(t, &m))
            t->left++;
        else
            t->failed++;
    }
    if (t->matched == 0) {
        t->reason = SHRIKE_REASON_NO_SUCH_SA;
        answer_reason(t);
    } else if (t->left == 0) {
        answer(t, not_there);
    } else if (t->limit == 0) {
        t->left = 0; /* it does not wait: what was asked for will be */
        answer(t, NULL);
    } else {
        loop_alarm(c->seat->loop, &t->alarm, loop_now(c->seat->loop) + t->limit);
    }
}

/* ---- answers and lines ---- */

/* One that is gone, or going, is what a terminate asks for. */
static bool is_down(enum shrike_reason_code code)
{
    return code == SHRIKE_REASON_NO_SUCH_SA || code == SHRIKE_REASON_BUSY ||
           code == SHRIKE_REASON_CHILD_GONE;
}

static void one_answered(struct task *t, const struct shrike_event *e)
{
    const enum shrike_reason_code code = e->reason.code;
    const bool well = e->id == SHRIKE_EVENT_COMMAND_DONE;
    t->left -= t->left > 0;
    if (!well && t->kind != TASK_DOWN && code == SHRIKE_REASON_NO_SUCH_SA && t->matched > 1) {
        t->matched--; /* gone meanwhile, or made anew so lately that its predecessor is there */
    } else if (!well && !(t->kind == TASK_DOWN && is_down(code))) {
        t->failed++;
        t->reason = code;
    }
    if (t->left > 0)
        return;
    if (t->failed)
        answer_reason(t);
    else
        answer(t, NULL);
}

void tasks_answered(struct control *c, const struct shrike_event *e)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        struct task *t = &c->tasks.at[i];
        if (t->state != TASK_RUNNING || t->reference != e->command)
            continue;
        if (t->kind != TASK_UP) {
            one_answered(t, e);
        } else if (e->id == SHRIKE_EVENT_COMMAND_DONE) {
            answer(t, NULL);
        } else {
            t->reason = e->reason.code;
            answer_reason(t);
        }
        return;
    }
}

/* What a command causes bears its reference, or belongs to the connection it names. */
static bool wants(const struct task *t, const struct shrike_event *e)
{
    return t->state == TASK_RUNNING &&
           (e->command == t->reference || (e->conn && strcmp(e->conn, t->conn) == 0));
}

bool tasks_want(const struct control *c, const struct shrike_event *e)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (wants(&c->tasks.at[i], e))
            return true;
    return false;
}

void tasks_log(struct control *c, const struct shrike_event *e, const struct log_line *line)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++) {
        const struct task *t = &c->tasks.at[i];
        if (wants(t, e) && log_vici_level(line->level) <= t->loglevel)
            commands_stream_line(c, t->ticket, SERVED_CONTROL_LOG, line);
    }
}

void tasks_cancel(struct control *c, vici_ticket ticket)
{
    struct task *t = by_ticket(c, ticket);
    if (t)
        leave(t);
}

void tasks_net_gone(struct control *c)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->tasks.at[i].state == TASK_RUNNING)
            answer(&c->tasks.at[i], "the process that speaks IKE has ended; it is started again");
}

void tasks_close(struct control *c)
{
    for (u32 i = 0; i < VICI_CLIENTS_MAX; i++)
        if (c->tasks.at[i].state != TASK_FREE)
            leave(&c->tasks.at[i]);
}
