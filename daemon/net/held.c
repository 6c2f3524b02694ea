/* Configurations that the engine looks at: see held.h. */
#include "net/held.h"
#include <stdlib.h>

static void conf_free(struct held_conf *c)
{
    if (!c)
        return;
    snapshot_free(c->copy);
    free(c->conns);
    free(c);
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

void held_give(struct held *h)
{
    h->waiting->next = h->given;
    h->given = h->waiting;
    h->waiting = NULL;
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
