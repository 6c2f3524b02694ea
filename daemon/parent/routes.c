/* Routes into the tunnels: see routes.h. */
#include "parent/routes.h"
#include "parent/addresses.h"
#include "parent/rp_filter.h"
#include <errno.h>
#include <stdlib.h>

enum { BUCKETS = 8192 };

struct route {
    struct route *next;
    struct prefix to;
    struct shrike_addr source;
    u32 asked; /* 0: an orphan */
    u32 link;  /* 0: that of tunnels */
    u32 local_count;
    struct shrike_ts local[]; /* selectors of who asked first: the source is among them */
};

/* FNV-1a: prefixes come from selectors that the configuration allows, so nobody can choose them to
 * collide. */
static u32 bucket_of(const struct prefix *p)
{
    u32 hash = 2166136261u;
    for (size_t i = 0; i < sizeof p->octets; i++)
        hash = (hash ^ p->octets[i]) * 16777619u;
    hash = (hash ^ p->family) * 16777619u;
    hash = (hash ^ p->bits) * 16777619u;
    return hash % BUCKETS;
}

/* Where the pointer to this prefix's route stands, or would stand. */
static struct route **find(const struct routes *r, const struct prefix *p)
{
    struct route **at = &r->buckets[bucket_of(p)];
    while (*at && memcmp(&(*at)->to, p, sizeof *p) != 0)
        at = &(*at)->next;
    return at;
}

static int tell_system(struct routes *r, const struct route *route, bool add)
{
    union netmsg m;
    struct netmsg_route n = {.to = route->to,
                             .table = r->table,
                             .link = route->link ? route->link : r->link,
                             .source = route->source,
                             .mtu = r->mtu,
                             .mss = r->mss};
    netmsg_route(&m, &n, add);
    int error = netlink_do(r->netlink, &m);
    if (error == 0 || !add || n.source.family == 0)
        return error;
    n.source.family = 0; /* the address has gone meanwhile */
    netmsg_route(&m, &n, add);
    return netlink_do(r->netlink, &m);
}

static void set_thrown(struct routes *r, struct bypass_pair *pair, bool thrown)
{
    union netmsg m;
    char text[PREFIX_TEXT];
    netmsg_route(&m, &(struct netmsg_route){.to = pair->own, .table = r->table}, thrown);
    int error = netlink_do(r->netlink, &m);
    if (error != 0 && error != ESRCH)
        tell(r->tell, SHRIKE_ERROR, "cannot %s around the tunnel: %s: %s",
             thrown ? "lead" : "stop leading", prefix_text(&pair->own, text), strerror(error));
    pair->thrown = thrown && error == 0;
}

/* The narrowest route that holds this prefix, which may be its own; NULL: none. */
static const struct route *narrowest(const struct routes *r, const struct prefix *p)
{
    struct prefix wider = *p;
    for (u32 bits = p->bits;; bits--) {
        wider.bits = (u8)bits;
        if (bits < p->bits)
            wider.octets[bits / 8] &= (u8) ~(0x80u >> bits % 8);
        const struct route *route = *find(r, &wider);
        if (route || bits == 0)
            return route;
    }
}

/* Is this pair's remote side what would carry its own side off? */
static bool should_throw(const struct routes *r, const struct bypass_pair *pair)
{
    const struct route *route = bypass_wanted(pair) ? narrowest(r, &pair->own) : NULL;
    return route && memcmp(&route->to, &pair->within, sizeof pair->within) == 0;
}

/* After a change: first take what is wrong now, for two pairs may have one prefix. */
static void settle_bypass(struct routes *r)
{
    struct bypass *b = &r->bypass;
    for (u32 i = 0; i < b->count; i++)
        if (b->pairs[i].thrown && !should_throw(r, &b->pairs[i]))
            set_thrown(r, &b->pairs[i], false);
    bypass_clean(b);
    for (u32 i = 0; i < b->count; i++)
        if (!b->pairs[i].thrown && should_throw(r, &b->pairs[i]))
            set_thrown(r, &b->pairs[i], true);
}

/* A route takes the place of what leads out for the same prefix. */
static void clear_place(struct routes *r, const struct prefix *p)
{
    for (u32 i = 0; i < r->bypass.count; i++) {
        struct bypass_pair *pair = &r->bypass.pairs[i];
        if (pair->thrown && memcmp(&pair->own, p, sizeof *p) == 0)
            set_thrown(r, pair, false);
    }
}

