/* A configuration as octets: see conf.h. Writing and reading of one thing stand together. */
#include "ops/conf.h"
#include "ops/parts.h"
#include "ops/seam.h"
#include "wire/codes.h"

CARRIES(struct shrike_transform, 6);
CARRIES(struct shrike_proposal, 32);
CARRIES(struct shrike_life, 40);
CARRIES(struct shrike_child_conf, 296);
CARRIES(struct shrike_auth, 184);
CARRIES(struct shrike_credential, 72);
CARRIES(struct shrike_conn, 768);
CARRIES(struct shrike_conf, 56); /* retired ones are net's alone */
CARRIES(struct settings_log, 183);
CARRIES(struct shrike_origin, 16);

/* Things of this size in the store, or NULL for none; bad without memory. */
static void *take(struct reader *r, struct store *s, size_t count, size_t size)
{
    void *at = r->bad ? NULL : store_take(s, count, size);
    r->bad |= !at && count > 0;
    return at;
}

static void name_write(struct writer *w, const char *name)
{
    w->full |= !name;
    write_text(w, name, SEAM_NAME_MAX);
}

static const char *name_read(struct reader *r)
{
    const char *name = read_text_here(r, SEAM_NAME_MAX);
    r->bad |= !name;
    return name;
}

static void origin_write(struct writer *w, const struct shrike_origin *o)
{
    write_file(w, o->file, SNAPSHOT_FILE_MAX);
    write_u32(w, o->line);
}

static void origin_read(struct reader *r, struct shrike_origin *o)
{
    o->file = read_text_here(r, SNAPSHOT_FILE_MAX);
    o->line = read_u32(r);
}

/* ---- proposals ---- */

static void proposal_put(struct writer *w, const struct shrike_proposal *p)
{
    write_u8(w, p->protocol);
    origin_write(w, &p->origin);
    write_choice(w, p->transform_count, SNAPSHOT_TRANSFORMS_MAX + 1);
    for (u16 i = 0; i < p->transform_count && !w->full; i++) {
        write_u8(w, p->transforms[i].type);
        write_u16(w, p->transforms[i].id);
        write_u16(w, p->transforms[i].key_bits);
    }
}

static void proposal_get(struct reader *r, struct store *s, struct shrike_proposal *p)
{
    struct shrike_transform *t;
    p->protocol = read_u8(r);
    r->bad |= p->protocol < PROTOCOL_IKE || p->protocol > PROTOCOL_ESP;
    origin_read(r, &p->origin);
    u16 count = read_choice(r, SNAPSHOT_TRANSFORMS_MAX + 1);
    p->transforms = t = take(r, s, count, sizeof(*t));
    for (u16 i = 0; i < count && !r->bad; i++) {
        t[i].type = read_u8(r);
        t[i].id = read_u16(r);
        t[i].key_bits = read_u16(r);
    }
    p->transform_count = count;
}

/* The engine offers from this list, and needs something to offer. */
static void proposals_write(struct writer *w, const struct shrike_proposal *p, u16 count)
{
    w->full |= count == 0;
    write_choice(w, count, SNAPSHOT_PROPOSALS_MAX + 1);
    for (u16 i = 0; i < count && !w->full; i++)
        proposal_put(w, &p[i]);
}

static const struct shrike_proposal *proposals_read(struct reader *r, struct store *s, u16 *count)
{
    *count = read_choice(r, SNAPSHOT_PROPOSALS_MAX + 1);
    r->bad |= *count == 0;
    struct shrike_proposal *p = take(r, s, *count, sizeof(*p));
    for (u16 i = 0; i < *count && !r->bad; i++)
        proposal_get(r, s, &p[i]);
    return p;
}

/* ---- children ---- */

