/* Metrics as text: see exposition.h. */
#include "control/exposition.h"
#include "shrike/shrike.h"
#include <stdio.h>
#include <stdlib.h>

#define LABEL_MAX 1024       /* characters of a name, whatever it is made of */
#define OTHER     "other"    /* connection and child of what has no row of its own */
#define FIXED_MAX (1u << 18) /* octets of all that is not rows of children */

enum metric {
#define METRIC(id, name, type, labels, help) METRIC_##id,
#include "control/metrics.def"
#undef METRIC
};
enum metric_type { COUNTER, GAUGE, HISTOGRAM };

static const struct {
    const char *name;
    enum metric_type type;
    const char *help;
} metrics[] = {
#define METRIC(id, name, type, labels, help) {name, type, help},
#include "control/metrics.def"
#undef METRIC
};

/* Where the text goes, and in which of the two formats. */
struct out {
    struct text *t;
    const struct exposition *e;
    bool openmetrics;
};

/* ---- events ---- */

void metrics_count(struct metrics_counts *c, const struct shrike_event *e)
{
    static const u8 what[SHRIKE_EVENT_COUNT] = {
        [SHRIKE_EVENT_IKE_FAILED] = 1 + WHAT_IKE,
        [SHRIKE_EVENT_CHILD_FAILED] = 1 + WHAT_CHILD,
        [SHRIKE_EVENT_REKEY_FAILED] = 1 + WHAT_REKEY,
        [SHRIKE_EVENT_IKE_MOVE_FAILED] = 1 + WHAT_MOVE,
        [SHRIKE_EVENT_MESSAGE_REFUSED] = 1 + WHAT_MESSAGE,
        [SHRIKE_EVENT_STRANGER_REFUSED] = 1 + WHAT_STRANGER,
        [SHRIKE_EVENT_IKE_DOWN] = 1 + WHAT_IKE_CLOSED,
        [SHRIKE_EVENT_CHILD_DOWN] = 1 + WHAT_CHILD_CLOSED,
    };
    if (e->id >= SHRIKE_EVENT_COUNT || e->reason.code >= SHRIKE_REASON_COUNT)
        return;
    c->events[e->id]++;
    if (what[e->id])
        c->reasons[what[e->id] - 1][e->reason.code][e->reason.theirs]++;
}

/* ---- lines ---- */

/* The type and the meaning. A counter's name ends with _total in samples; that of its family does
 * in the older format only. */
static void head(struct out *o, enum metric m)
{
    static const char *const types[] = {
        [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    static const char total[] = "_total";
    char name[64];
    snprintf(name, sizeof name, "%s", metrics[m].name);
    if (o->openmetrics && metrics[m].type == COUNTER)
        name[strlen(name) - strlen(total)] = 0;
    text_str(o->t, "# HELP ");
    text_str(o->t, name);
    text_char(o->t, ' ');
    text_str(o->t, metrics[m].help);
    text_str(o->t, "\n# TYPE ");
    text_str(o->t, name);
    text_char(o->t, ' ');
    text_str(o->t, types[metrics[m].type]);
    text_char(o->t, '\n');
}

static void label(struct out *o, const char *name, const char *value)
{
    char safe[LABEL_MAX];
    struct text s = text_of(safe, sizeof safe);
    text_safe(&s, bytes_of(value, strlen(value)));
    text_str(o->t, name);
    text_str(o->t, "=\"");
    for (const char *c = safe; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_char(o->t, '\\');
        text_char(o->t, *c);
    }
    text_char(o->t, '"');
}

static void value(struct out *o, u64 v)
{
    text_char(o->t, ' ');
    text_u64(o->t, v);
    text_char(o->t, '\n');
}

static void seconds(struct out *o, u64 us)
{
    char text[32];
    snprintf(text, sizeof text, " %llu.%06u\n", (unsigned long long)(us / 1000000),
             (unsigned)(us % 1000000));
    text_str(o->t, text);
}

/* One without labels. */
static void plain(struct out *o, enum metric m, u64 v)
{
    head(o, m);
    text_str(o->t, metrics[m].name);
    value(o, v);
}

/* The beginning of a sample, up to its value. */
static void labelled(struct out *o, enum metric m, const char *name, const char *text)
{
    text_str(o->t, metrics[m].name);
    text_char(o->t, '{');
    label(o, name, text);
    text_char(o->t, '}');
}

/* ---- numbers of roles ---- */

static bool find(const struct out *o, enum role r, const char *name, u64 *v)
{
    const struct mail_stats *m = &o->e->of[r];
    for (u16 i = 0; i < m->count; i++)
        if (strcmp(m->stats[i].name, name) == 0) {
            *v = m->stats[i].value;
            return true;
        }
    return false;
}

static u64 number(const struct out *o, enum role r, const char *name)
{
    u64 v = 0;
    (void)find(o, r, name, &v);
    return v;
}

/* Of a role that has answered; without, there is no sample. */
static void of_role(struct out *o, enum metric m, enum role r, const char *name)
{
    u64 v;
    head(o, m);
    if (!find(o, r, name, &v))
        return;
    text_str(o->t, metrics[m].name);
    value(o, v);
}

static const char *name_of(const struct out *o, enum role r)
{
    return role_name(r == ROLE_ESP && o->e->plane == ROLE_XFRM ? ROLE_XFRM : r);
}

static void processes(struct out *o, enum metric m, const char *what, bool is_time)
{
    head(o, m);
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++) {
        char name[32];
        u64 v;
        snprintf(name, sizeof name, "%s_%s", name_of(o, r), what);
        if (!find(o, ROLE_PARENT, name, &v))
            continue;
        labelled(o, m, "role", name_of(o, r));
        if (is_time)
            seconds(o, v);
        else
            value(o, v);
    }
}

static void roles(struct out *o)
{
    head(o, METRIC_BUILD);
    labelled(o, METRIC_BUILD, "version", o->e->version);
    value(o, 1);
    head(o, METRIC_ROLE_UP);
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++) {
        labelled(o, METRIC_ROLE_UP, "role", name_of(o, r));
        value(o, r == ROLE_CONTROL || o->e->answered & 1u << r);
    }
    processes(o, METRIC_STARTED, "started_us", true);
    processes(o, METRIC_CPU, "cpu_us", true);
    processes(o, METRIC_MEMORY, "rss", false);
}

