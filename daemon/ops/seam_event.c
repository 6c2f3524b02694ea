/* Events as octets: see seam.h. */
#include "ops/seam_parts.h"

CARRIES(struct shrike_event, 216);
CARRIES(struct shrike_reason, 80);

enum { NAME_CONN, NAME_CHILD, NAME_FILE }; /* places in the box */

static void reason_write(struct writer *w, const struct shrike_reason *why)
{
    write_choice(w, why->code, SHRIKE_REASON_COUNT);
    write_u16(w, why->notify);
    write_u16(w, why->detail);
    write_flag(w, why->theirs);
    write_u8(w, why->exchange);
    write_u8(w, why->method);
    write_u8(w, why->parts);
    write_u8(w, why->parts_all);
    write_u8(w, why->again);
    write_slice(w, bytes_of(why->offered.at, MIN(why->offered.len, SEAM_OFFER_MAX)));
    write_slice(w, bytes_of(why->beside.at, MIN(why->beside.len, SEAM_OFFER_MAX)));
    write_origin(w, why->origin);
}

static void reason_read(struct reader *r, struct shrike_reason *why, struct seam_box *box)
{
    why->code = (enum shrike_reason_code)read_choice(r, SHRIKE_REASON_COUNT);
    why->notify = read_u16(r);
    why->detail = read_u16(r);
    why->theirs = read_flag(r);
    why->exchange = read_u8(r);
    why->method = read_u8(r);
    why->parts = read_u8(r);
    why->parts_all = read_u8(r);
    why->again = read_u8(r);
    why->offered = read_slice(r);
    why->beside = read_slice(r);
    r->bad |= why->offered.len > SEAM_OFFER_MAX || why->beside.len > SEAM_OFFER_MAX;
    why->origin = read_origin(r, box->names[NAME_FILE]);
}

/* Each of the four with a flag in front: is there one? */
static void seen_write(struct writer *w, const struct shrike_seen *s)
{
    const struct shrike_ike_view *ikes[] = {&s->ike, &s->ike_was};
    const struct shrike_child_view *children[] = {&s->child, &s->child_was};
    for (unsigned i = 0; i < 2; i++) {
        write_flag(w, ikes[i]->serial != 0);
        if (ikes[i]->serial)
            write_ike_view(w, ikes[i]);
        write_flag(w, children[i]->serial != 0);
        if (children[i]->serial)
            write_child_view(w, children[i]);
    }
}

static void seen_read(struct reader *r, struct seam_box *box)
{
    struct shrike_seen *s = &box->seen;
    struct shrike_ike_view *ikes[] = {&s->ike, &s->ike_was};
    struct shrike_child_view *children[] = {&s->child, &s->child_was};
    for (unsigned i = 0; i < 2; i++) {
        bool ike = read_flag(r);
        if (ike)
            read_ike_view(r, ikes[i], &box->views[2 * i]);
        bool child = read_flag(r);
        if (child)
            read_child_view(r, children[i], &box->views[2 * i + 1]);
        r->bad |= (ike && !ikes[i]->serial) || (child && !children[i]->serial);
    }
}

void event_write(struct writer *w, const struct shrike_event *e)
{
    write_choice(w, e->id, SHRIKE_EVENT_COUNT);
    write_u32(w, e->ike);
    write_u32(w, e->child);
    write_name(w, e->conn);
    write_name(w, e->child_conf);
    write_u64(w, e->spi_i);
    write_u64(w, e->spi_r);
    write_u32(w, e->esp_in);
    write_u32(w, e->esp_out);
    write_endpoint(w, &e->local);
    write_endpoint(w, &e->remote);
    write_u8(w, e->exchange);
    write_flag(w, e->stranger);
    write_addr(w, &e->address);
    write_u32(w, e->message_id);
    write_u32(w, e->number);
    write_u32(w, e->command);
    reason_write(w, &e->reason);
    write_flag(w, e->seen != NULL);
    if (e->seen)
        seen_write(w, e->seen);
}

bool event_read(struct reader *r, struct shrike_event *e, struct seam_box *box)
{
    memset(e, 0, sizeof(*e));
    e->id = (enum shrike_event_id)read_choice(r, SHRIKE_EVENT_COUNT);
    e->ike = read_u32(r);
    e->child = read_u32(r);
    e->conn = read_name(r, box->names[NAME_CONN]);
    e->child_conf = read_name(r, box->names[NAME_CHILD]);
    e->spi_i = read_u64(r);
    e->spi_r = read_u64(r);
    e->esp_in = read_u32(r);
    e->esp_out = read_u32(r);
    e->local = read_endpoint(r);
    e->remote = read_endpoint(r);
    e->exchange = read_u8(r);
    e->stranger = read_flag(r);
    e->address = read_addr(r);
    e->message_id = read_u32(r);
    e->number = read_u32(r);
    e->command = read_u32(r);
    reason_read(r, &e->reason, box);
    memset(&box->seen, 0, sizeof(box->seen));
    if (read_flag(r)) {
        seen_read(r, box);
        e->seen = &box->seen;
    }
    return read_ended(r);
}
