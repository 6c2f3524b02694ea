/* Scripts of Child SAs: see updown.h. */
#include "parent/updown.h"
#include "parent/pluto.h"
#include <net/if.h>
#include <stdlib.h>

/* A Child SA whose script has run. */
struct up {
    struct up *next;
    u32 serial;
    bool hostaccess;
    struct mail_numbers numbers;
    char interface[IF_NAMESIZE];
    char script[];
};

static struct up **place_of(struct updown *u, u32 serial)
{
    struct up **at = &u->buckets[serial % ARRAY_LEN(u->buckets)];
    while (*at && (*at)->serial != serial)
        at = &(*at)->next;
    return at;
}

/* What the configuration says of this child; NULL: there is none, or it has no script. */
static const struct shrike_child_conf *scripted(const struct shrike_conf *conf, const char *conn,
                                                const char *child)
{
    for (u32 i = 0; conn && child && i < conf->conn_count; i++) {
        const struct shrike_conn *c = &conf->conns[i];
        if (strcmp(c->name, conn) != 0)
            continue;
        for (u16 k = 0; k < c->child_count; k++)
            if (strcmp(c->children[k].name, child) == 0)
                return c->children[k].updown ? &c->children[k] : NULL;
    }
    return NULL;
}

/* What is to be run. */
struct order {
    const char *script, *interface;
    bool hostaccess, up;
    const struct mail_numbers *numbers;
};

/* As it is now: the address may be gone when the Child SA goes. */
static void find_interface(const struct updown *u, const struct shrike_event *e,
                           char out[IF_NAMESIZE])
{
    const struct shrike_endpoint *end = e->seen ? &e->seen->ike.local : &e->local;
    struct text t = text_of(out, IF_NAMESIZE);
    text_str(&t, u->interface ? u->interface : "unknown");
    for (u32 i = 0; !u->interface && i < u->host->count; i++) {
        const struct host_address *a = &u->host->all[i];
        if (a->addr.family == end->family &&
            memcmp(a->addr.octets, end->octets, sizeof end->octets) == 0 &&
            if_indextoname(a->link, out))
            return;
    }
}

static void run(struct updown *u, const struct order *o, const struct shrike_event *e)
{
    static struct pluto vars; /* used by one call at a time */
    char about[64];
    struct text t = text_of(about, sizeof about);
    struct shrike_addr dns[SHRIKE_ADDRESSES_MAX];
    static const struct shrike_seen nothing;
    const struct shrike_ike_view *ike = e->seen ? &e->seen->ike : &nothing.ike;
    const struct shrike_child_view *child = e->seen ? &e->seen->child : &nothing.child;
    struct pluto_of of = {.up = o->up,
                          .hostaccess = o->hostaccess,
                          .interface = o->interface,
                          .ike = ike,
                          .child = child,
                          .dns = dns,
                          .numbers = o->numbers};
    u32 pairs = 0;
    if (child->serial != e->child || !child->child) {
        tell(u->tell, SHRIKE_WARNING, "Child SA %u: too much happens at once to run its script",
             e->child);
        return;
    }
    if (ike->local_vip_count)
        of.dns_count = virtuals_dns(u->virtuals, &ike->local_vips[0], dns);
    text_str(&t, "updown ");
    text_safe(&t, bytes_of(child->child, strlen(child->child)));
    for (u16 i = 0; i < child->local_ts_count; i++) {
        for (u16 k = 0; k < child->remote_ts_count && pairs < UPDOWN_PAIRS; k++) {
            of.local = &child->local_ts[i];
            of.remote = &child->remote_ts[k];
            if (of.local->family != of.remote->family || !pluto_write(&vars, &of))
                continue;
            pairs++;
            scripts_run(u->scripts, o->script, bytes_of(vars.room, vars.len), about);
        }
    }
}

static struct mail_numbers *given_of(struct updown *u, u32 serial)
{
    return &u->given[serial % UPDOWN_GIVEN];
}

void updown_numbers(struct updown *u, const struct mail_numbers *m)
{
    *given_of(u, m->child_serial) = *m;
}

static void came(struct updown *u, const struct shrike_conf *conf, const struct shrike_event *e)
{
    const struct shrike_child_conf *child = scripted(conf, e->conn, e->child_conf);
    struct up **at = place_of(u, e->child);
    if (!child || *at)
        return;
    size_t len = strlen(child->updown) + 1;
    struct up *one = u->count < UPDOWN_MAX ? calloc(1, sizeof *one + len) : NULL;
    if (!one) {
        if (!u->warned)
            tell(u->tell, SHRIKE_ERROR, "no memory for scripts of Child SAs, or more than %u",
                 UPDOWN_MAX);
        u->warned = true;
        return;
    }
    one->serial = e->child;
    one->hostaccess = child->hostaccess;
    memcpy(one->script, child->updown, len);
    *at = one;
    u->count++;
    if (given_of(u, e->child)->child_serial == e->child)
        one->numbers = *given_of(u, e->child);
    find_interface(u, e, one->interface);
    run(u, &(struct order){one->script, one->interface, one->hostaccess, true, &one->numbers}, e);
}

static void went(struct updown *u, const struct shrike_conf *conf, const struct shrike_event *e)
{
    struct up **at = place_of(u, e->child), *one = *at;
    const struct shrike_child_conf *child = one ? NULL : scripted(conf, e->conn, e->child_conf);
    char interface[IF_NAMESIZE];
    if (child) { /* it came before this program took over */
        find_interface(u, e, interface);
        run(u, &(struct order){child->updown, interface, child->hostaccess, false, NULL}, e);
    }
    if (!one)
        return;
    run(u, &(struct order){one->script, one->interface, one->hostaccess, false, &one->numbers}, e);
    *at = one->next;
    u->count--;
    free(one);
}

/* It goes by another number now. */
static void rename_up(struct updown *u, u32 from, u32 to)
{
    struct up **at = place_of(u, from), *one = *at;
    if (!one || *place_of(u, to) || fault(184))
        return;
    *at = one->next;
    one->serial = to;
    at = place_of(u, to);
    one->next = *at;
    *at = one;
}

void updown_event(struct updown *u, const struct shrike_conf *conf, const struct shrike_event *e)
{
    if (e->id == SHRIKE_EVENT_CHILD_REKEYED)
        rename_up(u, e->number, e->child);
    else if (e->id == SHRIKE_EVENT_CHILD_UP)
        came(u, conf, e);
    else if (e->id == SHRIKE_EVENT_CHILD_DOWN)
        went(u, conf, e);
}

void updown_close(struct updown *u)
{
    for (size_t i = 0; i < ARRAY_LEN(u->buckets); i++) {
        while (u->buckets[i]) {
            struct up *one = u->buckets[i];
            u->buckets[i] = one->next;
            free(one);
        }
    }
    u->count = 0;
}
