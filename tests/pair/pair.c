/* Two engines wired to each other: see pair.h. */
#include "pair.h"
#include "crypto/keymat.h"
#include "page_cache.h"
#include "shrike/view.h"
#include <stdio.h>
#include <stdlib.h>

const struct pair_algorithms pair_usual = {
    .encr = ENCR_AES_GCM_16,
    .encr_bits = 256,
    .prf = PRF_HMAC_SHA2_256,
    .ke = KE_CURVE25519,
    .esp_encr = ENCR_AES_GCM_16,
    .esp_bits = 256,
};

/* A configuration for each side, in one allocation with everything that it points to. */
struct setup {
    struct pair pair;
    struct shrike_conf conf[2];
    struct shrike_conn conn[2];
    struct shrike_child_conf children[2][PAIR_CHILDREN];
    struct shrike_transform ike[5], esp[4];
    struct shrike_proposal ike_proposal, esp_proposal;
    struct shrike_ts ts[2][PAIR_CHILDREN];
    struct shrike_net any;
    char names[PAIR_CHILDREN][16];
};

static unsigned transforms_of(struct shrike_transform *out, const uint16_t list[][3],
                              unsigned count)
{
    unsigned n = 0;
    for (unsigned i = 0; i < count; i++) {
        if (list[i][1] || list[i][0] == TRANSFORM_SN)
            out[n++] = (struct shrike_transform){(uint8_t)list[i][0], list[i][1], list[i][2]};
    }
    return n;
}

static void set_proposals(struct setup *s, const struct pair_algorithms *a)
{
    const uint16_t ike[][3] = {{TRANSFORM_ENCR, a->encr, a->encr_bits},
                               {TRANSFORM_INTEG, a->integ, 0},
                               {TRANSFORM_PRF, a->prf, 0},
                               {TRANSFORM_KE, a->ke, 0}};
    const uint16_t esp[][3] = {{TRANSFORM_ENCR, a->esp_encr, a->esp_bits},
                               {TRANSFORM_INTEG, a->esp_integ, 0},
                               {TRANSFORM_KE, a->esp_ke, 0},
                               {TRANSFORM_SN, a->esp_sn, 0}};
    struct shrike_origin origin = {"pair.conf", 7};
    s->ike_proposal = (struct shrike_proposal){
        PROTOCOL_IKE, (uint16_t)transforms_of(s->ike, ike, 4), s->ike, origin};
    s->esp_proposal =
        (struct shrike_proposal){a->esp_encr ? PROTOCOL_ESP : PROTOCOL_AH,
                                 (uint16_t)transforms_of(s->esp, esp, 4), s->esp, origin};
}

/* With internal addresses those of side 0 are not known yet. */
static struct shrike_ts net_of(const struct pair_options *o, unsigned side, unsigned child)
{
    struct shrike_ts ts = {.port_to = 65535, .family = 4};
    if (o->internal && side == 0)
        return (struct shrike_ts){.port_to = 65535};
    uint8_t from[4] = {10, (uint8_t)(1 + side), (uint8_t)child, 0};
    memcpy(ts.from, from, 4);
    memcpy(ts.to, from, 4);
    ts.to[3] = 255;
    return ts;
}

static void set_children(struct setup *s, unsigned side, const struct pair_options *o)
{
    struct shrike_conn *conn = &s->conn[side];
    conn->children = s->children[side];
    conn->child_count = (uint16_t)(o->children ? o->children : 1);
    for (unsigned i = 0; i < conn->child_count; i++) {
        struct shrike_child_conf *child = &s->children[side][i];
        s->ts[side][i] = net_of(o, side, i);
        snprintf(s->names[i], sizeof(s->names[i]), "net%u", i);
        *child = (struct shrike_child_conf){
            .name = s->names[i],
            .mode = o->transport ? SHRIKE_TRANSPORT : SHRIKE_TUNNEL,
            .start = o->start,
            .proposals = &s->esp_proposal,
            .proposal_count = 1,
            .local_ts = &s->ts[side][i],
            .remote_ts = &s->ts[1 - side][i],
            .local_ts_count = 1,
            .remote_ts_count = 1,
            .reqid = i + 1,
            .rekey_time = o->child_rekey,
            .life_time = o->child_life,
        };
    }
}

