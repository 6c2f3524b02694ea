/* The variables of an updown script: see pluto.h. */
#include "parent/pluto.h"
#include "wire/codes.h"
#include "wire/print.h"

enum { ICMP = 1, ICMPV6 = 58, VALUE_MAX = 2048 };

/* ---- one variable ---- */

static void var(struct pluto *p, const char *name, const char *value)
{
    struct text t = text_of(p->room + p->len, sizeof(p->room) - p->len);
    text_str(&t, name);
    text_char(&t, '=');
    text_str(&t, value);
    if (t.cut || p->count == PLUTO_VARS) {
        p->count = PLUTO_VARS + 1;
        return;
    }
    p->len += t.len + 1;
    p->count++;
}

/* Letters, digits and what stands in names, addresses and distinguished names. */
static bool is_harmless(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           strchr(" -_.,:=@/+%", c);
}

static void safe_var(struct pluto *p, const char *name, char *value)
{
    for (char *c = value; *c; c++) {
        if (!is_harmless(*c) && !fault(183))
            *c = '_';
    }
    var(p, name, value);
}

static void number_var(struct pluto *p, const char *name, u64 value)
{
    char room[32];
    struct text t = text_of(room, sizeof(room));
    text_u64(&t, value);
    var(p, name, room);
}

static void addr_var(struct pluto *p, const char *name, const u8 *octets, u8 family)
{
    char room[64];
    struct text t = text_of(room, sizeof(room));
    text_addr(&t, octets, family);
    var(p, name, room);
}

static void id_var(struct pluto *p, const char *name, const struct shrike_id *id)
{
    char room[VALUE_MAX];
    struct text t = text_of(room, sizeof(room));
    print_ident(&t, id->type, id->data);
    safe_var(p, name, room);
}

/* ---- selectors ---- */

