/* What a data plane may be asked for: see allowed.h. */
#include "rules/allowed.h"
#include "crypto/suite.h"
#include "sa/match.h"
#include "sa/narrow.h"

enum { SPI_MIN = 256, CPI_FIRST = 256 }; /* RFC 4303 2.1, RFC 3173 3.3: those below are reserved */

const char *refusal_words(enum refusal why)
{
    static const char *const words[REFUSAL_COUNT] = {
        [REFUSAL_NONE] = "allowed",
#define REFUSAL(name, text) [REFUSAL_##name] = (text),
#include "rules/refusal.def"
#undef REFUSAL
    };
    return words[why];
}

/* ---- addresses ---- */

bool allowed_host(const struct shrike_addr *a)
{
    const u8 *o = a->octets;
    if (a->family == 4)
        return o[0] != 0 && o[0] != 127 && o[0] < 224;
    return a->family == 6 && o[0] != 0 && o[0] != 0xff && !(o[0] == 0xfe && (o[1] & 0xc0) == 0x80);
}

static bool at_end(const struct shrike_addr *a, const struct shrike_endpoint *end)
{
    return a->family == end->family && memcmp(a->octets, end->octets, sizeof(a->octets)) == 0;
}

static bool same_address(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* What stands there for a name until it is resolved: no peer has it. */
static bool is_unresolved(const struct shrike_net *net)
{
    static const u8 nobody[16];
    return net->addr.family == 4 && net->prefix_bits == 32 &&
           memcmp(net->addr.octets, nobody, sizeof(nobody)) == 0;
}

static bool among(const struct shrike_endpoint *end, const struct shrike_net *nets, u16 count)
{
    for (u16 i = 0; i < count; i++) {
        if (is_unresolved(&nets[i]) || net_contains(&nets[i], end))
            return true;
    }
    return count == 0;
}

enum refusal allowed_ends(const struct shrike_conn *conn, const struct shrike_endpoint *local,
                          const struct shrike_endpoint *remote)
{
    bool anywhere = conn->mobike || conn->follow_redirects;
    if ((local->family != 4 && local->family != 6) || local->family != remote->family)
        return REFUSAL_ENDS;
    if (!among(local, conn->local_addrs, conn->local_addr_count))
        return REFUSAL_LOCAL_END;
    if (!anywhere && !fault(200) && !among(remote, conn->remote_addrs, conn->remote_addr_count))
        return REFUSAL_REMOTE_END;
    return REFUSAL_NONE;
}

static enum refusal judge_ends(const struct allowed_by *by, const struct allowed_before *before,
                               const struct shrike_install_op *op)
{
    if (before && same_address(&before->local, &op->local) &&
        same_address(&before->remote, &op->remote))
        return REFUSAL_NONE;
    return allowed_ends(by->conn, &op->local, &op->remote);
}

/* ---- selectors ---- */

/* One side of what is asked for. */
struct side {
    const struct shrike_ts *asked, *conf, *before;
    u16 asked_count, conf_count, before_count;
    bool local;
};

/* As libshrike writes them: a range of one family, nothing behind the octets of an address. */
static bool is_range(const struct shrike_ts *ts)
{
    static const u8 zero[16];
    size_t len = ts->family == 4 ? 4 : 16;
    return (ts->family == 4 || ts->family == 6) &&
           memcmp(ts->from + len, zero, sizeof(zero) - len) == 0 &&
           memcmp(ts->to + len, zero, sizeof(zero) - len) == 0 &&
           memcmp(ts->from, ts->to, len) <= 0;
}

static bool in_pools(const struct allowed_by *by, const struct shrike_addr *a)
{
    for (u16 i = 0; i < by->conn->pool_count; i++) {
        const char *name = by->conn->pools[i];
        /* Whom a server of RADIUS gives what, only net and the server know. */
        if (strcmp(name, LEASE_GIFT_POOL) == 0 && allowed_host(a))
            return true;
        for (u32 k = 0; k < by->pool_count; k++) {
            if (strcmp(by->pools[k].name, name) == 0 &&
                (lease_pool_holds(&by->pools[k], a) || fault(203)))
                return true;
        }
    }
    return false;
}

/* Which addresses a gateway gives us is its decision; of which families they are, is ours. */
static bool is_wished(const struct shrike_conn *conn, const struct shrike_addr *a)
{
    for (u16 i = 0; i < conn->vip_count; i++) {
        if (conn->vips[i].family == a->family)
            return allowed_host(a);
    }
    return false;
}

/* RFC 7296 2.19: may `dynamic` stand for this address? */
static bool is_dynamic(const struct allowed_by *by, const struct shrike_install_op *op, bool local,
                       const struct shrike_addr *a)
{
    if (at_end(a, local ? &op->local : &op->remote))
        return true;
    return local ? is_wished(by->conn, a) : in_pools(by, a);
}

/* The selector of the configuration, where it is dynamic with the address that is asked for. */
static struct shrike_ts at_address(const struct shrike_ts *conf, const struct shrike_ts *asked)
{
    struct shrike_ts ts = *conf;
    ts.family = asked->family;
    memcpy(ts.from, asked->from, sizeof(ts.from));
    memcpy(ts.to, asked->from, sizeof(ts.to));
    return ts;
}

static bool selects(const struct allowed_by *by, const struct shrike_install_op *op,
                    const struct side *s, const struct shrike_ts *ts)
{
    struct shrike_addr host = {.family = ts->family};
    memcpy(host.octets, ts->from, sizeof(host.octets));
    for (u16 i = 0; i < s->conf_count; i++) {
        bool dynamic = s->conf[i].family == 0;
        struct shrike_ts outer = dynamic ? at_address(&s->conf[i], ts) : s->conf[i];
        if (ts_contains(&outer, ts) && (!dynamic || is_dynamic(by, op, s->local, &host)))
            return true;
    }
    for (u16 i = 0; i < s->before_count; i++) {
        if (ts_contains(&s->before[i], ts))
            return true;
    }
    return false;
}

static bool all_selected(const struct allowed_by *by, const struct shrike_install_op *op,
                         const struct side *s)
{
    for (u16 i = 0; i < s->asked_count; i++) {
        if (!is_range(&s->asked[i]) || (!selects(by, op, s, &s->asked[i]) && !fault(180)))
            return false;
    }
    return s->asked_count > 0;
}

static enum refusal judge_selectors(const struct allowed_by *by,
                                    const struct allowed_before *before,
                                    const struct shrike_install_op *op)
{
    const struct allowed_before none = {.local_ts_count = 0};
    const struct allowed_before *b = before ? before : &none;
    const struct side here = {.asked = op->local_ts,
                              .conf = by->child->local_ts,
                              .before = b->local_ts,
                              .asked_count = op->local_ts_count,
                              .conf_count = by->child->local_ts_count,
                              .before_count = b->local_ts_count,
                              .local = true};
    const struct side there = {.asked = op->remote_ts,
                               .conf = by->child->remote_ts,
                               .before = b->remote_ts,
                               .asked_count = op->remote_ts_count,
                               .conf_count = by->child->remote_ts_count,
                               .before_count = b->remote_ts_count};
    if (!all_selected(by, op, &here))
        return REFUSAL_LOCAL_TS;
    return all_selected(by, op, &there) ? REFUSAL_NONE : REFUSAL_REMOTE_TS;
}

/* ---- algorithms ---- */

/* RFC 7296 3.3.2, 3.3.3: a type that is not there means the same as its transform 0. */
static bool has(const struct shrike_proposal *p, u8 type, u16 id, u16 key_bits)
{
    bool absent = true;
    for (u16 i = 0; i < p->transform_count; i++) {
        const struct shrike_transform *t = &p->transforms[i];
        if (t->type == type && t->id == id && t->key_bits == key_bits)
            return true;
        absent &= t->type != type;
    }
    return absent && id == 0;
}

static enum refusal judge_suite(const struct shrike_child_conf *child,
                                const struct shrike_install_op *op)
{
    for (u16 i = 0; i < child->proposal_count; i++) {
        const struct shrike_proposal *p = &child->proposals[i];
        if (p->protocol == op->protocol && has(p, TRANSFORM_ENCR, op->encr, op->encr_key_bits) &&
            has(p, TRANSFORM_INTEG, op->integ, 0) &&
            has(p, TRANSFORM_SN, op->esn ? SN_64 : SN_32, 0))
            return REFUSAL_NONE;
    }
    return fault(202) ? REFUSAL_NONE : REFUSAL_SUITE;
}

static enum refusal judge_keys(const struct shrike_install_op *op)
{
    const struct encr_suite *encr = suite_encr(op->encr, op->encr_key_bits);
    const struct integ_suite *integ = suite_integ(op->integ);
    const size_t encr_len = encr ? (size_t)encr->key_len + encr->salt_len : 0;
    const size_t integ_len = integ ? integ->key_len : 0;
    const struct shrike_sa_keys *both[] = {&op->in, &op->out};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        if (!fault(201) &&
            (both[i]->encr_key.len != encr_len || both[i]->integ_key.len != integ_len))
            return REFUSAL_KEYS;
        if (both[i]->spi < SPI_MIN)
            return REFUSAL_SPI;
    }
    return REFUSAL_NONE;
}