static void set_internal(struct setup *s, unsigned side)
{
    static const struct shrike_addr any = {.family = 4};
    static const char *const pools[] = {"people"};
    static const uint8_t lease[] = {0, CFG_INTERNAL_IP4_ADDRESS, 0, 4, 10, 3, 0, 1,
                                    0, CFG_INTERNAL_IP4_DNS,     0, 4, 10, 0, 0, 53};
    struct shrike_conn *conn = &s->conn[side];
    if (side == 0) {
        conn->vips = &any;
        conn->vip_count = 1;
    } else {
        conn->pools = pools;
        conn->pool_count = 1;
        s->pair.side[1].give = bytes_of(lease, sizeof(lease));
    }
}

static void set_conn(struct setup *s, unsigned side, const struct pair_options *o)
{
    static const char *const id[2] = {"a.test", "b.test"};
    struct shrike_conn *conn = &s->conn[side];
    *conn = (struct shrike_conn){
        .name = "pair",
        .hash = 1,
        .proposals = &s->ike_proposal,
        .proposal_count = 1,
        .local = {.kind = SHRIKE_AUTH_PSK,
                  .id = {ID_FQDN, bytes_of(id[side], 6)},
                  .origin = {"pair.conf", 3}},
        .remote = {.kind = SHRIKE_AUTH_PSK,
                   .id = {ID_FQDN, bytes_of(id[1 - side], 6)},
                   .origin = {"pair.conf", 4}},
        .local_endpoint = {{192, 0, 2, (uint8_t)(1 + side)}, 500, 4, 0},
        .remote_endpoint = {{192, 0, 2, (uint8_t)(2 - side)}, 500, 4, 0},
        .retransmit_first = SHRIKE_SECOND,
        .retransmit_max = 64 * SHRIKE_SECOND,
        .retransmit_tries = 7,
        .give_up_after = 64 * SHRIKE_SECOND,
        .half_open_max = 30 * SHRIKE_SECOND,
        .rekey_time = o->ike_rekey,
        .reauth_time = o->ike_reauth,
        .over_time = o->ike_over,
        .window = o->window ? o->window : 1,
        .fragment_size = 1280,
        .fragmentation = true,
        .mobike = o->mobike,
    };
    set_children(s, side, o);
    if (o->internal)
        set_internal(s, side);
    s->conf[side] = (struct shrike_conf){.conns = conn,
                                         .conn_count = 1,
                                         .cookie_threshold =
                                             o->cookie_threshold ? o->cookie_threshold : 1u << 30,
                                         .cookie_prefix_threshold = 1u << 15,
                                         .half_open_max = 1u << 30};
    s->pair.side[side].here = conn->local_endpoint;
    s->pair.side[side].secret = o->secret[side] ? o->secret[side] : "a shared secret";
}

struct pair *pair_new(struct shrike_provider *initiator, struct shrike_provider *responder,
                      const struct pair_options *o)
{
    struct setup *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    set_proposals(s, &o->algorithms);
    s->pair.now = 1000 * SHRIKE_SECOND;
    s->pair.algorithms = o->algorithms;
    for (unsigned i = 0; i < 2; i++) {
        struct pair_side *side = &s->pair.side[i];
        struct shrike_env env = {
            .provider = i ? responder : initiator,
            .pages = page_cache(),
            .limits = o->limits,
            .seed = {(uint8_t)(i + 1)},
            .incarnation = 1,
            .shards = 1,
        };
        set_conn(s, i, o);
        side->provider = i ? responder : initiator;
        side->engine = shrike_new(&env, s->pair.now);
        if (!side->engine || !shrike_conf(side->engine, &s->conf[i]))
            abort();
    }
    pair_run(&s->pair);
    return &s->pair;
}

void pair_free(struct pair *p)
{
    for (unsigned i = 0; i < 2; i++) {
        shrike_free(p->side[i].engine);
        pair_lose_all(&p->side[i]);
    }
    free(p);
}

