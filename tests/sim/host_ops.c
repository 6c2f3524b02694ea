/* Ops: latency from the seed; the data plane works in the order it was asked. */
#include "host_ops.h"
#include "ladder.h"
#include "oracle.h"

static bool token_equal(const struct shrike_token *a, const struct shrike_token *b)
{
    return a->incarnation == b->incarnation && a->serial == b->serial && a->index == b->index &&
           a->slot == b->slot;
}

/* Of the data plane, not answered. */
static bool is_order(enum shrike_op_kind kind)
{
    return kind > SHRIKE_CHILD_INSTALL;
}

static shrike_time latency(struct host *h)
{
    if (prng_percent(&h->prng, h->model.stuck_percent))
        return h->model.stuck;
    return prng_below(&h->prng, h->model.latency_max + 1);
}

static void take_auth(struct host *h, const struct shrike_op *op, struct host_op *out)
{
    out->answer = keys_answer(&h->keys, op->kind, &op->auth, out->value);
    if (op->kind == SHRIKE_PROVE && prng_percent(&h->prng, h->model.prove_fails)) {
        out->answer = (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_AUTH_NO_SECRET};
        h->node.world->counts.ops_failed++;
    }
}

static void take_install(struct host *h, const struct shrike_op *op, struct host_op *out)
{
    const char *complaint = kernel_note(&h->kernel, &op->install, &out->place);
    struct esp_pair *pair;

    if (complaint) {
        world_fail(h->node.world, "%s asks for %s", h->node.name, complaint);
        return;
    }
    pair = h->kernel.pairs[out->place];
    out->answer = (struct shrike_answer){.ok = true};
    if (prng_percent(&h->prng, h->model.install_fails)) {
        pair->refused = true;
        out->answer = (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_KERNEL};
        h->node.world->counts.ops_failed++;
    }
    oracle_installing(h->oracle, h, pair);
}

static void take_move(struct host *h, const struct shrike_move_op *op, struct kernel_move *out)
{
    if (op->child_count > KERNEL_MOVES_MAX) {
        world_fail(h->node.world, "%s moves too many Child SAs", h->node.name);
        return;
    }
    *out = (struct kernel_move){.local = op->local,
                                .remote = op->remote,
                                .encap = op->encap,
                                .nat_here = op->nat_here,
                                .count = op->child_count};
    memcpy(out->children, op->children, op->child_count * sizeof op->children[0]);
}

/* Carried out at once, in the order of the ops; only the answer takes its time. */
static void take_address(struct host *h, const struct shrike_op *op, struct host_op *out)
{
    struct writer w = writer_of(out->value, sizeof out->value);
    const char *complaint = NULL;
    bool lease = op->kind == SHRIKE_LEASE || op->kind == SHRIKE_LEASE_FREE;

    if (op->kind == SHRIKE_LEASE)
        complaint = pool_lease(&h->leased, &op->lease, &w);
    else if (op->kind == SHRIKE_ADDRESS_ADD)
        complaint = pool_use(&h->used, &op->address);
    else
        complaint = pool_over(lease ? &h->leased : &h->used, op->lease_over);
    if (complaint)
        world_fail(h->node.world, "%s asks for %s", h->node.name, complaint);
    out->answer = (struct shrike_answer){.ok = !lease || written(&w) > 0,
                                         .reason = SHRIKE_REASON_POOL_EMPTY,
                                         .value = bytes_of(NULL, written(&w))};
    if (prng_percent(&h->prng, h->model.address_fails))
        out->answer = (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_ADDRESS_NOT_USED};
}

/* "host3.example" is the host with this number. */
static void take_resolve(struct host *h, const struct shrike_resolve_op *op, struct host_op *out)
{
    static const char front[] = "host", behind[] = ".example";
    const size_t digit = sizeof front - 1, size = sizeof front + sizeof behind - 1;
    unsigned number = 0;

    out->answer = (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_REDIRECT_NAME};
    if (op->name.len != size || memcmp(op->name.at, front, digit) != 0 ||
        memcmp(op->name.at + digit + 1, behind, sizeof behind - 1) != 0)
        return;
    number = op->name.at[digit] - (unsigned)'0';
    if (number >= h->oracle->host_count || prng_percent(&h->prng, h->model.address_fails))
        return;
    out->value[0] = h->oracle->hosts[number]->address.family;
    memcpy(out->value + 1, h->oracle->hosts[number]->address.octets, SHRIKE_RESOLVED_SIZE - 1);
    out->answer.ok = true;
    out->answer.value = bytes_of(NULL, SHRIKE_RESOLVED_SIZE);
}

