/* Socket addresses and control messages. */
#include "esp/address.h"

void address_of(struct address *a, const struct shrike_endpoint *e)
{
    memset(a, 0, sizeof(*a));
    if (e->family == 4) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(e->port);
        memcpy(&a->v4.sin_addr, e->octets, 4);
        a->len = sizeof(a->v4);
        return;
    }
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(e->port);
    memcpy(&a->v6.sin6_addr, e->octets, 16);
    a->len = sizeof(a->v6);
}

void endpoint_of(struct shrike_endpoint *e, const struct address *a)
{
    memset(e, 0, sizeof(*e));
    if (a->any.sa_family == AF_INET) {
        e->family = 4;
        e->port = ntohs(a->v4.sin_port);
        memcpy(e->octets, &a->v4.sin_addr, 4);
    } else if (a->any.sa_family == AF_INET6) {
        e->family = 6;
        e->port = ntohs(a->v6.sin6_port);
        memcpy(e->octets, &a->v6.sin6_addr, 16);
    }
}

struct controls controls_begin(u8 at[ADDRESS_CONTROL_MAX])
{
    memset(at, 0, ADDRESS_CONTROL_MAX);
    return (struct controls){at, 0};
}

void controls_add(struct controls *c, int level, int type, const void *value, size_t len)
{
    ensure(c->len + CMSG_SPACE(len) <= ADDRESS_CONTROL_MAX);
    struct cmsghdr head = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    memcpy(c->at + c->len, &head, sizeof(head));
    memcpy(c->at + c->len + CMSG_LEN(0), value, len);
    c->len += CMSG_SPACE(len);
}

void controls_source(struct controls *c, const struct shrike_endpoint *local)
{
    if (local->family == 4) {
        struct in_pktinfo v4 = {0};
        memcpy(&v4.ipi_spec_dst, local->octets, 4);
        controls_add(c, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
    } else if (local->family == 6) {
        struct in6_pktinfo v6 = {0};
        memcpy(&v6.ipi6_addr, local->octets, 16);
        controls_add(c, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
    }
}

void controls_tos(struct controls *c, u8 family, u8 tos)
{
    int value = tos;
    if (family == 4)
        controls_add(c, IPPROTO_IP, IP_TOS, &value, sizeof(value));
    else
        controls_add(c, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value));
}

void control_read(const struct cmsghdr *c, struct shrike_endpoint *local, u8 *tos)
{
    const u8 *data = CMSG_DATA(c);
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo v4;
        memcpy(&v4, data, sizeof(v4));
        memcpy(local->octets, &v4.ipi_addr, 4);
        local->family = 4;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo v6;
        memcpy(&v6, data, sizeof(v6));
        memcpy(local->octets, &v6.ipi6_addr, 16);
        local->family = 6;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
        *tos = data[0];
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
        int value;
        memcpy(&value, data, sizeof(value));
        *tos = (u8)value;
    }
}
