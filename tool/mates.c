/* Two sides held against each other: see mates.h. */
#include "tool/mates.h"
#include "config/mode.h"
#include "sa/narrow.h"
#include "sa/select.h"
#include "sim/place.h"
#include "tool/doubt.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include "wire/print.h"

#define OFFER_MAX 65536 /* octets of all proposals of one side */

/* ---- who is meant ---- */

/* One side, and its connection. */
struct mate {
    const struct config *config;
    const struct shrike_conn *conn;
};

/* ---- algorithms ---- */

static const char *kind_of(u16 transform)
{
    static const char *const names[] = {[TRANSFORM_ENCR] = "encryption",
                                        [TRANSFORM_PRF] = "pseudorandom function",
                                        [TRANSFORM_INTEG] = "integrity",
                                        [TRANSFORM_KE] = "key exchange group",
                                        [TRANSFORM_SN] = "sequence numbers"};
    return transform < ARRAY_LEN(names) && names[transform] ? names[transform] : "combination";
}

/* Proposals of one side. */
struct side {
    const struct shrike_proposal *at;
    u16 count;
};

/* Would b choose one of a's proposals? without_ke: with IKE_AUTH. *kind: what fails. */
static bool agree(struct side a, struct side b, bool without_ke, u16 *kind)
{
    static const u8 spi[SPI_MAX] = {1}; /* any that may be */
    static u8 octets[OFFER_MAX];
    struct writer w = writer_of(octets, sizeof octets);
    const bool ike = a.count && a.at[0].protocol == PROTOCOL_IKE;
    const struct offer offer = {.spi = spi, .spi_len = ike ? 0 : 4, .without_ke = without_ke};
    const struct select_want want = {.ours = b.at,
                                     .count = b.count,
                                     .protocol = ike ? PROTOCOL_IKE : PROTOCOL_ESP,
                                     .ke_hint = select_first_group(a.at, a.count),
                                     .ke_ignored = without_ke};
    struct shrike_reason why = {0};
    struct choice choice;
    select_offer(&w, a.at, a.count, &offer);
    bool good = w.full || select_proposal(written_bytes(&w), &want, &choice, &why);
    *kind = why.detail;
    return good;
}

/* ---- children ---- */

static bool traffic_meets(const struct shrike_ts *a, u16 a_count, const struct shrike_ts *b,
                          u16 b_count)
{
    struct ts_list offered = {.count = (u8)MIN(a_count, SHRIKE_TS_MAX)}, out;
    if (ts_dynamic(a, a_count) || ts_dynamic(b, b_count))
        return true; /* it depends on addresses that come later */
    memcpy(offered.ts, a, offered.count * sizeof a[0]);
    return narrow(&offered, b, b_count, &out);
}

static const struct shrike_child_conf *child_for(const struct shrike_child_conf *k,
                                                 const struct shrike_conn *y)
{
    for (u16 i = 0; i < y->child_count; i++) {
        const struct shrike_child_conf *m = &y->children[i];
        if (traffic_meets(k->local_ts, k->local_ts_count, m->remote_ts, m->remote_ts_count) &&
            traffic_meets(k->remote_ts, k->remote_ts_count, m->local_ts, m->local_ts_count))
            return m;
    }
    return NULL;
}

static void compare_algorithms(const struct shrike_child_conf *k, const struct shrike_child_conf *m,
                               struct config_report *report)
{
    const struct side a = {k->proposals, k->proposal_count}, b = {m->proposals, m->proposal_count};
    const struct shrike_origin there = m->proposals_origin;
    u16 kind;
    if (!agree(a, b, true, &kind))
        report_warning(report, k->proposals_origin,
                       "no ESP proposal of child %s is one of %s (%s:%u): %s differs", k->name,
                       m->name, there.file, there.line, kind_of(kind));
    else if (!agree(a, b, false, &kind))
        report_warning(report, k->proposals_origin,
                       "child %s comes up with %s (%s:%u) and fails at the first rekey: %s differs",
                       k->name, m->name, there.file, there.line, kind_of(kind));
}

static void compare_children(const struct mate *a, const struct mate *b,
                             struct config_report *report)
{
    for (u16 i = 0; i < a->conn->child_count; i++) {
        const struct shrike_child_conf *k = &a->conn->children[i];
        const struct shrike_child_conf *m = child_for(k, b->conn);
        if (!m) {
            report_warning(report, k->ts_origin,
                           "no child of %s (%s:%u) has traffic in common with child %s",
                           b->conn->name, b->conn->origin.file, b->conn->origin.line, k->name);
            continue;
        }
        if (k->mode != m->mode)
            report_warning(report, k->mode_origin, "child %s is in %s mode, and %s (%s:%u) is not",
                           k->name, mode_name(k->mode), m->name, m->mode_origin.file,
                           m->mode_origin.line);
        compare_algorithms(k, m, report);
    }
}

