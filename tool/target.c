/* SAs by name, number or peer: see target.h. */
#include "tool/target.h"
#include "tool/outcome.h"
#include "tool/show.h"
#include <stdlib.h>

enum { GRACE_S = 10 }; /* for the daemon's answer after its own time is over */

static struct bytes text(const char *s)
{
    return bytes_of(s, s ? strlen(s) : 0);
}

/* ---- whom it is about ---- */

bool target_is_of(const struct tunnel *sa, struct bytes peer)
{
    return bytes_equal(vici_value(sa->body, "remote-host"), peer) ||
           bytes_equal(vici_value(sa->body, "remote-id"), peer);
}

bool target_may_be_of(const struct tunnel *conn, struct bytes peer)
{
    struct vici_item item;
    bool is = bytes_equal(vici_value(conn->body, "remote-1.id"), peer);
    if (is || !vici_find(conn->body, "remote_addrs", &item) || item.type != VICI_LIST_START)
        return is;
    struct vici_reader v = vici_list_of(item.value);
    while (!is && vici_read_whole(&v, &item) == VICI_LIST_ITEM)
        is = bytes_equal(item.value, peer);
    return is;
}

/* Of a connection that has such an IKE SA, the connection is left as well. */
void target_keep(struct tunnels *all, struct bytes peer)
{
    size_t sas = 0, conns = 0;
    for (size_t i = 0; i < all->sas.count; i++) {
        if (target_is_of(&all->sas.at[i], peer))
            all->sas.at[sas++] = all->sas.at[i];
        else
            free(all->sas.at[i].memory);
    }
    all->sas.count = sas;
    for (size_t i = 0; i < all->conns.count; i++) {
        bool keep = target_may_be_of(&all->conns.at[i], peer);
        for (size_t k = 0; k < sas && !keep; k++)
            keep = bytes_equal(all->sas.at[k].name, all->conns.at[i].name);
        if (keep)
            all->conns.at[conns++] = all->conns.at[i];
        else
            free(all->conns.at[i].memory);
    }
    all->conns.count = conns;
}

/* ---- which SAs ---- */

/* #7 is an IKE SA, #7.12 a Child SA of it. false: neither. */
static bool by_number(const char *argument, struct target *out)
{
    const char *dot = strchr(argument, '.');
    const char *digits = argument + 1;
    u64 number, ike = 0;
    if (dot && !show_number(bytes_of(digits, (size_t)(dot - digits)), &ike))
        return false;
    if (dot)
        digits = dot + 1;
    *out = (struct target){.key = dot ? "child-id" : "ike-id", .value = text(digits), .ike = ike};
    return show_number(out->value, &number);
}

/* The name of a connection that has an IKE SA; when there is none, of a Child SA. */
static bool by_name(const struct tunnels *all, const char *argument, struct target *out)
{
    struct tunnel_place at = {0};
    struct tunnel_group g;
    *out = (struct target){.value = text(argument)};
    while (tunnels_next(all, &at, &g)) {
        if (g.sa_count && bytes_equal(g.name, out->value))
            out->key = "ike";
        else if (!out->key && tunnel_has(&g, out->value))
            out->key = "child";
    }
    return out->key != NULL;
}

/* All with this peer, but for those that end anyway. false: there are more than can be held. */
static bool by_peer(const struct tunnels *all, const char *argument, struct targets *out)
{
    for (size_t i = 0; i < all->sas.count; i++) {
        const struct tunnel *sa = &all->sas.at[i];
        const unsigned n = out->count;
        if (!target_is_of(sa, text(argument)) || vici_value_is(sa->body, "state", "DELETING"))
            continue;
        if (n == TARGETS_MAX || sa->name.len > VICI_NAME_MAX)
            return false;
        snprintf(out->digits[n], sizeof out->digits[n], "%llu", (unsigned long long)sa->id);
        memcpy(out->conns[n], sa->name.at, sa->name.len);
        out->at[out->count++] = (struct target){.key = "ike-id",
                                                .value = text(out->digits[n]),
                                                .conn = bytes_of(out->conns[n], sa->name.len)};
    }
    return true;
}

/* Is there this Child SA, and of that IKE SA? */
static bool is_there(const struct tunnels *all, const struct target *t)
{
    for (size_t i = 0; i < all->sas.count; i++) {
        struct vici_reader v = tunnel_sas_of(&all->sas.at[i]);
        struct tunnel_child c;
        while (all->sas.at[i].id == t->ike && tunnel_next_child(&v, &c)) {
            if (bytes_equal(vici_value(c.body, "uniqueid"), t->value))
                return true;
        }
    }
    return false;
}

