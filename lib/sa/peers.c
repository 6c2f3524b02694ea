/* IKE SAs by identities: see peers.h. */
#include "sa/peers.h"
#include "base/siphash.h"

/* What differs has different hashes: 64 bits under a secret key do not meet by chance or intent. */
static u64 hash_of(const struct shard *s, const struct shrike_id *local,
                   const struct shrike_id *peer)
{
    u8 text[2 * (SHRIKE_ID_MAX + 3)];
    struct writer w = writer_of(text, sizeof(text));
    const struct shrike_id *both[] = {local, peer};
    for (unsigned i = 0; i < 2; i++) {
        write_u8(&w, both[i]->type);
        write_u16(&w, (u16)both[i]->data.len);
        write_bytes(&w, both[i]->data);
    }
    u64 hash = siphash(s->hash_key, written_bytes(&w));
    return hash ? hash : 1;
}

static struct ike_sa *newest(const struct shard *s, u64 hash)
{
    u32 index = hash ? map_get(&s->by_peer, hash) : MAP_NONE;
    return index == MAP_NONE ? NULL : shard_sa_at(s, index);
}

static bool is_in(const struct ike_sa *sa)
{
    return sa->peers.next != NULL;
}

/* Behind `before` in the ring, that is as the next newer one. */
static void link_behind(struct list *before, struct list *link)
{
    link->prev = before;
    link->next = before->next;
    before->next->prev = link;
    before->next = link;
}

/* There is room in the map: it has as many places as there are SAs. */
static void name_newest(struct shard *s, u64 hash, const struct ike_sa *old,
                        const struct ike_sa *sa)
{
    if (old)
        map_remove(&s->by_peer, hash, old->index);
    if (sa)
        ensure(map_put(&s->by_peer, hash, sa->index));
}

static void add(struct shard *s, struct ike_sa *sa, u64 hash)
{
    struct ike_sa *old = newest(s, hash);
    list_init(&sa->peers);
    if (old)
        link_behind(&old->peers, &sa->peers);
    sa->peer_hash = hash;
    name_newest(s, hash, old, sa);
}

/* RFC 7619 2.3: what a peer is called that proves nothing says nothing of others. */
static bool has_identity(const struct ike_sa *sa)
{
    return sa->conn->remote.kind != SHRIKE_AUTH_NULL;
}

void peers_add(struct shard *s, struct ike_sa *sa, const struct shrike_id *peer)
{
    peers_remove(s, sa);
    if (sa->conn && has_identity(sa))
        add(s, sa, hash_of(s, &sa->conn->local.id, peer));
}

void peers_join(struct shard *s, struct ike_sa *sa, const struct ike_sa *like)
{
    peers_remove(s, sa);
    if (like->peer_hash)
        add(s, sa, like->peer_hash);
}

void peers_follow(struct shard *s, struct ike_sa *sa, struct ike_sa *old)
{
    peers_remove(s, sa);
    if (!is_in(old))
        return;
    sa->peer_hash = old->peer_hash;
    link_behind(&old->peers, &sa->peers);
    if (newest(s, old->peer_hash) == old)
        name_newest(s, old->peer_hash, old, sa);
}

void peers_restore(struct shard *s, struct ike_sa *sa)
{
    struct shrike_id peer = sa_peer_id(sa);
    u64 hash = hash_of(s, &sa->conn->local.id, &peer);
    struct ike_sa *newer = newest(s, hash);
    if (!has_identity(sa))
        return;
    if (!newer || newer->born <= sa->born) {
        add(s, sa, hash);
        return;
    }
    for (struct ike_sa *o; (o = peers_older(s, newer)) && o->born > sa->born;)
        newer = o;
    sa->peer_hash = hash;
    link_behind(newer->peers.prev, &sa->peers);
}

void peers_remove(struct shard *s, struct ike_sa *sa)
{
    if (!is_in(sa))
        return;
    if (newest(s, sa->peer_hash) == sa)
        name_newest(s, sa->peer_hash, sa, peers_older(s, sa));
    list_remove(&sa->peers);
}

struct ike_sa *peers_newest(const struct shard *s, const struct shrike_id *local,
                            const struct shrike_id *peer)
{
    return newest(s, hash_of(s, local, peer));
}

struct ike_sa *peers_newest_like(const struct shard *s, const struct ike_sa *sa)
{
    return newest(s, sa->peer_hash);
}

struct ike_sa *peers_older(const struct shard *s, const struct ike_sa *sa)
{
    if (!is_in(sa))
        return NULL;
    struct ike_sa *older = list_item(sa->peers.prev, struct ike_sa, peers);
    return older == newest(s, sa->peer_hash) ? NULL : older;
}
