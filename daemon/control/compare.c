/* Both sides of a refusal: see compare.h. */
#include "control/compare.h"
#include "base/text.h"
#include "config/mode.h"
#include "control/render.h"
#include "wire/codes.h"
#include "wire/print.h"
#include "wire/proposal.h"
#include "wire/ts.h"
#include <stdio.h>

static struct compare_row *add(struct compare *out, const char *what)
{
    ensure(out->count < COMPARE_ROWS);
    struct compare_row *row = &out->rows[out->count++];
    *row = (struct compare_row){.what = what};
    return row;
}

static void put(char cell[COMPARE_CELL], const char *text)
{
    struct text t = text_of(cell, COMPARE_CELL);
    text_str(&t, text);
}

/* ---- proposals ---- */

/* The algorithms of one kind in all proposals of one side, each once. */
struct kind_list {
    struct transform at[TRANSFORMS_MAX];
    unsigned count;
};

static bool same(const struct transform *a, const struct transform *b)
{
    return a->id == b->id && a->key_bits == b->key_bits && a->type == b->type;
}

static bool has(const struct kind_list *l, const struct transform *one)
{
    for (unsigned i = 0; i < l->count; i++)
        if (same(&l->at[i], one))
            return true;
    return false;
}

static void take(struct kind_list *l, struct transform one)
{
    if (l->count < TRANSFORMS_MAX && !has(l, &one))
        l->at[l->count++] = one;
}

/* A proposal without one of this kind wants none; type 0 stands for that. */
static void ours_of(struct kind_list *out, u8 type, const struct shrike_proposal *all, u16 count)
{
    out->count = 0;
    for (u16 i = 0; i < count; i++) {
        bool any = false;
        for (u16 k = 0; k < all[i].transform_count; k++) {
            const struct shrike_transform *t = &all[i].transforms[k];
            if (t->type == type)
                take(out, (struct transform){.type = type, .id = t->id, .key_bits = t->key_bits});
            any |= t->type == type;
        }
        if (!any)
            take(out, (struct transform){.type = 0});
    }
}

static void theirs_of(struct kind_list *out, u8 type, struct bytes sa_body)
{
    struct reader r = reader_of(sa_body);
    struct proposal p;
    out->count = 0;
    while (proposal_read(&r, &p)) {
        bool any = false;
        for (unsigned k = 0; k < p.transform_count; k++) {
            const struct transform *t = &p.transforms[k];
            bool none = t->type != TRANSFORM_ENCR && t->type != TRANSFORM_SN && t->id == 0;
            if (t->type == type && !none)
                take(out, (struct transform){.type = type, .id = t->id, .key_bits = t->key_bits});
            any |= t->type == type && !none;
        }
        if (!any)
            take(out, (struct transform){.type = 0});
    }
}

static void print_list(char cell[COMPARE_CELL], const struct kind_list *l, enum code_kind kind)
{
    struct text t = text_of(cell, COMPARE_CELL);
    for (unsigned i = 0; i < l->count; i++) {
        const char *name = l->at[i].type ? code_name(kind, l->at[i].id) : "none";
        text_str(&t, i ? " " : "");
        if (name)
            text_str(&t, name);
        else
            text_u64(&t, l->at[i].id);
        if (l->at[i].key_bits) {
            text_char(&t, '_');
            text_u64(&t, l->at[i].key_bits);
        }
    }
}

static bool only_none(const struct kind_list *l)
{
    return l->count == 1 && l->at[0].type == 0;
}

static void add_kind(struct compare *out, u8 type, const struct kind_list *here,
                     const struct kind_list *there)
{
    static const struct {
        const char *what;
        enum code_kind kind;
    } kinds[] = {[TRANSFORM_ENCR] = {"encryption", CODE_ENCR},
                 [TRANSFORM_PRF] = {"prf", CODE_PRF},
                 [TRANSFORM_INTEG] = {"integrity", CODE_INTEG},
                 [TRANSFORM_KE] = {"key exchange", CODE_KE},
                 [TRANSFORM_SN] = {"sequence numbers", CODE_SN}};
    bool common = there->count == 0;
    for (unsigned i = 0; i < there->count; i++)
        common |= has(here, &there->at[i]);
    if (only_none(here) && (there->count == 0 || only_none(there)))
        return;
    struct compare_row *row = add(out, kinds[type].what);
    print_list(row->here, here, kinds[type].kind);
    print_list(row->there, there, kinds[type].kind);
    row->differs = !common;
}