/* ---- tunnels ---- */

static int by_reqid(const void *a, const void *b)
{
    const struct mail_carried *x = a, *y = b;
    return (x->reqid > y->reqid) - (x->reqid < y->reqid);
}

static struct mail_carried traffic_of(const struct exposition *e, u32 reqid)
{
    const struct mail_carried key = {.reqid = reqid}, *found = NULL;
    if (reqid && e->traffic_count)
        found = bsearch(&key, e->traffic, e->traffic_count, sizeof key, by_reqid);
    return found ? *found : key;
}

static void states(struct out *o)
{
    enum { UP, DOWN, TRAP, IDLE };
    static const char *const names[] = {
        [UP] = "up", [DOWN] = "down", [TRAP] = "trap", [IDLE] = "idle"};
    const struct shrike_conf *conf = o->e->conf;
    u64 counts[ARRAY_LEN(names)] = {0};
    for (u32 i = 0; conf && i < conf->conn_count; i++)
        for (u16 k = 0; k < conf->conns[i].child_count; k++) {
            const struct shrike_child_conf *c = &conf->conns[i].children[k];
            const bool is_up = traffic_of(o->e, c->reqid).children > 0;
            counts[is_up                          ? UP
                   : c->start & SHRIKE_START_NOW  ? DOWN
                   : c->start & SHRIKE_START_TRAP ? TRAP
                                                  : IDLE]++;
        }
    head(o, METRIC_TUNNELS);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        labelled(o, METRIC_TUNNELS, "state", names[i]);
        value(o, counts[i]);
    }
}

static u64 field(const struct mail_carried *t, enum metric m)
{
    return m == METRIC_TUNNEL_SAS         ? t->children
           : m == METRIC_RECEIVED         ? t->bytes_in
           : m == METRIC_SENT             ? t->bytes_out
           : m == METRIC_RECEIVED_PACKETS ? t->packets_in
                                          : t->packets_out;
}

static void row(struct out *o, enum metric m, const char *const names[2], u64 v)
{
    text_str(o->t, metrics[m].name);
    text_char(o->t, '{');
    label(o, "connection", names[0]);
    text_char(o->t, ',');
    label(o, "child", names[1]);
    text_char(o->t, '}');
    value(o, v);
}

/* One metric of each child that has a row. What all have carried, less what these have, is that of
 * the others. Returns how many children have none. */
static u32 rows(struct out *o, enum metric m)
{
    static const char *const other[2] = {OTHER, OTHER};
    const struct shrike_conf *conf = o->e->conf;
    u64 left = 0;
    u32 n = 0;
    head(o, m);
    for (u32 i = 0; i < o->e->traffic_count; i++)
        left += field(&o->e->traffic[i], m);
    for (u32 i = 0; conf && i < conf->conn_count; i++)
        for (u16 k = 0; k < conf->conns[i].child_count; k++) {
            const struct shrike_child_conf *c = &conf->conns[i].children[k];
            const char *const names[2] = {conf->conns[i].name, c->name};
            const struct mail_carried t = traffic_of(o->e, c->reqid);
            if (n++ >= METRICS_CHILDREN_MAX)
                continue;
            left -= field(&t, m);
            row(o, m, names, field(&t, m));
        }
    if (n > METRICS_CHILDREN_MAX || left)
        row(o, m, other, left);
    return n > METRICS_CHILDREN_MAX ? n - METRICS_CHILDREN_MAX : 0;
}

