/* Reading records: see import.h. */
#include "engine/import.h"
#include "base/ct.h"
#include "base/text.h"
#include "engine/record.h"
#include "exchange/child_rekey.h"
#include "exchange/exchange.h"
#include "sa/again.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/keys.h"
#include "sa/life.h"
#include "sa/match.h"
#include "sa/peers.h"
#include "sa/protect.h"
#include "sa/twin.h"
#include "wire/ident.h"

enum {
    SERIALS_MAX = INT32_MAX, /* greater ones would soon be used up */
    MEMBERS_MAX = 3,         /* of a record: an SA and what both ends have asked for in its place */
    SUITE_SIZE = 10,
    WANTS_UP = WANT_CLOSE | WANT_LIVENESS | WANT_ROAM,
    WANTS_WAITING = WANT_CLOSE | WANT_INIT,
};

/* Of children, one for each slot at most. */
struct serials {
    u32 at[WINDOW_MAX];
    unsigned count;
};

/* One SA of a record, and what is to be done when all of it is there. */
struct member {
    struct ike_sa *sa;
    bool ring;
    unsigned ours, theirs; /* slots that are filled */
    struct serials undone_ours, undone_theirs;
};

struct import {
    struct shard *shard;
    struct record_from from;
    u32 free_from; /* greater serials are nobody's */
    u32 greatest;  /* of those in the record */
    struct member members[MEMBERS_MAX];
    unsigned count;
};

/* ---- the parts of an SA ---- */

/* Serials that this engine has given out itself may be taken; those of other records differ from
 * each other, as one engine gave them. */
static bool take_serial(struct import *in, u32 serial)
{
    const struct shard *s = in->shard;
    in->greatest = MAX(in->greatest, serial);
    return serial != 0 && serial < SERIALS_MAX &&
           (serial > in->free_from || (!sa_by_serial(s, serial) && !child_by_serial(s, serial)));
}

static bool read_text(struct reader *r, struct bytes *out)
{
    *out = read_rest(r);
    return out->len > 0 && !memchr(out->at, 0, out->len);
}

static bool is_named(const char *name, struct bytes b)
{
    return strlen(name) == b.len && memcmp(name, b.at, b.len) == 0;
}

/* The connection as it is configured now. */
static const struct shrike_conn *find_conn(const struct shard *s, struct reader r)
{
    const struct snapshot *now = s->current;
    struct bytes name;
    u64 hash = read_u64(&r);
    const struct shrike_conn *found = NULL;
    if (!read_text(&r, &name) || !now)
        return NULL;
    struct directory_walk all = directory_named(&now->directory, now->conf, name);
    for (u32 i; (i = directory_next(&all)) != MAP_NONE;) {
        const struct shrike_conn *conn = &now->conf->conns[i];
        if (is_named(conn->name, name) && (!found || conn->hash == hash))
            found = conn;
    }
    return found;
}

static bool read_suite(struct reader r, struct ike_suite *out)
{
    u16 encr = read_u16(&r), bits = read_u16(&r), prf = read_u16(&r);
    u16 integ = read_u16(&r), ke = read_u16(&r);
    *out = (struct ike_suite){
        .encr = suite_encr(encr, bits),
        .prf = suite_prf(prf),
        .integ = integ == INTEG_NONE ? NULL : suite_integ(integ),
        .ke = suite_ke(ke),
    };
    return read_ended(&r) && out->encr && out->prf && out->ke &&
           out->encr->aead == (out->integ == NULL);
}

static bool read_peer_id(struct import *in, struct ike_sa *sa, struct reader r)
{
    struct bytes id = read_rest(&r);
    if (sa->peer_id || id.len == 0 || id.len > 1 + SHRIKE_ID_MAX)
        return false;
    sa->peer_id = packet_copy(&in->shard->packets, id);
    return sa->peer_id != NULL;
}

