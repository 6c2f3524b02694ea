/* Inputs of the engine but datagrams and answers as octets: commands, events of the data plane. See
 * seam.h. */
#include "ops/seam_parts.h"

CARRIES(struct shrike_command, 80);
CARRIES(struct shrike_kernel_event, 152);

enum { NAME_CONN, NAME_CHILD }; /* places in the box */

void command_write(struct writer *w, const struct shrike_command *c)
{
    write_choice(w, c->kind, SHRIKE_REDIRECT + 1);
    write_u32(w, c->reference);
    write_name(w, c->conn);
    write_name(w, c->child);
    write_u32(w, c->ike);
    write_u32(w, c->child_serial);
    write_flag(w, c->reauth);
    write_id(w, &c->gateway);
    write_u64(w, c->forget);
    write_flag(w, c->limited);
}

bool command_read(struct reader *r, struct shrike_command *c, struct seam_box *box)
{
    c->kind = (enum shrike_command_kind)read_choice(r, SHRIKE_REDIRECT + 1);
    c->reference = read_u32(r);
    c->conn = read_name(r, box->names[NAME_CONN]);
    c->child = read_name(r, box->names[NAME_CHILD]);
    c->ike = read_u32(r);
    c->child_serial = read_u32(r);
    c->reauth = read_flag(r);
    c->gateway = read_id(r);
    c->forget = read_u64(r);
    c->limited = read_flag(r);
    return read_ended(r);
}

void kernel_write(struct writer *w, const struct shrike_kernel_event *k)
{
    write_choice(w, k->kind, SHRIKE_ADDRESSES + 1);
    write_u32(w, k->reqid);
    write_u32(w, k->child_serial);
    write_selector(w, &k->local);
    write_selector(w, &k->remote);
    write_endpoint(w, &k->from);
    write_endpoint(w, &k->to);
    write_u32(w, k->spi);
    write_choice(w, k->address_count, SHRIKE_HOST_ADDRESSES_MAX + 1);
    for (u16 i = 0; i < k->address_count && !w->full; i++)
        write_addr(w, &k->addresses[i]);
}

bool kernel_read(struct reader *r, struct shrike_kernel_event *k, struct seam_box *box)
{
    memset(k, 0, sizeof(*k));
    k->kind = (enum shrike_kernel_kind)read_choice(r, SHRIKE_ADDRESSES + 1);
    k->reqid = read_u32(r);
    k->child_serial = read_u32(r);
    k->local = read_selector(r);
    k->remote = read_selector(r);
    k->from = read_endpoint(r);
    k->to = read_endpoint(r);
    k->spi = read_u32(r);
    k->address_count = read_choice(r, SHRIKE_HOST_ADDRESSES_MAX + 1);
    k->addresses = box->hosts;
    for (u16 i = 0; i < k->address_count; i++)
        box->hosts[i] = read_addr(r);
    return read_ended(r);
}
