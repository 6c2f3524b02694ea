/* Ops on their way: see courier.h. */
#include "net/courier.h"
#include "base/ct.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include <stdlib.h>

/* An op that is out, or waits to be sent, or has failed. */
struct kept {
    struct list link;
    struct shrike_token token;
    u16 kind; /* enum mail_kind */
    bool ok;  /* answered: with the body; else why not */
    enum shrike_reason_code reason;
    shrike_time since;
    size_t len; /* 0: not to be sent again */
    u8 body[];
};

static struct kept *kept_of(struct list *link)
{
    return list_item(link, struct kept, link);
}

static void lane_init(struct courier_lane *l, enum role to)
{
    *l = (struct courier_lane){.to = to};
    list_init(&l->sent);
    list_init(&l->unsent);
}

void courier_init(struct courier *c, struct seat *seat)
{
    *c = (struct courier){.seat = seat};
    lane_init(&c->keys, ROLE_KEYS);
    lane_init(&c->certs, ROLE_CERTS);
    lane_init(&c->eap, ROLE_EAP);
    lane_init(&c->esp, ROLE_ESP);
    lane_init(&c->parent, ROLE_PARENT);
    lane_init(&c->control, ROLE_CONTROL);
    list_init(&c->done);
}

/* ---- what is kept ---- */

static struct kept *kept_new(const struct shrike_op *op, u16 kind, struct bytes body)
{
    struct kept *k = malloc(sizeof *k + body.len);
    if (!k)
        return NULL;
    *k = (struct kept){.token = op->token, .kind = kind, .len = body.len};
    if (body.len)
        memcpy(k->body, body.at, body.len);
    return k;
}

static void kept_free(struct kept *k)
{
    if (!k)
        return;
    wipe(k->body, k->len);
    free(k);
}

static bool is_answered(u16 kind)
{
    return kind != MAIL_REMOVE && kind != MAIL_SWITCH && kind != MAIL_MOVE &&
           kind != MAIL_ADDRESS_REMOVE && kind != MAIL_EAP_OVER;
}

static void lane_put(struct courier_lane *l, struct list *where, struct kept *k)
{
    list_append(where, &k->link);
    l->count++;
    l->octets += k->len;
}

static void lane_take(struct courier_lane *l, struct kept *k)
{
    list_remove(&k->link);
    l->count--;
    l->octets -= k->len;
}

static void drop_all(struct list *head)
{
    while (!list_empty(head)) {
        struct kept *k = kept_of(head->next);
        list_remove(&k->link);
        kept_free(k);
    }
}

void courier_free(struct courier *c)
{
    drop_all(&c->keys.sent);
    drop_all(&c->keys.unsent);
    drop_all(&c->certs.sent);
    drop_all(&c->certs.unsent);
    drop_all(&c->eap.sent);
    drop_all(&c->eap.unsent);
    drop_all(&c->esp.sent);
    drop_all(&c->esp.unsent);
    drop_all(&c->parent.sent);
    drop_all(&c->parent.unsent);
    drop_all(&c->control.sent);
    drop_all(&c->control.unsent);
    drop_all(&c->done);
    kept_free(c->told);
    c->told = NULL;
}

/* It will be answered with this when the drain is over. Without memory for it, the engine's own
 * limit of time has to do. */
static void fail(struct courier *c, const struct shrike_op *op, enum shrike_reason_code reason)
{
    struct kept *k = kept_new(op, MAIL_NONE, bytes_of(NULL, 0));
    c->failures++;
    if (!k)
        return;
    k->reason = reason;
    list_append(&c->done, &k->link);
}

void courier_answer(struct courier *c, const struct shrike_op *op, const struct shrike_answer *a)
{
    struct kept *k = a->ok ? kept_new(op, MAIL_NONE, a->value) : NULL;
    if (!k) {
        fail(c, op, a->ok ? SHRIKE_REASON_MEMORY : a->reason);
        return;
    }
    k->ok = true;
    list_append(&c->done, &k->link);
}

bool courier_done(struct courier *c, struct shrike_token *token, struct shrike_answer *answer)
{
    kept_free(c->told); /* the engine has copied what the last one brought */
    c->told = NULL;
    if (list_empty(&c->done))
        return false;
    struct kept *k = kept_of(c->done.next);
    list_remove(&k->link);
    *token = k->token;
    *answer = (struct shrike_answer){.ok = k->ok, .reason = k->reason};
    if (k->ok)
        answer->value = bytes_of(k->body, k->len);
    c->told = k;
    return true;
}

bool courier_has_done(const struct courier *c)
{
    return !list_empty(&c->done);
}

/* ---- ops ---- */