void pair_post(struct pair_side *to, const struct pair_datagram *d)
{
    if (to->count == PAIR_QUEUE)
        return;
    struct pair_datagram *place = &to->queue[(to->head + to->count++) % PAIR_QUEUE];
    *place = *d;
    place->data = malloc(d->len ? d->len : 1);
    memcpy(place->data, d->data, d->len);
}

void pair_lose(struct pair_side *side)
{
    if (side->count == 0)
        return;
    free(side->queue[side->head].data);
    side->head = (side->head + 1) % PAIR_QUEUE;
    side->count--;
}

void pair_lose_all(struct pair_side *side)
{
    while (side->count)
        pair_lose(side);
}

static void post(struct pair *p, unsigned from, const struct shrike_send *send)
{
    struct pair_side *to = &p->side[1 - from];
    p->datagrams++;
    p->octets += send->data.len;
    struct pair_datagram d = {send->remote, send->local, (uint8_t *)(uintptr_t)send->data.at,
                              send->data.len, send->marker};
    if (!p->side[from].mute)
        pair_post(to, &d);
}

static size_t keep_keys(const struct shrike_sa_keys *k, uint8_t *out)
{
    if (k->encr_key.len)
        memcpy(out, k->encr_key.at, k->encr_key.len);
    if (k->integ_key.len)
        memcpy(out + k->encr_key.len, k->integ_key.at, k->integ_key.len);
    return k->encr_key.len + k->integ_key.len;
}

static struct pair_child child_of(const struct shrike_install_op *op)
{
    struct pair_child c = {
        .serial = op->child_serial,
        .spi_in = op->in.spi,
        .spi_out = op->out.spi,
        .cpi_in = op->cpi_in,
        .cpi_out = op->cpi_out,
        .tfc_padding = op->tfc_padding,
        .replay_window = op->replay_window,
        .protocol = op->protocol,
        .mode = op->mode,
        .whole = op->whole,
        .local = op->local,
        .remote = op->remote,
        .esn = op->esn,
        .nat_here = op->nat_here,
        .encap = op->encap,
        .reqid = op->reqid,
        .replaces = op->replaces,
        .life = op->life,
        .heard_every = op->heard_every,
    };
    c.in_len = keep_keys(&op->in, c.in);
    c.out_len = keep_keys(&op->out, c.out);
    return c;
}

static void install(struct pair_side *side, const struct pair_op *op)
{
    if (side->child_count == PAIR_CHILDREN)
        return;
    struct pair_child *c = &side->children[side->child_count++];
    *c = op->child;
    side->ranks++;
    c->rank = op->later ? -side->ranks : side->ranks;
}

static void uninstall(struct pair_side *side, uint32_t serial)
{
    for (unsigned i = 0; i < side->child_count; i++) {
        if (side->children[i].serial == serial)
            side->children[i] = side->children[--side->child_count];
    }
}

static void prefer(struct pair_side *side, uint32_t serial)
{
    for (unsigned i = 0; i < side->child_count; i++) {
        if (side->children[i].serial == serial)
            side->children[i].rank = ++side->ranks;
    }
}

const struct pair_child *pair_outbound(const struct pair_side *side, uint32_t reqid)
{
    const struct pair_child *best = NULL;
    for (unsigned i = 0; i < side->child_count; i++) {
        const struct pair_child *c = &side->children[i];
        if (c->reqid == reqid && (!best || c->rank > best->rank))
            best = c;
    }
    return best;
}

enum { ANSWER_MAX = 256 };

/* An op whose answer is to be given after the drain. */
struct answer {
    struct shrike_token token;
    struct shrike_answer answer;
    uint8_t value[ANSWER_MAX];
};

/* The first installation that waits. *token is that of it. */
static bool carry_out(struct pair_side *side, struct shrike_token *token)
{
    if (side->op_count == 0)
        return false;
    struct pair_op op = side->ops[0];
    memmove(side->ops, side->ops + 1, --side->op_count * sizeof(side->ops[0]));
    if (!op.void_now)
        install(side, &op);
    *token = op.token;
    return true;
}

