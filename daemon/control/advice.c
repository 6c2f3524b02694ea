/* Causes and changes: see advice.h. */
#include "control/advice.h"
#include "config/eap.h"
#include "config/mode.h"
#include "control/render.h"
#include "crypto/suite.h"
#include "crypto/weak.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include "wire/proposal.h"

#define LARGE_DATAGRAM                                                                             \
    1200 /* octets: what every path carries is less than 1280 with its headers                     \
          */

#define AGAIN_LOST 2 /* a single answer may be late or lost by chance */

/* ---- causes ---- */

enum side { OURS, THEIRS };
enum when {
    ALWAYS,
    LARGE,
    PORT_4500,
    PARTS,
    LOST,
    REPEATED,
    ONCE,
    VERSION,
    NO_MORE,
    BY_SECRET, /* what we prove ourselves by, in one round or another */
    BY_CERTIFICATE,
    BY_PASSWORD,
};

static const struct cause {
    u16 reason;
    u8 exchange, side, when;
    const char *name, *text;
} causes[] = {
#define CAUSE(reason, exchange, side, when, name, text)                                            \
    {SHRIKE_REASON_##reason, exchange, side, when, name, text},
#include "control/causes.def"
#undef CAUSE
};

static enum when way_of(const struct shrike_auth *a)
{
    switch (a->kind) {
    case SHRIKE_AUTH_PSK:
        return BY_SECRET;
    case SHRIKE_AUTH_PUBKEY:
        return BY_CERTIFICATE;
    case SHRIKE_AUTH_EAP:
        return eap_has_to_show(a) ? BY_CERTIFICATE : BY_PASSWORD;
    case SHRIKE_AUTH_NULL:
    case SHRIKE_AUTH_NONE:
        break;
    }
    return ALWAYS;
}

/* Do we prove ourselves like that? Without a connection it may be. */
static bool proves(const struct shrike_conn *conn, enum when way)
{
    bool any = !conn || way_of(&conn->local) == way;
    for (unsigned i = 0; conn && i < conn->local_round_count; i++)
        any |= way_of(&conn->local_rounds[i]) == way;
    return any;
}

static bool holds(enum when when, const struct shrike_event *e, const struct shrike_conn *conn)
{
    const struct shrike_reason *r = &e->reason;
    if (r->parts_all) /* that some came, rules all else out */
        return when == PARTS;
    if (r->code == SHRIKE_REASON_TIMEOUT && r->notify == NOTIFY_INVALID_IKE_SPI)
        return when == LOST;
    switch (when) {
    case ALWAYS:
        return true;
    case LARGE:
        return r->detail >= LARGE_DATAGRAM;
    case PORT_4500:
        return e->remote.port != 500;
    case PARTS:
    case LOST:
        return false;
    case REPEATED:
        return r->again >= AGAIN_LOST;
    case ONCE:
        return r->again < AGAIN_LOST;
    case VERSION:
        return r->notify == NOTIFY_INVALID_MAJOR_VERSION;
    case NO_MORE:
        return r->notify == NOTIFY_NO_ADDITIONAL_SAS;
    case BY_SECRET:
    case BY_CERTIFICATE:
    case BY_PASSWORD:
        return proves(conn, when);
    }
    return false;
}

bool advice_next(const struct shrike_event *e, const struct shrike_conn *conn, unsigned *at,
                 struct advice_cause *out)
{
    const struct shrike_reason *r = &e->reason;
    while (*at < ARRAY_LEN(causes)) {
        const struct cause *c = &causes[(*at)++];
        if (c->reason != r->code || (c->exchange && c->exchange != r->exchange) ||
            (c->side == THEIRS) != r->theirs || !holds((enum when)c->when, e, conn))
            continue;
        *out = (struct advice_cause){c->name, c->text};
        return true;
    }
    return false;
}

/* ---- proposals as they are written ---- */

static const struct keyword {
    const char *word;
    u8 type;
    u16 id, bits, prf;
} keywords[] = {
#define ALGORITHM(word, kind, id, bits, prf) {word, TRANSFORM_##kind, id, bits, prf},
#include "config/algorithm.def"
#undef ALGORITHM
};

static const struct keyword *keyword_of(const struct transform *t)
{
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        const struct keyword *k = &keywords[i];
        if (k->type == t->type && k->id == t->id && k->bits == t->key_bits)
            return k;
    }
    return NULL;
}

static bool is_built(const struct transform *t)
{
    if (t->type == TRANSFORM_ENCR)
        return suite_encr(t->id, t->key_bits) != NULL;
    if (t->type == TRANSFORM_PRF)
        return suite_prf(t->id) != NULL;
    if (t->type == TRANSFORM_INTEG)
        return suite_integ(t->id) != NULL;
    if (t->type == TRANSFORM_KE)
        return suite_ke(t->id) != NULL;
    return true;
}

