/* Events as lines: see render.h. */
#include "control/render.h"
#include "wire/codes.h"
#include "wire/print.h"

#define OFFER_TEXT_MAX 1024 /* characters of what a peer offers */

void render_name(struct text *t, const char *name)
{
    text_safe(t, bytes_of(name, strlen(name)));
}

void render_endpoint(struct text *t, const struct shrike_endpoint *e)
{
    if (!e->family) {
        text_str(t, "%any");
        return;
    }
    if (e->family == 6)
        text_char(t, '[');
    text_addr(t, e->octets, e->family);
    if (e->family == 6)
        text_char(t, ']');
    text_char(t, ':');
    text_u64(t, e->port);
}

/* ---- what we allow ---- */

static enum code_kind registry_of(u8 transform)
{
    static const enum code_kind kinds[] = {[TRANSFORM_ENCR] = CODE_ENCR,
                                           [TRANSFORM_PRF] = CODE_PRF,
                                           [TRANSFORM_INTEG] = CODE_INTEG,
                                           [TRANSFORM_KE] = CODE_KE,
                                           [TRANSFORM_SN] = CODE_SN};
    return transform < ARRAY_LEN(kinds) ? kinds[transform] : CODE_TRANSFORM;
}

void render_proposals(struct text *t, const struct shrike_proposal *all, u16 count)
{
    for (u16 i = 0; i < count; i++) {
        text_str(t, i ? ", " : "");
        for (u16 k = 0; k < all[i].transform_count; k++) {
            const struct shrike_transform *one = &all[i].transforms[k];
            const char *name = code_name(registry_of(one->type), one->id);
            if (k)
                text_char(t, one->type == one[-1].type ? '|' : '/');
            text_str(t, name ? name : "?");
            if (one->key_bits) {
                text_char(t, '_');
                text_u64(t, one->key_bits);
            }
        }
    }
}

void render_selectors(struct text *t, const struct shrike_ts *all, u16 count)
{
    for (u16 i = 0; i < count; i++) {
        text_str(t, i ? ", " : "");
        if (all[i].family)
            print_ts(t, &all[i]);
        else
            text_str(t, "dynamic");
    }
}

static bool is_origin(struct shrike_origin a, struct shrike_origin b)
{
    return a.file && b.file && a.line == b.line && strcmp(a.file, b.file) == 0;
}

/* Does one of the rules that choose a connection stand there? */
static bool decides(const struct shrike_conn *c, struct shrike_origin rule)
{
    bool any = is_origin(c->origin, rule) || is_origin(c->proposals_origin, rule) ||
               is_origin(c->local.origin, rule) || is_origin(c->remote.origin, rule);
    for (u16 i = 0; i < c->proposal_count && !any; i++)
        any = is_origin(c->proposals[i].origin, rule);
    return any;
}

/* Before identities are known, the one that the event names is a guess by addresses. */
const struct shrike_conn *render_conn(const struct shrike_event *e, const struct shrike_conf *conf)
{
    const bool by_rule = !e->conn || e->reason.code == SHRIKE_REASON_NO_IDENTITY;
    for (u32 i = 0; conf && by_rule && i < conf->conn_count; i++) {
        if (decides(&conf->conns[i], e->reason.origin))
            return &conf->conns[i];
    }
    for (u32 i = 0; conf && e->conn && i < conf->conn_count; i++) {
        if (strcmp(conf->conns[i].name, e->conn) == 0)
            return &conf->conns[i];
    }
    return NULL;
}

const struct shrike_child_conf *render_child(const struct shrike_event *e,
                                             const struct shrike_conn *c)
{
    const struct shrike_origin rule = e->reason.origin;
    for (u16 i = 0; c && i < c->child_count; i++) {
        const struct shrike_child_conf *k = &c->children[i];
        if (e->child_conf ? strcmp(k->name, e->child_conf) == 0
                          : is_origin(k->ts_origin, rule) || is_origin(k->mode_origin, rule) ||
                                is_origin(k->proposals_origin, rule))
            return k;
    }
    return NULL;
}