bool pair_answer(struct pair *p, unsigned i)
{
    struct shrike_answer good = {.ok = true};
    struct shrike_token token;
    if (!carry_out(&p->side[i], &token))
        return false;
    shrike_done(p->side[i].engine, p->now, token, &good);
    return true;
}

static void keep_install(struct pair_side *side, const struct shrike_op *op)
{
    if (side->op_count == PAIR_OPS)
        abort();
    side->ops[side->op_count++] = (struct pair_op){
        .token = op->token,
        .child = child_of(&op->install),
        .later = op->install.outbound_later,
    };
}

/* What is taken out before it was put in will not be put in. */
static void take_out(struct pair_side *side, uint32_t serial)
{
    uninstall(side, serial);
    for (unsigned i = 0; i < side->op_count; i++)
        side->ops[i].void_now |= side->ops[i].child.serial == serial;
}

static void lease_begins(struct pair_leases *l, uint32_t number, bool held)
{
    for (unsigned i = 0; i < l->count; i++)
        l->wrong += l->open[i] == number && !held;
    l->wrong += number == 0;
    l->held += held;
    if (l->count < PAIR_LEASES)
        l->open[l->count++] = number;
}

static void lease_ends(struct pair_leases *l, uint32_t number)
{
    for (unsigned i = 0; i < l->count; i++) {
        if (l->open[i] == number) {
            l->open[i] = l->open[--l->count];
            return;
        }
    }
    l->wrong++;
}

/* What stands for a signature: a MAC by the key's name, which the certificate is. */
static struct bytes proving_key(const struct pair_side *side, const struct shrike_auth_op *op,
                                bool ours)
{
    if (op->kind == SHRIKE_AUTH_PSK)
        return bytes_of(side->secret, strlen(side->secret));
    if (ours)
        return bytes_of(op->key.octets, sizeof(op->key.octets));
    return op->cert_count ? op->certs[0].data : bytes_of(NULL, 0);
}

static void prove(struct pair_side *side, const struct shrike_auth_op *op, bool ours,
                  struct answer *out)
{
    const struct prf_suite *prf = suite_prf(op->prf);
    bool psk = op->kind == SHRIKE_AUTH_PSK;
    struct bytes key = proving_key(side, op, ours);
    side->proofs += ours;
    *(ours ? &side->proof : &side->check) =
        (struct pair_proof){.kind = op->kind,
                            .method = op->method,
                            .hashes = op->hashes,
                            .schemes = op->schemes,
                            .wished = op->wished,
                            .certs = op->cert_count,
                            .key = op->key,
                            .encoding = op->cert_count ? op->certs[0].encoding : 0};
    if (!keymat_psk_auth(side->provider, prf, key, op->octets, out->value))
        abort();
    out->answer.value = bytes_of(NULL, prf->len);
    out->answer.method = psk ? AUTH_PSK : AUTH_DIGITAL_SIGNATURE;
    if (!ours && !side->believe && !bytes_equal(bytes_of(out->value, prf->len), op->value)) {
        out->answer.ok = false;
        out->answer.reason = psk                   ? SHRIKE_REASON_AUTH_MAC
                             : op->cert_count == 0 ? SHRIKE_REASON_CERT_NONE
                                                   : SHRIKE_REASON_AUTH_SIGNATURE;
    }
}

static bool give_lease(struct pair_side *side, const struct shrike_op *op, struct answer *out)
{
    lease_begins(&side->leases, op->lease.lease, op->lease.held);
    side->wish_count = op->lease.wish_count;
    side->granted = op->lease.grant.len;
    memcpy(side->wishes, op->lease.wishes, side->wish_count * sizeof(*side->wishes));
    side->waited = op->token;
    if (side->give.len > sizeof(out->value))
        abort();
    out->answer.ok = side->give.len > 0;
    out->answer.reason = SHRIKE_REASON_POOL_EMPTY;
    if (side->give.len)
        memcpy(out->value, side->give.at, side->give.len);
    out->answer.value = bytes_of(NULL, side->give.len);
    return !side->hold_leases;
}

