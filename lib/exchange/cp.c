/* Configuration payloads: see cp.h. */
#include "exchange/cp.h"
#include "exchange/auth.h"
#include "exchange/ike_rekey.h"
#include "exchange/unique.h"
#include "sa/internal.h"
#include "sa/narrow.h"
#include "sa/trace.h"

/* What the message says in a configuration payload of this type; nothing when it has none. false:
 * it is malformed. */
static bool read_cp(const struct message *m, u8 type, struct config_list *out)
{
    struct bytes body = message_body(m, PAYLOAD_CP);
    struct config cp;
    *out = (struct config_list){0};
    if (!body.at)
        return true;
    return cp_read(body, &cp) && (cp.type != type || config_read(cp.attributes, out));
}

static void tell_addresses(struct turn *t, enum shrike_event_id id)
{
    const struct internal *in = internal_of(t->sa);
    for (unsigned i = 0; i < in->count; i++)
        trace_ike(t->shard, id, t->sa)->address = in->list[i];
}

/* ---- who needs addresses ---- */

/* As configured; in the place of any address one of the same family that we had before. */
static void wishes_of(const struct ike_sa *sa, struct config_list *out)
{
    const struct shrike_conn *conn = sa->conn;
    const struct internal *in = internal_of(sa);
    bool used[SHRIKE_ADDRESSES_MAX] = {false};
    *out = (struct config_list){.addr_count = (u8)MIN(conn->vip_count, SHRIKE_ADDRESSES_MAX)};
    for (unsigned i = 0; i < out->addr_count; i++) {
        out->addrs[i] = conn->vips[i];
        bool any = config_is_any(&conn->vips[i]);
        for (unsigned k = 0; any && k < in->count; k++) {
            if (used[k] || in->list[k].family != conn->vips[i].family)
                continue;
            out->addrs[i] = in->list[k];
            used[k] = true;
            break;
        }
    }
}

bool cp_ask(struct turn *t)
{
    struct config_list wishes;
    if (t->sa->conn->vip_count == 0)
        return true;
    if (!internal_want(t->shard, t->sa))
        return false;
    wishes_of(t->sa, &wishes);
    size_t mark = payload_begin(t->out, PAYLOAD_CP, false);
    config_write(t->out->w, CFG_TYPE_REQUEST);
    /* RFC 7296 2.19 (1, 2, 4): in front of SA, the addresses and whatever else. */
    config_write_addrs(t->out->w, wishes.addrs, wishes.addr_count);
    config_write_ask_dns(t->out->w, wishes.addrs, wishes.addr_count);
    payload_end(t->out, mark);
    return true;
}

/* RFC 7296 3.15.1: no more than was asked for, and none of another family. */
static void drop_unasked(const struct shrike_conn *conn, struct config_list *list)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < list->addr_count && kept < conn->vip_count; i++) {
        bool asked = false;
        for (unsigned k = 0; k < conn->vip_count && !asked; k++)
            asked = conn->vips[k].family == list->addrs[i].family;
        if (asked && !config_is_any(&list->addrs[i]))
            list->addrs[kept++] = list->addrs[i];
    }
    list->addr_count = (u8)kept;
}

enum verdict cp_take(struct turn *t)
{
    const struct internal *in = internal_of(t->sa);
    struct config_list list;
    t->no_address = SHRIKE_REASON_NONE;
    if (!in || !in->ours || in->state != INTERNAL_WISHED)
        return DONE;
    if (!read_cp(t->in, CFG_TYPE_REPLY, &list))
        t->no_address = SHRIKE_REASON_SYNTAX;
    drop_unasked(t->sa->conn, &list);
    /* RFC 7296 2.19 (5): any of those that were asked for. */
    if (t->no_address == SHRIKE_REASON_NONE && list.addr_count == 0)
        t->no_address = SHRIKE_REASON_ADDRESS_NOT_GIVEN;
    if (t->no_address == SHRIKE_REASON_NONE && internal_keep(t->shard, t->sa, &list) &&
        internal_add(t->shard, t->sa, t->slot))
        return AWAIT;
    if (t->no_address == SHRIKE_REASON_NONE)
        t->no_address = SHRIKE_REASON_MEMORY;
    internal_fail(t->shard, t->sa); /* RFC 7296 3.15.4 (1): the IKE SA stays */
    return DONE;
}

void cp_taken(struct turn *t)
{
    if (t->op->ok) {
        internal_use(t->sa);
        tell_addresses(t, SHRIKE_EVENT_ADDRESS_TAKEN);
        return;
    }
    t->no_address = t->op->reason;
    internal_fail(t->shard, t->sa);
}

bool cp_needed(const struct ike_sa *sa, const struct shrike_child_conf *conf)
{
    const struct internal *in = internal_of(sa);
    return in && in->ours && in->state != INTERNAL_HELD &&
           ts_dynamic(conf->local_ts, conf->local_ts_count);
}

bool cp_lacking(const struct ike_sa *sa, const struct shrike_child_conf *conf)
{
    const struct internal *in = internal_of(sa);
    return in && in->ours && in->state == INTERNAL_NONE &&
           ts_dynamic(conf->local_ts, conf->local_ts_count);
}

/* ---- who gives them ---- */

/* Has it got addresses, or is it we who ask for them? */
static bool is_served(const struct ike_sa *sa)
{
    const struct internal *in = internal_of(sa);
    return in && (in->ours || in->state == INTERNAL_HELD);
}

