/* Choosing paths: see path.h. */
#include "sa/path.h"
#include "sa/match.h"

static unsigned octets_of(u8 family)
{
    return family == 4 ? 4 : 16;
}

bool endpoint_at(const struct shrike_endpoint *end, const struct shrike_addr *address)
{
    return end->family == address->family &&
           memcmp(end->octets, address->octets, octets_of(end->family)) == 0;
}

struct shrike_addr endpoint_address(const struct shrike_endpoint *end)
{
    struct shrike_addr a = {.family = end->family};
    memcpy(a.octets, end->octets, octets_of(end->family));
    return a;
}

bool endpoint_same_address(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    struct shrike_addr address = endpoint_address(b);
    return endpoint_at(a, &address);
}

bool endpoint_usable(const struct shrike_endpoint *end)
{
    static const u8 nowhere[16];
    bool many = end->family == 4 ? end->octets[0] >= 224 : end->octets[0] == 0xff;
    return !many && end->port != 0 && memcmp(end->octets, nowhere, octets_of(end->family)) != 0;
}

bool path_same(const struct ring_path *a, const struct ring_path *b)
{
    return endpoint_same_address(&a->local, &b->local) && a->local.port == b->local.port &&
           endpoint_same_address(&a->remote, &b->remote) && a->remote.port == b->remote.port;
}

/* ---- this host ---- */

static bool same_list(const struct host_addresses *h, const struct shrike_addr *list,
                      unsigned count)
{
    return h->count == count && (count == 0 || memcmp(h->at, list, count * sizeof(*list)) == 0);
}

enum host_news addresses_take(struct host_addresses *h, const struct shrike_addr *list,
                              unsigned count)
{
    count = MIN(count, (unsigned)SHRIKE_HOST_ADDRESSES_MAX);
    enum host_news news = !h->known                   ? HOST_FIRST
                          : same_list(h, list, count) ? HOST_ROUTES
                                                      : HOST_LIST;
    if (count)
        memcpy(h->at, list, count * sizeof(*list));
    h->count = (u8)count;
    h->known = true;
    return news;
}

bool addresses_have(const struct host_addresses *h, const struct shrike_endpoint *end)
{
    for (unsigned i = 0; i < h->count; i++) {
        if (endpoint_at(end, &h->at[i]))
            return true;
    }
    return !h->known;
}

/* ---- paths ---- */

static struct shrike_endpoint end_of(const struct shrike_addr *a, u16 port)
{
    struct shrike_endpoint end = {.family = a->family, .port = port};
    memcpy(end.octets, a->octets, octets_of(a->family));
    return end;
}

/* RFC 4291 2.5.6: it means nothing behind the link, so a path that does not begin with one does not
 * come to one. */
static bool is_of_link(const struct shrike_addr *a)
{
    return a->family == 6 && a->octets[0] == 0xfe && (a->octets[1] & 0xc0) == 0x80;
}

static bool is_allowed(const struct path_query *q, const struct shrike_addr *ours)
{
    struct shrike_endpoint end = end_of(ours, 0);
    for (unsigned i = 0; i < q->allowed_count; i++) {
        if (net_contains(&q->allowed[i], &end))
            return true;
    }
    return q->allowed_count == 0;
}

struct paths {
    struct ring_path *at;
    unsigned count;
};

static void add(struct paths *list, const struct ring_path *path)
{
    if (path->local.family != path->remote.family || list->count == PATHS_MAX)
        return;
    for (unsigned i = 0; i < list->count; i++) {
        if (path_same(&list->at[i], path))
            return;
    }
    list->at[list->count++] = *path;
}

unsigned path_list(const struct path_query *q, struct ring_path out[PATHS_MAX])
{
    struct paths list = {.at = out};
    if (addresses_have(q->host, &q->now.local))
        add(&list, &q->now);
    for (unsigned i = 0; i < q->host->count; i++) {
        struct ring_path path = q->now;
        if (!is_allowed(q, &q->host->at[i]) || is_of_link(&q->host->at[i]))
            continue;
        path.local = end_of(&q->host->at[i], q->now.local.port);
        add(&list, &path);
        for (unsigned k = 0; k < q->peer_count; k++) {
            if (endpoint_at(&q->now.remote, &q->peer[k]) || is_of_link(&q->peer[k]))
                continue;
            path.remote = end_of(&q->peer[k], q->peer_port);
            add(&list, &path);
        }
    }
    return list.count;
}

const struct shrike_addr *path_other(const struct path_query *q, unsigned n)
{
    for (unsigned i = 0; i < q->host->count && n < PEER_ADDRESSES_MAX; i++) {
        const struct shrike_addr *a = &q->host->at[i];
        bool other = !endpoint_at(&q->now.local, a) && !is_of_link(a);
        if (other && is_allowed(q, a) && n-- == 0)
            return a;
    }
    return NULL;
}
