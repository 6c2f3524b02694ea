#include "config/pools.h"

#include "config/value.h"
#include "wire/codes.h"
#include <string.h>

/* Attributes by name; 0: not of this family. */
static const struct {
    const char *key;
    uint16_t type4, type6;
    bool subnets; /* else addresses */
} kinds[] = {
    {"dns", CFG_INTERNAL_IP4_DNS, CFG_INTERNAL_IP6_DNS, false},
    {"nbns", CFG_INTERNAL_IP4_NBNS, 0, false},
    {"dhcp", CFG_INTERNAL_IP4_DHCP, CFG_INTERNAL_IP6_DHCP, false},
    {"netmask", CFG_INTERNAL_IP4_NETMASK, 0, false},
    {"server", CFG_INTERNAL_IP4_SERVER, CFG_INTERNAL_IP6_SERVER, false},
    {"subnet", CFG_INTERNAL_IP4_SUBNET, CFG_INTERNAL_IP6_SUBNET, true},
};

/* Attributes of one pool while they are gathered. */
struct gathered {
    struct lease_attribute at[LEASE_ATTRIBUTES_MAX];
    uint16_t count;
};

static struct bytes keep(struct compile *c, const void *octets, size_t len)
{
    uint8_t *copy = pool_take(c->pool, len + 1);
    memcpy(copy, octets, len);
    return (struct bytes){copy, len};
}

static struct bytes address_octets(struct compile *c, const struct shrike_addr *a)
{
    return keep(c, a->octets, a->family == 4 ? 4 : 16);
}

/* RFC 7296 3.15.1: a subnet is an address with its mask, or of IPv6 with the length of its prefix.
 * false: the text is none. */
static bool subnet_octets(struct compile *c, const char *text, struct bytes *out, uint8_t *family)
{
    struct shrike_net nets[VALUE_NETS];
    uint8_t octets[17];
    uint32_t count, len = 4;
    if (!value_nets(text, nets, &count) || count != 1 || nets[0].addr.family == 0)
        return false;
    *family = nets[0].addr.family;
    if (*family == 4) {
        uint32_t mask = nets[0].prefix_bits ? UINT32_MAX << (32 - nets[0].prefix_bits) : 0;
        memcpy(octets, nets[0].addr.octets, 4);
        for (; len < 8; len++, mask <<= 8)
            octets[len] = (uint8_t)(mask >> 24);
    } else {
        memcpy(octets, nets[0].addr.octets, 16);
        octets[16] = nets[0].prefix_bits;
        len = 17;
    }
    *out = keep(c, octets, len);
    return true;
}

static void add(struct compile *c, const struct value *v, struct lease_attribute a,
                struct gathered *out)
{
    if (out->count == LEASE_ATTRIBUTES_MAX)
        report_error(c->report, v->origin, "more than %d attributes in one pool",
                     LEASE_ATTRIBUTES_MAX);
    else if (a.value.len > LEASE_VALUE_MAX)
        report_error(c->report, v->origin, "a value of %s is longer than %d octets", v->key,
                     LEASE_VALUE_MAX);
    else
        out->at[out->count++] = a;
}

static void add_named(struct compile *c, const struct value *v, size_t kind, struct gathered *out)
{
    const char *rest = v->text;
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        struct lease_attribute a = {0, {NULL, 0}};
        struct shrike_addr single;
        uint8_t family = 0;
        if (kinds[kind].subnets) {
            (void)subnet_octets(c, one, &a.value, &family);
        } else if (value_addr(one, &single)) {
            family = single.family;
            a.value = address_octets(c, &single);
        }
        a.type = family == 4 ? kinds[kind].type4 : family == 6 ? kinds[kind].type6 : 0;
        if (a.type)
            add(c, v, a, out);
        else
            report_error(c->report, v->origin, "%s in %s: %s is wanted", one, v->key,
                         kinds[kind].subnets  ? "a subnet such as 10.0.0.0/8"
                         : !kinds[kind].type6 ? "an IPv4 address"
                                              : "an address");
    }
}

/* An attribute by its number: addresses and subnets as above, else text. */
static void add_numbered(struct compile *c, const struct value *v, uint16_t type,
                         struct gathered *out)
{
    const char *rest = v->text;
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        struct lease_attribute a = {type, {NULL, 0}};
        struct shrike_addr single;
        uint8_t family;
        if (value_addr(one, &single))
            a.value = address_octets(c, &single);
        else if (!strchr(one, '/') || !subnet_octets(c, one, &a.value, &family))
            a.value = keep(c, one, strlen(one));
        add(c, v, a, out);
    }
}

static void add_attribute(struct compile *c, const struct value *v, struct gathered *out)
{
    uint64_t type;
    if (value_number(v->key, INT16_MAX, &type) && type > 0) {
        add_numbered(c, v, (uint16_t)type, out);
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].key, v->key) == 0)
            add_named(c, v, i, out);
}

/* Servers for clients of every pool. */
static void add_dns(struct compile *c, struct gathered *out)
{
    static const char *const keys[] = {"dns1", "dns2"};
    for (size_t i = 0; c->shrike && i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct value *v = value_find(c->shrike, keys[i]);
        struct shrike_addr one;
        if (!v || !v->text)
            continue;
        if (value_addr(v->text, &one))
            add(c, v,
                (struct lease_attribute){one.family == 4 ? CFG_INTERNAL_IP4_DNS
                                                         : CFG_INTERNAL_IP6_DNS,
                                         address_octets(c, &one)},
                out);
        else
            report_error(c->report, v->origin, "%s = %s: an address is wanted", v->key, v->text);
    }
}