static const struct shrike_ts *selectors_read(struct reader *r, struct store *s, u16 *count)
{
    struct shrike_ts ts[SHRIKE_TS_MAX];
    *count = read_selectors(r, ts);
    struct shrike_ts *kept = take(r, s, *count, sizeof(*kept));
    return kept ? memcpy(kept, ts, *count * sizeof(*kept)) : NULL;
}

CARRIES(struct shrike_plane_conf, 96);

static void mark_write(struct writer *w, const struct shrike_mark *m)
{
    write_u32(w, m->value);
    write_u32(w, m->mask);
    write_choice(w, m->kind, SHRIKE_MARK_SAME + 1);
}

static void mark_read(struct reader *r, struct shrike_mark *m)
{
    m->value = read_u32(r);
    m->mask = read_u32(r);
    m->kind = (u8)read_choice(r, SHRIKE_MARK_SAME + 1);
}

static void plane_write(struct writer *w, const struct shrike_plane_conf *p)
{
    mark_write(w, &p->mark_in);
    mark_write(w, &p->mark_out);
    mark_write(w, &p->set_mark_in);
    mark_write(w, &p->set_mark_out);
    mark_write(w, &p->if_id_in);
    mark_write(w, &p->if_id_out);
    write_text(w, p->link, SHRIKE_LINK_MAX + 1);
    write_u32(w, p->priority);
    write_flag(w, p->offload);
    write_flag(w, p->must_offload);
    write_flag(w, p->packet);
    write_flag(w, p->mark_in_sa);
    write_flag(w, p->no_policies);
    write_flag(w, p->lose_df);
    write_flag(w, p->lose_ecn);
    write_flag(w, p->lose_dscp);
    write_flag(w, p->take_dscp);
}

static void plane_read(struct reader *r, struct shrike_plane_conf *p)
{
    mark_read(r, &p->mark_in);
    mark_read(r, &p->mark_out);
    mark_read(r, &p->set_mark_in);
    mark_read(r, &p->set_mark_out);
    mark_read(r, &p->if_id_in);
    mark_read(r, &p->if_id_out);
    p->link = read_text_here(r, SHRIKE_LINK_MAX + 1);
    p->priority = read_u32(r);
    p->offload = read_flag(r);
    p->must_offload = read_flag(r);
    p->packet = read_flag(r);
    p->mark_in_sa = read_flag(r);
    p->no_policies = read_flag(r);
    p->lose_df = read_flag(r);
    p->lose_ecn = read_flag(r);
    p->lose_dscp = read_flag(r);
    p->take_dscp = read_flag(r);
}

static void child_write(struct writer *w, const struct shrike_child_conf *c)
{
    name_write(w, c->name);
    write_choice(w, c->mode, SHRIKE_DROP + 1);
    write_choice(w, c->start, SHRIKE_START_BOTH + 1);
    write_choice(w, c->dpd_action, SHRIKE_START_NOW + 1);
    write_choice(w, c->close_action, SHRIKE_START_NOW + 1);
    if (c->mode < SHRIKE_PASS) /* nobody is asked for a shunt */
        proposals_write(w, c->proposals, c->proposal_count);
    write_selectors(w, c->local_ts, c->local_ts_count);
    write_selectors(w, c->remote_ts, c->remote_ts_count);
    write_u16(w, c->tfc_padding);
    write_u16(w, c->replay_window);
    write_flag(w, c->ipcomp);
    write_flag(w, c->hostaccess);
    write_text(w, c->updown, SHRIKE_UPDOWN_MAX + 1);
    plane_write(w, &c->plane);
    write_u32(w, c->reqid);
    write_u64(w, c->life.bytes_soft);
    write_u64(w, c->life.bytes_hard);
    write_u64(w, c->life.packets_soft);
    write_u64(w, c->life.packets_hard);
    write_u64(w, c->life.idle);
    write_u64(w, c->rekey_time);
    write_u64(w, c->life_time);
    write_u64(w, c->rand_time);
    origin_write(w, &c->origin);
    origin_write(w, &c->mode_origin);
    origin_write(w, &c->proposals_origin);
    origin_write(w, &c->ts_origin);
}

