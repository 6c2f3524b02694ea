/* Messages of the control protocol: see message.h. */
#include "vici/message.h"
#include "base/text.h"

struct vici_reader vici_reader_of(struct bytes message)
{
    return (struct vici_reader){.r = reader_of(message)};
}

struct vici_reader vici_list_of(struct bytes items)
{
    return (struct vici_reader){.r = reader_of(items), .depth = 1, .base = 1, .in_list = true};
}

/* What of an element's grammar does not depend on its content. NULL: it may stand here. */
static const char *misplaced(const struct vici_reader *v, u8 type)
{
    bool inner = v->depth > v->base;
    switch (type) {
    case VICI_SECTION_START:
    case VICI_LIST_START:
        if (v->depth == VICI_DEPTH_MAX)
            return "too many sections in each other";
        return v->in_list ? "a section or list in a list" : NULL;
    case VICI_KEY_VALUE:
        return v->in_list ? "a key in a list" : NULL;
    case VICI_SECTION_END:
        return v->in_list || !inner ? "the end of a section that was not begun" : NULL;
    case VICI_LIST_ITEM:
        return v->in_list ? NULL : "an item outside of a list";
    case VICI_LIST_END:
        return v->in_list && inner ? NULL : "the end of a list that was not begun";
    default:
        return "an element of unknown type";
    }
}

/* The fields of an element, by its type. */
static void read_fields(struct vici_reader *v, struct vici_item *item)
{
    bool named = item->type == VICI_SECTION_START || item->type == VICI_KEY_VALUE ||
                 item->type == VICI_LIST_START;
    if (named)
        item->name = read_bytes(&v->r, read_u8(&v->r));
    if (item->type == VICI_KEY_VALUE || item->type == VICI_LIST_ITEM)
        item->value = read_bytes(&v->r, read_u16(&v->r));
    if (v->r.bad)
        v->why = "cut in an element";
    else if (named && item->name.len && memchr(item->name.at, 0, item->name.len))
        v->why = "a zero octet in a name";
}

static void step(struct vici_reader *v, enum vici_type type)
{
    if (type == VICI_SECTION_START || type == VICI_LIST_START)
        v->depth++;
    if (type == VICI_SECTION_END || type == VICI_LIST_END)
        v->depth--;
    if (type == VICI_LIST_START || type == VICI_LIST_END)
        v->in_list = type == VICI_LIST_START;
}

enum vici_type vici_read_next(struct vici_reader *v, struct vici_item *item)
{
    *item = (struct vici_item){.type = VICI_END};
    if (!v->why && read_left(&v->r) == 0) {
        if (v->depth == v->base)
            return VICI_END;
        v->why = "a section or list without its end";
    }
    if (!v->why && v->elements++ == VICI_ELEMENTS_MAX)
        v->why = "too many elements";
    if (!v->why) {
        u8 type = read_u8(&v->r);
        v->why = misplaced(v, type);
        item->type = (enum vici_type)type;
    }
    if (!v->why)
        read_fields(v, item);
    if (v->why)
        *item = (struct vici_item){.type = VICI_BAD};
    else
        step(v, item->type);
    return item->type;
}

const char *vici_fault_of(struct bytes message)
{
    struct vici_reader v = vici_reader_of(message);
    struct vici_item item;
    if (message.len > VICI_SEGMENT_MAX)
        return "too long";
    while (vici_read_next(&v, &item) != VICI_END)
        if (item.type == VICI_BAD)
            return v.why;
    return NULL;
}

/* Go on behind the end of what was just begun; its content is the value of item. */
static void read_content(struct vici_reader *v, struct vici_item *item)
{
    const unsigned depth = v->depth;
    const u8 *start = v->r.at, *end = start;
    struct vici_item inner;
    while (v->depth >= depth) {
        end = v->r.at;
        if (vici_read_next(v, &inner) == VICI_BAD)
            return;
    }
    item->value = bytes_of(start, (size_t)(end - start));
}

enum vici_type vici_read_whole(struct vici_reader *v, struct vici_item *item)
{
    vici_read_next(v, item);
    if (item->type == VICI_SECTION_START || item->type == VICI_LIST_START)
        read_content(v, item);
    if (v->why)
        *item = (struct vici_item){.type = VICI_BAD};
    return item->type;
}

bool vici_get(struct bytes section, struct bytes name, struct vici_item *out)
{
    struct vici_reader v = vici_reader_of(section);
    while (vici_read_whole(&v, out) != VICI_END && out->type != VICI_BAD) {
        if (bytes_equal(out->name, name))
            return true;
    }
    *out = (struct vici_item){.type = VICI_END};
    return false;
}