/* When each kind has something in common, no two proposals fit together: the kind that stood in the
 * way of the nearest pair is marked. */
static void mark(struct compare *out, const char *what)
{
    bool any = false;
    for (unsigned i = 0; i < out->count; i++)
        any |= out->rows[i].differs;
    for (unsigned i = 0; i < out->count && !any; i++)
        out->rows[i].differs = strcmp(out->rows[i].what, what) == 0;
}

static void compare_proposals(struct compare *out, const struct shrike_event *e,
                              const struct shrike_proposal *ours, u16 count)
{
    static const u8 types[] = {TRANSFORM_ENCR, TRANSFORM_INTEG, TRANSFORM_PRF, TRANSFORM_KE,
                               TRANSFORM_SN};
    static const char *const marks[] = {[TRANSFORM_ENCR] = "encryption",
                                        [TRANSFORM_PRF] = "prf",
                                        [TRANSFORM_INTEG] = "integrity",
                                        [TRANSFORM_KE] = "key exchange",
                                        [TRANSFORM_SN] = "sequence numbers"};
    static struct kind_list here, there;
    const struct shrike_reason *r = &e->reason;
    bool child = count && ours[0].protocol != PROTOCOL_IKE;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        /* RFC 7296 1.2: the Child SA of IKE_AUTH has no key exchange of its own. */
        if (types[i] == TRANSFORM_KE && child && r->exchange == EXCHANGE_IKE_AUTH)
            continue;
        ours_of(&here, types[i], ours, count);
        theirs_of(&there, types[i], r->offered);
        add_kind(out, types[i], &here, &there);
    }
    if (r->offered.len && r->code != SHRIKE_REASON_KE_GROUP)
        mark(out, r->detail < ARRAY_LEN(marks) && marks[r->detail] ? marks[r->detail] : "");
}

/* ---- selectors ---- */

/* One whose address is not configured stands for that end itself. */
static struct shrike_ts settled(const struct shrike_ts *ts, const struct shrike_endpoint *end)
{
    struct shrike_ts out = *ts;
    if (ts->family)
        return out;
    out.family = end->family;
    memcpy(out.from, end->octets, sizeof out.from);
    memcpy(out.to, end->octets, sizeof out.to);
    return out;
}

static bool meet(const struct shrike_ts *a, const struct shrike_ts *b)
{
    bool ports = a->port_from > a->port_to || b->port_from > b->port_to ||
                 (a->port_from <= b->port_to && b->port_from <= a->port_to);
    return a->family == b->family && memcmp(a->from, b->to, sizeof a->from) <= 0 &&
           memcmp(b->from, a->to, sizeof a->from) <= 0 && ports &&
           (!a->protocol || !b->protocol || a->protocol == b->protocol);
}

/* One end of the traffic. */
struct traffic {
    const char *what;
    const struct shrike_ts *ours;
    u16 count;
    const struct shrike_endpoint *end;
    struct bytes theirs; /* body of the payload */
};

static void compare_traffic(struct compare *out, const struct traffic *x)
{
    struct ts_list theirs = {0};
    struct compare_row *row = add(out, x->what);
    struct text here = text_of(row->here, COMPARE_CELL), there = text_of(row->there, COMPARE_CELL);
    bool common = false;
    render_selectors(&here, x->ours, x->count);
    if (!x->theirs.len)
        return;
    if (!ts_read(x->theirs, &theirs)) {
        text_str(&there, "malformed");
        row->differs = true;
        return;
    }
    render_selectors(&there, theirs.ts, theirs.count);
    for (u16 i = 0; i < x->count; i++) {
        const struct shrike_ts mine = settled(&x->ours[i], x->end);
        for (unsigned k = 0; k < theirs.count; k++)
            common |= meet(&mine, &theirs.ts[k]);
    }
    row->differs = !common;
}