/* What is only wanted, or gone, has none. */
static bool read_keys(struct import *in, struct ike_sa *sa, struct reader r)
{
    struct ike_keys keys;
    read_copy(&r, (u8 *)&keys, sizeof(keys));
    bool good = read_ended(&r) && !sa->keys &&
                (sa->state == IKE_INIT || sa->state == IKE_GONE || keys_keep(in->shard, sa, &keys));
    wipe(&keys, sizeof(keys));
    return good;
}

static bool read_addrs(struct reader *r, struct shrike_addr *out, unsigned count)
{
    if (count > SHRIKE_ADDRESSES_MAX)
        return false;
    for (unsigned i = 0; i < count; i++) {
        out[i].family = read_u8(r);
        read_copy(r, out[i].octets, sizeof(out[i].octets));
        if (out[i].family != 4 && out[i].family != 6)
            return false;
    }
    return true;
}

static bool read_internal(struct import *in, struct ike_sa *sa, struct reader r)
{
    struct internal head = {0};
    struct config_list list = {0};
    head.lease = read_u32(&r);
    head.state = read_u8(&r);
    head.ours = read_u8(&r);
    list.addr_count = read_u8(&r);
    list.dns_count = read_u8(&r);
    bool good = !sa->internal && head.lease < SERIALS_MAX && head.state <= INTERNAL_NONE &&
                head.ours <= 1 && read_addrs(&r, list.addrs, list.addr_count) &&
                read_addrs(&r, list.dns, list.dns_count) && read_ended(&r);
    bool fits = head.lease ? list.addr_count > 0 : head.state != INTERNAL_HELD;
    in->greatest = MAX(in->greatest, head.lease);
    return good && fits && internal_restore(in->shard, sa, &head, &list);
}

/* RFC 4555 3.4: where the peer can be found, too. */
static bool read_addresses(struct import *in, struct ike_sa *sa, struct reader r)
{
    struct shrike_addr list[1 + PEER_ADDRESSES_MAX];
    unsigned count = 0;
    while (read_left(&r) && count < ARRAY_LEN(list)) {
        struct shrike_addr *a = &list[count++];
        a->family = read_u8(&r);
        read_copy(&r, a->octets, sizeof(a->octets));
        if (a->family != 4 && a->family != 6)
            return false;
    }
    if (sa->peer_addresses || count == 0 || !read_ended(&r))
        return false;
    sa->peer_addresses = packet_copy(&in->shard->packets, bytes_of(list, count * sizeof(list[0])));
    return sa->peer_addresses != NULL;
}

static bool read_grant(struct import *in, struct ike_sa *sa, struct reader r)
{
    struct bytes grant = read_rest(&r);
    if (sa->grant || grant.len == 0 || grant.len > SHRIKE_GRANT_MAX)
        return false;
    sa->grant = packet_copy(&in->shard->packets, grant);
    return sa->grant != NULL;
}

static bool read_serial(struct reader r, u32 *out)
{
    *out = read_u32(&r);
    return read_ended(&r);
}

static bool add_serial(struct reader r, struct serials *out)
{
    return out->count < WINDOW_MAX && read_serial(r, &out->at[out->count++]);
}

static bool is_one_of(const struct serials *s, u32 serial)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->at[i] == serial)
            return true;
    }
    return false;
}

/* ---- slots ---- */

static bool read_packet(struct import *in, struct slot *slot, struct reader r)
{
    struct packet **end = &slot->message;
    unsigned count = 0;
    for (; *end; end = &(*end)->next)
        count++;
    struct bytes octets = read_rest(&r);
    if (count == FRAGMENTS_OUT_MAX || octets.len < HEADER_SIZE || octets.len > MESSAGE_MAX)
        return false;
    *end = packet_copy(&in->shard->packets, octets);
    return *end != NULL;
}

