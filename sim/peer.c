/* One side of a negotiation that is played: see peer.h. */
#include "sim/peer.h"
#include "base/ct.h"
#include "control/failure.h"
#include "net/memory.h"
#include "sim/peer_ops.h"
#include "wire/codes.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    SPINS_MAX = 10000, /* inputs at one instant */
    UDP_HEADER = 8,
    MARKER = 4, /* RFC 3948 2.2 */
    PORT_IKE = 500,
    PORT_NAT_T = 4500,
};

/* ---- what it tells ---- */

static bool same_value(struct bytes a, struct bytes b, const char *key)
{
    return bytes_equal(vici_value(a, key), vici_value(b, key));
}

static struct peer_failure *alike(struct peer *p, struct bytes message)
{
    static const char *const keys[] = {"connection", "child",  "reason",
                                       "decided-by", "notify", "exchange"};
    for (unsigned i = 0; i < p->failure_count; i++) {
        struct peer_failure *f = &p->failures[i];
        bool same = true;
        for (size_t k = 0; k < ARRAY_LEN(keys); k++)
            same &= same_value(bytes_of(f->message, f->len), message, keys[k]);
        if (same)
            return f;
    }
    return NULL;
}

static void keep_failure(struct peer *p, struct vici_writer *w)
{
    const shrike_time now = p->node.world->now;
    struct bytes message;
    if (!vici_written(w, &message))
        return;
    struct peer_failure *f = alike(p, message);
    if (!f && p->failure_count < PEER_FAILURES_MAX) {
        f = &p->failures[p->failure_count++];
        *f = (struct peer_failure){.first = now, .len = message.len};
        f->message = malloc(message.len);
        ensure(f->message != NULL);
        memcpy(f->message, message.at, message.len);
    }
    if (!f)
        return;
    f->last = now;
    f->count++;
}

/* Where the secret stands that was tried. */
static struct shrike_origin secret_of(const struct peer *p, const struct shrike_reason *r)
{
    struct shrike_origin found = {0};
    const struct config *c = p->config;
    if (r->code != SHRIKE_REASON_AUTH_MAC)
        return found;
    for (u32 i = 0; i < c->secret_count && !found.file; i++)
        if (bytes_equal(bytes_of(c->secrets[i].name, strlen(c->secrets[i].name)), r->beside))
            found = c->secrets[i].origin;
    return found;
}

static bool is_change(enum shrike_event_id id)
{
    return id == SHRIKE_EVENT_IKE_UP || id == SHRIKE_EVENT_IKE_DOWN ||
           id == SHRIKE_EVENT_IKE_REKEYED || id == SHRIKE_EVENT_CHILD_UP ||
           id == SHRIKE_EVENT_CHILD_DOWN || id == SHRIKE_EVENT_CHILD_REKEYED ||
           id == SHRIKE_EVENT_REKEY_FAILED || id == SHRIKE_EVENT_IKE_FAILED ||
           id == SHRIKE_EVENT_CHILD_FAILED;
}

static void keep_change(struct peer *p, const struct shrike_event *e)
{
    if (p->change_count == PEER_CHANGES_MAX)
        return;
    struct peer_change *c = &p->changes[p->change_count++];
    *c = (struct peer_change){.at = p->node.world->now,
                              .id = e->id,
                              .reason = e->reason.code,
                              .began = p->began,
                              .theirs = e->reason.theirs,
                              .resent = p->resent};
    snprintf(c->conn, sizeof c->conn, "%s", e->conn ? e->conn : "");
    snprintf(c->child, sizeof c->child, "%s", e->child_conf ? e->child_conf : "");
    p->resent = 0;
}

static void hear(struct peer *p, const struct shrike_event *e)
{
    static u8 octets[PEER_TOLD_MAX]; /* used by one call at a time */
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (failure_is(e)) {
        failure_put(&w, e, p->config, secret_of(p, &e->reason));
        keep_failure(p, &w);
    }
    if (e->id == SHRIKE_EVENT_RETRANSMIT)
        p->resent++;
    if (is_change(e->id))
        keep_change(p, e);
    if ((e->id == SHRIKE_EVENT_COMMAND_DONE || e->id == SHRIKE_EVENT_COMMAND_FAILED) &&
        e->command == p->command) {
        p->answered = true;
        p->answer = e->id == SHRIKE_EVENT_COMMAND_DONE ? SHRIKE_REASON_NONE : e->reason.code;
    }
}