/* ---- the rest ---- */

static void compare_secrets(const struct mate *a, const struct mate *b,
                            struct config_report *report)
{
    const struct shrike_id *x = &a->conn->local.id, *y = &b->conn->local.id;
    const struct config_secret *here = doubt_secret(a->config, x, y);
    const struct config_secret *there = doubt_secret(b->config, y, x);
    if (here && there && !bytes_equal(here->secret, there->secret))
        report_warning(report, here->origin, "secret %s is not the same as %s (%s:%u)", here->name,
                       there->name, there->origin.file, there->origin.line);
}

static void compare_addresses(const struct mate *a, const struct mate *b,
                              struct config_report *report)
{
    const struct shrike_conn *x = a->conn, *y = b->conn;
    if (x->vip_count && !y->pool_count)
        report_warning(report, x->vips_origin,
                       "connection %s asks for an internal address, and %s (%s:%u) has no pools",
                       x->name, y->name, y->origin.file, y->origin.line);
}

static void compare_childless(const struct mate *a, const struct mate *b,
                              struct config_report *report)
{
    const enum shrike_childless x = a->conn->childless, y = b->conn->childless;
    if ((x == SHRIKE_CHILDLESS_FORCE && y == SHRIKE_CHILDLESS_NEVER) ||
        (x == SHRIKE_CHILDLESS_ALLOW && y == SHRIKE_CHILDLESS_FORCE))
        report_warning(report, a->conn->origin,
                       "connection %s does not agree with %s (%s:%u) on `childless`", a->conn->name,
                       b->conn->name, b->conn->origin.file, b->conn->origin.line);
}

static void compare_conns(const struct mate *a, const struct mate *b, struct config_report *report)
{
    const struct side here = {a->conn->proposals, a->conn->proposal_count};
    const struct side there = {b->conn->proposals, b->conn->proposal_count};
    u16 kind;
    if (!agree(here, there, false, &kind))
        report_warning(report, a->conn->proposals_origin,
                       "no IKE proposal of connection %s is one of %s (%s:%u): %s differs",
                       a->conn->name, b->conn->name, b->conn->proposals_origin.file,
                       b->conn->proposals_origin.line, kind_of(kind));
    compare_secrets(a, b, report);
    compare_addresses(a, b, report);
    compare_childless(a, b, report);
    compare_children(a, b, report);
}

/* ---- each with its mate ---- */

static void print_id(char out[128], const struct shrike_id *id)
{
    struct text t = text_of(out, 128);
    print_ident(&t, id->type, id->data);
}

/* Its addresses lead to this one, which is called otherwise or wants somebody else. */
static void tell_stranger(const struct shrike_conn *x, const struct shrike_conn *y,
                          struct config_report *report)
{
    char here[128], there[128];
    const bool ours = !id_matches(&y->remote.id, &x->local.id);
    const struct shrike_auth *mine = ours ? &x->local : &x->remote;
    const struct shrike_auth *theirs = ours ? &y->remote : &y->local;
    print_id(here, &mine->id);
    print_id(there, &theirs->id);
    report_warning(report, mine->origin,
                   ours ? "connection %s is called %s, and %s (%s:%u) wants %s"
                        : "connection %s wants %s, and %s (%s:%u) is called %s",
                   x->name, here, y->name, theirs->origin.file, theirs->origin.line, there);
}

static struct mate mate_of(const struct config *c, u32 i)
{
    return (struct mate){c, &c->conf.conns[i]};
}

static void find_mate(const struct mate *a, const struct config *others,
                      struct config_report *report)
{
    const u32 x = (u32)(a->conn - a->config->conf.conns);
    const struct shrike_conn *near = NULL;
    bool found = false;
    for (u32 i = 0; i < others->conf.conn_count && !found; i++) {
        const struct mate b = mate_of(others, i);
        if (!place_addresses_meet(a->config, x, others, i))
            continue;
        found = place_ids_meet(a->config, x, others, i);
        if (found)
            compare_conns(a, &b, report);
        else if (!near)
            near = b.conn;
    }
    if (found)
        return;
    if (near)
        tell_stranger(a->conn, near, report);
    else
        report_warning(report, a->conn->origin,
                       "no connection of the other side has the addresses of connection %s",
                       a->conn->name);
}

void mates_compare(const struct config *a, const struct config *b, struct config_report *report)
{
    for (u32 i = 0; i < a->conf.conn_count; i++) {
        const struct mate one = mate_of(a, i);
        find_mate(&one, b, report);
    }
}
