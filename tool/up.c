/* `shrike up`: see up.h. */
#include "tool/up.h"
#include "tool/outcome.h"
#include "tool/show.h"
#include "tool/target.h"

enum {
    GRACE_S = 10,    /* for the daemon's answer after its own time is over */
    WANTED_MAX = 256 /* children brought up by one command */
};

/* One child, or with an empty name an IKE SA alone. */
struct wanted {
    struct bytes conn, child;
};

struct plan {
    struct wanted at[WANTED_MAX];
    unsigned count;
    bool cut;
};

static void want(struct plan *p, struct bytes conn, struct bytes child)
{
    if (p->count < WANTED_MAX)
        p->at[p->count++] = (struct wanted){conn, child};
    else
        p->cut = true;
}

/* The children of this connection; `only`: the one of this name. */
static void want_group(struct plan *p, const struct tunnel_group *g, struct bytes only)
{
    struct vici_reader v = tunnel_children_of(g->conn);
    struct tunnel_child c;
    bool any = false;
    while (tunnel_next_child(&v, &c)) {
        const bool shunt = vici_value_is(c.body, "mode", "PASS") ||
                           vici_value_is(c.body, "mode", "DROP"); /* nobody is called for it */
        any |= !shunt;
        if (only.at ? bytes_equal(c.name, only) : !shunt)
            want(p, g->name, c.name);
    }
    if (!any && !only.at)
        want(p, g->name, only);
}

/* By the name of a connection; when there is none, by that of a child, or by the peer. */
static void make_plan(struct plan *p, const struct tunnels *all, struct bytes name,
                      struct bytes child)
{
    struct tunnel_place at = {0};
    struct tunnel_group g;
    bool found = false;
    while (tunnels_next(all, &at, &g)) {
        if (g.conn && bytes_equal(g.name, name)) {
            want_group(p, &g, child);
            found = true;
        }
    }
    at = (struct tunnel_place){0};
    while (!found && !child.at && tunnels_next(all, &at, &g)) {
        struct vici_reader v = tunnel_children_of(g.conn);
        struct tunnel_child c;
        while (tunnel_next_child(&v, &c)) {
            if (bytes_equal(c.name, name))
                want(p, g.name, c.name);
        }
    }
    at = (struct tunnel_place){0};
    while (p->count == 0 && !found && !child.at && tunnels_next(all, &at, &g)) {
        if (g.conn && target_may_be_of(g.conn, name))
            want_group(p, &g, child);
    }
}

static void say(struct tool *t, const struct wanted *w, bool up)
{
    FILE *out = up ? t->out : t->err;
    if (up && t->json)
        return;
    fflush(t->out);
    fputs(up ? "" : "shrike: ", out);
    show_to(out, w->conn);
    fputs(w->child.len ? "/" : "", out);
    show_to(out, w->child);
    fprintf(out, "%s%s\n", up ? " is up" : ": ", up ? "" : t->session.why);
}

/* false: the daemon cannot be asked any more. */
static bool initiate(struct outcome *o, const struct wanted *w)
{
    const struct outcome_of of = {.connection = w->conn, .child = w->child};
    struct tool *t = o->tool;
    u8 message[1024];
    struct vici_writer m = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = "initiate",
                                 .silence_ms = (int)(t->timeout_s + GRACE_S) * 1000,
                                 .listener = {.event = outcome_log, .ctx = o}};
    struct bytes answer;
    vici_put(&m, "ike", w->conn);
    if (w->child.len)
        vici_put(&m, "child", w->child);
    vici_put_u64(&m, "timeout", (u64)t->timeout_s * 1000);
    vici_put_text(&m, "loglevel", "1");
    ensure(vici_written(&m, &q.message)); /* names of VICI are short */
    outcome_open(o, &of);
    bool there = session_ask(&t->session, &q, &answer) == SESSION_ANSWER;
    bool up = there && session_success(&t->session, answer);
    outcome_close(o, up ? NULL : t->session.why);
    if (there)
        say(t, w, up);
    else
        tool_lost(t);
    return there;
}

static struct bytes name_of(const char *argument)
{
    return bytes_of(argument, argument ? strlen(argument) : 0);
}

/* Where both sides stand next to each other. */
static void point_to_why(struct tool *t, const char *name)
{
    fputs("shrike: shrike why ", t->err);
    show_to(t->err, bytes_of(name, strlen(name)));
    fputs(" shows what either side wanted\n", t->err);
}

/* In turn; what fails does not keep the others down. */
static int carry_out(struct tool *t, const struct plan *p, const char *name)
{
    struct outcome o;
    if (session_events(&t->session, "control-log", true) == SESSION_LOST)
        return tool_lost(t);
    outcome_begin(&o, t, "up");
    for (unsigned i = 0; i < p->count; i++) {
        if (!initiate(&o, &p->at[i]))
            break;
    }
    outcome_end(&o);
    if (o.failed && t->session.fd >= 0)
        point_to_why(t, name);
    return o.failed ? TOOL_FAILED : TOOL_DONE;
}

int command_up(struct tool *t, char *const *arguments)
{
    static struct plan p;
    struct tunnels all;
    int code;
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!tunnels_load(&all, &t->session, NULL))
        return tool_lost(t);
    p = (struct plan){.count = 0};
    make_plan(&p, &all, name_of(arguments[0]), name_of(arguments[1]));
    if (p.cut)
        code = tool_fail(t, "these are more children than %d; name one", WANTED_MAX);
    else if (p.count == 0)
        code = tool_fail(t, "no %s of this name is configured; shrike list shows what is",
                         arguments[1] ? "child" : "connection or child");
    else
        code = carry_out(t, &p, arguments[0]);
    tunnels_free(&all);
    return code;
}