static void tunnels(struct out *o)
{
    u32 omitted;
    plain(o, METRIC_CONNECTIONS, o->e->conf ? o->e->conf->conn_count : 0);
    states(o);
    of_role(o, METRIC_IKE_SAS, ROLE_NET, "ike_sas");
    of_role(o, METRIC_HALF_OPEN, ROLE_NET, "half_open");
    of_role(o, METRIC_HANDSHAKES, ROLE_NET, "handshakes");
    of_role(o, METRIC_CHILD_SAS, ROLE_NET, "child_sas");
    omitted = rows(o, METRIC_TUNNEL_SAS);
    (void)rows(o, METRIC_RECEIVED);
    (void)rows(o, METRIC_SENT);
    (void)rows(o, METRIC_RECEIVED_PACKETS);
    (void)rows(o, METRIC_SENT_PACKETS);
    plain(o, METRIC_OMITTED, omitted);
}

/* ---- what happened ---- */

static void reasons_of(struct out *o, enum metric m, enum metrics_what what, const char *name)
{
    static const char *const by[2] = {"us", "peer"};
    for (unsigned r = 0; r < SHRIKE_REASON_COUNT; r++) {
        const u64 *n = o->e->counts->reasons[what][r];
        for (unsigned i = 0; i < 2; i++) {
            const u64 v = m == METRIC_CLOSED ? n[0] + n[1] : n[i];
            if (!v || (m == METRIC_CLOSED && i))
                continue;
            text_str(o->t, metrics[m].name);
            text_char(o->t, '{');
            label(o, "what", name);
            text_char(o->t, ',');
            label(o, "reason", shrike_reason_name((enum shrike_reason_code)r));
            if (m == METRIC_FAILURES) {
                text_char(o->t, ',');
                label(o, "by", by[i]);
            }
            text_char(o->t, '}');
            value(o, v);
        }
    }
}

static void happened(struct out *o)
{
    static const char *const failed[] = {
        [WHAT_IKE] = "ike",   [WHAT_CHILD] = "child",     [WHAT_REKEY] = "rekey",
        [WHAT_MOVE] = "move", [WHAT_MESSAGE] = "message", [WHAT_STRANGER] = "stranger"};
    head(o, METRIC_FAILURES);
    for (unsigned i = 0; i < ARRAY_LEN(failed); i++)
        reasons_of(o, METRIC_FAILURES, (enum metrics_what)i, failed[i]);
    head(o, METRIC_CLOSED);
    reasons_of(o, METRIC_CLOSED, WHAT_IKE_CLOSED, "ike");
    reasons_of(o, METRIC_CLOSED, WHAT_CHILD_CLOSED, "child");
    head(o, METRIC_EVENTS);
    for (unsigned i = 1; i < SHRIKE_EVENT_COUNT; i++) {
        labelled(o, METRIC_EVENTS, "event", shrike_event_name((enum shrike_event_id)i));
        value(o, o->e->counts->events[i]);
    }
    of_role(o, METRIC_EVENTS_LOST, ROLE_NET, "events_lost");
}

/* ---- how long it took ---- */

static void bucket(struct out *o, const char *kind, const char *le, u64 v)
{
    text_str(o->t, metrics[METRIC_LATENCY].name);
    text_str(o->t, "_bucket{");
    label(o, "exchange", kind);
    text_char(o->t, ',');
    label(o, "le", le);
    text_char(o->t, '}');
    value(o, v);
}

static void latency(struct out *o, const char *kind)
{
    char name[32], le[32];
    u64 sum = 0;
    for (unsigned i = 0; i <= SHRIKE_LATENCY_BOUNDS; i++) {
        snprintf(name, sizeof name, "%s_%u", kind, i);
        sum += number(o, ROLE_NET, name);
        if (i < SHRIKE_LATENCY_BOUNDS) {
            const shrike_time us = shrike_latency_bounds[i];
            snprintf(le, sizeof le, "%u.%03u", (unsigned)(us / SHRIKE_SECOND),
                     (unsigned)(us / SHRIKE_MS % 1000));
        } else {
            snprintf(le, sizeof le, "+Inf");
        }
        bucket(o, kind, le, sum);
    }
    snprintf(name, sizeof name, "%s_us", kind);
    text_str(o->t, metrics[METRIC_LATENCY].name);
    text_str(o->t, "_sum{");
    label(o, "exchange", kind);
    text_char(o->t, '}');
    seconds(o, number(o, ROLE_NET, name));
    text_str(o->t, metrics[METRIC_LATENCY].name);
    text_str(o->t, "_count{");
    label(o, "exchange", kind);
    text_char(o->t, '}');
    value(o, sum);
}