static void child_read(struct reader *r, struct store *s, struct shrike_child_conf *c)
{
    c->name = name_read(r);
    c->mode = (enum shrike_mode)read_choice(r, SHRIKE_DROP + 1);
    c->start = (enum shrike_start)read_choice(r, SHRIKE_START_BOTH + 1);
    c->dpd_action = (enum shrike_start)read_choice(r, SHRIKE_START_NOW + 1);
    c->close_action = (enum shrike_start)read_choice(r, SHRIKE_START_NOW + 1);
    if (c->mode < SHRIKE_PASS)
        c->proposals = proposals_read(r, s, &c->proposal_count);
    c->local_ts = selectors_read(r, s, &c->local_ts_count);
    c->remote_ts = selectors_read(r, s, &c->remote_ts_count);
    c->tfc_padding = read_u16(r);
    c->replay_window = read_u16(r);
    c->ipcomp = read_flag(r);
    c->hostaccess = read_flag(r);
    c->updown = read_text_here(r, SHRIKE_UPDOWN_MAX + 1);
    plane_read(r, &c->plane);
    c->reqid = read_u32(r);
    c->life.bytes_soft = read_u64(r);
    c->life.bytes_hard = read_u64(r);
    c->life.packets_soft = read_u64(r);
    c->life.packets_hard = read_u64(r);
    c->life.idle = read_u64(r);
    c->rekey_time = read_u64(r);
    c->life_time = read_u64(r);
    c->rand_time = read_u64(r);
    origin_read(r, &c->origin);
    origin_read(r, &c->mode_origin);
    origin_read(r, &c->proposals_origin);
    origin_read(r, &c->ts_origin);
}

/* Shunts behind children, and nowhere else. */
static bool stands_right(const struct shrike_conn *c, u32 i)
{
    const bool shunt = c->children[i].mode >= SHRIKE_PASS;
    return shunt == (i >= c->child_count);
}

static void children_write(struct writer *w, const struct shrike_conn *c)
{
    const u32 count = (u32)c->child_count + c->shunt_count;
    write_choice(w, count, SNAPSHOT_CHILDREN_MAX + 1);
    write_u16(w, c->shunt_count);
    for (u32 i = 0; i < count && !w->full; i++) {
        child_write(w, &c->children[i]);
        w->full |= !stands_right(c, i);
    }
}

static void children_read(struct reader *r, struct store *s, struct shrike_conn *c)
{
    const u16 count = read_choice(r, SNAPSHOT_CHILDREN_MAX + 1);
    c->shunt_count = read_u16(r);
    r->bad |= c->shunt_count > count;
    c->child_count = (u16)(count - c->shunt_count);
    struct shrike_child_conf *children = take(r, s, count, sizeof(*children));
    c->children = children;
    for (u16 i = 0; i < count && !r->bad; i++) {
        child_read(r, s, &children[i]);
        r->bad |= !stands_right(c, i);
    }
}

/* ---- connections ---- */

static void nets_write(struct writer *w, const struct shrike_net *n, u16 count)
{
    write_choice(w, count, SNAPSHOT_ADDRS_MAX + 1);
    for (u16 i = 0; i < count && !w->full; i++)
        write_net(w, &n[i]);
}

static const struct shrike_net *nets_read(struct reader *r, struct store *s, u16 *count)
{
    *count = read_choice(r, SNAPSHOT_ADDRS_MAX + 1);
    struct shrike_net *n = take(r, s, *count, sizeof(*n));
    for (u16 i = 0; i < *count && !r->bad; i++)
        n[i] = read_net(r);
    return n;
}

static void vips_write(struct writer *w, const struct shrike_conn *c)
{
    write_addrs(w, c->vips, c->vip_count);
    write_choice(w, c->pool_count, SHRIKE_ADDRESSES_MAX + 1);
    for (u16 i = 0; i < c->pool_count && !w->full; i++)
        name_write(w, c->pools[i]);
}

