/* Doubts about a configuration: see doubt.h. */
#include "tool/doubt.h"
#include "sa/narrow.h"
#include "wire/ident.h"
#include "wire/print.h"

/* ---- secrets ---- */

/* How well a secret fits an identity. */
enum fit { FIT_NEITHER, FIT_EVERYBODY, FIT_LISTED, FITS };

static enum fit fit_of(const struct config_secret *s, const struct shrike_id *id)
{
    enum fit fit = s->id_count ? FIT_NEITHER : FIT_EVERYBODY;
    for (u16 i = 0; i < s->id_count && fit != FIT_LISTED; i++) {
        if (s->ids[i].type == 0)
            fit = FIT_EVERYBODY;
        else if (!id->type || id_matches(id, &s->ids[i]))
            fit = FIT_LISTED;
    }
    return fit;
}

const struct config_secret *doubt_secret(const struct config *c, const struct shrike_id *local,
                                         const struct shrike_id *remote)
{
    const struct config_secret *best = NULL;
    unsigned best_rank = 0;
    for (u32 i = 0; i < c->secret_count; i++) {
        if (c->secrets[i].kind != SECRET_IKE)
            continue;
        const enum fit here = fit_of(&c->secrets[i], local), there = fit_of(&c->secrets[i], remote);
        const unsigned rank = 1 + there * FITS + here;
        if ((there != FIT_NEITHER || here == FIT_LISTED) && rank > best_rank) {
            best = &c->secrets[i];
            best_rank = rank;
        }
    }
    return best;
}

static void print_id(char out[128], const struct shrike_id *id)
{
    struct text t = text_of(out, 128);
    if (id->type)
        print_ident(&t, id->type, id->data);
    else
        text_str(&t, "anybody");
}

static void doubt_secrets(const struct config *c, struct config_report *report)
{
    char here[128], there[128];
    for (u32 i = 0; i < c->conf.conn_count; i++) {
        const struct shrike_conn *conn = &c->conf.conns[i];
        if ((conn->local.kind != SHRIKE_AUTH_PSK && conn->remote.kind != SHRIKE_AUTH_PSK) ||
            doubt_secret(c, &conn->local.id, &conn->remote.id))
            continue;
        print_id(here, &conn->local.id);
        print_id(there, &conn->remote.id);
        report_warning(report, conn->remote.origin,
                       "there is no secret for %s and %s: nobody can be believed by connection %s",
                       here, there, conn->name);
    }
}

static bool same_ids(const struct config_secret *a, const struct config_secret *b)
{
    bool same = a->kind == b->kind && a->id_count == b->id_count;
    for (u16 i = 0; i < a->id_count && same; i++)
        same = a->ids[i].type == b->ids[i].type && bytes_equal(a->ids[i].data, b->ids[i].data);
    return same;
}

/* The first of those that are alike is used, and the others never. */
static void doubt_doubles(const struct config *c, struct config_report *report)
{
    for (u32 i = 0; i < c->secret_count && c->secret_count <= DOUBT_CHILDREN_MAX; i++) {
        for (u32 k = 0; k < i; k++) {
            const struct config_secret *first = &c->secrets[k];
            if (!same_ids(&c->secrets[i], first))
                continue;
            report_warning(report, c->secrets[i].origin,
                           "secret %s is never used: %s (%s:%u) is for the same identities",
                           c->secrets[i].name, first->name, first->origin.file, first->origin.line);
            break;
        }
    }
}

/* ---- connections ---- */

static bool same_nets(const struct shrike_net *a, u16 a_count, const struct shrike_net *b,
                      u16 b_count)
{
    bool same = a_count == b_count;
    for (u16 i = 0; i < a_count && same; i++)
        same = a[i].addr.family == b[i].addr.family && a[i].prefix_bits == b[i].prefix_bits &&
               memcmp(a[i].addr.octets, b[i].addr.octets, sizeof a[i].addr.octets) == 0;
    return same;
}

static bool same_id(const struct shrike_id *a, const struct shrike_id *b)
{
    return a->type == b->type && bytes_equal(a->data, b->data);
}