/* One that is being closed or replaced does not keep them for long. */
static bool may_have(const struct ike_sa *sa)
{
    return sa->state == IKE_AUTH || ike_rekey_leaves_alone(sa);
}

enum verdict cp_lease(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    struct config_list asked;
    t->no_address = SHRIKE_REASON_NONE;
    /* RFC 7296 4 (11): which may ask for addresses. */
    if (!read_cp(t->in, CFG_TYPE_REQUEST, &asked))
        return turn_refuse(t, SHRIKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    if (is_served(t->sa) || !may_have(t->sa))
        return DONE;
    if (t->sa->state == IKE_AUTH)
        unique_wishes(t->shard, t->sa, auth_first_contact(t), &asked);
    if (asked.addr_count == 0 && conn->pool_count)
        t->no_address = SHRIKE_REASON_ADDRESS_NOT_ASKED;
    else if (asked.addr_count && conn->pool_count == 0)
        t->no_address = SHRIKE_REASON_NO_POOL;
    else if (asked.addr_count && internal_lease(t->shard, t->sa, t->slot, &asked))
        return AWAIT;
    else if (asked.addr_count)
        t->no_address = SHRIKE_REASON_MEMORY;
    return DONE;
}

/* What was leased goes into the reply as it is. */
static enum shrike_reason_code keep_lease(struct turn *t)
{
    struct work *work = t->slot->work;
    struct config_list list;
    if (!may_have(t->sa))
        return SHRIKE_REASON_REKEY_LATER;
    if (!t->op->ok)
        return t->op->reason;
    if (!config_read(t->op->value, &list) || list.addr_count == 0)
        return SHRIKE_REASON_POOL_EMPTY;
    list.dns_count = 0; /* the peer knows them now */
    packet_drop(&t->shard->packets, work->attributes);
    work->attributes = packet_copy(&t->shard->packets, t->op->value);
    if (!work->attributes || !internal_keep(t->shard, t->sa, &list))
        return SHRIKE_REASON_MEMORY;
    return SHRIKE_REASON_NONE;
}

void cp_leased(struct turn *t)
{
    t->no_address = keep_lease(t);
    if (t->no_address == SHRIKE_REASON_NONE)
        internal_use(t->sa);
    else
        internal_fail(t->shard, t->sa);
}

enum verdict cp_admit(struct turn *t, const struct shrike_child_conf *conf)
{
    enum shrike_reason_code code = t->no_address;
    if (code == SHRIKE_REASON_NONE || !ts_dynamic(conf->remote_ts, conf->remote_ts_count))
        return DONE;
    t->reason = (struct shrike_reason){.origin = t->sa->conn->pools_origin};
    /* RFC 7296 2.19 (7): not fatal to the IKE SA. */
    return turn_refuse(t, code,
                       code == SHRIKE_REASON_ADDRESS_NOT_ASKED ? NOTIFY_FAILED_CP_REQUIRED
                                                               : NOTIFY_INTERNAL_ADDRESS_FAILURE);
}

void cp_tell_refused(struct turn *t)
{
    const struct shrike_reason why = {.code = t->no_address,
                                      .exchange = t->slot->exchange,
                                      .origin = t->sa->conn->pool_count ? t->sa->conn->pools_origin
                                                                        : t->sa->conn->origin};
    if (why.code != SHRIKE_REASON_NONE && why.code != SHRIKE_REASON_ADDRESS_NOT_ASKED)
        trace_limited_reason(t->shard, SHRIKE_EVENT_ADDRESS_REFUSED, t->sa, &why);
}

static void reply_addresses(struct turn *t)
{
    const struct internal *in = internal_of(t->sa);
    const struct work *work = t->slot->work;
    if (work && work->attributes) {
        /* RFC 7296 4 (12): what was leased. */
        write_bytes(t->out->w, packet_bytes(work->attributes));
        tell_addresses(t, SHRIKE_EVENT_ADDRESS_GIVEN);
    } else {
        config_write_addrs(t->out->w, in->list, in->count);
    }
}

static void add_reply(struct turn *t, const struct config_list *asked)
{
    bool addresses = asked->addr_count && internal_held(t->sa, false);
    bool alone = t->slot->exchange == EXCHANGE_INFORMATIONAL;
    if (!addresses && !asked->version && !asked->supported && !alone)
        return;
    size_t mark = payload_begin(t->out, PAYLOAD_CP, false);
    config_write(t->out->w, CFG_TYPE_REPLY);
    if (addresses)
        reply_addresses(t);
    if (asked->supported)
        config_write_supported(t->out->w);
    if (asked->version)
        config_write_version(t->out->w);
    payload_end(t->out, mark);
}

void cp_reply(struct turn *t)
{
    struct bytes body = message_body(t->in, PAYLOAD_CP);
    struct config_list asked;
    struct config cp;
    if (!body.at || !cp_read(body, &cp)) /* RFC 7296 2.19 (6) */
        return;
    if (cp.type == CFG_TYPE_REQUEST && config_read(cp.attributes, &asked)) {
        add_reply(t, &asked);
    } else if (cp.type == CFG_TYPE_SET) {
        /* RFC 7296 3.15.1 (24): nothing of it is accepted. */
        size_t mark = payload_begin(t->out, PAYLOAD_CP, false);
        config_write(t->out->w, CFG_TYPE_ACK);
        payload_end(t->out, mark);
    }
}
