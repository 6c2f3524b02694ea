/* The xfrm role at its seat, with a kernel that is made for it: the others, a configuration, and
 * what net asks for by it. */
#ifndef TESTS_XFRM_ROLE_SEAT_H
#define TESTS_XFRM_ROLE_SEAT_H

#include "fake_kernel.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "proc/seat.h"
#include "shrike/shrike.h"
#include "wire/codes.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SEEN_MAX       128
#define OFFLOAD_PACKET 4 /* XFRM_OFFLOAD_PACKET, which headers before Linux 6.2 have not */
#define TURN_WAIT      (5 * SHRIKE_MS)

/* One of the others, who notes what he is sent. */
struct other {
    struct channel channel;
    u32 count;
    struct seen {
        u16 kind;
        size_t len;
        u8 body[8192];
    } seen[SEEN_MAX];
};

static struct loop *loop;
static struct seat seat;
static struct other parent, control, net;
static int handed = -1; /* what xfrm hands on */

static inline void got(void *ctx, struct mail *m)
{
    struct other *o = ctx;
    struct mail done = {.kind = MAIL_ROUTED, .body = bytes_of(m->body.at, 4), .fd = -1};
    if (m->kind == MAIL_ROUTE || m->kind == MAIL_NUMBERS)
        ensure(channel_send(&o->channel, &done));
    if (m->kind == MAIL_STATE)
        handed = mail_take_fd(m);
    ensure(o->count < SEEN_MAX && m->body.len <= sizeof o->seen[0].body);
    struct seen *s = &o->seen[o->count++];
    s->kind = m->kind;
    s->len = m->body.len;
    memcpy(s->body, m->body.at, m->body.len);
}

static inline void lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

static inline int meet(struct other *o)
{
    int fd[2];
    ensure(channel_pair(fd));
    o->count = 0;
    o->channel = (struct channel){.got = got, .lost = lost, .ctx = o};
    ensure(channel_open(&o->channel, loop, fd[0]));
    return fd[1];
}

static inline void turns(void)
{
    for (int i = 0; i < 6; i++)
        loop_turn(loop, TURN_WAIT);
}

static inline void tell(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    ensure(channel_send(&o->channel, &m));
    turns();
    if (fd >= 0)
        close(fd);
}

static inline const struct seen *last(const struct other *o, u16 kind)
{
    for (u32 i = o->count; i-- > 0;)
        if (o->seen[i].kind == kind)
            return &o->seen[i];
    return NULL;
}

static inline void introduce(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who}; /* and the number of a life */
    tell(&parent, MAIL_PEER, bytes_of(body, sizeof body), meet(o));
}

/* ---- a configuration, and what net asks for by it ---- */

static enum shrike_start start;
static struct shrike_plane_conf plane;
static const char *script;
static struct shrike_ts here = {
    .from = {10, 1}, .to = {10, 1, 0, 255}, .port_to = UINT16_MAX, .family = 4};
static struct shrike_ts there = {
    .from = {10, 2}, .to = {10, 2, 0, 255}, .port_to = UINT16_MAX, .family = 4};

static enum shrike_mode mode;
/* The same with IPv6 beside it, and compressed. */
static bool compress;
static struct shrike_ts both_here[2], both_there[2];

