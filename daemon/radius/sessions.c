/* Who has come in by RADIUS: see sessions.h. */
#include "radius/sessions.h"
#include "base/text.h"
#include <stdlib.h>

#define BUCKETS      4096 /* a power of two */
#define STATION_SIZE 64   /* an address and a port as text */

struct radius_sessions {
    struct radius_session *buckets[BUCKETS];
    struct list all;
    u32 count;
    struct heap timers;
    struct page_source source;
};

/* ---- life ---- */

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    return calloc(1, size);
}

static void give(void *ctx, void *page, size_t size)
{
    (void)ctx, (void)size;
    free(page);
}

struct radius_sessions *radius_sessions_new(void)
{
    struct radius_sessions *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->source = (struct page_source){.from = {.take = take, .give = give}, .bytes_max = UINT64_MAX};
    list_init(&s->all);
    if (heap_init(&s->timers, &s->source, RADIUS_SESSIONS_MAX))
        return s;
    free(s);
    return NULL;
}

static void session_free(struct radius_session *one)
{
    free((void *)(uintptr_t)one->attributes.at);
    free((void *)(uintptr_t)one->granted.at);
    free(one);
}

void radius_sessions_free(struct radius_sessions *s)
{
    if (!s)
        return;
    while (!list_empty(&s->all))
        radius_sessions_remove(s, list_item(s->all.next, struct radius_session, link));
    heap_free(&s->timers);
    free(s);
}

u32 radius_sessions_count(const struct radius_sessions *s)
{
    return s->count;
}

static struct radius_session **bucket_of(const struct radius_sessions *s, u64 sa)
{
    return (struct radius_session **)&s->buckets[(sa ^ sa >> 32) & (BUCKETS - 1)];
}

struct radius_session *radius_sessions_find(const struct radius_sessions *s, u64 sa)
{
    struct radius_session *one = *bucket_of(s, sa);
    while (one && one->sa != sa)
        one = one->next;
    return one;
}

struct radius_session *radius_sessions_after(const struct radius_sessions *s,
                                             const struct radius_session *one)
{
    struct list *l = one ? one->link.next : s->all.next;
    return l == &s->all ? NULL : list_item(l, struct radius_session, link);
}

void radius_sessions_remove(struct radius_sessions *s, struct radius_session *one)
{
    struct radius_session **at = bucket_of(s, one->sa);
    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    heap_remove(&s->timers, &one->timer);
    list_remove(&one->link);
    s->count--;
    session_free(one);
}

/* ---- attributes ---- */

static bool copy(struct bytes from, struct bytes *to)
{
    u8 *at = malloc(from.len ? from.len : 1);
    if (!at)
        return false;
    if (from.len > 0)
        memcpy(at, from.at, from.len);
    *to = bytes_of(at, from.len);
    return true;
}

static void put_station(struct writer *w, u8 type, const struct shrike_endpoint *e, bool with_port)
{
    char station[STATION_SIZE];
    struct text t = text_of(station, sizeof(station));
    if (e->family == 0)
        return;
    text_addr(&t, e->octets, e->family);
    if (with_port) {
        text_char(&t, '[');
        text_u64(&t, e->port);
        text_char(&t, ']');
    }
    radius_put_text(w, type, station);
}

static struct bytes at_most(struct bytes b)
{
    return bytes_of(b.at, MIN(b.len, (size_t)RADIUS_VALUE_MAX));
}

void radius_put_who(struct writer *w, const struct radius_who *who, const char *id, u32 port)
{
    radius_put(w, RADIUS_USER_NAME, at_most(who->user_name));
    radius_put_u32(w, RADIUS_NAS_PORT_TYPE, RADIUS_PORT_VIRTUAL);
    radius_put_u32(w, RADIUS_SERVICE_TYPE, RADIUS_SERVICE_FRAMED);
    radius_put_u32(w, RADIUS_NAS_PORT, port);
    radius_put(w, RADIUS_NAS_PORT_ID, at_most(bytes_of(who->conn, strlen(who->conn))));
    if (who->local.family == 4)
        radius_put(w, RADIUS_NAS_IP_ADDRESS, bytes_of(who->local.octets, 4));
    else if (who->local.family == 6)
        radius_put(w, RADIUS_NAS_IPV6_ADDRESS, bytes_of(who->local.octets, 16));
    put_station(w, RADIUS_CALLED_STATION_ID, &who->local, who->with_port);
    put_station(w, RADIUS_CALLING_STATION_ID, &who->remote, who->with_port);
    if (*id)
        radius_put_text(w, RADIUS_ACCT_SESSION_ID, id);
}

