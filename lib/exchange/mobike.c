/* Notifies of RFC 4555: see mobike.h. */
#include "exchange/mobike.h"
#include "exchange/natd.h"
#include "exchange/roam.h"
#include "sa/trace.h"

enum {
    COOKIE2_LEN = 8, /* RFC 4555 4.2.5: 8 to 64 octets */
    COOKIE2_MAX = 64,
    NAT_REFUSALS_MAX = 4, /* RFC 4555 3.9: a single packet may have been changed on its way */
};

bool mobike_may(const struct shrike_conn *conn)
{
    /* RFC 4555 1.2: for tunnel mode alone. */
    for (u32 i = 0; i < conn->child_count; i++) {
        if (conn->children[i].mode == SHRIKE_TRANSPORT)
            return false;
    }
    return conn->mobike;
}

static void add_flag(struct turn *t, u16 type)
{
    notify_add(t->out, type, bytes_of(NULL, 0));
}

static bool has(const struct turn *t, u16 type)
{
    struct notify n;
    return notify_find(t->in, type, &n);
}

/* ---- what both exchanges have ---- */

static unsigned octets_of(u8 family)
{
    return family == 4 ? 4 : 16;
}

/* Where we are beside the address in use. Gives how many those are. */
static unsigned add_addresses(struct turn *t)
{
    struct path_query q = roam_query(t->shard, t->sa);
    const struct shrike_addr *a;
    unsigned n = 0;
    for (; (a = path_other(&q, n)) != NULL; n++)
        notify_add(t->out,
                   a->family == 4 ? NOTIFY_ADDITIONAL_IP4_ADDRESS : NOTIFY_ADDITIONAL_IP6_ADDRESS,
                   bytes_of(a->octets, octets_of(a->family)));
    return n;
}

/* RFC 4555 4.2.6. */
static struct bytes ends_of(const struct shrike_endpoint *from, const struct shrike_endpoint *to,
                            u8 out[36])
{
    struct writer w = writer_of(out, 36);
    write_bytes(&w, bytes_of(from->octets, octets_of(from->family)));
    write_bytes(&w, bytes_of(to->octets, octets_of(to->family)));
    write_u16(&w, from->port);
    write_u16(&w, to->port);
    return written_bytes(&w);
}

/* RFC 4555 3.9: who has no NAT traversal does not want to be translated. */
static void add_ends(struct turn *t)
{
    u8 octets[36];
    if (!t->sa->natt)
        notify_add(t->out, NOTIFY_NO_NATS_ALLOWED, ends_of(&t->sa->local, &t->sa->remote, octets));
}

static bool ends_fit(const struct turn *t)
{
    u8 octets[36];
    struct notify n;
    return !notify_find(t->in, NOTIFY_NO_NATS_ALLOWED, &n) || fault(70) ||
           bytes_equal(n.data, ends_of(&t->path.remote, &t->path.local, octets));
}

static bool read_address(const struct notify *n, struct shrike_addr *out)
{
    u8 family = n->type == NOTIFY_ADDITIONAL_IP4_ADDRESS   ? 4
                : n->type == NOTIFY_ADDITIONAL_IP6_ADDRESS ? 6
                                                           : 0;
    *out = (struct shrike_addr){.family = family};
    if (family == 0 || n->data.len != octets_of(family))
        return false;
    memcpy(out->octets, n->data.at, n->data.len);
    return true;
}

/* RFC 4555 3.4, 3.6: the address that it came from and those that it names are all there are. */
static void keep_addresses(struct turn *t, struct ike_sa *sa)
{
    struct shrike_addr list[1 + PEER_ADDRESSES_MAX];
    unsigned count = 1;
    const struct payload *p = message_find(t->in, PAYLOAD_NOTIFY);
    list[0] = endpoint_address(&t->path.remote);
    for (; p && count < ARRAY_LEN(list); p = message_find_after(t->in, p)) {
        struct notify n;
        if (notify_read(bytes_at(t->in->base, p->body), &n) && read_address(&n, &list[count]))
            count++;
    }
    packet_drop(&t->shard->packets, sa->peer_addresses);
    sa->peer_addresses = NULL;
    if (count > 1) /* without memory they are not known */
        sa->peer_addresses =
            packet_copy(&t->shard->packets, bytes_of(list, count * sizeof(list[0])));
}

static bool keeps(const struct ike_sa *sa, const struct shrike_endpoint *end)
{
    struct bytes kept = packet_bytes(sa->peer_addresses);
    const struct shrike_addr *list = (const struct shrike_addr *)(const void *)kept.at;
    for (size_t i = 0; i < kept.len / sizeof(*list); i++) {
        if (endpoint_at(end, &list[i]))
            return true;
    }
    return false;
}

/* ---- IKE_AUTH ---- */