/* One algorithm of each type; type 0: none. */
enum part { PART_ENCR, PART_INTEG, PART_PRF, PART_KE, PART_SN, PART_KINDS };
struct wish {
    struct transform at[PART_KINDS];
    bool asked[PART_KINDS]; /* there are such, though we may have none of them */
};

static enum part part_of(u8 type)
{
    static const u8 types[PART_KINDS] = {TRANSFORM_ENCR, TRANSFORM_INTEG, TRANSFORM_PRF,
                                         TRANSFORM_KE, TRANSFORM_SN};
    enum part p = PART_ENCR;
    while (p < PART_KINDS && types[p] != type)
        p++;
    return p;
}

/* The first that we have; a strong one stands before weak ones. */
static void consider(struct wish *w, const struct transform *t)
{
    const enum part p = part_of(t->type);
    if (p == PART_KINDS || (t->id == 0 && p != PART_SN && p != PART_ENCR))
        return;
    w->asked[p] = true;
    bool better = !w->at[p].type ||
                  (weak_transform(w->at[p].type, w->at[p].id) && !weak_transform(t->type, t->id));
    if (is_built(t) && keyword_of(t) && better)
        w->at[p] = *t;
}

static bool is_whole(const struct wish *w)
{
    for (int p = 0; p < PART_KINDS; p++)
        if (w->asked[p] && !w->at[p].type)
            return false;
    return w->asked[PART_ENCR];
}

static void put_wish(struct text *t, const struct wish *w)
{
    const struct keyword *integ = keyword_of(&w->at[PART_INTEG]);
    for (int p = 0; p < PART_KINDS; p++) {
        const struct keyword *k = w->at[p].type ? keyword_of(&w->at[p]) : NULL;
        if (!k || (p == PART_PRF && integ && integ->prf == k->id) ||
            (p == PART_SN && k->id == SN_32))
            continue;
        text_str(t, p == PART_ENCR ? "" : "-");
        text_str(t, k->word);
    }
}

/* The first proposal of the peer that we could do. */
static bool wish_of_peer(struct wish *w, struct bytes sa_body)
{
    struct reader r = reader_of(sa_body);
    struct proposal p;
    while (proposal_read(&r, &p)) {
        *w = (struct wish){0};
        for (unsigned i = 0; i < p.transform_count; i++)
            consider(w, &p.transforms[i]);
        if (is_whole(w))
            return true;
    }
    return false;
}

static bool wish_of_ours(struct wish *w, const struct shrike_proposal *p)
{
    *w = (struct wish){0};
    for (u16 i = 0; i < p->transform_count; i++)
        consider(w, &(struct transform){.type = p->transforms[i].type,
                                        .id = p->transforms[i].id,
                                        .key_bits = p->transforms[i].key_bits});
    return is_whole(w);
}

static void change_proposals(struct text *t, const struct shrike_event *e,
                             const struct shrike_proposal *ours, u16 count)
{
    const bool ike = count == 0 || ours[0].protocol == PROTOCOL_IKE;
    struct wish w;
    if (e->reason.code != SHRIKE_REASON_WEAK_PROPOSAL && wish_of_peer(&w, e->reason.offered)) {
        text_str(t, "add ");
        put_wish(t, &w);
        text_str(t, ike ? " to proposals" : " to esp_proposals");
    }
    if (count && wish_of_ours(&w, &ours[0])) {
        text_str(t, t->len ? ", or let the peer allow " : "let the peer allow ");
        put_wish(t, &w);
    }
}

/* ---- the rest ---- */

static const struct compare_row *row_of(const struct compare *both, const char *what)
{
    for (unsigned i = 0; i < both->count; i++)
        if (strcmp(both->rows[i].what, what) == 0)
            return &both->rows[i];
    return NULL;
}

static void change_selectors(struct text *t, const struct compare *both)
{
    static const char *const keys[] = {"local_ts = ", "remote_ts = "};
    const struct compare_row *rows[] = {row_of(both, "traffic here"),
                                        row_of(both, "traffic there")};
    for (unsigned i = 0; i < 2; i++) {
        if (!rows[i] || !rows[i]->differs)
            continue;
        text_str(t, t->len ? ", and " : "");
        text_str(t, keys[i]);
        text_str(t, rows[i]->there);
    }
    if (t->len)
        text_str(t, ", or the mirror of ours at the peer");
}

static void change_mode(struct text *t, const struct shrike_child_conf *child)
{
    text_str(t, child->mode == SHRIKE_TUNNEL ? "the mode that the peer has, or mode = "
                                             : "mode = tunnel, or mode = ");
    text_str(t, mode_name(child->mode));
    text_str(t, " there");
}

