/* The xfrm role at its seat: what the others send it, what the kernel gets, and what comes back. */
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

static void got(void *ctx, struct mail *m)
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

static void lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

static int meet(struct other *o)
{
    int fd[2];
    ensure(channel_pair(fd));
    o->count = 0;
    o->channel = (struct channel){.got = got, .lost = lost, .ctx = o};
    ensure(channel_open(&o->channel, loop, fd[0]));
    return fd[1];
}

static void turns(void)
{
    for (int i = 0; i < 6; i++)
        loop_turn(loop, TURN_WAIT);
}

static void tell(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    ensure(channel_send(&o->channel, &m));
    turns();
    if (fd >= 0)
        close(fd);
}

static const struct seen *last(const struct other *o, u16 kind)
{
    for (u32 i = o->count; i-- > 0;)
        if (o->seen[i].kind == kind)
            return &o->seen[i];
    return NULL;
}

static void introduce(struct other *o, enum role who)
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

static void configure(void)
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
static void sit(int state)
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

static void begin(void)
{
    memset(&fake, 0, sizeof fake);
    sit(-1);
}

static void leave(void)
{
    seat_close(&seat);
    channel_close(&parent.channel);
    channel_close(&control.channel);
    channel_close(&net.channel);
    loop_free(loop);
}

static struct shrike_install_op install_of(u32 serial)
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
static bool install(const struct shrike_install_op *i)
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

static void ask(u16 kind, const struct shrike_op *op)
{
    u8 body[512];
    struct writer w = writer_of(body, sizeof body);
    op_write(&w, op);
    ensure(!w.full);
    tell(&net, kind, written_bytes(&w), -1);
}

static void remove_child(u32 serial)
{
    ask(MAIL_REMOVE,
        &(struct shrike_op){.kind = SHRIKE_CHILD_REMOVE, .remove = {.child_serial = serial}});
}

static void switch_to(u32 serial)
{
    ask(MAIL_SWITCH,
        &(struct shrike_op){.kind = SHRIKE_CHILD_SWITCH, .change = {.child_serial = serial}});
}

static bool event_of(enum shrike_kernel_kind kind, struct shrike_kernel_event *k)
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
static void happen(const void *message, u16 len)
{
    ensure(write(fake.event_pipe[1], &len, sizeof len) == (ssize_t)sizeof len);
    ensure(len == 0 || write(fake.event_pipe[1], message, len) == len);
    turns();
}

/* ---- */

TEST(two_sas_and_three_policies_by_one_call)
{
    begin();
    u32 sends = fake.sends;
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    CHECK_EQ(fake.sends, sends + 1);
    CHECK(fake_sas() == 2 && fake_policies() == 3);
    const struct fake_sa *in = fake_spi(0x1001), *out = fake_spi(0x2001);
    CHECK(in && out && in->is.mode == XFRM_MODE_TUNNEL);
    CHECK_EQ(ntohl(in->is.id.daddr.a4), 0xc0000201);
    CHECK_EQ(ntohl(out->is.id.daddr.a4), 0xc0000202);
    CHECK_EQ(in->is.lft.hard_add_expires_seconds, 3900); /* should nobody end it before */
    for (u32 i = 0; i < 3; i++) {
        const struct letter_policy *p = &fake.policies[i];
        CHECK(p->template_count == 1 && p->templates[0].reqid == in->is.reqid);
        CHECK_EQ(p->selector.saddr.a4, htonl(p->dir == XFRM_POLICY_OUT ? 0x0a010000 : 0x0a020000));
    }
    CHECK(last(&parent, MAIL_ROUTE));
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

TEST(what_the_kernel_refuses_leaves_nothing)
{
    static const u16 types[] = {XFRM_MSG_NEWSA, XFRM_MSG_NEWPOLICY};
    begin();
    struct shrike_install_op op = install_of(1);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        fake.refuse_type = types[i];
        fake.refuse_error = ENOSYS;
        CHECK(!install(&op));
        CHECK(fake_sas() == 0 && fake_policies() == 0);
    }
    CHECK(install(&op));
    struct shrike_install_op taken = install_of(2);
    taken.in.spi = op.in.spi; /* refused, and the one that has it stays */
    CHECK(!install(&taken) && fake_spi(0x1001) && fake_policies() == 3);
    leave();
}