static void take_rungs(struct peer *p)
{
    struct shrike_rung r;
    while (shrike_rung(p->engine, &r)) {
        if (!r.sent && r.exchange != EXCHANGE_INFORMATIONAL)
            p->began = r.response;
        r.conn = NULL; /* it may go */
        if (p->rung_count < PEER_RUNGS_MAX)
            p->rungs[p->rung_count++] = r;
        p->messages++;
    }
}

/* ---- the network ---- */

/* The engine knows the usual ports; between the hosts there are those of the settings. */
static u16 port_out(const struct peer *p, u16 port)
{
    const struct settings *s = &p->config->settings;
    return port == PORT_IKE ? s->port : port == PORT_NAT_T ? s->port_nat_t : port;
}

static void send(struct peer *p, const struct shrike_send *s)
{
    struct world *w = p->node.world;
    struct packet *packet = packet_make(s->data.at, s->data.len);
    packet->from = s->local;
    packet->from.port = port_out(p, s->local.port);
    packet->to = s->remote;
    packet->marker = s->marker;
    w->counts.datagrams++;
    w->counts.octets += s->data.len;
    p->out->forward(p->out, packet);
}

/* false: it is lost. */
static bool passes(const struct peer *p, struct packet *packet)
{
    const size_t octets = UDP_HEADER + packet->len + (packet->marker ? MARKER : 0);
    for (unsigned i = 0; i < p->filter_count; i++) {
        const struct peer_filter *f = &p->filters[i];
        if ((f->from_port && f->from_port != packet->from.port) ||
            (f->to_port && f->to_port != packet->to.port) ||
            (f->longer_than && octets <= f->longer_than))
            continue;
        if (!f->set_from_port && !f->set_to_port)
            return false;
        packet->from.port = f->set_from_port ? f->set_from_port : packet->from.port;
        packet->to.port = f->set_to_port ? f->set_to_port : packet->to.port;
    }
    return true;
}

/* ---- the engine ---- */

static void drain(struct peer *p)
{
    struct shrike_action a;
    struct shrike_change change;
    while (shrike_changed(p->engine, &change))
        continue; /* nobody goes on from records here */
    take_rungs(p);
    while (shrike_next(p->engine, &a)) {
        switch (a.kind) {
        case SHRIKE_SEND:
            send(p, &a.send);
            break;
        case SHRIKE_OP:
            peer_ops_take(p, &a.op);
            break;
        case SHRIKE_EVENT:
            hear(p, &a.event);
            break;
        case SHRIKE_CONF_UNUSED:
            break; /* it goes with the side */
        }
    }
}

/* After each input, until nothing is to be done at this instant. */
static void settle(struct peer *p)
{
    const shrike_time now = p->node.world->now;
    unsigned spins = 0;
    for (drain(p); spins < SPINS_MAX; spins++) {
        if (p->op_count)
            peer_ops_answer(p);
        else if (shrike_deadline(p->engine) <= now)
            shrike_tick(p->engine, now);
        else
            break;
        drain(p);
    }
    if (spins == SPINS_MAX)
        world_fail(p->node.world, "%s does not come to rest", p->node.name);
    kernel_forget(&p->kernel);
    p->node.next_run_at = MIN(shrike_deadline(p->engine), peer_ops_idle(p));
}

static void peer_run(struct node *self)
{
    struct peer *p = (struct peer *)self;
    if (shrike_deadline(p->engine) <= self->world->now)
        shrike_tick(p->engine, self->world->now);
    else
        peer_ops_tell_idle(p);
    settle(p);
}

static void peer_forward(struct node *self, struct packet *packet)
{
    struct peer *p = (struct peer *)self;
    const struct settings *s = &p->config->settings;
    const bool passed = passes(p, packet), nat_t = packet->to.port == s->port_nat_t;
    struct shrike_datagram d = {.local = packet->to,
                                .remote = packet->from,
                                .data = packet->data,
                                .len = packet->len,
                                .marker = packet->marker};
    d.local.port = nat_t ? PORT_NAT_T : PORT_IKE;
    /* Without its marker it is ESP at the one port, with it nothing of IKE at the other. */
    if (passed && (nat_t || packet->to.port == s->port) && nat_t == packet->marker) {
        self->world->counts.delivered++;
        shrike_datagram(p->engine, self->world->now, &d);
        settle(p);
    } else {
        self->world->counts.lost++;
    }
    free(packet);
}

