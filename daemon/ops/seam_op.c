/* Ops and their answers as octets: see seam.h. */
#include "ops/seam_parts.h"
#include "wire/codes.h"

CARRIES(struct shrike_op, 272);
CARRIES(struct shrike_auth_op, 160);
CARRIES(struct shrike_cert, 24);
CARRIES(struct shrike_install_op, 248);
CARRIES(struct shrike_sa_keys, 40);
CARRIES(struct shrike_life, 40);
CARRIES(struct shrike_remove_op, 52);
CARRIES(struct shrike_switch_op, 4);
CARRIES(struct shrike_move_op, 56);
CARRIES(struct shrike_lease_op, 80);
CARRIES(struct shrike_address_op, 64);
CARRIES(struct shrike_resolve_op, 24);
CARRIES(struct shrike_eap_op, 248);
CARRIES(struct shrike_mix_op, 64);
CARRIES(struct shrike_answer, 88);

enum { NAME_CONN, NAME_CHILD, NAME_FILE = NAME_CHILD }; /* places in the box */

static void certs_write(struct writer *w, const struct shrike_auth_op *a)
{
    write_choice(w, a->cert_count, SHRIKE_CERTS_MAX + 1);
    for (u16 i = 0; i < a->cert_count && !w->full; i++) {
        write_u8(w, a->certs[i].encoding);
        write_slice(w, a->certs[i].data);
    }
}

static void certs_read(struct reader *r, struct shrike_auth_op *a, struct seam_box *box)
{
    a->cert_count = read_choice(r, SHRIKE_CERTS_MAX + 1);
    a->certs = box->certs;
    for (u16 i = 0; i < a->cert_count && !r->bad; i++) {
        box->certs[i].encoding = read_u8(r);
        box->certs[i].data = read_slice(r);
    }
}

static void auth_write(struct writer *w, const struct shrike_auth_op *a)
{
    write_choice(w, a->kind, SHRIKE_AUTH_NULL + 1);
    write_u8(w, a->method);
    write_u16(w, a->prf);
    write_u16(w, a->hashes);
    write_u32(w, a->schemes);
    write_u32(w, a->wished);
    write_bytes(w, bytes_of(a->key.octets, sizeof(a->key.octets)));
    write_name(w, a->conn);
    write_id(w, &a->local);
    write_id(w, &a->remote);
    write_slice(w, a->octets);
    write_slice(w, a->value);
    certs_write(w, a);
    write_origin(w, a->origin);
}

static void auth_read(struct reader *r, struct shrike_auth_op *a, struct seam_box *box)
{
    a->kind = (enum shrike_auth_kind)read_choice(r, SHRIKE_AUTH_NULL + 1);
    a->method = read_u8(r);
    a->prf = read_u16(r);
    a->hashes = read_u16(r);
    a->schemes = read_u32(r);
    a->wished = read_u32(r);
    read_copy(r, a->key.octets, sizeof(a->key.octets));
    a->conn = read_name(r, box->names[NAME_CONN]);
    a->local = read_id(r);
    a->remote = read_id(r);
    a->octets = read_slice(r);
    a->value = read_slice(r);
    certs_read(r, a, box);
    a->origin = read_origin(r, box->names[NAME_FILE]);
}

static void keys_write(struct writer *w, const struct shrike_sa_keys *k)
{
    write_u32(w, k->spi);
    write_slice(w, k->encr_key);
    write_slice(w, k->integ_key);
}

static void keys_read(struct reader *r, struct shrike_sa_keys *k)
{
    k->spi = read_u32(r);
    k->encr_key = read_slice(r);
    k->integ_key = read_slice(r);
}

static void life_write(struct writer *w, const struct shrike_life *l)
{
    write_u64(w, l->bytes_soft);
    write_u64(w, l->bytes_hard);
    write_u64(w, l->packets_soft);
    write_u64(w, l->packets_hard);
    write_u64(w, l->idle);
}

static void life_read(struct reader *r, struct shrike_life *l)
{
    l->bytes_soft = read_u64(r);
    l->bytes_hard = read_u64(r);
    l->packets_soft = read_u64(r);
    l->packets_hard = read_u64(r);
    l->idle = read_u64(r);
}