static void vips_read(struct reader *r, struct store *s, struct shrike_conn *c)
{
    struct shrike_addr addrs[SHRIKE_ADDRESSES_MAX], *vips;
    const char **pools;
    c->vip_count = read_addrs(r, addrs);
    c->vips = vips = take(r, s, c->vip_count, sizeof(*vips));
    if (vips)
        memcpy(vips, addrs, c->vip_count * sizeof(*vips));
    c->pool_count = read_choice(r, SHRIKE_ADDRESSES_MAX + 1);
    pools = take(r, s, c->pool_count, sizeof(*pools));
    for (u16 i = 0; i < c->pool_count && !r->bad; i++)
        pools[i] = name_read(r);
    c->pools = pools;
}

static void keys_write(struct writer *w, const struct shrike_key_id *keys, u16 count)
{
    write_choice(w, count, SNAPSHOT_AUTHORITIES_MAX + 1);
    write_bytes(w, bytes_of(keys, count * sizeof(*keys)));
}

static const struct shrike_key_id *keys_read(struct reader *r, struct store *s, u16 *count)
{
    *count = read_choice(r, SNAPSHOT_AUTHORITIES_MAX + 1);
    struct shrike_key_id *keys = take(r, s, *count, sizeof(*keys));
    if (keys)
        read_copy(r, (u8 *)keys, *count * sizeof(*keys));
    return keys;
}

static void credential_write(struct writer *w, const struct shrike_credential *c)
{
    keys_write(w, &c->key, 1);
    write_u8(w, c->encoding);
    write_choice(w, c->cert_count, SHRIKE_CERTS_MAX + 1);
    for (u16 i = 0; i < c->cert_count && !w->full; i++)
        write_slice(w, c->certs[i]);
    write_flag(w, c->lookups && c->cert_count > 0);
    for (u16 i = 0; c->lookups && i < c->cert_count && !w->full; i++) {
        w->full |= c->lookups[i].len > SHRIKE_LOOKUP_MAX;
        write_slice(w, c->lookups[i]);
    }
    keys_write(w, c->authorities, c->authority_count);
    origin_write(w, &c->origin);
}

static void credential_read(struct reader *r, struct store *s, struct shrike_credential *c)
{
    u16 one;
    const struct shrike_key_id *key = keys_read(r, s, &one);
    r->bad |= one != 1;
    if (!r->bad)
        c->key = *key;
    c->encoding = read_u8(r);
    c->cert_count = read_choice(r, SHRIKE_CERTS_MAX + 1);
    struct shrike_bytes *certs = take(r, s, c->cert_count, sizeof(*certs));
    for (u16 i = 0; i < c->cert_count && !r->bad; i++)
        certs[i] = read_slice(r);
    c->certs = certs;
    bool named = read_flag(r);
    struct shrike_bytes *lookups = named ? take(r, s, c->cert_count, sizeof(*lookups)) : NULL;
    r->bad |= named && c->cert_count == 0;
    for (u16 i = 0; lookups && i < c->cert_count && !r->bad; i++) {
        lookups[i] = read_slice(r);
        r->bad |= lookups[i].len > SHRIKE_LOOKUP_MAX;
    }
    c->lookups = lookups;
    c->authorities = keys_read(r, s, &c->authority_count);
    origin_read(r, &c->origin);
}

static void auth_write(struct writer *w, const struct shrike_auth *a)
{
    write_choice(w, a->kind, SHRIKE_AUTH_NULL + 1);
    write_u32(w, a->schemes);
    write_id(w, &a->id);
    write_choice(w, a->credential_count, SNAPSHOT_CREDENTIALS_MAX + 1);
    for (u16 i = 0; i < a->credential_count && !w->full; i++)
        credential_write(w, &a->credentials[i]);
    keys_write(w, a->authorities, a->authority_count);
    write_eap_rule(w, &a->eap);
    write_flag(w, a->rule != NULL);
    if (a->rule)
        name_write(w, a->rule);
    origin_write(w, &a->origin);
}