static void render_allowed(struct text *t, const struct shrike_event *e,
                           const struct shrike_conf *conf)
{
    const enum shrike_reason_code code = e->reason.code;
    if (code != SHRIKE_REASON_NO_IKE_PROPOSAL && code != SHRIKE_REASON_NO_CHILD_PROPOSAL &&
        code != SHRIKE_REASON_TS_MISMATCH && code != SHRIKE_REASON_KE_GROUP)
        return;
    const struct shrike_conn *c = render_conn(e, conf);
    const struct shrike_child_conf *k = render_child(e, c);
    if (c && (code == SHRIKE_REASON_NO_IKE_PROPOSAL || code == SHRIKE_REASON_KE_GROUP)) {
        text_str(t, "; we allow ");
        render_proposals(t, c->proposals, c->proposal_count);
    } else if (k && code == SHRIKE_REASON_NO_CHILD_PROPOSAL) {
        text_str(t, "; we allow ");
        render_proposals(t, k->proposals, k->proposal_count);
    } else if (k && code == SHRIKE_REASON_TS_MISMATCH) {
        text_str(t, "; we allow ");
        render_selectors(t, k->local_ts, k->local_ts_count);
        text_str(t, " here, ");
        render_selectors(t, k->remote_ts, k->remote_ts_count);
        text_str(t, " there");
    }
}

/* ---- what was offered ---- */

/* The type of the payload whose body was kept; 0: none is. */
static u8 payload_of(const struct shrike_reason *r)
{
    const enum shrike_reason_code code = r->code;
    if (code == SHRIKE_REASON_NO_IKE_PROPOSAL || code == SHRIKE_REASON_NO_CHILD_PROPOSAL ||
        code == SHRIKE_REASON_WEAK_PROPOSAL || code == SHRIKE_REASON_KE_GROUP ||
        code == SHRIKE_REASON_SYNTAX)
        return PAYLOAD_SA;
    if (code == SHRIKE_REASON_TS_MISMATCH)
        return PAYLOAD_TSR;
    if (code == SHRIKE_REASON_NO_IDENTITY || code == SHRIKE_REASON_AUTH_NO_SECRET ||
        code == SHRIKE_REASON_AUTH_METHOD || code == SHRIKE_REASON_AUTH_MAC ||
        code == SHRIKE_REASON_NOT_UNIQUE)
        return r->detail == PAYLOAD_IDI ? PAYLOAD_IDI : PAYLOAD_IDR;
    return 0;
}

/* A payload is printed over several lines: here they become one. */
static void render_offer(struct text *t, const struct shrike_reason *r)
{
    char lines[OFFER_TEXT_MAX];
    struct text offer = text_of(lines, sizeof lines);
    u8 type = payload_of(r);
    if (!type || !r->offered.len)
        return;
    print_payload(&offer, type, r->offered);
    text_str(t, "; offered: ");
    for (const char *at = lines; *at; at++) {
        if (*at == '\n')
            text_str(t, ",");
        else if (*at != ' ' || (at[1] != ' ' && at[1] != '\n'))
            text_char(t, *at);
    }
    text_str(t, offer.cut ? "..." : "");
}

/* ---- the whole ---- */

void render_reason(struct text *t, enum shrike_reason_code code)
{
    const char *remedy = shrike_reason_remedy(code);
    text_str(t, shrike_reason_text(code));
    if (!*remedy)
        return;
    text_str(t, "; ");
    text_str(t, remedy);
}

/* Nobody decided it: what came, and what did not. */
static void render_parts(struct text *t, const struct shrike_reason *r, const char *exchange)
{
    text_str(t, "only ");
    text_u64(t, r->parts);
    text_str(t, " of ");
    text_u64(t, r->parts_all);
    text_str(t, r->code == SHRIKE_REASON_TIMEOUT ? " fragments of the answer to "
                                                 : " fragments of the peer's ");
    text_str(t, exchange);
    text_str(t, " came");
}

void render_what(struct text *t, const struct shrike_reason *r)
{
    const char *exchange = r->exchange ? code_name(CODE_EXCHANGE, r->exchange) : NULL;
    const char *notify = r->notify ? code_name(CODE_NOTIFY, r->notify) : NULL;
    if (r->parts_all && exchange) {
        render_parts(t, r, exchange);
    } else if (r->code == SHRIKE_REASON_HALF_OPEN_TIMEOUT && r->again) {
        text_str(t, "the peer began a handshake, asked ");
        text_u64(t, r->again);
        text_str(t, r->again == 1 ? " time more for our answer, and never went on"
                                  : " times more for our answer, and never went on");
    } else if (r->code == SHRIKE_REASON_LIMIT && r->exchange == EXCHANGE_IKE_SA_INIT) {
        text_str(t, "as many handshakes are half-open as `init_limit_half_open` allows");
    } else if (r->code == SHRIKE_REASON_TIMEOUT && exchange) {
        text_str(t, "no answer to ");
        text_str(t, exchange);
        text_str(t, notify ? " but " : "");
        text_str(t, notify ? notify : "");
    } else if (!r->theirs || !r->notify) {
        text_str(t, shrike_reason_text(r->code));
    } else {
        text_str(t, "the peer refused ");
        text_str(t, exchange ? exchange : "it");
        text_str(t, notify ? ": " : "");
        text_str(t, notify ? notify : "");
    }
}