static void compare_selectors(struct compare *out, const struct shrike_event *e,
                              const struct shrike_child_conf *k)
{
    const bool answered = e->reason.notify != 0; /* TSi is of who asked (RFC 7296 2.9) */
    const struct bytes tsr = e->reason.offered, tsi = e->reason.beside;
    compare_traffic(out, &(struct traffic){"traffic here", k->local_ts, k->local_ts_count,
                                           &e->local, answered ? tsr : tsi});
    compare_traffic(out, &(struct traffic){"traffic there", k->remote_ts, k->remote_ts_count,
                                           &e->remote, answered ? tsi : tsr});
}

/* ---- identities ---- */

static void print_id(char cell[COMPARE_CELL], const struct shrike_id *id)
{
    struct text t = text_of(cell, COMPARE_CELL);
    if (id->type)
        print_ident(&t, id->type, id->data);
    else
        text_str(&t, "any");
}

/* The body of an ID payload (RFC 7296 3.5). */
static void print_offered_id(char cell[COMPARE_CELL], struct bytes body)
{
    struct text t = text_of(cell, COMPARE_CELL);
    if (body.len > 4)
        print_ident(&t, body.at[0], bytes_of(body.at + 4, body.len - 4));
}

static void compare_ids(struct compare *out, const struct shrike_event *e,
                        const struct shrike_conn *conn)
{
    const struct shrike_reason *r = &e->reason;
    const bool ours_asked = r->detail == PAYLOAD_IDR && r->notify; /* whom the peer wants */
    struct compare_row *here = add(out, "identity here");
    print_id(here->here, &conn->local.id);
    struct compare_row *there = add(out, "identity there");
    print_id(there->here, &conn->remote.id);
    if (r->theirs)
        return;
    print_offered_id(ours_asked ? here->there : there->there, r->offered);
    if (r->code == SHRIKE_REASON_NO_IDENTITY)
        (ours_asked ? here : there)->differs = true;
    if (r->code == SHRIKE_REASON_AUTH_MAC) {
        struct compare_row *secret = add(out, "secret");
        struct text t = text_of(secret->here, COMPARE_CELL);
        text_safe(&t, r->beside);
        put(secret->there, "another one");
        secret->differs = true;
    }
}

static const char *name_of_kind(enum shrike_auth_kind kind)
{
    switch (kind) {
    case SHRIKE_AUTH_PSK:
        return code_name(CODE_AUTH, AUTH_PSK);
    case SHRIKE_AUTH_PUBKEY:
        return "a signature";
    case SHRIKE_AUTH_EAP:
        return "EAP";
    case SHRIKE_AUTH_NULL:
        return code_name(CODE_AUTH, AUTH_NULL);
    case SHRIKE_AUTH_NONE:
        break;
    }
    return NULL;
}

static void compare_method(struct compare *out, const struct shrike_event *e,
                           const struct shrike_conn *conn)
{
    struct compare_row *row = add(out, "authentication");
    const char *here = name_of_kind(conn->remote.kind);
    const char *there = e->reason.method ? code_name(CODE_AUTH, e->reason.method) : "none";
    put(row->here, here ? here : "?");
    put(row->there, there ? there : "another");
    row->differs = true;
}

/* ---- addresses ---- */

static void print_nets(struct text *t, const struct shrike_net *nets, u16 count)
{
    for (u16 i = 0; i < count && !t->cut; i++) {
        text_str(t, t->len ? " " : "");
        if (!nets[i].addr.family)
            text_str(t, "any");
        else
            text_addr(t, nets[i].addr.octets, nets[i].addr.family);
        if (nets[i].addr.family && nets[i].prefix_bits != (nets[i].addr.family == 4 ? 32 : 128)) {
            text_char(t, '/');
            text_u64(t, nets[i].prefix_bits);
        }
    }
    if (!count)
        text_str(t, t->len ? " any" : "any");
}

bool compare_holds(const struct shrike_net *nets, u16 count, const struct shrike_endpoint *end)
{
    bool held = count == 0;
    for (u16 i = 0; i < count && !held; i++) {
        const unsigned bits = nets[i].prefix_bits, whole = bits / 8, rest = bits % 8;
        const u8 *a = nets[i].addr.octets, *b = end->octets;
        held = !nets[i].addr.family ||
               (nets[i].addr.family == end->family && memcmp(a, b, whole) == 0 &&
                (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0));
    }
    return held;
}