static u16 kind_of(enum shrike_op_kind kind)
{
    switch (kind) {
    case SHRIKE_PROVE:
        return MAIL_PROVE;
    case SHRIKE_CHECK:
        return MAIL_CHECK;
    case SHRIKE_MIX:
        return MAIL_MIX;
    case SHRIKE_CHILD_INSTALL:
        return MAIL_INSTALL;
    case SHRIKE_CHILD_REMOVE:
        return MAIL_REMOVE;
    case SHRIKE_CHILD_SWITCH:
        return MAIL_SWITCH;
    case SHRIKE_CHILD_MOVE:
        return MAIL_MOVE;
    case SHRIKE_ADDRESS_ADD:
        return MAIL_ADDRESS_ADD;
    case SHRIKE_ADDRESS_REMOVE:
        return MAIL_ADDRESS_REMOVE;
    case SHRIKE_RESOLVE:
        return MAIL_RESOLVE;
    case SHRIKE_EAP:
        return MAIL_EAP;
    case SHRIKE_EAP_OVER:
        return MAIL_EAP_OVER;
    case SHRIKE_LEASE: /* nobody else's */
    case SHRIKE_LEASE_FREE:
        break;
    }
    return MAIL_NONE;
}

/* Is somebody to answer it? */
static bool wants_answer(enum shrike_op_kind kind)
{
    return kind <= SHRIKE_CHILD_INSTALL;
}

/* keys has secrets and private keys; whose signatures hold, certs knows. */
static struct courier_lane *auth_lane(struct courier *c, const struct shrike_op *op)
{
    bool certs = op->kind == SHRIKE_CHECK && op->auth.kind == SHRIKE_AUTH_PUBKEY;
    return certs ? &c->certs : &c->keys;
}

static void post_auth(struct courier *c, shrike_time now, const struct shrike_op *op,
                      struct bytes body)
{
    struct courier_lane *l = auth_lane(c, op);
    bool full = l->count >= COURIER_KEPT_MAX || body.len > COURIER_OCTETS - l->octets;
    u16 kind = kind_of(op->kind);
    struct kept *k = full ? NULL : kept_new(op, kind, body);
    if (!k) {
        fail(c, op, full ? SHRIKE_REASON_LIMIT : SHRIKE_REASON_MEMORY);
        return;
    }
    k->since = now;
    bool sent = list_empty(&l->unsent) && seat_send(c->seat, l->to, kind, body);
    lane_put(l, sent ? &l->sent : &l->unsent, k);
}

/* To eap, esp, the parent or control. */
static struct courier_lane *lane_of(struct courier *c, enum shrike_op_kind kind)
{
    if (kind == SHRIKE_EAP || kind == SHRIKE_EAP_OVER)
        return &c->eap;
    if (kind == SHRIKE_RESOLVE)
        return &c->control;
    return kind == SHRIKE_ADDRESS_ADD || kind == SHRIKE_ADDRESS_REMOVE ? &c->parent : &c->esp;
}

/* Who is to do it is not there, or takes nothing more. */
static enum shrike_reason_code lacking(enum shrike_op_kind kind)
{
    return kind == SHRIKE_RESOLVE       ? SHRIKE_REASON_REDIRECT_NAME
           : kind == SHRIKE_EAP         ? SHRIKE_REASON_EAP_NOBODY
           : kind == SHRIKE_ADDRESS_ADD ? SHRIKE_REASON_ADDRESS_NOT_USED
                                        : SHRIKE_REASON_KERNEL;
}

static void post_install(struct courier *c, shrike_time now, const struct shrike_op *op,
                         struct bytes body)
{
    struct courier_lane *l = lane_of(c, op->kind);
    u16 kind = kind_of(op->kind);
    struct kept *k = l->count < COURIER_KEPT_MAX ? kept_new(op, kind, bytes_of(NULL, 0)) : NULL;
    if (!k || !seat_send(c->seat, l->to, kind, body)) {
        free(k);
        fail(c, op, lacking(op->kind));
        return;
    }
    k->since = now;
    lane_put(l, &l->sent, k);
}

/* An esp or eap that is not there holds nothing. Removals, switches and moves may pass
 * installations that wait, but not each other. */
static void post_unanswered(struct courier *c, shrike_time now, const struct shrike_op *op,
                            struct bytes body)
{
    struct courier_lane *l = lane_of(c, op->kind);
    u16 kind = kind_of(op->kind);
    if (!seat_has(c->seat, l->to) ||
        (list_empty(&l->unsent) && seat_send(c->seat, l->to, kind, body)))
        return;
    struct kept *k = l->count < COURIER_KEPT_MAX ? kept_new(op, kind, body) : NULL;
    if (!k) {
        c->failures++;
        return;
    }
    k->since = now;
    lane_put(l, &l->unsent, k);
}

