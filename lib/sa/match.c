/* Finding the connection: see match.h. */
#include "sa/match.h"
#include "wire/codes.h"

/* Scores of one side of a pair of addresses. */
enum { SIDE_NONE, SIDE_ANY, SIDE_NET, SIDE_COUNT = SIDE_NET + 128 + 1 };

/* Scores of identities: a wildcard adds its length. */
enum { ID_SCORE_ANY = 1, ID_SCORE_EXACT = ID_SCORE_ANY + SHRIKE_ID_MAX + 1 };

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
                 const struct shrike_endpoint *local, const struct shrike_endpoint *remote)
{
    *walk = (struct match_walk){conf, local, remote, .score = UINT32_MAX, .at = conf->conn_count};
}

/* The best score below that of the walk. */
static unsigned next_score(const struct match_walk *walk)
{
    unsigned best = 0;
    for (u32 i = 0; i < walk->conf->conn_count; i++) {
        unsigned score = match_addresses(&walk->conf->conns[i], walk->local, walk->remote);
        if (score < walk->score)
            best = MAX(best, score);
    }
    return best;
}

const struct shrike_conn *match_next(struct match_walk *walk)
{
    while (walk->score) {
        while (walk->at < walk->conf->conn_count) {
            const struct shrike_conn *conn = &walk->conf->conns[walk->at++];
            if (match_addresses(conn, walk->local, walk->remote) == walk->score)
                return conn;
        }
        walk->score = next_score(walk);
        walk->at = 0;
    }
    return NULL;
}

static u8 lower(u8 c)
{
    return c >= 'A' && c <= 'Z' ? (u8)(c + ('a' - 'A')) : c;
}

/* Without regard to the case of ASCII letters. */
static bool same_name(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

/* Octets up to the last '@', itself included; 0 without one. */
static size_t mailbox_len(struct bytes b)
{
    size_t len = b.len;
    while (len > 0 && b.at[len - 1] != '@')
        len--;
    return len;
}

static struct bytes from(struct bytes b, size_t start)
{
    return start ? bytes_of(b.at + start, b.len - start) : b;
}

static bool fqdn_is_wildcard(struct bytes name)
{
    return name.len > 2 && name.at[0] == '*' && name.at[1] == '.';
}

static bool mail_is_wildcard(struct bytes mail)
{
    return mail.len > 2 && mail.at[0] == '*' && mailbox_len(mail) == 2;
}

bool id_is_pattern(const struct shrike_id *id)
{
    return id->type == 0 || (id->type == ID_FQDN && fqdn_is_wildcard(id->data)) ||
           (id->type == ID_RFC822_ADDR && mail_is_wildcard(id->data));
}

/* "*.example.org" stands for every name below it, at any depth. */
static unsigned fqdn_score(struct bytes pattern, struct bytes name)
{
    if (same_name(pattern, name))
        return ID_SCORE_EXACT;
    if (!fqdn_is_wildcard(pattern))
        return 0;
    size_t tail = pattern.len - 1; /* with its dot */
    if (name.len <= tail || !same_name(from(pattern, 1), from(name, name.len - tail)))
        return 0;
    return ID_SCORE_ANY + (unsigned)pattern.len;
}

/* RFC 5321 2.4: only the owner of a domain knows whether case matters in front of the '@'. */
static unsigned mail_score(struct bytes pattern, struct bytes mail)
{
    size_t box = mailbox_len(pattern), mail_box = mailbox_len(mail);
    if (!same_name(from(pattern, box), from(mail, mail_box)))
        return 0;
    if (bytes_equal(bytes_of(pattern.at, box), bytes_of(mail.at, mail_box)))
        return ID_SCORE_EXACT;
    return mail_is_wildcard(pattern) && mail_box > 1 ? ID_SCORE_ANY + (unsigned)pattern.len : 0;
}

unsigned id_score(const struct shrike_id *pattern, const struct shrike_id *id)
{
    if (pattern->type == 0)
        return ID_SCORE_ANY;
    if (pattern->type != id->type || pattern->data.len > SHRIKE_ID_MAX)
        return 0;
    /* RFC 7296 3.5 (4): whatever type it is. */
    if (pattern->type == ID_FQDN)
        return fqdn_score(pattern->data, id->data);
    if (pattern->type == ID_RFC822_ADDR)
        return mail_score(pattern->data, id->data);
    return bytes_equal(pattern->data, id->data) ? ID_SCORE_EXACT : 0;
}

bool id_matches(const struct shrike_id *pattern, const struct shrike_id *id)
{
    return id_score(pattern, id) != 0;
}

/* How well a connection fits, its fields in order of weight, or where it fails. */
struct fit {
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
    f.local = q->local_id.type ? id_score(&conn->local.id, &q->local_id) : ID_SCORE_ANY;
    if (f.local == 0)
        return f;
    f.miss = MISS_NONE;
    return f;
}

static bool better(const struct fit *a, const struct fit *b)
{
    if (a->miss != b->miss)
        return a->miss > b->miss;
    if (a->remote != b->remote)
        return a->remote > b->remote;
    if (a->local != b->local)
        return a->local > b->local;
    return a->addresses > b->addresses;
}

const struct shrike_conn *match_identity(const struct match_query *q, struct shrike_reason *why)
{
    const struct shrike_conn *nearest = NULL;
    struct fit best = {0};
    for (u32 i = 0; i < q->conf->conn_count; i++) {
        struct fit fit = fit_of(&q->conf->conns[i], q);
        if (nearest && !better(&fit, &best))
            continue;
        nearest = &q->conf->conns[i];
        best = fit;
    }
    if (nearest && best.miss == MISS_NONE)
        return nearest;
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
