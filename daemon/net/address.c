/* Socket addresses: see address.h. */
#include "net/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

socklen_t address_write(struct sockaddr_storage *to, const struct shrike_endpoint *e, u32 scope)
{
    memset(to, 0, sizeof *to);
    if (e->family == 4) {
        struct sockaddr_in *four = (struct sockaddr_in *)to;
        four->sin_family = AF_INET;
        four->sin_port = htons(e->port);
        memcpy(&four->sin_addr, e->octets, 4);
        return sizeof *four;
    }
    if (e->family == 6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(e->port);
        memcpy(&six->sin6_addr, e->octets, 16);
        six->sin6_scope_id = scope;
        return sizeof *six;
    }
    return 0;
}

bool address_read(const struct sockaddr_storage *from, struct shrike_endpoint *e, u32 *scope)
{
    *e = (struct shrike_endpoint){.family = 0};
    if (scope)
        *scope = 0;
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)from;
        e->family = 4;
        e->port = ntohs(four->sin_port);
        memcpy(e->octets, &four->sin_addr, 4);
        return true;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
    if (from->ss_family != AF_INET6 || IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        return false;
    e->family = 6;
    e->port = ntohs(six->sin6_port);
    memcpy(e->octets, &six->sin6_addr, 16);
    if (scope)
        *scope = six->sin6_scope_id;
    return true;
}

bool address_is_link_local(const struct shrike_endpoint *e)
{
    return e->family == 6 && e->octets[0] == 0xfe && (e->octets[1] & 0xc0) == 0x80;
}

const char *address_text(const struct shrike_endpoint *e, char out[ADDRESS_TEXT])
{
    char text[INET6_ADDRSTRLEN];
    if (e->family == 4 && inet_ntop(AF_INET, e->octets, text, sizeof text))
        snprintf(out, ADDRESS_TEXT, "%s:%u", text, e->port);
    else if (e->family == 6 && inet_ntop(AF_INET6, e->octets, text, sizeof text))
        snprintf(out, ADDRESS_TEXT, "[%s]:%u", text, e->port);
    else
        snprintf(out, ADDRESS_TEXT, "any");
    return out;
}
