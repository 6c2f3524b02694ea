/* `shrike log`: see log.h. */
#include "tool/log.h"
#include "tool/show.h"

static enum paint paint_of(struct bytes severity)
{
    static const struct {
        const char *word;
        enum paint paint;
    } rows[] = {{"error", PAINT_BAD}, {"warning", PAINT_WAIT}, {"debug", PAINT_DIM}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (bytes_equal(severity, bytes_of(rows[i].word, strlen(rows[i].word))))
            return rows[i].paint;
    }
    return PAINT_NONE;
}

void log_print(struct tool *t, const struct vici_packet *event, bool with_time)
{
    char at[32];
    struct text time = text_of(at, sizeof at);
    struct bytes when = vici_value(event->message, "time");
    const void *dot = when.len ? memchr(when.at, '.', when.len) : NULL;
    u64 seconds;
    if (dot)
        when.len = (size_t)((const u8 *)dot - when.at);
    if (with_time && show_number(when, &seconds)) {
        show_time(&time, seconds);
        fprintf(t->out, "%s ", at);
    }
    enum paint paint = paint_of(vici_value(event->message, "severity"));
    fputs(paint_on(paint, t->colour), t->out);
    show_to(t->out, vici_value(event->message, "msg"));
    fprintf(t->out, "%s\n", paint_off(paint, t->colour));
    fflush(t->out);
}

void log_json(struct json *j, const struct vici_packet *event)
{
    struct bytes m = event->message;
    json_begin(j, NULL, '{');
    json_text(j, "time", vici_value(m, "time"));
    json_text(j, "level", vici_value(m, "severity"));
    json_text(j, "group", vici_value(m, "group"));
    json_text(j, "connection", vici_value(m, "ikesa-name"));
    json_number(j, "ike_sa", vici_value(m, "ikesa-uniqueid"));
    json_text(j, "text", vici_value(m, "msg"));
    json_end(j, '}');
}

static void print_line(void *ctx, const struct vici_packet *p)
{
    struct tool *t = ctx;
    struct json j = {.out = t->out, .line = true};
    if (!bytes_equal(p->name, bytes_of("log", 3)))
        return;
    if (!t->json) {
        log_print(t, p, true);
        return;
    }
    log_json(&j, p);
    fflush(t->out);
}

int command_log(struct tool *t, char *const *arguments)
{
    u8 message[64];
    struct vici_writer m = vici_writer_of(message, sizeof message);
    const struct session_listener listener = {.event = print_line, .ctx = t};
    struct session_question q = {.command = "shrike-log", .listener = listener};
    struct bytes answer;
    (void)arguments;
    vici_put_u64(&m, "count", t->lines);
    ensure(vici_written(&m, &q.message));
    if (!tool_connect(t))
        return TOOL_FAILED;
    if (session_events(&t->session, "log", true) != SESSION_ANSWER)
        return tool_lost(t);
    /* Another daemon does not know the command: what is to come can be shown all the same. */
    enum session_told told = session_ask(&t->session, &q, &answer);
    if (told == SESSION_LOST || (told == SESSION_UNKNOWN && !t->follow))
        return tool_lost(t);
    if (!t->follow)
        return TOOL_DONE;
    session_follow(&t->session, listener);
    return tool_lost(t);
}
