/* Commands: see command.h. */
#include "engine/command.h"
#include "exchange/exchange.h"
#include "sa/child.h"
#include "sa/trace.h"

enum { LIST_PER_TICK = 4, LIST_CHILDREN = 16 };

static bool same(const char *a, const char *b)
{
    size_t n = strlen(a);
    return n == strlen(b) && memcmp(a, b, n) == 0;
}

static void fail(struct commander *c, const struct shrike_command *m, enum shrike_reason_code why)
{
    trace_command(c->shard, SHRIKE_EVENT_COMMAND_FAILED, m->reference, why);
}

static void touch(struct commander *c, struct ike_sa *sa)
{
    for (u32 i = 0; i < c->touched_count; i++) {
        if (c->touched[i] == sa)
            return;
    }
    if (c->touched_count < ARRAY_LEN(c->touched))
        c->touched[c->touched_count++] = sa;
}

static const struct shrike_conn *conn_by_name(const struct shard *s, const char *name)
{
    const struct shrike_conf *conf = s->current ? s->current->conf : NULL;
    for (u32 i = 0; conf && name && i < conf->conn_count; i++) {
        if (same(conf->conns[i].name, name))
            return &conf->conns[i];
    }
    return NULL;
}

/* The next live SA of a connection from index *at on; NULL at the end. */
static struct ike_sa *next_of(const struct shard *s, const char *conn, u32 *at)
{
    while (*at < s->sas.cut) {
        struct ike_sa *sa = shard_sa_at(s, (*at)++);
        if (sa && sa->state != IKE_GONE && sa->conn && same(sa->conn->name, conn))
            return sa;
    }
    return NULL;
}

/* ---- up ---- */

static bool has_child(const struct ike_sa *sa, const struct shrike_child_conf *conf)
{
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->state <= CHILD_UP && !c->wants_delete && same(c->conf->name, conf->name))
            return true;
    }
    return false;
}

/* Want each child of the connection that is named (or all), unless it is there. Returns how many
 * the connection has of them; *added counts the new ones. */
static u32 want_children(struct commander *c, struct ike_sa *sa, const struct shrike_command *m,
                         u32 *added)
{
    const struct shrike_conn *conn = sa->conn;
    u32 found = 0;
    for (u32 i = 0; i < conn->child_count; i++) {
        const struct shrike_child_conf *conf = &conn->children[i];
        if (m->child && !same(conf->name, m->child))
            continue;
        found++;
        if (has_child(sa, conf))
            continue;
        struct child_sa *child = child_new(c->shard, sa, conf);
        if (!child)
            return found;
        child->command = m->reference;
        (*added)++;
    }
    return found;
}

static struct ike_sa *start(struct commander *c, const struct shrike_conn *conn)
{
    struct ike_sa *sa = sa_new(c->shard, true);
    if (!sa)
        return NULL;
    sa_use_conn(c->shard, sa, conn, c->shard->current);
    sa->local = conn->local_endpoint;
    sa->remote = conn->remote_endpoint;
    sa->marker = conn->local_endpoint.port == 4500;
    sa->wants = WANT_INIT;
    return sa;
}

static void up(struct commander *c, const struct shrike_command *m)
{
    const struct shrike_conn *conn = conn_by_name(c->shard, m->conn);
    u32 at = 0, added = 0;
    if (!conn || conn->remote_endpoint.family == 0) {
        fail(c, m, SHRIKE_REASON_NO_CONNECTION);
        return;
    }
    struct ike_sa *sa = next_of(c->shard, conn->name, &at);
    while (sa && sa->state == IKE_CLOSING)
        sa = next_of(c->shard, conn->name, &at);
    bool fresh = sa == NULL;
    if (fresh)
        sa = start(c, conn);
    if (!sa) {
        fail(c, m, SHRIKE_REASON_LIMIT);
        return;
    }
    u32 found = want_children(c, sa, m, &added);
    if (fresh && added == 0)
        sa_free(c->shard, sa);
    else
        touch(c, sa);
    if (found == 0)
        fail(c, m, SHRIKE_REASON_NO_SUCH_CHILD);
    else if (added == 0 && fresh)
        fail(c, m, SHRIKE_REASON_LIMIT);
    else if (added == 0) /* all there already */
        trace_command(c->shard, SHRIKE_EVENT_COMMAND_DONE, m->reference, SHRIKE_REASON_NONE);
}