static bool read_work(struct import *in, struct slot *slot, struct reader r)
{
    struct work *work = slot->work ? NULL : slot_work(in->shard, slot);
    return work && record_rows(r, &record_work, &in->from, work) && work->gone_count <= GONE_MAX &&
           (work->group == KE_NONE || suite_ke(work->group));
}

static bool read_slot(struct import *in, struct ike_sa *sa, struct slot *slot, struct reader r)
{
    u32 serial = 0;
    bool good = slot && record_rows(r, &record_slot, &in->from, slot);
    for (struct field f; good && record_next(&r, &f);) {
        if (f.number == RECORD_SLOT_CHILD)
            good = read_serial(f.value, &serial);
        else if (f.number == RECORD_PACKET)
            good = read_packet(in, slot, f.value);
        else if (f.number == RECORD_WORK)
            good = read_work(in, slot, f.value);
        else
            good = f.number < RECORD_CONN;
    }
    if (!good || r.bad || !slot->message)
        return false;
    slot->child = child_of_serial(sa, serial);
    return serial == 0 || slot->child;
}

/* A request of ours that is in flight: one of those that an SA can have that is up. */
static bool request_fits(const struct ike_sa *sa, const struct slot *ours)
{
    bool up = sa->state == IKE_UP || sa->state == IKE_CLOSING;
    bool alone = !(ours->want & WANTS_ALONE) || slots_asking(sa) == 1;
    if (ours->exchange == EXCHANGE_CREATE_CHILD_SA)
        return up && alone && ours->work && (ours->want == WANT_REKEY) == !ours->child;
    bool wants = ours->want == 0 || ours->want == WANT_CLOSE || ours->want == WANT_LIVENESS ||
                 ours->want == WANT_ROAM || ours->want == WANT_TELL;
    return ours->exchange == 0 ||
           (up && alone && ours->exchange == EXCHANGE_INFORMATIONAL && wants && !ours->work);
}

static bool slots_fit(const struct ike_sa *sa)
{
    const struct slot *ours, *theirs;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) && (theirs = slot_theirs(sa, i)); i++) {
        if (!request_fits(sa, ours) || theirs->exchange || theirs->work)
            return false;
    }
    return slots_asking(sa) <= sa->window.allowed;
}

/* ---- children ---- */

static bool read_ts(struct reader r, struct ts_list *out)
{
    out->count = 0;
    while (read_left(&r) && out->count < SHRIKE_TS_MAX) {
        struct shrike_ts *ts = &out->ts[out->count++];
        *ts = (struct shrike_ts){0};
        read_copy(&r, ts->from, sizeof(ts->from));
        read_copy(&r, ts->to, sizeof(ts->to));
        ts->port_from = read_u16(&r);
        ts->port_to = read_u16(&r);
        ts->protocol = read_u8(&r);
        ts->family = read_u8(&r);
        if (ts->family != 4 && ts->family != 6)
            return false;
    }
    return read_ended(&r);
}

struct child_parts {
    struct bytes name;
    struct ts_list local, remote;
};

static bool read_parts(struct reader r, struct child_parts *out)
{
    bool good = true;
    *out = (struct child_parts){0};
    for (struct field f; good && record_next(&r, &f);) {
        if (f.number == RECORD_NAME)
            good = read_text(&f.value, &out->name);
        else if (f.number == RECORD_LOCAL_TS)
            good = read_ts(f.value, &out->local);
        else if (f.number == RECORD_REMOTE_TS)
            good = read_ts(f.value, &out->remote);
        else
            good = f.number < RECORD_CONN;
    }
    return good && !r.bad && out->name.len;
}

static const struct shrike_child_conf *find_child(const struct shrike_conn *conn, struct bytes name)
{
    for (u32 i = 0; i < conn->child_count; i++) {
        if (is_named(conn->children[i].name, name))
            return &conn->children[i];
    }
    return NULL;
}

