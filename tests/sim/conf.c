/* From knobs to a snapshot. */
#include "conf.h"
#include "base/bytes.h"
#include "pool.h"
#include <stdio.h>
#include <stdlib.h>

static struct shrike_origin origin(unsigned line)
{
    return (struct shrike_origin){CONF_FILE, line};
}

static void add(struct shrike_transform *list, u16 *count, struct shrike_transform t)
{
    ensure(*count < CONF_TRANSFORMS_MAX);
    list[(*count)++] = t;
}

static void build_groups(struct shrike_transform *list, u16 *count, const struct conf_suite *suite)
{
    for (unsigned i = 0; i < ARRAY_LEN(suite->groups) && suite->groups[i] != 0; i++)
        add(list, count, (struct shrike_transform){TRANSFORM_KE, suite->groups[i], 0});
}

static void build_ike(struct sim_part *c, unsigned i, const struct conf_suite *suite)
{
    struct shrike_transform *list = c->ike_transforms[i];
    u16 count = 0;

    add(list, &count, (struct shrike_transform){TRANSFORM_ENCR, suite->encr, suite->encr_bits});
    add(list, &count, (struct shrike_transform){TRANSFORM_PRF, suite->prf, 0});
    if (suite->integ != INTEG_NONE)
        add(list, &count, (struct shrike_transform){TRANSFORM_INTEG, suite->integ, 0});
    build_groups(list, &count, suite);
    c->ike[i] = (struct shrike_proposal){.protocol = PROTOCOL_IKE,
                                         .transform_count = count,
                                         .transforms = list,
                                         .origin = origin(CONF_LINE_PROPOSALS + i)};
}

static void build_esp(struct sim_part *c, unsigned i, const struct conf_suite *suite)
{
    struct shrike_transform *list = c->esp_transforms[i];
    u16 count = 0;

    if (suite->encr != 0)
        add(list, &count, (struct shrike_transform){TRANSFORM_ENCR, suite->encr, suite->encr_bits});
    if (suite->integ != INTEG_NONE)
        add(list, &count, (struct shrike_transform){TRANSFORM_INTEG, suite->integ, 0});
    build_groups(list, &count, suite);
    add(list, &count, (struct shrike_transform){TRANSFORM_SN, suite->esn ? SN_64 : SN_32, 0});
    c->esp[i] =
        (struct shrike_proposal){.protocol = suite->encr ? PROTOCOL_ESP : PROTOCOL_AH,
                                 .transform_count = count,
                                 .transforms = list,
                                 .origin = origin(CONF_LINE_CHILD + 10 * i + CONF_CHILD_PROPOSALS)};
}

static struct shrike_ts build_ts(const struct conf_block *b)
{
    struct shrike_ts ts = {.protocol = b->protocol, .port_from = b->port, .port_to = b->port};
    u32 mask = b->prefix == 0 ? 0 : ~(u32)0 << (32 - b->prefix);
    u32 from = ((u32)10 << 24 | (u32)b->x << 16 | (u32)b->y << 8) & mask, to = from | ~mask;

    if (b->port == 0)
        ts.port_to = 65535;
    if (b->x == 0)
        return ts; /* dynamic */
    ts.family = 4;
    for (unsigned i = 0; i < 4; i++) {
        ts.from[i] = (u8)(from >> (24 - 8 * i));
        ts.to[i] = (u8)(to >> (24 - 8 * i));
    }
    return ts;
}