/* Who has broken into net gets nothing that the configuration does not say. */
TEST(what_is_not_allowed_the_kernel_does_not_hear_of)
{
    begin();
    struct shrike_ts wide = here;
    struct shrike_install_op op = install_of(1);
    wide.to[1] = 9;
    op.local_ts = &wide;
    CHECK(!install(&op));
    op = install_of(1);
    op.reqid = 8;
    CHECK(!install(&op));
    op = install_of(1);
    op.mode = SHRIKE_TRANSPORT;
    CHECK(!install(&op) && fake.changes == 0);
    leave();
}

/* Of two SAs to the same end the kernel sends by the newer one: so it comes when it is its turn. */
TEST(a_rekey_costs_no_policy_and_no_packet)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a));
    b.outbound_later = true;
    b.replaces = 1;
    u32 changes = fake.changes;
    CHECK(install(&b));
    CHECK(fake.changes == changes + 1 && fake_spi(0x1002) && !fake_spi(0x2002));
    CHECK_EQ(fake_spi(0x1002)->is.reqid, fake_spi(0x1001)->is.reqid);
    switch_to(2);
    CHECK(fake_spi(0x2002) && fake_policies() == 3);
    remove_child(1);
    CHECK(!fake_spi(0x2001) && fake_spi(0x1001)); /* what is under way is taken */
    for (int i = 0; i < 30 && fake_spi(0x1001); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(!fake_spi(0x1001) && fake_sas() == 2 && fake_policies() == 3);
    leave();
}

/* The old one is gone: who has not been switched to yet sends all the same. */
TEST(what_goes_leaves_no_gap)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    remove_child(1);
    CHECK(fake_spi(0x2002) && !fake_spi(0x2001) && fake_policies() == 3);
    leave();
}

/* As the kernel was told of this SA; what it was not told is 0. */
static void attribute_of(u32 spi, u16 type, void *out, size_t size)
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

static u32 number_of(u32 spi, u16 type)
{
    u32 n;
    attribute_of(spi, type, &n, sizeof n);
    return n;
}

/* What comes out of a tunnel's SA is not led into the tunnel again. */
TEST(packets_that_leave_are_marked)
{
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    for (u32 spi = 0x1001; spi <= 0x2001; spi += 0x1000) {
        u32 mark = number_of(spi, XFRMA_SET_MARK);
        CHECK_EQ(mark, spi == 0x2001 ? 220 : 0);
    }
    leave();
}