static bool take_addresses(struct pair_side *side, const struct shrike_op *op, struct answer *out)
{
    const struct shrike_address_op *a = &op->address;
    lease_begins(&side->addresses, a->lease, a->held);
    side->got_count = a->address_count;
    side->dns_count = a->dns_count;
    memcpy(side->got, a->addresses, a->address_count * sizeof(*side->got));
    memcpy(side->dns, a->dns, a->dns_count * sizeof(*side->dns));
    side->waited = op->token;
    out->answer.ok = !side->refuse_addresses;
    out->answer.reason = SHRIKE_REASON_ADDRESS_NOT_USED;
    return !side->hold_leases;
}

static bool resolve(struct pair_side *side, const struct shrike_op *op, struct answer *out)
{
    if (op->resolve.name.len >= sizeof(side->name) || side->resolved.len > sizeof(out->value))
        abort();
    memcpy(side->name, op->resolve.name.at, op->resolve.name.len);
    side->name[op->resolve.name.len] = 0;
    out->answer.ok = side->resolved.len > 0;
    out->answer.reason = SHRIKE_REASON_REDIRECT_NAME;
    if (side->resolved.len)
        memcpy(out->value, side->resolved.at, side->resolved.len);
    out->answer.value = bytes_of(NULL, side->resolved.len);
    return true;
}

static void move_one(struct pair_child *c, const struct shrike_move_op *op)
{
    for (unsigned i = 0; i < op->child_count; i++) {
        if (op->children[i] == c->serial) {
            c->local = op->local;
            c->remote = op->remote;
            c->encap = op->encap;
            c->nat_here = op->nat_here;
        }
    }
}

/* What waits to be put in is put in first. */
static void move(struct pair_side *side, const struct shrike_move_op *op)
{
    side->moves++;
    side->move =
        (struct pair_move){op->local, op->remote, op->encap, op->nat_here, op->child_count};
    for (unsigned i = 0; i < side->child_count; i++)
        move_one(&side->children[i], op);
    for (unsigned i = 0; i < side->op_count; i++)
        move_one(&side->ops[i].child, op);
}

static void mix(struct pair_side *side, const struct shrike_mix_op *op, struct answer *out)
{
    bool known = side->ppk && bytes_equal(op->id, bytes_of("tomorrow", 8));
    side->mixes++;
    out->answer.ok = known;
    out->answer.reason = SHRIKE_REASON_PPK_UNKNOWN;
    out->answer.value = bytes_of(NULL, op->keys.len);
    if (op->keys.len > sizeof(out->value))
        abort();
    if (known && !keymat_mix(side->provider, suite_prf(op->prf),
                             bytes_of(side->ppk, strlen(side->ppk)), op->keys, out->value))
        abort();
}

static bool answer_op(struct pair_side *side, const struct shrike_op *op, struct answer *out)
{
    *out = (struct answer){.token = op->token, .answer = {.ok = true}};
    switch (op->kind) {
    case SHRIKE_CHILD_INSTALL:
        keep_install(side, op);
        return !side->hold_ops && carry_out(side, &out->token);
    case SHRIKE_CHILD_REMOVE:
        take_out(side, op->remove.child_serial);
        return false;
    case SHRIKE_CHILD_SWITCH:
        prefer(side, op->change.child_serial);
        return false;
    case SHRIKE_LEASE:
        return give_lease(side, op, out);
    case SHRIKE_ADDRESS_ADD:
        return take_addresses(side, op, out);
    case SHRIKE_RESOLVE:
        return resolve(side, op, out);
    case SHRIKE_LEASE_FREE:
        lease_ends(&side->leases, op->lease_over);
        return false;
    case SHRIKE_ADDRESS_REMOVE:
        lease_ends(&side->addresses, op->lease_over);
        return false;
    case SHRIKE_CHILD_MOVE:
        move(side, &op->move);
        return false;
    case SHRIKE_EAP:
        return toy_eap_take(&side->eap, &op->eap, &out->answer, out->value);
    case SHRIKE_EAP_OVER:
        toy_eap_over(&side->eap, op->session_over);
        return false;
    case SHRIKE_MIX:
        mix(side, &op->mix, out);
        return true;
    case SHRIKE_PROVE:
    case SHRIKE_CHECK:
        break;
    }
    prove(side, &op->auth, op->kind == SHRIKE_PROVE, out);
    return op->kind == SHRIKE_PROVE || !side->lose_checks;
}

