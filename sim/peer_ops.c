/* Ops of one side: see peer_ops.h. All are done at once. */
#include "sim/peer_ops.h"
#include "base/ct.h"
#include "keys/ppk.h"
#include "keys/psk.h"
#include <stdlib.h>

static void broken(struct peer *p, const char *complaint)
{
    if (complaint)
        world_fail(p->node.world, "%s asks for %s", p->node.name, complaint);
}

/* The octets of an answer are copied: what they stand in is used again. */
static void answer_later(struct peer *p, const struct shrike_op *op, struct shrike_answer a)
{
    struct peer_op *one = &p->ops[(p->op_first + p->op_count) % PEER_OPS_MAX];
    if (p->op_count == PEER_OPS_MAX) {
        broken(p, "more at once than it may");
        return;
    }
    *one = (struct peer_op){.token = op->token, .answer = a};
    p->op_count++;
    if (!a.value.len)
        return;
    one->octets = malloc(a.value.len);
    ensure(one->octets != NULL);
    memcpy(one->octets, a.value.at, a.value.len);
    one->answer.value.at = one->octets;
}

static void prove(struct peer *p, const struct shrike_op *op)
{
    struct shrike_answer a = {.reason = SHRIKE_REASON_AUTH_NO_SECRET};
    const enum shrike_reason_code fault = psk_fault(op);
    struct bytes secret;
    u8 value[PRF_MAX];
    if (fault != SHRIKE_REASON_NONE)
        a.reason = fault;
    else if (secrets_find(p->secrets, &op->auth.local, &op->auth.remote, &secret))
        a = psk_answer(p->provider, secret, op, value);
    if (a.reason == SHRIKE_REASON_AUTH_MAC)
        a.value = secrets_name(p->secrets, &op->auth.local, &op->auth.remote);
    answer_later(p, op, a);
    wipe(value, sizeof value);
}

/* What others answer. */
static bool is_outside(const struct peer *p, const struct shrike_op *op)
{
    const bool proof = op->kind == SHRIKE_PROVE || op->kind == SHRIKE_CHECK;
    return p->outside.answer && (op->kind == SHRIKE_EAP || op->kind == SHRIKE_EAP_OVER ||
                                 (proof && op->auth.kind == SHRIKE_AUTH_PUBKEY));
}

static void ask_outside(struct peer *p, const struct shrike_op *op)
{
    struct shrike_answer a = {0};
    p->outside.answer(p->outside.ctx, op, &a);
    if (op->kind != SHRIKE_EAP_OVER)
        answer_later(p, op, a);
}

static void mix(struct peer *p, const struct shrike_op *op)
{
    u8 value[KEYMAT_MIXED * KEY_MAX];
    answer_later(p, op, ppk_answer(p->provider, p->secrets, &op->mix, value));
    wipe(value, sizeof value);
}

/* ---- the data plane ---- */

static struct esp_pair *pair_of(const struct peer *p, u32 child_serial)
{
    struct esp_pair *found = NULL;
    for (size_t i = 0; child_serial && i < p->kernel.count; i++)
        if (p->kernel.pairs[i]->child_serial == child_serial)
            found = p->kernel.pairs[i];
    return found;
}

/* How long the one before it has been idle goes on to count. */
static void limit(struct peer *p, const struct shrike_install_op *op, struct esp_pair *pair)
{
    const struct esp_pair *before = pair_of(p, op->replaces);
    const bool ends = op->life.idle && !p->busy;
    pair->idle_at = ends ? p->node.world->now + op->life.idle : SHRIKE_NEVER;
    if (before && ends)
        pair->idle_at = before->idle_at;
}

static void install(struct peer *p, const struct shrike_op *op)
{
    size_t place;
    const char *complaint = kernel_note(&p->kernel, &op->install, &place);
    if (!complaint)
        complaint = kernel_install(&p->kernel, place, true);
    broken(p, complaint);
    if (!complaint)
        limit(p, &op->install, p->kernel.pairs[place]);
    answer_later(p, op, (struct shrike_answer){.ok = !complaint, .reason = SHRIKE_REASON_KERNEL});
}

static void move(struct peer *p, const struct shrike_move_op *op)
{
    struct kernel_move m = {.local = op->local,
                            .remote = op->remote,
                            .encap = op->encap,
                            .nat_here = op->nat_here,
                            .count = MIN(op->child_count, KERNEL_MOVES_MAX)};
    memcpy(m.children, op->children, m.count * sizeof m.children[0]);
    kernel_move(&p->kernel, &m);
}

/* ---- all ---- */

void peer_ops_take(struct peer *p, const struct shrike_op *op)
{
    if (is_outside(p, op)) {
        ask_outside(p, op);
        return;
    }
    switch (op->kind) {
    case SHRIKE_PROVE:
    case SHRIKE_CHECK:
        prove(p, op);
        break;
    case SHRIKE_MIX:
        mix(p, op);
        break;
    case SHRIKE_LEASE:
        answer_later(p, op, desk_ask(&p->desk, &op->lease, NULL));
        break;
    case SHRIKE_ADDRESS_ADD:
        answer_later(p, op, (struct shrike_answer){.ok = true});
        break;
    case SHRIKE_RESOLVE: /* of another gateway, which is not here */
        answer_later(p, op, (struct shrike_answer){.reason = SHRIKE_REASON_REDIRECT_NAME});
        break;
    case SHRIKE_EAP: /* whose methods are not here */
        answer_later(p, op, (struct shrike_answer){.reason = SHRIKE_REASON_EAP_NOBODY});
        break;
    case SHRIKE_CHILD_INSTALL:
        install(p, op);
        break;
    case SHRIKE_CHILD_REMOVE:
        broken(p, kernel_remove(&p->kernel, &op->remove));
        break;
    case SHRIKE_CHILD_SWITCH:
        kernel_switch(&p->kernel, op->change.child_serial);
        break;
    case SHRIKE_CHILD_MOVE:
        move(p, &op->move);
        break;
    case SHRIKE_LEASE_FREE:
        desk_over(&p->desk, op->lease_over);
        break;
    case SHRIKE_ADDRESS_REMOVE:
    case SHRIKE_EAP_OVER:
        break;
    }
}

void peer_ops_answer(struct peer *p)
{
    struct peer_op one = p->ops[p->op_first];
    p->op_first = (p->op_first + 1) % PEER_OPS_MAX;
    p->op_count--;
    shrike_done(p->engine, p->node.world->now, one.token, &one.answer);
    if (one.octets)
        wipe(one.octets, one.answer.value.len);
    free(one.octets);
}

/* ---- idleness ---- */

static struct esp_pair *most_idle(const struct peer *p)
{
    struct esp_pair *found = NULL;
    for (size_t i = 0; i < p->kernel.count; i++) {
        struct esp_pair *pair = p->kernel.pairs[i];
        if (pair->installed && (!found || pair->idle_at < found->idle_at))
            found = pair;
    }
    return found;
}

shrike_time peer_ops_idle(const struct peer *p)
{
    const struct esp_pair *pair = most_idle(p);
    return pair ? pair->idle_at : SHRIKE_NEVER;
}

void peer_ops_tell_idle(struct peer *p)
{
    const shrike_time now = p->node.world->now;
    struct esp_pair *pair = most_idle(p);
    if (!pair || pair->idle_at > now)
        return;
    const struct shrike_kernel_event idle = {
        .kind = SHRIKE_IDLE, .reqid = pair->reqid, .child_serial = pair->child_serial};
    pair->idle_at = now + pair->life.idle;
    shrike_kernel(p->engine, now, &idle);
}