static void auth_read(struct reader *r, struct store *s, struct shrike_auth *a)
{
    a->kind = (enum shrike_auth_kind)read_choice(r, SHRIKE_AUTH_NULL + 1);
    a->schemes = read_u32(r);
    a->id = read_id(r);
    a->credential_count = read_choice(r, SNAPSHOT_CREDENTIALS_MAX + 1);
    struct shrike_credential *all = take(r, s, a->credential_count, sizeof(*all));
    for (u16 i = 0; i < a->credential_count && !r->bad; i++)
        credential_read(r, s, &all[i]);
    a->credentials = all;
    a->authorities = keys_read(r, s, &a->authority_count);
    a->eap = read_eap_rule(r);
    a->rule = read_flag(r) ? name_read(r) : NULL;
    origin_read(r, &a->origin);
}

static void rounds_write(struct writer *w, const struct shrike_auth *rounds, u8 count)
{
    write_choice(w, count, SHRIKE_ROUNDS_MAX);
    for (u8 i = 0; i < count && !w->full; i++)
        auth_write(w, &rounds[i]);
}

static const struct shrike_auth *rounds_read(struct reader *r, struct store *s, u8 *count)
{
    *count = (u8)read_choice(r, SHRIKE_ROUNDS_MAX);
    struct shrike_auth *all = take(r, s, *count, sizeof(*all));
    for (u8 i = 0; i < *count && !r->bad; i++)
        auth_read(r, s, &all[i]);
    return all;
}

static void timing_write(struct writer *w, const struct shrike_conn *c)
{
    write_u64(w, c->retransmit_first);
    write_u64(w, c->retransmit_max);
    write_u8(w, c->retransmit_tries);
    write_choice(w, c->retransmit_jitter, 101); /* percent */
    write_u64(w, c->give_up_after);
    write_u64(w, c->half_open_max);
    write_u64(w, c->dpd_delay);
    write_u64(w, c->rekey_time);
    write_u64(w, c->reauth_time);
    write_u64(w, c->over_time);
    write_u64(w, c->rand_time);
    write_u32(w, c->keyingtries);
    write_choice(w, c->unique, SHRIKE_UNIQUE_KEEP + 1);
    write_choice(w, c->childless, SHRIKE_CHILDLESS_NEVER + 1);
    write_choice(w, c->send_cert, SHRIKE_CERT_NEVER + 1);
    write_choice(w, c->redirect, SHRIKE_REDIRECT_AUTH + 1);
    write_u64(w, c->redirect_wait);
}

static void timing_read(struct reader *r, struct shrike_conn *c)
{
    c->retransmit_first = read_u64(r);
    c->retransmit_max = read_u64(r);
    c->retransmit_tries = read_u8(r);
    c->retransmit_jitter = (u8)read_choice(r, 101);
    c->give_up_after = read_u64(r);
    c->half_open_max = read_u64(r);
    c->dpd_delay = read_u64(r);
    c->rekey_time = read_u64(r);
    c->reauth_time = read_u64(r);
    c->over_time = read_u64(r);
    c->rand_time = read_u64(r);
    c->keyingtries = read_u32(r);
    c->unique = (enum shrike_unique)read_choice(r, SHRIKE_UNIQUE_KEEP + 1);
    c->childless = (enum shrike_childless)read_choice(r, SHRIKE_CHILDLESS_NEVER + 1);
    c->send_cert = (enum shrike_send_cert)read_choice(r, SHRIKE_CERT_NEVER + 1);
    c->redirect = (enum shrike_redirect)read_choice(r, SHRIKE_REDIRECT_AUTH + 1);
    c->redirect_wait = read_u64(r);
}

