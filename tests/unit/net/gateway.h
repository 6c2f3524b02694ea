/* Two gateways in one loop: each has a real net role, with sockets of its own on the loopback
 * interface, a real keys role, and a parent, a control and an esp by hand. */
#ifndef UNIT_NET_GATEWAY_H
#define UNIT_NET_GATEWAY_H

#include "ops/mail.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "proc/journal.h"
#include "proc/seat.h"
#include "test.h"
#include "wire/codes.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define INSTALLS_MAX 32
#define LISTED_MAX   256

struct gateway;

/* The other end of a channel. */
struct other {
    struct channel channel;
    struct gateway *gateway;
    u32 seen[MAIL_KIND_COUNT]; /* mails by kind */
};

enum role_at_table { PARENT, CONTROL, ESP, OTHERS };

struct gateway {
    const char *name, *peer_name;
    struct loop *loop;
    struct seat net, keys;
    struct other others[OTHERS];            /* of net */
    struct other keys_parent, keys_control; /* of keys */
    u16 ports[2];                           /* real ones: IKE, NAT-T */
    int sockets[2], journal;                /* held for the next net */
    u64 esp_life;
    struct mail_heir heir; /* the last one */
    u32 events[SHRIKE_EVENT_COUNT];
    u32 failed_command, done_command; /* references */
    u32 lines;                        /* of the log, from net */
    bool esp_silent;                  /* it answers nothing */
    struct installed {
        u32 serial, reqid, spi_in, spi_out;
        u8 key_in[64], key_out[64];
        size_t key_len;
        struct shrike_endpoint local, remote;
        struct shrike_token token;
    } installs[INSTALLS_MAX];
    u32 install_count, removes;
    struct shrike_ike_view ike; /* the last one listed */
    struct shrike_child_view child;
    u32 listed[LISTED_MAX]; /* serials of Child SAs, in the order of their listing */
    u32 listed_count;
    u32 list_end; /* reference of the last LIST_END */
    struct mail_stats stats;
};

struct pair {
    struct loop *loop;
    struct gateway a, b;
};

static inline void gateway_answer(struct gateway *g, struct shrike_token token, bool ok)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_answer a = {.ok = ok, .reason = ok ? SHRIKE_REASON_NONE : SHRIKE_REASON_KERNEL};
    answer_write(&w, token, &a);
    struct mail m = {.kind = MAIL_ANSWER, .body = written_bytes(&w), .fd = -1};
    channel_send(&g->others[ESP].channel, &m);
}

static inline void gateway_install(struct gateway *g, struct bytes body)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(body);
    if (!op_read(&r, &op, &box) || g->install_count == INSTALLS_MAX)
        abort();
    const struct shrike_install_op *i = &op.install;
    struct installed *at = &g->installs[g->install_count++];
    *at = (struct installed){.serial = i->child_serial,
                             .reqid = i->reqid,
                             .spi_in = i->in.spi,
                             .spi_out = i->out.spi,
                             .key_len = i->in.encr_key.len,
                             .local = i->local,
                             .remote = i->remote,
                             .token = op.token};
    memcpy(at->key_in, i->in.encr_key.at, i->in.encr_key.len);
    memcpy(at->key_out, i->out.encr_key.at, i->out.encr_key.len);
    if (!g->esp_silent)
        gateway_answer(g, op.token, true);
}

static inline void gateway_event(struct gateway *g, struct bytes body)
{
    struct shrike_event e;
    struct seam_box box;
    struct reader r = reader_of(body);
    if (!event_read(&r, &e, &box))
        abort();
    g->events[e.id]++;
    if (e.id == SHRIKE_EVENT_COMMAND_DONE)
        g->done_command = e.command;
    if (e.id == SHRIKE_EVENT_COMMAND_FAILED)
        g->failed_command = e.command;
}

static inline void gateway_child(struct gateway *g, struct bytes body)
{
    static struct seam_box box; /* what the view points to, until the next */
    struct reader r = reader_of(body);
    (void)read_u32(&r);
    if (!child_view_read(&r, &g->child, &box) || g->listed_count == LISTED_MAX)
        abort();
    g->listed[g->listed_count++] = g->child.serial;
}