static void compile_span(struct compile *c, const struct section *s, struct lease_pool *out)
{
    const char *text = section_text(s, "addrs");
    struct shrike_ts ts;
    if (!text || strpbrk(text, "[,") || !value_ts(text, &ts) || ts.family == 0) {
        report_error(c->report, compile_place(c, s, "addrs"),
                     "pool %s: addrs = %s: one subnet, or one range such as "
                     "10.3.0.10-10.3.0.99, is wanted",
                     s->name, text ? text : "(none)");
        return;
    }
    struct shrike_addr from = {.family = ts.family}, to = from;
    memcpy(from.octets, ts.from, sizeof(from.octets));
    memcpy(to.octets, ts.to, sizeof(to.octets));
    lease_pool_span(out, &from, &to, !strchr(text, '-'));
}

void compile_pool(struct compile *c, const struct section *s, struct lease_pool *out)
{
    struct gathered all = {.count = 0};
    compile_keys(c, s, KEY_POOL);
    for (const struct section *sub = s->sections; sub; sub = sub->next)
        report_error(c->report, sub->origin, "a pool has no section %s", sub->name);
    if (strlen(s->name) > NAME_MAX_LEN)
        report_error(c->report, s->origin, "a name is longer than %d octets: %.20s...",
                     NAME_MAX_LEN, s->name);
    out->name = compile_text(c, s->name);
    out->origin = compile_origin(c, s->origin);
    compile_span(c, s, out);
    for (const struct value *v = s->values; v; v = v->next)
        if (v->text)
            add_attribute(c, v, &all);
    add_dns(c, &all);
    out->attribute_count = all.count;
    out->attributes = memcpy(pool_take(c->pool, sizeof(all.at[0]) * (all.count + 1u)), all.at,
                             sizeof(all.at[0]) * all.count);
}

void compile_pools(struct compile *c)
{
    const struct section *all = section_find(c->root, "pools", 5);
    uint32_t count = 0, at = 0;
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next)
        count++;
    if (count > LEASE_POOLS_MAX) {
        report_error(c->report, all->origin, "more than %d pools", LEASE_POOLS_MAX);
        return;
    }
    for (const struct value *v = all ? all->values : NULL; v; v = v->next)
        report_error(c->report, v->origin, "%s stands between pools: put it into one", v->key);
    struct lease_pool *pools = pool_take(c->pool, (count + 1u) * sizeof(*pools));
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next, at++) {
        compile_pool(c, s, &pools[at]);
        for (uint32_t i = 0; i < at && pools[at].size; i++)
            if (pools[i].size && lease_pools_overlap(&pools[i], &pools[at]))
                report_error(c->report, compile_place(c, s, "addrs"),
                             "pool %s has addresses of pool %s: each belongs to one pool", s->name,
                             pools[i].name);
    }
    c->config->settings.pools = pools;
    c->config->settings.pool_count = count;
}

static void compile_vips(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    const char *rest = section_text(s, "vips");
    struct shrike_origin place = compile_place(c, s, "vips");
    struct shrike_addr *vips = pool_take(c->pool, SHRIKE_ADDRESSES_MAX * sizeof(*vips));
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        if (out->vip_count == SHRIKE_ADDRESSES_MAX) {
            report_error(c->report, place, "more than %d addresses in vips", SHRIKE_ADDRESSES_MAX);
            break;
        }
        if (!value_addr(one, &vips[out->vip_count++]))
            report_error(c->report, place, "%s in vips: write 0.0.0.0, :: or one address", one);
    }
    out->vips = vips;
    out->vips_origin = place;
}

static bool knows_pool(const struct settings *set, const char *name)
{
    for (uint32_t i = 0; i < set->pool_count; i++)
        if (strcmp(set->pools[i].name, name) == 0)
            return true;
    return false;
}

static void compile_pool_names(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    const char *rest = section_text(s, "pools");
    struct shrike_origin place = compile_place(c, s, "pools");
    const char **names = pool_take(c->pool, SHRIKE_ADDRESSES_MAX * sizeof(*names));
    for (const char *one; (one = list_next(c->scratch, &rest));) {
        if (out->pool_count == SHRIKE_ADDRESSES_MAX) {
            report_error(c->report, place, "more than %d names in pools", SHRIKE_ADDRESSES_MAX);
            break;
        }
        if (strlen(one) > NAME_MAX_LEN)
            report_error(c->report, place, "a name in pools is longer than %d octets",
                         NAME_MAX_LEN);
        else if (c->root && strcmp(one, LEASE_GIFT_POOL) != 0 &&
                 !knows_pool(&c->config->settings, one))
            report_warning(c->report, place,
                           "there is no pool %s: it gives no addresses before it comes over the "
                           "control socket",
                           one);
        names[out->pool_count++] = compile_text(c, one);
    }
    out->pools = names;
    out->pools_origin = place;
}

void compile_virtual(struct compile *c, const struct section *s, struct shrike_conn *out)
{
    compile_vips(c, s, out);
    compile_pool_names(c, s, out);
}