static void install_write(struct writer *w, const struct shrike_install_op *i)
{
    write_name(w, i->conn);
    write_name(w, i->child);
    write_u32(w, i->child_serial);
    write_u32(w, i->reqid);
    write_u32(w, i->replaces);
    write_choice(w, i->mode, SHRIKE_PASS);
    write_flag(w, i->initiator);
    write_flag(w, i->encap);
    write_flag(w, i->esn);
    write_flag(w, i->nat_here);
    write_flag(w, i->whole);
    write_flag(w, i->outbound_later);
    write_u8(w, i->protocol);
    write_u16(w, i->encr);
    write_u16(w, i->encr_key_bits);
    write_u16(w, i->integ);
    write_u16(w, i->tfc_padding);
    write_u16(w, i->replay_window);
    write_u16(w, i->cpi_in);
    write_u16(w, i->cpi_out);
    write_endpoint(w, &i->local);
    write_endpoint(w, &i->remote);
    keys_write(w, &i->in);
    keys_write(w, &i->out);
    write_selectors(w, i->local_ts, i->local_ts_count);
    write_selectors(w, i->remote_ts, i->remote_ts_count);
    life_write(w, &i->life);
    write_u64(w, i->heard_every);
}

static void install_read(struct reader *r, struct shrike_install_op *i, struct seam_box *box)
{
    i->conn = read_name(r, box->names[NAME_CONN]);
    i->child = read_name(r, box->names[NAME_CHILD]);
    i->child_serial = read_u32(r);
    i->reqid = read_u32(r);
    i->replaces = read_u32(r);
    i->mode = (enum shrike_mode)read_choice(r, SHRIKE_PASS);
    i->initiator = read_flag(r);
    i->encap = read_flag(r);
    i->esn = read_flag(r);
    i->nat_here = read_flag(r);
    i->whole = read_flag(r);
    i->outbound_later = read_flag(r);
    i->protocol = read_u8(r);
    i->encr = read_u16(r);
    i->encr_key_bits = read_u16(r);
    i->integ = read_u16(r);
    i->tfc_padding = read_u16(r);
    i->replay_window = read_u16(r);
    i->cpi_in = read_u16(r);
    i->cpi_out = read_u16(r);
    i->local = read_endpoint(r);
    i->remote = read_endpoint(r);
    keys_read(r, &i->in);
    keys_read(r, &i->out);
    i->local_ts = box->ts[0];
    i->local_ts_count = read_selectors(r, box->ts[0]);
    i->remote_ts = box->ts[1];
    i->remote_ts_count = read_selectors(r, box->ts[1]);
    life_read(r, &i->life);
    i->heard_every = read_u64(r);
    r->bad |= i->protocol != PROTOCOL_ESP && i->protocol != PROTOCOL_AH;
}

static void remove_write(struct writer *w, const struct shrike_remove_op *o)
{
    write_u32(w, o->child_serial);
    write_u32(w, o->spi_in);
    write_u32(w, o->spi_out);
    write_endpoint(w, &o->local);
    write_endpoint(w, &o->remote);
}

static void remove_read(struct reader *r, struct shrike_remove_op *o)
{
    o->child_serial = read_u32(r);
    o->spi_in = read_u32(r);
    o->spi_out = read_u32(r);
    o->local = read_endpoint(r);
    o->remote = read_endpoint(r);
}

static void lease_write(struct writer *w, const struct shrike_lease_op *l)
{
    write_u32(w, l->lease);
    write_flag(w, l->held);
    write_name(w, l->conn);
    write_id(w, &l->remote);
    write_addrs(w, l->wishes, l->wish_count);
    write_choice(w, l->pool_count, SHRIKE_ADDRESSES_MAX + 1);
    for (u16 i = 0; i < l->pool_count && !w->full; i++)
        write_name(w, l->pools[i]);
    w->full |= l->grant.len > SHRIKE_GRANT_MAX;
    write_slice(w, l->grant);
}

static void lease_read(struct reader *r, struct shrike_lease_op *l, struct seam_box *box)
{
    l->lease = read_u32(r);
    l->held = read_flag(r);
    l->conn = read_name(r, box->names[NAME_CONN]);
    l->remote = read_id(r);
    l->wishes = box->addrs[0];
    l->wish_count = read_addrs(r, box->addrs[0]);
    l->pools = box->pool;
    l->pool_count = read_choice(r, SHRIKE_ADDRESSES_MAX + 1);
    for (u16 i = 0; i < l->pool_count; i++)
        box->pool[i] = read_name(r, box->pools[i]);
    l->grant = read_slice(r);
    r->bad |= l->grant.len > SHRIKE_GRANT_MAX;
}

static void address_write(struct writer *w, const struct shrike_address_op *a)
{
    write_u32(w, a->lease);
    write_flag(w, a->held);
    write_name(w, a->conn);
    write_addrs(w, a->addresses, a->address_count);
    write_addrs(w, a->dns, a->dns_count);
    write_endpoint(w, &a->local);
}

