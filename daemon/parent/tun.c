/* The TUN device: see tun.h. */
#include "parent/tun.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* since Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum { VNET_HDR = 10 }; /* struct virtio_net_hdr, without a count of buffers */

static const char place[] = "/dev/net/tun";
static const char alias[] = "tunnels of shriked";

static bool say_no_device(void)
{
    switch (errno) {
    case ENOENT:
        return complain("there is no %s: mkdir -p /dev/net; mknod %s c 10 200 (in a container: "
                        "--device %s)",
                        place, place, place);
    case ENODEV:
    case ENXIO:
        return complain("the system has no TUN devices: modprobe tun");
    case EACCES:
    case EPERM:
        return complain("no right to %s: run as root (in a container: --device %s "
                        "--cap-add NET_ADMIN)",
                        place, place);
    }
    return complain("cannot open %s: %s", place, strerror(errno));
}

static bool say_no_interface(const char *name)
{
    switch (errno) {
    case EBUSY:
    case EINVAL:
        return complain("the interface %s is taken: end the other daemon, or give another name "
                        "in shrike.interface",
                        name);
    case EPERM:
        return complain("no right to make the interface %s: run as root with CAP_NET_ADMIN", name);
    }
    return complain("cannot make the interface %s: %s", name, strerror(errno));
}

/* Packets larger than the MTU to be cut by us, and checksums left to us: as much as there is. */
static void take_offloads(int fd)
{
    static const unsigned wishes[] = {
        TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
        TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
        TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
        TUN_F_CSUM,
        0,
    };
    for (size_t i = 0; i < ARRAY_LEN(wishes); i++)
        if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)wishes[i]) == 0)
            return;
}

/* With virtio-net headers if the system has them. */
static bool attach(struct tun *t, const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    int size = VNET_HDR;
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    t->vnet_hdr = 0;
    if (ioctl(t->fd, TUNSETIFF, &r) != 0)
        return false;
    if (ioctl(t->fd, TUNSETVNETHDRSZ, &size) != 0)
        return false;
    t->vnet_hdr = VNET_HDR;
    take_offloads(t->fd);
    return true;
}

static bool configure(struct tun *t, struct netlink *n, const struct settings *set,
                      const struct tell *tell_)
{
    union netmsg m;
    t->link = if_nametoindex(set->interface);
    netmsg_link(&m, &(struct netmsg_link){.link = t->link, .quiet = true});
    int error = netlink_do(n, &m);
    if (error != 0) /* without IPv6 there is no address to be left out */
        tell(tell_, SHRIKE_DEBUG, "%s: addr_gen_mode: %s", set->interface, strerror(error));
    netmsg_link(&m, &(struct netmsg_link){.link = t->link, .mtu = set->mtu, .up = true});
    error = netlink_do(n, &m);
    if (error == EINVAL || error == ERANGE)
        return complain("the interface %s does not take an MTU of %u: change shrike.mtu",
                        set->interface, set->mtu);
    return error == 0 || complain("cannot bring the interface %s up: %s: run as root with "
                                  "CAP_NET_ADMIN",
                                  set->interface, strerror(error));
}

struct search {
    u32 link;
    bool found;
};

static void row(void *ctx, const struct nlmsghdr *h)
{
    struct search *s = ctx;
    s->found |= netmsg_link_is(h, s->link, alias);
}

/* One that stays without a program was made by the administrator, who keeps it, or by us. */
static bool has_alias(struct netlink *n, u32 link)
{
    struct search s = {.link = link};
    union netmsg m;
    netmsg_link_list(&m);
    return netlink_list(n, &m, row, &s) == 0 && s.found;
}

static bool give_alias(struct netlink *n, u32 link)
{
    union netmsg m;
    netmsg_link(&m, &(struct netmsg_link){.link = link, .alias = alias});
    return netlink_do(n, &m) == 0;
}

void tun_keep(struct tun *t, struct netlink *n, const struct tell *tell_)
{
    struct ifreq r = {.ifr_flags = 0};
    const bool known = ioctl(t->fd, TUNGETIFF, &r) == 0;
    t->former = t->ours = false;
    if (known && r.ifr_flags & IFF_PERSIST)
        t->former = t->ours = has_alias(n, t->link);
    else if (known && give_alias(n, t->link))
        t->ours = ioctl(t->fd, TUNSETPERSIST, 1UL) == 0;
    else
        tell(tell_, SHRIKE_DEBUG, "the TUN device goes when this program is ended by force");
}

bool tun_open(struct tun *t, struct netlink *n, const struct settings *set,
              const struct tell *tell_)
{
    t->fd = open(place, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0)
        return say_no_device();
    if (!attach(t, set->interface))
        say_no_interface(set->interface);
    else if (configure(t, n, set, tell_)) {
        tun_keep(t, n, tell_);
        return true;
    }
    tun_close(t);
    return false;
}

void tun_resize(struct tun *t, struct netlink *n, const struct settings *set,
                const struct tell *tell_)
{
    union netmsg m;
    netmsg_link(&m, &(struct netmsg_link){.link = t->link, .mtu = set->mtu, .up = true});
    int error = netlink_do(n, &m);
    if (error == 0)
        tell(tell_, SHRIKE_NOTICE, "the MTU of %s is %u now", set->interface, set->mtu);
    else
        tell(tell_, SHRIKE_ERROR, "%s does not take an MTU of %u: %s: change shrike.mtu",
             set->interface, set->mtu, strerror(error));
}

void tun_close(struct tun *t)
{
    if (t->fd >= 0 && t->ours)
        (void)ioctl(t->fd, TUNSETPERSIST, 0UL);
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}