static void build_child(struct sim_part *c, unsigned i, const struct conf_child *k)
{
    unsigned line = CONF_LINE_CHILD + 10 * i;

    build_esp(c, i, &k->esp);
    c->local_ts[i] = build_ts(&k->local);
    c->remote_ts[i] = build_ts(&k->remote);
    snprintf(c->names[i], sizeof c->names[i], "%s", k->name);
    c->children[i] = (struct shrike_child_conf){
        .name = c->names[i],
        .mode = k->mode,
        .start = k->start,
        .dpd_action = k->dpd_action,
        .close_action = k->close_action,
        .ipcomp = k->ipcomp,
        .proposals = &c->esp[i],
        .proposal_count = 1,
        .local_ts = &c->local_ts[i],
        .local_ts_count = 1,
        .remote_ts = &c->remote_ts[i],
        .remote_ts_count = 1,
        .reqid = i + 1,
        .life = {1000 * (i + 1), 2000 * (i + 1), 30 * (i + 1), 40 * (i + 1), 0},
        .origin = origin(line),
        .mode_origin = origin(line + CONF_CHILD_MODE),
        .proposals_origin = origin(line + CONF_CHILD_PROPOSALS),
        .ts_origin = origin(line + CONF_CHILD_TS),
    };
}

static struct shrike_net build_net(const struct shrike_endpoint *e)
{
    struct shrike_net net = {.addr.family = e->family, .prefix_bits = e->family == 6 ? 128 : 32};
    memcpy(net.addr.octets, e->octets, sizeof net.addr.octets);
    return net;
}

static struct shrike_id build_id(char *out, const char *name, size_t pad)
{
    size_t len = strlen(name);

    pad = MIN(pad, SHRIKE_ID_MAX - len);
    memset(out, 'x', pad);
    memcpy(out + pad, name, len);
    return (struct shrike_id){.type = ID_FQDN, .data = bytes_of(out, pad + len)};
}

static void build_times(struct shrike_conn *conn, const struct conf_knobs *k)
{
    conn->retransmit_first = SHRIKE_SECOND;
    conn->retransmit_max = 64 * SHRIKE_SECOND;
    conn->retransmit_tries = 7;
    conn->retransmit_jitter = k->jitter;
    conn->give_up_after = 64 * SHRIKE_SECOND;
    conn->half_open_max = 30 * SHRIKE_SECOND;
    conn->dpd_delay = k->dpd_delay;
    conn->rekey_time = k->ike_rekey;
    conn->reauth_time = k->ike_reauth;
    conn->over_time = k->ike_over;
    conn->rand_time = k->ike_rand;
    conn->unique = k->unique;
    conn->childless = k->childless;
    conn->keyingtries = k->keyingtries;
    conn->redirect = k->redirect;
    conn->redirect_to = k->redirect_to;
    conn->redirect_wait = 60 * SHRIKE_SECOND;
    conn->follow_redirects = k->follows;
}

static void build_internal(struct shrike_conn *conn, struct sim_part *c, const struct conf_knobs *k)
{
    c->vips[0].family = 4;
    c->vips[1].family = 6;
    c->pools[0] = POOL_NAME;
    conn->vips = c->vips;
    conn->vip_count = (u16)k->vip_count;
    conn->pools = c->pools;
    conn->pool_count = k->gives;
    conn->vips_origin = origin(CONF_LINE_VIPS);
    conn->pools_origin = origin(CONF_LINE_POOLS);
}

static void build_conn(struct shrike_conn *conn, struct sim_part *c, const struct conf_knobs *k)
{
    const enum shrike_auth_kind kind = k->eap ? SHRIKE_AUTH_EAP : SHRIKE_AUTH_PSK;

    snprintf(c->name, sizeof c->name, "%s", k->conn ? k->conn : CONF_CONN);
    c->local_net = build_net(&k->local);
    c->remote_net = build_net(&k->remote);
    conn->name = c->name;
    conn->hash = 0x5eed + k->reqids;
    conn->local_addrs = &c->local_net;
    conn->local_addr_count = !k->roams;
    conn->remote_addrs = &c->remote_net;
    conn->remote_addr_count = !k->from_anybody;
    conn->local_port = conn->remote_port = 500;
    conn->proposals = c->ike;
    conn->proposal_count = (u16)k->ike_count;
    conn->children = c->children;
    conn->child_count = (u16)k->child_count;
    conn->local = (struct shrike_auth){.kind = kind, .origin = origin(CONF_LINE_LOCAL)};
    conn->local.id = build_id(c->local_id, k->local_id, k->local_id_pad);
    conn->remote = (struct shrike_auth){.kind = kind, .origin = origin(CONF_LINE_REMOTE)};
    if (k->remote_id)
        conn->remote.id = build_id(c->remote_id, k->remote_id, 0);
    conn->ppk_id = bytes_of(k->ppk, k->ppk ? strlen(k->ppk) : 0);
    conn->ppk_required = k->ppk_required;
    conn->ppk_origin = origin(CONF_LINE_PPK);
    conn->local_endpoint = k->local;
    conn->remote_endpoint = k->remote;
    conn->fragment_size = k->fragment_size ? k->fragment_size : 1280;
    conn->window = k->window ? k->window : 1;
    conn->fragmentation = k->fragmentation;
    conn->force_encap = k->force_encap;
    conn->mobike = k->mobike;
    conn->origin = origin(CONF_LINE_CONN);
    conn->proposals_origin = origin(CONF_LINE_PROPOSALS);
    build_times(conn, k);
    build_internal(conn, c, k);
}

