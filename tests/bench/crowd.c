/* A server and those who call it: see crowd.h. */
#include "crowd.h"
#include "proofs.h"
#include <stdio.h>
#include <stdlib.h>

enum { CHILDREN = 3, NAME_SIZE = 16, ID_LEN = 40 };

/* AES-256-GCM, HMAC-SHA-256 and X25519; AES-256-GCM for ESP. */
static const struct shrike_transform ike_transforms[] = {
    {TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
    {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
    {TRANSFORM_KE, KE_CURVE25519, 0},
};
static const struct shrike_transform esp_transforms[] = {
    {TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
    {TRANSFORM_SN, SN_32, 0},
    {TRANSFORM_KE, KE_CURVE25519, 0},
};
static const struct shrike_proposal ike_proposal = {
    .protocol = PROTOCOL_IKE, .transform_count = 3, .transforms = ike_transforms};
static const struct shrike_proposal esp_proposal = {
    .protocol = PROTOCOL_ESP, .transform_count = 2, .transforms = esp_transforms};
static const struct shrike_proposal esp_pfs_proposal = {
    .protocol = PROTOCOL_ESP, .transform_count = 3, .transforms = esp_transforms};

/* 10.1.n.0/24 is the server's net of child n, 10.2.n.0/24 that of its peers. */
#define NET(side, n)                                                                               \
    {                                                                                              \
        .from = {10, side, n, 0}, .to = {10, side, n, 255}, .port_to = 65535, .family = 4          \
    }
static const struct shrike_ts nets[2][CHILDREN] = {
    {NET(1, 0), NET(1, 1), NET(1, 2)},
    {NET(2, 0), NET(2, 1), NET(2, 2)},
};

static struct shrike_child_conf child_of(unsigned n, bool server)
{
    static const char *const names[CHILDREN] = {CHILD_FIRST, CHILD_FURTHER, CHILD_PFS};
    return (struct shrike_child_conf){
        .name = names[n],
        .proposals = n == 2 ? &esp_pfs_proposal : &esp_proposal,
        .proposal_count = 1,
        .local_ts = &nets[!server][n],
        .remote_ts = &nets[server][n],
        .local_ts_count = 1,
        .remote_ts_count = 1,
        .reqid = n + 1,
    };
}

static const struct shrike_endpoint server_endpoint = {{192, 0, 2, 1}, 500, 4, 0};
static const char server_id[] = "gateway.vpn.example.net";

static struct shrike_conn conn_with(const struct shrike_child_conf *children, bool server)
{
    struct shrike_conn conn = {
        .proposals = &ike_proposal,
        .proposal_count = 1,
        .children = children,
        .child_count = CHILDREN,
        .retransmit_first = SHRIKE_SECOND,
        .retransmit_max = 64 * SHRIKE_SECOND,
        .retransmit_tries = 7,
        .give_up_after = 64 * SHRIKE_SECOND,
        .half_open_max = 30 * SHRIKE_SECOND,
        .fragment_size = 1280,
        .fragmentation = true,
    };
    proofs_conn(&conn, server);
    return conn;
}

static struct shrike_id server_ident(void)
{
    return (struct shrike_id){ID_FQDN, bytes_of(server_id, sizeof(server_id) - 1)};
}

void server_init(struct host *h, struct shrike_provider *provider, const struct server_setup *s)
{
    static struct shrike_child_conf children[CHILDREN];
    static struct shrike_conn conn;
    static struct shrike_conf conf[2]; /* without and with cookies */
    struct shrike_conf *c = &conf[s->cookie_threshold != COOKIES_NEVER];
    struct shrike_limits limits = {
        .ike_sas = s->ike_sas, .half_open = s->half_open, .memory_mib = 16384};
    limits.child_sas = CHILDREN * s->ike_sas;
    for (unsigned i = 0; i < CHILDREN; i++)
        children[i] = child_of(i, true);
    conn = conn_with(children, true);
    conn.name = "server";
    conn.hash = 1;
    conn.local.id = server_ident();
    *c = (struct shrike_conf){.conns = &conn,
                              .conn_count = 1,
                              .cookie_threshold = s->cookie_threshold,
                              .cookie_prefix_threshold = COOKIES_NEVER,
                              .half_open_max = s->half_open};
    host_init(h, provider, &limits, c);
    h->server = true;
}

struct crowd_conf {
    struct shrike_conf conf;
    struct shrike_conn conns[BATCH];
    struct shrike_child_conf children[CHILDREN];
    char names[BATCH][NAME_SIZE];
    char ids[BATCH][ID_LEN + 1];
};

static void set_conn(struct crowd_conf *c, unsigned i, unsigned serial)
{
    struct shrike_conn *conn = &c->conns[i];
    *conn = conn_with(c->children, false);
    snprintf(c->names[i], NAME_SIZE, "host-%u", i);
    snprintf(c->ids[i], ID_LEN + 1, "host-%07u.west.client.vpn.example.net", serial % 10000000);
    conn->name = c->names[i];
    conn->hash = i + 1;
    conn->local.id = (struct shrike_id){ID_FQDN, bytes_of(c->ids[i], ID_LEN)};
    conn->remote.id = server_ident();
    conn->local_endpoint = (struct shrike_endpoint){
        {100, (u8)(serial >> 16), (u8)(serial >> 8), (u8)serial}, 500, 4, 0};
    conn->remote_endpoint = server_endpoint;
}

void crowd_init(struct crowd *c, struct shrike_provider *provider, unsigned count)
{
    static unsigned serials;
    /* Twice, while they are rekeyed. */
    struct shrike_limits limits = {.ike_sas = 2 * count, .half_open = count};
    limits.child_sas = 2 * CHILDREN * count;
    c->conf = calloc(1, sizeof(*c->conf));
    if (!c->conf || count > BATCH)
        bench_fail("no memory for a crowd");
    c->count = count;
    for (unsigned i = 0; i < CHILDREN; i++)
        c->conf->children[i] = child_of(i, false);
    for (unsigned i = 0; i < count; i++)
        set_conn(c->conf, i, ++serials);
    c->conf->conf = (struct shrike_conf){.conns = c->conf->conns,
                                         .conn_count = count,
                                         .cookie_threshold = COOKIES_NEVER,
                                         .cookie_prefix_threshold = COOKIES_NEVER,
                                         .half_open_max = count};
    host_init(&c->host, provider, &limits, &c->conf->conf);
}

void crowd_free(struct crowd *c)
{
    host_free(&c->host);
    free(c->conf);
}

void crowd_command(struct crowd *c, enum shrike_command_kind kind, const char *child,
                   struct box *out)
{
    out->count = 0;
    for (unsigned i = 0; i < c->count; i++)
        host_command(&c->host, kind, c->conf->conns[i].name, child);
    host_settle(&c->host, out);
}
