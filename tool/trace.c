/* `shrike trace`: see trace.h. */
#include "tool/trace.h"
#include "tool/json.h"
#include "tool/rungs.h"
#include "tool/show.h"

struct tracing {
    struct tool *t;
    struct json json;
    unsigned count; /* of IKE SAs */
};

/* ---- one IKE SA ---- */

static void print_ladder(struct tracing *x, struct bytes ladder)
{
    FILE *out = x->t->out;
    struct bytes name = vici_value(ladder, "ike");
    fprintf(out, "%s%s", x->count ? "\n" : "", paint_on(PAINT_HEAD, x->t->colour));
    show_to(out, name.len ? name : bytes_of("(not known yet)", 15));
    fprintf(out, "%s #", paint_off(PAINT_HEAD, x->t->colour));
    show_to(out, vici_value(ladder, "uniqueid"));
    fputs("  SPIs ", out);
    show_to(out, vici_value(ladder, "initiator-spi"));
    putc(' ', out);
    show_to(out, vici_value(ladder, "responder-spi"));
    putc('\n', out);
    rungs_print(x->t, ladder, 0);
}

static void ladder_json(struct tracing *x, struct bytes ladder)
{
    struct json *j = &x->json;
    json_begin(j, NULL, '{');
    json_text(j, "connection", vici_value(ladder, "ike"));
    json_number(j, "id", vici_value(ladder, "uniqueid"));
    json_flag(j, "stranger", vici_value_is(ladder, "stranger", "yes"));
    json_text(j, "initiator_spi", vici_value(ladder, "initiator-spi"));
    json_text(j, "responder_spi", vici_value(ladder, "responder-spi"));
    rungs_json(j, ladder);
    json_end(j, '}');
}

/* ---- the command ---- */

static void take(void *ctx, const struct vici_packet *p)
{
    struct tracing *x = ctx;
    if (!bytes_equal(p->name, bytes_of("shrike-ladder", 13)))
        return;
    if (x->t->json)
        ladder_json(x, p->message);
    else
        print_ladder(x, p->message);
    x->count++;
}

static int ask(struct tracing *x, const char *peer)
{
    struct tool *t = x->t;
    u8 message[512];
    struct vici_writer w = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = "shrike-trace", .listener = {.event = take, .ctx = x}};
    struct bytes answer;
    if (peer)
        vici_put_text(&w, "peer", peer);
    if (!vici_written(&w, &q.message))
        return tool_fail(t, "the name is too long");
    if (session_events(&t->session, "shrike-ladder", true) != SESSION_ANSWER ||
        session_ask(&t->session, &q, &answer) != SESSION_ANSWER)
        return tool_lost(t);
    return session_success(&t->session, answer) ? TOOL_DONE : tool_lost(t);
}

int command_trace(struct tool *t, char *const *arguments)
{
    struct tracing x = {.t = t, .json = {.out = t->out}};
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (t->json) {
        json_begin(&x.json, NULL, '{');
        json_begin(&x.json, "ike_sas", '[');
    }
    int code = ask(&x, arguments[0]);
    if (t->json) {
        json_end(&x.json, ']');
        json_end(&x.json, '}');
    } else if (code == TOOL_DONE && x.count == 0) {
        fputs(arguments[0] ? "nothing was said with this peer lately\n"
                           : "nothing was said with any peer yet\n",
              t->out);
    }
    return code;
}
