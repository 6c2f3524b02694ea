/* Writing records: see export.h. */
#include "engine/export.h"
#include "base/ct.h"
#include "engine/record.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/keys.h"

/* Asked for by us, and not answered yet: it has an SPI and nothing else. */
static bool is_pending(const struct ike_sa *sa)
{
    return sa->spare && sa->state == IKE_INIT;
}

/* To make again what was lost: nothing of it is up. */
static bool is_attempt(const struct ike_sa *sa)
{
    return !sa->authenticated && sa->initiator && sa->tries && !sa->spare && sa->state < IKE_UP;
}

/* Of a handshake that is not over. */
static bool is_left_over(const struct ike_sa *sa)
{
    return !sa->authenticated && !is_pending(sa);
}

static bool holds_plane(const struct ike_sa *sa)
{
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->plane)
            return true;
    }
    return false;
}

static void write_conn(struct pen *p, const struct shrike_conn *conn)
{
    size_t mark = pen_begin(p, RECORD_CONN);
    pen_number(p, conn->hash, 8);
    pen_octets(p, bytes_of(conn->name, strlen(conn->name)));
    pen_end(p, mark);
}

static void write_suite(struct pen *p, const struct ike_suite *suite)
{
    size_t mark = pen_begin(p, RECORD_SUITE);
    pen_number(p, suite->encr->id, 2);
    pen_number(p, suite->encr->key_bits, 2);
    pen_number(p, suite->prf->id, 2);
    pen_number(p, suite->integ ? suite->integ->id : INTEG_NONE, 2);
    pen_number(p, suite->ke->id, 2);
    pen_end(p, mark);
}

static void write_work(struct pen *p, const struct work *work)
{
    size_t mark = pen_begin(p, RECORD_WORK);
    pen_rows(p, &record_work, work);
    pen_end(p, mark);
}

static void write_slot(struct pen *p, u8 number, const struct slot *slot)
{
    size_t mark = pen_begin(p, number);
    pen_rows(p, &record_slot, slot);
    if (slot->child)
        pen_serial(p, RECORD_SLOT_CHILD, slot->child->serial);
    for (const struct packet *k = slot->message; k; k = k->next)
        pen_field(p, RECORD_PACKET, packet_bytes(k));
    if (slot->work)
        write_work(p, slot->work);
    pen_end(p, mark);
}

static void write_ts(struct pen *p, u8 number, const struct shrike_ts *ts, unsigned count)
{
    size_t mark = pen_begin(p, number);
    for (unsigned i = 0; i < count; i++) {
        pen_octets(p, bytes_of(ts[i].from, sizeof(ts[i].from)));
        pen_octets(p, bytes_of(ts[i].to, sizeof(ts[i].to)));
        pen_number(p, ts[i].port_from, 2);
        pen_number(p, ts[i].port_to, 2);
        pen_number(p, ts[i].protocol, 1);
        pen_number(p, ts[i].family, 1);
    }
    pen_end(p, mark);
}

static u32 plane_of(const struct shard *s, const struct child_sa *child)
{
    if (child->plane == 0)
        return RECORD_PLANE_NONE;
    return child->plane == s->plane ? RECORD_PLANE_HELD : RECORD_PLANE_LOST;
}

/* As a child of what is left of a handshake. */
static void leave_child(const struct ike_sa *sa, struct child_sa *face)
{
    bool wanted = is_attempt(sa) && face->state <= CHILD_NEGOTIATED;
    face->state = wanted ? CHILD_WANTED : CHILD_DEAD;
    if (wanted)
        face->spi_in = face->spi_out = face->cpi_in = face->cpi_out = 0;
}

static void write_child(struct pen *p, const struct shard *s, const struct ike_sa *sa,
                        const struct child_sa *child)
{
    struct child_sa face = *child;
    size_t mark = pen_begin(p, RECORD_CHILD);
    face.plane = plane_of(s, child);
    if (is_left_over(sa))
        leave_child(sa, &face);
    pen_rows(p, &record_child, &face);
    pen_field(p, RECORD_NAME, bytes_of(child->conf->name, strlen(child->conf->name)));
    write_ts(p, RECORD_LOCAL_TS, child_local_ts(child), child->local_ts_count);
    write_ts(p, RECORD_REMOTE_TS, child_remote_ts(child), child->remote_ts_count);
    pen_end(p, mark);
}

static void write_undone(struct pen *p, u8 number, const struct slot *slot)
{
    if (slot->child)
        pen_serial(p, number, slot->child->serial);
}

static void write_slots(struct pen *p, const struct ike_sa *sa)
{
    const struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(sa, i)) != NULL; i++) {
        if (slot->awaiting)
            write_undone(p, RECORD_UNDONE_OURS, slot);
        else if (slot->exchange)
            write_slot(p, RECORD_OURS, slot);
    }
    for (unsigned i = 0; (slot = slot_theirs(sa, i)) != NULL; i++) {
        if (slot->awaiting)
            write_undone(p, RECORD_UNDONE_THEIRS, slot);
        else if (slot->message)
            write_slot(p, RECORD_THEIRS, slot);
    }
}

