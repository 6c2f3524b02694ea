/* One failure: see failure.h. */
#include "control/failure.h"
#include "control/advice.h"
#include "control/render.h"
#include "wire/codes.h"
#include "wire/print.h"
#include <stdio.h>

#define TEXT_MAX 1024

/* ---- what is a failure ---- */

/* What belongs to the ordinary course of things. */
static bool is_ordinary(const struct shrike_reason *r)
{
    static const u8 ordinary[] = {
        SHRIKE_REASON_NONE,        SHRIKE_REASON_COMMAND,    SHRIKE_REASON_REKEYED,
        SHRIKE_REASON_REKEY_LATER, SHRIKE_REASON_CHILD_GONE, SHRIKE_REASON_SA_CLOSING,
        SHRIKE_REASON_CROSSED,     SHRIKE_REASON_BUSY,       SHRIKE_REASON_NO_SUCH_SA};
    /* RFC 7296 1.2: another group is asked for, and comes. */
    bool is = r->code == SHRIKE_REASON_KE_GROUP && !r->theirs;
    for (size_t i = 0; i < sizeof ordinary; i++)
        is |= r->code == ordinary[i];
    return is;
}

/* With its IKE SA every Child SA goes; only what concerns the child alone is told of it. */
static bool is_childs_own(enum shrike_reason_code code)
{
    return code == SHRIKE_REASON_IDLE || code == SHRIKE_REASON_EXPIRED ||
           code == SHRIKE_REASON_KERNEL;
}

bool failure_is(const struct shrike_event *e)
{
    static const u8 tells[SHRIKE_EVENT_COUNT] = {
        [SHRIKE_EVENT_IKE_FAILED] = 1,       [SHRIKE_EVENT_IKE_DOWN] = 1,
        [SHRIKE_EVENT_IKE_MOVE_FAILED] = 1,  [SHRIKE_EVENT_CHILD_FAILED] = 1,
        [SHRIKE_EVENT_REKEY_FAILED] = 1,     [SHRIKE_EVENT_MESSAGE_REFUSED] = 1,
        [SHRIKE_EVENT_STRANGER_REFUSED] = 1, [SHRIKE_EVENT_ADDRESS_REFUSED] = 1};
    if (e->id == SHRIKE_EVENT_CHILD_DOWN)
        return is_childs_own(e->reason.code);
    return tells[e->id] && !is_ordinary(&e->reason);
}

enum failure_rank failure_rank(const struct shrike_event *e)
{
    if (!e->stranger)
        return FAILURE_OURS;
    bool reached = e->reason.exchange == EXCHANGE_IKE_AUTH &&
                   e->reason.code != SHRIKE_REASON_HALF_OPEN_TIMEOUT;
    return reached ? FAILURE_STRANGER : FAILURE_FORGEABLE;
}

/* ---- what is told of it ---- */

static bool is_silence(const struct shrike_reason *r)
{
    return r->code == SHRIKE_REASON_TIMEOUT || r->code == SHRIKE_REASON_HALF_OPEN_TIMEOUT;
}

static const char *decided_by(const struct shrike_reason *r)
{
    return r->theirs ? "peer" : is_silence(r) ? "nobody" : "here";
}

static void put_end(struct vici_writer *w, const char *side, const struct shrike_endpoint *end)
{
    char key[32], at[64];
    struct text t = text_of(at, sizeof at);
    if (!end->family)
        return;
    text_addr(&t, end->octets, end->family);
    snprintf(key, sizeof key, "%s-host", side);
    vici_put_text(w, key, at);
    snprintf(key, sizeof key, "%s-port", side);
    vici_put_u64(w, key, end->port);
}

static void put_whom(struct vici_writer *w, const struct shrike_event *e, const char *conn,
                     const char *child)
{
    const struct shrike_reason *r = &e->reason;
    if (conn)
        vici_put_text(w, "connection", conn);
    if (child)
        vici_put_text(w, "child", child);
    if (e->ike)
        vici_put_u64(w, "ikesa-uniqueid", e->ike);
    if (e->stranger)
        vici_put_text(w, "stranger", "yes");
    put_end(w, "local", &e->local);
    put_end(w, "remote", &e->remote);
    if (r->exchange && code_name(CODE_EXCHANGE, r->exchange))
        vici_put_text(w, "exchange", code_name(CODE_EXCHANGE, r->exchange));
    if (r->notify && code_name(CODE_NOTIFY, r->notify))
        vici_put_text(w, "notify", code_name(CODE_NOTIFY, r->notify));
    if (is_silence(r) && r->detail)
        vici_put_u64(w, "octets", r->detail);
    if (!r->parts_all)
        return;
    vici_put_u64(w, "fragments", r->parts);
    vici_put_u64(w, "fragments-all", r->parts_all);
}

