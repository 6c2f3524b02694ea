/* Internal addresses: see internal.h. */
#include "sa/internal.h"
#include "sa/shard.h"
#include <assert.h>

static_assert(sizeof(struct internal) == 8, "no padding");

static struct internal *of(const struct ike_sa *sa)
{
    return sa->internal ? (struct internal *)(void *)sa->internal->data : NULL;
}

const struct internal *internal_of(const struct ike_sa *sa)
{
    return of(sa);
}

bool internal_held(const struct ike_sa *sa, bool ours)
{
    const struct internal *in = of(sa);
    return in && in->state == INTERNAL_HELD && in->ours == ours;
}

/* ---- what is kept ---- */

/* One with room for so many addresses, in the place of what is there; its head stays. */
static struct internal *remake(struct shard *s, struct ike_sa *sa, unsigned count)
{
    struct internal head = {0};
    struct packet *k =
        packet_new(&s->packets, sizeof(struct internal) + count * sizeof(struct shrike_addr));
    if (!k)
        return NULL;
    if (sa->internal)
        memcpy(&head, sa->internal->data, sizeof(head));
    packet_drop(&s->packets, sa->internal);
    sa->internal = k;
    head.count = head.dns_count = 0;
    memcpy(k->data, &head, sizeof(head));
    return of(sa);
}

bool internal_want(struct shard *s, struct ike_sa *sa)
{
    struct internal *in = of(sa) ? of(sa) : remake(s, sa, 0);
    if (!in)
        return false;
    in->ours = true;
    in->state = INTERNAL_WISHED;
    return true;
}

bool internal_keep(struct shard *s, struct ike_sa *sa, const struct config_list *list)
{
    struct internal *in = remake(s, sa, (unsigned)list->addr_count + list->dns_count);
    if (!in)
        return false;
    in->count = list->addr_count;
    in->dns_count = list->dns_count;
    memcpy(in->list, list->addrs, in->count * sizeof(*in->list));
    memcpy(in->list + in->count, list->dns, in->dns_count * sizeof(*in->list));
    return true;
}

void internal_want_again(struct shard *s, struct ike_sa *sa, const struct ike_sa *other)
{
    const struct internal *had = of(other);
    struct config_list list = {0};
    if (!had || !had->ours || had->count == 0)
        return;
    list.addr_count = had->count;
    memcpy(list.addrs, had->list, had->count * sizeof(*had->list));
    if (!internal_want(s, sa) || !internal_keep(s, sa, &list))
        return; /* it will ask for any */
}

/* ---- ops ---- */

/* The list where it lives until the drain is over. */
static const struct shrike_addr *keep_list(struct shard *s, const struct shrike_addr *list,
                                           unsigned count)
{
    return (const struct shrike_addr *)(const void *)ring_keep(
               &s->ring, bytes_of(list, count * sizeof(*list)))
        .at;
}

static bool ask_lease(struct shard *s, struct ike_sa *sa, struct slot *slot,
                      const struct config_list *wishes)
{
    const struct shrike_addr *list = keep_list(s, wishes->addrs, wishes->addr_count);
    struct shrike_id peer = sa_peer_id(sa);
    if (!list)
        return false;
    struct shrike_op *op = shard_ask(s, sa, slot, SHRIKE_LEASE);
    op->lease = (struct shrike_lease_op){
        .lease = of(sa)->lease,
        .held = !slot,
        .wish_count = wishes->addr_count,
        .pool_count = sa->conn->pool_count,
        .conn = sa->conn->name,
        .wishes = list,
        .pools = sa->conn->pools,
        .remote = {.type = peer.type, .data = ring_keep(&s->ring, peer.data)},
        .grant = sa->grant ? ring_keep(&s->ring, packet_bytes(sa->grant)) : bytes_of(NULL, 0),
    };
    return true;
}

bool internal_lease(struct shard *s, struct ike_sa *sa, struct slot *slot,
                    const struct config_list *wishes)
{
    internal_end(s, sa);
    struct internal *in = remake(s, sa, 0);
    if (!in)
        return false;
    in->ours = false;
    in->state = INTERNAL_WISHED;
    in->lease = shard_serial(s);
    if (ask_lease(s, sa, slot, wishes))
        return true;
    in->lease = 0;
    return false;
}

bool internal_add(struct shard *s, struct ike_sa *sa, struct slot *slot)
{
    struct internal *in = of(sa);
    const struct shrike_addr *list = keep_list(s, in->list, (unsigned)in->count + in->dns_count);
    if (!list)
        return false;
    if (!in->lease)
        in->lease = shard_serial(s);
    struct shrike_op *op = shard_ask(s, sa, slot, SHRIKE_ADDRESS_ADD);
    op->address = (struct shrike_address_op){
        .lease = in->lease,
        .held = !slot,
        .address_count = in->count,
        .dns_count = in->dns_count,
        .conn = sa->conn->name,
        .addresses = list,
        .dns = list + in->count,
        .local = sa->local,
    };
    return true;
}

void internal_use(struct ike_sa *sa)
{
    of(sa)->state = INTERNAL_HELD;
}

void internal_fail(struct shard *s, struct ike_sa *sa)
{
    internal_end(s, sa);
    of(sa)->state = INTERNAL_NONE;
}

void internal_end(struct shard *s, struct ike_sa *sa)
{
    struct internal *in = of(sa);
    if (!in || !in->lease)
        return;
    struct shrike_op *op =
        shard_ask(s, sa, NULL, in->ours ? SHRIKE_ADDRESS_REMOVE : SHRIKE_LEASE_FREE);
    op->lease_over = in->lease;
    in->lease = 0;
    in->state = INTERNAL_WISHED;
}

void internal_forget(struct ike_sa *sa)
{
    if (sa->internal)
        of(sa)->lease = 0;
}

/* ---- with the IKE SA ---- */

/* What is still waited for ends with the old one. */
void internal_move(struct ike_sa *from, struct ike_sa *to)
{
    struct internal *in = of(from);
    if (!in || (in->lease && in->state == INTERNAL_WISHED))
        return;
    to->internal = from->internal;
    from->internal = NULL;
}

bool internal_restore(struct shard *s, struct ike_sa *sa, const struct internal *head,
                      const struct config_list *list)
{
    struct internal *in = internal_keep(s, sa, list) ? of(sa) : NULL;
    if (!in)
        return false;
    in->lease = head->lease;
    in->ours = head->ours;
    in->state = in->lease ? INTERNAL_HELD : head->state;
    return true;
}

void internal_hold(struct shard *s, struct ike_sa *sa)
{
    const struct internal *in = of(sa);
    struct config_list list = {0};
    if (!in || in->state != INTERNAL_HELD)
        return;
    list.addr_count = in->count;
    memcpy(list.addrs, in->list, in->count * sizeof(*in->list));
    bool told = in->ours ? internal_add(s, sa, NULL) : ask_lease(s, sa, NULL, &list);
    ensure(told); /* one import is far from filling the ring */
}
