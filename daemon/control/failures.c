/* The last failures: see failures.h. */
#include "control/failures.h"
#include "control/advice.h"
#include "control/commands.h"
#include "control/control.h"
#include "control/render.h"
#include "wire/codes.h"
#include "wire/print.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TOLD_MAX    16384 /* octets that are told of one failure: eight rows and some lines */
#define TEXT_MAX    1024
#define ALIKE_US    1000000 /* two events of one IKE SA within this time tell of one failure */
#define WAITING_MAX 64      /* connections that are told to be waiting, in one answer */

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

static bool is_failure(const struct shrike_event *e)
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

static enum failure_rank rank_of(const struct shrike_event *e)
{
    if (!e->stranger)
        return FAILURE_OURS;
    bool reached = e->reason.exchange == EXCHANGE_IKE_AUTH &&
                   e->reason.code != SHRIKE_REASON_HALF_OPEN_TIMEOUT;
    return reached ? FAILURE_STRANGER : FAILURE_FORGEABLE;
}

/* ---- what is told of it ---- */

static const char *decided_by(const struct shrike_reason *r)
{
    bool nobody = r->code == SHRIKE_REASON_TIMEOUT || r->code == SHRIKE_REASON_HALF_OPEN_TIMEOUT;
    return r->theirs ? "peer" : nobody ? "nobody" : "here";
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
    if (r->code == SHRIKE_REASON_TIMEOUT && r->detail)
        vici_put_u64(w, "octets", r->detail);
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

static void put_rule(struct vici_writer *w, struct shrike_origin rule)
{
    if (!rule.file)
        return;
    vici_put_text(w, "file", rule.file);
    if (rule.line)
        vici_put_u64(w, "line", rule.line);
}

static void put_causes(struct vici_writer *w, const struct shrike_event *e)
{
    struct advice_cause cause;
    unsigned at = 0;
    vici_begin(w, "causes");
    while (advice_next(e, &at, &cause))
        vici_put_text(w, cause.name, cause.text);
    vici_end(w);
}

/* What decided is the secret that was tried, and where it stands is known here alone. */
static struct shrike_origin rule_of(const struct control *c, const struct shrike_reason *r)
{
    struct shrike_origin secret = {0};
    if (r->code == SHRIKE_REASON_AUTH_MAC)
        secret = shared_origin(c, r->beside);
    return secret.file ? secret : r->origin;
}

static void put_failure(struct vici_writer *w, const struct shrike_event *e,
                        const struct control *c, const struct shrike_conf *conf)
{
    static struct compare both;
    char line[TEXT_MAX];
    struct text t = text_of(line, sizeof line);
    const struct shrike_reason *r = &e->reason;
    const struct shrike_conn *conn = render_conn(e, conf);
    const struct shrike_child_conf *child = render_child(e, conn);
    if (conf && r->code == SHRIKE_REASON_NO_CONNECTION)
        compare_addresses(&both, e, conf);
    else
        compare_event(&both, e, conn, child);
    vici_put_text(w, "reason", shrike_reason_name(r->code));
    render_what(&t, r);
    vici_put_text(w, "text", line);
    vici_put_text(w, "decided-by", decided_by(r));
    put_whom(w, e, conn ? conn->name : e->conn, child ? child->name : e->child_conf);
    put_compared(w, &both);
    put_rule(w, rule_of(c, r));
    vici_put_text(w, "remedy", render_remedy(r));
    t = text_of(line, sizeof line);
    advice_change(&t, e, conn, child, &both);
    if (t.len && !t.cut)
        vici_put_text(w, "change", line);
    put_causes(w, e);
}

/* ---- what is kept ---- */

static const u32 caps[FAILURE_RANKS] = {FAILURES_OURS, FAILURES_STRANGERS, FAILURES_FORGEABLE};

static bool same_value(const struct failure *a, const struct failure *b, const char *key)
{
    return bytes_equal(vici_value(bytes_of(a->message, a->len), key),
                       vici_value(bytes_of(b->message, b->len), key));
}

/* An IPv6 host has a /64 to itself. */
static bool same_address(const struct failure *a, const struct failure *b)
{
    return a->remote.family == b->remote.family &&
           memcmp(a->remote.octets, b->remote.octets, a->remote.family == 6 ? 8 : 4) == 0;
}

static bool is_alike(const struct failure *a, const struct failure *b)
{
    static const char *const keys[] = {"connection", "child",  "reason",
                                       "decided-by", "notify", "exchange"};
    bool alike = a->rank == b->rank && same_address(a, b);
    for (size_t i = 0; i < ARRAY_LEN(keys) && alike; i++)
        alike = same_value(a, b, keys[i]);
    return alike;
}

static void drop(struct failures *f, u32 i)
{
    free(f->at[i]->message);
    free(f->at[i]);
    f->count--;
    memmove(&f->at[i], &f->at[i + 1], (f->count - i) * sizeof f->at[0]);
}

/* Of its rank, and of its connection or address, only so many stay: the oldest goes. */
static void make_room(struct failures *f, const struct failure *one)
{
    const bool ours = one->rank == FAILURE_OURS;
    u32 of_rank = 0, of_whom = 0, oldest = 0, oldest_of_whom = 0;
    for (u32 i = 0; i < f->count; i++) {
        bool whom = ours ? same_value(f->at[i], one, "connection") : same_address(f->at[i], one);
        if (f->at[i]->rank != one->rank)
            continue;
        of_rank++;
        oldest = i;
        of_whom += whom;
        oldest_of_whom = whom ? i : oldest_of_whom;
    }
    if (of_whom >= (ours ? FAILURES_PER_CONN : FAILURES_PER_ADDRESS))
        drop(f, oldest_of_whom);
    else if (of_rank >= caps[one->rank])
        drop(f, oldest);
}

/* With its numbers and times in front. */
static bool told_of(const struct failure *f, u8 octets[TOLD_MAX + 256], struct bytes *message)
{
    struct vici_writer w = vici_writer_of(octets, TOLD_MAX + 256);
    vici_put_u64(&w, "number", f->number);
    vici_put_u64(&w, "count", f->count);
    vici_put_u64(&w, "first", f->first_us / 1000000);
    vici_put_u64(&w, "last", f->last_us / 1000000);
    write_bytes(&w.w, bytes_of(f->message, f->len));
    return vici_written(&w, message);
}

/* It takes the place of those that are alike, and their count. */
static void keep(struct failures *f, struct failure *one)
{
    one->number = ++f->number;
    for (u32 i = 0; i < f->count; i++) {
        const struct failure *old = f->at[i];
        if (!is_alike(old, one))
            continue;
        bool twice = one->ike && old->ike == one->ike && one->last_us - old->last_us < ALIKE_US;
        one->first_us = old->first_us;
        one->count = old->count + !twice;
        drop(f, i);
        break;
    }
    make_room(f, one);
    memmove(&f->at[1], &f->at[0], f->count * sizeof f->at[0]);
    f->at[0] = one;
    f->count++;
}

/* For those who want to hear of each. */
static void announce(struct control *c, const struct failure *f)
{
    static u8 octets[TOLD_MAX + 256];
    struct bytes message;
    if (vici_server_wanted(&c->clients.server, SERVED_FAILURE) && told_of(f, octets, &message))
        vici_server_event(&c->clients.server, SERVED_FAILURE, message);
}

static u64 clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
}