static void address_read(struct reader *r, struct shrike_address_op *a, struct seam_box *box)
{
    a->lease = read_u32(r);
    a->held = read_flag(r);
    a->conn = read_name(r, box->names[NAME_CONN]);
    a->addresses = box->addrs[0];
    a->address_count = read_addrs(r, box->addrs[0]);
    a->dns = box->addrs[1];
    a->dns_count = read_addrs(r, box->addrs[1]);
    a->local = read_endpoint(r);
}

static void resolve_write(struct writer *w, const struct shrike_resolve_op *o)
{
    write_name(w, o->conn);
    write_slice(w, o->name);
}

static void resolve_read(struct reader *r, struct shrike_resolve_op *o, struct seam_box *box)
{
    o->conn = read_name(r, box->names[NAME_CONN]);
    o->name = read_slice(r);
}

/* Without its authorities, whom only the engine needs. */
static void shown_write(struct writer *w, const struct shrike_credential *c)
{
    write_flag(w, c != NULL);
    if (!c)
        return;
    write_bytes(w, bytes_of(c->key.octets, sizeof(c->key.octets)));
    write_u8(w, c->encoding);
    write_choice(w, c->cert_count, SHRIKE_CERTS_MAX + 1);
    for (u16 i = 0; i < c->cert_count && !w->full; i++)
        write_slice(w, c->certs[i]);
}

static const struct shrike_credential *shown_read(struct reader *r, struct seam_box *box)
{
    struct shrike_credential *c = &box->shown;
    if (!read_flag(r))
        return NULL;
    *c = (struct shrike_credential){.certs = box->shown_certs};
    read_copy(r, c->key.octets, sizeof(c->key.octets));
    c->encoding = read_u8(r);
    c->cert_count = read_choice(r, SHRIKE_CERTS_MAX + 1);
    for (u16 i = 0; i < c->cert_count && !r->bad; i++)
        box->shown_certs[i] = read_slice(r);
    return c;
}

static void eap_op_write(struct writer *w, const struct shrike_eap_op *o)
{
    write_u32(w, o->session);
    write_flag(w, o->server);
    write_flag(w, o->only);
    write_name(w, o->conn);
    write_eap_rule(w, &o->rule);
    shown_write(w, o->credential);
    write_id(w, &o->local);
    write_id(w, &o->remote);
    write_endpoint(w, &o->local_end);
    write_endpoint(w, &o->remote_end);
    write_slice(w, o->message);
    write_origin(w, o->origin);
}

static void eap_op_read(struct reader *r, struct shrike_eap_op *o, struct seam_box *box)
{
    o->session = read_u32(r);
    o->server = read_flag(r);
    o->only = read_flag(r);
    o->conn = read_name(r, box->names[NAME_CONN]);
    o->rule = read_eap_rule(r);
    o->credential = shown_read(r, box);
    o->local = read_id(r);
    o->remote = read_id(r);
    o->local_end = read_endpoint(r);
    o->remote_end = read_endpoint(r);
    o->message = read_slice(r);
    o->origin = read_origin(r, box->names[NAME_FILE]);
    r->bad |= o->message.len > SHRIKE_EAP_MAX;
}

static void mix_write(struct writer *w, const struct shrike_mix_op *o)
{
    write_u16(w, o->prf);
    write_name(w, o->conn);
    write_slice(w, o->id);
    write_slice(w, o->keys);
    write_origin(w, o->origin);
}

static void mix_read(struct reader *r, struct shrike_mix_op *o, struct seam_box *box)
{
    o->prf = read_u16(r);
    o->conn = read_name(r, box->names[NAME_CONN]);
    o->id = read_slice(r);
    o->keys = read_slice(r);
    o->origin = read_origin(r, box->names[NAME_FILE]);
    r->bad |= o->id.len > SHRIKE_ID_MAX;
}

static void move_write(struct writer *w, const struct shrike_move_op *o)
{
    write_endpoint(w, &o->local);
    write_endpoint(w, &o->remote);
    write_flag(w, o->encap);
    write_flag(w, o->nat_here);
    write_choice(w, o->child_count, SHRIKE_MOVE_MAX + 1);
    for (u16 i = 0; i < o->child_count && !w->full; i++)
        write_u32(w, o->children[i]);
}

