/* What an Access-Accept grants: see grant.h. */
#include "radius/grant.h"
#include "base/ct.h"

#define MPPE_SALT_LEN 2
#define MPPE_MAX      256 /* octets of a key in clear, with its length and padding */
#define MSK_LEN       64  /* RFC 3748 7.10: at least */

struct key {
    u8 octets[MPPE_MAX]; /* its length, itself, padding */
    size_t len;          /* 0: none */
};

/* RFC 2548 2.4.2: b(1) = MD5(secret | request | salt), b(i) = MD5(secret | cipher block i-1). */
static bool open_key(const struct radius_secret *s, const u8 *request, struct bytes value,
                     struct key *key)
{
    struct reader r = reader_of(value);
    struct bytes salt = read_bytes(&r, MPPE_SALT_LEN);
    struct bytes cipher = read_rest(&r);
    u8 mask[MD5_LEN];
    if (r.bad || cipher.len == 0 || cipher.len % MD5_LEN != 0 || cipher.len > MPPE_MAX)
        return false;
    for (size_t at = 0; at < cipher.len; at += MD5_LEN) {
        const struct bytes first[] = {s->secret, bytes_of(request, MD5_LEN), salt};
        const struct bytes next[] = {s->secret,
                                     bytes_of(cipher.at + at - (at ? MD5_LEN : 0), MD5_LEN)};
        if (!md5_hash(s->md5, at ? next : first, at ? ARRAY_LEN(next) : ARRAY_LEN(first), mask))
            return false;
        for (size_t i = 0; i < MD5_LEN; i++)
            key->octets[at + i] = cipher.at[at + i] ^ mask[i];
    }
    wipe(mask, sizeof(mask));
    key->len = key->octets[0];
    return key->len > 0 && (key->len < cipher.len || fault(133));
}

static void add_address(struct radius_grant *g, u8 family, const u8 *octets)
{
    struct shrike_addr *a = &g->addresses[g->address_count];
    if (g->address_count == RADIUS_ADDRESSES_MAX)
        return;
    *a = (struct shrike_addr){.family = family};
    memcpy(a->octets, octets, family == 4 ? 4 : 16);
    g->address_count++;
}

static void add_dns(struct radius_grant *g, u8 family, struct bytes value)
{
    struct shrike_addr *a = &g->dns[g->dns_count];
    if (value.len != (family == 4 ? 4u : 16u) || g->dns_count == RADIUS_DNS_MAX)
        return;
    *a = (struct shrike_addr){.family = family};
    memcpy(a->octets, value.at, value.len);
    g->dns_count++;
}

/* RFC 2865 5.8: two values that are no addresses, but leave the choice to the client, or to us. */
static void framed_ip(struct radius_grant *g, struct bytes value)
{
    static const u8 choose[3] = {255, 255, 255};
    if (value.len == 4 && (memcmp(value.at, choose, 3) != 0 || value.at[3] < 254))
        add_address(g, 4, value.at);
}

/* RFC 3162 2.3: a zero, the length in bits, as many octets of the prefix as matter. It makes an
 * address when it is whole, or when there is an interface identifier for its last half. */
static void framed_prefix(struct radius_grant *g, struct bytes value, struct bytes interface)
{
    u8 octets[16] = {0};
    struct reader r = reader_of(value);
    read_u8(&r);
    u8 bits = read_u8(&r);
    struct bytes prefix = read_rest(&r);
    if (r.bad || bits > 128 || prefix.len > 16 || prefix.len * 8 < bits)
        return;
    memcpy(octets, prefix.at, prefix.len);
    if (bits <= 64 && interface.len == 8)
        memcpy(octets + 8, interface.at, 8);
    else if (bits != 128)
        return;
    add_address(g, 6, octets);
}

static void put_bytes(struct bytes *all, u8 *count, struct bytes value)
{
    if (*count < RADIUS_GROUPS_MAX && value.len > 0)
        all[(*count)++] = value;
}

static u32 number(struct bytes value)
{
    struct reader r = reader_of(value);
    u32 n = read_u32(&r);
    return read_ended(&r) ? n : 0;
}