/* One with what was written, or nothing without memory. */
static struct failure *new_failure(const struct vici_writer *w)
{
    struct bytes message;
    if (!vici_written(w, &message))
        return NULL;
    struct failure *one = calloc(1, sizeof *one);
    u8 *copy = malloc(message.len);
    if (!one || !copy) {
        free(one);
        free(copy);
        return NULL;
    }
    memcpy(copy, message.at, message.len);
    *one = (struct failure){.count = 1, .message = copy, .len = message.len};
    one->first_us = one->last_us = clock_us();
    return one;
}

void failures_event(struct control *c, const struct shrike_event *e)
{
    static u8 octets[TOLD_MAX];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (!is_failure(e))
        return;
    const struct config *config = c->model.merged; /* none while others are being loaded */
    put_failure(&w, e, c, config ? &config->conf : NULL);
    struct failure *one = new_failure(&w);
    if (!one)
        return;
    one->ike = e->ike;
    one->rank = rank_of(e);
    one->remote.family = e->remote.family;
    memcpy(one->remote.octets, e->remote.octets, sizeof one->remote.octets);
    keep(&c->failures, one);
    announce(c, one);
}

bool failures_newest(const struct control *c, u32 after, const char *conn, struct text *t)
{
    const struct failures *f = &c->failures;
    for (u32 i = 0; i < f->count && f->at[i]->number > after; i++) {
        const struct bytes told = bytes_of(f->at[i]->message, f->at[i]->len);
        const struct bytes change = vici_value(told, "change"), remedy = vici_value(told, "remedy");
        if (!vici_value_is(told, "connection", conn))
            continue;
        text_safe(t, vici_value(told, "text"));
        text_str(t, change.len ? "; " : "");
        text_safe(t, change);
        text_str(t, remedy.len ? "; " : "");
        text_safe(t, remedy);
        return true;
    }
    return false;
}