struct radius_session *radius_sessions_add(struct radius_sessions *s, const struct radius_who *who,
                                           shrike_time now)
{
    u8 octets[RADIUS_WHO_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    if (s->count == RADIUS_SESSIONS_MAX || radius_sessions_find(s, who->sa))
        return NULL;
    struct radius_session *one = calloc(1, sizeof(*one));
    if (!one)
        return NULL;
    struct text t = text_of(one->id, sizeof(one->id));
    text_hex(&t, who->sa >> 32, 8);
    text_char(&t, '-');
    text_u64(&t, (u32)who->sa);
    radius_put_who(&w, who, one->id, who->port);
    ensure(!w.full); /* each value has a cap */
    if (!copy(written_bytes(&w), &one->attributes)) {
        session_free(one);
        return NULL;
    }
    one->sa = who->sa;
    one->began = now;
    one->ends = UINT64_MAX;
    one->next = *bucket_of(s, who->sa);
    *bucket_of(s, who->sa) = one;
    list_append(&s->all, &one->link);
    s->count++;
    return one;
}

static void put_granted(struct writer *w, const struct radius_grant *g,
                        const struct radius_lease *lease)
{
    for (u16 i = 0; i < lease->count; i++) {
        const struct shrike_addr *a = &lease->addresses[i];
        radius_put(w, a->family == 4 ? RADIUS_FRAMED_IP_ADDRESS : RADIUS_FRAMED_IPV6_ADDRESS,
                   bytes_of(a->octets, a->family == 4 ? 4 : 16));
    }
    for (u8 i = 0; i < g->class_count; i++) /* RFC 2865 5.25: unmodified, in accounting */
        if ((size_t)(w->end - w->at) > g->classes[i].len + 2)
            radius_put(w, RADIUS_CLASS, g->classes[i]);
}

/* ---- time ---- */

static void set_timer(struct radius_sessions *s, struct radius_session *one)
{
    shrike_time at = one->interim_s ? MIN(one->interim, one->ends) : one->ends;
    if (at == UINT64_MAX)
        heap_remove(&s->timers, &one->timer);
    else
        heap_set(&s->timers, &one->timer, at);
}

bool radius_sessions_start(struct radius_sessions *s, struct radius_session *one,
                           const struct radius_grant *g, const struct radius_lease *lease,
                           shrike_time now)
{
    u8 octets[RADIUS_WHO_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    struct bytes granted;
    put_granted(&w, g, lease);
    if (w.full || !copy(written_bytes(&w), &granted))
        return false;
    free((void *)(uintptr_t)one->granted.at);
    one->granted = granted;
    one->started = true;
    one->began = now;
    one->interim_s = g->interim_s ? g->interim_s : lease->interim_s;
    one->interim = now + one->interim_s * SHRIKE_SECOND;
    radius_sessions_end_at(s, one, g->session_s, now);
    return true;
}

void radius_sessions_end_at(struct radius_sessions *s, struct radius_session *one, u32 seconds,
                            shrike_time now)
{
    one->ends = seconds ? now + seconds * SHRIKE_SECOND : UINT64_MAX;
    set_timer(s, one);
}

void radius_sessions_interim(struct radius_sessions *s, struct radius_session *one, u32 seconds,
                             shrike_time now)
{
    if (one->interim_s || !one->started)
        return;
    one->interim_s = seconds;
    one->interim = now + seconds * SHRIKE_SECOND;
    set_timer(s, one);
}

struct radius_session *radius_sessions_due(struct radius_sessions *s, shrike_time now, bool *ended)
{
    struct heap_node *n = heap_least(&s->timers);
    if (!n || n->key > now)
        return NULL;
    struct radius_session *one = list_item(n, struct radius_session, timer);
    *ended = one->ends <= now;
    if (*ended)
        one->ends = UINT64_MAX;
    else
        one->interim = now + one->interim_s * SHRIKE_SECOND;
    set_timer(s, one);
    return one;
}

shrike_time radius_sessions_next(const struct radius_sessions *s)
{
    const struct heap_node *n = heap_least(&s->timers);
    return n ? n->key : UINT64_MAX;
}

/* ---- who is meant ---- */

bool radius_names_session(u8 type)
{
    switch (type) {
    case RADIUS_USER_NAME:
    case RADIUS_NAS_PORT:
    case RADIUS_FRAMED_IP_ADDRESS:
    case RADIUS_CALLED_STATION_ID:
    case RADIUS_CALLING_STATION_ID:
    case RADIUS_ACCT_SESSION_ID:
    case RADIUS_NAS_PORT_ID:
    case RADIUS_FRAMED_IPV6_ADDRESS:
        return true;
    default:
        return false;
    }
}

bool radius_names_nas(u8 type)
{
    return type == RADIUS_NAS_IP_ADDRESS || type == RADIUS_NAS_IPV6_ADDRESS ||
           type == RADIUS_NAS_IDENTIFIER;
}

static bool has(struct bytes attributes, const struct radius_attribute *wanted)
{
    const struct radius_packet p = {.attributes = attributes};
    struct radius_walk walk = {0};
    struct radius_attribute a;
    while (radius_next(&p, &walk, &a))
        if (a.vendor == 0 && a.type == wanted->type && bytes_equal(a.value, wanted->value))
            return true;
    return false;
}

static bool is_meant(const struct radius_session *one, const struct radius_packet *request,
                     bool nas)
{
    struct radius_walk walk = {0};
    struct radius_attribute a;
    while (radius_next(request, &walk, &a)) {
        if (a.vendor != 0 || a.type == RADIUS_NAS_IDENTIFIER ||
            !(radius_names_session(a.type) || (nas && radius_names_nas(a.type))))
            continue;
        if (!has(one->attributes, &a) && !has(one->granted, &a))
            return false;
    }
    return true;
}

struct radius_session *radius_sessions_match(const struct radius_sessions *s,
                                             const struct radius_packet *request, bool nas,
                                             const struct radius_session *after)
{
    const struct list *l = after ? after->link.next : s->all.next;
    for (; l != &s->all; l = l->next) {
        struct radius_session *one = list_item(l, struct radius_session, link);
        if (is_meant(one, request, nas))
            return one;
    }
    return NULL;
}
