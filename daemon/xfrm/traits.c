/* What is configured beside what is negotiated: see traits.h. */
#include "xfrm/traits.h"
#include <assert.h>

static struct letter_mark mark_of(const struct shrike_mark *m, u32 number)
{
    u32 value = m->kind == SHRIKE_MARK_FIXED ? m->value : number;
    return (struct letter_mark){fault(237) ? value : value & m->mask, m->mask};
}

static u32 id_of(const struct shrike_mark *m, u32 number)
{
    return mark_of(m, number).value;
}

void traits_make(struct traits *out, const struct shrike_plane_conf *conf,
                 const struct traits_numbers *n)
{
    *out = (struct traits){
        .mark_in = mark_of(&conf->mark_in, n->mark_in),
        .mark_out = mark_of(&conf->mark_out, n->mark_out),
        .if_in = id_of(&conf->if_id_in, n->if_in),
        .if_out = id_of(&conf->if_id_out, n->if_out),
        .priority = conf->priority,
        .offload = conf->offload,
        .must_offload = conf->must_offload,
        .packet = conf->packet,
        .no_policies = conf->no_policies,
        .link = conf->link != NULL,
        .lose_df = conf->lose_df,
        .lose_ecn = conf->lose_ecn,
        .lose_dscp = conf->lose_dscp,
        .take_dscp = conf->take_dscp,
    };
    if (conf->mark_in_sa)
        out->sa_in = out->mark_in;
    /* Of the other kinds there is only the one that takes the value of its direction. */
    out->set_in = mark_of(&conf->set_mark_in, out->mark_in.value);
    out->set_out = mark_of(&conf->set_mark_out, out->mark_out.value);
}

bool traits_routed(const struct traits *t)
{
    return t->mark_out.mask == 0 && (t->if_out == 0 || t->link) && !t->no_policies;
}

static bool same_mark(const struct letter_mark *a, const struct letter_mark *b)
{
    return a->value == b->value && a->mask == b->mask;
}

bool traits_alike(const struct traits *a, const struct traits *b)
{
    return same_mark(&a->mark_in, &b->mark_in) && same_mark(&a->mark_out, &b->mark_out) &&
           a->if_in == b->if_in && a->if_out == b->if_out;
}

struct bytes traits_octets(const struct traits *t, u8 out[TRAITS_OCTETS])
{
    static const struct traits none;
    const u32 all[] = {t->mark_in.value, t->mark_in.mask, t->mark_out.value,
                       t->mark_out.mask, t->if_in,        t->if_out};
    static_assert(sizeof all == TRAITS_OCTETS, "room for all of them");
    memcpy(out, all, sizeof all);
    return bytes_of(out, traits_alike(t, &none) ? 0 : sizeof all);
}