/* One number of an attribute of an SA; 0: it has none. */
/* They come from the configuration alone: no op can name them. */
TEST(marks_and_interfaces_are_those_of_the_configuration)
{
    plane = (struct shrike_plane_conf){.mark_in = {5, 0xff, SHRIKE_MARK_FIXED},
                                       .mark_out = {6, 0xff, SHRIKE_MARK_FIXED},
                                       .set_mark_in = {0, UINT32_MAX, SHRIKE_MARK_SAME},
                                       .set_mark_out = {9, 0xf, SHRIKE_MARK_FIXED},
                                       .if_id_in = {41, UINT32_MAX, SHRIKE_MARK_FIXED},
                                       .if_id_out = {42, UINT32_MAX, SHRIKE_MARK_FIXED},
                                       .priority = 77,
                                       .lose_ecn = true,
                                       .lose_df = true,
                                       .take_dscp = true,
                                       .lose_dscp = true};
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && fake_policies() == 3);
    for (u32 i = 0; i < 3; i++) {
        const struct letter_policy *p = &fake.policies[i];
        bool out = p->dir == XFRM_POLICY_OUT;
        CHECK(p->priority == 77 && p->mark.value == (out ? 6 : 5) && p->mark.mask == 0xff);
        CHECK_EQ(p->if_id, out ? 42 : 41);
    }
    CHECK(number_of(0x1001, XFRMA_MARK) == 0 && number_of(0x2001, XFRMA_MARK) == 6);
    CHECK(number_of(0x1001, XFRMA_SET_MARK) == 5 && number_of(0x2001, XFRMA_SET_MARK) == 9);
    CHECK(number_of(0x1001, XFRMA_IF_ID) == 41 && number_of(0x2001, XFRMA_IF_ID) == 42);
    u8 in = fake_spi(0x1001)->is.flags, out = fake_spi(0x2001)->is.flags;
    CHECK(in & XFRM_STATE_NOECN && in & XFRM_STATE_DECAP_DSCP && !(in & XFRM_STATE_NOPMTUDISC));
    CHECK(out & XFRM_STATE_NOECN && !(out & XFRM_STATE_DECAP_DSCP) && out & XFRM_STATE_NOPMTUDISC);
    CHECK_EQ(number_of(0x2001, XFRMA_SA_EXTRA_FLAGS), XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
    CHECK_EQ(number_of(0x1001, XFRMA_SA_EXTRA_FLAGS), 0);
    CHECK(!last(&parent, MAIL_ROUTE)); /* it would lead others astray, too */
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
    plane = (struct shrike_plane_conf){.mark_in_sa = true, .no_policies = true};
    plane.mark_in = (struct shrike_mark){5, 0xff, SHRIKE_MARK_FIXED};
    begin();
    CHECK(install(&op) && fake_policies() == 0 && number_of(0x1001, XFRMA_MARK) == 5);
    remove_child(1);
    CHECK(fake_sas() == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* What takes the place of another one goes on with its numbers. */
TEST(each_has_a_number_of_its_own)
{
    plane.mark_out = (struct shrike_mark){0, UINT32_MAX, SHRIKE_MARK_UNIQUE};
    plane.mark_in = (struct shrike_mark){0, UINT32_MAX, SHRIKE_MARK_UNIQUE};
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2), c = install_of(3);
    b.remote.octets[3] = 9; /* another peer, with the same network behind it */
    c.replaces = 2;
    c.remote = b.remote;
    CHECK(install(&a) && install(&b) && fake_policies() == 6);
    CHECK(number_of(0x2001, XFRMA_MARK) == 1 && number_of(0x2002, XFRMA_MARK) == 2);
    CHECK(fake_spi(0x2001)->is.reqid != fake_spi(0x2002)->is.reqid);
    CHECK(install(&c) && number_of(0x2003, XFRMA_MARK) == 2 && fake_policies() == 6);
    CHECK_EQ(fake_spi(0x2002)->is.reqid, fake_spi(0x2003)->is.reqid);
    CHECK(!last(&parent, MAIL_NUMBERS)); /* no script asks for them */
    leave();
    sit(-1);                     /* another role: numbers go on behind those that the kernel has */
    CHECK(install(&a) == false); /* the SPI of an orphan */
    struct shrike_install_op d = install_of(4);
    CHECK(install(&d) && number_of(0x2004, XFRMA_MARK) > 2);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* The parent has them before net is told that the Child SA is there. */
TEST(a_script_is_told_its_numbers)
{
    struct mail_numbers m;
    plane.mark_out = (struct shrike_mark){0, 0xffff, SHRIKE_MARK_UNIQUE};
    plane.if_id_in = (struct shrike_mark){9, UINT32_MAX, SHRIKE_MARK_FIXED};
    script = "/bin/true";
    begin();
    struct shrike_install_op op = install_of(5);
    CHECK(install(&op));
    const struct seen *s = last(&parent, MAIL_NUMBERS);
    ensure(s);
    struct reader r = reader_of(bytes_of(s->body, s->len));
    CHECK_EQ(read_u32(&r), 1);
    CHECK(numbers_read(&r, &m) && m.child_serial == 5 && m.mark_out == 1 && m.mask_out == 0xffff);
    CHECK(m.if_in == 9 && m.if_out == 0 && m.mask_in == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
    begin();
    CHECK(install(&op) && !last(&parent, MAIL_NUMBERS));
    leave();
    script = NULL;
}

/* A device that has to encrypt, and does not. */
TEST(offload_that_must_be)
{
    plane.offload = true;
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && number_of(0x2001, XFRMA_OFFLOAD_DEV) == 0);
    remove_child(1);
    leave();
    plane.must_offload = true;
    begin();
    CHECK(install(&op)); /* the kernel that is made for this says what it was told */
    remove_child(1);
    fake.no_offload = true;
    CHECK(!install(&op) && fake_sas() == 0 && fake_policies() == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

/* The tunnel is that of IPComp, and ESP, in transport mode, has no packets of another family. */
TEST(compression_is_inside_and_of_one_family)
{
    both_here[0] = here;
    both_there[0] = there;
    both_here[1] =
        (struct shrike_ts){.from = {0xfd, 1}, .to = {0xfd, 1}, .port_to = UINT16_MAX, .family = 6};
    both_there[1] =
        (struct shrike_ts){.from = {0xfd, 2}, .to = {0xfd, 2}, .port_to = UINT16_MAX, .family = 6};
    compress = true;
    begin();
    struct shrike_install_op op = install_of(1);
    op.cpi_in = 0x1234;
    op.cpi_out = 0x2345;
    op.local_ts = both_here;
    op.remote_ts = both_there;
    op.local_ts_count = op.remote_ts_count = 2;
    CHECK(install(&op));
    CHECK(fake_sas() == 4 && fake_policies() == 3);
    CHECK(fake_spi(0x1001)->is.mode == XFRM_MODE_TRANSPORT);
    CHECK(fake_spi(0x1234)->is.mode == XFRM_MODE_TUNNEL);
    const struct letter_policy *out = fake_policy(XFRM_POLICY_OUT, 24);
    CHECK(out && out->template_count == 2 && out->templates[0].protocol == IPPROTO_COMP);
    CHECK(out->templates[1].protocol == IPPROTO_ESP && !out->templates[0].optional);
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    compress = false;
    leave();
}

/* The SAs have the addresses of packets, which come without. */
TEST(beet_mode_has_them_in_its_sas)
{
    const struct shrike_ts nets[] = {here, there};
    mode = SHRIKE_BEET;
    begin();
    struct shrike_install_op op = install_of(1), next = install_of(2);
    op.mode = next.mode = SHRIKE_BEET;
    CHECK(!install(&op) && fake_sas() == 0); /* nets */
    leave();
    here.from[3] = here.to[3] = 7;
    there.from[3] = there.to[3] = 9;
    begin();
    op.cpi_in = op.cpi_out = 0x1234;
    CHECK(!install(&op) && fake_sas() == 0);
    op.cpi_in = op.cpi_out = 0;
    CHECK(install(&op) && fake_sas() == 2 && fake_policies() == 3);
    const struct xfrm_usersa_info *in = &fake_spi(0x1001)->is, *out = &fake_spi(0x2001)->is;
    CHECK(in->mode == XFRM_MODE_BEET && out->mode == XFRM_MODE_BEET);
    CHECK(in->flags == 0 && in->sel.family == AF_INET && in->sel.prefixlen_d == 32);
    CHECK(in->sel.saddr.a4 == htonl(0x0a020009) && in->sel.daddr.a4 == htonl(0x0a010007));
    CHECK(out->sel.saddr.a4 == htonl(0x0a010007) && out->sel.daddr.a4 == htonl(0x0a020009));
    CHECK_EQ(fake_policy(XFRM_POLICY_OUT, 32)->templates[0].mode, XFRM_MODE_BEET);
    next.outbound_later = true; /* what is installed later has them, too */
    CHECK(install(&next));
    switch_to(2);
    CHECK_EQ(fake_spi(0x2002)->is.sel.daddr.a4, htonl(0x0a020009));
    remove_child(1);
    remove_child(2);
    CHECK_EQ(fake_policies(), 0);
    leave();
    here = nets[0];
    there = nets[1];
    mode = op.mode = SHRIKE_IPTFS; /* nets again, and a peer that takes no pieces of packets */
    op.whole = true;
    begin();
    CHECK(install(&op) && fake_attribute((void *)fake_spi(0x2001)->octets, LETTER_IPTFS_DONT_FRAG));
    leave();
    mode = SHRIKE_TUNNEL;
}

TEST(alone_it_sends_at_once)
{
    begin();
    struct shrike_install_op op = install_of(1);
    op.outbound_later = true;
    CHECK(install(&op) && fake_spi(0x2001));
    leave();
}

/* The first packet of the peer is as good as a word of net. */
TEST(a_packet_of_the_peer_switches)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    fake_spi(0x1002)->carried.packets = 1;
    for (int i = 0; i < 30 && !fake_spi(0x2002); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(fake_spi(0x2002));
    leave();
}

/* Of the first Child SA. */
static void move_to(struct shrike_endpoint local, struct shrike_endpoint remote, bool encap)
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

/* One pair of SAs, and policies that fit them, whoever has moved them. */
static void check_moved(struct shrike_endpoint local, struct shrike_endpoint remote, u32 by_kernel)
{
    xfrm_address_t here_, there_;
    letter_address(&here_, &local);
    letter_address(&there_, &remote);
    CHECK(fake_sas() == 2 && fake_policies() == 3);
    const struct fake_sa *in = fake_spi(0x1001), *out = fake_spi(0x2001);
    CHECK(in && out);
    CHECK_BYTES(&in->is.id.daddr, &here_, sizeof here_);
    CHECK_BYTES(&in->is.saddr, &there_, sizeof there_);
    CHECK_BYTES(&out->is.id.daddr, &there_, sizeof there_);
    CHECK_BYTES(&out->is.saddr, &here_, sizeof here_);
    const struct letter_policy *p = fake_policy(XFRM_POLICY_OUT, 24);
    CHECK(p);
    CHECK_BYTES(p->templates[0].to.octets, remote.octets, sizeof remote.octets);
    CHECK_BYTES(p->templates[0].from.octets, local.octets, sizeof local.octets);
    for (u8 dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_FWD; dir += XFRM_POLICY_FWD) {
        static const u8 any[16];
        p = fake_policy(dir, 24);
        CHECK(p);
        CHECK_BYTES(p->templates[0].from.octets, any, sizeof any);
        CHECK_BYTES(p->templates[0].to.octets, local.octets, sizeof local.octets);
    }
    CHECK_EQ(fake.migrated, by_kernel);
}

/* Between which ports its packets go. */
static bool has_ports(u32 spi, u16 from, u16 to)
{
    struct xfrm_encap_tmpl is;
    attribute_of(spi, XFRMA_ENCAP, &is, sizeof is);
    return ntohs(is.encap_sport) == from && ntohs(is.encap_dport) == to;
}

static const struct shrike_endpoint west = {{192, 0, 2, 1}, 4500, 4, 0},
                                    west2 = {{192, 0, 2, 11}, 4500, 4, 0},
                                    east = {{192, 0, 2, 2}, 4500, 4, 0},
                                    east2 = {{192, 0, 2, 77}, 4501, 4, 0},
                                    west6 = {{0x20, 1, 0xd, 0xb8, [15] = 1}, 4500, 6, 0},
                                    east6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}, 4500, 6, 0};

/* Either end, both of them, a port alone, the other family; a peer behind a NAT. */
TEST(the_kernel_moves_them)
{
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    u32 changes = fake.changes;
    move_to(west2, east, false);
    check_moved(west2, east, 2);
    CHECK(fake.changes - changes <= 6); /* two letters, and of three policies what they want */
    move_to(west2, east2, true);
    check_moved(west2, east2, 4);
    CHECK(has_ports(0x1001, 4501, 4500) && has_ports(0x2001, 4500, 4501));
    struct shrike_endpoint port = east2;
    port.port = 60000;
    move_to(west2, port, true);
    check_moved(west2, port, 6);
    CHECK(has_ports(0x1001, 60000, 4500) && has_ports(0x2001, 4500, 60000));
    move_to(west6, east6, true);
    check_moved(west6, east6, 8);
    /* It keeps an encapsulation that is there. */
    move_to(west, east, false);
    check_moved(west, east, 8);
    CHECK(!has_ports(0x1001, 4500, 4500) && !has_ports(0x2001, 4500, 4500));
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

TEST(where_the_kernel_does_not_move_them)
{
    begin();
    fake.no_migrate = true;
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    move_to(west, east2, true);
    check_moved(west, east2, 0);
    CHECK(has_ports(0x1001, 4501, 4500) && has_ports(0x2001, 4500, 4501));
    fake.no_migrate = false;
    fake.refuse_type = XFRM_MSG_MIGRATE; /* the first one: inbound */
    fake.refuse_error = ENOMEM;
    move_to(west2, east2, true);
    check_moved(west2, east2, 1);
    remove_child(1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* The kernel would take the first one that it finds. */
TEST(of_two_of_one_number_each_is_moved)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a) && install(&b));
    move_to(west2, east, false);
    CHECK_EQ(fake.migrated, 0);
    CHECK_EQ(ntohl(fake_spi(0x1001)->is.id.daddr.a4), 0xc000020b);
    CHECK_EQ(ntohl(fake_spi(0x1002)->is.id.daddr.a4), 0xc0000201);
    remove_child(1);
    remove_child(2);
    for (int n = 0; n < 30 && fake_sas() > 0; n++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* Zeros are no keys: the Child SA is made anew. */
TEST(an_sa_whose_keys_are_not_told)
{
    struct shrike_kernel_event k;
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op));
    fake.no_keys = true;
    move_to(west2, east, false);
    check_moved(west2, east, 2);
    fake.no_migrate = true;
    move_to(west, east, false);
    CHECK_EQ(fake_sas(), 0);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 1);
    remove_child(1);
    CHECK(fake_policies() == 0);
    leave();
}

static bool has_flags(u32 spi, u8 flags)
{
    struct xfrm_user_offload is;
    attribute_of(spi, XFRMA_OFFLOAD_DEV, &is, sizeof is);
    return is.flags == flags;
}

/* The device that has the SAs has their policies, too; and follows nowhere. */
TEST(offload_of_all_of_it)
{
    struct shrike_kernel_event k;
    plane = (struct shrike_plane_conf){.offload = true, .must_offload = true, .packet = true};
    begin();
    fake.device = 7;
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a) && fake_sas() == 2);
    for (u8 dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_FWD; dir++)
        CHECK(fake_policy(dir, 24) && fake_policy(dir, 24)->device == 7);
    CHECK(has_flags(0x1001, XFRM_OFFLOAD_INBOUND | OFFLOAD_PACKET));
    CHECK(has_flags(0x2001, OFFLOAD_PACKET));
    move_to(west2, east, false);
    CHECK(fake.migrated == 0 && event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 1);
    b.replaces = 1;
    b.outbound_later = true;
    u32 changes = fake.changes;
    CHECK(install(&b) && fake.changes - changes == 1); /* one SA */
    switch_to(2);
    CHECK(has_flags(0x2002, OFFLOAD_PACKET));
    remove_child(1);
    remove_child(2);
    leave();
    begin();
    fake.no_offload = true;
    CHECK(!install(&a) && fake_sas() == 0 && fake_policies() == 0);
    leave();
    plane = (struct shrike_plane_conf){.priority = 0};
}