static bool child_fits(const struct child_sa *c)
{
    bool agreed = c->local_ts_count && c->remote_ts_count;
    return c->state <= CHILD_DEAD && c->mode < SHRIKE_PASS && c->reason < SHRIKE_REASON_COUNT &&
           c->lowest.len <= LOWEST_LEN && c->plane <= RECORD_PLANE_LOST &&
           (agreed || c->state != CHILD_UP) && (c->ke == KE_NONE || suite_ke(c->ke)) &&
           (c->spi_in || !c->plane) &&
           (!c->protocol || c->protocol == PROTOCOL_ESP || c->protocol == PROTOCOL_AH) &&
           (c->protocol || c->state != CHILD_UP) &&
           (!c->cpi_in || (c->cpi_in >= CPI_MIN && c->cpi_in <= CPI_MAX)) &&
           (!c->cpi_out || (c->cpi_out >= CPI_MIN && c->cpi_in));
}

/* Its SPI and its CPI, if it has them: of our shard, and nobody else's? */
static bool numbers_free(const struct shard *s, const struct child_sa *said)
{
    return (!said->spi_in || ((said->spi_in >> 24) % s->shards == s->shard &&
                              map_get(&s->by_esp, said->spi_in) == MAP_NONE)) &&
           (!said->cpi_in || ((said->cpi_in >> 8) % s->shards == s->shard &&
                              map_get(&s->by_esp, CPI_KEY | said->cpi_in) == MAP_NONE));
}

static bool keep_numbers(struct shard *s, const struct child_sa *said, struct child_sa *child)
{
    if (said->spi_in && !map_put(&s->by_esp, said->spi_in, child->index))
        return false;
    child->spi_in = said->spi_in;
    if (said->cpi_in && !map_put(&s->by_esp, CPI_KEY | said->cpi_in, child->index))
        return false;
    child->cpi_in = said->cpi_in;
    return true;
}

/* One whose configuration is gone is to go too; until then it has another's name. */
static bool read_child(struct import *in, struct ike_sa *sa, struct reader r)
{
    struct shard *s = in->shard;
    struct child_sa said = {0};
    struct child_parts parts;
    if (!record_rows(r, &record_child, &in->from, &said) || !read_parts(r, &parts))
        return false;
    said.local_ts_count = parts.local.count;
    said.remote_ts_count = parts.remote.count;
    if (!child_fits(&said) || !take_serial(in, said.serial) || sa->conn->child_count == 0)
        return false;
    const struct shrike_child_conf *conf = find_child(sa->conn, parts.name);
    struct child_sa *child =
        numbers_free(s, &said) ? child_new(s, sa, conf ? conf : &sa->conn->children[0]) : NULL;
    if (!child || !keep_numbers(s, &said, child))
        return false;
    record_copy(&record_child, &said, child);
    if (in->from.version < 2)
        child->asked = child->ours;
    child->plane = 0; /* until all is there: else the data plane would be told of its end */
    sa->dead = (u16)(sa->dead + (child->state == CHILD_DEAD));
    if ((parts.local.count || parts.remote.count) &&
        !child_keep_ts(s, child, &parts.local, &parts.remote))
        return false;
    if (said.plane)
        child->plane = said.plane == RECORD_PLANE_HELD ? s->plane : UINT32_MAX;
    if (!conf && child->state == CHILD_WANTED)
        child_die(sa, child, SHRIKE_REASON_NO_SUCH_CHILD);
    else if (!conf)
        child_end(child, SHRIKE_REASON_NO_SUCH_CHILD);
    return true;
}

/* ---- an SA ---- */

/* It is to make again what was lost, later. */
static bool is_waiting(const struct ike_sa *sa)
{
    return sa->state == IKE_INIT && sa->initiator && sa->tries && !sa->spare;
}

static bool window_fits(const struct window *w)
{
    return w->kept >= 1 && w->kept <= WINDOW_MAX && w->allowed >= 1 && w->allowed <= WINDOW_MAX &&
           w->early >> (w->kept - 1) == 0;
}

