/* Nonces and key exchange of CREATE_CHILD_SA: see fresh.h. */
#include "exchange/fresh.h"
#include "base/ct.h"

bool fresh_draw(struct turn *t, struct work *work, u16 group)
{
    const struct shrike_provider *p = t->shard->provider;
    u8 public_value[KE_PUBLIC_MAX];
    work->group = group;
    /* RFC 7296 3.9 (2): a new one each time. */
    if (!p->random(p->ctx, work->nonce, NONCE_LEN))
        return false;
    if (group == KE_NONE)
        return true;
    const struct ke_suite *ke = suite_ke(group);
    if (!ke || !p->ke_generate(p->ctx, ke, work->ke_private, public_value))
        return false;
    packet_drop(&t->shard->packets, work->ke_public);
    work->ke_public = packet_copy(&t->shard->packets, bytes_of(public_value, ke->public_len));
    return work->ke_public != NULL;
}

struct offer_between fresh_between(const struct work *work)
{
    return (struct offer_between){
        .nonce = bytes_of(work->nonce, NONCE_LEN),
        .ke = {.group = work->group, .value = packet_bytes(work->ke_public)},
    };
}

/* The shared secret with the peer's value; empty without a group. false: a bad value. */
static bool derive(struct turn *t, struct work *work, struct fresh *f)
{
    const struct shrike_provider *p = t->shard->provider;
    struct ke theirs;
    bool valid = false;
    if (work->group == KE_NONE)
        return true;
    const struct ke_suite *ke = suite_ke(work->group);
    if (!ke_read(message_body(t->in, PAYLOAD_KE), &theirs) || theirs.group != work->group ||
        theirs.value.len != ke->public_len)
        return false;
    if (!p->ke_derive(p->ctx, ke, work->ke_private, theirs.value, f->secret, &valid) || !valid)
        return false;
    f->seed.shared = bytes_of(f->secret, ke->secret_len);
    return true;
}

enum verdict fresh_join(struct turn *t, struct work *work, struct fresh *out)
{
    bool we_asked = slot_is_ours(t->sa, t->slot);
    struct bytes theirs, ours = bytes_of(work->nonce, NONCE_LEN);
    out->seed = (struct key_seed){0};
    if (!nonce_read(message_body(t->in, PAYLOAD_NONCE), &theirs))
        return turn_refuse(t, SHRIKE_REASON_NONCE_SIZE, NOTIFY_INVALID_SYNTAX);
    if (!derive(t, work, out))
        return turn_refuse(t, SHRIKE_REASON_KE_INVALID, NOTIFY_INVALID_SYNTAX);
    out->seed.ni = we_asked ? ours : theirs;
    out->seed.nr = we_asked ? theirs : ours;
    lowest_of(ours, theirs, &out->lowest);
    return DONE;
}

void fresh_wipe(struct fresh *f)
{
    wipe(f->secret, sizeof(f->secret));
}

u16 fresh_other_group(const struct notify *n, const struct shrike_proposal *ours, unsigned count,
                      u16 tried)
{
    if (n->type != NOTIFY_INVALID_KE_PAYLOAD || n->data.len != 2)
        return KE_NONE;
    u16 group = (u16)(n->data.at[0] << 8 | n->data.at[1]);
    return group != tried && select_has_group(ours, count, group) ? group : KE_NONE;
}
