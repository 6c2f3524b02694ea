/* Two configurations on one network: see place.h. */
#include "sim/place.h"
#include "sa/match.h"
#include "wire/ident.h"

/* ---- which connections ---- */

static struct shrike_endpoint end_of(const struct shrike_addr *a)
{
    struct shrike_endpoint e = {.family = a->family};
    memcpy(e.octets, a->octets, sizeof e.octets);
    return e;
}

/* Is there an address in both? None written: any. */
static bool nets_meet(const struct shrike_net *a, u16 a_count, const struct shrike_net *b,
                      u16 b_count)
{
    for (u16 i = 0; i < a_count; i++) {
        for (u16 k = 0; k < b_count; k++) {
            const struct shrike_endpoint x = end_of(&a[i].addr), y = end_of(&b[k].addr);
            if (net_contains(&a[i], &y) || net_contains(&b[k], &x))
                return true;
        }
    }
    return a_count == 0 || b_count == 0;
}

bool place_addresses_meet(const struct config *a, u32 x, const struct config *b, u32 y)
{
    const struct shrike_conn *m = &a->conf.conns[x], *n = &b->conf.conns[y];
    const struct config_conn *beside = &a->beside[x], *there = &b->beside[y];
    const bool to =
        beside->remote_name_count || there->local_name_count ||
        nets_meet(m->remote_addrs, m->remote_addr_count, n->local_addrs, n->local_addr_count);
    const bool from =
        beside->local_name_count || there->remote_name_count ||
        nets_meet(m->local_addrs, m->local_addr_count, n->remote_addrs, n->remote_addr_count);
    return to && from;
}

bool place_ids_meet(const struct config *a, u32 x, const struct config *b, u32 y)
{
    const struct shrike_conn *m = &a->conf.conns[x], *n = &b->conf.conns[y];
    return id_matches(&m->remote.id, &n->local.id) && id_matches(&n->remote.id, &m->local.id);
}

bool place_can_call(const struct config *c, u32 conn)
{
    return c->conf.conns[conn].remote_endpoint.family || c->beside[conn].remote_name_count;
}

bool place_starts(const struct config *c, u32 conn)
{
    const struct shrike_conn *one = &c->conf.conns[conn];
    bool starts = false;
    for (u16 i = 0; i < one->child_count; i++)
        starts |= one->children[i].start != SHRIKE_START_NONE;
    return starts;
}

u32 place_find(const struct config *c, const char *name)
{
    for (u32 i = 0; i < c->conf.conn_count; i++)
        if (strcmp(c->conf.conns[i].name, name) == 0)
            return i;
    return PLACE_NONE;
}

/* The one that fits the other side's best, the first among equals. */
static u32 mate_of(const struct config *a, u32 x, const struct config *b)
{
    u32 best = b->conf.conn_count ? 0 : PLACE_NONE;
    unsigned most = 0;
    for (u32 y = 0; y < b->conf.conn_count; y++) {
        const unsigned fit =
            2u * place_addresses_meet(a, x, b, y) + (unsigned)place_ids_meet(a, x, b, y);
        best = fit > most ? y : best;
        most = MAX(most, fit);
    }
    return best;
}

static u32 best_of(const struct config *a, const struct config *b)
{
    u32 best = a->conf.conn_count ? 0 : PLACE_NONE;
    unsigned most = 0;
    for (u32 x = 0; x < a->conf.conn_count; x++) {
        const u32 y = mate_of(a, x, b);
        unsigned fit = y != PLACE_NONE && place_addresses_meet(a, x, b, y) ? 8 : 0;
        fit += place_can_call(a, x) ? 2 : 0;
        fit += place_can_call(a, x) && place_starts(a, x) ? 4 : 0;
        fit += y != PLACE_NONE && place_ids_meet(a, x, b, y) ? 1 : 0;
        best = fit > most ? x : best;
        most = MAX(most, fit);
    }
    return best;
}

static bool begins(const struct place *p, bool by_itself)
{
    return p->conn != PLACE_NONE && place_can_call(p->config, p->conn) &&
           (!by_itself || place_starts(p->config, p->conn));
}