static bool sa_fits(const struct ike_sa *sa)
{
    bool pending = sa->state == IKE_INIT && sa->spare && sa->initiator;
    bool keyed = sa->state == IKE_UP || sa->state == IKE_CLOSING;
    int wants = is_waiting(sa) ? WANTS_WAITING : WANTS_UP;
    return (pending || is_waiting(sa) || sa->state >= IKE_UP) && sa->state <= IKE_GONE &&
           (!keyed || sa->authenticated) && !(sa->wants & ~wants) && window_fits(&sa->window) &&
           sa->ousts <= OUST_DELETE && sa->lost <= LOST_STALE && sa->lowest.len <= LOWEST_LEN &&
           (sa->rekey_group == KE_NONE || suite_ke(sa->rekey_group)) &&
           sa->reason < SHRIKE_REASON_COUNT && sa->iv_end <= UINT64_MAX / 2;
}

/* What the peer has not heard of has an SPI of its own. */
static struct ike_sa *restore(struct shard *s, struct ike_sa *said)
{
    if (is_waiting(said))
        said->spi_i = shard_draw_spi(s);
    struct ike_sa *sa = sa_new_restored(s, said->initiator, sa_spi_ours(said), said->serial);
    bool larger = said->window.kept > 1 || said->window.allowed > 1;
    if (!sa || !larger || slots_open(s, sa))
        return sa;
    sa_free(s, sa);
    return NULL;
}

/* Its fields, its connection and its suite make it; then there is a place for the rest. */
static struct ike_sa *make(struct import *in, struct reader r)
{
    struct ike_sa said = {0}, *sa = NULL;
    const struct shrike_conn *conn = NULL;
    struct shard *s = in->shard;
    bool good = record_rows(r, &record_ike, &in->from, &said);
    if (in->from.version < 2)
        said.window.allowed = 1;
    good = good && sa_fits(&said) && take_serial(in, said.serial);
    for (struct field f; good && record_next(&r, &f);) {
        if (f.number == RECORD_CONN)
            good = (conn = find_conn(s, f.value)) != NULL;
        else if (f.number == RECORD_SUITE)
            good = read_suite(f.value, &said.suite);
    }
    if (good && conn && (said.suite.encr || said.state == IKE_INIT || said.state == IKE_GONE))
        sa = restore(s, &said);
    if (sa) {
        record_copy(&record_ike, &said, sa);
        sa->suite = said.suite;
        if (in->from.version < 2) {
            sa->caller = sa->initiator;
            sa->line = sa->spi_i;
            sa->born = sa->established;
        }
        if (fault(61))
            sa->window.theirs = 0;
        sa->iv = fault(60) ? sa->iv_end - MIN(sa->iv_end, IV_RANGE) : sa->iv_end;
        sa_use_conn(s, sa, conn, s->current);
    }
    return sa;
}

/* Children before slots, which name them: so all children first. */
static bool fill(struct import *in, struct member *m, struct reader r, bool children)
{
    bool good = true;
    for (struct field f; good && record_next(&r, &f);) {
        bool is_child = f.number == RECORD_CHILD;
        if (f.number == RECORD_KEYS && !children)
            good = read_keys(in, m->sa, f.value);
        if (is_child != children || f.number < RECORD_CONN)
            continue;
        if (is_child)
            good = read_child(in, m->sa, f.value);
        else if (f.number == RECORD_PEER_ID)
            good = read_peer_id(in, m->sa, f.value);
        else if (f.number == RECORD_INTERNAL)
            good = read_internal(in, m->sa, f.value);
        else if (f.number == RECORD_ADDRESSES)
            good = read_addresses(in, m->sa, f.value);
        else if (f.number == RECORD_GRANT)
            good = read_grant(in, m->sa, f.value);
        else if (f.number == RECORD_RING)
            m->ring = true;
        else if (f.number == RECORD_OURS)
            good = read_slot(in, m->sa, slot_ours(m->sa, m->ours++), f.value);
        else if (f.number == RECORD_THEIRS)
            good = read_slot(in, m->sa, slot_theirs(m->sa, m->theirs++), f.value);
        else if (f.number == RECORD_UNDONE_OURS)
            good = add_serial(f.value, &m->undone_ours);
        else if (f.number == RECORD_UNDONE_THEIRS)
            good = add_serial(f.value, &m->undone_theirs);
        else
            good = f.number == RECORD_CONN || f.number == RECORD_SUITE;
    }
    return good && !r.bad;
}

