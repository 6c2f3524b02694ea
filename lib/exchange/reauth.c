/* Authenticating anew: see reauth.h. */
#include "exchange/reauth.h"
#include "base/text.h"
#include "exchange/exchange.h"
#include "exchange/unique.h"
#include "sa/child.h"
#include "sa/internal.h"
#include "sa/life.h"
#include "sa/trace.h"

enum { LIFETIME_LEN = 4, LIFETIME_MIN = 10 }; /* seconds; a peer has no cause to want it oftener */

void reauth_tell(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    u8 octets[LIFETIME_LEN];
    struct writer w = writer_of(octets, sizeof(octets));
    if (sa->reauth_at == SHRIKE_NEVER)
        return;
    u64 seconds = (sa->reauth_at - t->shard->now) / SHRIKE_SECOND;
    write_u32(&w, (u32)MIN(seconds, UINT32_MAX));
    notify_add(t->out, NOTIFY_AUTH_LIFETIME, written_bytes(&w));
}

void reauth_heed(struct turn *t)
{
    struct notify n;
    if (!notify_find(t->in, NOTIFY_AUTH_LIFETIME, &n) || n.data.len != LIFETIME_LEN)
        return;
    struct reader r = reader_of(n.data);
    u32 seconds = read_u32(&r);
    shrike_time left = (shrike_time)MAX(seconds, LIFETIME_MIN) * SHRIKE_SECOND;
    /* RFC 4478 3: before it is over; a tenth is for what may be lost, or comes at the same time. */
    shrike_time at = t->shard->now + shard_early(t->shard, left - left / 10, left / 10);
    t->sa->reauth_at = MIN(t->sa->reauth_at, at);
}

/* RFC 7296 2.23: into a NAT leads only the mapping that the peer keeps open, and one may begin at
 * port 4500. Unless it has been configured to be elsewhere since. */
static bool is_inside(const struct ike_sa *sa, const struct shrike_conn *now)
{
    return sa->nat_there &&
           endpoint_same_address(&now->remote_endpoint, &sa->conn->remote_endpoint);
}

/* The way to the peer: as configured, or where it is now. */
static void use_path(const struct shard *s, struct ike_sa *fresh, const struct ike_sa *sa)
{
    const struct shrike_conn *conn = fresh->conn;
    bool known = conn->remote_endpoint.family != 0 && !is_inside(sa, conn);
    fresh->local = known ? conn->local_endpoint : sa->local;
    fresh->remote = known ? conn->remote_endpoint : sa->remote;
    fresh->marker = fresh->local.port == 4500;
    sa_use_source(s, fresh);
}

/* Is this child to be asked for anew? */
static bool is_wanted(const struct ike_sa *sa, const struct child_sa *c)
{
    return (sa->state < IKE_UP ? c->state < CHILD_UP : c->state == CHILD_UP) && !c->wants_delete;
}

struct ike_sa *reauth_make(struct shard *s, struct ike_sa *sa)
{
    const struct shrike_conn *conn = shard_conn_now(s, sa->conn);
    struct ike_sa *fresh = sa_new(s, true);
    if (!fresh)
        return NULL;
    sa_use_conn(s, fresh, conn ? conn : sa->conn, conn ? s->current : sa->snapshot);
    for (struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        const struct shrike_child_conf *conf = sa_child_conf(fresh->conn, c->conf->name);
        if (!conf || !is_wanted(sa, c) || child_named(fresh, conf->name, NULL))
            continue;
        struct child_sa *made = child_new(s, fresh, conf);
        if (!made)
            break;
        made->command = c->command;
        c->command = 0;
    }
    if (list_empty(&fresh->children)) {
        sa_free(s, fresh);
        return NULL;
    }
    internal_want_again(s, fresh, sa);
    fresh->wants = WANT_INIT;
    return fresh;
}

bool reauth_begin(struct shard *s, struct ike_sa *sa)
{
    if (internal_held(sa, false)) {
        sa->reauth_at = SHRIKE_NEVER;
        pending_release(s, sa->command_rekey, SHRIKE_REASON_ADDRESS_LEASED);
        sa->command_rekey = 0;
        return true;
    }
    if (unique_yield(s, sa)) {
        pending_release(s, sa->command_rekey, SHRIKE_REASON_NONE);
        sa->command_rekey = 0;
        return true;
    }
    struct ike_sa *fresh = reauth_make(s, sa);
    sa->reauth_at = s->now + shard_vary(s, REKEY_RETRY, 50);
    if (!fresh)
        return false;
    use_path(s, fresh, sa);
    fresh->succeeds = sa->serial;
    sa->reauth = fresh->serial;
    sa_touch(s, fresh);
    return true;
}

void reauth_settle(struct shard *s, struct ike_sa *sa)
{
    if (!sa->succeeds || sa->state != IKE_UP || sa->handshake)
        return;
    for (const struct child_sa *c = child_first(sa); c; c = child_after(sa, c)) {
        if (c->state < CHILD_UP)
            return;
    }
    struct ike_sa *old = sa_by_serial(s, sa->succeeds);
    sa->succeeds = 0;
    if (!old)
        return;
    pending_release(s, old->command_rekey, SHRIKE_REASON_NONE);
    old->command_rekey = 0;
    old->wants |= WANT_CLOSE;
    old->reason = SHRIKE_REASON_REKEYED;
    sa_touch(s, old);
}

void reauth_closing(struct shard *s, struct ike_sa *sa)
{
    struct ike_sa *old = sa_by_serial(s, sa->succeeds);
    sa->succeeds = 0;
    if (!old)
        return;
    pending_release(s, old->command_rekey, SHRIKE_REASON_TIMEOUT);
    old->command_rekey = 0;
    old->reauth = 0;
    sa_touch(s, old);
}
