/* Tests of parent/xfrmi.c, with a system that keeps the devices that it is given. */
#include "parent/xfrmi.h"
#include "test.h"
#include "told.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

enum { DEVICES = 16 };

/* The system. */
static struct {
    struct device {
        char name[16], kind[8], alias[32];
        u32 link, id;
        bool up;
    } all[DEVICES];
    u32 count, next, lists;
    int refuse;
} host;

static struct device *named(const char *name)
{
    for (u32 i = 0; i < host.count; i++)
        if (strcmp(host.all[i].name, name) == 0)
            return &host.all[i];
    return NULL;
}

static struct device *numbered(u32 link)
{
    for (u32 i = 0; i < host.count; i++)
        if (host.all[i].link == link)
            return &host.all[i];
    return NULL;
}

static struct device *put(const char *name, const char *kind, u32 id, const char *alias)
{
    struct device *d = &host.all[host.count++];
    *d = (struct device){.link = ++host.next, .id = id};
    snprintf(d->name, sizeof d->name, "%s", name);
    snprintf(d->kind, sizeof d->kind, "%s", kind);
    snprintf(d->alias, sizeof d->alias, "%s", alias);
    return d;
}

static int change(const struct nlmsghdr *h)
{
    const struct ifinfomsg *is = mnl_nlmsg_get_payload(h);
    struct xfrmi x;
    struct device *d = numbered((u32)is->ifi_index);
    if (h->nlmsg_type == RTM_DELLINK) {
        if (!d)
            return ENODEV;
        *d = host.all[--host.count];
        return 0;
    }
    if (h->nlmsg_flags & NLM_F_CREATE) { /* read as one that has a number */
        static union netmsg copy;
        memcpy(&copy, h, h->nlmsg_len);
        ((struct ifinfomsg *)mnl_nlmsg_get_payload(&copy.header))->ifi_index = 99;
        if (!xfrmi_read(&copy.header, &x) || !x.kind || named(x.name))
            return EEXIST;
        put(x.name, "xfrm", x.id, "");
        return 0;
    }
    const struct nlattr *at;
    if (!d)
        return ENODEV;
    mnl_attr_for_each(at, h, sizeof *is)
    {
        if (mnl_attr_get_type(at) == IFLA_IFALIAS)
            snprintf(d->alias, sizeof d->alias, "%.*s", (int)mnl_attr_get_payload_len(at),
                     (const char *)mnl_attr_get_payload(at));
    }
    d->up = is->ifi_flags & IFF_UP;
    return 0;
}

int netlink_do(struct netlink *n, union netmsg *m)
{
    (void)n;
    return host.refuse ? host.refuse : change(&m->header);
}

static void describe(const struct device *d, union netmsg *m)
{
    memset(m, 0, sizeof *m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->octets);
    h->nlmsg_type = RTM_NEWLINK;
    struct ifinfomsg *is = mnl_nlmsg_put_extra_header(h, sizeof *is);
    is->ifi_index = (int)d->link;
    mnl_attr_put_strz(h, IFLA_IFNAME, d->name);
    if (d->alias[0])
        mnl_attr_put_strz(h, IFLA_IFALIAS, d->alias);
    if (!d->kind[0])
        return;
    struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
    mnl_attr_put_strz(h, IFLA_INFO_KIND, d->kind);
    struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
    mnl_attr_put_u32(h, IFLA_XFRM_IF_ID, d->id);
    mnl_attr_nest_end(h, data);
    mnl_attr_nest_end(h, info);
}

int netlink_list(struct netlink *n, union netmsg *m,
                 void (*row)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
    (void)n;
    (void)m;
    host.lists++;
    for (u32 i = 0; i < host.count; i++) {
        union netmsg is;
        describe(&host.all[i], &is);
        row(ctx, &is.header);
    }
    return 0;
}

static struct netlink netlink;
static struct xfrmis x;
static struct shrike_child_conf children[3];
static struct shrike_conn conn = {.children = children};
static const struct shrike_conf conf = {.conns = &conn, .conn_count = 1};