static void conn_write(struct writer *w, const struct shrike_conn *c)
{
    name_write(w, c->name);
    write_u64(w, c->hash);
    nets_write(w, c->local_addrs, c->local_addr_count);
    nets_write(w, c->remote_addrs, c->remote_addr_count);
    write_u16(w, c->local_port);
    write_u16(w, c->remote_port);
    proposals_write(w, c->proposals, c->proposal_count);
    children_write(w, c);
    vips_write(w, c);
    auth_write(w, &c->local);
    auth_write(w, &c->remote);
    rounds_write(w, c->local_rounds, c->local_round_count);
    rounds_write(w, c->remote_rounds, c->remote_round_count);
    write_endpoint(w, &c->local_endpoint);
    write_endpoint(w, &c->remote_endpoint);
    timing_write(w, c);
    write_u16(w, c->fragment_size);
    write_u8(w, c->window);
    write_flag(w, c->fragmentation);
    write_flag(w, c->force_encap);
    write_flag(w, c->mobike);
    write_flag(w, c->follow_redirects);
    write_id(w, &c->redirect_to);
    write_flag(w, c->looks_up);
    write_flag(w, c->asks_ocsp);
    write_flag(w, c->ppk_required);
    w->full |= c->ppk_id.len > SHRIKE_ID_MAX;
    write_slice(w, c->ppk_id);
    origin_write(w, &c->ppk_origin);
    origin_write(w, &c->origin);
    origin_write(w, &c->proposals_origin);
    origin_write(w, &c->vips_origin);
    origin_write(w, &c->pools_origin);
}

static void conn_read(struct reader *r, struct store *s, struct shrike_conn *c)
{
    c->name = name_read(r);
    c->hash = read_u64(r);
    c->local_addrs = nets_read(r, s, &c->local_addr_count);
    c->remote_addrs = nets_read(r, s, &c->remote_addr_count);
    c->local_port = read_u16(r);
    c->remote_port = read_u16(r);
    c->proposals = proposals_read(r, s, &c->proposal_count);
    children_read(r, s, c);
    vips_read(r, s, c);
    auth_read(r, s, &c->local);
    auth_read(r, s, &c->remote);
    c->local_rounds = rounds_read(r, s, &c->local_round_count);
    c->remote_rounds = rounds_read(r, s, &c->remote_round_count);
    c->local_endpoint = read_endpoint(r);
    c->remote_endpoint = read_endpoint(r);
    timing_read(r, c);
    c->fragment_size = read_u16(r);
    c->window = read_u8(r);
    c->fragmentation = read_flag(r);
    c->force_encap = read_flag(r);
    c->mobike = read_flag(r);
    c->follow_redirects = read_flag(r);
    c->redirect_to = read_id(r);
    c->looks_up = read_flag(r);
    c->asks_ocsp = read_flag(r);
    c->ppk_required = read_flag(r);
    c->ppk_id = read_slice(r);
    r->bad |= c->ppk_id.len > SHRIKE_ID_MAX;
    origin_read(r, &c->ppk_origin);
    origin_read(r, &c->origin);
    origin_read(r, &c->proposals_origin);
    origin_read(r, &c->vips_origin);
    origin_read(r, &c->pools_origin);
}

/* ---- all ---- */

void conf_write(struct writer *w, const struct shrike_conf *c)
{
    w->full |= c->conn_count > SNAPSHOT_CONNS_MAX;
    write_u32(w, c->cookie_threshold);
    write_u32(w, c->cookie_prefix_threshold);
    write_u32(w, c->half_open_max);
    write_u32(w, c->half_open_prefix_max);
    write_u32(w, c->ike_sas_max);
    write_flag(w, c->rounds);
    write_flag(w, c->ppks);
    write_flag(w, c->beet);
    write_u32(w, c->conn_count);
    for (u32 i = 0; i < c->conn_count && !w->full; i++)
        conn_write(w, &c->conns[i]);
}