static inline void gateway_got(void *ctx, struct mail *m)
{
    struct other *o = ctx;
    struct gateway *g = o->gateway;
    static struct seam_box box; /* what the views point to, until the next mail */
    struct reader r = reader_of(m->body);
    o->seen[m->kind]++;
    if (m->kind == MAIL_INSTALL)
        gateway_install(g, m->body);
    else if (m->kind == MAIL_REMOVE)
        g->removes++;
    else if (m->kind == MAIL_HEIR && !heir_read(&r, &g->heir))
        abort();
    else if (m->kind == MAIL_EVENT)
        gateway_event(g, m->body);
    else if (m->kind == MAIL_LOG && o == &g->others[CONTROL])
        g->lines++;
    else if (m->kind == MAIL_LIST_END)
        g->list_end = read_u32(&r);
    else if (m->kind == MAIL_LIST_IKE && (read_u32(&r), !ike_view_read(&r, &g->ike, &box)))
        abort();
    else if (m->kind == MAIL_LIST_CHILD)
        gateway_child(g, m->body);
    else if (m->kind == MAIL_STATS_ARE && (read_u32(&r), !stats_read(&r, &g->stats)))
        abort();
}

static inline void gateway_lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

/* The descriptor for the other side. */
static inline int gateway_meet(struct gateway *g, struct other *o)
{
    int fd[2];
    if (!channel_pair(fd))
        abort();
    o->gateway = g;
    o->channel = (struct channel){.got = gateway_got, .lost = gateway_lost, .ctx = o};
    if (!channel_open(&o->channel, g->loop, fd[0]))
        abort();
    return fd[1];
}

static inline void gateway_tell(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    if (!channel_send(&o->channel, &m))
        abort();
}

/* Tell a role that another is there (with a descriptor, closed here) or gone. */
static inline void gateway_peer_in(u64 life, struct other *parent, enum role who, int fd)
{
    u8 body[9];
    struct writer w = writer_of(body, sizeof body);
    write_u8(&w, (u8)who);
    write_u64(&w, life);
    gateway_tell(parent, MAIL_PEER, bytes_of(body, sizeof(body)), fd);
    if (fd >= 0)
        close(fd);
}

/* The same of one in a life that no other was in. */
static inline u64 gateway_peer(struct other *parent, enum role who, int fd)
{
    static u64 lives;
    gateway_peer_in(fd < 0 ? 0 : ++lives, parent, who, fd);
    return lives;
}

static inline void gateway_join_keys(struct gateway *g)
{
    int fd[2];
    if (!channel_pair(fd))
        abort();
    gateway_peer(&g->others[PARENT], ROLE_KEYS, fd[0]);
    gateway_peer(&g->keys_parent, ROLE_NET, fd[1]);
}

static inline void gateway_join_esp(struct gateway *g)
{
    g->esp_life = gateway_peer(&g->others[PARENT], ROLE_ESP, gateway_meet(g, &g->others[ESP]));
}

/* A UDP socket of the loopback interface, at a port that the system chooses. */
static inline int gateway_bind(u16 *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    *port = ntohs(at.sin_port);
    return fd;
}

static inline void gateway_sockets(struct gateway *g)
{
    for (u8 kind = SOCKET_IKE; kind <= SOCKET_NAT_T; kind++) {
        u8 body[16];
        struct writer w = writer_of(body, sizeof body);
        socket_write(&w, &(struct mail_socket){kind, 4, g->ports[kind]});
        gateway_tell(&g->others[PARENT], MAIL_SOCKET, written_bytes(&w), g->sockets[kind]);
    }
}

static inline struct shrike_id gateway_id(const char *name)
{
    return (struct shrike_id){ID_FQDN, bytes_of(name, strlen(name))};
}