/* ---- the rest ---- */

static void messages(struct out *o)
{
    static const char *const kinds[] = {"handshake", "child", "child_rekey", "ike_rekey"};
    head(o, METRIC_LATENCY);
    for (size_t i = 0; o->e->answered & 1u << ROLE_NET && i < ARRAY_LEN(kinds); i++)
        latency(o, kinds[i]);
    of_role(o, METRIC_MESSAGES_IN, ROLE_NET, "messages_in");
    of_role(o, METRIC_MESSAGES_OUT, ROLE_NET, "messages_out");
    of_role(o, METRIC_DROPPED, ROLE_NET, "messages_dropped");
    of_role(o, METRIC_REFUSED, ROLE_NET, "messages_refused");
    of_role(o, METRIC_RETRANSMITS, ROLE_NET, "retransmits");
    of_role(o, METRIC_REPLAYS, ROLE_NET, "replays");
    of_role(o, METRIC_COOKIES, ROLE_NET, "cookies");
    of_role(o, METRIC_ENGINE, ROLE_NET, "bytes_live");
    of_role(o, METRIC_LEASES, ROLE_NET, "leases");
}

/* Fates of packets stand between these two numbers of esp. */
static const char *const fates_from = "arrivals", *const fates_to = "mail_refused";

static void fates(struct out *o)
{
    const struct mail_stats *esp = &o->e->of[ROLE_ESP];
    bool inside = false;
    head(o, METRIC_ESP_FATE);
    for (u16 i = 0; i < esp->count; i++) {
        const char *name = esp->stats[i].name;
        inside = inside && strcmp(name, fates_to) != 0;
        if (inside) {
            labelled(o, METRIC_ESP_FATE, "fate", name);
            value(o, esp->stats[i].value);
        }
        inside = inside || strcmp(name, fates_from) == 0;
    }
}

static void data_plane(struct out *o)
{
    static const char *const results[][2] = {{"proved", "proved"},      {"checked", "checked"},
                                             {"wrong", "wrong_proofs"}, {"no_secret", "no_secret"},
                                             {"no_key", "no_key"},      {"failed", "failed"}};
    static const char *const signatures[][2] = {{"good", "checked"}, {"refused", "refused"}};
    u64 v;
    head(o, METRIC_PROOFS);
    for (size_t i = 0; i < ARRAY_LEN(results); i++)
        if (find(o, ROLE_KEYS, results[i][1], &v)) {
            labelled(o, METRIC_PROOFS, "result", results[i][0]);
            value(o, v);
        }
    head(o, METRIC_SIGNATURES);
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
        if (find(o, ROLE_CERTS, signatures[i][1], &v)) {
            labelled(o, METRIC_SIGNATURES, "result", signatures[i][0]);
            value(o, v);
        }
    of_role(o, METRIC_ESP_IN, ROLE_ESP, "arrivals");
    of_role(o, METRIC_ESP_SENDS, ROLE_ESP, "sends");
    fates(o);
}

size_t exposition_max(const struct exposition *e)
{
    enum { METRICS_OF_ROW = 5, FRAME = 128 };
    size_t n = 0, octets = FIXED_MAX;
    for (u32 i = 0; e->conf && i < e->conf->conn_count; i++)
        for (u16 k = 0; k < e->conf->conns[i].child_count && n < METRICS_CHILDREN_MAX; k++, n++) {
            /* \xNN, its backslash doubled */
            const size_t names =
                strlen(e->conf->conns[i].name) + strlen(e->conf->conns[i].children[k].name);
            octets += METRICS_OF_ROW * (FRAME + 5 * names);
        }
    return octets;
}

void exposition_write(struct text *t, const struct exposition *e, bool openmetrics)
{
    struct out o = {t, e, openmetrics};
    roles(&o);
    tunnels(&o);
    happened(&o);
    messages(&o);
    data_plane(&o);
    plain(&o, METRIC_LOG_SILENT, e->log_silent);
    plain(&o, METRIC_SCRAPES, e->scrapes);
    if (openmetrics)
        text_str(t, "# EOF\n");
}
