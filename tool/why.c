/* `shrike why`: see why.h. */
#include "tool/why.h"
#include "tool/json.h"
#include "tool/show.h"
#include "tool/tunnels.h"
#include "tool/words.h"

enum {
    WHAT_WIDTH = 16, /* of the first column of a comparison */
    HERE_WIDTH = 44, /* at most, of the second: what is longer has its own line */
};

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

/* ---- for people ---- */

static void put_label(FILE *out, const char *label)
{
    fprintf(out, "  %-8s  ", label);
}

/* "office/lan: ", or whom a stranger said to be, or his address. */
static void print_whom(FILE *out, struct bytes f)
{
    struct bytes conn = vici_value(f, "connection"), child = vici_value(f, "child");
    char end[128];
    struct text t = text_of(end, sizeof end);
    if (conn.len) {
        show_to(out, conn);
        fputs(child.len ? "/" : "", out);
        show_to(out, child);
    } else {
        words_end(&t, f, "remote");
        fputs(end, out);
    }
    fputs(": ", out);
}

static void print_when(FILE *out, struct bytes f)
{
    u64 first = 0, last = 0, count = 1;
    char at[32];
    bool good = show_number(vici_value(f, "first"), &first) &&
                show_number(vici_value(f, "last"), &last) &&
                show_number(vici_value(f, "count"), &count);
    struct text t = text_of(at, sizeof at);
    if (!good)
        return;
    show_time(&t, last);
    put_label(out, "when");
    fputs(at, out);
    if (count > 1) {
        t = text_of(at, sizeof at);
        show_time(&t, first);
        fprintf(out, ", %llu times since %s", (unsigned long long)count, at);
    }
    putc('\n', out);
}

static void print_with(FILE *out, struct bytes f)
{
    struct bytes exchange = vici_value(f, "exchange"), notify = vici_value(f, "notify");
    struct bytes octets = vici_value(f, "octets");
    char ends[256];
    struct text t = text_of(ends, sizeof ends);
    words_end(&t, f, "local");
    text_str(&t, t.len ? " - " : "");
    words_end(&t, f, "remote");
    if (!t.len && !exchange.len)
        return;
    put_label(out, "between");
    fputs(ends, out);
    fputs(exchange.len ? ", " : "", out);
    show_to(out, exchange);
    fputs(notify.len ? " " : "", out);
    show_to(out, notify);
    fputs(octets.len ? " of " : "", out);
    show_to(out, octets);
    fputs(octets.len ? " octets" : "", out);
    fputs(is(vici_value(f, "stranger"), "yes") ? "; the peer has not proved who it is" : "", out);
    putc('\n', out);
}

/* As wide as the widest that is not over HERE_WIDTH. */
static int width_here(struct bytes rows)
{
    struct vici_reader v = vici_reader_of(rows);
    struct vici_item row;
    size_t width = 4;
    while (vici_read_whole(&v, &row) == VICI_SECTION_START) {
        size_t len = vici_value(row.value, "here").len;
        if (len <= HERE_WIDTH)
            width = MAX(width, len);
    }
    return (int)width;
}

/* What the peer has not said is nothing to wonder about where this side decided. */
static void print_row(struct tool *t, const struct vici_item *row, int width, const char *unknown)
{
    struct bytes here = vici_value(row->value, "here"), there = vici_value(row->value, "there");
    bool differs = is(vici_value(row->value, "differs"), "yes");
    enum paint paint = differs ? PAINT_BAD : PAINT_NONE;
    fputs(paint_on(paint, t->colour), t->out);
    fputs(differs ? "  ! " : "    ", t->out);
    show_to(t->out, row->name);
    fprintf(t->out, "%*s  ", (int)(WHAT_WIDTH - MIN(row->name.len, (size_t)WHAT_WIDTH)), "");
    show_to(t->out, here);
    if (here.len > (size_t)width)
        fprintf(t->out, "\n%*s  ", 4 + WHAT_WIDTH + 2 + width, "");
    else
        fprintf(t->out, "%*s  ", width - (int)here.len, "");
    if (there.at)
        show_to(t->out, there);
    else
        fputs(unknown, t->out);
    fprintf(t->out, "%s\n", paint_off(paint, t->colour));
}

static void print_compared(struct tool *t, struct bytes f)
{
    struct vici_item rows, row;
    if (!vici_find(f, "compared", &rows) || rows.type != VICI_SECTION_START || !rows.value.len)
        return;
    int width = width_here(rows.value);
    struct vici_reader v = vici_reader_of(rows.value);
    fprintf(t->out, "%*s  %s%-*s  %s%s\n", 4 + WHAT_WIDTH, "", paint_on(PAINT_HEAD, t->colour),
            width, "here", "there", paint_off(PAINT_HEAD, t->colour));
    const char *unknown = is(vici_value(f, "decided-by"), "here") ? "-" : "(not known here)";
    while (vici_read_whole(&v, &row) == VICI_SECTION_START)
        print_row(t, &row, width, unknown);
}

