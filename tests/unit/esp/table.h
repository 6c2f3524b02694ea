/* The esp role at its seat, with the others played by the test. */
#ifndef UNIT_ESP_TABLE_H
#define UNIT_ESP_TABLE_H

#include "ops/seam.h"
#include "ops/snapshot.h"
#include "proc/seat.h"
#include "shrike/shrike.h"
#include "side.h"
#include "wire/codes.h"

#define SEEN_MAX  128
#define TURN_WAIT (5 * SHRIKE_MS)

/* One of the others, who notes what he is sent. */
struct other {
    struct channel channel;
    u32 count;
    bool idle; /* routes are not answered */
    struct seen {
        u16 kind;
        size_t len;
        u8 body[8192];
    } seen[SEEN_MAX];
};

struct table {
    struct loop *loop;
    struct seat seat;
    struct other parent, control, net;
    int device;                /* the host's side of the TUN device */
    struct shrike_endpoint at; /* the UDP socket */
};

/* As the parent, who has carried it out. */
static inline void table_routed(struct other *o, const struct mail *m)
{
    struct mail done = {.kind = MAIL_ROUTED, .body = bytes_of(m->body.at, 4), .fd = -1};
    ensure(m->body.len > 4 && channel_send(&o->channel, &done));
}

static inline void table_got(void *ctx, struct mail *m)
{
    struct other *o = ctx;
    if (m->kind == MAIL_ROUTE && !o->idle)
        table_routed(o, m);
    ensure(o->count < SEEN_MAX && m->body.len <= sizeof(o->seen[0].body));
    struct seen *s = &o->seen[o->count++];
    s->kind = m->kind;
    s->len = m->body.len;
    memcpy(s->body, m->body.at, m->body.len);
}

static inline void table_lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

static inline int table_meet(struct table *t, struct other *o)
{
    int fd[2];
    ensure(channel_pair(fd));
    o->count = 0;
    o->idle = false;
    o->channel = (struct channel){.got = table_got, .lost = table_lost, .ctx = o};
    ensure(channel_open(&o->channel, t->loop, fd[0]));
    return fd[1];
}

static inline void table_turns(struct table *t)
{
    for (int i = 0; i < 6; i++)
        loop_turn(t->loop, TURN_WAIT);
}

static inline void table_tell(struct table *t, struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    ensure(channel_send(&o->channel, &m));
    table_turns(t);
    if (fd >= 0)
        close(fd);
}

static inline void table_introduce(struct table *t, struct other *o, enum role who)
{
    u8 body[9] = {(u8)who}; /* and the number of a life */
    table_tell(t, &t->parent, MAIL_PEER, bytes_of(body, sizeof(body)), table_meet(t, o));
}

static inline const struct seen *table_last(const struct other *o, u16 kind)
{
    for (u32 i = o->count; i-- > 0;)
        if (o->seen[i].kind == kind)
            return &o->seen[i];
    return NULL;
}

static inline u32 table_count(const struct other *o, u16 kind)
{
    u32 count = 0;
    for (u32 i = 0; i < o->count; i++)
        count += o->seen[i].kind == kind;
    return count;
}

static inline struct reader table_body(const struct seen *s)
{
    ensure(s);
    return reader_of(bytes_of(s->body, s->len));
}

static inline void table_socket(struct table *t)
{
    u8 body[16];
    struct writer w = writer_of(body, sizeof(body));
    struct mail_socket is = {SOCKET_NAT_T, 4, 4500};
    int fd = side_udp(4, &t->at);
    ensure(fd >= 0);
    socket_write(&w, &is);
    table_tell(t, &t->parent, MAIL_SOCKET, written_bytes(&w), fd);
}

static inline void table_tun(struct table *t)
{
    u8 vnet = 10;
    int fd[2];
    ensure(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) == 0);
    t->device = fd[1];
    table_tell(t, &t->parent, MAIL_TUN, bytes_of(&vnet, 1), fd[0]);
}

static inline void table_open(struct table *t)
{
    t->loop = loop_new();
    t->seat = (struct seat){.type = &esp_role, .loop = t->loop};
    ensure(t->loop && seat_open(&t->seat, table_meet(t, &t->parent)));
    table_introduce(t, &t->control, ROLE_CONTROL);
    table_introduce(t, &t->net, ROLE_NET);
    table_socket(t);
    table_tun(t);
}

static inline void table_close(struct table *t)
{
    seat_close(&t->seat);
    channel_close(&t->parent.channel);
    channel_close(&t->control.channel);
    channel_close(&t->net.channel);
    loop_free(t->loop);
    close(t->device);
}

#endif