/* ---- down ---- */

static void down_ike(struct commander *c, struct ike_sa *sa, const struct shrike_command *m)
{
    sa->command_down = m->reference;
    if (sa->state == IKE_UP) {
        sa->wants |= WANT_CLOSE;
    } else if (sa->state != IKE_CLOSING) {
        struct shrike_reason why = {.code = SHRIKE_REASON_COMMAND};
        ike_close(c->shard, sa, &why);
    }
    touch(c, sa);
}

static u32 down_children(struct commander *c, struct ike_sa *sa, const struct shrike_command *m)
{
    u32 found = 0;
    for (struct child_sa *k = child_first(sa); k; k = child_after(sa, k)) {
        bool named = m->child_serial ? k->serial == m->child_serial
                                     : m->child && same(k->conf->name, m->child);
        if (!named || k->state != CHILD_UP)
            continue;
        k->wants_delete = true;
        k->command_down = m->reference;
        found++;
    }
    if (found)
        touch(c, sa);
    return found;
}

static void down(struct commander *c, const struct shrike_command *m)
{
    u32 found = 0, at = 0;
    while (at < c->shard->sas.cut && found < ARRAY_LEN(c->touched)) {
        struct ike_sa *sa = shard_sa_at(c->shard, at++);
        if (!sa || sa->state == IKE_GONE)
            continue;
        bool named =
            m->ike ? sa->serial == m->ike : !m->conn || (sa->conn && same(sa->conn->name, m->conn));
        if (!named)
            continue;
        if (m->child || m->child_serial) {
            found += down_children(c, sa, m);
        } else if (m->ike || m->conn) {
            down_ike(c, sa, m);
            found++;
        }
    }
    if (found == 0)
        fail(c, m, SHRIKE_REASON_NO_SUCH_SA);
}

static void liveness(struct commander *c, const struct shrike_command *m)
{
    for (u32 at = 0; at < c->shard->sas.cut; at++) {
        struct ike_sa *sa = shard_sa_at(c->shard, at);
        if (!sa || sa->state != IKE_UP ||
            !(m->ike ? sa->serial == m->ike : m->conn && same(sa->conn->name, m->conn)))
            continue;
        sa->wants |= WANT_LIVENESS;
        touch(c, sa);
        trace_command(c->shard, SHRIKE_EVENT_COMMAND_DONE, m->reference, SHRIKE_REASON_NONE);
        return;
    }
    fail(c, m, SHRIKE_REASON_NO_SUCH_SA);
}

/* ---- list ---- */

void command_list(struct shard *s, struct listing *l)
{
    for (u32 n = 0; l->active && n < LIST_PER_TICK; n++) {
        if (l->next >= s->sas.cut) {
            l->active = false;
            trace_command(s, SHRIKE_EVENT_LIST_END, l->reference, SHRIKE_REASON_NONE);
            return;
        }
        struct ike_sa *sa = shard_sa_at(s, l->next++);
        if (!sa || sa->state == IKE_GONE)
            continue;
        struct shrike_event *e = trace_ike(s, SHRIKE_EVENT_LIST_IKE, sa);
        e->command = l->reference;
        e->number = sa->state;
        u32 told = 0;
        for (struct child_sa *k = child_first(sa); k && told < LIST_CHILDREN;
             k = child_after(sa, k), told++) {
            e = trace_child(s, SHRIKE_EVENT_LIST_CHILD, sa, k);
            e->command = l->reference;
            e->number = k->state;
        }
    }
}

void command_run(struct commander *c, const struct shrike_command *m)
{
    switch (m->kind) {
    case SHRIKE_UP:
        up(c, m);
        return;
    case SHRIKE_DOWN:
        down(c, m);
        return;
    case SHRIKE_LIVENESS:
        liveness(c, m);
        return;
    case SHRIKE_LIST:
        if (c->listing->active) {
            fail(c, m, SHRIKE_REASON_LIMIT);
            return;
        }
        *c->listing = (struct listing){.active = true, .reference = m->reference};
        command_list(c->shard, c->listing);
        return;
    }
}