void courier_post(struct courier *c, shrike_time now, const struct shrike_op *op)
{
    static u8 octets[MAIL_BODY_MAX]; /* used by one call at a time */
    struct writer w = writer_of(octets, sizeof octets);
    op_write(&w, op);
    c->posted++;
    if (w.full || kind_of(op->kind) == MAIL_NONE) {
        if (wants_answer(op->kind))
            fail(c, op, SHRIKE_REASON_LIMIT);
    } else if (op->kind == SHRIKE_CHILD_INSTALL || op->kind == SHRIKE_ADDRESS_ADD ||
               op->kind == SHRIKE_RESOLVE || op->kind == SHRIKE_EAP) {
        post_install(c, now, op, written_bytes(&w));
    } else if (!wants_answer(op->kind)) {
        post_unanswered(c, now, op, written_bytes(&w));
    } else {
        post_auth(c, now, op, written_bytes(&w));
    }
    wipe(octets, written(&w));
}

/* ---- answers ---- */

static bool same(const struct shrike_token *a, const struct shrike_token *b)
{
    return a->incarnation == b->incarnation && a->serial == b->serial && a->index == b->index &&
           a->slot == b->slot;
}

/* Answers come in the order of the ops, so the one looked for is at the front. */
static bool answered(struct courier_lane *l, struct list *head, const struct shrike_token *token)
{
    for (struct list *at = head->next; at != head; at = at->next) {
        struct kept *k = kept_of(at);
        if (!is_answered(k->kind) || !same(&k->token, token))
            continue;
        lane_take(l, k);
        kept_free(k);
        return true;
    }
    return false;
}

bool courier_answered(struct courier *c, enum role from, const struct shrike_token *token)
{
    struct courier_lane *const lanes[] = {&c->keys, &c->certs,  &c->eap,
                                          &c->esp,  &c->parent, &c->control};
    for (size_t i = 0; i < ARRAY_LEN(lanes); i++)
        if (lanes[i]->to == from)
            return answered(lanes[i], &lanes[i]->sent, token);
    return false;
}

/* ---- roles that come and go ---- */

/* Everything is to be sent again, in its order. */
static void ask_again(struct courier_lane *l)
{
    while (!list_empty(&l->sent)) {
        struct list *last = l->sent.prev;
        list_remove(last);
        list_append(l->unsent.next, last); /* in front of the first */
    }
}

/* What eap, esp or control was to do has failed. */
static void gone(struct courier *c, struct courier_lane *l)
{
    while (!list_empty(&l->sent)) {
        struct kept *k = kept_of(l->sent.next);
        lane_take(l, k);
        k->reason = l == &c->control ? SHRIKE_REASON_REDIRECT_NAME
                    : l == &c->eap   ? SHRIKE_REASON_EAP_NOBODY
                                     : SHRIKE_REASON_KERNEL;
        list_append(&c->done, &k->link);
        c->failures++;
    }
    while (!list_empty(&l->unsent)) {
        struct kept *k = kept_of(l->unsent.next);
        lane_take(l, k);
        kept_free(k);
    }
}

static void send_waiting(struct courier *c, struct courier_lane *l)
{
    while (!list_empty(&l->unsent)) {
        struct kept *k = kept_of(l->unsent.next);
        if (!seat_send(c->seat, l->to, k->kind, bytes_of(k->body, k->len)))
            return;
        if (!is_answered(k->kind)) {
            lane_take(l, k);
            kept_free(k);
        } else {
            list_remove(&k->link);
            list_append(&l->sent, &k->link);
        }
    }
}

void courier_peer(struct courier *c, enum role who, bool there)
{
    struct courier_lane *auth = who == ROLE_CERTS ? &c->certs : &c->keys;
    if (who == auth->to && there)
        send_waiting(c, auth);
    else if (who == auth->to)
        ask_again(auth);
    else if (who == ROLE_EAP && !there)
        gone(c, &c->eap);
    else if (who == ROLE_ESP && !there)
        gone(c, &c->esp);
    else if (who == ROLE_CONTROL && !there)
        gone(c, &c->control);
}

static void drop_old(struct courier_lane *l, struct list *head, shrike_time now)
{
    while (!list_empty(head)) {
        struct kept *k = kept_of(head->next);
        if (now < k->since + COURIER_AGE)
            return;
        lane_take(l, k);
        kept_free(k);
    }
}

void courier_settle(struct courier *c, shrike_time now)
{
    drop_old(&c->keys, &c->keys.sent, now);
    drop_old(&c->keys, &c->keys.unsent, now);
    drop_old(&c->certs, &c->certs.sent, now);
    drop_old(&c->certs, &c->certs.unsent, now);
    drop_old(&c->eap, &c->eap.sent, now);
    drop_old(&c->esp, &c->esp.sent, now);
    drop_old(&c->parent, &c->parent.sent, now);
    drop_old(&c->control, &c->control.sent, now);
    send_waiting(c, &c->keys);
    send_waiting(c, &c->certs);
    send_waiting(c, &c->eap);
    send_waiting(c, &c->esp);
    send_waiting(c, &c->parent);
}
