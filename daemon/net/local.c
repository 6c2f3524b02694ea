/* Source addresses: see local.h. */
#include "net/local.h"
#include "net/address.h"
#include <unistd.h>

static int *place(struct local *l, u8 family)
{
    return family == 6 ? &l->six : &l->four;
}

void local_add(struct local *l, u8 family, int fd)
{
    int *at = place(l, family);
    if (*at >= 0)
        close(*at);
    *at = fd;
}

void local_close(struct local *l)
{
    local_add(l, 4, -1);
    local_add(l, 6, -1);
}

/* Connecting a UDP socket sends nothing: it looks up the route and takes the route's source. An
 * address without a family takes it back, so that the next look-up begins anew. */
bool local_find(struct local *l, const struct shrike_endpoint *remote,
                struct shrike_endpoint *local)
{
    struct sockaddr_storage to, from;
    socklen_t to_len = address_write(&to, remote, 0), from_len = sizeof from;
    int fd = *place(l, remote->family);
    struct shrike_endpoint found;
    if (fd < 0 || !to_len || connect(fd, (struct sockaddr *)&to, to_len) != 0)
        return false;
    bool known = getsockname(fd, (struct sockaddr *)&from, &from_len) == 0 &&
                 address_read(&from, &found, NULL) && found.family == remote->family;
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(fd, &none, sizeof none);
    if (known) {
        memcpy(local->octets, found.octets, sizeof local->octets);
        local->family = found.family;
    }
    return known;
}
