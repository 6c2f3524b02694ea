/* Names in connections: see names.h. */
#include "control/names.h"
#include "ops/conf.h"
#include <stdlib.h>

#define BUCKETS (2u * 16384)

struct name {
    struct name *next; /* in its bucket */
    struct names *all;
    enum name_state state;
    bool answered; /* at least once */
    u32 round;
    u32 count;
    struct shrike_addr addrs[RESOLVED_MAX];
    shrike_time when; /* good and bad: to be asked for again */
    char text[];
};

static struct name **bucket_of(const struct names *n, const char *text)
{
    u32 hash = 0x811c9dc5; /* FNV-1a; names are of our own files */
    for (const char *at = text; *at; at++)
        hash = (hash ^ (u8)*at) * 0x01000193;
    return &n->buckets[hash % n->bucket_count];
}

static struct name *find(const struct names *n, const char *text)
{
    struct name *one = *bucket_of(n, text);
    while (one && strcmp(one->text, text) != 0)
        one = one->next;
    return one;
}

static void got(void *ctx, const struct resolved *answer);

static void set_alarm(struct names *n, shrike_time when)
{
    if (when >= n->next)
        return;
    n->next = when;
    loop_alarm(n->loop, &n->alarm, when);
}

static void again_in(struct name *one, u32 seconds)
{
    one->when = loop_now(one->all->loop) + seconds * SHRIKE_SECOND;
    set_alarm(one->all, one->when);
}

static void ask(struct name *one)
{
    struct names *n = one->all;
    one->state = NAME_ASKED;
    n->asked++;
    if (resolver_ask(n->resolver, one->text, 0, got, one))
        return;
    n->asked--;
    one->state = NAME_BAD;
    again_in(one, RESOLVE_TTL_MIN);
}

/* Names that wait for a question before them to end. */
static void ask_more(struct names *n)
{
    for (u32 i = 0; i < n->bucket_count && n->asked < NAMES_ASKED; i++)
        for (struct name *one = n->buckets[i]; one && n->asked < NAMES_ASKED; one = one->next)
            if (one->state == NAME_NEW)
                ask(one);
}

static bool is_other(const struct name *one, const struct resolved *answer)
{
    if (one->count != answer->count)
        return true;
    for (u32 i = 0; i < one->count; i++)
        if (one->addrs[i].family != answer->addrs[i].family ||
            memcmp(one->addrs[i].octets, answer->addrs[i].octets, sizeof one->addrs[i].octets) != 0)
            return true;
    return false;
}

/* The order of servers' answers turns from time to time; ours does not. */
static int by_address(const void *a, const void *b)
{
    const struct shrike_addr *x = a, *y = b;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return memcmp(x->octets, y->octets, sizeof x->octets);
}

/* What was there stays in front as long as it is there: a tunnel is not moved without need. */
static void keep_order(const struct name *one, struct resolved *fresh)
{
    if (fresh->count > 1)
        qsort(fresh->addrs + 1, fresh->count - 1, sizeof fresh->addrs[0], by_address);
    for (u32 i = 0; one->count && i < fresh->count; i++)
        if (by_address(&fresh->addrs[i], &one->addrs[0]) == 0) {
            struct shrike_addr first = fresh->addrs[i];
            fresh->addrs[i] = fresh->addrs[0];
            fresh->addrs[0] = first;
            if (fresh->count > 1)
                qsort(fresh->addrs + 1, fresh->count - 1, sizeof first, by_address);
            return;
        }
}

/* Addresses stay as they were when the name cannot be had for now. */
static void got(void *ctx, const struct resolved *answer)
{
    struct name *one = ctx;
    struct names *n = one->all;
    struct resolved fresh = *answer;
    bool first = !one->answered;
    n->asked--;
    one->answered = true;
    one->state = answer->ok ? NAME_GOOD : NAME_BAD;
    again_in(one, answer->ttl_s);
    if (answer->ok)
        keep_order(one, &fresh);
    bool other = answer->ok && is_other(one, &fresh);
    if (other) {
        one->count = fresh.count;
        memcpy(one->addrs, fresh.addrs, sizeof one->addrs);
    }
    if (other || first)
        n->changed(n->ctx, one->text, &fresh);
    ask_more(n);
}

/* One alarm for all, at most once a second: there may be more names than a loop has alarms. */
static void ring(void *ctx)
{
    struct names *n = ctx;
    const shrike_time now = loop_now(n->loop);
    shrike_time next = SHRIKE_NEVER;
    n->next = SHRIKE_NEVER;
    for (u32 i = 0; i < n->bucket_count; i++)
        for (struct name *one = n->buckets[i]; one; one = one->next) {
            if (one->state != NAME_GOOD && one->state != NAME_BAD)
                continue;
            if (one->when <= now)
                one->state = NAME_NEW;
            else
                next = MIN(next, one->when);
        }
    if (next != SHRIKE_NEVER)
        set_alarm(n, MAX(next, now + SHRIKE_SECOND));
    ask_more(n);
}

bool names_open(struct names *n, struct loop *loop)
{
    n->loop = loop;
    n->next = SHRIKE_NEVER;
    n->alarm = (struct alarm){.ring = ring, .ctx = n};
    n->bucket_count = BUCKETS;
    n->buckets = calloc(BUCKETS, sizeof(struct name *));
    n->resolver = n->buckets ? resolver_new(loop) : NULL;
    return n->resolver != NULL;
}

static void forget(struct names *n, struct name **at)
{
    struct name *one = *at;
    *at = one->next;
    resolver_cancel(n->resolver, one);
    n->asked -= one->state == NAME_ASKED;
    n->count--;
    free(one);
}