static struct route *new_route(const struct prefix *p, const struct mail_route *m,
                               const struct shrike_addr *source)
{
    size_t local = m->local_count * sizeof m->local[0];
    struct route *route = calloc(1, sizeof *route + local);
    if (!route)
        return NULL;
    *route = (struct route){
        .to = *p, .source = *source, .asked = 1, .link = m->link, .local_count = m->local_count};
    memcpy(route->local, m->local, local);
    return route;
}

/* In its place may be an orphan, which the system has, perhaps with another source. */
static void enter(struct routes *r, struct route **at, struct route *route)
{
    char text[PREFIX_TEXT];
    struct route *orphan = *at;
    bool same = orphan && memcmp(&orphan->source, &route->source, sizeof route->source) == 0;
    int error = same ? 0 : tell_system(r, route, true);
    if (error != 0) {
        tell(r->tell, SHRIKE_ERROR, "cannot route %s into the tunnel: %s",
             prefix_text(&route->to, text), strerror(error));
        free(route);
        return;
    }
    tell(r->tell, SHRIKE_DEBUG, "%s is routed into the tunnel", prefix_text(&route->to, text));
    route->next = orphan ? orphan->next : NULL;
    r->count += !orphan;
    free(orphan);
    *at = route;
}

static void put(struct routes *r, const struct prefix *p, const struct mail_route *m,
                const struct shrike_addr *source)
{
    struct route **at = find(r, p);
    if (*at && (*at)->asked > 0) {
        (*at)->asked++;
        return;
    }
    if (!*at && r->count == ROUTES_MAX) {
        if (!r->warned_full)
            tell(r->tell, SHRIKE_ERROR, "no more than %u routes: others are left out", ROUTES_MAX);
        r->warned_full = true;
        return;
    }
    struct route *route = new_route(p, m, source);
    if (!route)
        return;
    clear_place(r, p);
    enter(r, at, route);
}

static void take(struct routes *r, struct route **at)
{
    struct route *route = *at;
    int error = tell_system(r, route, false);
    char text[PREFIX_TEXT];
    if (error != 0 && error != ESRCH && error != ENODEV)
        tell(r->tell, SHRIKE_WARNING, "cannot take the route to %s away: %s",
             prefix_text(&route->to, text), strerror(error));
    *at = route->next;
    free(route);
    r->count--;
}

static void take_back(struct routes *r, const struct prefix *p)
{
    struct route **at = find(r, p);
    if (*at && (*at)->asked > 0 && --(*at)->asked == 0)
        take(r, at);
}

static void change_bypass(struct routes *r, const struct prefix *own, const struct prefix *within,
                          bool add)
{
    if (own->bits <= within->bits || !prefix_covers(within, own->family, own->octets))
        return;
    if (!add)
        bypass_undo(&r->bypass, own, within);
    else if (!bypass_add(&r->bypass, own, within) && !r->warned_full) {
        tell(r->tell, SHRIKE_ERROR, "no more than %u prefixes of this side are kept out of tunnels",
             BYPASS_MAX);
        r->warned_full = true;
    }
}

/* The local selectors that lie within this remote prefix. */
static void change_own(struct routes *r, const struct mail_route *m, const struct prefix *within)
{
    struct prefix all[PREFIXES_MAX];
    for (u32 i = 0; i < m->local_count; i++) {
        u32 n = m->local[i].family == within->family ? prefix_split(&m->local[i], all) : 0;
        for (u32 j = 0; j < n; j++)
            change_bypass(r, &all[j], within, m->add);
    }
}

void routes_change(struct routes *r, const struct mail_route *m)
{
    struct prefix all[PREFIXES_MAX];
    struct shrike_addr sources[2] = {{{0}, 0}, {{0}, 0}};
    if (!r->buckets)
        return;
    if (m->add)
        addresses_pick(r->netlink, &(struct addresses_wish){m->local, m->local_count}, sources);
    for (u32 i = 0; i < m->remote_count; i++) {
        u32 n = prefix_split(&m->remote[i], all);
        for (u32 j = 0; j < n; j++) {
            change_own(r, m, &all[j]);
            if (m->add)
                put(r, &all[j], m, &sources[all[j].family == 6]);
            else
                take_back(r, &all[j]);
        }
    }
    settle_bypass(r);
}

