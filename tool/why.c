/* `shrike why`: see why.h. */
#include "tool/why.h"
#include "tool/failure.h"
#include "tool/json.h"
#include "tool/show.h"
#include "tool/tunnels.h"

struct why {
    struct tool *tool;
    struct tunnels tunnels;
    struct json json;
    unsigned count; /* of failures shown */
};

static bool is(struct bytes value, const char *text)
{
    return bytes_equal(value, bytes_of(text, strlen(text)));
}

/* ---- what waits ---- */

static bool is_up(const struct tunnels *all, struct bytes conn)
{
    struct tunnel_place at = {0};
    struct tunnel_group g;
    bool up = false;
    while (!up && tunnels_next(all, &at, &g))
        up = g.sa_count && bytes_equal(g.name, conn);
    return up;
}

static bool is_configured(const struct tunnels *all, struct bytes conn)
{
    struct tunnel_place at = {0};
    struct tunnel_group g;
    bool there = false;
    while (!there && tunnels_next(all, &at, &g))
        there = g.conn && bytes_equal(g.name, conn);
    return there;
}

static void say_waiting(struct why *y, const struct vici_item *conn)
{
    FILE *out = y->tool->out;
    if (y->tool->json) {
        json_begin(&y->json, NULL, '{');
        json_text(&y->json, "connection", conn->name);
        json_text(&y->json, "file", vici_value(conn->value, "file"));
        json_number(&y->json, "line", vici_value(conn->value, "line"));
        json_end(&y->json, '}');
        return;
    }
    show_to(out, conn->name);
    fputs(": waits for the peer to begin: no child of it has start_action = start or trap\n", out);
    failure_rule(out, conn->value);
    failure_label(out, "mend");
    fputs("shrike up ", out);
    show_to(out, conn->name);
    fputs(", or start_action = start on one side\n", out);
}

/* Connections that are not up, and that nobody begins here; how many. */
static unsigned tell_waiting(struct why *y, struct bytes answer)
{
    struct vici_item waiting, conn;
    unsigned count = 0;
    if (!vici_find(answer, "waiting", &waiting) || waiting.type != VICI_SECTION_START)
        return 0;
    struct vici_reader v = vici_reader_of(waiting.value);
    while (vici_read_whole(&v, &conn) == VICI_SECTION_START) {
        if (is_up(&y->tunnels, conn.name))
            continue;
        say_waiting(y, &conn);
        count++;
    }
    return count;
}

/* ---- the command ---- */

static void take(void *ctx, const struct vici_packet *p)
{
    struct why *y = ctx;
    if (!is(p->name, "shrike-failure") || y->count >= y->tool->lines)
        return;
    y->count++;
    if (y->tool->json)
        failure_json(&y->json, p->message);
    else
        failure_print(y->tool, p->message);
}

static int end_text(struct why *y, const char *peer, struct bytes answer)
{
    struct tool *t = y->tool;
    const struct bytes name = bytes_of(peer, peer ? strlen(peer) : 0);
    if (y->count || tell_waiting(y, answer))
        return TOOL_DONE;
    if (!peer)
        fputs("nothing has failed\n", t->out);
    else if (is_up(&y->tunnels, name))
        fprintf(t->out, "it is up, or being made, and no failure of it is known\n");
    else if (is_configured(&y->tunnels, name))
        fprintf(t->out, "no failure of it is known; shrike up tries it now\n");
    else
        return tool_fail(t, "neither a connection nor a failure has this name or address; shrike "
                            "list shows what there is");
    return TOOL_DONE;
}

static int ask(struct why *y, const char *peer)
{
    u8 message[1024];
    struct tool *t = y->tool;
    struct vici_writer m = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = "shrike-why", .listener = {.event = take, .ctx = y}};
    struct bytes answer;
    if (peer)
        vici_put_text(&m, "peer", peer);
    if (!vici_written(&m, &q.message))
        return tool_fail(t, "the name is too long");
    if (session_events(&t->session, "shrike-failure", true) != SESSION_ANSWER)
        return tool_lost(t);
    if (t->json) {
        json_begin(&y->json, NULL, '{');
        json_begin(&y->json, "failures", '[');
    }
    if (session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    if (!t->json)
        return end_text(y, peer, answer);
    json_end(&y->json, ']');
    json_begin(&y->json, "waiting", '[');
    (void)tell_waiting(y, answer);
    json_end(&y->json, ']');
    json_end(&y->json, '}');
    return TOOL_DONE;
}

int command_why(struct tool *t, char *const *arguments)
{
    struct why y = {.tool = t, .json = {.out = t->out}};
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (!tunnels_load(&y.tunnels, &t->session, NULL))
        return tool_lost(t);
    int code = ask(&y, arguments[0]);
    tunnels_free(&y.tunnels);
    return code;
}
