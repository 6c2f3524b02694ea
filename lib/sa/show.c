/* Views of one SA: see show.h. */
#include "sa/show.h"
#include "sa/internal.h"

static enum shrike_ike_state ike_state(const struct ike_sa *sa)
{
    if (sa->replaced)
        return SHRIKE_IKE_DELETING;
    switch ((enum ike_state)sa->state) {
    case IKE_INIT:
    case IKE_AUTH:
        return SHRIKE_IKE_CONNECTING;
    case IKE_UP:
        return SHRIKE_IKE_ESTABLISHED;
    case IKE_CLOSING:
    case IKE_GONE:
        break;
    }
    return SHRIKE_IKE_DELETING;
}

static enum shrike_child_state child_state(const struct child_sa *child)
{
    switch ((enum child_state)child->state) {
    case CHILD_WANTED:
    case CHILD_NEGOTIATED:
        return SHRIKE_CHILD_CREATING;
    case CHILD_UP:
        return SHRIKE_CHILD_INSTALLED;
    case CHILD_DELETING:
    case CHILD_DEAD:
        break;
    }
    return SHRIKE_CHILD_DELETING;
}

static shrike_time when(shrike_time t)
{
    return t == SHRIKE_NEVER ? 0 : t;
}

static void show_suite(const struct ike_suite *suite, struct shrike_ike_view *out)
{
    if (!suite->encr) /* they are agreed together */
        return;
    out->encr = suite->encr->id;
    out->encr_key_bits = suite->encr->key_bits;
    out->integ = suite->integ ? suite->integ->id : INTEG_NONE;
    out->prf = suite->prf->id;
    out->ke = suite->ke->id;
}

/* Whom a responder speaks to it knows when the peer has proved itself; before that it has taken the
 * first connection that fits the addresses. */
static void show_conn(const struct ike_sa *sa, struct shrike_ike_view *out)
{
    if (!sa->conn || (!sa->initiator && !sa->authenticated))
        return;
    out->conn = sa->conn->name;
    out->local_id = sa->conn->local.id;
    out->remote_id = sa->authenticated ? sa_peer_id(sa) : *sa_wanted_id(sa->conn);
}

static void show_internal(const struct ike_sa *sa, struct shrike_ike_view *out)
{
    const struct internal *in = internal_of(sa);
    if (internal_held(sa, true)) {
        out->local_vips = in->list;
        out->local_vip_count = in->count;
    } else if (internal_held(sa, false)) {
        out->remote_vips = in->list;
        out->remote_vip_count = in->count;
    }
}

void show_ike(const struct ike_sa *sa, struct shrike_ike_view *out)
{
    *out = (struct shrike_ike_view){
        .serial = sa->serial,
        .state = ike_state(sa),
        .initiator = sa->initiator,
        .nat_here = sa->nat_here,
        .nat_there = sa->nat_there,
        .encap_forced = sa->encap_forced,
        .ppk = sa->ppk,
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .local = sa->local,
        .remote = sa->remote,
        .established = sa->established,
        .rekey_at = when(sa->rekey_at),
        .reauth_at = when(sa->reauth_at),
        .children = (u32)(sa->child_count - sa->dead),
    };
    show_internal(sa, out);
    show_suite(&sa->suite, out);
    show_conn(sa, out);
}

/* Before it is agreed: as it is to be asked for. */
static u8 protocol_of(const struct child_sa *child)
{
    if (child->protocol || child->conf->proposal_count == 0)
        return child->protocol;
    return child->conf->proposals[0].protocol;
}

void show_child(const struct child_sa *child, struct shrike_child_view *out)
{
    *out = (struct shrike_child_view){
        .serial = child->serial,
        .reqid = child->conf->reqid,
        .state = child_state(child),
        .child = child->conf->name,
        .mode = child->mode,
        .protocol = protocol_of(child),
        .encap = child->encap,
        .esn = child->esn,
        .spi_in = child->spi_in,
        .spi_out = child->spi_out,
        .cpi_in = child->cpi_out ? child->cpi_in : 0, /* before, it is an offer */
        .cpi_out = child->cpi_out,
        .encr = child->encr,
        .encr_key_bits = child->encr_bits,
        .integ = child->integ,
        .ke = child->up_since ? child->ke : KE_NONE, /* before, it may be what is tried */
        .installed = child->up_since,
        .rekey_at = when(child->rekey_at),
        .dies_at = when(child->dies_at),
        .local_ts = child_local_ts(child),
        .remote_ts = child_remote_ts(child),
        .local_ts_count = child->local_ts_count,
        .remote_ts_count = child->remote_ts_count,
    };
}

/* ---- kept with an event ---- */

static bool keep(struct ring *r, struct shrike_bytes *b)
{
    struct bytes kept = ring_see(r, bytes_of(b->at, b->len));
    *b = (struct shrike_bytes){kept.at, kept.len};
    return kept.at || !b->len;
}

static bool keep_addrs(struct ring *r, const struct shrike_addr **list, u16 count)
{
    struct bytes kept = ring_see(r, bytes_of(*list, count * sizeof **list));
    *list = (const struct shrike_addr *)(const void *)kept.at;
    return kept.at || !count;
}

static bool keep_ts(struct ring *r, const struct shrike_ts **list, u16 count)
{
    struct bytes kept = ring_see(r, bytes_of(*list, count * sizeof **list));
    *list = (const struct shrike_ts *)(const void *)kept.at;
    return kept.at || !count;
}

/* The local identity and the names are those of the configuration, which is held until then. */
static bool see_ike(struct ring *r, const struct ike_sa *sa, struct shrike_ike_view *v)
{
    if (!sa)
        return true;
    show_ike(sa, v);
    return keep(r, &v->remote_id.data) && keep_addrs(r, &v->local_vips, v->local_vip_count) &&
           keep_addrs(r, &v->remote_vips, v->remote_vip_count);
}

static bool see_child(struct ring *r, const struct child_sa *child, struct shrike_child_view *v)
{
    if (!child)
        return true;
    show_child(child, v);
    return keep_ts(r, &v->local_ts, v->local_ts_count) &&
           keep_ts(r, &v->remote_ts, v->remote_ts_count);
}

const struct shrike_seen *show_seen(struct ring *r, const struct sighting *of)
{
    static const struct shrike_seen none;
    struct bytes place = ring_see(r, bytes_of(&none, sizeof none));
    struct shrike_seen *seen = (struct shrike_seen *)(uintptr_t)place.at;
    if (!seen || !see_ike(r, of->sa, &seen->ike) || !see_ike(r, of->sa_was, &seen->ike_was) ||
        !see_child(r, of->child, &seen->child) || !see_child(r, of->child_was, &seen->child_was))
        return NULL;
    return seen;
}