/* Nothing of what a peer says when it calls tells them apart. */
static bool are_twins(const struct config *c, u32 i, u32 k)
{
    const struct shrike_conn *a = &c->conf.conns[i], *b = &c->conf.conns[k];
    bool named = c->beside[i].remote_name_count || c->beside[k].remote_name_count;
    return !named && same_id(&a->local.id, &b->local.id) && same_id(&a->remote.id, &b->remote.id) &&
           same_nets(a->local_addrs, a->local_addr_count, b->local_addrs, b->local_addr_count) &&
           same_nets(a->remote_addrs, a->remote_addr_count, b->remote_addrs, b->remote_addr_count);
}

static void doubt_twins(const struct config *c, struct config_report *report)
{
    for (u32 i = 0; i < c->conf.conn_count && c->conf.conn_count <= DOUBT_CHILDREN_MAX; i++) {
        for (u32 k = 0; k < i; k++) {
            const struct shrike_conn *first = &c->conf.conns[k], *conn = &c->conf.conns[i];
            if (!are_twins(c, i, k))
                continue;
            report_warning(report, conn->origin,
                           "connection %s has the addresses and identities of %s (%s:%u): a peer "
                           "that calls is always taken for the latter",
                           conn->name, first->name, first->origin.file, first->origin.line);
            break;
        }
    }
}

/* ---- traffic ---- */

struct place {
    const struct shrike_conn *conn;
    const struct shrike_child_conf *child;
};

static bool meet(const struct shrike_ts *a, u16 a_count, const struct shrike_ts *b, u16 b_count)
{
    struct shrike_ts both;
    for (u16 i = 0; i < a_count; i++)
        for (u16 k = 0; k < b_count; k++)
            if (a[i].family && b[k].family && ts_intersect(&a[i], &b[k], &both))
                return true;
    return false;
}

static bool share_packets(const struct shrike_child_conf *a, const struct shrike_child_conf *b)
{
    return meet(a->local_ts, a->local_ts_count, b->local_ts, b->local_ts_count) &&
           meet(a->remote_ts, a->remote_ts_count, b->remote_ts, b->remote_ts_count);
}

static u32 gather(const struct shrike_conf *conf, struct place *out)
{
    u32 count = 0;
    for (u32 i = 0; i < conf->conn_count; i++)
        for (u16 k = 0; k < conf->conns[i].child_count && count < DOUBT_CHILDREN_MAX; k++)
            out[count++] = (struct place){&conf->conns[i], &conf->conns[i].children[k]};
    return count;
}

static void doubt_traffic(const struct config *c, struct config_report *report)
{
    static struct place all[DOUBT_CHILDREN_MAX];
    const u32 count = gather(&c->conf, all);
    for (u32 i = 0; i < count; i++) {
        for (u32 k = 0; k < i; k++) {
            const struct place *first = &all[k], *one = &all[i];
            if (!share_packets(first->child, one->child))
                continue;
            report_warning(report, one->child->ts_origin,
                           "packets of %s/%s are also those of %s/%s (%s:%u): one of both carries "
                           "them",
                           one->conn->name, one->child->name, first->conn->name, first->child->name,
                           first->child->ts_origin.file, first->child->ts_origin.line);
            break;
        }
    }
}

/* Nothing is left out in silence. */
static void tell_limits(const struct config *c, struct config_report *report)
{
    u32 children = 0;
    for (u32 i = 0; i < c->conf.conn_count; i++)
        children += c->conf.conns[i].child_count;
    if (c->conf.conn_count &&
        MAX(MAX(children, c->conf.conn_count), c->secret_count) > DOUBT_CHILDREN_MAX)
        report_warning(report, c->conf.conns[0].origin,
                       "of connections, children and secrets, more than %d were not compared with "
                       "each other",
                       DOUBT_CHILDREN_MAX);
}

void doubt(const struct config *c, struct config_report *report)
{
    doubt_secrets(c, report);
    doubt_doubles(c, report);
    doubt_twins(c, report);
    doubt_traffic(c, report);
    tell_limits(c, report);
}
