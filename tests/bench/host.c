/* One end of the wire: see host.h. */
#include "host.h"
#include "proofs.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Fresh pages from the kernel: what nobody touched costs nothing. */
static void *take(void *ctx, size_t size)
{
    (void)ctx;
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

static void give(void *ctx, void *page, size_t size)
{
    (void)ctx;
    munmap(page, size);
}

_Noreturn void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}

void host_init(struct host *h, struct shrike_provider *provider, const struct shrike_limits *limits,
               const struct shrike_conf *conf)
{
    struct shrike_env env = {
        .provider = provider,
        .pages = {take, give, NULL},
        .limits = *limits,
        .seed = "a seed that is always the same",
        .incarnation = 1,
        .shards = 1,
    };
    *h = (struct host){.provider = provider, .now = 1000 * SHRIKE_SECOND};
    h->engine = shrike_new(&env, h->now);
    if (!h->engine || !shrike_conf(h->engine, conf))
        bench_fail("no memory for an engine");
    host_wait(h, h->now);
}

void host_free(struct host *h)
{
    shrike_free(h->engine);
    h->engine = NULL;
}

static void post(struct box *out, const struct shrike_send *send)
{
    if (!out)
        return;
    if (out->count == BATCH || send->data.len > DATAGRAM_SIZE)
        bench_fail("a datagram does not fit its box");
    struct datagram *l = &out->datagrams[out->count++];
    l->from = send->local;
    l->to = send->remote;
    l->len = send->data.len;
    memcpy(l->data, send->data.at, l->len);
}

/* Questions of one drain, answered when it is over. */
struct question {
    struct shrike_token token;
    struct shrike_answer answer;
    u8 value[PROOFS_VALUE_MAX];
};

/* false: nothing is to be said. */
static bool answer_op(struct host *h, const struct shrike_op *op, struct question *q)
{
    q->token = op->token;
    q->answer = (struct shrike_answer){.ok = true};
    switch (op->kind) {
    case SHRIKE_PROVE:
    case SHRIKE_CHECK:
    case SHRIKE_EAP:
        q->answer = proofs_answer(h->provider, op, q->value);
        return true;
    case SHRIKE_LEASE:
    case SHRIKE_ADDRESS_ADD:
    case SHRIKE_RESOLVE:
    case SHRIKE_CHILD_INSTALL:
        return true;
    case SHRIKE_MIX:
        q->answer.ok = false;
        return true;
    case SHRIKE_CHILD_REMOVE:
    case SHRIKE_CHILD_SWITCH:
    case SHRIKE_CHILD_MOVE:
    case SHRIKE_LEASE_FREE:
    case SHRIKE_ADDRESS_REMOVE:
        return false;
    case SHRIKE_EAP_OVER:
        proofs_eap_over(op->session_over, h->server);
        return false;
    }
    return false;
}

static void hear(struct heard *h, const struct shrike_event *e)
{
    h->ike_up += e->id == SHRIKE_EVENT_IKE_UP;
    h->child_up += e->id == SHRIKE_EVENT_CHILD_UP;
    h->ike_rekeyed += e->id == SHRIKE_EVENT_IKE_REKEYED;
    h->child_rekeyed += e->id == SHRIKE_EVENT_CHILD_REKEYED;
    h->failed += e->id == SHRIKE_EVENT_IKE_FAILED || e->id == SHRIKE_EVENT_CHILD_FAILED ||
                 e->id == SHRIKE_EVENT_COMMAND_FAILED;
}

/* One drain; returns how many questions are to be answered. */
static unsigned drain(struct host *h, struct box *out, struct question *questions)
{
    struct shrike_action a;
    unsigned count = 0;
    while (shrike_next(h->engine, &a)) {
        switch (a.kind) {
        case SHRIKE_SEND:
            h->octets += a.send.data.len;
            post(out, &a.send);
            break;
        case SHRIKE_OP:
            if (count == BATCH)
                bench_fail("too many questions at once");
            count += answer_op(h, &a.op, &questions[count]);
            break;
        case SHRIKE_EVENT:
            hear(&h->heard, &a.event);
            break;
        case SHRIKE_CONF_UNUSED:
            break;
        }
    }
    return count;
}

static void carry_out(struct host *h, struct box *out)
{
    struct question questions[BATCH];
    unsigned count;
    while ((count = drain(h, out, questions)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            struct question *q = &questions[i];
            shrike_done(h->engine, h->now, q->token, &q->answer);
        }
    }
}

void host_take(struct host *h, struct box *in, struct box *out)
{
    out->count = 0;
    for (unsigned i = 0; i < in->count; i++) {
        struct datagram *l = &in->datagrams[i];
        struct shrike_datagram d = {.local = l->to, .remote = l->from, .data = l->data};
        d.len = l->len;
        shrike_datagram(h->engine, h->now, &d);
        carry_out(h, out);
    }
}

void host_settle(struct host *h, struct box *out)
{
    while (shrike_deadline(h->engine) <= h->now) {
        shrike_tick(h->engine, h->now);
        carry_out(h, out);
    }
}

void host_command(struct host *h, enum shrike_command_kind kind, const char *conn,
                  const char *child)
{
    struct shrike_command c = {.kind = kind, .reference = 1, .conn = conn, .child = child};
    shrike_command(h->engine, h->now, &c);
    carry_out(h, NULL);
}

void host_wait(struct host *h, shrike_time until)
{
    for (shrike_time due; (due = shrike_deadline(h->engine)) <= until;) {
        h->now = MAX(h->now, due);
        host_settle(h, NULL);
    }
    h->now = MAX(h->now, until);
}

struct shrike_stats host_stats(const struct host *h)
{
    struct shrike_stats s;
    shrike_stats(h->engine, &s);
    return s;
}
