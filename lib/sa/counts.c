/* Counters of connections: see counts.h. */
#include "sa/counts.h"
#include "base/siphash.h"
#include "base/text.h"
#include "sa/shard.h"
#include "wire/header.h"

static const char *const names[] = {
#define COUNT(name, text) text,
#include "shrike/count.def"
#undef COUNT
};

const char *shrike_count_name(enum shrike_count which)
{
    return which < SHRIKE_COUNT_COUNT ? names[which] : "unknown";
}

bool counts_init(struct counts *c, struct page_source *source)
{
    c->source = source;
    return map_init(&c->by_name, source, SHRIKE_COUNTED_MAX);
}

void counts_free(struct counts *c)
{
    map_free(&c->by_name);
    for (u32 i = 0; i < COUNTS_PAGES; i++)
        if (c->pages[i])
            page_give(c->source, c->pages[i], SHRIKE_PAGE);
    memset(c->pages, 0, sizeof(c->pages));
}

static struct shrike_counts *at_index(const struct counts *c, u32 index)
{
    return &c->pages[index / COUNTS_PER_PAGE][index % COUNTS_PER_PAGE];
}

static u64 hash_of(const struct shard *s, const char *conn)
{
    u64 hash = siphash(s->hash_key, bytes_of(conn, strlen(conn)));
    return hash ? hash : 1;
}

static struct shrike_counts *find(const struct shard *s, u64 hash, const char *conn)
{
    u32 cursor = 0, index;
    while ((index = map_next(&s->counts.by_name, hash, &cursor)) != MAP_NONE) {
        struct shrike_counts *one = at_index(&s->counts, index);
        if (text_same(one->conn, conn))
            return one;
    }
    return NULL;
}

/* Of this connection; NULL: it is not counted. */
static struct shrike_counts *of_conn(struct shard *s, const char *conn)
{
    struct counts *c = &s->counts;
    u64 hash = hash_of(s, conn);
    struct shrike_counts *one = find(s, hash, conn);
    if (one || strlen(conn) >= sizeof(one->conn) || c->count == SHRIKE_COUNTED_MAX)
        return one;
    struct shrike_counts **page = &c->pages[c->count / COUNTS_PER_PAGE];
    if (!*page)
        *page = page_take(c->source, SHRIKE_PAGE);
    if (!*page || !map_put(&c->by_name, hash, c->count))
        return NULL;
    one = at_index(c, c->count++);
    memcpy(one->conn, conn, strlen(conn));
    return one;
}

void counts_add(struct shard *s, const struct ike_sa *sa, enum shrike_count which)
{
    s->counts.all[which]++;
    if (!sa || !sa->conn || (!sa->initiator && !sa->authenticated))
        return;
    struct shrike_counts *one = of_conn(s, sa->conn->name);
    if (one)
        one->of[which]++;
}

void counts_message(struct shard *s, const struct ike_sa *sa, const struct header *h, bool in)
{
    if (h->exchange < EXCHANGE_IKE_SA_INIT || h->exchange > EXCHANGE_INFORMATIONAL)
        return;
    unsigned which = SHRIKE_COUNT_IKE_INIT_IN_REQ + 4u * (h->exchange - EXCHANGE_IKE_SA_INIT) +
                     (in ? 0 : 2) + (h->flags & FLAG_RESPONSE ? 1 : 0);
    counts_add(s, sa, (enum shrike_count)which);
}

bool counts_next(const struct counts *c, u32 *at, struct shrike_counts *out)
{
    if (*at == 0) {
        *out = (struct shrike_counts){.conn = ""};
        memcpy(out->of, c->all, sizeof(out->of));
        *at = 1;
        return true;
    }
    if (*at > c->count)
        return false;
    *out = *at_index(c, (*at)++ - 1);
    return true;
}

bool counts_reset(struct shard *s, const char *conn)
{
    struct shrike_counts *one = conn && conn[0] ? find(s, hash_of(s, conn), conn) : NULL;
    if (conn && conn[0] && !one)
        return false;
    if (one)
        memset(one->of, 0, sizeof(one->of));
    else
        memset(s->counts.all, 0, sizeof(s->counts.all));
    for (u32 i = 0; !conn && i < s->counts.count; i++)
        memset(at_index(&s->counts, i)->of, 0, sizeof(one->of));
    return true;
}