/* All that were not named in the newest round. */
static void forget_others(struct names *n)
{
    for (u32 i = 0; i < n->bucket_count; i++)
        for (struct name **at = &n->buckets[i]; *at;)
            if ((*at)->round != n->round)
                forget(n, at);
            else
                at = &(*at)->next;
}

void names_close(struct names *n)
{
    n->round++;
    if (n->buckets)
        forget_others(n);
    loop_disarm(n->loop, &n->alarm);
    resolver_free(n->resolver);
    free(n->buckets);
    n->buckets = NULL;
    n->resolver = NULL;
}

static struct name *learn(struct names *n, const char *text)
{
    struct name *one = find(n, text);
    if (!one && n->count < NAMES_MAX) {
        struct name **bucket = bucket_of(n, text);
        one = calloc(1, sizeof *one + strlen(text) + 1);
        if (!one)
            return NULL;
        one->all = n;
        memcpy(one->text, text, strlen(text));
        one->next = *bucket;
        *bucket = one;
        n->count++;
    }
    if (one)
        one->round = n->round;
    return one;
}

/* ---- into a configuration ---- */

/* One side of a connection. */
struct side {
    const char *const *names;
    u16 name_count;
    const struct shrike_net *nets;
    u16 net_count;
    u16 port;
};

static bool keeps_a_place(const struct shrike_net *net)
{
    static const u8 zero[16];
    return net->addr.family == 4 && net->prefix_bits == 32 &&
           memcmp(net->addr.octets, zero, sizeof zero) == 0;
}

static bool is_single(const struct shrike_net *net)
{
    return (net->addr.family == 4 && net->prefix_bits == 32) ||
           (net->addr.family == 6 && net->prefix_bits == 128);
}

/* Each place is taken by the addresses of its name, in the order of both; a name without address
 * leaves its place as it is. What is beyond the cap of a snapshot is left out. */
static u16 fill(const struct names *n, const struct side *side, struct shrike_net *out)
{
    u16 count = 0, name = 0;
    for (u16 i = 0; i < side->net_count; i++) {
        const struct name *one = NULL;
        if (keeps_a_place(&side->nets[i]) && name < side->name_count)
            one = find(n, side->names[name++]);
        if ((!one || !one->count) && count < SNAPSHOT_ADDRS_MAX)
            out[count++] = side->nets[i];
        for (u32 k = 0; one && k < one->count && count < SNAPSHOT_ADDRS_MAX; k++)
            out[count++] = (struct shrike_net){one->addrs[k], one->addrs[k].family == 4 ? 32 : 128};
    }
    return count;
}

/* The first single address, as long as no name without address stands before it. */
static struct shrike_endpoint first_of(const struct shrike_net *nets, u16 count, u16 port)
{
    struct shrike_endpoint e = {.port = port};
    for (u16 i = 0; i < count; i++) {
        if (!is_single(&nets[i]))
            continue;
        if (!keeps_a_place(&nets[i])) {
            e.family = nets[i].addr.family;
            memcpy(e.octets, nets[i].addr.octets, sizeof e.octets);
        }
        break;
    }
    return e;
}

static struct shrike_net *fill_side(const struct names *n, struct pool *p, const struct side *side,
                                    u16 *count)
{
    size_t most = side->net_count + (size_t)side->name_count * RESOLVED_MAX;
    struct shrike_net *nets = pool_take(p, most * sizeof *nets);
    *count = fill(n, side, nets);
    return nets;
}

static void fill_conn(const struct names *n, struct pool *p, struct shrike_conn *c,
                      const struct config_conn *b)
{
    const struct side local = {b->local_names, b->local_name_count, c->local_addrs,
                               c->local_addr_count, c->local_port};
    const struct side remote = {b->remote_names, b->remote_name_count, c->remote_addrs,
                                c->remote_addr_count, c->remote_port};
    if (b->local_name_count) {
        c->local_addrs = fill_side(n, p, &local, &c->local_addr_count);
        c->local_endpoint = first_of(c->local_addrs, c->local_addr_count, c->local_port);
    }
    if (b->remote_name_count) {
        c->remote_addrs = fill_side(n, p, &remote, &c->remote_addr_count);
        c->remote_endpoint = first_of(c->remote_addrs, c->remote_addr_count, c->remote_port);
    }
}

static bool learn_conn(struct names *n, const struct config_conn *b)
{
    bool all = true;
    for (u16 i = 0; i < b->local_name_count; i++)
        all &= learn(n, b->local_names[i]) != NULL;
    for (u16 i = 0; i < b->remote_name_count; i++)
        all &= learn(n, b->remote_names[i]) != NULL;
    return all;
}

bool names_use(struct names *n, struct config *c)
{
    struct shrike_conn *conns = (struct shrike_conn *)(uintptr_t)c->conf.conns; /* merged: ours */
    bool all = true;
    n->round++;
    for (u32 i = 0; i < c->conf.conn_count; i++) {
        const struct config_conn *b = &c->beside[i];
        if (!b->local_name_count && !b->remote_name_count)
            continue;
        all &= learn_conn(n, b);
        fill_conn(n, &c->pool, &conns[i], b);
    }
    forget_others(n);
    ask_more(n);
    return all;
}

static const char *missing_of(const struct names *n, const char *const *names, u16 count,
                              bool *waits)
{
    for (u16 i = 0; i < count; i++) {
        const struct name *one = find(n, names[i]);
        if (one && one->count)
            continue;
        *waits = one && !one->answered;
        return names[i];
    }
    return NULL;
}

const char *names_missing(const struct names *n, const struct config_conn *beside, bool *waits)
{
    const char *local = missing_of(n, beside->local_names, beside->local_name_count, waits);
    return local ? local : missing_of(n, beside->remote_names, beside->remote_name_count, waits);
}
