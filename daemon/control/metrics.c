/* Metrics: see metrics.h. */
#include "control/metrics.h"
#include "control/control.h"
#include <stdlib.h>

static const enum role asked[] = {ROLE_PARENT, ROLE_NET, ROLE_ESP, ROLE_KEYS, ROLE_CERTS, ROLE_EAP};

static int by_reqid(const void *a, const void *b)
{
    const struct mail_carried *x = a, *y = b;
    return (x->reqid > y->reqid) - (x->reqid < y->reqid);
}

/* Both formats of the page; without memory there is none. */
static void give(struct control *c)
{
    struct metrics *m = &c->metrics;
    const struct config *config = c->model.merged;
    const struct exposition e = {.version = SHRIKE_VERSION,
                                 .plane = seat_program(c->seat, ROLE_ESP),
                                 .conf = config ? &config->conf : NULL,
                                 .of = m->of,
                                 .answered = m->answered,
                                 .traffic = m->traffic,
                                 .traffic_count = m->traffic_count,
                                 .counts = &m->counts,
                                 .log_silent = c->log.left_out,
                                 .scrapes = m->scrapes};
    char *text[HTTP_FORMATS];
    size_t len[HTTP_FORMATS];
    const size_t max = exposition_max(&e);
    for (unsigned i = 0; i < HTTP_FORMATS; i++) {
        struct text t = {0};
        text[i] = malloc(max);
        if (text[i]) {
            t = text_of(text[i], max);
            exposition_write(&t, &e, i == HTTP_OPENMETRICS);
        }
        len[i] = t.cut ? 0 : t.len;
    }
    http_give(m->http, text, len);
}

static void finish(struct control *c)
{
    struct metrics *m = &c->metrics;
    loop_disarm(c->seat->loop, &m->alarm);
    m->reference = 0;
    qsort(m->traffic, m->traffic_count, sizeof m->traffic[0], by_reqid);
    if (m->http)
        give(c);
}

static void look(struct control *c)
{
    struct metrics *m = &c->metrics;
    if (m->reference && !m->waits && !m->traffic_waits)
        finish(c);
}

static void ring(void *ctx)
{
    struct control *c = ctx;
    if (c->metrics.reference)
        finish(c);
}

static void wanted(void *ctx)
{
    struct control *c = ctx;
    struct metrics *m = &c->metrics;
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    m->reference = control_reference(c, REFERENCE_METRICS);
    m->waits = m->answered = m->traffic_count = 0;
    m->scrapes++;
    for (unsigned r = 0; r < ROLE_COUNT; r++)
        m->of[r].count = 0;
    write_u32(&w, m->reference);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        if (seat_send(c->seat, asked[i], MAIL_STATS, written_bytes(&w)))
            m->waits |= 1u << asked[i];
    m->traffic_waits = m->traffic && seat_send(c->seat, ROLE_ESP, MAIL_TRAFFIC, written_bytes(&w));
    shrike_time wait = m->waits || m->traffic_waits ? METRICS_WAIT : 0;
    loop_alarm(c->seat->loop, &m->alarm, loop_now(c->seat->loop) + wait);
}

bool metrics_got_stats(struct control *c, enum role from, const struct mail *m)
{
    struct metrics *all = &c->metrics;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (control_reference_kind(reference) != REFERENCE_METRICS)
        return false;
    if (reference != all->reference || !(all->waits & 1u << from))
        return true; /* too late */
    if (!stats_read(&r, &all->of[from])) {
        all->of[from].count = 0;
        return false;
    }
    all->waits &= ~(1u << from);
    all->answered |= 1u << from;
    look(c);
    return true;
}

bool metrics_got_traffic(struct control *c, const struct mail *m)
{
    struct metrics *all = &c->metrics;
    struct reader r = reader_of(m->body);
    const bool ours = read_u32(&r) == all->reference && all->traffic_waits;
    const u8 last = read_u8(&r);
    const u16 n = read_u16(&r);
    if (r.bad || last > 1 || n > MAIL_TRAFFIC_MAX)
        return false;
    for (u16 i = 0; i < n; i++) {
        struct mail_carried one;
        if (!carried_read(&r, &one))
            return false;
        if (ours && all->traffic_count < METRICS_TRAFFIC_MAX)
            all->traffic[all->traffic_count++] = one;
    }
    if (!read_ended(&r))
        return false;
    if (ours && last) {
        all->traffic_waits = false;
        look(c);
    }
    return true;
}

void metrics_gone(struct control *c, enum role r)
{
    c->metrics.waits &= ~(1u << r);
    if (r == ROLE_ESP)
        c->metrics.traffic_waits = false;
    look(c);
}

void metrics_event(struct control *c, const struct shrike_event *e)
{
    metrics_count(&c->metrics.counts, e);
}

void metrics_listen(struct control *c, int fd)
{
    struct metrics *m = &c->metrics;
    const char *why;
    http_close(m->http);
    m->http = NULL;
    if (fd < 0)
        return;
    if (!m->traffic)
        m->traffic = calloc(METRICS_TRAFFIC_MAX, sizeof m->traffic[0]);
    m->http = http_open(c->seat->loop, fd, wanted, c, &why);
    if (!m->http)
        control_say(c, SHRIKE_WARNING, "metrics are not served: %s", why);
}

void metrics_open(struct control *c)
{
    c->metrics.alarm = (struct alarm){.ring = ring, .ctx = c};
}

void metrics_close(struct control *c)
{
    struct metrics *m = &c->metrics;
    http_close(m->http);
    m->http = NULL;
    loop_disarm(c->seat->loop, &m->alarm);
    free(m->traffic);
    m->traffic = NULL;
}