static void hear(struct pair_side *side, const struct shrike_event *e)
{
    if (e->id == SHRIKE_EVENT_IKE_UP || e->id == SHRIKE_EVENT_IKE_REKEYED) {
        side->ike_up += e->id == SHRIKE_EVENT_IKE_UP;
        side->ike_rekeyed += e->id == SHRIKE_EVENT_IKE_REKEYED;
        side->ike = e->ike;
        side->spi_i = e->spi_i;
        side->spi_r = e->spi_r;
    }
    side->ike_down += e->id == SHRIKE_EVENT_IKE_DOWN;
    side->given += e->id == SHRIKE_EVENT_ADDRESS_GIVEN;
    side->taken += e->id == SHRIKE_EVENT_ADDRESS_TAKEN;
    side->withheld += e->id == SHRIKE_EVENT_ADDRESS_REFUSED;
    side->turned_away +=
        e->id == SHRIKE_EVENT_STRANGER_REFUSED && e->reason.code == SHRIKE_REASON_LIMIT;
    side->child_up += e->id == SHRIKE_EVENT_CHILD_UP;
    side->child_rekeyed += e->id == SHRIKE_EVENT_CHILD_REKEYED;
    side->done += e->id == SHRIKE_EVENT_COMMAND_DONE;
    side->refused += e->id == SHRIKE_EVENT_COMMAND_FAILED;
    side->child_down += e->id == SHRIKE_EVENT_CHILD_DOWN;
    side->redirecting += e->id == SHRIKE_EVENT_REDIRECTING;
    if (e->id == SHRIKE_EVENT_REDIRECTED) {
        side->redirected++;
        side->led_to = e->remote;
    }
    side->moved += e->id == SHRIKE_EVENT_IKE_MOVED;
    side->path_lost += e->id == SHRIKE_EVENT_IKE_PATH_LOST;
    side->move_failed += e->id == SHRIKE_EVENT_IKE_MOVE_FAILED;
    if (e->id == SHRIKE_EVENT_IKE_MOVE_FAILED || e->id == SHRIKE_EVENT_IKE_DOWN ||
        e->id == SHRIKE_EVENT_ADDRESS_REFUSED)
        side->why = e->reason.code;
    if (e->id == SHRIKE_EVENT_IKE_FAILED || e->id == SHRIKE_EVENT_CHILD_FAILED) {
        side->failed++;
        side->reason = e->reason.code;
        side->failure = e->reason;
        side->by_stranger = e->stranger;
    }
}

/* Carry out everything one side wants; true when there was anything. */
bool pair_drain(struct pair *p, unsigned i)
{
    enum { ANSWERS = 64 };
    struct pair_side *side = &p->side[i];
    struct answer answers[ANSWERS];
    unsigned count = 0;
    bool any = false;
    struct shrike_action a;
    while (shrike_next(side->engine, &a)) {
        any = true;
        switch (a.kind) {
        case SHRIKE_SEND:
            post(p, i, &a.send);
            break;
        case SHRIKE_OP:
            if (count < ANSWERS && answer_op(side, &a.op, &answers[count]))
                count++;
            break;
        case SHRIKE_EVENT:
            hear(side, &a.event);
            break;
        case SHRIKE_CONF_UNUSED:
            break;
        }
    }
    for (unsigned n = 0; n < count; n++) {
        answers[n].answer.ok = answers[n].answer.ok && !side->refuse_ops;
        answers[n].answer.value.at = answers[n].value;
        shrike_done(side->engine, p->now, answers[n].token, &answers[n].answer);
    }
    return any;
}

