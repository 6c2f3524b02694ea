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

/* ---- what others give ---- */

/* Is it to be given to this peer? */
static bool is_meant(const struct shrike_lease_op *op)
{
    for (u16 i = 0; i < op->pool_count; i++)
        if (strcmp(op->pools[i], LEASE_GIFT_POOL) == 0)
            return true;
    return false;
}

/* The next address of this family; *given: a set of bits. */
static const struct shrike_addr *unwrap(const struct lease_gift *gift, u8 family, u32 *given)
{
    for (u8 i = 0; gift && i < gift->address_count; i++)
        if (gift->addresses[i].family == family && !(*given >> i & 1)) {
            *given |= 1u << i;
            return &gift->addresses[i];
        }
    return NULL;
}

/* Servers for names are told also to who got its address here. */
static void put_gift(struct writer *w, const struct lease_gift *gift, bool address)
{
    if (address && gift->netmask.family == 4)
        put(w, CFG_INTERNAL_IP4_NETMASK, bytes_of(gift->netmask.octets, 4));
    for (u8 i = 0; i < gift->dns_count; i++) {
        bool four = gift->dns[i].family == 4;
        put(w, four ? CFG_INTERNAL_IP4_DNS : CFG_INTERNAL_IP6_DNS,
            bytes_of(gift->dns[i].octets, four ? 4 : 16));
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

/* RFC 7296 3.15.1 (5): what each wish gets. */
static void give(struct desk *d, const struct shrike_lease_op *op, const struct lease_gift *gift,
                 struct holding *h, struct writer *w)
{
    struct book_got got[SHRIKE_ADDRESSES_MAX];
    u32 given = 0;
    bool four = false;
    for (u32 i = 0; i < MIN(op->wish_count, SHRIKE_ADDRESSES_MAX); i++) {
        const struct shrike_addr *a = unwrap(gift, op->wishes[i].family, &given);
        if (a) {
            put_address(w, a);
            four = four || a->family == 4;
        } else if (take(d, op, i, &got[h->count])) {
            put_address(w, &got[h->count].address);
            h->tickets[h->count] = got[h->count].ticket;
            h->count++;
        }
    }
    for (u32 i = 0; i < h->count; i++)
        if (is_first(got, i))
            put_pool(w, got[i].pool);
    if (gift && (given || h->count))
        put_gift(w, gift, four);
}

struct shrike_answer desk_ask(struct desk *d, const struct shrike_lease_op *op,
                              const struct lease_gift *gift)
{
    u32 wishes = MIN(op->wish_count, SHRIKE_ADDRESSES_MAX);
    struct holding *h = malloc(sizeof *h + wishes * sizeof h->tickets[0]);
    struct writer w = writer_of(d->octets, sizeof d->octets);
    if (!h)
        return (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_MEMORY};
    *h = (struct holding){.number = op->lease};
    give(d, op, gift && is_meant(op) ? gift : NULL, h, &w);
    desk_over(d, op->lease); /* a number is given once; but if not, nothing is lost */
    if (written(&w) == 0) {
        free(h);
        return (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_POOL_EMPTY};
    }
    keep(d, h);
    return (struct shrike_answer){.ok = true, .value = written_bytes(&w)};
}
