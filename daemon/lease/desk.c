/* Answers LEASE ops: see desk.h. */
#include "lease/desk.h"
#include "wire/codes.h"
#include <stdlib.h>

#define BUCKETS_LEAST 64 /* a power of two, doubled as leases are added */

/* RFC 7296 3.15.1: an IPv6 address comes with the length of a prefix; that of a link. */
#define PREFIX_BITS 64

/* What one LEASE has got. */
struct holding {
    struct holding *next; /* of the same bucket */
    u32 number;
    u32 count;
    struct book_ticket tickets[];
};

bool desk_open(struct desk *d, const u8 key[16])
{
    *d = (struct desk){.book = book_new(key), .bucket_count = BUCKETS_LEAST};
    d->buckets = calloc(d->bucket_count, sizeof(struct holding *));
    if (d->book && d->buckets)
        return true;
    desk_close(d);
    return false;
}

void desk_close(struct desk *d)
{
    for (u32 i = 0; d->buckets && i < d->bucket_count; i++)
        while (d->buckets[i]) {
            struct holding *h = d->buckets[i];
            d->buckets[i] = h->next;
            free(h);
        }
    free(d->buckets);
    book_free(d->book);
    *d = (struct desk){.book = NULL};
}

/* ---- holdings ---- */

static struct holding **bucket_of(const struct desk *d, u32 number)
{
    return &d->buckets[number & (d->bucket_count - 1)]; /* numbers are given one after the other */
}

/* Without memory the chains grow longer instead. */
static void grow(struct desk *d)
{
    u32 old_count = d->bucket_count;
    struct holding **old = d->buckets;
    struct holding **buckets = calloc(2 * (size_t)old_count, sizeof(struct holding *));
    if (!buckets)
        return;
    d->buckets = buckets;
    d->bucket_count = 2 * old_count;
    for (u32 i = 0; i < old_count; i++) {
        for (struct holding *h = old[i], *next; h; h = next) {
            next = h->next;
            h->next = *bucket_of(d, h->number);
            *bucket_of(d, h->number) = h;
        }
    }
    free(old);
}

static void keep(struct desk *d, struct holding *h)
{
    if (d->count >= d->bucket_count)
        grow(d);
    h->next = *bucket_of(d, h->number);
    *bucket_of(d, h->number) = h;
    d->count++;
}

static void give_back(struct desk *d, struct holding *h)
{
    for (u32 i = 0; i < h->count; i++)
        book_give_back(d->book, &h->tickets[i]);
    free(h);
}

void desk_over(struct desk *d, u32 number)
{
    struct holding **at = bucket_of(d, number);
    while (*at && (*at)->number != number)
        at = &(*at)->next;
    struct holding *h = *at;
    if (!h)
        return;
    *at = h->next;
    d->count--;
    give_back(d, h);
}

/* ---- attributes ---- */

static void put(struct writer *w, u16 type, struct bytes value)
{
    write_u16(w, type);
    write_u16(w, (u16)value.len);
    write_bytes(w, value);
}

static void put_address(struct writer *w, const struct shrike_addr *a)
{
    u8 octets[17];
    memcpy(octets, a->octets, 16);
    octets[16] = PREFIX_BITS;
    if (a->family == 4)
        put(w, CFG_INTERNAL_IP4_ADDRESS, bytes_of(octets, 4));
    else
        put(w, CFG_INTERNAL_IP6_ADDRESS, bytes_of(octets, 17));
}

/* What else a pool says, once, as much as there is room for. */
static void put_pool(struct writer *w, const struct lease_pool *p)
{
    for (u16 i = 0; i < p->attribute_count; i++) {
        const struct lease_attribute *a = &p->attributes[i];
        if (a->type == CFG_INTERNAL_IP4_NETMASK && p->base.family != 4)
            continue; /* RFC 7296 3.15.1 (6): it is that of an IPv4 address */
        if ((size_t)(w->end - w->at) >= 4 + a->value.len)
            put(w, a->type, a->value); /* RFC 7296 3.15.1 (11, 13, 15, 18) */
    }
}

/* ---- asking ---- */

static bool take(struct desk *d, const struct shrike_lease_op *op, u32 wish, struct book_got *got)
{
    struct book_ask ask = {.pools = op->pools,
                           .pool_count = op->pool_count,
                           .client = op->remote,
                           .wish = op->wishes[wish]};
    return op->held ? book_claim(d->book, &ask, got) : book_take(d->book, &ask, got);
}

static bool is_first(const struct book_got *all, u32 n)
{
    for (u32 i = 0; i < n; i++)
        if (all[i].pool == all[n].pool)
            return false;
    return true;
}

struct shrike_answer desk_ask(struct desk *d, const struct shrike_lease_op *op)
{
    struct book_got got[SHRIKE_ADDRESSES_MAX];
    u32 wishes = MIN(op->wish_count, SHRIKE_ADDRESSES_MAX);
    struct holding *h = malloc(sizeof *h + wishes * sizeof h->tickets[0]);
    struct writer w = writer_of(d->octets, sizeof d->octets);
    if (!h)
        return (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_MEMORY};
    *h = (struct holding){.number = op->lease};
    for (u32 i = 0; i < wishes; i++) /* RFC 7296 3.15.1 (5) */
        if (take(d, op, i, &got[h->count])) {
            put_address(&w, &got[h->count].address);
            h->tickets[h->count] = got[h->count].ticket;
            h->count++;
        }
    for (u32 i = 0; i < h->count; i++)
        if (is_first(got, i))
            put_pool(&w, got[i].pool);
    desk_over(d, op->lease); /* a number is given once; but if not, nothing is lost */
    if (h->count == 0) {
        free(h);
        return (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_POOL_EMPTY};
    }
    keep(d, h);
    return (struct shrike_answer){.ok = true, .value = written_bytes(&w)};
}
