/* Looking at SAs: see view.h. */
#include "engine/view.h"
#include "sa/show.h"

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

bool view_ike_of(const struct shard *s, u64 spi, struct shrike_ike_view *out)
{
    const struct ike_sa *sa = shard_sa_by_spi(s, spi);
    if (sa)
        show_ike(sa, out);
    return sa != NULL;
}

bool view_grant(const struct shard *s, u64 spi, struct shrike_grant_view *out)
{
    const struct ike_sa *sa = shard_sa_by_spi(s, spi);
    if (sa)
        *out = (struct shrike_grant_view){sa->serial, sa->born, packet_bytes(sa->grant)};
    return sa != NULL;
}

bool view_child(const struct shard *s, u32 at, u32 ike, u32 after, struct shrike_child_view *out)
{
    const struct ike_sa *sa = at > 0 && at <= s->sas.cut ? shard_sa_at(s, at - 1) : NULL;
    if (!sa || sa->serial != ike)
        return false;
    const struct child_sa *c = child_first(sa); /* in the order of their serials */
    while (c && (c->serial <= after || c->state == CHILD_DEAD))
        c = child_after(sa, c);
    if (c)
        show_child(c, out);
    return c != NULL;
}

bool view_conn(const struct shard *s, u32 *at, const struct shrike_conn **out)
{
    while (*at < s->sas.cut) {
        const struct ike_sa *sa = shard_sa_at(s, (*at)++);
        if (sa && sa->conn) {
            *out = sa->conn;
            return true;
        }
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
