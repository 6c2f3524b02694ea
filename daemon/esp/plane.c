/* The worker's state. */
#include "esp/plane.h"
#include "esp/packet.h"
#include <stdlib.h>

#define MTU_DEFAULT 1400
#define UDP_HEAD    8

struct plane *plane_new(u32 sas_max, const struct plane_events *e)
{
    struct plane *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->tun.fd = -1;
    for (int i = 0; i < PLANE_SOCKETS; i++)
        p->sockets[i].fd = -1;
    p->events = *e;
    p->mtu = MTU_DEFAULT;
    p->coalesce.tun = &p->tun;
    p->coalesce.counters = &p->counters;
    p->db = sadb_new(sas_max);
    p->super = malloc(TUN_PACKET_MAX);
    p->buffers = arrival_buffers_new();
    if (batch_open(&p->batch) && p->db && p->super && p->buffers)
        return p;
    plane_free(p);
    return NULL;
}

void plane_free(struct plane *p)
{
    esp_tun_close(&p->tun);
    for (int i = 0; i < PLANE_SOCKETS; i++)
        esp_socket_close(&p->sockets[i]);
    if (p->db)
        sadb_free(p->db);
    batch_close(&p->batch);
    arrival_buffers_free(p->buffers);
    free(p->super);
    free(p);
}

void plane_take_tun(struct plane *p, int fd, bool vnet)
{
    esp_tun_close(&p->tun);
    esp_tun_open(&p->tun, fd, vnet);
}

static struct esp_socket *socket_at(struct plane *p, bool encap, u8 family)
{
    return &p->sockets[(encap ? PLANE_UDP_V4 : PLANE_RAW_V4) + (family == 6)];
}

struct esp_socket *plane_socket_place(struct plane *p, const struct mail_socket *m)
{
    return socket_at(p, m->kind != SOCKET_ESP, m->family);
}

struct esp_socket *plane_take_socket(struct plane *p, int fd, const struct mail_socket *m)
{
    struct esp_socket u, *at = plane_socket_place(p, m);
    if (!esp_socket_open(&u, fd, m))
        return NULL;
    esp_socket_close(at);
    *at = u;
    return at;
}

void plane_enter(struct plane *p)
{
    if (p->batch.count == 0)
        sadb_enter(p->db);
}

void plane_leave(struct plane *p)
{
    if (p->batch.count == 0)
        sadb_leave(p->db);
}

struct esp_socket *plane_socket(struct plane *p, const struct esp_sa *sa)
{
    struct esp_socket *u = socket_at(p, sa->encap, sa->remote.family);
    return u->fd < 0 ? NULL : u;
}

bool plane_account(struct plane *p, struct esp_sa *sa, size_t octets)
{
    enum esp_life life = esp_sa_account(sa, octets);
    if (life == LIFE_GOES_ON)
        return true;
    if (life == LIFE_SOFT || !sa->hard_told)
        p->events.life(p->events.ctx, sa, life);
    if (life == LIFE_SOFT)
        return true;
    sa->hard_told = true;
    esp_count(&p->counters, ESP_EXPIRED);
    return false;
}

u16 plane_inner_max(struct plane *p, struct esp_sa *sa)
{
    size_t heads = (sa->remote.family == 4 ? 20 : 40) + (sa->encap ? UDP_HEAD : 0);
    if (sa->path_max == 0)
        return p->mtu;
    if (sa->path_until <= p->now) {
        sa->path_max = 0;
        return p->mtu;
    }
    size_t most = sa->path_max > heads ? packet_inner_max(sa->cipher, sa->path_max - heads) : 0;
    return (u16)MIN(most, p->mtu);
}

void plane_keepalive(struct plane *p, const struct shrike_endpoint *local,
                     const struct shrike_endpoint *remote)
{
    struct esp_socket *u = socket_at(p, true, remote->family);
    if (u->fd >= 0)
        esp_socket_keepalive(u, local, remote);
}