/* Is a request of ours about this very child? */
static bool asks_about(const struct ike_sa *sa, const struct child_sa *child)
{
    const struct slot *ours;
    for (unsigned i = 0; (ours = slot_ours(sa, i)) != NULL; i++) {
        if (ours->child == child)
            return true;
    }
    return false;
}

/* A child that no exchange is about is not being negotiated, unless it ends. */
static bool children_fit(const struct member *m)
{
    const struct ike_sa *sa = m->sa;
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        bool asks = asks_about(sa, c);
        bool known = asks || is_one_of(&m->undone_ours, c->serial) ||
                     is_one_of(&m->undone_theirs, c->serial);
        if ((c->state == CHILD_NEGOTIATED && !known && !c->wants_delete) ||
            (c->state == CHILD_DELETING && !asks) ||
            (sa->state == IKE_GONE && c->state != CHILD_DEAD))
            return false;
    }
    return true;
}

static bool read_member(struct import *in, struct reader r)
{
    struct member *m = &in->members[in->count];
    if (in->count == MEMBERS_MAX || !(m->sa = make(in, r)))
        return false;
    in->count++;
    return fill(in, m, r, true) && fill(in, m, r, false) && slots_fit(m->sa) && children_fit(m) &&
           (!m->ring || (m->sa->peer_id && m->sa->state != IKE_GONE));
}

/* ---- all of them ---- */

/* The first is to be replaced by the others: one asked for by us, one by the peer. */
static bool link_members(struct import *in)
{
    struct ike_sa *root = in->members[0].sa;
    for (unsigned i = 1; i < in->count; i++) {
        struct ike_sa *sa = in->members[i].sa, **place = &root->next[sa->initiator ? 0 : 1];
        if (!sa->spare || *place || root->spare)
            return false;
        *place = sa;
        sa->before = root;
        if (sa->state == IKE_INIT && !slot_of_want(root, WANT_REKEY))
            return false;
    }
    bool asks = slot_of_want(root, WANT_REKEY) != NULL;
    bool pending = root->next[0] && root->next[0]->state == IKE_INIT;
    return (root->state != IKE_INIT || is_waiting(root)) && (!pending || asks);
}

/* What it was to replace is sent by, and may try again. */
static void try_again(struct shard *s, struct ike_sa *sa, u32 serial)
{
    struct child_sa *old = child_of_serial(sa, serial);
    if (old && old->plane)
        child_switch(s, sa, old);
    if (old && old->state == CHILD_UP && !old->wants_delete)
        life_retry_child(s, old, REKEY_RETRY);
    if (serial)
        child_rekey_settle(s, sa, serial);
}

/* What waited for the data plane does not any more (export.h). */
static void undo(struct shard *s, struct member *m)
{
    for (unsigned i = 0; i < m->undone_theirs.count; i++) {
        struct child_sa *theirs = child_of_serial(m->sa, m->undone_theirs.at[i]);
        u32 replaces = theirs ? theirs->replaces : 0;
        if (theirs)
            child_free(s, m->sa, theirs);
        if (replaces)
            child_rekey_settle(s, m->sa, replaces);
    }
    for (unsigned i = 0; i < m->undone_ours.count; i++) {
        struct child_sa *ours = child_of_serial(m->sa, m->undone_ours.at[i]);
        if (!ours)
            continue;
        child_end(ours, SHRIKE_REASON_KERNEL);
        ours->again = true;
        try_again(s, m->sa, ours->replaces);
    }
}

