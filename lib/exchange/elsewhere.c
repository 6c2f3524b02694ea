/* Another address of the peer: see elsewhere.h. */
#include "exchange/elsewhere.h"
#include "base/ct.h"
#include "sa/trace.h"

enum { SENDS_FIRST = 2 }; /* to each address in the first turn */

static unsigned bits_of(u8 family)
{
    return family == 4 ? 32 : 128;
}

/* One address, and not the place of a name that is not resolved. */
static bool is_single(const struct shrike_net *net)
{
    static const u8 nobody[16];
    return net->addr.family && net->prefix_bits == bits_of(net->addr.family) &&
           memcmp(net->addr.octets, nobody, sizeof(nobody)) != 0;
}

/* The first single address from `from` on, cyclically, in whose family we can send; the count:
 * none.
 */
static unsigned next_single(const struct shard *s, const struct ike_sa *sa, unsigned from)
{
    const struct shrike_conn *conn = sa->conn;
    unsigned count = conn->remote_addr_count;
    for (unsigned i = 0; i < count; i++) {
        const struct shrike_net *net = &conn->remote_addrs[(from + i) % count];
        if (is_single(net) && (s->host.known || net->addr.family == sa->local.family))
            return (from + i) % count;
    }
    return count;
}

/* Where the address in use stands; the count: it is none of them. */
static unsigned place_of(const struct ike_sa *sa)
{
    const struct shrike_conn *conn = sa->conn;
    for (unsigned i = 0; i < conn->remote_addr_count; i++) {
        if (is_single(&conn->remote_addrs[i]) &&
            endpoint_at(&sa->remote, &conn->remote_addrs[i].addr))
            return i;
    }
    return conn->remote_addr_count;
}

static unsigned count_singles(const struct shrike_conn *conn)
{
    unsigned n = 0;
    for (unsigned i = 0; i < conn->remote_addr_count; i++)
        n += is_single(&conn->remote_addrs[i]);
    return n;
}

/* From the first send until a peer with one address would be given up. */
static shrike_time patience(const struct shrike_conn *conn)
{
    shrike_time all = conn->give_up_after, one = conn->retransmit_first;
    for (unsigned i = 0; i < conn->retransmit_tries; i++) {
        all += MIN(one, conn->retransmit_max);
        one = MIN(2 * one, conn->retransmit_max);
    }
    return all;
}

static void use_address(struct shard *s, struct ike_sa *sa, const struct shrike_net *net)
{
    sa->remote.family = net->addr.family;
    memcpy(sa->remote.octets, net->addr.octets, sizeof(sa->remote.octets));
    sa->local = sa->conn->local_endpoint;
    sa_use_source(s, sa);
}

/* Nothing of the old request may be taken for a part of the new one: a late answer to it is for an
 * SPI that is not there any more. */
static void forget_request(struct shard *s, struct ike_sa *sa, struct slot *slot, u64 spi)
{
    struct handshake *h = sa->handshake;
    map_remove(&s->by_spi, sa->spi_i, sa->index);
    bool put = map_put(&s->by_spi, spi, sa->index);
    ensure(put); /* in the place that got free */
    sa->spi_i = spi;
    packet_drop(&s->packets, h->init_i);
    h->init_i = NULL;
    h->group = KE_NONE;
    wipe(h->ke_private, sizeof(h->ke_private));
    slot_free(s, slot);
}

bool elsewhere_try(struct shard *s, struct ike_sa *sa, struct slot *slot)
{
    struct handshake *h = sa->handshake;
    const struct shrike_conn *conn = sa->conn;
    /* Who has said anything is there. */
    if (slot->exchange != EXCHANGE_IKE_SA_INIT || !h || h->cookies || h->groups || h->hint)
        return false;
    unsigned count = count_singles(conn), place = place_of(sa);
    unsigned sends = SENDS_FIRST + (count ? h->elsewhere / count : 0);
    if (count < 2 || place == conn->remote_addr_count ||
        slot->tries + 1u < MIN(sends, conn->retransmit_tries + 1u))
        return false;
    unsigned next = next_single(s, sa, place + 1);
    if (next == conn->remote_addr_count || next == place)
        return false;
    if (s->now >= h->began + patience(conn)) {
        slot->tries = conn->retransmit_tries; /* none of them answers */
        return false;
    }
    u64 spi = shard_draw_spi(s);
    if (!spi)
        return false;
    h->elsewhere++;
    forget_request(s, sa, slot, spi);
    use_address(s, sa, &conn->remote_addrs[next]);
    sa->wants |= WANT_INIT;
    (void)trace_ike(s, SHRIKE_EVENT_IKE_ELSEWHERE, sa);
    sa_touch(s, sa);
    return true;
}
