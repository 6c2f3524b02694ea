/* Looking at SAs: see view.h. */
#include "engine/view.h"
#include "sa/child.h"
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
    out->remote_id = sa->authenticated ? sa_peer_id(sa) : sa->conn->remote.id;
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

static void show_ike(const struct ike_sa *sa, struct shrike_ike_view *out)
{
    *out = (struct shrike_ike_view){
        .serial = sa->serial,
        .state = ike_state(sa),
        .initiator = sa->initiator,
        .nat_here = sa->nat_here,
        .nat_there = sa->nat_there,
        .encap_forced = sa->encap_forced,
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .local = sa->local,
        .remote = sa->remote,
        .established = sa->established,
        .children = (u32)(sa->child_count - sa->dead),
    };
    show_internal(sa, out);
    show_suite(&sa->suite, out);
    show_conn(sa, out);
}

bool view_ike(const struct shard *s, u32 *at, struct shrike_ike_view *out)
{
    while (*at < s->sas.cut) {
        const struct ike_sa *sa = shard_sa_at(s, (*at)++);
        if (sa && sa->state != IKE_GONE && !sa->spare) {
            show_ike(sa, out);
            return true;
        }
    }
    return false;
}

static void show_child(const struct child_sa *child, struct shrike_child_view *out)
{
    *out = (struct shrike_child_view){
        .serial = child->serial,
        .reqid = child->conf->reqid,
        .state = child_state(child),
        .child = child->conf->name,
        .mode = child->mode,
        .protocol = child->protocol ? child->protocol : child->conf->proposals[0].protocol,
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
        .local_ts = child_local_ts(child),
        .remote_ts = child_remote_ts(child),
        .local_ts_count = child->local_ts_count,
        .remote_ts_count = child->remote_ts_count,
    };
}

bool view_child(const struct shard *s, u32 ike, u32 after, struct shrike_child_view *out)
{
    for (u32 i = 0; i < s->sas.cut; i++) {
        const struct ike_sa *sa = shard_sa_at(s, i);
        if (!sa || sa->serial != ike)
            continue;
        const struct child_sa *c = child_first(sa); /* in the order of their serials */
        while (c && (c->serial <= after || c->state == CHILD_DEAD))
            c = child_after(sa, c);
        if (c)
            show_child(c, out);
        return c != NULL;
    }
    return false;
}

bool view_held(const struct shard *s, u32 *at, u32 *serial)
{
    while (*at < s->children.cut) {
        const struct child_sa *child = slab_at(&s->children, (*at)++);
        if (child && child->plane == s->plane) {
            *serial = child->serial;
            return true;
        }
    }
    return false;
}
