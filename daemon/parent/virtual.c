/* Virtual addresses on the TUN device: see virtual.h. */
#include "parent/virtual.h"
#include "base/text.h"
#include "parent/host.h"
#include "rules/allowed.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <stdlib.h>

#define TEXT_MAX 48 /* an address as text */

/* What belongs to one lease. */
struct granted {
    struct list link;
    u32 lease;
    bool orphan; /* who asked has ended */
    u16 address_count, dns_count;
    struct shrike_addr addresses[SHRIKE_ADDRESSES_MAX], dns[SHRIKE_ADDRESSES_MAX];
};

static struct granted *of_link(struct list *at)
{
    return list_item(at, struct granted, link);
}

void virtuals_init(struct virtuals *v)
{
    list_init(&v->all);
    v->count = 0;
}

/* ---- what is allowed ---- */

static bool is_end(const struct shrike_addr *a, const struct shrike_endpoint *e)
{
    return a->family == e->family && memcmp(a->octets, e->octets, sizeof a->octets) == 0;
}

static bool asks_for_addresses(const struct shrike_conf *conf, const char *name)
{
    for (u32 i = 0; name && i < conf->conn_count; i++)
        if (strcmp(conf->conns[i].name, name) == 0)
            return conf->conns[i].vip_count > 0;
    return false;
}

bool virtuals_allowed(const struct shrike_conf *conf, const struct shrike_address_op *op,
                      const char **why)
{
    *why = "the connection asks for none";
    /* One that lives on may be of a connection that is gone. */
    if (!op->held && !asks_for_addresses(conf, op->conn))
        return false;
    *why = "an address is no host's, or that of our own end";
    for (u16 i = 0; i < op->address_count; i++)
        if (!allowed_host(&op->addresses[i]) || is_end(&op->addresses[i], &op->local))
            return false;
    *why = NULL;
    return true;
}

/* ---- setting up ---- */

static int tell_system(struct virtuals *v, const struct shrike_addr *a, bool add)
{
    union netmsg m;
    netmsg_address(&m, &(struct netmsg_address){.link = v->link, .address = *a}, add);
    return netlink_do(v->netlink, &m);
}

static bool has(const struct granted *one, const struct shrike_addr *a)
{
    for (u16 i = 0; i < one->address_count; i++)
        if (memcmp(&one->addresses[i], a, sizeof *a) == 0)
            return true;
    return false;
}

/* Does another lease have it? */
static bool shared(struct virtuals *v, const struct granted *than, const struct shrike_addr *a)
{
    for (struct list *at = v->all.next; at != &v->all; at = at->next) {
        const struct granted *other = of_link(at);
        if (other != than && has(other, a))
            return true;
    }
    return false;
}

/* IPv6 is switched off: the others are of use without it. */
static bool lacks_family(u8 family, int error)
{
    return family == 6 && (error == EACCES || error == EAFNOSUPPORT || error == EOPNOTSUPP);
}

static bool put(struct virtuals *v, const struct granted *one, const struct shrike_addr *a)
{
    char at[TEXT_MAX];
    struct text t = text_of(at, sizeof at);
    int error = v->untouched || shared(v, one, a) ? 0 : tell_system(v, a, true);
    text_addr(&t, a->octets, a->family);
    if (lacks_family(a->family, error)) {
        tell(v->tell, SHRIKE_WARNING, "the virtual address %s is left out: this host has no IPv6",
             at);
        return true;
    }
    if (error != 0 && error != EEXIST)
        tell(v->tell, SHRIKE_ERROR, "cannot set up the virtual address %s: %s", at,
             strerror(error));
    else
        tell(v->tell, SHRIKE_DEBUG, "virtual address %s", at);
    return error == 0 || error == EEXIST;
}

/* Take the first n addresses of it away. */
static void take(struct virtuals *v, const struct granted *one, u16 n)
{
    for (u16 i = 0; i < n && !v->untouched; i++) {
        if (shared(v, one, &one->addresses[i]))
            continue;
        int error = tell_system(v, &one->addresses[i], false);
        if (error != 0 && error != EADDRNOTAVAIL && error != ENODEV &&
            !lacks_family(one->addresses[i].family, error))
            tell(v->tell, SHRIKE_WARNING, "cannot take a virtual address away: %s",
                 strerror(error));
    }
}

/* The servers of the newest lease come first. */
static void set_nameservers(struct virtuals *v)
{
    struct shrike_addr all[NAMESERVERS_MAX];
    u32 n = 0;
    for (struct list *at = v->all.prev; at != &v->all; at = at->prev) {
        const struct granted *one = of_link(at);
        for (u16 i = 0; i < one->dns_count && n < NAMESERVERS_MAX; i++) {
            bool new = true;
            for (u32 k = 0; k < n; k++)
                new &= memcmp(&all[k], &one->dns[i], sizeof all[k]) != 0;
            if (new)
                all[n++] = one->dns[i];
        }
    }
    nameservers_set(v->nameservers, all, n);
}