static void change_id(struct text *t, const struct compare *both)
{
    const struct compare_row *here = row_of(both, "identity here");
    const struct compare_row *there = row_of(both, "identity there");
    if (there && there->differs) {
        text_str(t, "remote { id = ");
        text_str(t, there->there);
        text_str(t, " }, or local { id = ");
        text_str(t, there->here);
        text_str(t, " } at the peer");
    } else if (here && here->differs) {
        text_str(t, "local { id = ");
        text_str(t, here->there);
        text_str(t, " }, or remote { id = ");
        text_str(t, here->here);
        text_str(t, " } at the peer");
    }
}

/* A password is of one name; where the client is asked for it, it is not known here. */
static void change_password(struct text *t, const struct shrike_auth *client,
                            const struct compare_row *name)
{
    const struct shrike_id *own = &client->eap.id;
    text_str(t, "secrets {\n    eap-1 {\n        id = ");
    if (own->type && !id_is_pattern(own))
        text_safe(t, own->data);
    else if (own->type || client->eap.asks)
        text_str(t, "...");
    else
        text_str(t, name->there[0] ? name->there : name->here);
    text_str(t, "\n        secret = ...\n    }\n}");
}

static void change_secret(struct text *t, const struct shrike_event *e,
                          const struct shrike_conn *conn, const struct compare *both)
{
    const struct compare_row *here = row_of(both, "identity here");
    const struct compare_row *there = row_of(both, "identity there");
    if (!here || !there)
        return;
    if (conn->local.kind == SHRIKE_AUTH_EAP || conn->remote.kind == SHRIKE_AUTH_EAP) {
        bool ours = conn->local.kind == SHRIKE_AUTH_EAP;
        change_password(t, ours ? &conn->local : &conn->remote, ours ? here : there);
        return;
    }
    text_str(t, "secrets {\n    ike-");
    text_str(t, conn->name);
    text_str(t, " {\n        id-1 = ");
    text_str(t, here->here);
    text_str(t, "\n        id-2 = ");
    text_str(t, e->reason.offered.len ? there->there : there->here);
    text_str(t, "\n        secret = ...\n    }\n}");
}

void advice_address(struct text *t, const struct shrike_event *e, const struct shrike_conf *conf)
{
    const struct shrike_conn *near = NULL;
    bool here = false;
    for (u32 i = 0; i < conf->conn_count; i++) {
        const struct shrike_conn *c = &conf->conns[i];
        const bool local = compare_holds(c->local_addrs, c->local_addr_count, &e->local);
        if (local == compare_holds(c->remote_addrs, c->remote_addr_count, &e->remote))
            continue;
        if (near) /* which of them is meant, nobody knows */
            return;
        near = c;
        here = local;
    }
    const struct shrike_endpoint *lacks = here ? &e->remote : &e->local;
    if (!near || !lacks->family)
        return;
    text_str(t, here ? "remote_addrs = " : "local_addrs = ");
    text_addr(t, lacks->octets, lacks->family);
    text_str(t, " in connection ");
    render_name(t, near->name);
    text_str(t, ", beside what is there");
}

void advice_change(struct text *t, const struct shrike_event *e, const struct shrike_conn *conn,
                   const struct shrike_child_conf *child, const struct compare *both)
{
    const enum shrike_reason_code code = e->reason.code;
    const bool about_child =
        code == SHRIKE_REASON_NO_CHILD_PROPOSAL || (code == SHRIKE_REASON_WEAK_PROPOSAL && child);
    if (code == SHRIKE_REASON_LIMIT && e->reason.exchange == EXCHANGE_IKE_SA_INIT)
        text_str(t, "raise init_limit_half_open, or leave it out");
    if (code == SHRIKE_REASON_ADDRESS_NOT_ASKED && e->reason.theirs)
        text_str(t, "vips = 0.0.0.0 in the connection, or vips = ::");
    if (!conn || e->reason.theirs) /* what would please the peer, is not known here */
        return;
    if (about_child && child)
        change_proposals(t, e, child->proposals, child->proposal_count);
    else if (code == SHRIKE_REASON_NO_IKE_PROPOSAL || code == SHRIKE_REASON_WEAK_PROPOSAL)
        change_proposals(t, e, conn->proposals, conn->proposal_count);
    else if (code == SHRIKE_REASON_TS_MISMATCH)
        change_selectors(t, both);
    else if (code == SHRIKE_REASON_NO_IDENTITY)
        change_id(t, both);
    else if (code == SHRIKE_REASON_AUTH_NO_SECRET)
        change_secret(t, e, conn, both);
    else if (code == SHRIKE_REASON_MODE_MISMATCH && child)
        change_mode(t, child);
    else if (code == SHRIKE_REASON_NO_POOL)
        text_str(t, "pools = NAME in the connection, and pools { NAME { addrs = ... } }");
}
