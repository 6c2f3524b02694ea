/* The rules of a data plane: see rules.h. */
#include "rules/rules.h"
#include "ops/conf.h"
#include <stdlib.h>

void rules_open(struct rules *r)
{
    *r = (struct rules){.now = NULL};
}

void rules_close(struct rules *r)
{
    snapshot_free(r->now);
    snapshot_free(r->former);
    free(r->octets);
    free(r->all);
    free(r->by_hash);
    rules_open(r);
}

/* ---- finding ---- */

static bool is_former(const struct rule *one)
{
    return one->until != SHRIKE_NEVER;
}

/* NULL: there is none. */
static struct rule *of_hash(const struct rules *r, u64 hash)
{
    u32 low = 0, high = r->count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (r->by_hash[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < r->count && r->by_hash[low].hash == hash;
    return found ? &r->all[r->by_hash[low].place] : NULL;
}

/* The first of this name; the count: there is none. */
static u32 of_name(const struct rules *r, const char *name)
{
    u32 low = 0, high = r->count;
    while (low < high) {
        u32 middle = low + (high - low) / 2;
        if (strcmp(r->all[middle].conn->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->count && strcmp(r->all[low].conn->name, name) == 0 ? low : r->count;
}

/* ---- another configuration ---- */

static int by_name(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;
    int order = strcmp(x->conn->name, y->conn->name);
    return order ? order : (x->until < y->until) - (x->until > y->until);
}

static int by_number(const void *a, const void *b)
{
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return (x > y) - (x < y);
}

static int by_place(const void *a, const void *b)
{
    return by_number(&((const struct rule_place *)a)->hash, &((const struct rule_place *)b)->hash);
}

/* The rules of these two configurations, with the users that they have in `r`. `former` has as many
 * as `until`. false: no memory. */
static bool list(struct rules *out, const struct rules *r, const shrike_time *until)
{
    u32 fresh = out->now ? out->now->conf.conn_count : 0;
    u32 kept = out->former ? out->former->conf.conn_count : 0;
    out->count = fresh + kept;
    out->all = calloc(out->count + 1u, sizeof(*out->all));
    out->by_hash = calloc(out->count + 1u, sizeof(*out->by_hash));
    if (!out->all || !out->by_hash)
        return false;
    for (u32 i = 0; i < out->count; i++) {
        bool old = i >= fresh;
        struct rule *one = &out->all[i];
        one->conn = old ? &out->former->conf.conns[i - fresh] : &out->now->conf.conns[i];
        one->until = old ? until[i - fresh] : SHRIKE_NEVER;
        const struct rule *was = of_hash(r, one->conn->hash);
        one->users = was ? was->users : 0;
    }
    if (out->count)
        qsort(out->all, out->count, sizeof(*out->all), by_name);
    for (u32 i = 0; i < out->count; i++)
        out->by_hash[i] = (struct rule_place){out->all[i].conn->hash, i};
    if (out->count)
        qsort(out->by_hash, out->count, sizeof(*out->by_hash), by_place);
    return true;
}

/* The hashes of a configuration, sorted; NULL: no memory. */
static u64 *hashes_of(const struct snapshot_copy *s, u32 *count)
{
    *count = s ? s->conf.conn_count : 0;
    u64 *out = calloc(*count + 1u, sizeof(*out));
    for (u32 i = 0; out && i < *count; i++)
        out[i] = s->conf.conns[i].hash;
    if (out && *count)
        qsort(out, *count, sizeof(*out), by_number);
    return out;
}

/* Connections that are to be kept, and until when. */
struct keep {
    struct shrike_conn *conns;
    shrike_time *until;
    u32 count;
};

static void keep_free(struct keep *k)
{
    free(k->conns);
    free(k->until);
}

/* Those that the configuration `s` has not: with users, or as long as their time is not over. */
static bool gather(const struct rules *r, const struct snapshot_copy *s, shrike_time now,
                   struct keep *k)
{
    u32 count;
    u64 *there = hashes_of(s, &count);
    *k = (struct keep){.conns = calloc(r->count + 1u, sizeof(*k->conns)),
                       .until = calloc(r->count + 1u, sizeof(*k->until))};
    for (u32 i = 0; there && k->conns && k->until && i < r->count; i++) {
        const struct rule *one = &r->all[i];
        shrike_time until = is_former(one) ? one->until : s ? now + RULES_GRACE : now;
        if (((one->users == 0 || fault(182)) && until <= now) || k->count == SNAPSHOT_CONNS_MAX ||
            (count && bsearch(&one->conn->hash, there, count, sizeof(*there), by_number)))
            continue;
        k->conns[k->count] = *one->conn;
        k->until[k->count++] = until;
    }
    bool done = there && k->conns && k->until;
    free(there);
    return done;
}

/* A copy of their own, by way of their octets. */
static bool copy(struct rules *out, const struct keep *k)
{
    const struct shrike_conf conf = {.conns = k->conns, .conn_count = k->count};
    const struct settings none = {.pool_count = 0};
    if (k->count == 0)
        return true;
    out->octets = snapshot_octets(&conf, &none, &out->len);
    out->former = out->octets ? snapshot_read(bytes_of(out->octets, out->len)) : NULL;
    return out->former != NULL;
}

/* `made` is to take the place of `r`, whose newest configuration stays when it is made's, too. */
static bool replace(struct rules *r, struct rules *made, bool done)
{
    struct rules *over = done ? r : made;
    const struct snapshot_copy *stays = done ? made->now : r->now;
    if (!done || over->now == stays)
        over->now = NULL;
    struct rules next = done ? *made : *r;
    rules_close(over);
    *r = next;
    return done;
}

bool rules_take(struct rules *r, struct snapshot_copy *s, shrike_time now)
{
    struct rules made = {.now = s};
    struct keep k;
    bool done = gather(r, s, now, &k) && copy(&made, &k) && list(&made, r, k.until);
    keep_free(&k);
    return replace(r, &made, done);
}

shrike_time rules_due(const struct rules *r)
{
    shrike_time due = SHRIKE_NEVER;
    for (u32 i = 0; i < r->count; i++) {
        if (is_former(&r->all[i]) && r->all[i].users == 0)
            due = MIN(due, r->all[i].until);
    }
    return due;
}

bool rules_tick(struct rules *r, shrike_time now)
{
    return rules_due(r) <= now && rules_take(r, r->now, now);
}

/* ---- from one process to the next ---- */

struct bytes rules_former(const struct rules *r)
{
    return bytes_of(r->octets, r->len);
}

bool rules_restore(struct rules *r, struct bytes octets, shrike_time now)
{
    if (octets.len == 0 || r->now || r->former)
        return octets.len == 0;
    struct rules made = {.octets = malloc(octets.len), .len = octets.len};
    if (!made.octets)
        return false;
    memcpy(made.octets, octets.at, octets.len);
    made.former = snapshot_read(bytes_of(made.octets, made.len));
    u32 count = made.former ? made.former->conf.conn_count : 0;
    shrike_time *until = calloc(count + 1u, sizeof(*until));
    for (u32 i = 0; until && i < count; i++)
        until[i] = fault(205) ? now : now + RULES_GRACE;
    bool done = made.former && until && list(&made, r, until);
    free(until);
    return replace(r, &made, done);
}

/* ---- judging ---- */

static const struct shrike_child_conf *child_of(const struct shrike_conn *conn, const char *name)
{
    for (u16 i = 0; i < conn->child_count; i++) {
        if (strcmp(conn->children[i].name, name) == 0)
            return &conn->children[i];
    }
    return NULL;
}

static struct rules_verdict judge(const struct rules *r, const struct rule *one,
                                  const struct shrike_install_op *op,
                                  const struct allowed_before *before)
{
    struct allowed_by by = {.conn = one->conn};
    if (r->now) {
        by.pools = r->now->settings.pools;
        by.pool_count = r->now->settings.pool_count;
    }
    by.child = child_of(one->conn, op->child);
    return (struct rules_verdict){
        .why = by.child ? allowed_install(&by, before, op) : REFUSAL_CHILD,
        .rule = one->conn->hash,
        .conn = one->conn,
        .child = by.child,
    };
}

struct rules_verdict rules_judge(const struct rules *r, const struct shrike_install_op *op,
                                 const struct allowed_before *before, u64 rule)
{
    struct rules_verdict first = {.why = REFUSAL_CONN};
    const struct rule *same = before ? of_hash(r, rule) : NULL;
    if (!op->conn || !op->child)
        return first;
    /* What goes on by a rule of before keeps it for as long as it goes on. */
    if (same && strcmp(same->conn->name, op->conn) == 0 && !fault(204)) {
        struct rules_verdict v = judge(r, same, op, before);
        if (v.why == REFUSAL_NONE)
            return v;
    }
    for (u32 i = of_name(r, op->conn); i < r->count; i++) {
        if (strcmp(r->all[i].conn->name, op->conn) != 0)
            break;
        struct rules_verdict v = judge(r, &r->all[i], op, before);
        if (v.why == REFUSAL_NONE)
            return v;
        if (first.why == REFUSAL_CONN)
            first = v;
    }
    return first;
}

enum refusal rules_judge_move(const struct rules *r, u64 rule, const struct shrike_move_op *op)
{
    const struct rule *one = of_hash(r, rule);
    return one && !fault(207) ? allowed_ends(one->conn, &op->local, &op->remote)
           : one              ? REFUSAL_NONE
                              : REFUSAL_CONN;
}

void rules_hold(struct rules *r, u64 rule)
{
    struct rule *one = of_hash(r, rule);
    if (one)
        one->users++;
}

void rules_release(struct rules *r, u64 rule, shrike_time now)
{
    struct rule *one = of_hash(r, rule);
    if (!one || one->users == 0)
        return;
    one->users--;
    if (is_former(one))
        one->until = MAX(one->until, now + RULES_GRACE);
}