static void build_part(struct shrike_conn *conn, struct sim_part *c, const struct conf_knobs *k)
{
    ensure(k->ike_count <= CONF_PROPOSALS_MAX && k->child_count <= CONF_CHILDREN_MAX);
    for (unsigned i = 0; i < k->ike_count; i++)
        build_ike(c, i, &k->ike[i]);
    for (unsigned i = 0; i < k->child_count; i++) {
        build_child(c, i, &k->children[i]);
        c->children[i].reqid += k->reqids;
        c->children[i].rekey_time = k->child_rekey;
        c->children[i].life_time = k->child_life;
        c->children[i].rand_time = k->child_rand;
    }
    build_conn(conn, c, k);
}

struct sim_conf *conf_new(const struct conf_knobs *knobs, unsigned count)
{
    size_t each = sizeof(struct shrike_conn) + sizeof(struct sim_part);
    struct sim_conf *c = calloc(1, sizeof *c + count * each);
    struct shrike_conn *conns;

    ensure(c != NULL);
    c->size = sizeof *c + count * each;
    conns = (struct shrike_conn *)(c + 1);
    for (unsigned i = 0; i < count; i++)
        build_part(&conns[i], (struct sim_part *)(conns + count) + i, &knobs[i]);
    c->conf = (struct shrike_conf){.conns = conns,
                                   .conn_count = count,
                                   .cookie_threshold = knobs->cookie_threshold,
                                   .cookie_prefix_threshold = knobs->cookie_prefix_threshold,
                                   .half_open_max = knobs->half_open_max,
                                   .ppks = true,
                                   .beet = true};
    return c;
}

void conf_spoil(struct sim_conf *c)
{
    memset(c, 0xa5, c->size);
}

struct conf_knobs conf_defaults(unsigned side)
{
    struct conf_knobs k = {.local_id = side == 0 ? "a.example" : "b.example",
                           .remote_id = side == 0 ? "b.example" : "a.example",
                           .ike_count = 1,
                           .child_count = 1,
                           .fragmentation = true,
                           .cookie_threshold = 30,
                           .cookie_prefix_threshold = 30,
                           .half_open_max = 200};
    u8 here = side == 0 ? 1 : 2, there = side == 0 ? 2 : 1;

    k.ike[0] = (struct conf_suite){.encr = ENCR_AES_GCM_16,
                                   .encr_bits = 256,
                                   .prf = PRF_HMAC_SHA2_256,
                                   .integ = INTEG_NONE,
                                   .groups = {KE_CURVE25519}};
    k.children[0] =
        (struct conf_child){.name = "net",
                            .mode = SHRIKE_TUNNEL,
                            .esp = {.encr = ENCR_AES_GCM_16, .encr_bits = 256, .integ = INTEG_NONE},
                            .local = {.x = here, .y = 1, .prefix = 24},
                            .remote = {.x = there, .y = 1, .prefix = 24}};
    return k;
}