void conf_read(struct reader *r, struct store *s, struct shrike_conf *c)
{
    struct shrike_conn *conns;
    c->cookie_threshold = read_u32(r);
    c->cookie_prefix_threshold = read_u32(r);
    c->half_open_max = read_u32(r);
    c->half_open_prefix_max = read_u32(r);
    c->ike_sas_max = read_u32(r);
    c->rounds = read_flag(r);
    c->ppks = read_flag(r);
    c->beet = read_flag(r);
    c->conn_count = read_u32(r);
    r->bad |= c->conn_count > SNAPSHOT_CONNS_MAX;
    c->conns = conns = take(r, s, c->conn_count, sizeof(*conns));
    for (u32 i = 0; i < c->conn_count && !r->bad; i++)
        conn_read(r, s, &conns[i]);
}

/* ---- pools ---- */

CARRIES(struct lease_pool, 64);
CARRIES(struct lease_attribute, 24);

static void pool_write(struct writer *w, const struct lease_pool *p)
{
    name_write(w, p->name);
    write_addr(w, &p->base);
    w->full |= p->base.family == 0 || p->size == 0 || p->size > LEASE_SIZE_MAX;
    write_u32(w, p->size);
    origin_write(w, &p->origin);
    write_choice(w, p->attribute_count, LEASE_ATTRIBUTES_MAX + 1);
    for (u16 i = 0; i < p->attribute_count && !w->full; i++) {
        w->full |= p->attributes[i].value.len > LEASE_VALUE_MAX;
        write_u16(w, p->attributes[i].type);
        write_slice(w, p->attributes[i].value);
    }
}

static void pool_read(struct reader *r, struct store *s, struct lease_pool *p)
{
    struct lease_attribute *a;
    p->name = name_read(r);
    p->base = read_addr(r);
    p->size = read_u32(r);
    r->bad |= p->base.family == 0 || p->size == 0 || p->size > LEASE_SIZE_MAX;
    origin_read(r, &p->origin);
    p->attribute_count = read_choice(r, LEASE_ATTRIBUTES_MAX + 1);
    p->attributes = a = take(r, s, p->attribute_count, sizeof(*a));
    for (u16 i = 0; i < p->attribute_count && !r->bad; i++) {
        a[i].type = read_u16(r);
        a[i].value = read_slice(r);
        r->bad |= a[i].value.len > LEASE_VALUE_MAX;
    }
}

static void pools_write(struct writer *w, const struct lease_pool *pools, u32 count)
{
    write_choice(w, count, LEASE_POOLS_MAX + 1);
    for (u32 i = 0; i < count && !w->full; i++)
        pool_write(w, &pools[i]);
}

static const struct lease_pool *pools_read(struct reader *r, struct store *s, u32 *count)
{
    *count = read_choice(r, LEASE_POOLS_MAX + 1);
    struct lease_pool *p = take(r, s, *count, sizeof(*p));
    for (u32 i = 0; i < *count && !r->bad; i++)
        pool_read(r, s, &p[i]);
    return p;
}

/* ---- settings ---- */

CARRIES(struct settings, 2024);

static void log_write(struct writer *w, const struct settings_log *l)
{
    write_choice(w, l->kind, LOG_TO_SYSLOG + 1);
    write_u8(w, l->facility);
    write_flag(w, l->by_level);
    write_flag(w, l->json);
    write_flag(w, l->append);
    write_flag(w, l->flush_line);
    write_flag(w, l->ike_name);
    write_flag(w, l->log_level);
    write_flag(w, l->time_ms);
    for (unsigned g = 0; g < LOG_GROUP_COUNT; g++)
        write_choice(w, (unsigned)(l->levels[g] + 1), LOG_LEVEL_MAX + 2);
    write_text(w, l->path, sizeof(l->path));
    write_text(w, l->time_format, sizeof(l->time_format));
}