/* ---- from the beginning to the end ---- */

static bool take_secrets(struct peer *p)
{
    const struct config *c = p->config;
    bool good = true;
    for (u32 i = 0; i < c->secret_count && good; i++) {
        const struct config_secret *s = &c->secrets[i];
        struct mail_secret m = {.kind = s->kind,
                                .name = bytes_of(s->name, strlen(s->name)),
                                .secret = s->secret,
                                .id_count = MIN(s->id_count, MAIL_SECRET_IDS)};
        if (m.id_count)
            memcpy(m.ids, s->ids, m.id_count * sizeof m.ids[0]);
        if (!secret_fault(&m)) /* one with a fault is kept by nobody */
            good = secrets_put(p->secrets, SECRET_FILES, &m);
        wipe(&m, sizeof m);
    }
    return good;
}

static bool begin(struct peer *p)
{
    struct prng *dice = &p->node.world->prng;
    struct shrike_env env = {.provider = p->provider,
                             .pages = memory_pages(),
                             .limits = {.ike_sas = 1024, .half_open = 256, .memory_mib = 128},
                             .incarnation = 1,
                             .shards = 1};
    u8 key[16];
    prng_fill(dice, env.seed, sizeof env.seed);
    prng_fill(dice, key, sizeof key);
    if (!desk_open(&p->desk, key) ||
        !book_pools(p->desk.book, p->config->settings.pools, p->config->settings.pool_count))
        return false;
    p->engine = shrike_new(&env, p->node.world->now);
    return p->engine && shrike_conf(p->engine, &p->conf);
}

bool peer_init(struct peer *p, struct world *w, const struct peer_setup *setup)
{
    memset(p, 0, sizeof *p);
    p->node = (struct node){
        .name = setup->name, .next_run_at = SHRIKE_NEVER, .forward = peer_forward, .run = peer_run};
    world_add(w, &p->node);
    p->config = setup->config;
    p->conf = setup->config->conf;
    p->provider = setup->provider;
    p->busy = setup->busy;
    p->outside = setup->outside;
    kernel_init(&p->kernel);
    p->secrets = secrets_new();
    return p->secrets && take_secrets(p) && begin(p);
}

void peer_free(struct peer *p)
{
    if (p->engine)
        shrike_free(p->engine);
    desk_close(&p->desk);
    secrets_free(p->secrets);
    for (size_t i = 0; i < p->kernel.count; i++)
        wipe(p->kernel.pairs[i], sizeof *p->kernel.pairs[i]);
    kernel_free(&p->kernel);
    for (; p->op_count; p->op_count--, p->op_first = (p->op_first + 1) % PEER_OPS_MAX)
        free(p->ops[p->op_first].octets);
    for (unsigned i = 0; i < p->failure_count; i++)
        free(p->failures[i].message);
    wipe(p, sizeof *p);
}

/* ---- what is done to it ---- */

void peer_filter(struct peer *p, const struct peer_filter *filter)
{
    ensure(p->filter_count < PEER_FILTERS_MAX);
    p->filters[p->filter_count++] = *filter;
}

void peer_command(struct peer *p, struct shrike_command command)
{
    command.reference = ++p->command;
    p->answered = false;
    shrike_command(p->engine, p->node.world->now, &command);
    settle(p);
}

void peer_no_address(struct peer *p, const struct shrike_conn *conn, const char *name,
                     const char *why)
{
    u8 octets[4096];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    failure_put_name(&w, conn, name, why);
    keep_failure(p, &w);
}

bool peer_is_up(const struct peer *p, const char *conn)
{
    struct shrike_ike_view v;
    bool up = false;
    for (u32 at = 0; !up && shrike_view_ike(p->engine, &at, &v);)
        up = v.state == SHRIKE_IKE_ESTABLISHED && v.conn && strcmp(v.conn, conn) == 0;
    return up;
}