/* What is left of a handshake is what the data plane is to give back, and what is wanted again. */
static void leave_over(const struct shard *s, struct ike_sa *face)
{
    bool attempt = is_attempt(face);
    face->keys = NULL;
    face->state = attempt ? IKE_INIT : IKE_GONE;
    face->wants = attempt ? (face->wants & WANT_CLOSE) | WANT_INIT : 0;
    face->succeeds = attempt ? face->succeeds : 0;
    if (!attempt)
        return;
    face->spi_i = face->spi_r = face->iv_end = face->forget = 0;
    window_init(&face->window);
    face->nat_here = face->nat_there = face->encap_forced = face->fragmentation = false;
    face->natt = face->mobike = face->idsync = face->redirects = face->ppk = false;
    face->roam = face->nat_refusals = 0;
    sa_use_endpoints(s, face);
}

static void write_addresses(struct pen *p, const struct packet *addresses)
{
    const struct shrike_addr *at = (const struct shrike_addr *)(const void *)addresses->data;
    size_t mark = pen_begin(p, RECORD_ADDRESSES);
    for (size_t i = 0; i < addresses->len / sizeof(*at); i++) {
        pen_number(p, at[i].family, 1);
        pen_octets(p, bytes_of(at[i].octets, sizeof(at[i].octets)));
    }
    pen_end(p, mark);
}

static void write_keys(struct pen *p, const struct ike_sa *sa)
{
    struct ike_keys keys;
    keys_spread(sa, &keys);
    pen_field(p, RECORD_KEYS, bytes_of(&keys, sizeof(keys)));
    wipe(&keys, sizeof(keys));
}

/* What a peer is still to get is not there; it will ask again. */
static void write_internal(struct pen *p, const struct ike_sa *sa)
{
    const struct internal *in = internal_of(sa);
    bool pending = in && !in->ours && in->state == INTERNAL_WISHED;
    if (!in || pending)
        return;
    size_t mark = pen_begin(p, RECORD_INTERNAL);
    pen_number(p, in->lease, 4);
    pen_number(p, in->state, 1);
    pen_number(p, in->ours, 1);
    pen_number(p, in->count, 1);
    pen_number(p, in->dns_count, 1);
    for (unsigned i = 0; i < (unsigned)in->count + in->dns_count; i++) {
        pen_number(p, in->list[i].family, 1);
        pen_octets(p, bytes_of(in->list[i].octets, sizeof(in->list[i].octets)));
    }
    pen_end(p, mark);
}

/* A request that waits for an op has not come yet: it will come again. */
static void forget_undone(const struct ike_sa *sa, struct window *w)
{
    const struct slot *theirs;
    for (unsigned i = 0; (theirs = slot_theirs(sa, i)) != NULL; i++) {
        if (theirs->awaiting)
            window_forget(w, theirs->message_id);
    }
}

static void write_ike(struct pen *p, const struct shard *s, const struct ike_sa *sa)
{
    struct ike_sa face = *sa;
    bool left_over = is_left_over(sa);
    size_t mark = pen_begin(p, RECORD_IKE);
    face.wants &= (u8)~WANT_TELL; /* an SPI is told again; of a gateway it was a command */
    if (left_over)
        leave_over(s, &face);
    forget_undone(sa, &face.window);
    pen_rows(p, &record_ike, &face);
    write_keys(p, &face);
    write_conn(p, sa->conn);
    if (sa->suite.encr && !is_attempt(sa))
        write_suite(p, &sa->suite);
    if (sa->peer_id && !left_over)
        pen_field(p, RECORD_PEER_ID, packet_bytes(sa->peer_id));
    if (!left_over || is_attempt(sa))
        write_internal(p, sa);
    if (sa->grant && !left_over)
        pen_field(p, RECORD_GRANT, packet_bytes(sa->grant));
    if (sa->peer_addresses && !left_over)
        write_addresses(p, sa->peer_addresses);
    if (sa->peers.next && !left_over)
        pen_field(p, RECORD_RING, bytes_of(NULL, 0));
    if (!left_over)
        write_slots(p, sa);
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c))
        write_child(p, s, sa, c);
    pen_end(p, mark);
}

size_t export_ike(const struct shard *s, const struct ike_sa *sa, void *out, size_t size)
{
    struct pen p = {.at = out, .size = size, .now = s->now};
    if (sa_root(sa) != sa || !sa->conn || (is_left_over(sa) && !is_attempt(sa) && !holds_plane(sa)))
        return 0;
    pen_begin_record(&p);
    write_ike(&p, s, sa);
    for (unsigned i = 0; i < ARRAY_LEN(sa->next); i++) {
        if (sa->next[i] && sa_root(sa->next[i]) == sa)
            write_ike(&p, s, sa->next[i]);
    }
    pen_serial(&p, RECORD_SERIALS, s->serials);
    pen_end_record(&p);
    return p.len;
}
