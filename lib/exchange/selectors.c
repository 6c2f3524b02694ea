/* Traffic selectors of a Child SA: see selectors.h. */
#include "exchange/selectors.h"
#include "base/text.h"
#include "sa/internal.h"
#include "sa/shard.h"

static void add_host(struct ts_hosts *out, const struct shrike_addr *a)
{
    for (unsigned i = 0; i < out->count; i++) {
        if (memcmp(&out->addrs[i], a, sizeof(*a)) == 0)
            return;
    }
    if (out->count < SHRIKE_ADDRESSES_MAX)
        out->addrs[out->count++] = *a;
}

/* Internal addresses, where there are or have to be such, else the end of the IKE SA. */
static void hosts_of(const struct ike_sa *sa, bool local, bool asks, struct ts_hosts *out)
{
    const struct internal *in = internal_of(sa);
    const struct shrike_endpoint *end = local ? &sa->local : &sa->remote;
    out->count = 0;
    if (internal_held(sa, local)) {
        for (unsigned i = 0; i < in->count; i++)
            add_host(out, &in->list[i]);
    } else if (in && in->ours && local) {
        /* RFC 7296 2.19: what is not known yet is asked for as the whole range. */
        bool wished = asks && in->state == INTERNAL_WISHED;
        for (unsigned i = 0; wished && i < sa->conn->vip_count; i++)
            add_host(out, &(struct shrike_addr){.family = sa->conn->vips[i].family});
    } else if (end->family) {
        struct shrike_addr a = {.family = end->family};
        memcpy(a.octets, end->octets, sizeof(a.octets));
        add_host(out, &a);
    }
}

static void resolve(const struct ike_sa *sa, const struct shrike_child_conf *conf, bool asks,
                    struct ts_list sides[2])
{
    struct ts_hosts hosts;
    hosts_of(sa, true, asks, &hosts);
    ts_resolve(conf->local_ts, conf->local_ts_count, &hosts, &sides[0]);
    hosts_of(sa, false, asks, &hosts);
    ts_resolve(conf->remote_ts, conf->remote_ts_count, &hosts, &sides[1]);
}

void selectors_configured(const struct ike_sa *sa, const struct shrike_child_conf *conf,
                          struct ts_list *local, struct ts_list *remote)
{
    struct ts_list sides[2];
    resolve(sa, conf, false, sides);
    *local = sides[0];
    *remote = sides[1];
}

/* Does it have selectors, of a packet or of what was before it? */
static bool has_selectors(const struct child_sa *child)
{
    return child->selectors && child->local_ts_count && child->remote_ts_count;
}

static bool contained(const struct ts_list *list, const struct shrike_ts *ts)
{
    return narrow_verify(&(struct ts_list){.count = 1, .ts = {*ts}}, list->ts, list->count);
}

void selectors_asked(const struct ike_sa *sa, const struct child_sa *child, struct ts_list *local,
                     struct ts_list *remote)
{
    struct ts_list wide[2]; /* local, remote */
    resolve(sa, child->conf, true, wide);
    if (has_selectors(child))
        child_read_ts(child, local, remote);
    else
        local->count = remote->count = 0;
    /* RFC 7296 2.9.1: a packet that our own policy does not take is not asked for. */
    bool astray = child->packet && local->count &&
                  (!contained(&wide[0], &local->ts[0]) || !contained(&wide[1], &remote->ts[0]));
    if (!local->count || astray) {
        *local = wide[0];
        *remote = wide[1];
        return;
    }
    (void)selectors_substitute(sa, child->mode, local, remote);
    /* RFC 7296 2.9 (1), 2.9.2 (2): the packet first; what was in use, or more. */
    if ((child->packet || child->replaces) && !child->pair) {
        ts_append(local, &wide[0]);
        ts_append(remote, &wide[1]);
    }
}

bool selectors_substitute(const struct ike_sa *sa, enum shrike_mode mode, struct ts_list *local,
                          struct ts_list *remote)
{
    if (mode != SHRIKE_TRANSPORT)
        return true;
    return (!sa->nat_here || ts_substitute(local, &sa->local)) &&
           (!sa->nat_there || ts_substitute(remote, &sa->remote));
}

bool selectors_cover(const struct ike_sa *sa, const struct child_sa *old,
                     const struct ts_list *local, const struct ts_list *remote)
{
    struct ts_list old_local, old_remote;
    child_read_ts(old, &old_local, &old_remote);
    (void)selectors_substitute(sa, old->mode, &old_local, &old_remote);
    return narrow_verify(&old_local, local->ts, local->count) &&
           narrow_verify(&old_remote, remote->ts, remote->count);
}

bool selectors_keep_packet(struct shard *s, struct child_sa *child,
                           const struct selectors_packet *packet)
{
    struct ts_list local = {.count = 1, .ts = {packet->local}};
    struct ts_list remote = {.count = 1, .ts = {packet->remote}};
    child->packet = true;
    return child_keep_ts(s, child, &local, &remote);
}

static bool takes(const struct child_sa *child, const struct selectors_packet *packet)
{
    struct ts_list local, remote;
    child_read_ts(child, &local, &remote);
    return contained(&local, &packet->local) && contained(&remote, &packet->remote);
}