bool place_choose(struct place p[2], const char *name, unsigned *first, struct text *why)
{
    const struct config *a = p[0].config, *b = p[1].config;
    p[0].conn = name ? place_find(a, name) : best_of(a, b);
    p[1].conn = name ? place_find(b, name) : PLACE_NONE;
    if (name && p[0].conn == PLACE_NONE && p[1].conn == PLACE_NONE) {
        text_str(why, "neither file has a connection that can be used and is called ");
        text_str(why, name);
        return false;
    }
    if (p[0].conn != PLACE_NONE)
        p[1].conn = mate_of(a, p[0].conn, b);
    else if (p[1].conn != PLACE_NONE || b->conf.conn_count)
        p[0].conn = mate_of(b, p[1].conn != PLACE_NONE ? p[1].conn : 0, a);
    if (p[0].conn == PLACE_NONE && p[1].conn == PLACE_NONE && b->conf.conn_count)
        p[1].conn = 0;
    const bool both = p[0].conn != PLACE_NONE && p[1].conn != PLACE_NONE;
    p[0].meets = p[1].meets = both && place_addresses_meet(a, p[0].conn, b, p[1].conn);
    for (unsigned i = 0; i < 4; i++) {
        *first = i % 2;
        if (begins(&p[*first], i < 2))
            return true;
    }
    text_str(why, "nobody can begin: no connection that can be used names an address to call");
    return false;
}

/* ---- where they are ---- */

/* Stands where the addresses of a name come (config/config.h). */
static bool keeps_a_place(const struct shrike_net *net)
{
    static const u8 zero[16];
    return net->addr.family == 4 && net->prefix_bits == 32 &&
           memcmp(net->addr.octets, zero, sizeof zero) == 0;
}

static bool is_single(const struct shrike_net *net)
{
    return net->prefix_bits == (net->addr.family == 6 ? 128 : 32);
}

/* The first address of this family, 0 for any, that is written; of a block the first host. */
static bool first_of(const struct shrike_net *nets, u16 count, u8 family, struct shrike_addr *out)
{
    for (u16 i = 0; i < count; i++) {
        const struct shrike_net *n = &nets[i];
        if (!n->addr.family || keeps_a_place(n) || (family && n->addr.family != family))
            continue;
        *out = n->addr;
        if (!is_single(n))
            out->octets[n->addr.family == 6 ? 15 : 3] |= 1;
        return true;
    }
    return false;
}

static bool local_of(const struct place *p, u8 family, struct shrike_addr *out)
{
    const struct shrike_conn *c = p->conn == PLACE_NONE ? NULL : &p->config->conf.conns[p->conn];
    return c && first_of(c->local_addrs, c->local_addr_count, family, out);
}

static bool remote_of(const struct place *p, u8 family, struct shrike_addr *out)
{
    const struct shrike_conn *c = p->conn == PLACE_NONE ? NULL : &p->config->conf.conns[p->conn];
    return c && first_of(c->remote_addrs, c->remote_addr_count, family, out);
}