void settings_write(struct writer *w, const struct settings *s)
{
    write_u16(w, s->port);
    write_u16(w, s->port_nat_t);
    write_flag(w, s->install_routes);
    write_choice(w, s->plane, PLANE_ALL + 1);
    write_choice(w, s->esp_library, LIBRARY_OPENSSL + 1);
    write_u32(w, s->routing_table);
    write_u32(w, s->routing_priority);
    write_u32(w, s->mark);
    write_u16(w, s->mtu);
    write_u16(w, s->route_mtu);
    write_u16(w, s->route_mss);
    write_u32(w, s->replay_window);
    write_u32(w, s->keepalive_s);
    write_text(w, s->interface, sizeof(s->interface));
    write_text(w, s->control_socket, sizeof(s->control_socket));
    write_text(w, s->journal, sizeof(s->journal));
    write_text(w, s->unsafe_keys, sizeof(s->unsafe_keys));
    write_flag(w, s->install_virtual_ip);
    write_choice(w, s->dns, DNS_NONE + 1);
    write_text(w, s->dns_file, sizeof(s->dns_file));
    write_text(w, s->syslog_identifier, sizeof(s->syslog_identifier));
    write_u8(w, s->log_count);
    for (u8 i = 0; i < s->log_count; i++)
        log_write(w, &s->logs[i]);
    write_endpoint(w, &s->metrics);
    pools_write(w, s->pools, s->pool_count);
}

static void setting_read(struct reader *r, char *out, size_t size)
{
    const char *text = read_text(r, out, size);
    r->bad |= !text;
}

static void log_read(struct reader *r, struct settings_log *l)
{
    l->kind = (u8)read_choice(r, LOG_TO_SYSLOG + 1);
    l->facility = read_u8(r);
    l->by_level = read_flag(r);
    l->json = read_flag(r);
    l->append = read_flag(r);
    l->flush_line = read_flag(r);
    l->ike_name = read_flag(r);
    l->log_level = read_flag(r);
    l->time_ms = read_flag(r);
    for (unsigned g = 0; g < LOG_GROUP_COUNT; g++)
        l->levels[g] = (int8_t)((int)read_choice(r, LOG_LEVEL_MAX + 2) - 1);
    setting_read(r, l->path, sizeof(l->path));
    setting_read(r, l->time_format, sizeof(l->time_format));
}

void settings_read(struct reader *r, struct store *st, struct settings *s)
{
    s->port = read_u16(r);
    s->port_nat_t = read_u16(r);
    s->install_routes = read_flag(r);
    s->plane = (u8)read_choice(r, PLANE_ALL + 1);
    s->esp_library = (u8)read_choice(r, LIBRARY_OPENSSL + 1);
    s->routing_table = read_u32(r);
    s->routing_priority = read_u32(r);
    s->mark = read_u32(r);
    s->mtu = read_u16(r);
    s->route_mtu = read_u16(r);
    s->route_mss = read_u16(r);
    s->replay_window = read_u32(r);
    s->keepalive_s = read_u32(r);
    setting_read(r, s->interface, sizeof(s->interface));
    setting_read(r, s->control_socket, sizeof(s->control_socket));
    setting_read(r, s->journal, sizeof(s->journal));
    setting_read(r, s->unsafe_keys, sizeof(s->unsafe_keys));
    s->install_virtual_ip = read_flag(r);
    s->dns = (u8)read_choice(r, DNS_NONE + 1);
    setting_read(r, s->dns_file, sizeof(s->dns_file));
    setting_read(r, s->syslog_identifier, sizeof(s->syslog_identifier));
    s->log_count = read_u8(r);
    r->bad |= s->log_count > SETTINGS_LOGS;
    for (u8 i = 0; i < s->log_count && !r->bad; i++)
        log_read(r, &s->logs[i]);
    s->metrics = read_endpoint(r);
    s->pools = pools_read(r, st, &s->pool_count);
}