/* Beside others of the peer that it is to call, if that is known. */
static void join(struct shard *s, struct ike_sa *sa)
{
    const struct shrike_id *peer = sa_wanted_id(sa->conn);
    sa_use_endpoints(s, sa);
    if (peer->type && !id_is_pattern(peer))
        peers_add(s, sa, peer);
}

static void finish(struct import *in)
{
    struct shard *s = in->shard;
    for (unsigned i = 0; i < in->count; i++) {
        struct member *m = &in->members[i];
        if (m->ring)
            peers_restore(s, m->sa);
        undo(s, m);
        internal_hold(s, m->sa);
        m->sa->reap = m->sa->state == IKE_GONE && !slots_remember(m->sa);
        if (is_waiting(m->sa))
            join(s, m->sa);
        twin_expect(s, m->sa);
        if (m->sa->state == IKE_INIT && m->sa->spare)
            sa_changed(s, m->sa); /* it has no time of its own */
        else
            sa_touch(s, m->sa);
    }
}

/* Nothing may be sent by what a stale record says. What was to replace the first one goes with it;
 * an attempt that has not begun has no keys, and stays. */
static void lose(struct import *in)
{
    struct shard *s = in->shard;
    struct ike_sa *root = in->members[0].sa;
    struct shrike_reason why = {.code = SHRIKE_REASON_STALE_RECORD};
    for (unsigned i = in->count; i-- > 0;) {
        struct ike_sa *sa = in->members[i].sa;
        for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
            c->plane = 0; /* the data plane is another one */
        internal_forget(sa);
        if (sa != root)
            sa_free(s, sa);
    }
    in->count = 1;
    if (is_waiting(root)) {
        finish(in);
        return;
    }
    if (in->members[0].ring)
        peers_restore(s, root); /* the new one is to stand where it stood */
    slot_free(s, &root->theirs);
    /* What is made of its children has new serials: only when all records have been read. */
    if (root->state != IKE_GONE)
        ike_close_first(s, root, &why);
    root->reap = true;
    sa_touch(s, root);
}

static void give_up(struct import *in)
{
    for (unsigned i = 0; i < in->count; i++) {
        struct ike_sa *sa = in->members[i].sa;
        for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
            c->plane = 0; /* the data plane knows nothing of it */
        internal_forget(sa);
        sa_free(in->shard, sa);
    }
}

/* Make its SAs, and no more of them than that. */
static bool read_record(struct import *in, struct bytes record)
{
    struct shard *s = in->shard;
    u32 serials = s->serials, given = 0;
    struct reader r;
    bool good = record_open(record, &r, &in->from.version);
    for (struct field f; good && !given && record_next(&r, &f);) {
        if (f.number == RECORD_SERIALS)
            good = read_serial(f.value, &given);
        else
            good = f.number == RECORD_IKE && read_member(in, f.value);
    }
    good = good && read_ended(&r) && in->count && in->greatest <= given && given < SERIALS_MAX &&
           link_members(in);
    s->given = in->free_from; /* making children took some */
    s->serials = good ? MAX(serials, given) : serials;
    if (!good)
        give_up(in);
    return good;
}

bool import_ike(struct shard *s, shrike_time made, struct bytes record)
{
    struct import in = {.shard = s, .from = {.made = made}, .free_from = s->given};
    bool good = read_record(&in, record);
    if (good)
        finish(&in);
    return good;
}

bool import_stale(struct shard *s, struct bytes record)
{
    struct import in = {.shard = s, .from = {.made = s->now}, .free_from = s->given};
    bool good = read_record(&in, record);
    if (good && fault(80))
        finish(&in);
    else if (good)
        lose(&in);
    return good;
}