static inline void gateway_secret(struct gateway *g, const char *secret)
{
    u8 octets[512], source = SECRET_FILES;
    struct writer w = writer_of(octets, sizeof octets);
    struct mail_secret m = {.name = bytes_of("ike", 3), .secret = bytes_of(secret, strlen(secret))};
    write_u32(&w, 0);
    secret_write(&w, &m);
    write_u32_at(&w, 0, (u32)written(&w) - 4);
    int fd = memfd_create("secrets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, octets, written(&w)) != (ssize_t)written(&w) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        abort();
    gateway_tell(&g->keys_control, MAIL_SECRETS, bytes_of(&source, 1), fd);
    close(fd);
}

static const struct shrike_transform gateway_ike[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                                      {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                      {TRANSFORM_KE, KE_CURVE25519, 0}};
static const struct shrike_transform gateway_esp[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                                      {TRANSFORM_SN, SN_32, 0}};
static const struct shrike_proposal gateway_proposals[2] = {
    {.protocol = PROTOCOL_IKE, .transform_count = 3, .transforms = gateway_ike},
    {.protocol = PROTOCOL_ESP, .transform_count = 2, .transforms = gateway_esp}};

static inline struct shrike_ts gateway_net(u8 third)
{
    return (struct shrike_ts){
        .from = {10, 9, third, 0}, .to = {10, 9, third, 255}, .port_to = 65535, .family = 4};
}

/* Send net a configuration with one connection "peer" and its child "net", from whatever address
 * and to this port. */
/* What its connection is called, and the hash of what is in it. */
static char gateway_conn[16] = "peer";
static u64 gateway_hash = 1;

static inline void gateway_conf(struct gateway *g, u16 remote_port)
{
    u8 low = g->name[0] < g->peer_name[0];
    struct shrike_ts ts[2] = {gateway_net(low), gateway_net(!low)};
    struct shrike_child_conf child = {.name = "net",
                                      .proposals = &gateway_proposals[1],
                                      .proposal_count = 1,
                                      .local_ts = &ts[0],
                                      .remote_ts = &ts[1],
                                      .local_ts_count = 1,
                                      .remote_ts_count = 1,
                                      .reqid = 7};
    struct shrike_conn conn = {.name = gateway_conn,
                               .unique = SHRIKE_UNIQUE_NEVER, /* several at once are wanted */
                               .hash = gateway_hash,
                               .local_port = 500,
                               .remote_port = remote_port,
                               .proposals = gateway_proposals,
                               .proposal_count = 1,
                               .children = &child,
                               .child_count = 1,
                               .local = {.kind = SHRIKE_AUTH_PSK, .id = gateway_id(g->name)},
                               .remote = {.kind = SHRIKE_AUTH_PSK, .id = gateway_id(g->peer_name)},
                               .local_endpoint = {.port = 500},
                               .remote_endpoint = {{127, 0, 0, 1}, remote_port, 4, 0},
                               .retransmit_first = SHRIKE_SECOND,
                               .retransmit_max = 64 * SHRIKE_SECOND,
                               .retransmit_tries = 7,
                               .give_up_after = 64 * SHRIKE_SECOND,
                               .half_open_max = 30 * SHRIKE_SECOND,
                               .fragment_size = 1280,
                               .fragmentation = true};
    struct shrike_conf conf = {.conns = &conn,
                               .conn_count = 1,
                               .cookie_threshold = 30,
                               .cookie_prefix_threshold = 3,
                               .half_open_max = 100};
    struct settings settings = {.port = 500, .port_nat_t = 4500};
    int fd = snapshot_seal(&conf, &settings);
    if (fd < 0)
        abort();
    gateway_tell(&g->others[CONTROL], MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
    close(fd);
}

static inline void gateway_command(struct gateway *g, const struct shrike_command *c)
{
    u8 body[1024];
    struct writer w = writer_of(body, sizeof body);
    command_write(&w, c);
    gateway_tell(&g->others[CONTROL], MAIL_COMMAND, written_bytes(&w), -1);
}

static inline void gateway_up(struct gateway *g, u32 reference)
{
    struct shrike_command c = {.kind = SHRIKE_UP, .reference = reference, .conn = gateway_conn};
    gateway_command(g, &c);
}

static inline void gateway_kernel(struct gateway *g, struct shrike_kernel_event k)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    kernel_write(&w, &k);
    gateway_tell(&g->others[ESP], MAIL_KERNEL, written_bytes(&w), -1);
}

static inline void gateway_ask(struct gateway *g, u16 kind, u32 reference)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    gateway_tell(&g->others[CONTROL], kind, written_bytes(&w), -1);
}

static inline void gateway_open(struct gateway *g, struct loop *l, const char *name,
                                const char *peer)
{
    *g = (struct gateway){.name = name, .peer_name = peer, .loop = l};
    g->net = (struct seat){.type = &net_role, .loop = l};
    g->keys = (struct seat){.type = &keys_role, .loop = l};
    if (!seat_open(&g->net, gateway_meet(g, &g->others[PARENT])) ||
        !seat_open(&g->keys, gateway_meet(g, &g->keys_parent)))
        abort();
    for (int kind = 0; kind < 2; kind++)
        g->sockets[kind] = gateway_bind(&g->ports[kind]);
    g->journal = journal_make(&(struct journal_about){.build = "test"});
    gateway_tell(&g->others[PARENT], MAIL_VAULT, bytes_of(NULL, 0), g->journal);
    gateway_peer(&g->others[PARENT], ROLE_CONTROL, gateway_meet(g, &g->others[CONTROL]));
    gateway_peer(&g->keys_parent, ROLE_CONTROL, gateway_meet(g, &g->keys_control));
    gateway_join_keys(g);
    gateway_join_esp(g);
    gateway_sockets(g);
    gateway_secret(g, "a secret of both");
}

/* net has ended, and the parent has started another one, as it does. esp_too: esp as well. */
static inline void gateway_next_net(struct gateway *g, bool esp_too)
{
    seat_close(&g->net);
    for (int i = 0; i < OTHERS; i++)
        channel_close(&g->others[i].channel);
    gateway_peer(&g->keys_parent, ROLE_NET, -1);
    g->net = (struct seat){.type = &net_role, .loop = g->loop};
    if (!seat_open(&g->net, gateway_meet(g, &g->others[PARENT])))
        abort();
    gateway_tell(&g->others[PARENT], MAIL_VAULT, bytes_of(NULL, 0), g->journal);
    gateway_sockets(g);
    if (esp_too)
        gateway_join_esp(g);
    else
        gateway_peer_in(g->esp_life, &g->others[PARENT], ROLE_ESP,
                        gateway_meet(g, &g->others[ESP]));
    gateway_join_keys(g);
    gateway_peer(&g->others[PARENT], ROLE_CONTROL, gateway_meet(g, &g->others[CONTROL]));
}

static inline void gateway_close(struct gateway *g)
{
    seat_close(&g->net);
    for (int kind = 0; kind < 2; kind++)
        close(g->sockets[kind]);
    close(g->journal);
    seat_close(&g->keys);
    for (int i = 0; i < OTHERS; i++)
        channel_close(&g->others[i].channel);
    channel_close(&g->keys_parent.channel);
    channel_close(&g->keys_control.channel);
}

static inline void pair_turns(struct pair *p, int n)
{
    for (int i = 0; i < n; i++)
        loop_turn(p->loop, 0);
}

/* Run until *what is at least `count`; false: not within 5 s. */
static inline bool pair_until(struct pair *p, const u32 *what, u32 count)
{
    shrike_time end = loop_clock(p->loop) + 5 * SHRIKE_SECOND;
    while (*what < count && loop_clock(p->loop) < end)
        loop_turn(p->loop, 20 * SHRIKE_MS);
    return *what >= count;
}

/* Two gateways with sockets and secrets; both know each other at the ports for NAT traversal. */
static inline void pair_open(struct pair *p)
{
    p->loop = loop_new();
    if (!p->loop)
        abort();
    gateway_open(&p->a, p->loop, "a.test", "b.test");
    gateway_open(&p->b, p->loop, "b.test", "a.test");
    gateway_conf(&p->a, p->b.ports[SOCKET_NAT_T]);
    gateway_conf(&p->b, p->a.ports[SOCKET_NAT_T]);
    pair_turns(p, 6);
}

static inline void pair_close(struct pair *p)
{
    gateway_close(&p->a);
    gateway_close(&p->b);
    loop_free(p->loop);
}

#endif
