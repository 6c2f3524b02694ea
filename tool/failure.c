/* One failure as it is shown: see failure.h. */
#include "tool/failure.h"
#include "tool/show.h"
#include "tool/words.h"

enum {
    WHAT_WIDTH = 16, /* of the first column of a comparison */
    HERE_WIDTH = 44, /* at most, of the second: what is longer has its own line */
};

static bool is(struct bytes value, const char *text)
{
    return bytes_equal(value, bytes_of(text, strlen(text)));
}

/* ---- for people ---- */

void failure_label(FILE *out, const char *label)
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
    failure_label(out, "when");
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
    failure_label(out, "between");
    fputs(ends, out);
    fputs(exchange.len ? ", " : "", out);
    show_to(out, exchange);
    fputs(notify.len ? " " : "", out);
    show_to(out, notify);
    fputs(!octets.len ? "" : vici_value(f, "fragments").len ? ", fragments of " : " of ", out);
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

void failure_rule(FILE *out, struct bytes f)
{
    struct bytes file = vici_value(f, "file"), line = vici_value(f, "line");
    if (!file.len)
        return;
    failure_label(out, "rule");
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
    failure_label(t->out, label);
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

void failure_print(struct tool *t, struct bytes f)
{
    fputs(paint_on(PAINT_HEAD, t->colour), t->out);
    print_whom(t->out, f);
    show_to(t->out, vici_value(f, "text"));
    fprintf(t->out, "%s\n", paint_off(PAINT_HEAD, t->colour));
    print_when(t->out, f);
    print_with(t->out, f);
    print_compared(t, f);
    failure_rule(t->out, f);
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

void failure_json(struct json *j, struct bytes f)
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
    json_number(j, "fragments", vici_value(f, "fragments"));
    json_number(j, "fragments_all", vici_value(f, "fragments-all"));
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
