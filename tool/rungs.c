/* The messages of a ladder: see rungs.h. */
#include "tool/rungs.h"
#include "tool/show.h"
#include "vici/message.h"

enum { INDENT = 13, WIDTH_LEAST = 40, MS = 1000 };

/* ---- for people ---- */

u64 rungs_us(struct bytes time)
{
    const u8 *dot = time.len ? memchr(time.at, '.', time.len) : NULL;
    u64 seconds, us;
    if (!dot || !show_number(bytes_of(time.at, (size_t)(dot - time.at)), &seconds) ||
        !show_number(bytes_of(dot + 1, time.len - (size_t)(dot + 1 - time.at)), &us))
        return 0;
    return seconds * 1000000 + us;
}

/* The payloads, with line breaks between them where the terminal ends. */
static void print_payloads(const struct tool *t, struct bytes message)
{
    FILE *out = t->out;
    const size_t width = MAX(t->width, (unsigned)WIDTH_LEAST);
    struct vici_item item;
    size_t column = 0;
    if (!vici_find(message, "payloads", &item) || item.type != VICI_LIST_START)
        return;
    struct vici_reader v = vici_list_of(item.value);
    while (vici_read_whole(&v, &item) == VICI_LIST_ITEM) {
        char at[128];
        struct text text = text_of(at, sizeof at);
        show_safe(&text, item.value);
        bool breaks = t->width && column + 2 + text.len + 1 > width;
        if (!column || breaks)
            column =
                (size_t)fprintf(out, "%s%*s", column ? ",\n" : "", INDENT, "") - (column ? 2 : 0);
        else
            column += (size_t)fprintf(out, ", ");
        column += (size_t)fprintf(out, "%s", at);
    }
    struct bytes more = vici_value(message, "more-payloads");
    if (more.len) {
        fputs(", and more: ", out);
        show_to(out, more);
    }
    fputs(column ? "\n" : "", out);
}

/* The time since the message before; of the first the time of the day. */
static void print_time(const struct tool *t, u64 before, u64 us)
{
    char at[32] = "";
    struct text clock = text_of(at, sizeof at);
    if (!before) {
        show_time(&clock, us / 1000000);
        fprintf(t->out, "  %11s", strlen(at) > 11 ? at + 11 : at);
        return;
    }
    u64 since = us > before ? us - before : 0;
    snprintf(at, sizeof at, "+%llu.%03us", (unsigned long long)(since / 1000000),
             (unsigned)(since / MS % 1000));
    fprintf(t->out, "  %11s", at);
}

static void print_message(const struct tool *t, struct bytes message, u64 before)
{
    FILE *out = t->out;
    const bool sent = vici_value_is(message, "way", "out");
    const bool again = vici_value_is(message, "again", "yes");
    const struct bytes exchange = vici_value(message, "exchange");
    struct bytes fragments = vici_value(message, "fragments");
    print_time(t, before, rungs_us(vici_value(message, "time")));
    fprintf(out, "  %s  %s", sent ? "---->" : "<----",
            paint_on(again ? PAINT_WAIT : PAINT_HEAD, t->colour));
    show_to(out, exchange.len ? exchange : bytes_of("?", 1));
    putc(' ', out);
    show_to(out, vici_value(message, "kind"));
    putc(' ', out);
    show_to(out, vici_value(message, "id"));
    fprintf(out, "%s, ", paint_off(again ? PAINT_WAIT : PAINT_HEAD, t->colour));
    show_to(out, vici_value(message, "octets"));
    fputs(" octets", out);
    if (fragments.len) {
        fputs(" in ", out);
        show_to(out, fragments);
        fputs(" fragments", out);
    }
    fputs(again ? ", again\n" : "\n", out);
    print_payloads(t, message);
}

/* Where the messages go, whenever it changes. */
static void print_ends(const struct tool *t, struct bytes message, struct rungs_last *last)
{
    char ends[sizeof last->ends];
    struct text at = text_of(ends, sizeof ends);
    show_safe(&at, vici_value(message, "local"));
    text_str(&at, " - ");
    show_safe(&at, vici_value(message, "remote"));
    if (strcmp(ends, last->ends) != 0)
        fprintf(t->out, "  %s\n", ends);
    memcpy(last->ends, ends, sizeof ends);
}

void rungs_go_on(const struct tool *t, struct bytes ladder, struct rungs_last *last)
{
    struct vici_item item;
    if (!vici_find(ladder, "messages", &item) || item.type != VICI_SECTION_START)
        return;
    struct vici_reader v = vici_reader_of(item.value);
    while (vici_read_whole(&v, &item) == VICI_SECTION_START) {
        print_ends(t, item.value, last);
        print_message(t, item.value, last->us);
        last->us = rungs_us(vici_value(item.value, "time"));
    }
}

void rungs_print(const struct tool *t, struct bytes ladder, u64 begin_us)
{
    struct rungs_last last = {.us = begin_us};
    rungs_go_on(t, ladder, &last);
}

/* ---- for scripts ---- */

void rungs_json_one(struct json *j, const char *key, struct bytes m)
{
    struct vici_item item;
    json_begin(j, key, '{');
    json_text(j, "time", vici_value(m, "time"));
    json_flag(j, "sent", vici_value_is(m, "way", "out"));
    json_flag(j, "again", vici_value_is(m, "again", "yes"));
    json_text(j, "exchange", vici_value(m, "exchange"));
    json_flag(j, "response", vici_value_is(m, "kind", "response"));
    json_number(j, "message_id", vici_value(m, "id"));
    json_number(j, "octets", vici_value(m, "octets"));
    json_number(j, "fragments", vici_value(m, "fragments"));
    json_text(j, "local", vici_value(m, "local"));
    json_text(j, "remote", vici_value(m, "remote"));
    json_begin(j, "payloads", '[');
    if (vici_find(m, "payloads", &item) && item.type == VICI_LIST_START) {
        struct vici_reader v = vici_list_of(item.value);
        while (vici_read_whole(&v, &item) == VICI_LIST_ITEM) {
            const u8 *blank = item.value.len ? memchr(item.value.at, ' ', item.value.len) : NULL;
            size_t name = blank ? (size_t)(blank - item.value.at) : item.value.len;
            json_begin(j, NULL, '{');
            json_text(j, "name", bytes_of(item.value.at, name));
            json_number(j, "octets",
                        blank ? bytes_of(blank + 1, item.value.len - name - 1) : bytes_of(NULL, 0));
            json_end(j, '}');
        }
    }
    json_end(j, ']');
    json_end(j, '}');
}

void rungs_json(struct json *j, struct bytes ladder)
{
    struct vici_item item;
    json_begin(j, "messages", '[');
    if (vici_find(ladder, "messages", &item) && item.type == VICI_SECTION_START) {
        struct vici_reader v = vici_reader_of(item.value);
        while (vici_read_whole(&v, &item) == VICI_SECTION_START)
            rungs_json_one(j, NULL, item.value);
    }
    json_end(j, ']');
}