bool vici_find(struct bytes message, const char *path, struct vici_item *out)
{
    for (;;) {
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        if (!vici_get(message, bytes_of(path, len), out))
            return false;
        if (!dot)
            return true;
        if (out->type != VICI_SECTION_START)
            break;
        message = out->value;
        path = dot + 1;
    }
    *out = (struct vici_item){.type = VICI_END};
    return false;
}

struct bytes vici_value(struct bytes message, const char *path)
{
    struct vici_item item;
    if (!vici_find(message, path, &item) || item.type != VICI_KEY_VALUE)
        return bytes_of(NULL, 0);
    return item.value;
}

bool vici_value_is(struct bytes message, const char *path, const char *text)
{
    struct bytes value = vici_value(message, path);
    return value.at && bytes_equal(value, bytes_of(text, strlen(text)));
}

struct vici_writer vici_writer_of(void *at, size_t size)
{
    return (struct vici_writer){.w = writer_of(at, MIN(size, VICI_SEGMENT_MAX))};
}

static struct bytes bytes_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* An element is written whole or not at all. */
static void write_item(struct vici_writer *v, const struct vici_item *item)
{
    bool named = item->type == VICI_SECTION_START || item->type == VICI_KEY_VALUE ||
                 item->type == VICI_LIST_START;
    bool valued = item->type == VICI_KEY_VALUE || item->type == VICI_LIST_ITEM;
    size_t left = (size_t)(v->w.end - v->w.at);
    size_t need = 1 + (named ? 1 + item->name.len : 0) + (valued ? 2 + item->value.len : 0);
    if (item->name.len > VICI_NAME_MAX || item->value.len > VICI_VALUE_MAX || need > left ||
        v->elements == VICI_ELEMENTS_MAX ||
        (item->name.len && memchr(item->name.at, 0, item->name.len)))
        v->w.full = true;
    if (v->w.full)
        return;
    v->elements++;
    write_u8(&v->w, (u8)item->type);
    if (named) {
        write_u8(&v->w, (u8)item->name.len);
        write_bytes(&v->w, item->name);
    }
    if (valued) {
        write_u16(&v->w, (u16)item->value.len);
        write_bytes(&v->w, item->value);
    }
}

/* Depth goes on being counted when the message is full, so that ends still match beginnings. */
static void write_begin(struct vici_writer *v, enum vici_type type, struct bytes name)
{
    ensure(!v->in_list);
    if (v->depth >= VICI_DEPTH_MAX)
        v->w.full = true;
    v->depth++;
    v->in_list = type == VICI_LIST_START;
    write_item(v, &(struct vici_item){.type = type, .name = name});
}

static void write_end(struct vici_writer *v, enum vici_type type)
{
    ensure(v->depth > 0 && v->in_list == (type == VICI_LIST_END));
    v->depth--;
    v->in_list = false;
    write_item(v, &(struct vici_item){.type = type});
}

void vici_begin(struct vici_writer *v, const char *section)
{
    vici_begin_named(v, bytes_text(section));
}

void vici_begin_named(struct vici_writer *v, struct bytes section)
{
    write_begin(v, VICI_SECTION_START, section);
}

void vici_end(struct vici_writer *v)
{
    write_end(v, VICI_SECTION_END);
}

void vici_put(struct vici_writer *v, const char *key, struct bytes value)
{
    vici_put_named(v, bytes_text(key), value);
}

void vici_put_named(struct vici_writer *v, struct bytes key, struct bytes value)
{
    ensure(!v->in_list);
    write_item(v, &(struct vici_item){.type = VICI_KEY_VALUE, .name = key, .value = value});
}

void vici_put_text(struct vici_writer *v, const char *key, const char *value)
{
    vici_put(v, key, bytes_text(value));
}

void vici_put_u64(struct vici_writer *v, const char *key, u64 value)
{
    char digits[24];
    struct text t = text_of(digits, sizeof(digits));
    text_u64(&t, value);
    vici_put(v, key, bytes_of(digits, t.len));
}

void vici_list_begin(struct vici_writer *v, const char *name)
{
    vici_list_begin_named(v, bytes_text(name));
}

void vici_list_begin_named(struct vici_writer *v, struct bytes name)
{
    write_begin(v, VICI_LIST_START, name);
}

void vici_list_put(struct vici_writer *v, struct bytes item)
{
    ensure(v->in_list);
    write_item(v, &(struct vici_item){.type = VICI_LIST_ITEM, .value = item});
}

void vici_list_end(struct vici_writer *v)
{
    write_end(v, VICI_LIST_END);
}

bool vici_written(const struct vici_writer *v, struct bytes *message)
{
    ensure(v->depth == 0);
    *message = written_bytes(&v->w);
    return !v->w.full;
}