int target_find(struct tool *t, const char *argument, struct targets *out)
{
    const bool number = argument[0] == '#';
    struct tunnels all;
    bool few = true;
    out->count = 0;
    if (number && !by_number(argument, &out->at[0])) {
        tool_fail(t, "a number is #7, an IKE SA, or #7.12, a Child SA; shrike list shows them");
        return TOOL_USAGE;
    }
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!tunnels_load(&all, &t->session, NULL))
        return tool_lost(t);
    /* Whether there is an IKE SA of a number, the daemon says itself. */
    out->count = !number ? by_name(&all, argument, &out->at[0])
                         : strcmp(out->at[0].key, "ike-id") == 0 || is_there(&all, &out->at[0]);
    if (!number && !out->count)
        few = by_peer(&all, argument, out);
    tunnels_free(&all);
    if (!few)
        return tool_fail(t, "these are more IKE SAs than %d; name a connection", TARGETS_MAX);
    if (!out->count)
        return tool_fail(t, "nothing of this %s is up; shrike list shows what is",
                         number ? "number" : "name");
    return TOOL_DONE;
}

/* ---- asking ---- */

static struct outcome_of about(const struct target *of, const struct target_question *question,
                               char room[24])
{
    struct outcome_of o = {
        .connection = of->conn, .child = text(question->child), .gateway = text(question->gateway)};
    if (strcmp(of->key, "ike") == 0)
        o.connection = of->value;
    else if (strcmp(of->key, "child") == 0)
        o.child = of->value;
    else if (strcmp(of->key, "ike-id") == 0)
        o.ike_sa = of->value;
    else
        o.child_sa = of->value;
    if (o.child_sa.len) {
        snprintf(room, 24, "%llu", (unsigned long long)of->ike);
        o.ike_sa = text(room);
    }
    return o;
}

/* "home is down", "home #7 is down". */
static void say(struct tool *t, const char *argument, const struct target *of,
                const struct target_question *question)
{
    if (t->json)
        return;
    show_to(t->out, of->conn.len ? of->conn : text(argument));
    fputs(of->conn.len ? " #" : "", t->out);
    show_to(t->out, of->conn.len ? of->value : text(""));
    fputs(question->child ? "/" : "", t->out);
    show_to(t->out, text(question->child));
    fprintf(t->out, " %s%s", question->done, question->gateway ? " " : "");
    show_to(t->out, text(question->gateway));
    putc('\n', t->out);
}

/* Of several, which. */
static void refuse(struct tool *t, const struct target *of, const char *why)
{
    char whom[4 * VICI_NAME_MAX];
    struct text at = text_of(whom, sizeof whom);
    show_safe(&at, of->conn);
    text_str(&at, of->conn.len ? " #" : "");
    show_safe(&at, of->conn.len ? of->value : text(""));
    text_str(&at, of->conn.len ? ": " : "");
    tool_fail(t, "%s%s", whom, why);
}

/* NULL: it is done; else why not. *lost: nor can anything else be. */
static const char *ask(struct outcome *o, const struct target *of,
                       const struct target_question *question, bool *lost)
{
    struct tool *t = o->tool;
    u8 message[1024];
    struct vici_writer m = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = question->command,
                                 .silence_ms = (int)(t->timeout_s + GRACE_S) * 1000,
                                 .listener = {.event = outcome_log, .ctx = o}};
    struct bytes answer;
    vici_put(&m, of->key, of->value);
    if (question->child)
        vici_put_text(&m, "child", question->child);
    if (question->gateway)
        vici_put_text(&m, "gateway", question->gateway);
    if (t->force)
        vici_put_text(&m, "force", "yes");
    if (t->timed || !t->force) /* forced, it is the time that the peer has to answer */
        vici_put_u64(&m, "timeout", (u64)t->timeout_s * 1000);
    vici_put_text(&m, "loglevel", "1");
    if (!vici_written(&m, &q.message))
        return "the name is too long";
    *lost = session_ask(&t->session, &q, &answer) != SESSION_ANSWER;
    return *lost || !session_success(&t->session, answer) ? t->session.why : NULL;
}

int target_ask(struct tool *t, const char *argument, const struct targets *of,
               const struct target_question *question)
{
    struct outcome o;
    bool lost = false;
    if (session_events(&t->session, "control-log", true) == SESSION_LOST)
        return tool_lost(t);
    outcome_begin(&o, t, question->name);
    for (unsigned i = 0; i < of->count && !lost; i++) {
        char room[24];
        const struct outcome_of one = about(&of->at[i], question, room);
        outcome_open(&o, &one);
        const char *why = ask(&o, &of->at[i], question, &lost);
        outcome_close(&o, why);
        if (why)
            refuse(t, &of->at[i], why);
        else
            say(t, argument, &of->at[i], question);
    }
    outcome_end(&o);
    return o.failed ? TOOL_FAILED : TOOL_DONE;
}