/* The smallest subnet that holds all of it. */
static void client_var(struct pluto *p, const char *name, const struct shrike_ts *ts)
{
    char room[64];
    struct text t = text_of(room, sizeof(room));
    const unsigned all = ts->family == 4 ? 32 : 128;
    unsigned bits = 0;
    u8 net[16] = {0};
    while (bits < all && ((ts->from[bits / 8] ^ ts->to[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    for (unsigned i = 0; i < bits; i++)
        net[i / 8] |= (u8)(ts->from[i / 8] & 0x80 >> i % 8);
    text_addr(&t, net, ts->family);
    text_char(&t, '/');
    text_u64(&t, bits);
    var(p, name, room);
}

/* 0 for any port; of ICMP the type on our side, and the code on the other. */
static void port_var(struct pluto *p, const char *name, const struct pluto_of *of, bool local)
{
    char room[16];
    struct text t = text_of(room, sizeof(room));
    const struct shrike_ts *ts = local ? of->local : of->remote;
    const u8 protocol = MAX(of->local->protocol, of->remote->protocol);
    const u16 type = MAX(of->local->port_from, of->remote->port_from);
    if (protocol == ICMP || protocol == ICMPV6) {
        text_u64(&t, local ? type >> 8 : type & 0xff);
    } else {
        text_u64(&t, ts->port_from);
        if (ts->port_from != ts->port_to && (ts->port_from != 0 || ts->port_to != UINT16_MAX)) {
            text_char(&t, ':');
            text_u64(&t, ts->port_to);
        }
    }
    var(p, name, room);
}

/* ---- several addresses ---- */

/* PLUTO_MY_SOURCEIP4_1, and so on, counted by family. */
static void list_vars(struct pluto *p, const char *stem, const struct shrike_addr *list, u16 count)
{
    u32 number[2] = {0, 0};
    for (u16 i = 0; i < count; i++) {
        char room[64];
        struct text t = text_of(room, sizeof(room));
        const bool six = list[i].family == 6;
        text_str(&t, stem);
        text_char(&t, six ? '6' : '4');
        text_char(&t, '_');
        text_u64(&t, ++number[six]);
        addr_var(p, room, list[i].octets, list[i].family);
    }
}

static void vip_vars(struct pluto *p, const struct shrike_ike_view *ike)
{
    if (ike->local_vip_count)
        addr_var(p, "PLUTO_MY_SOURCEIP", ike->local_vips[0].octets, ike->local_vips[0].family);
    list_vars(p, "PLUTO_MY_SOURCEIP", ike->local_vips, ike->local_vip_count);
    if (ike->remote_vip_count)
        addr_var(p, "PLUTO_PEER_SOURCEIP", ike->remote_vips[0].octets, ike->remote_vips[0].family);
    list_vars(p, "PLUTO_PEER_SOURCEIP", ike->remote_vips, ike->remote_vip_count);
}

/* ---- all of them ---- */

static void verb_var(struct pluto *p, const struct pluto_of *of)
{
    char room[32];
    struct text t = text_of(room, sizeof(room));
    const struct shrike_endpoint *me = &of->ike->local;
    const bool host = of->local->family == me->family &&
                      memcmp(of->local->from, me->octets, sizeof(me->octets)) == 0 &&
                      memcmp(of->local->to, me->octets, sizeof(me->octets)) == 0;
    text_str(&t, of->up ? "up" : "down");
    text_str(&t, host ? "-host" : "-client");
    if (of->local->family == 6)
        text_str(&t, "-v6");
    var(p, "PLUTO_VERB", room);
}

static void side_vars(struct pluto *p, const struct pluto_of *of, bool local)
{
    const struct shrike_ike_view *ike = of->ike;
    const struct shrike_endpoint *end = local ? &ike->local : &ike->remote;
    const struct shrike_ts *ts = local ? of->local : of->remote;
    addr_var(p, local ? "PLUTO_ME" : "PLUTO_PEER", end->octets, end->family);
    id_var(p, local ? "PLUTO_MY_ID" : "PLUTO_PEER_ID", local ? &ike->local_id : &ike->remote_id);
    client_var(p, local ? "PLUTO_MY_CLIENT" : "PLUTO_PEER_CLIENT", ts);
    port_var(p, local ? "PLUTO_MY_PORT" : "PLUTO_PEER_PORT", of, local);
    number_var(p, local ? "PLUTO_MY_PROTOCOL" : "PLUTO_PEER_PROTOCOL", ts->protocol);
}

static void mark_var(struct pluto *p, const char *name, u32 mark, u32 mask)
{
    char room[32];
    struct text t = text_of(room, sizeof(room));
    text_u64(&t, mark);
    text_str(&t, "/0x");
    text_hex(&t, mask, 8);
    if (mark)
        var(p, name, room);
}

static void id_number_var(struct pluto *p, const char *name, u32 number)
{
    if (number)
        number_var(p, name, number);
}

static void number_vars(struct pluto *p, const struct mail_numbers *n)
{
    mark_var(p, "PLUTO_MARK_IN", n->mark_in, n->mask_in);
    mark_var(p, "PLUTO_MARK_OUT", n->mark_out, n->mask_out);
    id_number_var(p, "PLUTO_IF_ID_IN", n->if_in);
    id_number_var(p, "PLUTO_IF_ID_OUT", n->if_out);
}

bool pluto_write(struct pluto *p, const struct pluto_of *of)
{
    const struct shrike_child_view *child = of->child;
    char name[256];
    struct text t = text_of(name, sizeof(name));
    p->len = p->count = 0;
    if (!of->ike->local.family || !of->ike->remote.family || !of->local->family ||
        !of->remote->family)
        return false;
    text_str(&t, child->child);
    var(p, "PLUTO_VERSION", "1.1");
    verb_var(p, of);
    safe_var(p, "PLUTO_CONNECTION", name);
    var(p, "PLUTO_INTERFACE", of->interface);
    number_var(p, "PLUTO_REQID", child->reqid);
    var(p, "PLUTO_PROTO", child->protocol == PROTOCOL_AH ? "ah" : "esp");
    number_var(p, "PLUTO_UNIQUEID", of->ike->serial);
    side_vars(p, of, true);
    side_vars(p, of, false);
    vip_vars(p, of->ike);
    if (of->ike->nat_here || of->ike->nat_there || child->encap)
        number_var(p, "PLUTO_UDP_ENC", of->ike->remote.port);
    if (child->cpi_out)
        var(p, "PLUTO_IPCOMP", "1");
    list_vars(p, "PLUTO_DNS", of->dns, of->dns_count);
    if (of->numbers)
        number_vars(p, of->numbers);
    if (of->hostaccess)
        var(p, "PLUTO_HOST_ACCESS", "1");
    return p->count <= PLUTO_VARS;
}
