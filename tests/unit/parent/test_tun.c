/* Tests of parent/tun.c, in a network of the test's own; where there is no right to such, or no TUN
 * device, nothing is tested. */
#include "parent/tun.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct tell quiet = {.level = SHRIKE_ERROR};
static const struct settings settings = {.interface = "shrike7", .mtu = 1400};
static struct netlink netlink;

static bool there(void)
{
    return if_nametoindex(settings.interface) != 0;
}

TEST(the_device_goes_at_an_orderly_end)
{
    struct tun t;
    CHECK(tun_open(&t, &netlink, &settings, &quiet));
    CHECK(there() && t.link == if_nametoindex(settings.interface));
    CHECK(t.ours && !t.former);
    tun_close(&t);
    tun_close(&t);
    CHECK(!there());
}

/* As if all processes had been ended by force: nobody has it open. */
TEST(the_device_outlives_an_end_by_force)
{
    struct tun t, next;
    CHECK(tun_open(&t, &netlink, &settings, &quiet));
    close(t.fd);
    CHECK(there());
    CHECK(tun_open(&next, &netlink, &settings, &quiet));
    CHECK(next.ours && next.former);
    CHECK_EQ(next.link, t.link);
    CHECK_EQ(next.vnet_hdr, t.vnet_hdr);
    tun_keep(&next, &netlink, &quiet); /* handed on to another program */
    CHECK(next.ours && next.former);
    tun_close(&next);
    CHECK(!there());
}

/* `ip tuntap add` */
static bool administrator_makes_it(void)
{
    struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", settings.interface);
    bool made = fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0 && ioctl(fd, TUNSETPERSIST, 1UL) == 0;
    if (fd >= 0)
        close(fd);
    return made;
}

TEST(a_device_of_the_administrator_stays)
{
    struct tun t;
    CHECK(administrator_makes_it());
    CHECK(tun_open(&t, &netlink, &settings, &quiet));
    CHECK(!t.ours && !t.former);
    tun_close(&t);
    CHECK(there());
    CHECK(tun_open(&t, &netlink, &settings, &quiet));
    CHECK(ioctl(t.fd, TUNSETPERSIST, 0UL) == 0);
    tun_close(&t);
    CHECK(!there());
}

int main(void)
{
    int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (device < 0 || unshare(CLONE_NEWNET) != 0 || !netlink_open(&netlink)) {
        printf("# no TUN device, or no network of our own: %s\n", strerror(errno));
        return 0;
    }
    close(device);
    int failed = RUN(the_device_goes_at_an_orderly_end) | RUN(the_device_outlives_an_end_by_force) |
                 RUN(a_device_of_the_administrator_stays);
    netlink_close(&netlink);
    return failed;
}