void host_ops_take(struct host *h, const struct shrike_op *op)
{
    struct world *w = h->node.world;
    struct host_op *out;

    w->counts.ops++;
    if (h->op_count == HOST_OPS_MAX) {
        world_fail(w, "%s has more than %d ops open", h->node.name, HOST_OPS_MAX);
        return;
    }
    for (unsigned i = 0; i < h->op_count; i++)
        if (!is_order(op->kind) && !is_order(h->ops[i].kind) &&
            token_equal(&h->ops[i].token, &op->token))
            world_fail(w, "%s asks twice with one token", h->node.name);
    out = &h->ops[h->op_count++];
    *out = (struct host_op){.kind = op->kind, .token = op->token, .order = h->op_order++};
    out->due = w->now + latency(h);
    out->again = prng_percent(&h->prng, h->model.answers_twice);
    switch (op->kind) {
    case SHRIKE_PROVE:
    case SHRIKE_CHECK:
        take_auth(h, op, out);
        break;
    case SHRIKE_CHILD_INSTALL:
        take_install(h, op, out);
        break;
    case SHRIKE_CHILD_REMOVE:
        out->remove = op->remove;
        break;
    case SHRIKE_CHILD_SWITCH:
        out->change = op->change;
        break;
    case SHRIKE_LEASE:
    case SHRIKE_ADDRESS_ADD:
    case SHRIKE_LEASE_FREE:
    case SHRIKE_ADDRESS_REMOVE:
        take_address(h, op, out);
        break;
    case SHRIKE_RESOLVE:
        take_resolve(h, &op->resolve, out);
        break;
    case SHRIKE_CHILD_MOVE:
        take_move(h, &op->move, &out->move);
        break;
    case SHRIKE_EAP:
        out->answer = keys_eap(&h->keys, &op->eap, out->value);
        break;
    case SHRIKE_MIX:
        out->answer = keys_mix(&h->keys, &op->mix, out->value);
        break;
    case SHRIKE_EAP_OVER:
        break;
    }
    if (op->kind == SHRIKE_CHILD_INSTALL || is_order(op->kind))
        h->kernel_free_at = out->due = MAX(out->due, h->kernel_free_at);
    ladder_op(h, out, "asked");
}

static unsigned next_op(const struct host *h)
{
    unsigned best = 0;
    for (unsigned i = 1; i < h->op_count; i++)
        if (h->ops[i].due < h->ops[best].due ||
            (h->ops[i].due == h->ops[best].due && h->ops[i].order < h->ops[best].order))
            best = i;
    return best;
}

shrike_time host_ops_due(const struct host *h)
{
    return h->op_count == 0 ? SHRIKE_NEVER : h->ops[next_op(h)].due;
}

static const char *work_of_kernel(struct host *h, const struct host_op *op)
{
    if (op->kind == SHRIKE_CHILD_REMOVE)
        return kernel_remove(&h->kernel, &op->remove);
    if (op->kind == SHRIKE_CHILD_SWITCH)
        kernel_switch(&h->kernel, op->change.child_serial);
    if (op->kind == SHRIKE_CHILD_MOVE)
        kernel_move(&h->kernel, &op->move);
    if (op->kind == SHRIKE_CHILD_INSTALL && op->answer.ok)
        oracle_installed(h->oracle, h, h->kernel.pairs[op->place]);
    if (op->kind == SHRIKE_CHILD_INSTALL)
        return kernel_install(&h->kernel, op->place, op->answer.ok);
    return NULL;
}

void host_ops_lose(struct host *h)
{
    for (unsigned i = 0; i < h->op_count; i++) {
        struct host_op *op = &h->ops[i];
        if (op->kind != SHRIKE_CHILD_INSTALL || !op->answer.ok)
            continue;
        op->answer = (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_KERNEL};
        h->kernel.pairs[op->place]->refused = true;
    }
}

/* The SA may be gone by now: the engine drops the answer by its token. */
void host_ops_answer(struct host *h)
{
    unsigned i = next_op(h);
    struct host_op op = h->ops[i];
    const char *complaint = work_of_kernel(h, &op);

    h->ops[i] = h->ops[--h->op_count];
    if (complaint)
        world_fail(h->node.world, "%s: %s", h->node.name, complaint);
    ladder_op(h, &op, "answered");
    if (is_order(op.kind))
        return;
    if (op.answer.ok &&
        (op.kind == SHRIKE_PROVE || op.kind == SHRIKE_LEASE || op.kind == SHRIKE_RESOLVE ||
         op.kind == SHRIKE_EAP || op.kind == SHRIKE_MIX))
        op.answer.value.at = op.value;
    shrike_done(h->engine, h->node.world->now, op.token, &op.answer);
    if (op.again)
        shrike_done(h->engine, h->node.world->now, op.token, &op.answer);
}