TEST(net_hears_of_limits)
{
    begin();
    struct shrike_install_op op = install_of(5);
    struct shrike_kernel_event k;
    struct xfrm_user_expire is = {.hard = 0};
    _Alignas(8) u8 octets[512];
    struct nlmsghdr *h = mnl_nlmsg_put_header(octets);
    CHECK(install(&op));
    h->nlmsg_type = XFRM_MSG_EXPIRE;
    is.state = fake_spi(0x2005)->is;
    memcpy(mnl_nlmsg_put_extra_header(h, sizeof is), &is, sizeof is);
    happen(octets, (u16)h->nlmsg_len);
    CHECK(event_of(SHRIKE_EXPIRE_SOFT, &k) && k.child_serial == 5 && k.reqid == 0x40000007);
    is.hard = 1;
    memcpy(mnl_nlmsg_get_payload(h), &is, sizeof is);
    happen(octets, (u16)h->nlmsg_len);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 5);
    leave();
}

/* Events came faster than they were taken: what has gone meanwhile is told. */
TEST(lost_events_are_made_up_for)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    struct shrike_kernel_event k;
    CHECK(install(&a) && install(&b));
    fake_spi(0x1002)->there = false;
    happen(NULL, 0);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && k.child_serial == 2);
    leave();
}