/* One end of all connections, as many as there is room for. */
static void compare_end(struct compare *out, const struct shrike_conf *conf, bool local,
                        const struct shrike_endpoint *end)
{
    struct compare_row *row = add(out, local ? "address here" : "address there");
    struct text here = text_of(row->here, COMPARE_CELL), there = text_of(row->there, COMPARE_CELL);
    bool held = false;
    for (u32 i = 0; i < conf->conn_count && !(here.cut && held); i++) {
        const struct shrike_conn *c = &conf->conns[i];
        const struct shrike_net *nets = local ? c->local_addrs : c->remote_addrs;
        const u16 count = local ? c->local_addr_count : c->remote_addr_count;
        if (!here.cut)
            print_nets(&here, nets, count);
        held |= compare_holds(nets, count, end);
    }
    if (!conf->conn_count)
        text_str(&here, "no connections");
    if (end->family)
        text_addr(&there, end->octets, end->family);
    row->differs = !held;
}

void compare_addresses(struct compare *out, const struct shrike_event *e,
                       const struct shrike_conf *conf)
{
    out->count = 0;
    compare_end(out, conf, true, &e->local);
    compare_end(out, conf, false, &e->remote);
}

/* ---- the rest ---- */

static void compare_mode(struct compare *out, const struct shrike_event *e,
                         const struct shrike_child_conf *k)
{
    struct compare_row *row = add(out, "mode");
    const bool unknown = e->reason.code == SHRIKE_REASON_MODE_UNKNOWN;
    put(row->here, mode_name(k->mode));
    if ((e->reason.code != SHRIKE_REASON_MODE_MISMATCH && !unknown) || e->reason.theirs)
        return;
    put(row->there, unknown ? "not known" : "another");
    row->differs = true;
}

static void compare_pools(struct compare *out, const struct shrike_event *e,
                          const struct shrike_conn *conn)
{
    struct compare_row *row = add(out, "addresses");
    struct text t = text_of(row->here, COMPARE_CELL);
    for (u16 i = 0; i < conn->pool_count; i++) {
        text_str(&t, i ? " " : "pools ");
        render_name(&t, conn->pools[i]);
    }
    const bool asker = e->reason.theirs || conn->vip_count;
    if (!conn->pool_count)
        text_str(&t, conn->vip_count ? "asks for one" : asker ? "asks for none" : "no pools");
    if (e->reason.code == SHRIKE_REASON_ADDRESS_NOT_GIVEN)
        put(row->there, "gave none");
    else if (e->reason.code == SHRIKE_REASON_ADDRESS_NOT_ASKED)
        put(row->there, e->reason.theirs ? "wants to be asked for one" : "asks for none");
    else
        put(row->there, "asks for one");
    row->differs = true;
}

static void compare_childless(struct compare *out, const struct shrike_event *e,
                              const struct shrike_conn *conn)
{
    static const char *const words[] = {[SHRIKE_CHILDLESS_ALLOW] = "allow",
                                        [SHRIKE_CHILDLESS_PREFER] = "prefer",
                                        [SHRIKE_CHILDLESS_FORCE] = "force",
                                        [SHRIKE_CHILDLESS_NEVER] = "never"};
    struct compare_row *row = add(out, "childless");
    put(row->here, words[conn->childless]);
    if (e->reason.theirs)
        return;
    put(row->there, e->reason.code == SHRIKE_REASON_CHILDLESS_ONLY ? "asks for a child at once"
                    : e->reason.code == SHRIKE_REASON_CHILDLESS    ? "asks for no child"
                                                                   : "does not take part");
    row->differs = true;
}

/* What a refusal is about. */
enum subject {
    ABOUT_NOTHING,
    ABOUT_PROPOSALS, /* those of the child, where there is one */
    ABOUT_SELECTORS,
    ABOUT_MODE,
    ABOUT_METHOD,
    ABOUT_IDS,
    ABOUT_POOLS,
    ABOUT_CHILDLESS,
};