static void move_read(struct reader *r, struct shrike_move_op *o, struct seam_box *box)
{
    o->local = read_endpoint(r);
    o->remote = read_endpoint(r);
    o->encap = read_flag(r);
    o->nat_here = read_flag(r);
    o->child_count = read_choice(r, SHRIKE_MOVE_MAX + 1);
    o->children = box->serials;
    for (u16 i = 0; i < o->child_count; i++)
        box->serials[i] = read_u32(r);
}

void op_write(struct writer *w, const struct shrike_op *op)
{
    write_choice(w, op->kind, SHRIKE_EAP_OVER + 1);
    write_token(w, op->token);
    switch (op->kind) {
    case SHRIKE_PROVE:
    case SHRIKE_CHECK:
        auth_write(w, &op->auth);
        break;
    case SHRIKE_CHILD_INSTALL:
        install_write(w, &op->install);
        break;
    case SHRIKE_CHILD_REMOVE:
        remove_write(w, &op->remove);
        break;
    case SHRIKE_CHILD_SWITCH:
        write_u32(w, op->change.child_serial);
        break;
    case SHRIKE_CHILD_MOVE:
        move_write(w, &op->move);
        break;
    case SHRIKE_LEASE:
        lease_write(w, &op->lease);
        break;
    case SHRIKE_ADDRESS_ADD:
        address_write(w, &op->address);
        break;
    case SHRIKE_RESOLVE:
        resolve_write(w, &op->resolve);
        break;
    case SHRIKE_EAP:
        eap_op_write(w, &op->eap);
        break;
    case SHRIKE_MIX:
        mix_write(w, &op->mix);
        break;
    case SHRIKE_LEASE_FREE:
    case SHRIKE_ADDRESS_REMOVE:
        write_u32(w, op->lease_over);
        break;
    case SHRIKE_EAP_OVER:
        write_u32(w, op->session_over);
        break;
    }
}

bool op_read(struct reader *r, struct shrike_op *op, struct seam_box *box)
{
    memset(op, 0, sizeof(*op));
    op->kind = (enum shrike_op_kind)read_choice(r, SHRIKE_EAP_OVER + 1);
    op->token = read_token(r);
    switch (op->kind) {
    case SHRIKE_PROVE:
    case SHRIKE_CHECK:
        auth_read(r, &op->auth, box);
        break;
    case SHRIKE_CHILD_INSTALL:
        install_read(r, &op->install, box);
        break;
    case SHRIKE_CHILD_REMOVE:
        remove_read(r, &op->remove);
        break;
    case SHRIKE_CHILD_SWITCH:
        op->change.child_serial = read_u32(r);
        break;
    case SHRIKE_CHILD_MOVE:
        move_read(r, &op->move, box);
        break;
    case SHRIKE_LEASE:
        lease_read(r, &op->lease, box);
        break;
    case SHRIKE_ADDRESS_ADD:
        address_read(r, &op->address, box);
        break;
    case SHRIKE_RESOLVE:
        resolve_read(r, &op->resolve, box);
        break;
    case SHRIKE_EAP:
        eap_op_read(r, &op->eap, box);
        break;
    case SHRIKE_MIX:
        mix_read(r, &op->mix, box);
        break;
    case SHRIKE_LEASE_FREE:
    case SHRIKE_ADDRESS_REMOVE:
        op->lease_over = read_u32(r);
        break;
    case SHRIKE_EAP_OVER:
        op->session_over = read_u32(r);
        break;
    }
    return read_ended(r);
}

void answer_write(struct writer *w, struct shrike_token token, const struct shrike_answer *a)
{
    write_token(w, token);
    write_flag(w, a->ok);
    write_choice(w, a->reason, SHRIKE_REASON_COUNT);
    write_u8(w, a->method);
    write_slice(w, a->value);
    write_flag(w, a->mutual);
    write_slice(w, a->secret);
    write_slice(w, a->identity);
    write_slice(w, a->grant);
}

bool answer_read(struct reader *r, struct shrike_token *token, struct shrike_answer *a)
{
    *token = read_token(r);
    a->ok = read_flag(r);
    a->reason = (enum shrike_reason_code)read_choice(r, SHRIKE_REASON_COUNT);
    a->method = read_u8(r);
    a->value = read_slice(r);
    a->mutual = read_flag(r);
    a->secret = read_slice(r);
    a->identity = read_slice(r);
    a->grant = read_slice(r);
    r->bad |= a->secret.len > SHRIKE_MSK_MAX || a->identity.len > SHRIKE_ID_MAX ||
              a->grant.len > SHRIKE_GRANT_MAX;
    return read_ended(r);
}