void mobike_offer(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    if (!mobike_may(sa->conn) || (!sa->initiator && !sa->mobike))
        return;
    add_flag(t, NOTIFY_MOBIKE_SUPPORTED);
    (void)add_addresses(t);
    if (sa->initiator)
        add_ends(t);
}

bool mobike_take(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    sa->mobike = mobike_may(sa->conn) && has(t, NOTIFY_MOBIKE_SUPPORTED);
    if (sa->mobike)
        keep_addresses(t, sa);
    if (sa->initiator || !sa->mobike || ends_fit(t))
        return true;
    (void)turn_refuse(t, SHRIKE_REASON_NAT_UNEXPECTED, NOTIFY_UNEXPECTED_NAT_DETECTED);
    return false;
}

/* ---- our requests ---- */

/* RFC 4555 3.7: what the peer cannot guess shows that it has had the request. */
static void add_cookie2(struct turn *t)
{
    const struct shrike_provider *p = t->shard->provider;
    u8 octets[COOKIE2_LEN];
    t->sa->cookie2 = 0;
    if (!p->random(p->ctx, octets, sizeof(octets)))
        return;
    struct reader r = reader_of(bytes_of(octets, sizeof(octets)));
    t->sa->cookie2 = read_u64(&r);
    notify_add(t->out, NOTIFY_COOKIE2, bytes_of(octets, sizeof(octets)));
}

static bool cookie2_fits(const struct turn *t)
{
    struct notify n;
    u64 want = t->sa->cookie2;
    t->sa->cookie2 = 0;
    if (want == 0 || fault(71))
        return true;
    if (!notify_find(t->in, NOTIFY_COOKIE2, &n) || n.data.len != COOKIE2_LEN)
        return false;
    struct reader r = reader_of(n.data);
    return read_u64(&r) == want;
}

static void add_list(struct turn *t)
{
    if (add_addresses(t) == 0)
        add_flag(t, NOTIFY_NO_ADDITIONAL_ADDRESSES);
}

void mobike_ask(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct ring_path path;
    u8 all = sa->roam;
    bool probes = all & ROAM_PROBING && sa->caller; /* RFC 4555 3.10: says nothing */
    sa_path(sa, &path);
    sa->roam &= (u8)~ROAM_IN_FLIGHT;
    if (!probes && all & ROAM_UPDATE) {
        sa->roam |= ROAM_UPDATING;
        add_flag(t, NOTIFY_UPDATE_SA_ADDRESSES);
        if (sa->natt)
            natd_add(t, &path);
    }
    if (!probes && !(all & ROAM_UPDATE))
        mobike_ask_mapping(t);
    if (!probes && all & ROAM_TELL)
        add_list(t);
    if (!probes && all & (ROAM_UPDATE | ROAM_TELL))
        add_ends(t);
    if (!probes && all & ROAM_CHECK)
        sa->roam |= ROAM_CHECKING;
    if (!probes)
        sa->roam &= (u8) ~(ROAM_UPDATE | ROAM_TELL | ROAM_CHECK);
    add_cookie2(t);
}

static void update_again(struct turn *t, struct ike_sa *sa)
{
    sa->roam |= ROAM_UPDATE;
    sa->wants |= WANT_ROAM;
    sa_touch(t->shard, sa);
}

/* The peer does not take these addresses. A packet may have been changed on its way: so once more,
 * some times. In earnest, a new SA is made from scratch. */
static void refused(struct turn *t, struct ike_sa *sa, const struct notify *n)
{
    struct shrike_reason why = {
        .code = n->type == NOTIFY_UNEXPECTED_NAT_DETECTED ? SHRIKE_REASON_NAT_UNEXPECTED
                                                          : SHRIKE_REASON_ADDRESSES_REFUSED,
        .notify = n->type,
        .theirs = true,
        .origin = sa->conn->origin,
    };
    if (n->type == NOTIFY_UNEXPECTED_NAT_DETECTED && ++sa->nat_refusals < NAT_REFUSALS_MAX) {
        update_again(t, sa);
        return;
    }
    sa->nat_refusals = 0;
    trace_ike_reason(t->shard, SHRIKE_EVENT_IKE_MOVE_FAILED, sa, &why);
    if (sa->conn->remote_endpoint.family)
        sa->reauth_at = t->shard->now;
    sa_touch(t->shard, sa);
}

/* RFC 4555 3.5: the peer has moved; so do our Child SAs. */
static void updated(struct turn *t, struct ike_sa *sa)
{
    struct notify n;
    struct natd natd;
    if (notify_error(t->in, &n)) {
        refused(t, sa, &n);
        return;
    }
    sa->nat_refusals = 0;
    bool differs = natd_read(t, &natd) && natd_differs(sa, &natd);
    if (natd.mapping)
        natd_use(sa, &natd);
    if (differs || sa->roam & ROAM_APART)
        move_children(t->shard, sa);
    sa_changed(t->shard, sa); /* it may be another one than the turn's */
}

