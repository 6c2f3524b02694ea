/* What the daemon has and is configured for: see tunnels.h. */
#include "tool/tunnels.h"
#include "tool/show.h"
#include <stdlib.h>

struct loading {
    struct tunnels *all;
    struct tunnel_list *into;
    const char *event;
};

/* Room for one more. */
static struct tunnel *extend(struct tunnel_list *l)
{
    if (l->count == TUNNELS_MAX)
        return NULL;
    if (l->count == l->max) {
        size_t max = l->max ? 2 * l->max : 64;
        struct tunnel *more = reallocarray(l->at, max, sizeof *more);
        if (!more)
            return NULL;
        l->at = more;
        l->max = max;
    }
    return &l->at[l->count];
}

static void keep(struct loading *to, struct bytes name, struct bytes body)
{
    const size_t size = name.len + body.len;
    struct tunnel *t = extend(to->into);
    u8 *memory = size <= TUNNELS_BYTES_MAX - to->all->bytes ? malloc(size + 1) : NULL;
    if (!t || !memory) {
        to->all->why = "the daemon has more connections than can be listed at once";
        free(memory);
        return;
    }
    memcpy(memory, name.at, name.len);
    if (body.len)
        memcpy(memory + name.len, body.at, body.len);
    *t = (struct tunnel){.memory = memory,
                         .name = bytes_of(memory, name.len),
                         .body = bytes_of(memory + name.len, body.len)};
    if (!show_number(vici_value(t->body, "uniqueid"), &t->id))
        t->id = 0;
    to->into->count++;
    to->all->bytes += size;
}

/* A message has one section for each connection in it: one. */
static void take(void *ctx, const struct vici_packet *p)
{
    struct loading *to = ctx;
    struct vici_reader v = vici_reader_of(p->message);
    struct vici_item item;
    if (!bytes_equal(p->name, bytes_of(to->event, strlen(to->event))))
        return;
    while (vici_read_whole(&v, &item) != VICI_END && item.type != VICI_BAD) {
        if (item.type == VICI_SECTION_START)
            keep(to, item.name, item.value);
    }
}

static bool load(struct tunnels *t, struct session *s, struct tunnel_list *into, const char *conn)
{
    const bool sas = into == &t->sas;
    struct loading to = {.all = t, .into = into, .event = sas ? "list-sa" : "list-conn"};
    u8 message[512];
    struct vici_writer w = vici_writer_of(message, sizeof message);
    struct session_question q = {.command = sas ? "list-sas" : "list-conns",
                                 .listener = {.event = take, .ctx = &to}};
    struct bytes answer;
    if (conn)
        vici_put_text(&w, "ike", conn);
    if (!vici_written(&w, &q.message)) {
        snprintf(s->why, sizeof s->why, "the name is too long");
        return false;
    }
    return session_events(s, to.event, true) == SESSION_ANSWER &&
           session_ask(s, &q, &answer) == SESSION_ANSWER && !session_refused(s, answer) &&
           session_events(s, to.event, false) == SESSION_ANSWER;
}

static int by_name(const void *a, const void *b)
{
    const struct tunnel *l = a, *r = b;
    int order = memcmp(l->name.at, r->name.at, MIN(l->name.len, r->name.len));
    if (order == 0 && l->name.len != r->name.len)
        order = l->name.len < r->name.len ? -1 : 1;
    if (order == 0 && l->id != r->id)
        order = l->id < r->id ? -1 : 1;
    return order;
}

static void sort(struct tunnel_list *l)
{
    if (l->count)
        qsort(l->at, l->count, sizeof *l->at, by_name);
}

bool tunnels_load(struct tunnels *t, struct session *s, const char *conn)
{
    *t = (struct tunnels){0};
    bool loaded = load(t, s, &t->conns, conn) && load(t, s, &t->sas, conn);
    if (loaded && t->why) {
        snprintf(s->why, sizeof s->why, "%s", t->why);
        loaded = false;
    }
    sort(&t->conns);
    sort(&t->sas);
    if (!loaded)
        tunnels_free(t);
    return loaded;
}

static void list_free(struct tunnel_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->at[i].memory);
    free(l->at);
}

void tunnels_free(struct tunnels *t)
{
    list_free(&t->sas);
    list_free(&t->conns);
    *t = (struct tunnels){0};
}

bool tunnels_next(const struct tunnels *t, struct tunnel_place *at, struct tunnel_group *g)
{
    const struct tunnel *sa = at->sa < t->sas.count ? &t->sas.at[at->sa] : NULL;
    const struct tunnel *conn = at->conn < t->conns.count ? &t->conns.at[at->conn] : NULL;
    if (!sa && !conn)
        return false;
    struct tunnel key = {0};
    key.name = conn ? conn->name : sa->name;
    if (sa && conn) { /* the lesser name; ids do not count here */
        struct tunnel other = {.name = sa->name};
        if (by_name(&other, &key) < 0)
            key.name = sa->name;
    }
    *g = (struct tunnel_group){.name = key.name, .sas = sa};
    if (conn && bytes_equal(conn->name, key.name)) {
        g->conn = conn;
        at->conn++;
    }
    while (at->sa < t->sas.count && bytes_equal(t->sas.at[at->sa].name, key.name)) {
        g->sa_count++;
        at->sa++;
    }
    return true;
}

static struct vici_reader sections_of(struct bytes body, const char *name)
{
    struct vici_item item;
    bool there = vici_find(body, name, &item) && item.type == VICI_SECTION_START;
    return vici_reader_of(there ? item.value : bytes_of(NULL, 0));
}

struct vici_reader tunnel_sas_of(const struct tunnel *sa)
{
    return sections_of(sa->body, "child-sas");
}

struct vici_reader tunnel_children_of(const struct tunnel *conn)
{
    return sections_of(conn ? conn->body : bytes_of(NULL, 0), "children");
}

bool tunnel_next_child(struct vici_reader *v, struct tunnel_child *out)
{
    struct vici_item item;
    while (vici_read_whole(v, &item) != VICI_END && item.type != VICI_BAD) {
        if (item.type != VICI_SECTION_START)
            continue;
        /* The section of a Child SA is called net-12; its name is a key. */
        struct bytes name = vici_value(item.value, "name");
        *out = (struct tunnel_child){.name = name.at ? name : item.name, .body = item.value};
        return true;
    }
    return false;
}

bool tunnel_has(const struct tunnel_group *g, struct bytes child)
{
    for (size_t i = 0; i < g->sa_count; i++) {
        struct vici_reader v = tunnel_sas_of(&g->sas[i]);
        struct tunnel_child c;
        while (tunnel_next_child(&v, &c)) {
            if (bytes_equal(c.name, child))
                return true;
        }
    }
    return false;
}