bool selectors_served(const struct ike_sa *sa, const struct shrike_child_conf *conf,
                      const struct selectors_packet *packet)
{
    unsigned count = 0;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->state > CHILD_UP || c->wants_delete || !text_same(c->conf->name, conf->name))
            continue;
        if (c->state < CHILD_UP || !(c->more || c->pair) || packet->local.family == 0 ||
            takes(c, packet))
            return true;
        count++;
    }
    return count >= SELECTORS_FURTHER_MAX;
}

/* Are all of these selected by a child of this configuration that is up? */
static bool has_sibling(const struct ike_sa *sa, const struct child_sa *child,
                        const struct ts_list *local, const struct ts_list *remote)
{
    struct ts_list there_local, there_remote;
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c == child || c->state != CHILD_UP || !text_same(c->conf->name, child->conf->name))
            continue;
        child_read_ts(c, &there_local, &there_remote);
        if (narrow_verify(local, there_local.ts, there_local.count) &&
            narrow_verify(remote, there_remote.ts, there_remote.count))
            return true;
    }
    return false;
}

bool selectors_in_vain(const struct ike_sa *sa, const struct child_sa *child,
                       const struct ts_list *local, const struct ts_list *remote)
{
    struct ts_list packet_local, packet_remote;
    if (!child->packet || !has_selectors(child))
        return false;
    child_read_ts(child, &packet_local, &packet_remote);
    return !(contained(local, &packet_local.ts[0]) && contained(remote, &packet_remote.ts[0])) &&
           has_sibling(sa, child, local, remote);
}

bool selectors_agree(struct shard *s, const struct ike_sa *sa, struct child_sa *child,
                     const struct ts_list *local, const struct ts_list *remote)
{
    struct ts_list wide_local, wide_remote, asked_local, asked_remote;
    selectors_configured(sa, child->conf, &wide_local, &wide_remote);
    selectors_asked(sa, child, &asked_local, &asked_remote);
    /* Of what was configured it made the part that the packet needs: so it may do once more. */
    if (child->packet && contained(local, &asked_local.ts[0]) &&
        contained(remote, &asked_remote.ts[0]))
        child->more |= !narrow_verify(&wide_local, local->ts, local->count) ||
                       !narrow_verify(&wide_remote, remote->ts, remote->count);
    child->packet = false;
    return child_keep_ts(s, child, local, remote);
}

/* The packet's own pair of addresses, with what is configured for them. */
static unsigned packet_pair(const struct ike_sa *sa, const struct child_sa *child,
                            struct ts_pair *out)
{
    struct ts_list local, remote, packet_local, packet_remote;
    selectors_configured(sa, child->conf, &local, &remote);
    child_read_ts(child, &packet_local, &packet_remote);
    struct ts_list *sides[2][2] = {{&local, &packet_local}, {&remote, &packet_remote}};
    struct shrike_ts *pair[2] = {&out->local, &out->remote};
    for (unsigned i = 0; i < 2; i++) {
        const struct shrike_ts *packet = &sides[i][1]->ts[0];
        unsigned k = 0;
        while (k < sides[i][0]->count && !ts_contains(&sides[i][0]->ts[k], packet))
            k++;
        if (k == sides[i][0]->count)
            return 0;
        *pair[i] = sides[i][0]->ts[k];
        memcpy(pair[i]->from, packet->from, sizeof(packet->from));
        memcpy(pair[i]->to, packet->to, sizeof(packet->to));
    }
    return 1;
}

static bool use_pair(struct shard *s, struct child_sa *child, const struct ts_pair *pair)
{
    struct ts_list local = {.count = 1, .ts = {pair->local}};
    struct ts_list remote = {.count = 1, .ts = {pair->remote}};
    child->pair = true;
    child->packet = false;
    return child_keep_ts(s, child, &local, &remote);
}

bool selectors_split(struct shard *s, struct ike_sa *sa, struct child_sa *child)
{
    struct ts_pair pairs[TS_PAIRS_MAX];
    struct ts_list local, remote;
    if (child->pair || child->replaces)
        return false;
    selectors_asked(sa, child, &local, &remote);
    unsigned count = child->packet && has_selectors(child) ? packet_pair(sa, child, pairs) : 0;
    if (count == 0)
        count = ts_pairs(&local, &remote, pairs);
    bool smaller = count > 0 && (local.count > 1 || remote.count > 1 ||
                                 !ts_contains(&pairs[0].local, &local.ts[0]) ||
                                 !ts_contains(&pairs[0].remote, &remote.ts[0]));
    if (!smaller || !use_pair(s, child, &pairs[0]))
        return false;
    child->state = CHILD_WANTED;
    for (unsigned i = 1; i < count; i++) {
        struct child_sa *next = child_new(s, sa, child->conf);
        if (!next)
            break; /* at the cap: packets that meet a trap may bring it up later */
        next->command = pending_hold(s, child->command);
        if (!use_pair(s, next, &pairs[i]))
            child_die(sa, next, SHRIKE_REASON_MEMORY);
    }
    return true;
}
