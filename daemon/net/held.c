/* Configurations that the engine looks at: see held.h. */
#include "net/held.h"
#include "ops/conf.h"
#include <stdlib.h>

static void conf_free(struct held_conf *c)
{
    if (!c)
        return;
    snapshot_free(c->copy);
    snapshot_free(c->retired);
    free(c->retired_octets);
    free(c->conns);
    free(c);
}

static bool has_scripts(const struct shrike_conf *conf)
{
    for (u32 i = 0; i < conf->conn_count; i++)
        for (u16 k = 0; k < conf->conns[i].child_count; k++)
            if (conf->conns[i].children[k].updown)
                return true;
    return false;
}

bool held_load(struct held *h, int fd)
{
    struct snapshot_copy *copy = snapshot_load(fd);
    struct held_conf *c = copy ? calloc(1, sizeof *c) : NULL;
    size_t count = copy ? copy->conf.conn_count : 0;
    struct shrike_conn *conns = calloc(MAX(count, 1), sizeof *conns);
    if (!c || !conns) {
        snapshot_free(copy);
        free(c);
        free(conns);
        return false;
    }
    if (count)
        memcpy(conns, copy->conf.conns, count * sizeof *conns);
    *c = (struct held_conf){.conf = copy->conf, .conns = conns, .copy = copy};
    c->conf.conns = conns;
    c->scripts = has_scripts(&c->conf);
    conf_free(h->waiting);
    h->waiting = c;
    return true;
}

const struct shrike_conf *held_waiting(const struct held *h)
{
    return h->waiting ? &h->waiting->conf : NULL;
}

const struct settings *held_settings(const struct held *h)
{
    return &h->waiting->copy->settings;
}

/* ---- retired connections ---- */

static int by_hash(const void *a, const void *b)
{
    const struct shrike_conn *const *x = a, *const *y = b;
    return ((*x)->hash > (*y)->hash) - ((*x)->hash < (*y)->hash);
}

/* Those that SAs go on by, sorted, each one once; NULL: there are none, or no memory. */
static const struct shrike_conn **used_conns(const struct shrike *engine, size_t *count)
{
    const struct shrike_conn **all = NULL, *one;
    size_t n = 0, max = 0, kept = 0;
    for (u32 at = 0; shrike_view_conn(engine, &at, &one);) {
        if (n == max) {
            max = MAX(64u, 2 * max);
            const struct shrike_conn **more = reallocarray(all, max, sizeof *more);
            if (!more) {
                free(all);
                return NULL;
            }
            all = more;
        }
        all[n++] = one;
    }
    if (n)
        qsort(all, n, sizeof *all, by_hash);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || all[kept - 1]->hash != all[i]->hash)
            all[kept++] = all[i];
    *count = kept;
    return all;
}

/* Copies of those that the new configuration does not have. */
static struct shrike_conn *missing_from(const struct shrike_conf *conf, size_t *count,
                                        const struct shrike_conn **used)
{
    const struct shrike_conn **now = calloc(conf->conn_count + 1u, sizeof *now);
    struct shrike_conn *missing = calloc(*count + 1, sizeof *missing);
    size_t n = 0;
    for (u32 i = 0; now && i < conf->conn_count; i++)
        now[i] = &conf->conns[i];
    if (now && conf->conn_count)
        qsort(now, conf->conn_count, sizeof *now, by_hash);
    for (size_t i = 0; now && missing && i < *count && n < SNAPSHOT_CONNS_MAX; i++)
        if (!bsearch(&used[i], now, conf->conn_count, sizeof *now, by_hash))
            missing[n++] = *used[i];
    free(now);
    *count = n;
    return missing;
}

/* A copy of its own, by way of its octets. */
static void retire(struct held_conf *c, const struct shrike_conn *conns, size_t count)
{
    const struct shrike_conf conf = {.conns = conns, .conn_count = (u32)count};
    size_t len;
    c->retired_octets = snapshot_octets(&conf, &c->copy->settings, &len);
    c->retired = c->retired_octets ? snapshot_read(bytes_of(c->retired_octets, len)) : NULL;
    if (!c->retired)
        return;
    c->conf.retired = c->retired->conf.conns;
    c->conf.retired_count = c->retired->conf.conn_count;
}

void held_retire(struct held *h, const struct shrike *engine)
{
    struct held_conf *c = h->waiting;
    size_t count = 0;
    snapshot_free(c->retired);
    free(c->retired_octets);
    c->retired = NULL;
    c->retired_octets = NULL;
    c->conf.retired = NULL;
    c->conf.retired_count = 0;
    const struct shrike_conn **used = used_conns(engine, &count);
    struct shrike_conn *missing = used ? missing_from(&c->conf, &count, used) : NULL;
    if (missing && count)
        retire(c, missing, count);
    free(missing);
    free(used);
}

/* ---- given and taken back ---- */

void held_give(struct held *h)
{
    h->scripts |= h->waiting->scripts; /* who is retired may still have them */
    h->waiting->next = h->given;
    h->given = h->waiting;
    h->waiting = NULL;
}

bool held_scripts(const struct held *h)
{
    return h->scripts;
}

void held_unused(struct held *h, const struct shrike_conf *conf)
{
    for (struct held_conf **at = &h->given; *at; at = &(*at)->next) {
        struct held_conf *c = *at;
        if (&c->conf != conf)
            continue;
        *at = c->next;
        conf_free(c);
        return;
    }
}

void held_free(struct held *h)
{
    while (h->given)
        held_unused(h, &h->given->conf);
    conf_free(h->waiting);
    h->waiting = NULL;
}

static bool aimed_at(const struct shrike_conn *conn, const struct held_aim *aim)
{
    if (!aim->reqid)
        return !aim->conn || strcmp(conn->name, aim->conn) == 0;
    for (u32 i = 0; i < conn->child_count; i++)
        if (conn->children[i].reqid == aim->reqid)
            return true;
    return false;
}

bool held_take_aim(struct held *h, const struct held_aim *aim)
{
    struct held_conf *c = h->given;
    bool all = true;
    for (u32 i = 0; c && i < c->conf.conn_count; i++) {
        const struct shrike_conn *written = &c->copy->conf.conns[i];
        const struct shrike_endpoint *remote = &written->remote_endpoint;
        struct shrike_endpoint *local = &c->conns[i].local_endpoint;
        if (!remote->family || !aimed_at(written, aim))
            continue;
        *local = written->local_endpoint;
        local->port = udp_port_in(aim->udp, local->port);
        if (remote->port != UDP_PORT_IKE && local->port == UDP_PORT_IKE)
            local->port = UDP_PORT_NAT_T;
        if (!local->family && !local_find(aim->local, remote, local))
            all = false;
    }
    return all;
}