static void put_compared(struct vici_writer *w, const struct compare *both)
{
    vici_begin(w, "compared");
    for (unsigned i = 0; i < both->count; i++) {
        const struct compare_row *row = &both->rows[i];
        vici_begin(w, row->what);
        vici_put_text(w, "here", row->here);
        if (row->there[0])
            vici_put_text(w, "there", row->there);
        vici_put_text(w, "differs", row->differs ? "yes" : "no");
        vici_end(w);
    }
    vici_end(w);
}

void failure_put_rule(struct vici_writer *w, struct shrike_origin rule)
{
    if (!rule.file)
        return;
    vici_put_text(w, "file", rule.file);
    if (rule.line)
        vici_put_u64(w, "line", rule.line);
}

static void put_causes(struct vici_writer *w, const struct shrike_event *e,
                       const struct shrike_conn *conn)
{
    struct advice_cause cause;
    unsigned at = 0;
    vici_begin(w, "causes");
    while (advice_next(e, conn, &at, &cause))
        vici_put_text(w, cause.name, cause.text);
    vici_end(w);
}

/* A connection that might have been meant, and cannot be used yet. */
static void put_left_out(struct text *t, const struct config *config)
{
    text_str(t, "connection ");
    render_name(t, config->left.name);
    if (config->left_out > 1) {
        text_str(t, ", one of ");
        text_u64(t, config->left_out);
        text_str(t, " like this,");
    }
    text_str(t, " is left out: ");
    render_name(t, config->left.why);
}

void failure_put(struct vici_writer *w, const struct shrike_event *e, const struct config *config,
                 struct shrike_origin secret)
{
    static struct compare both;
    const struct shrike_conf *conf = config ? &config->conf : NULL;
    const bool nobody = conf && e->reason.code == SHRIKE_REASON_NO_CONNECTION;
    const struct shrike_origin rule = nobody ? config->left.origin : secret;
    char line[TEXT_MAX];
    struct text t = text_of(line, sizeof line);
    const struct shrike_reason *r = &e->reason;
    const struct shrike_conn *conn = render_conn(e, conf);
    const struct shrike_child_conf *child = render_child(e, conn);
    if (nobody)
        compare_addresses(&both, e, conf);
    else
        compare_event(&both, e, conn, child);
    vici_put_text(w, "reason", shrike_reason_name(r->code));
    render_what(&t, r);
    vici_put_text(w, "text", line);
    vici_put_text(w, "decided-by", decided_by(r));
    put_whom(w, e, conn ? conn->name : e->conn, child ? child->name : e->child_conf);
    put_compared(w, &both);
    failure_put_rule(w, rule.file ? rule : r->origin);
    vici_put_text(w, "remedy", render_remedy(r));
    t = text_of(line, sizeof line);
    if (nobody && config->left.name)
        put_left_out(&t, config);
    else if (nobody)
        advice_address(&t, e, conf);
    advice_change(&t, e, conn, child, &both);
    if (t.len && !t.cut)
        vici_put_text(w, "change", line);
    put_causes(w, e, conn);
}

void failure_put_name(struct vici_writer *w, const struct shrike_conn *conn, const char *name,
                      const char *why)
{
    char line[TEXT_MAX];
    struct text t = text_of(line, sizeof line);
    text_str(&t, "no address is known for ");
    render_name(&t, name);
    text_str(&t, ": ");
    render_name(&t, why);
    vici_put_text(w, "reason", "NO_ADDRESS");
    vici_put_text(w, "text", line);
    vici_put_text(w, "decided-by", "here");
    vici_put_text(w, "connection", conn->name);
    failure_put_rule(w, conn->origin);
    vici_put_text(w, "remedy", "is the name right, and does a name server answer?");
}

bool failure_waits(const struct shrike_conn *conn)
{
    bool begun = false;
    for (u16 i = 0; i < conn->child_count; i++)
        begun |= conn->children[i].start != SHRIKE_START_NONE;
    return !begun;
}
