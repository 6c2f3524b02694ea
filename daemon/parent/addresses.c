/* Which of this host's own addresses speaks for a tunnel: see addresses.h. */
#include "parent/addresses.h"

struct search {
    const struct addresses_wish *wish;
    struct shrike_addr *out;
};

static u32 size_of(u8 family)
{
    return family == 4 ? 4 : 16;
}

/* 127.0.0.0/8, ::1, fe80::/10: nobody else can answer to them. */
static bool is_private_to_host(u8 family, const u8 *octets)
{
    static const u8 loopback[16] = {[15] = 1};
    if (family == 4)
        return octets[0] == 127;
    return memcmp(octets, loopback, 16) == 0 || (octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80);
}

bool addresses_fit(const struct addresses_wish *w, u8 family, const u8 *octets)
{
    if (is_private_to_host(family, octets))
        return false;
    for (u32 i = 0; i < w->count; i++) {
        const struct shrike_ts *ts = &w->ts[i];
        if (ts->family == family && memcmp(octets, ts->from, size_of(family)) >= 0 &&
            memcmp(octets, ts->to, size_of(family)) <= 0)
            return true;
    }
    return false;
}

static void look_at(struct search *s, const struct host_address *a)
{
    struct shrike_addr *out = &s->out[a->addr.family == 6];
    if (out->family == 0 && addresses_fit(s->wish, a->addr.family, a->addr.octets))
        *out = a->addr;
}

static void row(void *ctx, const struct nlmsghdr *h)
{
    struct host_address a;
    if (host_address_read(h, &a))
        look_at(ctx, &a);
}

void addresses_pick(struct netlink *n, const struct addresses_wish *w, struct shrike_addr out[2])
{
    struct search s = {w, out};
    union netmsg m;
    memset(out, 0, 2 * sizeof *out);
    netmsg_address_list(&m);
    netlink_list(n, &m, row, &s);
}

void addresses_choose(const struct host *h, const struct addresses_wish *w,
                      struct shrike_addr out[2])
{
    struct search s = {w, out};
    memset(out, 0, 2 * sizeof *out);
    for (u32 i = 0; i < h->count; i++)
        look_at(&s, &h->all[i]);
}