static void refresh(struct routes *r, struct route *route, const struct host *h, bool gone)
{
    struct shrike_addr sources[2];
    const struct addresses_wish wish = {route->local, route->local_count};
    char text[PREFIX_TEXT];
    addresses_choose(h, &wish, sources);
    /* Who asked for one that was adopted is not known. */
    const struct shrike_addr *now =
        route->local_count ? &sources[route->to.family == 6] : &route->source;
    bool same = memcmp(now, &route->source, sizeof *now) == 0;
    bool dropped = gone && route->source.family != 0;
    route->source = *now;
    int error = same && !dropped ? 0 : tell_system(r, route, true);
    if (error != 0)
        tell(r->tell, SHRIKE_ERROR, "cannot route %s into the tunnel: %s",
             prefix_text(&route->to, text), strerror(error));
}

void routes_refresh(struct routes *r, const struct host *h, bool gone)
{
    for (u32 i = 0; r->buckets && i < BUCKETS; i++)
        for (struct route *route = r->buckets[i]; route; route = route->next)
            refresh(r, route, h, gone);
}

void routes_orphan(struct routes *r)
{
    for (u32 i = 0; r->buckets && i < BUCKETS; i++)
        for (struct route *route = r->buckets[i]; route; route = route->next)
            route->asked = 0;
    bypass_orphan(&r->bypass);
}

void routes_sweep(struct routes *r)
{
    for (u32 i = 0; r->buckets && i < BUCKETS; i++)
        for (struct route **at = &r->buckets[i]; *at;) {
            if ((*at)->asked == 0)
                take(r, at);
            else
                at = &(*at)->next;
        }
    bypass_sweep(&r->bypass);
    if (r->buckets)
        settle_bypass(r);
}

void routes_adopt(struct routes *r, const struct prefix *p, const struct shrike_addr *source)
{
    struct route **at = r->buckets ? find(r, p) : NULL;
    struct route *route = !at || *at || r->count == ROUTES_MAX ? NULL : calloc(1, sizeof *route);
    if (!route)
        return;
    *route = (struct route){.to = *p, .source = *source};
    *at = route;
    r->count++;
}

struct look {
    struct routes *routes;
    bool out; /* those that lead out of the table, when the others are known */
};

static void row(void *ctx, const struct nlmsghdr *h)
{
    const struct look *l = ctx;
    struct routes *r = l->routes;
    struct netmsg_route found;
    if (!netmsg_route_read(h, &found) || found.table != r->table)
        return;
    if (!l->out && found.link == r->link)
        routes_adopt(r, &found.to, &found.source);
    const struct route *within = l->out && found.link == 0 ? narrowest(r, &found.to) : NULL;
    if (within && within->to.bits < found.to.bits)
        bypass_adopt(&r->bypass, &found.to, &within->to);
}

void routes_look(struct routes *r)
{
    int error = 0;
    for (int out = 0; r->buckets && out < 2 && error == 0; out++) {
        struct look l = {r, out == 1};
        union netmsg m;
        netmsg_route_list(&m);
        error = netlink_list(r->netlink, &m, row, &l);
    }
    if (error != 0)
        tell(r->tell, SHRIKE_ERROR, "cannot ask the system for its routes: %s", strerror(error));
}

bool routes_next(const struct routes *r, u32 *bucket, u32 *place, struct prefix *p,
                 struct shrike_addr *source)
{
    for (; r->buckets && *bucket < BUCKETS; (*bucket)++, *place = 0) {
        const struct route *route = r->buckets[*bucket];
        for (u32 n = 0; route && n < *place; n++)
            route = route->next;
        if (!route)
            continue;
        (*place)++;
        *p = route->to;
        *source = route->source;
        return true;
    }
    return false;
}

/* One rule a family; a host without that family has none. */
static bool put_rule(struct routes *r, const struct settings *set, u8 family)
{
    struct netmsg_rule rule = {family, set->mark, set->routing_table, set->routing_priority};
    union netmsg m;
    netmsg_rule(&m, &rule, true);
    int error = netlink_do(r->netlink, &m);
    if (error == EAFNOSUPPORT || error == EOPNOTSUPP)
        return true;
    if (error != 0 && error != EEXIST)
        return complain("cannot set the routing rule for IPv%u: %s: run as root with "
                        "CAP_NET_ADMIN, or set shrike.install_routes = no",
                        family, strerror(error));
    r->rules[r->rule_count++] = rule;
    return true;
}

