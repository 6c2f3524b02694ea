/* One failure as it is shown: see failure.h. */
#include "tool/failure.h"
#include "tool/show.h"
#include "tool/words.h"

enum {
    LABEL_WIDTH = 12,
    WHAT_WIDTH = 16,              /* of the first column of a comparison */
    HERE_AT = 4 + WHAT_WIDTH + 2, /* where the second begins */
    WIDTH_LEAST = 60,             /* of a terminal that tables are made for */
    WIDTH_UNKNOWN = 100,          /* of what is no terminal */
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
static void put_whom(struct text *t, struct bytes f)
{
    struct bytes conn = vici_value(f, "connection"), child = vici_value(f, "child");
    if (conn.len) {
        show_safe(t, conn);
        text_str(t, child.len ? "/" : "");
        show_safe(t, child);
    } else {
        words_end(t, f, "remote");
    }
    text_str(t, ": ");
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

/* Behind a label, as many lines as it takes. */
static void print_line(const struct tool *t, const char *label, struct bytes text)
{
    if (!text.len)
        return;
    failure_label(t->out, label);
    show_words(t->out, text, LABEL_WIDTH, t->width);
    putc('\n', t->out);
}

static void print_with(const struct tool *tool, struct bytes f)
{
    struct bytes exchange = vici_value(f, "exchange"), notify = vici_value(f, "notify");
    struct bytes octets = vici_value(f, "octets");
    char line[512];
    struct text t = text_of(line, sizeof line);
    words_end(&t, f, "local");
    text_str(&t, t.len ? " - " : "");
    words_end(&t, f, "remote");
    text_str(&t, t.len && exchange.len ? ", " : "");
    show_safe(&t, exchange);
    text_str(&t, notify.len ? " " : "");
    show_safe(&t, notify);
    text_str(&t, !octets.len ? "" : vici_value(f, "fragments").len ? ", fragments of " : " of ");
    show_safe(&t, octets);
    text_str(&t, octets.len ? " octets" : "");
    if (is(vici_value(f, "stranger"), "yes"))
        text_str(&t, "; the peer has not proved who it is");
    print_line(tool, "between", bytes_of(line, t.len));
}

/* ---- both sides ---- */

struct table {
    struct tool *tool;
    unsigned here, there; /* widths; there 0: the peer has told nothing */
    struct bytes unknown; /* in place of what it has not told */
};

static struct bytes said_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* The widths: as wide as the widest, or what the terminal allows. What the peer has not said is
 * nothing to wonder about where this side decided. */
static void table_begin(struct table *t, struct bytes rows, bool decided_here)
{
    const unsigned all = t->tool->width ? t->tool->width : WIDTH_UNKNOWN;
    const unsigned room = MAX(all, (unsigned)WIDTH_LEAST) - HERE_AT - 2;
    struct vici_reader v = vici_reader_of(rows);
    struct vici_item row;
    size_t here = 4, there = 5;
    bool told = decided_here;
    t->unknown = said_of(decided_here ? "-" : "(not known here)");
    while (vici_read_whole(&v, &row) == VICI_SECTION_START) {
        struct bytes said = vici_value(row.value, "there");
        here = MAX(here, show_columns(vici_value(row.value, "here")));
        there = MAX(there, show_columns(said.at ? said : t->unknown));
        told |= said.at != NULL;
    }
    t->here = (unsigned)MIN(here, told ? room - MIN(there, room / 2) : room + 2);
    t->there = told ? (unsigned)MIN(there, room - t->here) : 0;
}

/* One line of a cell, and the blanks behind it. */
static void print_piece(FILE *out, struct bytes *rest, unsigned width, bool last)
{
    struct bytes piece = show_piece(rest, width);
    show_to(out, piece);
    if (!last)
        fprintf(out, "%*s", (int)(width - MIN(show_columns(piece), width)), "");
}

static void print_row(const struct table *t, const struct vici_item *row)
{
    struct bytes here = vici_value(row->value, "here"), there = vici_value(row->value, "there");
    bool differs = is(vici_value(row->value, "differs"), "yes");
    enum paint paint = differs ? PAINT_BAD : PAINT_NONE;
    FILE *out = t->tool->out;
    there = !t->there ? bytes_of(NULL, 0) : there.at ? there : t->unknown;
    fputs(paint_on(paint, t->tool->colour), out);
    fputs(differs ? "  ! " : "    ", out);
    show_to(out, row->name);
    fprintf(out, "%*s  ", (int)(WHAT_WIDTH - MIN(row->name.len, (size_t)WHAT_WIDTH)), "");
    for (bool first = true; first || here.len || there.len; first = false) {
        if (!first)
            fprintf(out, "\n%*s", HERE_AT, "");
        print_piece(out, &here, t->here, !there.len);
        fputs(there.len ? "  " : "", out);
        print_piece(out, &there, t->there, true);
    }
    fprintf(out, "%s\n", paint_off(paint, t->tool->colour));
}

static void print_compared(struct tool *t, struct bytes f)
{
    struct table table = {.tool = t};
    struct vici_item rows, row;
    if (!vici_find(f, "compared", &rows) || rows.type != VICI_SECTION_START || !rows.value.len)
        return;
    table_begin(&table, rows.value, is(vici_value(f, "decided-by"), "here"));
    fprintf(t->out, "%*s%s", HERE_AT, "", paint_on(PAINT_HEAD, t->colour));
    if (table.there)
        fprintf(t->out, "%-*s  there", (int)table.here, "here");
    else
        fputs("here; the peer has not said what it wants", t->out);
    fprintf(t->out, "%s\n", paint_off(PAINT_HEAD, t->colour));
    struct vici_reader v = vici_reader_of(rows.value);
    while (vici_read_whole(&v, &row) == VICI_SECTION_START)
        print_row(&table, &row);
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

/* What to write may be several lines, as in a file. */
static void print_change(const struct tool *t, struct bytes change)
{
    const char *label = "mend";
    while (change.len) {
        const u8 *end = memchr(change.at, '\n', change.len);
        const size_t len = end ? (size_t)(end - change.at) : change.len;
        print_line(t, label, bytes_of(change.at, len));
        change = bytes_of(change.at + len + (end != NULL), change.len - len - (end != NULL));
        label = "";
    }
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
    char line[2048];
    struct text head = text_of(line, sizeof line);
    put_whom(&head, f);
    show_safe(&head, vici_value(f, "text"));
    fputs(paint_on(PAINT_HEAD, t->colour), t->out);
    show_words(t->out, bytes_of(line, head.len), 2, t->width);
    fprintf(t->out, "%s\n", paint_off(PAINT_HEAD, t->colour));
    print_when(t->out, f);
    print_with(t, f);
    print_compared(t, f);
    failure_rule(t->out, f);
    const struct bytes change = vici_value(f, "change");
    print_change(t, change);
    if (!change.len)
        print_line(t, "mend", vici_value(f, "remedy"));
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