/* ---- names ---- */

static bool has_name(const struct config_conn *beside, const char *name)
{
    for (u16 i = 0; i < beside->remote_name_count; i++)
        if (strcmp(beside->remote_names[i], name) == 0)
            return true;
    for (u16 i = 0; i < beside->local_name_count; i++)
        if (strcmp(beside->local_names[i], name) == 0)
            return true;
    return false;
}

void failures_name(struct control *c, const char *name, const char *why)
{
    u8 octets[4096];
    char line[TEXT_MAX];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    struct text t = text_of(line, sizeof line);
    const struct config *config = c->model.merged;
    const struct shrike_conn *conn = NULL;
    for (u32 i = 0; config && i < config->conf.conn_count && !conn; i++)
        if (has_name(&config->beside[i], name))
            conn = &config->conf.conns[i];
    if (!conn)
        return;
    text_str(&t, "no address is known for ");
    render_name(&t, name);
    text_str(&t, ": ");
    render_name(&t, why);
    vici_put_text(&w, "reason", "NO_ADDRESS");
    vici_put_text(&w, "text", line);
    vici_put_text(&w, "decided-by", "here");
    vici_put_text(&w, "connection", conn->name);
    put_rule(&w, conn->origin);
    vici_put_text(&w, "remedy", "is the name right, and does a name server answer?");
    struct failure *one = new_failure(&w);
    if (!one)
        return;
    keep(&c->failures, one);
    announce(c, one);
}

/* ---- what is asked ---- */

static bool is_of(const struct failure *f, struct bytes peer)
{
    static const char *const keys[] = {"connection", "child", "remote-host",
                                       "compared.identity there.there",
                                       "compared.identity there.here"};
    bool of = peer.len == 0;
    for (size_t i = 0; i < ARRAY_LEN(keys) && !of; i++)
        of = bytes_equal(vici_value(bytes_of(f->message, f->len), keys[i]), peer);
    return of;
}

static void stream(struct control *c, vici_ticket ticket, const struct failure *f)
{
    static u8 octets[TOLD_MAX + 256];
    struct bytes message;
    if (told_of(f, octets, &message))
        (void)vici_server_stream(&c->clients.server, ticket, SERVED_FAILURE, message);
}

/* Does nobody begin it here, neither we nor a packet? */
static bool waits(const struct shrike_conn *conn)
{
    bool begun = false;
    for (u16 i = 0; i < conn->child_count; i++)
        begun |= conn->children[i].start != SHRIKE_START_NONE;
    return !begun;
}

/* Connections that wait for the peer to begin, which is no failure. */
static void put_waiting(struct vici_writer *w, const struct shrike_conf *conf, struct bytes peer)
{
    u32 count = 0;
    vici_begin(w, "waiting");
    for (u32 i = 0; conf && i < conf->conn_count && count < WAITING_MAX; i++) {
        const struct shrike_conn *conn = &conf->conns[i];
        if ((peer.len && !bytes_equal(peer, bytes_of(conn->name, strlen(conn->name)))) ||
            !waits(conn))
            continue;
        count++;
        vici_begin(w, conn->name);
        put_rule(w, conn->child_count ? conn->children[0].origin : conn->origin);
        vici_end(w);
    }
    vici_end(w);
}

/* All that are kept fit into what may wait for a client. */
enum vici_reply failures_command(void *ctx, const struct vici_request *r, struct vici_writer *w)
{
    struct control *c = ctx;
    const struct config *config = control_config(c);
    const struct bytes peer = vici_value(r->message, "peer");
    for (u32 i = 0; i < c->failures.count; i++)
        if (is_of(c->failures.at[i], peer))
            stream(c, r->ticket, c->failures.at[i]);
    vici_put_text(w, "success", "yes");
    put_waiting(w, config ? &config->conf : NULL, peer);
    return VICI_REPLY_NOW;
}

void failures_close(struct control *c)
{
    while (c->failures.count)
        drop(&c->failures, c->failures.count - 1);
}
