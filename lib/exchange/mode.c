/* The mode of a Child SA: see mode.h. */
#include "exchange/mode.h"

/* Who sends it means by notifies of private use what we do. */
static const u8 vendor[] = {0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc,
                            0x22, 0x51, 0x61, 0x3b, 0x2e, 0xbe, 0x5b, 0xeb};

/* RFC 9347 6.1.4: the flag D. */
enum { AGGFRAG_WHOLE = 1 };

/* ---- IKE_SA_INIT ---- */

static bool has_beet(const struct shrike_conn *conn)
{
    for (unsigned i = 0; i < conn->child_count; i++) {
        if (conn->children[i].mode == SHRIKE_BEET)
            return true;
    }
    return false;
}

void mode_offer(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    /* Who is called says it to those alone who have said it. */
    if (sa->initiator ? !has_beet(sa->conn) : !sa->kin)
        return;
    size_t mark = payload_begin(t->out, PAYLOAD_VENDOR, false);
    write_bytes(t->out->w, bytes_of(vendor, sizeof(vendor)));
    payload_end(t->out, mark);
}

void mode_note(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    const struct payload *p = message_find(t->in, PAYLOAD_VENDOR);
    bool ours = sa->initiator ? has_beet(sa->conn) : t->shard->current->conf->beet;
    sa->kin = false;
    for (; ours && p; p = message_find_after(t->in, p))
        sa->kin |= bytes_equal(bytes_at(t->in->base, p->body), bytes_of(vendor, sizeof(vendor)));
}

/* ---- Child SAs ---- */

bool mode_known(const struct ike_sa *sa, enum shrike_mode mode)
{
    return mode != SHRIKE_BEET || sa->kin || fault(172);
}

static u16 notify_of(enum shrike_mode mode)
{
    switch (mode) {
    case SHRIKE_TRANSPORT:
        return NOTIFY_USE_TRANSPORT_MODE;
    case SHRIKE_BEET:
        return NOTIFY_PRIVATE_BEET_MODE;
    case SHRIKE_IPTFS:
        return NOTIFY_USE_AGGFRAG;
    case SHRIKE_TUNNEL:
    case SHRIKE_PASS:
    case SHRIKE_DROP:
        break;
    }
    return 0;
}

void mode_add(struct turn *t, enum shrike_mode mode)
{
    static const u8 flags = 0; /* we require nothing: pieces are taken */
    u16 notify = notify_of(mode);
    if (notify)
        notify_add(t->out, notify, bytes_of(&flags, mode == SHRIKE_IPTFS ? 1 : 0));
}

/* RFC 9347 5.1, 6.1.4: what the peer requires; congestion control, or what nobody knows, we do not
 * have. */
static bool can(enum shrike_mode mode, const struct notify *n)
{
    if (mode != SHRIKE_IPTFS || fault(175))
        return true;
    return n->data.len == 1 && (n->data.at[0] & ~AGGFRAG_WHOLE) == 0;
}

enum shrike_mode mode_said(const struct turn *t)
{
    struct notify n;
    for (unsigned mode = SHRIKE_TRANSPORT; mode < SHRIKE_PASS; mode++) {
        if (mode_known(t->sa, (enum shrike_mode)mode) &&
            notify_find(t->in, notify_of((enum shrike_mode)mode), &n) &&
            can((enum shrike_mode)mode, &n))
            return (enum shrike_mode)mode;
    }
    return SHRIKE_TUNNEL;
}

bool mode_whole(const struct turn *t)
{
    struct notify n;
    return notify_find(t->in, NOTIFY_USE_AGGFRAG, &n) && n.data.len == 1 &&
           (n.data.at[0] & AGGFRAG_WHOLE);
}

static bool is_one_address(const struct ts_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct shrike_ts *ts = &list->ts[i], *first = &list->ts[0];
        if (ts->family != first->family || memcmp(ts->from, first->from, sizeof(ts->from)) != 0 ||
            memcmp(ts->to, first->from, sizeof(ts->to)) != 0)
            return false;
    }
    return list->count > 0;
}

bool mode_takes(enum shrike_mode mode, const struct ts_list *local, const struct ts_list *remote)
{
    return mode != SHRIKE_BEET || fault(173) || (is_one_address(local) && is_one_address(remote));
}
