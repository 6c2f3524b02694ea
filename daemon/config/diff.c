#include "config/diff.h"

#include <stdlib.h>
#include <string.h>

#define PATH_LEN_MAX 512 /* octets of the path of a section; longer ones are cut */

/* ---- marks ---- */

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a; the text is of our own files */
    for (; text && *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    return hash;
}

/* The next section of the tree below top, in the order of the text; NULL: that was all. */
static const struct section *next_section(const struct section *top, const struct section *s)
{
    if (s->sections)
        return s->sections;
    while (s != top && !s->next)
        s = s->parent;
    return s == top ? NULL : s->next;
}

/* "children.net", from below top. */
static const char *path_of(struct compile *c, const struct section *top, const struct section *s)
{
    char path[PATH_LEN_MAX];
    size_t at = sizeof(path) - 1;
    path[at] = 0;
    for (; s != top; s = s->parent) {
        size_t len = strlen(s->name), dot = path[at] != 0;
        if (len + dot > at)
            break;
        if (dot)
            path[--at] = '.';
        at -= len;
        memcpy(path + at, s->name, len);
    }
    return path[at] ? compile_text(c, path + at) : "";
}

static uint32_t count_marks(const struct section *top)
{
    uint32_t count = 0;
    for (const struct section *s = top; s; s = next_section(top, s)) {
        count++;
        for (const struct value *v = s->values; v; v = v->next)
            count++;
    }
    return count;
}

static void add_marks(struct compile *c, const struct section *top, struct config_mark *out,
                      uint32_t *count)
{
    for (const struct section *s = top; s; s = next_section(top, s)) {
        const char *path = path_of(c, top, s);
        if (*path)
            out[(*count)++] = (struct config_mark){path, "", 0};
        for (const struct value *v = s->values; v; v = v->next) {
            const char *key = key_name(v->key);
            out[(*count)++] =
                (struct config_mark){path, key ? key : compile_text(c, v->key), hash_text(v->text)};
        }
    }
}

void marks_take(struct compile *c, const struct section *s, struct config_conn *out)
{
    struct config_mark *marks = pool_take(c->pool, count_marks(s) * sizeof(*marks));
    out->mark_count = 0;
    add_marks(c, s, marks, &out->mark_count);
    out->marks = marks;
}

void marks_take_settings(struct compile *c)
{
    const struct section *pools = section_find(c->root, "pools", 5);
    struct config_conn *out = &c->config->written;
    uint32_t most = (c->shrike ? count_marks(c->shrike) : 0) + (pools ? pools->count : 0);
    struct config_mark *marks = pool_take(c->pool, (most + 1) * sizeof(*marks));
    if (c->shrike)
        add_marks(c, c->shrike, marks, &out->mark_count);
    for (const struct section *s = pools ? pools->sections : NULL; s; s = s->next)
        marks[out->mark_count++] =
            (struct config_mark){"pools", compile_text(c, s->name), compile_hash(0, s)};
    out->marks = marks;
}

/* ---- differences ---- */

static int by_place(const void *a, const void *b)
{
    const struct config_mark *x = a, *y = b;
    int order = strcmp(x->section, y->section);
    return order ? order : strcmp(x->key, y->key);
}

static struct config_mark *sorted(const struct config_conn *c)
{
    struct config_mark *marks = calloc(c->mark_count + 1u, sizeof(*marks));
    if (!marks)
        abort();
    if (c->mark_count) {
        memcpy(marks, c->marks, c->mark_count * sizeof(*marks));
        qsort(marks, c->mark_count, sizeof(*marks), by_place);
    }
    return marks;
}

struct keys_list {
    struct diff_key at[DIFF_KEYS_MAX];
    uint32_t count;
    const char *whole; /* the section that has come or gone: its keys go without saying */
};

static void note(struct keys_list *l, enum diff_change change, const struct config_mark *m)
{
    if (l->whole && strcmp(l->whole, m->section) == 0)
        return;
    if (!*m->key)
        l->whole = m->section;
    if (l->count < DIFF_KEYS_MAX)
        l->at[l->count++] = (struct diff_key){change, m->section, m->key};
}