const char *render_remedy(const struct shrike_reason *r)
{
    if (r->parts_all)
        return "let the peer write `fragment_size = 576`, and look at the MTU of the path from "
               "there";
    if (r->notify == NOTIFY_INVALID_MAJOR_VERSION && r->theirs)
        return "let the peer speak IKEv2";
    return r->theirs && r->notify ? "the peer's own log, or `shrike why` there, says why"
                                  : shrike_reason_remedy(r->code);
}

static void render_refusal(struct text *t, const struct shrike_event *e,
                           const struct shrike_conf *conf)
{
    const struct shrike_reason *r = &e->reason;
    const char *notify = r->notify ? code_name(CODE_NOTIFY, r->notify) : NULL;
    text_str(t, ": ");
    render_what(t, r);
    if (notify && !r->theirs && r->code != SHRIKE_REASON_TIMEOUT) {
        text_str(t, " (");
        text_str(t, notify);
        text_char(t, ')');
    }
    render_offer(t, r);
    render_allowed(t, e, conf);
    if (r->origin.file) {
        text_str(t, "; rule: ");
        render_name(t, r->origin.file);
        if (r->origin.line) {
            text_char(t, ':');
            text_u64(t, r->origin.line);
        }
    }
    const char *remedy = render_remedy(r);
    text_str(t, *remedy ? "; " : "");
    text_str(t, remedy);
}

/* "gw[7]/net[12] 192.0.2.1:500 - 198.51.100.2:500: " */
static void render_whom(struct text *t, const struct shrike_event *e)
{
    size_t start = t->len;
    if (e->conn)
        render_name(t, e->conn);
    if (e->ike) {
        text_char(t, '[');
        text_u64(t, e->ike);
        text_char(t, ']');
    }
    if (e->child_conf) {
        text_char(t, '/');
        render_name(t, e->child_conf);
    }
    if (e->child) {
        text_char(t, '[');
        text_u64(t, e->child);
        text_char(t, ']');
    }
    if (e->remote.family) {
        text_str(t, t->len > start ? " " : "");
        render_endpoint(t, &e->local);
        text_str(t, " - ");
        render_endpoint(t, &e->remote);
    }
    text_str(t, t->len > start ? ": " : "");
}

static void render_details(struct text *t, const struct shrike_event *e)
{
    if (e->id == SHRIKE_EVENT_IKE_UP) {
        text_str(t, ", SPIs ");
        text_hex(t, e->spi_i, 16);
        text_char(t, ' ');
        text_hex(t, e->spi_r, 16);
    } else if (e->id == SHRIKE_EVENT_CHILD_UP) {
        text_str(t, ", SPIs ");
        text_hex(t, e->esp_in, 8);
        text_str(t, " in, ");
        text_hex(t, e->esp_out, 8);
        text_str(t, " out");
    } else if (e->id == SHRIKE_EVENT_RETRANSMIT) {
        const char *exchange = code_name(CODE_EXCHANGE, e->exchange);
        text_str(t, " (");
        text_str(t, exchange ? exchange : "exchange");
        text_str(t, ", time ");
        text_u64(t, e->number);
        text_char(t, ')');
    } else if (e->id == SHRIKE_EVENT_IKE_REKEYED || e->id == SHRIKE_EVENT_CHILD_REKEYED) {
        text_str(t, ", it was [");
        text_u64(t, e->number);
        text_char(t, ']');
    } else if (e->address.family) {
        text_str(t, ": ");
        text_addr(t, e->address.octets, e->address.family);
    } else if (e->number) {
        text_str(t, " (");
        text_u64(t, e->number);
        text_char(t, ')');
    }
}

void render_event(struct text *t, const struct shrike_event *e, const struct shrike_conf *conf)
{
    render_whom(t, e);
    text_str(t, shrike_event_text(e->id));
    render_details(t, e);
    if (e->reason.code != SHRIKE_REASON_NONE)
        render_refusal(t, e, conf);
}