TEST(a_trap_asks_for_its_child)
{
    start = SHRIKE_START_TRAP;
    begin();
    CHECK_EQ(fake_policies(), 1);
    const struct letter_policy *trap = fake_policy(XFRM_POLICY_OUT, 24);
    struct shrike_kernel_event k;
    struct xfrm_user_acquire is = {.id = {.proto = IPPROTO_ESP}};
    struct xfrm_user_tmpl t = {.reqid = trap->templates[0].reqid};
    _Alignas(8) u8 octets[1024];
    struct nlmsghdr *h = mnl_nlmsg_put_header(octets);
    h->nlmsg_type = XFRM_MSG_ACQUIRE;
    is.sel.family = AF_INET;
    is.sel.saddr.a4 = htonl(0x0a010009);
    memcpy(mnl_nlmsg_put_extra_header(h, sizeof is), &is, sizeof is);
    mnl_attr_put(h, XFRMA_TMPL, sizeof t, &t);
    happen(octets, (u16)h->nlmsg_len);
    CHECK(event_of(SHRIKE_ACQUIRE, &k) && k.reqid == 0x40000007 && k.local.from[3] == 9);
    u32 heard = net.count;
    happen(octets, (u16)h->nlmsg_len); /* the next packet: it is being made */
    CHECK_EQ(net.count, heard);
    /* The Child SA's policy takes its place, and gives it back. */
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && fake_policies() == 3);
    CHECK_EQ(fake_spi(0x2001)->is.reqid, t.reqid);
    remove_child(1);
    CHECK_EQ(fake_policies(), 1);
    start = SHRIKE_START_NONE;
    configure();
    CHECK_EQ(fake_policies(), 0);
    leave();
}