bool routes_open(struct routes *r, struct netlink *n, const struct settings *set, u32 link,
                 const struct tell *t)
{
    *r = (struct routes){.netlink = n,
                         .tell = t,
                         .table = set->routing_table,
                         .link = link,
                         .mtu = set->route_mtu,
                         .mss = set->route_mss};
    r->buckets = calloc(BUCKETS, sizeof *r->buckets);
    if (r->buckets && put_rule(r, set, 4) && put_rule(r, set, 6))
        return true;
    routes_close(r);
    return false;
}

void routes_close(struct routes *r)
{
    union netmsg m;
    for (; r->rule_count > 0; r->rule_count--) {
        netmsg_rule(&m, &r->rules[r->rule_count - 1], false);
        netlink_do(r->netlink, &m);
    }
    routes_orphan(r);
    routes_sweep(r);
    free(r->buckets);
    r->buckets = NULL;
}

/* A dynamic selector is the peer's own address, whatever that is: one address fits. */
static bool lies_within(const struct shrike_ts *one, const struct shrike_ts *all)
{
    if (all->family == 0)
        return memcmp(one->from, one->to, sizeof one->from) == 0;
    return one->family == all->family && memcmp(one->from, all->from, sizeof one->from) >= 0 &&
           memcmp(one->to, all->to, sizeof one->to) <= 0;
}

static bool child_allows(const struct shrike_child_conf *c, const struct mail_route *m)
{
    for (u32 i = 0; i < m->remote_count; i++) {
        bool within = false;
        for (u32 j = 0; j < c->remote_ts_count && !within; j++)
            within = lies_within(&m->remote[i], &c->remote_ts[j]);
        if (!within)
            return false;
    }
    return true;
}

bool routes_allowed(const struct shrike_conf *conf, const struct mail_route *m)
{
    for (u32 i = 0; i < conf->conn_count; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        for (u32 j = 0; j < conn->child_count; j++)
            if (conn->children[j].reqid == m->reqid && child_allows(&conn->children[j], m))
                return true;
    }
    return false;
}

bool routes_stand(const struct routes *r, const struct mail_route *m)
{
    struct prefix all[PREFIXES_MAX];
    for (u32 i = 0; i < m->remote_count; i++) {
        u32 n = prefix_split(&m->remote[i], all);
        if (n == 0) /* its end is before its beginning */
            return false;
        for (u32 j = 0; j < n; j++)
            if (routes_count(r, &all[j]) < 0)
                return false;
    }
    return m->remote_count > 0;
}

/* Does the selector hold an IPv4 address of a peer? One that may come from anywhere lies within
 * "everything" at least. */
static bool leads_to_peer(const struct shrike_ts *ts, const struct shrike_conn *conn)
{
    static const u8 zero[4] = {0};
    if (ts->family != 4)
        return false;
    for (u32 i = 0; i < conn->remote_addr_count; i++) {
        const struct shrike_net *net = &conn->remote_addrs[i];
        if (net->addr.family == 4 && memcmp(net->addr.octets, ts->from, 4) >= 0 &&
            memcmp(net->addr.octets, ts->to, 4) <= 0)
            return true;
    }
    return memcmp(ts->from, zero, 4) == 0 && ts->to[0] == 255;
}

void routes_check_peers(struct routes *r, const struct shrike_conf *conf,
                        const struct mail_route *m)
{
    bool leads = false;
    for (u32 i = 0; i < m->remote_count && !r->warned_rp_filter; i++)
        for (u32 j = 0; j < conf->conn_count && !leads; j++)
            leads = leads_to_peer(&m->remote[i], &conf->conns[j]);
    if (!leads || !rp_filter_strict())
        return;
    r->warned_rp_filter = true;
    tell(r->tell, SHRIKE_WARNING,
         "a peer lies within its own remote_ts, and the system drops what comes from it since "
         "rp_filter is 1: sysctl -w net.ipv4.conf.all.rp_filter=2");
}

int routes_count(const struct routes *r, const struct prefix *p)
{
    const struct route *route = r->buckets ? *find(r, p) : NULL;
    return route ? (int)route->asked : -1;
}

bool routes_thrown(const struct routes *r, const struct prefix *p)
{
    for (u32 i = 0; i < r->bypass.count; i++)
        if (r->bypass.pairs[i].thrown && memcmp(&r->bypass.pairs[i].own, p, sizeof *p) == 0)
            return true;
    return false;
}
