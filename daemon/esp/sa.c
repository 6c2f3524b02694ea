/* One SA of the data plane: made, matched and counted. */
#include "esp/sa.h"
#include "base/ct.h"
#include <stdlib.h>

#define SPI_RESERVED 255 /* RFC 4303 2.1 */

static bool spec_right(const struct esp_sa_spec *s)
{
    return (s->trap ? !s->inbound : s->spi > SPI_RESERVED) && s->local_ts_count > 0 &&
           s->local_ts_count <= SHRIKE_TS_MAX && s->remote_ts_count > 0 &&
           s->remote_ts_count <= SHRIKE_TS_MAX;
}

static struct bytes copy(u8 *to, struct bytes from)
{
    if (from.len)
        memcpy(to, from.at, from.len);
    return bytes_of(to, from.len);
}

/* A program that takes over makes the cipher again. */
static void keep_keys(struct esp_sa *sa, const struct esp_sa_spec *s, u8 *at)
{
    sa->made = s->cipher;
    sa->made.sealing = !s->inbound;
    sa->made.encr_key = copy(at, s->cipher.encr_key);
    sa->made.integ_key = copy(at + s->cipher.encr_key.len, s->cipher.integ_key);
}

struct esp_sa *esp_sa_new(const struct esp_sa_spec *s)
{
    if (!spec_right(s))
        return NULL;
    size_t local = s->local_ts_count * sizeof(struct shrike_ts);
    size_t remote = s->remote_ts_count * sizeof(struct shrike_ts);
    size_t window = s->inbound ? replay_size(s->replay_window) : 0;
    size_t keys = s->cipher.encr_key.len + s->cipher.integ_key.len;
    struct esp_sa *sa = calloc(1, sizeof(*sa) + window + local + remote + keys);
    if (!sa)
        return NULL;
    struct shrike_ts *ts = (struct shrike_ts *)((u8 *)(sa + 1) + window);
    memcpy(ts, s->local_ts, local);
    memcpy(ts + s->local_ts_count, s->remote_ts, remote);
    sa->local_ts = ts;
    sa->remote_ts = ts + s->local_ts_count;
    sa->local_ts_count = s->local_ts_count;
    sa->remote_ts_count = s->remote_ts_count;
    sa->spi = s->spi;
    sa->child_serial = s->child_serial;
    sa->reqid = s->reqid;
    sa->local = s->local;
    sa->remote = s->remote;
    sa->encap = s->encap;
    sa->esn = s->cipher.esn;
    sa->inbound = s->inbound;
    sa->heralds = s->inbound && s->later;
    sa->heard_every = s->inbound ? s->heard_every : 0;
    sa->tfc_padding = s->inbound ? 0 : s->tfc_padding;
    sa->later = !s->inbound && s->later;
    sa->limits = s->limits;
    sa->outer = s->outer;
    if (s->inbound) {
        sa->replay = (struct replay *)(sa + 1);
        replay_init(sa->replay, s->replay_window, sa->esn);
    }
    if (s->trap)
        return sa;
    keep_keys(sa, s, (u8 *)(ts + s->local_ts_count + s->remote_ts_count));
    sa->cipher = cipher_new(&sa->made);
    if (sa->cipher)
        return sa;
    esp_sa_free(sa);
    return NULL;
}

void esp_sa_free(struct esp_sa *sa)
{
    cipher_free(sa->cipher);
    if (sa->made.encr_key.at) /* the other key lies behind it */
        wipe((void *)(uintptr_t)sa->made.encr_key.at,
             sa->made.encr_key.len + sa->made.integ_key.len);
    free(sa);
}

static bool port_within(const struct shrike_ts *ts, const struct inner *p, u16 port)
{
    bool opaque = ts->port_from == UINT16_MAX && ts->port_to == 0; /* RFC 7296 3.13.1 */
    /* RFC 4301 4.4.1.1: ANY includes OPAQUE. 7.2, RFC 7296 3.10.1: later fragments go nowhere else,
     * for NON_FIRST_FRAGMENTS_ALSO is neither offered nor agreed to. */
    if (ts->port_from == 0 && ts->port_to == UINT16_MAX)
        return true;
    if (p->ports != PORTS_KNOWN)
        return opaque;
    return port >= ts->port_from && port <= ts->port_to;
}

static bool ts_takes(const struct shrike_ts *ts, const struct inner *p, const u8 *addr, u16 port)
{
    size_t octets = p->family == 4 ? 4 : 16;
    return ts->family == p->family && (ts->protocol == 0 || ts->protocol == p->protocol) &&
           memcmp(addr, ts->from, octets) >= 0 && memcmp(addr, ts->to, octets) <= 0 &&
           port_within(ts, p, port);
}

static bool list_takes(const struct shrike_ts *ts, u16 count, const struct inner *p, bool src)
{
    for (u16 i = 0; i < count; i++)
        if (ts_takes(&ts[i], p, src ? p->src : p->dst, src ? p->src_port : p->dst_port))
            return true;
    return false;
}

bool esp_sa_takes(const struct esp_sa *sa, const struct inner *p)
{
    return list_takes(sa->remote_ts, sa->remote_ts_count, p, sa->inbound) &&
           list_takes(sa->local_ts, sa->local_ts_count, p, !sa->inbound);
}

u64 esp_sa_next_seq(struct esp_sa *sa)
{
    if (sa->seq >= (sa->esn ? UINT64_MAX : UINT32_MAX))
        return 0;
    return ++sa->seq;
}

static bool over(u64 limit, u64 count)
{
    return limit != 0 && count > limit;
}

enum esp_life esp_sa_account(struct esp_sa *sa, size_t octets)
{
    u64 bytes_now = atomic_load_explicit(&sa->bytes, memory_order_relaxed) + octets;
    u64 packets_now = atomic_load_explicit(&sa->packets, memory_order_relaxed) + 1;
    const struct esp_limits *l = &sa->limits;
    if (over(l->bytes_hard, bytes_now) || over(l->packets_hard, packets_now))
        return LIFE_HARD;
    atomic_store_explicit(&sa->bytes, bytes_now, memory_order_relaxed);
    atomic_store_explicit(&sa->packets, packets_now, memory_order_relaxed);
    if (sa->soft_told || !(over(l->bytes_soft, bytes_now) || over(l->packets_soft, packets_now)))
        return LIFE_GOES_ON;
    sa->soft_told = true;
    return LIFE_SOFT;
}