/* Sums of a child, also of what is gone, by the reqid of the configuration. */
TEST(what_was_carried)
{
    begin();
    struct shrike_install_op op = install_of(1);
    struct mail_carried c = {.reqid = 0};
    struct mail_count n;
    const u8 question[] = {0, 0, 0, 9, 0, 1, 0, 0, 0, 1};
    CHECK(install(&op));
    fake_spi(0x1001)->carried = (struct xfrm_lifetime_cur){.bytes = 100, .packets = 2};
    fake_spi(0x2001)->carried = (struct xfrm_lifetime_cur){.bytes = 300, .packets = 3};
    tell(&net, MAIL_COUNT, bytes_of(question, sizeof question), -1);
    const struct seen *s = last(&net, MAIL_COUNTED);
    CHECK(s);
    struct reader r = reader_of(bytes_of(s->body + 6, s->len - 6));
    CHECK(count_read(&r, &n) && n.child_serial == 1 && n.bytes_in == 100 && n.packets_out == 3);
    CHECK(n.used_in > 0 && n.used_out > 0);
    for (int pass = 0; pass < 2; pass++) {
        tell(&control, MAIL_TRAFFIC, bytes_of(question, 4), -1);
        s = last(&control, MAIL_TRAFFIC_IS);
        CHECK(s && s->body[4] == 1);
        r = reader_of(bytes_of(s->body + 7, s->len - 7));
        CHECK(carried_read(&r, &c) && c.reqid == 0x40000007 && c.bytes_out == 300);
        CHECK_EQ(c.children, pass == 0);
        remove_child(1);
    }
    leave();
}

