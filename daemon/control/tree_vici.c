/* Sections of messages as sections of the language: see tree_vici.h. */
#include "control/tree_vici.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define PATH_TEXT 512 /* characters of an origin; longer paths are cut */

struct build {
    struct pool *pool;
    const char *command;
    struct config_report *report;
    struct section *at;
};

/* "load-conn: gw.children.net.mode": sections from the inside out, put behind one another. */
static struct shrike_origin place(const struct build *b, const struct section *s, const char *key)
{
    const char *names[TREE_DEPTH + 1];
    unsigned count = 0;
    char text[PATH_TEXT];
    for (; s && count < TREE_DEPTH; s = s->parent)
        names[count++] = s->name;
    int len = snprintf(text, sizeof text, "%s: ", b->command);
    while (count-- > 0 && len < PATH_TEXT)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%s", names[count],
                        count || key ? "." : "");
    if (key && len < PATH_TEXT)
        snprintf(text + len, sizeof text - (size_t)len, "%s", key);
    return (struct shrike_origin){pool_text(b->pool, text, strlen(text)), 0};
}

static char *name_of(const struct build *b, struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] > ' ' && name.at[i] < 0x7f)
            continue;
        report_error(b->report, place(b, b->at, NULL),
                     "a name holds an octet that is no printable character");
        return NULL;
    }
    if (name.len == 0)
        report_error(b->report, place(b, b->at, NULL), "a name is empty");
    return name.len ? pool_text(b->pool, (const char *)name.at, name.len) : NULL;
}

static bool is_text(struct bytes value)
{
    return value.len == 0 || !memchr(value.at, 0, value.len);
}

static struct value *add_value(const struct build *b, struct bytes name)
{
    char *key = name_of(b, name);
    if (!key)
        return NULL;
    struct value **end = &b->at->values;
    while (*end && strcmp((*end)->key, key) != 0)
        end = &(*end)->next;
    if (*end) {
        report_error(b->report, place(b, b->at, key), "%s is there twice", key);
        return NULL;
    }
    *end = pool_take(b->pool, sizeof **end);
    (*end)->key = key;
    (*end)->origin = place(b, b->at, key);
    return *end;
}

static bool add_text(const struct build *b, const struct vici_item *item)
{
    struct value *v = add_value(b, item->name);
    if (!v)
        return false;
    if (is_text(item->value)) {
        v->text = pool_text(b->pool, (const char *)item->value.at, item->value.len);
        return true;
    }
    report_error(b->report, v->origin, "%s holds a zero octet: it must be text", v->key);
    return false;
}

/* Files of certificates and keys come as they are: as text they are "0s" and base64. */
static bool holds_files(const char *key)
{
    static const char *const keys[] = {"certs", "cacerts", "pubkeys"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool add_files(const struct build *b, struct value *v, struct bytes items)
{
    struct vici_reader r = vici_list_of(items);
    struct vici_item item;
    char *text = pool_take(b->pool, 2 * items.len + 1); /* an item of one octet needs seven */
    size_t len = 0;
    while (vici_read_next(&r, &item) == VICI_LIST_ITEM) {
        if (item.value.len < 8)
            continue; /* no certificate, nor key */
        len += (size_t)sprintf(text + len, "%s0s", len ? "," : "");
        len += (size_t)EVP_EncodeBlock((u8 *)text + len, item.value.at, (int)item.value.len);
    }
    v->text = text;
    return true;
}

static bool add_list(const struct build *b, const struct vici_item *list)
{
    struct value *v = add_value(b, list->name);
    struct vici_reader r = vici_list_of(list->value);
    struct vici_item item;
    if (!v)
        return false;
    if (holds_files(v->key))
        return add_files(b, v, list->value);
    char *text = pool_take(b->pool, list->value.len + 1); /* each item has three octets in front */
    size_t len = 0;
    while (vici_read_next(&r, &item) == VICI_LIST_ITEM) {
        if (!is_text(item.value)) {
            report_error(b->report, v->origin, "%s holds a zero octet: it must be text", v->key);
            return false;
        }
        if (len)
            text[len++] = ',';
        memcpy(text + len, item.value.at, item.value.len);
        len += item.value.len;
    }
    v->text = text;
    return true;
}

static bool open_section(struct build *b, struct bytes name)
{
    char *text = name_of(b, name);
    if (!text)
        return false;
    if (b->at && section_find(b->at, text, strlen(text))) {
        report_error(b->report, place(b, b->at, text), "section %s is there twice", text);
        return false;
    }
    const struct section here = {.name = text, .parent = b->at};
    if (b->at) {
        b->at = section_add(b->pool, b->at, text, place(b, &here, NULL));
        return true;
    }
    b->at = pool_take(b->pool, sizeof *b->at);
    b->at->name = text;
    b->at->origin = place(b, &here, NULL);
    return true;
}

static bool add(struct build *b, const struct vici_item *item)
{
    switch (item->type) {
    case VICI_SECTION_START:
        return open_section(b, item->name);
    case VICI_SECTION_END:
        b->at = b->at->parent;
        return true;
    case VICI_KEY_VALUE:
        return add_text(b, item);
    case VICI_LIST_START:
        return add_list(b, item);
    case VICI_LIST_ITEM:
    case VICI_LIST_END:
    case VICI_END:
    case VICI_BAD:
        break;
    }
    return false;
}

/* The list that was begun, with what it holds as its value; the reader is left behind its end. */
static void whole_list(struct vici_reader *r, struct vici_item *list)
{
    const u8 *from = r->r.at, *to = from;
    struct vici_item item;
    while (vici_read_next(r, &item) == VICI_LIST_ITEM)
        to = r->r.at;
    list->value = bytes_of(from, (size_t)(to - from));
}

struct section *tree_from_vici(struct pool *p, const char *command, const struct vici_item *section,
                               struct config_report *report)
{
    struct build b = {.pool = p, .command = command, .report = report};
    struct vici_reader r = vici_reader_of(section->value);
    struct vici_item item;
    if (!open_section(&b, section->name))
        return NULL;
    struct section *root = b.at;
    while (vici_read_next(&r, &item) != VICI_END) {
        if (item.type == VICI_LIST_START)
            whole_list(&r, &item);
        if (!add(&b, &item))
            return NULL;
    }
    return root;
}