static const u8 subjects[SHRIKE_REASON_COUNT] = {
    [SHRIKE_REASON_NO_IKE_PROPOSAL] = ABOUT_PROPOSALS,
    [SHRIKE_REASON_NO_CHILD_PROPOSAL] = ABOUT_PROPOSALS,
    [SHRIKE_REASON_WEAK_PROPOSAL] = ABOUT_PROPOSALS,
    [SHRIKE_REASON_KE_GROUP] = ABOUT_PROPOSALS,
    [SHRIKE_REASON_GROUP_LOOP] = ABOUT_PROPOSALS,
    [SHRIKE_REASON_TS_MISMATCH] = ABOUT_SELECTORS,
    [SHRIKE_REASON_SINGLE_PAIR] = ABOUT_SELECTORS,
    [SHRIKE_REASON_MODE_MISMATCH] = ABOUT_MODE,
    [SHRIKE_REASON_MODE_NAT] = ABOUT_MODE,
    [SHRIKE_REASON_MODE_UNKNOWN] = ABOUT_MODE,
    [SHRIKE_REASON_MODE_HOSTS] = ABOUT_SELECTORS,
    [SHRIKE_REASON_AUTH_METHOD] = ABOUT_METHOD,
    [SHRIKE_REASON_NO_IDENTITY] = ABOUT_IDS,
    [SHRIKE_REASON_AUTH_MAC] = ABOUT_IDS,
    [SHRIKE_REASON_AUTH_NO_SECRET] = ABOUT_IDS,
    [SHRIKE_REASON_AUTH_FAILED] = ABOUT_IDS,
    [SHRIKE_REASON_AUTH_SIGNATURE] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_NONE] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_MALFORMED] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_ISSUER] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_EXPIRED] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_NOT_YET] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_REVOKED] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_UNKNOWN] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_IDENTITY] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_USAGE] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_WEAK] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_POLICY] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_AUTHORITY] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_URL] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_FETCH] = ABOUT_IDS,
    [SHRIKE_REASON_CERT_HASH] = ABOUT_IDS,
    [SHRIKE_REASON_NOT_UNIQUE] = ABOUT_IDS,
    [SHRIKE_REASON_REPLACED] = ABOUT_IDS,
    [SHRIKE_REASON_POOL_EMPTY] = ABOUT_POOLS,
    [SHRIKE_REASON_NO_POOL] = ABOUT_POOLS,
    [SHRIKE_REASON_ADDRESS_NOT_ASKED] = ABOUT_POOLS,
    [SHRIKE_REASON_ADDRESS_NOT_GIVEN] = ABOUT_POOLS,
    [SHRIKE_REASON_CHILDLESS] = ABOUT_CHILDLESS,
    [SHRIKE_REASON_CHILDLESS_ONLY] = ABOUT_CHILDLESS,
    [SHRIKE_REASON_CHILDLESS_REFUSED] = ABOUT_CHILDLESS,
};

/* Child SAs have proposals and modes of their own, which one notify may mean (RFC 7296 1.3.1). */
static void compare_child(struct compare *out, const struct shrike_event *e,
                          const struct shrike_child_conf *k, enum subject about)
{
    if (about == ABOUT_PROPOSALS)
        compare_proposals(out, e, k->proposals, k->proposal_count);
    if (about == ABOUT_SELECTORS)
        compare_selectors(out, e, k);
    if (about == ABOUT_MODE || (about == ABOUT_PROPOSALS && e->reason.theirs))
        compare_mode(out, e, k);
}

void compare_event(struct compare *out, const struct shrike_event *e,
                   const struct shrike_conn *conn, const struct shrike_child_conf *child)
{
    const enum subject about = (enum subject)subjects[e->reason.code];
    out->count = 0;
    if (!conn)
        return;
    switch (about) {
    case ABOUT_NOTHING:
        break;
    case ABOUT_PROPOSALS:
        if (!child && e->reason.code != SHRIKE_REASON_NO_CHILD_PROPOSAL)
            compare_proposals(out, e, conn->proposals, conn->proposal_count);
        if (child)
            compare_child(out, e, child, about);
        break;
    case ABOUT_SELECTORS:
    case ABOUT_MODE:
        if (child)
            compare_child(out, e, child, about);
        break;
    case ABOUT_METHOD:
        compare_method(out, e, conn);
        compare_ids(out, e, conn);
        break;
    case ABOUT_IDS:
        compare_ids(out, e, conn);
        break;
    case ABOUT_POOLS:
        compare_pools(out, e, conn);
        break;
    case ABOUT_CHILDLESS:
        compare_childless(out, e, conn);
        break;
    }
}