static struct granted *find(struct virtuals *v, u32 lease, bool orphan)
{
    for (struct list *at = v->all.next; at != &v->all; at = at->next)
        if (of_link(at)->lease == lease && of_link(at)->orphan == orphan)
            return of_link(at);
    return NULL;
}

static void end(struct virtuals *v, struct granted *one)
{
    take(v, one, one->address_count);
    list_remove(&one->link);
    v->count--;
    free(one);
}

static struct granted *begin(struct virtuals *v, const struct shrike_address_op *op)
{
    struct granted *one = v->count < VIRTUALS_MAX ? calloc(1, sizeof *one) : NULL;
    if (!one) {
        tell(v->tell, SHRIKE_ERROR, "no memory for a virtual address, or more than %u leases",
             VIRTUALS_MAX);
        return NULL;
    }
    one->lease = op->lease;
    one->address_count = MIN(op->address_count, SHRIKE_ADDRESSES_MAX);
    memcpy(one->addresses, op->addresses, one->address_count * sizeof *op->addresses);
    for (u16 i = 0; i < op->dns_count && one->dns_count < SHRIKE_ADDRESSES_MAX; i++)
        if (allowed_host(&op->dns[i]))
            one->dns[one->dns_count++] = op->dns[i];
    return one;
}

/* Orphans of whose addresses this one has all are not needed any more. */
static void inherit(struct virtuals *v, const struct granted *heir)
{
    for (struct list *at = v->all.next, *next; at != &v->all; at = next) {
        struct granted *one = of_link(at);
        bool all = one->orphan;
        next = at->next;
        for (u16 i = 0; i < one->address_count; i++)
            all &= has(heir, &one->addresses[i]);
        if (all)
            end(v, one); /* the addresses stay: the heir has them */
    }
}

bool virtuals_add(struct virtuals *v, const struct shrike_address_op *op)
{
    struct granted *one = op->held ? find(v, op->lease, true) : NULL;
    if (one) {
        one->orphan = false;
        return true;
    }
    one = begin(v, op);
    for (u16 i = 0; one && i < one->address_count; i++)
        if (!put(v, one, &one->addresses[i])) {
            take(v, one, i);
            free(one);
            one = NULL;
        }
    if (!one)
        return false;
    list_append(&v->all, &one->link);
    v->count++;
    inherit(v, one);
    set_nameservers(v);
    return true;
}

u16 virtuals_dns(const struct virtuals *v, const struct shrike_addr *address,
                 struct shrike_addr out[SHRIKE_ADDRESSES_MAX])
{
    for (struct list *at = v->all.next; at != &v->all; at = at->next) {
        const struct granted *one = of_link(at);
        if (!has(one, address))
            continue;
        memcpy(out, one->dns, one->dns_count * sizeof *out);
        return one->dns_count;
    }
    return 0;
}

void virtuals_remove(struct virtuals *v, u32 lease)
{
    struct granted *one = find(v, lease, false);
    if (!one)
        return;
    end(v, one);
    set_nameservers(v);
}

/* One address of the system; those that we set up stand alone in their prefix. */
static void adopt(void *ctx, const struct nlmsghdr *h)
{
    struct virtuals *v = ctx;
    const struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);
    struct host_address found;
    if (!host_address_read(h, &found) || found.link != v->link ||
        a->ifa_prefixlen != (found.addr.family == 4 ? 32 : 128))
        return;
    struct shrike_address_op op = {.addresses = &found.addr, .address_count = 1};
    struct granted *one = begin(v, &op);
    if (!one)
        return;
    one->orphan = true;
    list_append(&v->all, &one->link);
    v->count++;
}

void virtuals_adopt(struct virtuals *v)
{
    union netmsg m;
    netmsg_address_list(&m);
    if (!v->untouched)
        netlink_list(v->netlink, &m, adopt, v);
}

void virtuals_orphan(struct virtuals *v)
{
    for (struct list *at = v->all.next; at != &v->all; at = at->next)
        of_link(at)->orphan = true;
}

void virtuals_sweep(struct virtuals *v)
{
    for (struct list *at = v->all.next, *next; at != &v->all; at = next) {
        next = at->next;
        if (of_link(at)->orphan)
            end(v, of_link(at));
    }
    set_nameservers(v);
}

void virtuals_close(struct virtuals *v)
{
    if (!v->all.next)
        return;
    virtuals_orphan(v);
    virtuals_sweep(v);
}
