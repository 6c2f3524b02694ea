/* Traps from the configuration. */
#include "esp/trap.h"
#include "plane/wish.h"
#include <stdlib.h>

struct trap {
    struct list link;
    struct esp_sa *sa; /* of the table */
    shrike_time told;  /* 0: not yet */
    bool wanted;       /* by the configuration that is being read */
};

static struct trap *trap_of(struct list *l)
{
    return list_item(l, struct trap, link);
}

void traps_open(struct traps *t)
{
    list_init(&t->all);
    t->count = 0;
}

static void drop(struct traps *t, struct trap *trap)
{
    t->route(t->ctx, trap->sa, false);
    list_remove(&trap->link);
    if (!sadb_remove(t->db, trap->sa))
        ensure(false);
    free(trap);
    t->count--;
}

void traps_close(struct traps *t)
{
    while (!list_empty(&t->all))
        drop(t, trap_of(t->all.next));
}

void traps_forget(struct traps *t)
{
    while (!list_empty(&t->all)) {
        struct trap *trap = trap_of(t->all.next);
        list_remove(&trap->link);
        free(trap);
    }
    t->count = 0;
}

static struct trap *find(struct traps *t, u32 reqid)
{
    for (struct list *l = t->all.next; l != &t->all; l = l->next)
        if (trap_of(l)->sa->reqid == reqid)
            return trap_of(l);
    return NULL;
}

static bool same(const struct esp_sa *sa, const struct wish *w)
{
    return sa->local_ts_count == w->local_count && sa->remote_ts_count == w->remote_count &&
           memcmp(sa->local_ts, w->local, w->local_count * sizeof(w->local[0])) == 0 &&
           memcmp(sa->remote_ts, w->remote, w->remote_count * sizeof(w->remote[0])) == 0;
}

static bool add(struct traps *t, const struct wish *w)
{
    struct esp_sa_spec spec = {
        .reqid = w->reqid,
        .trap = true,
        .local_ts = w->local,
        .remote_ts = w->remote,
        .local_ts_count = w->local_count,
        .remote_ts_count = w->remote_count,
    };
    struct trap *trap = t->count < TRAPS_MAX ? calloc(1, sizeof(*trap)) : NULL;
    struct esp_sa *sa = trap ? esp_sa_new(&spec) : NULL;
    if (!sa || !sadb_add(t->db, sa)) {
        if (sa)
            esp_sa_free(sa);
        free(trap);
        return false;
    }
    trap->sa = sa;
    trap->wanted = true;
    list_append(&t->all, &trap->link);
    t->count++;
    t->route(t->ctx, sa, true);
    return true;
}

static bool want(struct traps *t, const struct wish *w)
{
    struct trap *trap = find(t, w->reqid);
    if (trap && same(trap->sa, w)) {
        trap->wanted = true;
        return true;
    }
    return add(t, w); /* before the old one of this reqid goes: no packet may slip through */
}

u32 traps_apply(struct traps *t, const struct shrike_conf *conf)
{
    u32 failed = 0;
    struct wish w;
    for (struct list *l = t->all.next; l != &t->all; l = l->next)
        trap_of(l)->wanted = false;
    for (u32 i = 0; i < conf->conn_count; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        for (u16 j = 0; j < conn->child_count; j++) {
            if (!(conn->children[j].start & SHRIKE_START_TRAP))
                continue;
            wish_of(conn, &conn->children[j], &w);
            failed += !want(t, &w);
        }
    }
    for (struct list *l = t->all.next, *next; l != &t->all; l = next) {
        next = l->next;
        if (!trap_of(l)->wanted)
            drop(t, trap_of(l));
    }
    return failed;
}

bool traps_met(struct traps *t, u32 reqid, shrike_time now)
{
    struct trap *trap = find(t, reqid);
    if (!trap || (trap->told != 0 && now - trap->told < TRAP_PATIENCE))
        return false;
    trap->told = MAX(now, 1);
    return true;
}

void traps_untold(struct traps *t, u32 reqid)
{
    struct trap *trap = find(t, reqid);
    if (trap)
        trap->told = 0;
}

static struct shrike_ts selector_of(const struct inner *packet, const u8 *address, u16 port)
{
    struct shrike_ts ts = {.protocol = packet->protocol, .family = packet->family};
    memcpy(ts.from, address, sizeof(ts.from));
    memcpy(ts.to, address, sizeof(ts.to));
    switch ((enum inner_ports)packet->ports) {
    case PORTS_NONE:
        ts.port_to = UINT16_MAX;
        break;
    case PORTS_KNOWN:
        ts.port_from = ts.port_to = port;
        break;
    case PORTS_OPAQUE: /* RFC 7296 3.13.1 */
        ts.port_from = UINT16_MAX;
        break;
    }
    return ts;
}

void trap_selectors(const struct inner *packet, struct shrike_ts *local, struct shrike_ts *remote)
{
    *local = selector_of(packet, packet->src, packet->src_port);
    *remote = selector_of(packet, packet->dst, packet->dst_port);
}
