/* Finding the connection: see match.h. */
#include "sa/match.h"
#include "wire/codes.h"
#include "wire/ident.h"

/* Scores of one side of a pair of addresses. */
enum { SIDE_NONE, SIDE_ANY, SIDE_NET, SIDE_COUNT = SIDE_NET + 128 + 1 };

bool net_contains(const struct shrike_net *net, const struct shrike_endpoint *host)
{
    if (net->addr.family == 0)
        return true;
    if (net->addr.family != host->family)
        return false;
    unsigned bits = MIN(net->prefix_bits, host->family == 4 ? 32 : 128);
    unsigned octets = bits / 8, rest = bits % 8;
    if (memcmp(net->addr.octets, host->octets, octets) != 0)
        return false;
    return rest == 0 || (net->addr.octets[octets] ^ host->octets[octets]) >> (8 - rest) == 0;
}

/* A longer prefix scores more, so one address scores the most. */
static unsigned match_side(const struct shrike_net *nets, unsigned count,
                           const struct shrike_endpoint *host)
{
    unsigned best = count == 0 ? SIDE_ANY : SIDE_NONE;
    for (unsigned i = 0; i < count; i++) {
        if (!net_contains(&nets[i], host))
            continue;
        unsigned score =
            nets[i].addr.family == 0 ? SIDE_ANY : SIDE_NET + MIN(nets[i].prefix_bits, 128u);
        best = MAX(best, score);
    }
    return best;
}

unsigned match_addresses(const struct shrike_conn *conn, const struct shrike_endpoint *local,
                         const struct shrike_endpoint *remote)
{
    unsigned here = match_side(conn->local_addrs, conn->local_addr_count, local);
    unsigned there = match_side(conn->remote_addrs, conn->remote_addr_count, remote);
    return here && there ? there * SIDE_COUNT + here : 0;
}

void match_begin(struct match_walk *walk, const struct shrike_conf *conf,
                 const struct directory *directory, const struct shrike_endpoint *local,
                 const struct shrike_endpoint *remote)
{
    *walk = (struct match_walk){conf, directory, local, remote, .score = UINT32_MAX};
}

static unsigned score_at(const struct match_walk *walk, u32 at)
{
    return match_addresses(&walk->conf->conns[at], walk->local, walk->remote);
}

/* The best score below that of the walk. */
static unsigned next_score(const struct match_walk *walk)
{
    struct directory_walk all = directory_kinds(walk->directory, walk->conf, walk->remote);
    unsigned best = 0;
    for (u32 i; (i = directory_next(&all)) != MAP_NONE;) {
        unsigned score = score_at(walk, i);
        if (score < walk->score)
            best = MAX(best, score);
    }
    return best;
}

const struct shrike_conn *match_next(struct match_walk *walk)
{
    while (walk->score) {
        for (u32 i; walk->score != UINT32_MAX && (i = directory_next(&walk->at)) != MAP_NONE;) {
            if (score_at(walk, i) == walk->score)
                return &walk->conf->conns[i];
        }
        walk->score = next_score(walk);
        walk->at = directory_kinds(walk->directory, walk->conf, walk->remote);
    }
    return NULL;
}

/* How well a connection fits, its fields in order of weight, or where it fails. */
struct fit {
    bool kind; /* EAP, as it is asked for, or nothing (RFC 7619), or something else */
    unsigned remote, local, addresses;
    enum { MISS_ADDRESSES, MISS_SUITE, MISS_REMOTE, MISS_LOCAL, MISS_NONE } miss;
};

static struct fit fit_of(const struct shrike_conn *conn, const struct match_query *q)
{
    struct fit f = {.miss = MISS_ADDRESSES};
    f.addresses = match_addresses(conn, &q->local, &q->remote);
    if (f.addresses == 0)
        return f;
    f.miss = MISS_SUITE;
    if (!select_allows(conn->proposals, conn->proposal_count, q->choice))
        return f;
    f.miss = MISS_REMOTE;
    f.remote = id_score(&conn->remote.id, &q->remote_id);
    if (f.remote == 0)
        return f;
    f.miss = MISS_LOCAL;
    f.local = q->local_id.type ? id_score(&conn->local.id, &q->local_id) : 1;
    if (f.local == 0)
        return f;
    f.miss = MISS_NONE;
    f.kind = (conn->remote.kind == SHRIKE_AUTH_EAP) == q->by_eap &&
             (conn->remote.kind == SHRIKE_AUTH_NULL) == q->by_nobody &&
             (q->by_eap || (conn->remote_round_count > 0) == q->another);
    return f;
}

static bool better(const struct fit *a, const struct fit *b)
{
    if (a->miss != b->miss)
        return a->miss > b->miss;
    if (a->kind != b->kind)
        return a->kind;
    if (a->remote != b->remote)
        return a->remote > b->remote;
    if (a->local != b->local)
        return a->local > b->local;
    return a->addresses > b->addresses;
}

static const struct shrike_conn *best_of(const struct match_query *q, struct directory_walk all,
                                         struct fit *best)
{
    const struct shrike_conn *nearest = NULL;
    *best = (struct fit){0};
    for (u32 i; (i = directory_next(&all)) != MAP_NONE;) {
        struct fit fit = fit_of(&q->conf->conns[i], q);
        if (nearest && !better(&fit, best))
            continue;
        nearest = &q->conf->conns[i];
        *best = fit;
    }
    return nearest;
}

const struct shrike_conn *match_identity(const struct match_query *q, struct shrike_reason *why)
{
    struct fit best;
    const struct shrike_conn *nearest =
        best_of(q, directory_peer(q->directory, q->conf, &q->remote, &q->remote_id), &best);
    if (nearest && best.miss == MISS_NONE)
        return nearest;
    /* None fits: of all, which comes nearest? */
    nearest = best_of(q, directory_peer(NULL, q->conf, &q->remote, &q->remote_id), &best);
    *why = (struct shrike_reason){.code = SHRIKE_REASON_NO_IDENTITY, .detail = PAYLOAD_IDI};
    if (nearest)
        why->origin = nearest->origin;
    if (best.miss == MISS_REMOTE)
        why->origin = nearest->remote.origin;
    if (best.miss == MISS_LOCAL) {
        why->detail = PAYLOAD_IDR;
        why->origin = nearest->local.origin;
    }
    return NULL;
}
