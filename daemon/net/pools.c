/* Pools and their leases for control: see pools.h. */
#include "net/pools.h"
#include "ops/mail.h"

enum { BODY_MAX = 1024 };

static void send(struct seat *seat, u16 kind, const struct writer *w)
{
    if (!w->full)
        (void)seat_send(seat, ROLE_CONTROL, kind, written_bytes(w));
}

static void tell_pool(struct seat *seat, const struct book_pool *p, u32 reference)
{
    u8 body[BODY_MAX];
    struct writer w = writer_of(body, sizeof body);
    struct mail_pool m = {.name = bytes_of(p->conf.name, strlen(p->conf.name)),
                          .base = p->conf.base,
                          .size = p->conf.size,
                          .online = p->online_count,
                          .offline = p->offline_count};
    write_u32(&w, reference);
    pool_view_write(&w, &m);
    send(seat, MAIL_POOL, &w);
}

/* So many leases of a list at most; how many there were. */
static u32 tell_leases(struct seat *seat, const struct list *head, u32 reference, u32 max)
{
    u32 n = 0;
    for (const struct list *at = head->next; at != head && n < max; at = at->next, n++) {
        const struct lease *l = list_item(at, const struct lease, link);
        u8 body[BODY_MAX];
        struct writer w = writer_of(body, sizeof body);
        struct mail_lease m = {
            .address = l->address, .client = l->client, .online = l->holders > 0};
        write_u32(&w, reference);
        lease_view_write(&w, &m);
        send(seat, MAIL_LEASE, &w);
    }
    return n;
}

void pools_tell(struct seat *seat, const struct book *book, u32 reference, bool leases)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    for (u32 i = 0; i < book_count(book); i++) {
        const struct book_pool *p = book_pool(book, i);
        tell_pool(seat, p, reference);
        u32 left = leases ? POOLS_LEASES_MAX : 0;
        left -= tell_leases(seat, &p->online, reference, left);
        tell_leases(seat, &p->offline, reference, left);
    }
    write_u32(&w, reference);
    send(seat, MAIL_POOLS_END, &w);
}