static void take_plain(struct radius_grant *g, const struct radius_attribute *a,
                       struct bytes interface)
{
    switch (a->type) {
    case RADIUS_USER_NAME:
        g->user_name = a->value;
        break;
    case RADIUS_FRAMED_IP_ADDRESS:
        framed_ip(g, a->value);
        break;
    case RADIUS_FRAMED_IP_NETMASK:
        if (a->value.len == 4) {
            g->netmask.family = 4;
            memcpy(g->netmask.octets, a->value.at, 4);
        }
        break;
    case RADIUS_FRAMED_IPV6_ADDRESS:
        if (a->value.len == 16)
            add_address(g, 6, a->value.at);
        break;
    case RADIUS_FRAMED_IPV6_PREFIX:
        framed_prefix(g, a->value, interface);
        break;
    case RADIUS_DNS_SERVER_IPV6_ADDRESS:
        add_dns(g, 6, a->value);
        break;
    case RADIUS_CLASS:
        put_bytes(g->classes, &g->class_count, a->value);
        break;
    case RADIUS_FILTER_ID:
        put_bytes(g->filters, &g->filter_count, a->value);
        break;
    case RADIUS_TUNNEL_TYPE: /* RFC 2868 3.1: a tag, and three octets */
        g->tunnel_esp = g->tunnel_esp || (number(a->value) & 0xffffff) == RADIUS_TUNNEL_ESP;
        break;
    case RADIUS_SESSION_TIMEOUT:
        g->session_s = number(a->value);
        break;
    case RADIUS_IDLE_TIMEOUT:
        g->idle_s = number(a->value);
        break;
    case RADIUS_ACCT_INTERIM_INTERVAL:
        g->interim_s = number(a->value);
        break;
    default: /* what is not for us */
        break;
    }
}

/* RFC 3748 7.10: what the server receives with comes first. Short keys are filled up with zeros,
 * as clients do whose method makes short ones. */
static void make_msk(struct radius_grant *g, const struct key *recv, const struct key *send)
{
    size_t len = recv->len + send->len;
    if (recv->len == 0 || send->len == 0 || len > sizeof(g->msk))
        return;
    memcpy(g->msk, recv->octets + 1, recv->len);
    memcpy(g->msk + recv->len, send->octets + 1, send->len);
    g->msk_len = (u8)MAX(len, (size_t)MSK_LEN);
}

static bool take_microsoft(struct radius_grant *g, const struct radius_attribute *a,
                           const struct radius_secret *s, const u8 *request, struct key keys[2])
{
    switch (a->type) {
    case RADIUS_MS_MPPE_RECV_KEY:
    case RADIUS_MS_MPPE_SEND_KEY:
        return open_key(s, request, a->value, &keys[a->type == RADIUS_MS_MPPE_SEND_KEY]);
    case RADIUS_MS_PRIMARY_DNS_SERVER:
    case RADIUS_MS_SECONDARY_DNS_SERVER:
        add_dns(g, 4, a->value);
        return true;
    default:
        return true;
    }
}

bool radius_grant_read(struct radius_grant *g, const struct radius_packet *p,
                       const struct radius_secret *s, const u8 request[MD5_LEN])
{
    struct radius_walk walk = {0};
    struct radius_attribute a;
    struct key keys[2] = {{.len = 0}, {.len = 0}}; /* to receive, to send */
    struct bytes interface = {NULL, 0};
    bool sound = true;
    memset(g, 0, sizeof(*g));
    if (radius_find(p, RADIUS_FRAMED_INTERFACE_ID, &interface) && interface.len != 8)
        interface.len = 0;
    while (sound && radius_next(p, &walk, &a)) {
        if (a.vendor == 0)
            take_plain(g, &a, interface);
        else if (a.vendor == RADIUS_VENDOR_MICROSOFT)
            sound = take_microsoft(g, &a, s, request, keys);
        else if (a.vendor == RADIUS_VENDOR_ALTIGA &&
                 (a.type == RADIUS_CVPN3000_PRIMARY_DNS || a.type == RADIUS_CVPN3000_SECONDARY_DNS))
            add_dns(g, 4, a.value);
    }
    if (g->interim_s > 0)
        g->interim_s = MAX(g->interim_s, (u32)RADIUS_INTERIM_MIN);
    if (sound)
        make_msk(g, &keys[0], &keys[1]);
    wipe(keys, sizeof(keys));
    if (!sound)
        radius_grant_wipe(g);
    return sound;
}

void radius_grant_wipe(struct radius_grant *g)
{
    wipe(g->msk, sizeof(g->msk));
    g->msk_len = 0;
}

static bool named(const struct bytes *all, u8 count, const char *group)
{
    for (u8 i = 0; i < count; i++)
        if (bytes_equal(all[i], bytes_of(group, strlen(group))))
            return true;
    return false;
}

bool radius_grant_is_in(const struct radius_grant *g, bool by_class, bool by_filter,
                        const char *group)
{
    return (by_class && named(g->classes, g->class_count, group)) ||
           (by_filter && g->tunnel_esp && named(g->filters, g->filter_count, group));
}