static void compare(const struct config_conn *old, const struct config_conn *now,
                    struct keys_list *out)
{
    struct config_mark *a = sorted(old), *b = sorted(now);
    uint32_t i = 0, k = 0;
    out->count = 0;
    out->whole = NULL;
    while (i < old->mark_count || k < now->mark_count) {
        int order = i == old->mark_count ? 1 : k == now->mark_count ? -1 : by_place(&a[i], &b[k]);
        if (order < 0)
            note(out, DIFF_REMOVED, &a[i++]);
        else if (order > 0)
            note(out, DIFF_ADDED, &b[k++]);
        else if (a[i++].value != b[k++].value)
            note(out, DIFF_CHANGED, &b[k - 1]);
    }
    free(a);
    free(b);
}

static struct diff_key *keep_keys(struct diff *d, const struct keys_list *l)
{
    struct diff_key *keys = pool_take(&d->pool, (l->count + 1) * sizeof(*keys));
    memcpy(keys, l->at, l->count * sizeof(*keys));
    return keys;
}

/* NULL: it is counted only. */
static struct diff_conn *add_conn(struct diff *d, enum diff_change change, const char *name)
{
    uint32_t *counts[] = {
        [DIFF_ADDED] = &d->added, [DIFF_REMOVED] = &d->removed, [DIFF_CHANGED] = &d->changed};
    ++*counts[change];
    if (d->conn_count == DIFF_CONNS_MAX)
        return NULL;
    struct diff_conn *c = &d->conns[d->conn_count++];
    *c = (struct diff_conn){.change = change, .name = name};
    return c;
}

static void add_changed(struct diff *d, const char *name, const struct config_conn *old,
                        const struct config_conn *now)
{
    struct diff_conn *c = add_conn(d, DIFF_CHANGED, name);
    struct keys_list keys;
    if (!c)
        return;
    compare(old, now, &keys);
    c->keys = keep_keys(d, &keys);
    c->key_count = keys.count;
}

static int by_name(const void *a, const void *b)
{
    const struct shrike_conn *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Pointers to all connections, by name. */
static const struct shrike_conn **conns_by_name(const struct config *c)
{
    const struct shrike_conn **all = calloc(c->conf.conn_count + 1u, sizeof(*all));
    if (!all)
        abort();
    for (uint32_t i = 0; i < c->conf.conn_count; i++)
        all[i] = &c->conf.conns[i];
    if (c->conf.conn_count)
        qsort(all, c->conf.conn_count, sizeof(*all), by_name);
    return all;
}

static const struct config_conn *beside(const struct config *c, const struct shrike_conn *conn)
{
    return &c->beside[conn - c->conf.conns];
}

static void compare_conns(struct diff *d, const struct config *old, const struct config *now)
{
    const struct shrike_conn **a = conns_by_name(old), **b = conns_by_name(now);
    uint32_t i = 0, k = 0;
    while (i < old->conf.conn_count || k < now->conf.conn_count) {
        int order = i == old->conf.conn_count   ? 1
                    : k == now->conf.conn_count ? -1
                                                : by_name(&a[i], &b[k]);
        if (order < 0) {
            (void)add_conn(d, DIFF_REMOVED, a[i++]->name);
            continue;
        }
        if (order > 0) {
            (void)add_conn(d, DIFF_ADDED, b[k++]->name);
            continue;
        }
        if (a[i]->hash == b[k]->hash)
            d->unchanged++;
        else
            add_changed(d, b[k]->name, beside(old, a[i]), beside(now, b[k]));
        i++, k++;
    }
    free(a);
    free(b);
}

void diff_make(struct diff *d, const struct config *old, const struct config *now)
{
    static const struct config nothing;
    struct keys_list keys;
    *d = (struct diff){.conn_count = 0};
    d->conns = pool_take(&d->pool, DIFF_CONNS_MAX * sizeof(*d->conns));
    compare_conns(d, old ? old : &nothing, now);
    compare(&(old ? old : &nothing)->written, &now->written, &keys);
    d->settings = keep_keys(d, &keys);
    d->setting_count = keys.count;
}

void diff_free(struct diff *d)
{
    pool_free(&d->pool);
    *d = (struct diff){.conn_count = 0};
}