static inline void configure(void)
{
    struct shrike_transform gcm = {TRANSFORM_ENCR, ENCR_AES_GCM_16, 128};
    struct shrike_proposal offer = {PROTOCOL_ESP, 1, &gcm, {0}};
    struct shrike_child_conf child = {.name = "child",
                                      .mode = mode,
                                      .proposals = &offer,
                                      .proposal_count = 1,
                                      .start = start,
                                      .ipcomp = compress,
                                      .local_ts = compress ? both_here : &here,
                                      .remote_ts = compress ? both_there : &there,
                                      .local_ts_count = compress ? 2 : 1,
                                      .remote_ts_count = compress ? 2 : 1,
                                      .life_time = 3600 * SHRIKE_SECOND,
                                      .updown = script,
                                      .plane = plane,
                                      .reqid = 0x40000007};
    struct shrike_conn conn = {.name = "conn",
                               .proposals = &offer,
                               .proposal_count = 1,
                               .children = &child,
                               .child_count = 1,
                               .mobike = true,
                               .local_endpoint = {{192, 0, 2, 1}, 500, 4, 0},
                               .remote_endpoint = {{192, 0, 2, 2}, 500, 4, 0}};
    struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    int fd = snapshot_seal(&conf, &(struct settings){.plane = PLANE_KERNEL | PLANE_MOVES,
                                                     .mtu = 1400,
                                                     .replay_window = 1024,
                                                     .mark = 220});
    ensure(fd >= 0);
    tell(&parent, MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
}

/* state: of the program before; -1: none. */
static inline void sit(int state)
{
    loop = loop_new();
    seat = (struct seat){.type = &xfrm_role, .loop = loop};
    ensure(seat_open(&seat, meet(&parent)));
    if (state >= 0)
        tell(&parent, MAIL_STATE, bytes_of(NULL, 0), state);
    introduce(&net, ROLE_NET);
    introduce(&control, ROLE_CONTROL);
    configure();
}

static inline void begin(void)
{
    memset(&fake, 0, sizeof fake);
    sit(-1);
}

static inline void leave(void)
{
    seat_close(&seat);
    channel_close(&parent.channel);
    channel_close(&control.channel);
    channel_close(&net.channel);
    loop_free(loop);
}

static inline struct shrike_install_op install_of(u32 serial)
{
    static const u8 key[20] = {1, 2, 3};
    return (struct shrike_install_op){
        .conn = "conn",
        .child = "child",
        .child_serial = serial,
        .reqid = 0x40000007,
        .mode = SHRIKE_TUNNEL,
        .protocol = PROTOCOL_ESP,
        .encr = ENCR_AES_GCM_16,
        .encr_key_bits = 128,
        .local = {{192, 0, 2, 1}, 4500, 4, 0},
        .remote = {{192, 0, 2, 2}, 4500, 4, 0},
        .in = {.spi = 0x1000 + serial, .encr_key = {key, sizeof key}},
        .out = {.spi = 0x2000 + serial, .encr_key = {key, sizeof key}},
        .local_ts = &here,
        .remote_ts = &there,
        .local_ts_count = 1,
        .remote_ts_count = 1,
    };
}

/* Does the role say yes? */
static inline bool install(const struct shrike_install_op *i)
{
    static u8 body[8192];
    static u32 slot;
    struct writer w = writer_of(body, sizeof body);
    struct shrike_op op = {.kind = SHRIKE_CHILD_INSTALL, .token = {1, 2, 3, ++slot}, .install = *i};
    struct shrike_token token;
    struct shrike_answer a;
    op_write(&w, &op);
    tell(&net, MAIL_INSTALL, written_bytes(&w), -1);
    const struct seen *s = last(&net, MAIL_ANSWER);
    ensure(s);
    struct reader r = reader_of(bytes_of(s->body, s->len));
    ensure(answer_read(&r, &token, &a) && token.slot == slot);
    return a.ok;
}

static inline void ask(u16 kind, const struct shrike_op *op)
{
    u8 body[512];
    struct writer w = writer_of(body, sizeof body);
    op_write(&w, op);
    ensure(!w.full);
    tell(&net, kind, written_bytes(&w), -1);
}

static inline void remove_child(u32 serial)
{
    ask(MAIL_REMOVE,
        &(struct shrike_op){.kind = SHRIKE_CHILD_REMOVE, .remove = {.child_serial = serial}});
}

static inline void switch_to(u32 serial)
{
    ask(MAIL_SWITCH,
        &(struct shrike_op){.kind = SHRIKE_CHILD_SWITCH, .change = {.child_serial = serial}});
}

static inline bool event_of(enum shrike_kernel_kind kind, struct shrike_kernel_event *k)
{
    for (u32 i = net.count; i-- > 0;) {
        struct reader r = reader_of(bytes_of(net.seen[i].body, net.seen[i].len));
        static struct seam_box box;
        if (net.seen[i].kind == MAIL_KERNEL && kernel_read(&r, k, &box) && k->kind == kind)
            return true;
    }
    return false;
}

/* The kernel tells this; a length of 0: events were lost. */
static inline void happen(const void *message, u16 len)
{
    ensure(write(fake.event_pipe[1], &len, sizeof len) == (ssize_t)sizeof len);
    ensure(len == 0 || write(fake.event_pipe[1], message, len) == len);
    turns();
}

/* ---- what has become of it ---- */

/* As the kernel was told of this SA; what it was not told is 0. */
static inline void attribute_of(u32 spi, u16 type, void *out, size_t size)
{
    const struct fake_sa *sa = fake_spi(spi);
    const struct nlattr *at;
    ensure(sa);
    memset(out, 0, size);
    mnl_attr_for_each(at, (const struct nlmsghdr *)(const void *)sa->octets,
                      sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(at) == type)
            memcpy(out, mnl_attr_get_payload(at), MIN(size, mnl_attr_get_payload_len(at)));
    }
}

/* ---- other ends ---- */

static const struct shrike_endpoint west = {{192, 0, 2, 1}, 4500, 4, 0},
                                    west2 = {{192, 0, 2, 11}, 4500, 4, 0},
                                    east = {{192, 0, 2, 2}, 4500, 4, 0},
                                    east2 = {{192, 0, 2, 77}, 4501, 4, 0},
                                    west6 = {{0x20, 1, 0xd, 0xb8, [15] = 1}, 4500, 6, 0},
                                    east6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 4500, 6, 0};

/* Of the first Child SA. */
static inline void move_to(struct shrike_endpoint local, struct shrike_endpoint remote, bool encap)
{
    const u32 serial = 1;
    const struct shrike_op move = {.kind = SHRIKE_CHILD_MOVE,
                                   .move = {.local = local,
                                            .remote = remote,
                                            .encap = encap,
                                            .child_count = 1,
                                            .children = &serial}};
    ask(MAIL_MOVE, &move);
}

#endif
