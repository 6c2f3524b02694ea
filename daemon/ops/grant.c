/* What was granted, as octets: see grant.h. */
#include "ops/grant.h"
#include "ops/parts.h"

CARRIES(struct lease_gift, 17 * (LEASE_GIFT_ADDRESSES + LEASE_GIFT_DNS + 1) + 2);
CARRIES(struct mail_grant, 248);

static void write_list(struct writer *w, const struct shrike_addr *list, u8 count, unsigned most)
{
    write_choice(w, count, most + 1);
    for (u8 i = 0; i < count && !w->full; i++)
        write_addr(w, &list[i]);
}

static u8 read_list(struct reader *r, struct shrike_addr *list, unsigned most)
{
    u8 count = (u8)read_choice(r, most + 1);
    for (u8 i = 0; i < count; i++) {
        list[i] = read_addr(r);
        r->bad |= list[i].family == 0;
    }
    return count;
}

void grant_write(struct writer *w, const struct mail_grant *g)
{
    write_u8(w, GRANT_VERSION);
    write_u64(w, g->account);
    write_list(w, g->gift.addresses, g->gift.address_count, LEASE_GIFT_ADDRESSES);
    write_addr(w, &g->gift.netmask);
    write_list(w, g->gift.dns, g->gift.dns_count, LEASE_GIFT_DNS);
    write_slice(w, g->attributes);
}

bool grant_read(struct bytes octets, struct mail_grant *g)
{
    struct reader r = reader_of(octets);
    *g = (struct mail_grant){.account = 0};
    r.bad |= read_u8(&r) != GRANT_VERSION;
    g->account = read_u64(&r);
    g->gift.address_count = read_list(&r, g->gift.addresses, LEASE_GIFT_ADDRESSES);
    g->gift.netmask = read_addr(&r);
    g->gift.dns_count = read_list(&r, g->gift.dns, LEASE_GIFT_DNS);
    g->attributes = read_slice(&r);
    return read_ended(&r) && g->account != 0;
}