static bool same(const struct shrike_addr *a, const struct shrike_addr *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

/* 192.0.2.n or 2001:db8::n; of a NAT 203.0.113.n or 2001:db8:ffff::n */
static struct shrike_addr documented(u8 family, bool nat, u8 n)
{
    struct shrike_addr v4 = {{192, 0, 2, n}, 4}, v4_nat = {{203, 0, 113, n}, 4};
    struct shrike_addr v6 = {{0x20, 1, 0x0d, 0xb8, [15] = n}, 6};
    if (family == 4)
        return nat ? v4_nat : v4;
    v6.octets[4] = v6.octets[5] = nat ? 0xff : 0;
    return v6;
}

/* What the addresses that are written are of. */
static u8 family_of(const struct place p[2])
{
    struct shrike_addr a;
    bool known = remote_of(&p[0], 0, &a) || remote_of(&p[1], 0, &a) || local_of(&p[0], 0, &a) ||
                 local_of(&p[1], 0, &a);
    return known ? a.family : 4;
}

static void place_one(struct place p[2], unsigned s, u8 family)
{
    struct place *me = &p[s], *other = &p[1 - s];
    struct shrike_addr theirs;
    const bool known = remote_of(other, family, &theirs);
    if (!local_of(me, family, &me->own)) {
        me->invented = me->nat || !known;
        me->own = me->invented ? documented(family, false, (u8)(1 + s)) : theirs;
    }
    me->outside = me->own;
    if (me->nat)
        me->outside =
            known && !same(&theirs, &me->own) ? theirs : documented(family, true, (u8)(1 + s));
}

/* ---- into the connections ---- */

/* As a resolver does: no name ends so. */
static bool is_invalid(const char *name)
{
    static const char end[] = "invalid";
    const size_t len = strlen(name), n = sizeof end - 1;
    return len >= n && strcmp(name + len - n, end) == 0 && (len == n || name[len - n - 1] == '.');
}

const char *place_missing(const struct config *c, u32 conn)
{
    const struct config_conn *beside = &c->beside[conn];
    for (u16 i = 0; i < beside->remote_name_count; i++)
        if (is_invalid(beside->remote_names[i]))
            return beside->remote_names[i];
    return NULL;
}

struct names {
    const char *const *at;
    u16 count;
    struct shrike_addr address; /* that they stand for */
};

static const struct shrike_net *fill(struct pool *pool, const struct shrike_net *nets, u16 count,
                                     const struct names *names)
{
    struct shrike_net *out = pool_take(pool, count * sizeof *out);
    u16 name = 0;
    for (u16 i = 0; i < count; i++) {
        out[i] = nets[i];
        if (!keeps_a_place(&nets[i]) || name == names->count || is_invalid(names->at[name++]))
            continue;
        out[i].addr = names->address;
        out[i].prefix_bits = names->address.family == 6 ? 128 : 32;
    }
    return out;
}

static void set_end(struct shrike_endpoint *e, const struct shrike_addr *a, u16 port)
{
    *e = end_of(a);
    e->port = port;
}

static void settle_conn(struct pool *pool, struct shrike_conn *c, const struct config_conn *beside,
                        const struct place p[2])
{
    const struct names here = {beside->local_names, beside->local_name_count, p[0].own};
    const struct names there = {beside->remote_names, beside->remote_name_count, p[1].outside};
    if (here.count) {
        c->local_addrs = fill(pool, c->local_addrs, c->local_addr_count, &here);
        set_end(&c->local_endpoint, &p[0].own, c->local_port);
    }
    if (there.count) {
        c->remote_addrs = fill(pool, c->remote_addrs, c->remote_addr_count, &there);
        if (!c->remote_endpoint.family && !is_invalid(there.at[0]))
            set_end(&c->remote_endpoint, &p[1].outside, c->remote_port);
    }
    if (!c->local_endpoint.family)
        set_end(&c->local_endpoint, &p[0].own, c->local_port);
    /* As from the sockets: who calls another port begins with the marker. */
    if (c->remote_endpoint.port != 500 && c->local_endpoint.port == 500)
        c->local_endpoint.port = 4500;
}

static void settle_side(struct place *me, const struct place *other)
{
    const struct place p[2] = {*me, *other};
    struct config *config = me->config;
    const u32 count = config->conf.conn_count;
    struct shrike_conn *conns = pool_take(&config->pool, MAX(count, 1) * sizeof *conns);
    for (u32 i = 0; i < count; i++) {
        conns[i] = config->conf.conns[i];
        settle_conn(&config->pool, &conns[i], &config->beside[i], p);
    }
    config->conf.conns = conns;
}

void place_settle(struct place p[2])
{
    const u8 family = family_of(p);
    place_one(p, 0, family);
    place_one(p, 1, family);
    settle_side(&p[0], &p[1]);
    settle_side(&p[1], &p[0]);
}

bool place_address(const struct place *p, u32 *at, struct shrike_addr *out)
{
    const struct config *c = p->config;
    if (*at == 0) {
        ++*at;
        *out = p->outside;
        return true;
    }
    while (*at <= c->conf.conn_count && !p->nat) {
        const struct shrike_conn *conn = &c->conf.conns[*at - 1];
        ++*at;
        if (!conn->local_endpoint.family)
            continue;
        out->family = conn->local_endpoint.family;
        memcpy(out->octets, conn->local_endpoint.octets, sizeof out->octets);
        return true;
    }
    return false;
}
