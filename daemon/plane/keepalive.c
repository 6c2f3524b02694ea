/* Ends that need NAT keepalives. */
#include "plane/keepalive.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

void ends_open(struct ends *e)
{
    list_init(&e->all);
}

void ends_close(struct ends *e)
{
    while (!list_empty(&e->all)) {
        struct end *end = list_item(e->all.next, struct end, link);
        list_remove(&end->link);
        free(end);
    }
}

bool ends_any(const struct ends *e)
{
    return !list_empty(&e->all);
}

static bool same(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

struct end *ends_take(struct ends *e, const struct shrike_endpoint *local,
                      const struct shrike_endpoint *remote, shrike_time now)
{
    for (struct list *l = e->all.next; l != &e->all; l = l->next) {
        struct end *end = list_item(l, struct end, link);
        if (same(&end->local, local) && same(&end->remote, remote)) {
            end->users++;
            return end;
        }
    }
    struct end *end = calloc(1, sizeof(*end));
    if (!end)
        return NULL;
    end->local = *local;
    end->remote = *remote;
    end->users = 1;
    end->sent = now;
    list_append(&e->all, &end->link);
    return end;
}

void ends_give(struct end *end)
{
    if (!end || --end->users > 0)
        return;
    list_remove(&end->link);
    free(end);
}

struct end *ends_quiet(struct ends *e, shrike_time now, shrike_time for_so_long)
{
    for (struct list *l = e->all.next; l != &e->all; l = l->next) {
        struct end *end = list_item(l, struct end, link);
        if (now >= end->sent && now - end->sent >= for_so_long) {
            end->sent = fault(233) ? end->sent : now;
            list_remove(&end->link); /* to the end: the next call begins behind it */
            list_append(&e->all, &end->link);
            return end;
        }
    }
    return NULL;
}

/* RFC 3948 2.3 */
void end_keepalive(const struct end *e, int fd)
{
    static const u8 octet = 0xff;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(e->remote.port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->remote.port)};
    struct in_pktinfo from4 = {0};
    struct in6_pktinfo from6 = {.ipi6_ifindex = 0};
    bool is6 = e->remote.family == 6;
    _Alignas(struct cmsghdr) u8 control[CMSG_SPACE(sizeof from6)] = {0};
    struct iovec octets = {(void *)(uintptr_t)&octet, 1};
    struct msghdr m = {.msg_name = is6 ? (void *)&v6 : (void *)&v4,
                       .msg_namelen = is6 ? sizeof v6 : sizeof v4,
                       .msg_iov = &octets,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = is6 ? CMSG_SPACE(sizeof from6) : CMSG_SPACE(sizeof from4)};
    memcpy(&v4.sin_addr, e->remote.octets, 4);
    memcpy(&v6.sin6_addr, e->remote.octets, 16);
    memcpy(&from4.ipi_spec_dst, e->local.octets, 4);
    memcpy(&from6.ipi6_addr, e->local.octets, 16);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = is6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = is6 ? IPV6_PKTINFO : IP_PKTINFO;
    c->cmsg_len = is6 ? CMSG_LEN(sizeof from6) : CMSG_LEN(sizeof from4);
    memcpy(CMSG_DATA(c), is6 ? (void *)&from6 : (void *)&from4, is6 ? sizeof from6 : sizeof from4);
    if (fd >= 0)
        (void)sendmsg(fd, &m, MSG_DONTWAIT); /* the next one goes in a few seconds */
}
