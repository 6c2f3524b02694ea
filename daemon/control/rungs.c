/* Messages of a ladder as elements of VICI: see rungs.h. */
#include "control/rungs.h"
#include "base/text.h"
#include "wire/codes.h"
#include <stdio.h>

static void put_payload(struct vici_writer *w, const struct shrike_rung_payload *p)
{
    char at[96];
    const char *type = code_name(CODE_PAYLOAD, p->type);
    const char *notify = p->type == PAYLOAD_NOTIFY ? code_name(CODE_NOTIFY, p->notify) : NULL;
    int n = type ? snprintf(at, sizeof at, "%s", type) : snprintf(at, sizeof at, "%u", p->type);
    if (notify)
        n = snprintf(at, sizeof at, "%s(%s)", type, notify);
    else if (p->type == PAYLOAD_NOTIFY)
        n = snprintf(at, sizeof at, "%s(%u)", type, p->notify);
    n += snprintf(at + n, sizeof at - (size_t)n, " %u", p->octets);
    vici_list_put(w, bytes_of(at, (size_t)n));
}

void rungs_put_end(struct vici_writer *w, const char *key, const struct shrike_endpoint *e)
{
    char at[64];
    struct text t = text_of(at, sizeof at);
    text_str(&t, e->family == 6 ? "[" : "");
    text_addr(&t, e->octets, e->family);
    text_str(&t, e->family == 6 ? "]:" : ":");
    text_u64(&t, e->port);
    vici_put_text(w, key, at);
}

void rungs_put_time(struct vici_writer *w, u64 us)
{
    char at[48];
    snprintf(at, sizeof at, "%llu.%06u", (unsigned long long)(us / 1000000),
             (unsigned)(us % 1000000));
    vici_put_text(w, "time", at);
}

void rungs_put(struct vici_writer *w, const struct shrike_rung *m, u64 us)
{
    const char *exchange = code_name(CODE_EXCHANGE, m->exchange);
    rungs_put_time(w, us);
    vici_put_text(w, "way", m->sent ? "out" : "in");
    if (exchange)
        vici_put_text(w, "exchange", exchange);
    vici_put_text(w, "kind", m->response ? "response" : "request");
    vici_put_u64(w, "id", m->message_id);
    if (m->again)
        vici_put_text(w, "again", "yes");
    vici_put_u64(w, "octets", m->octets);
    if (m->datagrams > 1)
        vici_put_u64(w, "fragments", m->datagrams);
    rungs_put_end(w, "local", &m->local);
    rungs_put_end(w, "remote", &m->remote);
    vici_list_begin(w, "payloads");
    for (unsigned i = 0; i < m->payloads && i < SHRIKE_RUNG_PAYLOADS; i++)
        put_payload(w, &m->of[i]);
    vici_list_end(w);
    if (m->payloads > SHRIKE_RUNG_PAYLOADS)
        vici_put_u64(w, "more-payloads", m->payloads - SHRIKE_RUNG_PAYLOADS);
}
