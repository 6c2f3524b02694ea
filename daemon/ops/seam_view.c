/* Views of SAs as octets: see seam.h. */
#include "ops/seam_parts.h"

CARRIES(struct shrike_ike_view, 192);
CARRIES(struct shrike_child_view, 96);

void write_ike_view(struct writer *w, const struct shrike_ike_view *v)
{
    write_u32(w, v->serial);
    write_choice(w, v->state, SHRIKE_IKE_DELETING + 1);
    write_name(w, v->conn);
    write_flag(w, v->initiator);
    write_flag(w, v->nat_here);
    write_flag(w, v->nat_there);
    write_flag(w, v->encap_forced);
    write_flag(w, v->ppk);
    write_u64(w, v->spi_i);
    write_u64(w, v->spi_r);
    write_endpoint(w, &v->local);
    write_endpoint(w, &v->remote);
    write_id(w, &v->local_id);
    write_id(w, &v->remote_id);
    write_u16(w, v->encr);
    write_u16(w, v->encr_key_bits);
    write_u16(w, v->integ);
    write_u16(w, v->prf);
    write_u16(w, v->ke);
    write_u64(w, v->established);
    write_u64(w, v->rekey_at);
    write_u64(w, v->reauth_at);
    write_u32(w, v->children);
    write_addrs(w, v->local_vips, v->local_vip_count);
    write_addrs(w, v->remote_vips, v->remote_vip_count);
}

void read_ike_view(struct reader *r, struct shrike_ike_view *v, struct seam_view_box *box)
{
    v->serial = read_u32(r);
    v->state = (enum shrike_ike_state)read_choice(r, SHRIKE_IKE_DELETING + 1);
    v->conn = read_name(r, box->name);
    v->initiator = read_flag(r);
    v->nat_here = read_flag(r);
    v->nat_there = read_flag(r);
    v->encap_forced = read_flag(r);
    v->ppk = read_flag(r);
    v->spi_i = read_u64(r);
    v->spi_r = read_u64(r);
    v->local = read_endpoint(r);
    v->remote = read_endpoint(r);
    v->local_id = read_id(r);
    v->remote_id = read_id(r);
    v->encr = read_u16(r);
    v->encr_key_bits = read_u16(r);
    v->integ = read_u16(r);
    v->prf = read_u16(r);
    v->ke = read_u16(r);
    v->established = read_u64(r);
    v->rekey_at = read_u64(r);
    v->reauth_at = read_u64(r);
    v->children = read_u32(r);
    v->local_vips = box->addrs[0];
    v->local_vip_count = read_addrs(r, box->addrs[0]);
    v->remote_vips = box->addrs[1];
    v->remote_vip_count = read_addrs(r, box->addrs[1]);
}

void write_child_view(struct writer *w, const struct shrike_child_view *v)
{
    write_u32(w, v->serial);
    write_u32(w, v->reqid);
    write_choice(w, v->state, SHRIKE_CHILD_DELETING + 1);
    write_name(w, v->child);
    write_choice(w, v->mode, SHRIKE_PASS);
    write_u8(w, v->protocol);
    write_flag(w, v->encap);
    write_flag(w, v->esn);
    write_u32(w, v->spi_in);
    write_u32(w, v->spi_out);
    write_u16(w, v->cpi_in);
    write_u16(w, v->cpi_out);
    write_u16(w, v->encr);
    write_u16(w, v->encr_key_bits);
    write_u16(w, v->integ);
    write_u16(w, v->ke);
    write_u64(w, v->installed);
    write_u64(w, v->rekey_at);
    write_u64(w, v->dies_at);
    write_selectors(w, v->local_ts, v->local_ts_count);
    write_selectors(w, v->remote_ts, v->remote_ts_count);
}

void read_child_view(struct reader *r, struct shrike_child_view *v, struct seam_view_box *box)
{
    v->serial = read_u32(r);
    v->reqid = read_u32(r);
    v->state = (enum shrike_child_state)read_choice(r, SHRIKE_CHILD_DELETING + 1);
    v->child = read_name(r, box->name);
    v->mode = (u8)read_choice(r, SHRIKE_PASS);
    v->protocol = read_u8(r);
    v->encap = read_flag(r);
    v->esn = read_flag(r);
    v->spi_in = read_u32(r);
    v->spi_out = read_u32(r);
    v->cpi_in = read_u16(r);
    v->cpi_out = read_u16(r);
    v->encr = read_u16(r);
    v->encr_key_bits = read_u16(r);
    v->integ = read_u16(r);
    v->ke = read_u16(r);
    v->installed = read_u64(r);
    v->rekey_at = read_u64(r);
    v->dies_at = read_u64(r);
    v->local_ts = box->ts[0];
    v->local_ts_count = read_selectors(r, box->ts[0]);
    v->remote_ts = box->ts[1];
    v->remote_ts_count = read_selectors(r, box->ts[1]);
}

void ike_view_write(struct writer *w, const struct shrike_ike_view *v)
{
    write_ike_view(w, v);
}

bool ike_view_read(struct reader *r, struct shrike_ike_view *v, struct seam_box *box)
{
    read_ike_view(r, v, &box->views[0]);
    return read_ended(r);
}

void child_view_write(struct writer *w, const struct shrike_child_view *v)
{
    write_child_view(w, v);
}

bool child_view_read(struct reader *r, struct shrike_child_view *v, struct seam_box *box)
{
    read_child_view(r, v, &box->views[0]);
    return read_ended(r);
}