static void print_rule(FILE *out, struct bytes f)
{
    struct bytes file = vici_value(f, "file"), line = vici_value(f, "line");
    if (!file.len)
        return;
    put_label(out, "rule");
    show_to(out, file);
    fputs(line.len ? ":" : "", out);
    show_to(out, line);
    putc('\n', out);
}

static void print_line(const struct tool *t, const char *label, struct bytes text)
{
    enum { LABEL_WIDTH = 12 };
    if (!text.len)
        return;
    put_label(t->out, label);
    show_words(t->out, text, LABEL_WIDTH, t->width);
    putc('\n', t->out);
}

static void print_causes(const struct tool *t, struct bytes f)
{
    struct vici_item causes, cause;
    const char *label = "perhaps";
    if (!vici_find(f, "causes", &causes) || causes.type != VICI_SECTION_START)
        return;
    struct vici_reader v = vici_reader_of(causes.value);
    for (; vici_read_whole(&v, &cause) == VICI_KEY_VALUE; label = "")
        print_line(t, label, cause.value);
}

static void print_failure(struct tool *t, struct bytes f)
{
    fputs(paint_on(PAINT_HEAD, t->colour), t->out);
    print_whom(t->out, f);
    show_to(t->out, vici_value(f, "text"));
    fprintf(t->out, "%s\n", paint_off(PAINT_HEAD, t->colour));
    print_when(t->out, f);
    print_with(t->out, f);
    print_compared(t, f);
    print_rule(t->out, f);
    print_line(t, "mend", vici_value(f, "change"));
    print_line(t, vici_value(f, "change").len ? "" : "mend", vici_value(f, "remedy"));
    print_causes(t, f);
}

/* ---- as JSON ---- */

static void put_end(struct json *j, struct bytes f, const char *side, const char *host,
                    const char *port)
{
    json_begin(j, side, '{');
    json_text(j, "address", vici_value(f, host));
    json_number(j, "port", vici_value(f, port));
    json_end(j, '}');
}

static void put_compared(struct json *j, struct bytes f)
{
    struct vici_item rows, row;
    json_begin(j, "compared", '[');
    if (vici_find(f, "compared", &rows) && rows.type == VICI_SECTION_START) {
        struct vici_reader v = vici_reader_of(rows.value);
        while (vici_read_whole(&v, &row) == VICI_SECTION_START) {
            json_begin(j, NULL, '{');
            json_text(j, "what", row.name);
            json_text(j, "here", vici_value(row.value, "here"));
            json_text(j, "there", vici_value(row.value, "there"));
            json_flag(j, "differs", is(vici_value(row.value, "differs"), "yes"));
            json_end(j, '}');
        }
    }
    json_end(j, ']');
}

static void put_causes(struct json *j, struct bytes f)
{
    struct vici_item causes, cause;
    json_begin(j, "causes", '[');
    if (vici_find(f, "causes", &causes) && causes.type == VICI_SECTION_START) {
        struct vici_reader v = vici_reader_of(causes.value);
        while (vici_read_whole(&v, &cause) == VICI_KEY_VALUE) {
            json_begin(j, NULL, '{');
            json_text(j, "name", cause.name);
            json_text(j, "text", cause.value);
            json_end(j, '}');
        }
    }
    json_end(j, ']');
}

static void put_failure(struct json *j, struct bytes f)
{
    json_begin(j, NULL, '{');
    json_number(j, "number", vici_value(f, "number"));
    json_text(j, "reason", vici_value(f, "reason"));
    json_text(j, "text", vici_value(f, "text"));
    json_text(j, "decided_by", vici_value(f, "decided-by"));
    json_number(j, "first", vici_value(f, "first"));
    json_number(j, "last", vici_value(f, "last"));
    json_number(j, "count", vici_value(f, "count"));
    json_text(j, "connection", vici_value(f, "connection"));
    json_text(j, "child", vici_value(f, "child"));
    json_number(j, "ike_sa", vici_value(f, "ikesa-uniqueid"));
    json_flag(j, "stranger", is(vici_value(f, "stranger"), "yes"));
    put_end(j, f, "local", "local-host", "local-port");
    put_end(j, f, "remote", "remote-host", "remote-port");
    json_text(j, "exchange", vici_value(f, "exchange"));
    json_text(j, "notify", vici_value(f, "notify"));
    json_number(j, "octets", vici_value(f, "octets"));
    put_compared(j, f);
    json_begin(j, "rule", '{');
    json_text(j, "file", vici_value(f, "file"));
    json_number(j, "line", vici_value(f, "line"));
    json_end(j, '}');
    json_text(j, "remedy", vici_value(f, "remedy"));
    json_text(j, "change", vici_value(f, "change"));
    put_causes(j, f);
    json_end(j, '}');
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
    print_rule(out, conn->value);
    put_label(out, "mend");
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
        put_failure(&y->json, p->message);
    else
        print_failure(y->tool, p->message);
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
