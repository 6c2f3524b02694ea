/* Listings for control: see list.h. */
#include "net/list.h"
#include "ops/mail.h"
#include "ops/parts.h"
#include "ops/seam.h"

/* Of one IKE or Child SA: identities, names and 2 x SHRIKE_TS_MAX selectors. */
enum { VIEW_MAX = 16384 };

static bool send_view(struct listings *l, u16 kind, const struct writer *w)
{
    return !w->full && seat_send(l->seat, ROLE_CONTROL, kind, written_bytes(w));
}

static void send_end(struct listings *l, u32 reference)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    (void)send_view(l, MAIL_LIST_END, &w);
}

static void send_ike(struct listings *l, u32 reference, struct shrike_ike_view *v)
{
    u8 body[VIEW_MAX];
    struct writer w = writer_of(body, sizeof body);
    if (l->port) {
        v->local.port = l->port(l->ctx, v->local.port);
    }
    write_u32(&w, reference);
    ike_view_write(&w, v);
    (void)send_view(l, MAIL_LIST_IKE, &w);
}

static void send_child(struct listings *l, u32 reference, const struct shrike_child_view *v)
{
    u8 body[VIEW_MAX];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    child_view_write(&w, v);
    (void)send_view(l, MAIL_LIST_CHILD, &w);
}

bool list_begin(struct listings *l, struct bytes body)
{
    struct listing one = {.at = 0};
    struct reader r = reader_of(body);
    one.reference = read_u32(&r);
    if (read_left(&r)) {
        one.only = read_u32(&r);
        (void)read_text(&r, one.conn, sizeof one.conn);
    }
    if (!read_ended(&r))
        return false;
    if (l->count == LISTINGS_MAX)
        send_end(l, one.reference);
    else
        l->all[l->count++] = one;
    return true;
}

void list_clear(struct listings *l)
{
    l->count = 0;
}

static bool is_wanted(const struct listing *one, const struct shrike_ike_view *v)
{
    return (!one->only || one->only == v->serial) &&
           (!one->conn[0] || (v->conn && strcmp(one->conn, v->conn) == 0));
}

/* One more mail of this listing; false: it is over. */
static bool step(struct listings *l, struct listing *one, const struct shrike *engine)
{
    struct shrike_ike_view ike;
    struct shrike_child_view child;
    if (one->ike && shrike_view_child(engine, one->at, one->ike, one->child, &child)) {
        one->child = child.serial;
        send_child(l, one->reference, &child);
        return true;
    }
    one->ike = 0;
    for (u32 n = 0; n < LIST_LOOKS; n++) {
        if (!shrike_view_ike(engine, &one->at, &ike)) {
            send_end(l, one->reference);
            return false;
        }
        if (!is_wanted(one, &ike))
            continue;
        one->ike = ike.serial;
        one->child = 0;
        send_ike(l, one->reference, &ike);
        break;
    }
    return true;
}

bool list_turn(struct listings *l, const struct shrike *engine)
{
    for (u32 n = 0; l->count > 0 && n < LIST_PER_TURN; n++) {
        if (seat_room(l->seat, ROLE_CONTROL) < LIST_ROOM)
            return false;
        struct listing *one = &l->all[l->next++ % l->count];
        if (!step(l, one, engine))
            *one = l->all[--l->count];
    }
    return l->count > 0;
}