bool pair_deliver(struct pair *p, unsigned i)
{
    struct pair_side *side = &p->side[i];
    if (side->count == 0)
        return false;
    const struct pair_datagram *d = &side->queue[side->head];
    struct shrike_datagram in = {d->local, d->remote, d->data, d->len, d->marker};
    shrike_datagram(side->engine, p->now, &in);
    pair_lose(side);
    return true;
}

void pair_run(struct pair *p)
{
    enum { ROUNDS = 10000 };
    for (unsigned n = 0; n < ROUNDS; n++) {
        bool any = false;
        for (unsigned i = 0; i < 2; i++) {
            any = pair_deliver(p, i) || any;
            any = pair_drain(p, i) || any;
            if (shrike_deadline(p->side[i].engine) <= p->now) {
                shrike_tick(p->side[i].engine, p->now);
                any = true;
            }
        }
        if (!any)
            return;
    }
    fprintf(stderr, "pair: no end after %d rounds\n", ROUNDS);
    abort();
}

u32 pair_place(const struct pair_side *side)
{
    struct shrike_ike_view ike = {0};
    u32 at = 0;
    while (ike.serial != side->ike && shrike_view_ike(side->engine, &at, &ike))
        ;
    return ike.serial == side->ike ? at : 0;
}

void pair_wait(struct pair *p, shrike_time until)
{
    while (p->now < until) {
        shrike_time next = until;
        for (unsigned i = 0; i < 2; i++) {
            shrike_time due = shrike_deadline(p->side[i].engine);
            next = due < next ? due : next;
        }
        p->now = next > p->now ? next : p->now;
        pair_run(p);
    }
}

void pair_up(struct pair *p, const char *child)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", child, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    pair_run(p);
}

void pair_down(struct pair *p, unsigned side, const char *child)
{
    struct shrike_command down = {SHRIKE_DOWN, 2, "pair", child, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[side].engine, p->now, &down);
    pair_run(p);
}

void pair_lose_plane(struct pair *p, unsigned side)
{
    struct shrike_kernel_event lost = {.kind = SHRIKE_PLANE_LOST};
    p->side[side].child_count = 0;
    shrike_kernel(p->side[side].engine, p->now, &lost);
}

void pair_addresses(struct pair *p, unsigned side, const struct shrike_addr *list, unsigned count)
{
    struct shrike_kernel_event e = {
        .kind = SHRIKE_ADDRESSES, .addresses = list, .address_count = (uint16_t)count};
    shrike_kernel(p->side[side].engine, p->now, &e);
}

static bool crosswise(const struct pair_child *a, const struct pair_child *b)
{
    return a->spi_in == b->spi_out && a->spi_out == b->spi_in && a->protocol == b->protocol &&
           a->cpi_in == b->cpi_out && a->cpi_out == b->cpi_in && a->in_len == b->out_len &&
           a->out_len == b->in_len && memcmp(a->in, b->out, a->in_len) == 0 &&
           memcmp(a->out, b->in, a->out_len) == 0 && a->mode == b->mode && a->esn == b->esn &&
           (a->in_len == 0 || memcmp(a->in, a->out, a->in_len) != 0);
}

bool pair_agrees(const struct pair *p)
{
    uint8_t keys[2][SHRIKE_KEYS_MAX] = {{0}};
    size_t len[2][5] = {{0}};
    const struct pair_side *a = &p->side[0], *b = &p->side[1];
    if (!shrike_unsafe_keys(a->engine, a->ike, keys[0], len[0]) ||
        !shrike_unsafe_keys(b->engine, b->ike, keys[1], len[1]) ||
        memcmp(len[0], len[1], sizeof(len[0])) != 0 ||
        memcmp(keys[0], keys[1], sizeof(keys[0])) != 0 || a->child_count != b->child_count)
        return false;
    for (unsigned i = 0; i < a->child_count; i++) {
        bool found = false;
        for (unsigned j = 0; j < b->child_count; j++)
            found = found || crosswise(&a->children[i], &b->children[j]);
        if (!found)
            return false;
    }
    return true;
}