/* ---- the rest ---- */

static enum refusal judge_ipcomp(const struct shrike_child_conf *child,
                                 const struct shrike_install_op *op)
{
    if (!op->cpi_in && !op->cpi_out)
        return REFUSAL_NONE;
    return child->ipcomp && op->cpi_in >= CPI_FIRST && op->cpi_out >= CPI_FIRST ? REFUSAL_NONE
                                                                                : REFUSAL_IPCOMP;
}

/* What the configuration alone decides. */
static enum refusal judge_fixed(const struct shrike_child_conf *child,
                                const struct shrike_install_op *op)
{
    if (op->mode != child->mode || op->mode >= SHRIKE_PASS)
        return REFUSAL_MODE;
    if (op->reqid == 0 || (op->reqid != child->reqid && !fault(181)))
        return REFUSAL_REQID;
    if (op->encap && op->protocol == PROTOCOL_AH)
        return REFUSAL_ENCAP;
    if (op->tfc_padding != 0 && op->tfc_padding != child->tfc_padding) /* 0: the peer takes none */
        return REFUSAL_PADDING;
    if (op->replay_window != child->replay_window)
        return REFUSAL_WINDOW;
    if (memcmp(&op->life, &child->life, sizeof(op->life)) != 0)
        return REFUSAL_LIMITS;
    return judge_ipcomp(child, op);
}

enum refusal allowed_install(const struct allowed_by *by, const struct allowed_before *before,
                             const struct shrike_install_op *op)
{
    enum refusal why = judge_fixed(by->child, op);
    if (why == REFUSAL_NONE)
        why = judge_ends(by, before, op);
    if (why == REFUSAL_NONE)
        why = judge_selectors(by, before, op);
    if (why == REFUSAL_NONE)
        why = judge_suite(by->child, op);
    return why == REFUSAL_NONE ? judge_keys(op) : why;
}