enum verdict mobike_conclude(struct turn *t)
{
    struct ike_sa *holder = move_holder(t->sa);
    u8 was = t->sa->roam;
    t->sa->roam &= (u8)~ROAM_IN_FLIGHT;
    t->reason.origin = t->sa->conn->origin;
    if (!cookie2_fits(t))
        return turn_fail(t, SHRIKE_REASON_COOKIE2, 0);
    /* RFC 4555 3.5, 3.7: after a further change it is asked anew, and this says nothing. */
    if (!(was & ROAM_UPDATING))
        mobike_conclude_mapping(t);
    else if (!(holder->roam & ROAM_UPDATE))
        updated(t, holder);
    if (was & ROAM_CHECKING && !(holder->roam & ROAM_CHECK) && holder->roam & ROAM_APART)
        move_children(t->shard, holder);
    return DONE;
}

/* ---- a NAT's mapping that changes ---- */

static bool asks_mapping(const struct ike_sa *sa)
{
    return sa->mobike && sa->caller && sa->nat_here && sa->natt;
}

void mobike_ask_mapping(struct turn *t)
{
    struct ring_path path;
    sa_path(t->sa, &path);
    if (asks_mapping(t->sa))
        natd_add(t, &path);
}

void mobike_conclude_mapping(struct turn *t)
{
    struct natd natd;
    struct ike_sa *sa = t->sa;
    if (!asks_mapping(sa) || !natd_read(t, &natd) || natd.mapping == sa->mapping || fault(72))
        return;
    update_again(t, move_holder(sa));
}

/* ---- the peer's requests ---- */

static void copy_cookie2(struct turn *t)
{
    struct notify n;
    if (notify_find(t->in, NOTIFY_COOKIE2, &n) && n.data.len >= COOKIE2_LEN &&
        n.data.len <= COOKIE2_MAX)
        notify_add(t->out, NOTIFY_COOKIE2, n.data);
}

/* RFC 4555 3.6: of the other addresses of the peer one may have been in use. */
static void take_list(struct turn *t, struct ike_sa *sa)
{
    keep_addresses(t, sa);
    bool here = endpoint_same_address(&sa->remote, &t->path.remote) || keeps(sa, &sa->remote);
    if (sa->caller && !here)
        roam_use(t->shard, sa, &t->path);
}

/* RFC 4555 3.5: where the request came from the peer is from now on; its ESP goes there once it has
 * answered there. */
static void take_update(struct turn *t, struct ike_sa *sa)
{
    struct natd natd;
    bool checked = endpoint_same_address(&sa->remote, &t->path.remote) &&
                   !(sa->roam & (ROAM_CHECK | ROAM_CHECKING));
    if (!endpoint_usable(&t->path.remote)) {
        add_flag(t, NOTIFY_UNACCEPTABLE_ADDRESSES);
        return;
    }
    bool behind = natd_read(t, &natd);
    sa->roam &= (u8)~ROAM_PROBING; /* a path is known, and the choice is the caller's */
    if (sa->before)
        sa->before->roam &= (u8)~ROAM_PROBING;
    move_ike(t->shard, sa, &t->path);
    if (behind)
        natd_use(sa, &natd);
    if (checked || fault(73)) {
        move_children(t->shard, sa);
    } else {
        sa->roam |= ROAM_CHECK;
        sa->wants |= WANT_ROAM;
        sa_touch(t->shard, sa);
    }
    roam_hurry(t->shard, sa);
}

/* Was it meant for what holds no more? It came by the one that was replaced, and the peer has used
 * the replacement: what it had to say since, it has said by that. */
static bool is_late(const struct turn *t, const struct ike_sa *holder)
{
    return holder != t->sa && t->sa->replaced && holder->window.theirs > 0;
}

void mobike_answer(struct turn *t)
{
    struct ike_sa *sa = move_holder(t->sa);
    bool update = has(t, NOTIFY_UPDATE_SA_ADDRESSES) && !sa->caller;
    bool list = has(t, NOTIFY_ADDITIONAL_IP4_ADDRESS) || has(t, NOTIFY_ADDITIONAL_IP6_ADDRESS) ||
                has(t, NOTIFY_NO_ADDITIONAL_ADDRESSES);
    if (!sa->mobike)
        return;
    if (is_late(t, sa))
        update = list = false;
    if ((update || list) && !ends_fit(t)) {
        add_flag(t, NOTIFY_UNEXPECTED_NAT_DETECTED);
    } else {
        if (list)
            take_list(t, sa);
        if (update)
            take_update(t, sa);
        if (has(t, NOTIFY_NAT_DETECTION_SOURCE_IP) && has(t, NOTIFY_NAT_DETECTION_DESTINATION_IP))
            natd_add(t, &t->path); /* RFC 4555 3.8 */
    }
    copy_cookie2(t);
}