TEST(an_orderly_end_leaves_nothing)
{
    start = SHRIKE_START_TRAP;
    begin();
    struct shrike_install_op op = install_of(1);
    CHECK(install(&op) && fake_policies() == 3);
    tell(&parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(fake_sas() == 0 && fake_policies() == 0 && last(&parent, MAIL_DONE));
    start = SHRIKE_START_NONE;
    leave();
}

/* It dies; what it had goes on, until others are there in its place. Others' is left alone. */
TEST(what_a_life_before_has_left)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    CHECK(install(&a));
    fake.sas[FAKE_MAX - 1] = *fake_spi(0x1001);
    fake.sas[FAKE_MAX - 1].is.id.spi = htonl(0x99);
    fake.sas[FAKE_MAX - 1].is.reqid = 16;
    struct nlmsghdr *h = (void *)fake.sas[FAKE_MAX - 1].octets;
    memcpy(mnl_nlmsg_get_payload(h), &fake.sas[FAKE_MAX - 1].is, sizeof(struct xfrm_usersa_info));
    fake.policies[FAKE_MAX - 1] = fake.policies[0];
    fake.policies[FAKE_MAX - 1].selector.prefixlen_d = 7;
    fake.policies[FAKE_MAX - 1].index = 80;
    fake.policy_there[FAKE_MAX - 1] = true;
    leave();
    sit(-1);
    CHECK(fake_sas() == 3 && fake_policies() == 4);
    CHECK(install(&b));
    CHECK(fake_sas() == 5 && fake_policies() == 4);
    CHECK_EQ(fake_spi(0x1001)->is.reqid, fake_spi(0x1002)->is.reqid);
    for (int i = 0; i < 150 && fake_spi(0x1001); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(!fake_spi(0x1001) && !fake_spi(0x2001) && fake_spi(0x2002) && fake_spi(0x99));
    remove_child(2);
    tell(&parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(fake_sas() == 1 && fake_policies() == 1 && fake_policy(XFRM_POLICY_OUT, 7) != NULL);
    leave();
}

static void claim(const u32 *serials, u16 count)
{
    static struct mail_heir heir;
    static u8 body[8192];
    struct writer w = writer_of(body, sizeof body);
    heir = (struct mail_heir){.count = count, .last = true};
    memcpy(heir.serials, serials, count * sizeof serials[0]);
    heir_write(&w, &heir);
    ensure(!w.full);
    tell(&net, MAIL_HEIR, written_bytes(&w), -1);
}

/* Nothing changes in the kernel meanwhile; what is still to be switched to comes with its keys. */
TEST(another_program_goes_on)
{
    static const u32 both[] = {1, 2};
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    struct shrike_kernel_event k;
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    tell(&parent, MAIL_YIELD, bytes_of(NULL, 0), -1);
    CHECK(handed >= 0 && last(&parent, MAIL_DONE));
    leave();
    u32 changes = fake.changes;
    sit(handed);
    claim(both, 2);
    CHECK(fake.changes == changes && !event_of(SHRIKE_EXPIRE_HARD, &k));
    CHECK(!last(&parent, MAIL_ROUTE));
    tell(&parent, MAIL_ROUTES, bytes_of(NULL, 0), -1);
    CHECK(last(&parent, MAIL_ROUTE));
    switch_to(2);
    CHECK(fake_spi(0x2002) && fake_spi(0x2002)->is.reqid == fake_spi(0x2001)->is.reqid);
    remove_child(1);
    remove_child(2);
    for (int i = 0; i < 30 && fake_sas(); i++)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* What cannot be read is as if there had been none: the kernel is asked, and all of it goes at
 * last. */
TEST(a_state_that_makes_no_sense)
{
    begin();
    struct shrike_install_op a = install_of(1);
    struct shrike_kernel_event k;
    const u32 serial = 1;
    CHECK(install(&a));
    leave();
    int file = memfd_create("nonsense", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ensure(write(file, "SXFRx", 5) == 5 && fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    sit(file);
    claim(&serial, 1);
    CHECK(event_of(SHRIKE_EXPIRE_HARD, &k) && fake_sas() == 2 && fake_policies() == 3);
    tell(&parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(fake_sas() == 0 && fake_policies() == 0);
    leave();
}

/* What is done every second is done however much there is to do. */
TEST(ops_do_not_put_off_what_is_due)
{
    begin();
    struct shrike_install_op a = install_of(1), b = install_of(2);
    b.outbound_later = true;
    CHECK(install(&a) && install(&b) && !fake_spi(0x2002));
    fake_spi(0x1002)->carried.packets = 1;
    for (int i = 0; i < 60 && !fake_spi(0x2002); i++)
        switch_to(77); /* nobody's */
    CHECK(fake_spi(0x2002));
    leave();
}

int main(void)
{
    return RUN(two_sas_and_three_policies_by_one_call) |
           RUN(what_the_kernel_refuses_leaves_nothing) |
           RUN(what_is_not_allowed_the_kernel_does_not_hear_of) |
           RUN(a_rekey_costs_no_policy_and_no_packet) |
           RUN(compression_is_inside_and_of_one_family) | RUN(beet_mode_has_them_in_its_sas) |
           RUN(alone_it_sends_at_once) | RUN(what_goes_leaves_no_gap) |
           RUN(packets_that_leave_are_marked) |
           RUN(marks_and_interfaces_are_those_of_the_configuration) |
           RUN(each_has_a_number_of_its_own) | RUN(a_script_is_told_its_numbers) |
           RUN(offload_that_must_be) | RUN(offload_of_all_of_it) |
           RUN(a_packet_of_the_peer_switches) | RUN(the_kernel_moves_them) |
           RUN(where_the_kernel_does_not_move_them) | RUN(of_two_of_one_number_each_is_moved) |
           RUN(an_sa_whose_keys_are_not_told) | RUN(net_hears_of_limits) |
           RUN(lost_events_are_made_up_for) | RUN(a_trap_asks_for_its_child) |
           RUN(what_was_carried) | RUN(an_orderly_end_leaves_nothing) |
           RUN(what_a_life_before_has_left) | RUN(another_program_goes_on) |
           RUN(a_state_that_makes_no_sense) | RUN(ops_do_not_put_off_what_is_due);
}