static void child(u32 i, const char *link, u32 id)
{
    children[i] = (struct shrike_child_conf){.name = "lan", .reqid = 70 + i};
    children[i].plane.link = link;
    children[i].plane.if_id_out = (struct shrike_mark){.value = id, .mask = UINT32_MAX};
}

static void begin(void)
{
    memset(&host, 0, sizeof host);
    said_begin();
    put("eth0", "", 0, "");
    child(0, "ipsec1", 1);
    child(1, "ipsec2", 2);
    child(2, NULL, 0);
    conn.child_count = 3;
    xfrmis_open(&x, &netlink, 1400, NULL);
}

TEST(made_when_they_are_named_and_gone_when_not)
{
    begin();
    xfrmis_apply(&x, &conf);
    const struct device *one = named("ipsec1"), *two = named("ipsec2");
    CHECK(one && two && one->id == 1 && two->id == 2 && one->up && one->alias[0] && !said[0]);
    CHECK(xfrmis_link(&x, &conf, 70) == one->link && xfrmis_link(&x, &conf, 71) == two->link);
    CHECK(xfrmis_link(&x, &conf, 72) == 0 && xfrmis_link(&x, &conf, 1) == 0);
    u32 link = one->link;
    child(1, "ipsec2", 3); /* another number: another interface */
    xfrmis_apply(&x, &conf);
    CHECK(named("ipsec1")->link == link && host.count == 3);
    xfrmis_apply(&x, &conf);
    CHECK(named("ipsec2") && named("ipsec2")->id == 3 && !said[0]);
    conn.child_count = 1;
    xfrmis_apply(&x, &conf);
    CHECK(!named("ipsec2") && named("ipsec1"));
    xfrmis_close(&x);
    xfrmis_close(&x);
    CHECK(host.count == 1 && named("eth0"));
}

TEST(what_others_have_made_stays)
{
    begin();
    put("ipsec1", "xfrm", 1, "");
    put("ipsec2", "dummy", 2, "");
    put("ipsec9", "xfrm", 9, "interface of shriked"); /* of a life before */
    xfrmis_apply(&x, &conf);
    CHECK(xfrmis_link(&x, &conf, 70) == named("ipsec1")->link && !named("ipsec1")->up);
    CHECK(xfrmis_link(&x, &conf, 71) == 0 && strstr(said, "not the XFRM interface 2"));
    CHECK(!named("ipsec9"));
    xfrmis_close(&x);
    CHECK(named("ipsec1") && named("ipsec2"));
}

TEST(two_children_and_one_name)
{
    begin();
    child(1, "ipsec1", 1);
    child(2, "ipsec1", 5);
    xfrmis_apply(&x, &conf);
    CHECK(strstr(said, "another if_id_out") && host.count == 2);
    CHECK(xfrmis_link(&x, &conf, 71) == named("ipsec1")->link);
    CHECK_EQ(xfrmis_link(&x, &conf, 72), 0);
    xfrmis_close(&x);
}

TEST(a_kernel_without_any)
{
    begin();
    host.refuse = EOPNOTSUPP;
    xfrmis_apply(&x, &conf);
    CHECK(strstr(said, "has no XFRM interfaces") && xfrmis_link(&x, &conf, 70) == 0);
    xfrmis_close(&x);
    CHECK_EQ(host.count, 1);
}

TEST(nobody_is_asked_for_nothing)
{
    begin();
    conn.child_count = 0;
    xfrmis_apply(&x, &conf);
    CHECK_EQ(host.lists, 1); /* what a life before has left */
    xfrmis_apply(&x, &conf);
    CHECK_EQ(host.lists, 1);
}

int main(void)
{
    return RUN(made_when_they_are_named_and_gone_when_not) | RUN(what_others_have_made_stays) |
           RUN(two_children_and_one_name) | RUN(a_kernel_without_any) |
           RUN(nobody_is_asked_for_nothing);
}
