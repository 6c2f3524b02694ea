/* What listings say about an SA: see words.h. */
#include "tool/words.h"

static char small(u8 c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

struct words_state words_state(struct bytes state)
{
    static const struct {
        const char *word, *text;
        enum paint paint;
    } rows[] = {{"ESTABLISHED", "up", PAINT_GOOD},
                {"INSTALLED", "up", PAINT_GOOD},
                {"CONNECTING", "connecting", PAINT_WAIT},
                {"CREATING", "connecting", PAINT_WAIT},
                {"CREATED", "connecting", PAINT_WAIT},
                {"DELETING", "closing", PAINT_WAIT},
                {"PASS", "pass", PAINT_GOOD},
                {"DROP", "drop", PAINT_GOOD},
                {"", "down", PAINT_BAD}};
    struct words_state out = {.paint = PAINT_WAIT};
    struct text t = text_of(out.text, sizeof out.text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!bytes_equal(state, bytes_of(rows[i].word, strlen(rows[i].word))))
            continue;
        text_str(&t, rows[i].text);
        out.paint = rows[i].paint;
        return out;
    }
    show_safe(&t, state);
    for (size_t i = 0; i < t.len; i++)
        out.text[i] = small((u8)out.text[i]);
    return out;
}

void words_algorithms(struct text *t, struct bytes sa)
{
    static const struct {
        const char *name, *size;
    } parts[] = {{"encr-alg", "encr-keysize"},
                 {"integ-alg", "integ-keysize"},
                 {"prf-alg", NULL},
                 {"dh-group", NULL}};
    const char *between = "";
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct bytes name = vici_value(sa, parts[i].name);
        if (name.len == 0)
            continue;
        text_str(t, between);
        show_safe(t, name);
        struct bytes size = parts[i].size ? vici_value(sa, parts[i].size) : bytes_of(NULL, 0);
        if (size.len && !bytes_equal(size, bytes_of("0", 1))) {
            text_char(t, '-');
            show_safe(t, size);
        }
        between = "/";
    }
}

void words_list(struct text *t, struct bytes section, const char *key, unsigned at_most)
{
    struct vici_item item;
    unsigned n = 0;
    if (!vici_find(section, key, &item) || item.type != VICI_LIST_START)
        return;
    struct vici_reader v = vici_list_of(item.value);
    for (; vici_read_whole(&v, &item) == VICI_LIST_ITEM; n++) {
        if (n >= at_most)
            continue;
        text_str(t, n ? ", " : "");
        show_safe(t, item.value);
    }
    if (n > at_most) {
        text_str(t, " +");
        text_u64(t, n - at_most);
    }
}

void words_end(struct text *t, struct bytes sa, const char *side)
{
    char key[32];
    snprintf(key, sizeof key, "%s-host", side);
    struct bytes host = vici_value(sa, key);
    snprintf(key, sizeof key, "%s-port", side);
    struct bytes port = vici_value(sa, key);
    bool colons = host.len && memchr(host.at, ':', host.len);
    text_str(t, colons && port.len ? "[" : "");
    show_safe(t, host);
    text_str(t, colons && port.len ? "]" : "");
    if (port.len) {
        text_char(t, ':');
        show_safe(t, port);
    }
}

void words_age(struct text *t, struct bytes section, const char *key)
{
    u64 seconds;
    if (show_number(vici_value(section, key), &seconds))
        show_age(t, seconds);
}
