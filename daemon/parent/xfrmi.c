/* XFRM interfaces of the configuration: see xfrmi.h. */
#include "parent/xfrmi.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

static const char alias[] = "interface of shriked";
static const char kind[] = "xfrm";

/* ---- letters ---- */

static void *begin(union netmsg *m, u16 type)
{
    memset(m, 0, sizeof *m);
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->octets);
    h->nlmsg_type = type;
    return mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
}

/* No device lies below it: what comes out of its SAs is routed like any other packet. */
void xfrmi_add(union netmsg *m, const char *name, u32 id, u16 mtu)
{
    (void)begin(m, RTM_NEWLINK);
    m->header.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
    mnl_attr_put_strz(&m->header, IFLA_IFNAME, name);
    mnl_attr_put_u32(&m->header, IFLA_MTU, mtu);
    struct nlattr *info = mnl_attr_nest_start(&m->header, IFLA_LINKINFO);
    mnl_attr_put_strz(&m->header, IFLA_INFO_KIND, kind);
    struct nlattr *data = mnl_attr_nest_start(&m->header, IFLA_INFO_DATA);
    mnl_attr_put_u32(&m->header, IFLA_XFRM_IF_ID, id);
    mnl_attr_nest_end(&m->header, data);
    mnl_attr_nest_end(&m->header, info);
}

void xfrmi_delete(union netmsg *m, u32 link)
{
    struct ifinfomsg *h = begin(m, RTM_DELLINK);
    h->ifi_index = (int)link;
}

static bool is_text(const struct nlattr *at, const char *text)
{
    size_t len = strlen(text);
    return mnl_attr_get_payload_len(at) >= len &&
           strncmp(mnl_attr_get_payload(at), text, mnl_attr_get_payload_len(at)) == 0;
}

static void read_data(const struct nlattr *data, struct xfrmi *out)
{
    const struct nlattr *at;
    mnl_attr_for_each_nested(at, data)
    {
        if (mnl_attr_get_type(at) == IFLA_XFRM_IF_ID && mnl_attr_get_payload_len(at) == sizeof(u32))
            out->id = mnl_attr_get_u32(at);
    }
}

/* Whose data it is, stands in front of it. */
static void read_info(const struct nlattr *info, struct xfrmi *out)
{
    const struct nlattr *at;
    mnl_attr_for_each_nested(at, info)
    {
        if (mnl_attr_get_type(at) == IFLA_INFO_KIND)
            out->kind = is_text(at, kind);
        else if (mnl_attr_get_type(at) == IFLA_INFO_DATA && out->kind)
            read_data(at, out);
    }
}

bool xfrmi_read(const struct nlmsghdr *h, struct xfrmi *out)
{
    const struct ifinfomsg *is = mnl_nlmsg_get_payload(h);
    const struct nlattr *at;
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof *is ||
        is->ifi_index <= 0)
        return false;
    out->link = (u32)is->ifi_index;
    mnl_attr_for_each(at, h, sizeof *is)
    {
        u16 type = mnl_attr_get_type(at), len = mnl_attr_get_payload_len(at);
        if (type == IFLA_IFNAME && len <= sizeof out->name)
            memcpy(out->name, mnl_attr_get_payload(at), len);
        else if (type == IFLA_IFALIAS)
            out->ours = is_text(at, alias);
        else if (type == IFLA_LINKINFO)
            read_info(at, out);
    }
    out->name[sizeof out->name - 1] = '\0';
    out->ours &= out->kind;
    return out->name[0] != '\0';
}

/* ---- what is wanted ---- */

void xfrmis_open(struct xfrmis *x, struct netlink *n, u16 mtu, const struct tell *t)
{
    *x = (struct xfrmis){.netlink = n, .tell = t, .mtu = mtu};
}

static struct xfrmi *find(struct xfrmis *x, const char *name)
{
    for (u32 i = 0; i < x->count; i++)
        if (strcmp(x->all[i].name, name) == 0)
            return &x->all[i];
    return NULL;
}

static void want(struct xfrmis *x, const struct shrike_child_conf *child)
{
    const struct shrike_plane_conf *p = &child->plane;
    struct xfrmi *one = find(x, p->link);
    if (one && one->id != p->if_id_out.value)
        tell(x->tell, SHRIKE_ERROR, "child %s: %s is the interface of another if_id_out, too",
             child->name, p->link);
    if (one)
        return;
    if (x->count == XFRMI_MAX) {
        tell(x->tell, SHRIKE_ERROR, "child %s: no more than %u interfaces", child->name, XFRMI_MAX);
        return;
    }
    one = &x->all[x->count++];
    *one = (struct xfrmi){.id = p->if_id_out.value};
    memcpy(one->name, p->link, strlen(p->link) + 1);
}

static void want_all(struct xfrmis *x, const struct shrike_conf *conf)
{
    x->count = 0;
    for (u32 i = 0; conf && i < conf->conn_count; i++)
        for (u32 k = 0; k < conf->conns[i].child_count; k++)
            if (conf->conns[i].children[k].plane.link)
                want(x, &conf->conns[i].children[k]);
}

/* ---- what there is ---- */

/* Links of the system that matter: a list cannot be answered in the middle of. */
struct looking {
    struct xfrmis *x;
    u32 gone[XFRMI_MAX]; /* ours that nobody wants */
    u32 gone_count;
};

static void row(void *ctx, const struct nlmsghdr *h)
{
    struct looking *l = ctx;
    struct xfrmi is;
    if (!xfrmi_read(h, &is))
        return;
    struct xfrmi *wanted = find(l->x, is.name);
    bool fits = wanted && is.kind && is.id == wanted->id;
    if ((is.ours || fault(245)) && !fits) {
        if (l->gone_count < XFRMI_MAX)
            l->gone[l->gone_count++] = is.link;
    } else if (wanted) {
        wanted->link = is.link;
        wanted->kind = fits;
    }
}

static bool look(struct looking *l)
{
    union netmsg m;
    l->gone_count = 0;
    netmsg_link_list(&m);
    int error = netlink_list(l->x->netlink, &m, row, l);
    if (error)
        tell(l->x->tell, SHRIKE_ERROR, "cannot ask the system for its devices: %s",
             strerror(error));
    return error == 0;
}

static void make(struct xfrmis *x, struct xfrmi *one)
{
    union netmsg m;
    xfrmi_add(&m, one->name, one->id, x->mtu);
    int error = netlink_do(x->netlink, &m);
    if (error)
        tell(x->tell, SHRIKE_ERROR, "cannot make the interface %s: %s%s", one->name,
             strerror(error), error == EOPNOTSUPP ? ": the kernel has no XFRM interfaces" : "");
    one->ours = error == 0; /* until it has its alias, nobody else knows */
}

static void name_and_raise(struct xfrmis *x, const struct xfrmi *one)
{
    union netmsg m;
    const struct netmsg_link l = {
        .link = one->link, .mtu = x->mtu, .quiet = true, .up = true, .alias = alias};
    netmsg_link(&m, &l);
    int error = netlink_do(x->netlink, &m);
    if (error)
        tell(x->tell, SHRIKE_ERROR, "cannot set the interface %s up: %s", one->name,
             strerror(error));
}

static void drop(struct xfrmis *x, const struct looking *l)
{
    union netmsg m;
    for (u32 i = 0; i < l->gone_count; i++) {
        xfrmi_delete(&m, l->gone[i]);
        (void)netlink_do(x->netlink, &m);
    }
}

void xfrmis_apply(struct xfrmis *x, const struct shrike_conf *conf)
{
    static struct looking l; /* used by one call at a time */
    bool any = false;
    u32 before = x->count;
    if (!x->netlink)
        return;
    want_all(x, conf);
    if (x->looked && x->count == 0 && before == 0)
        return;
    l.x = x;
    x->looked = look(&l);
    if (!x->looked)
        return;
    drop(x, &l);
    for (u32 i = 0; i < x->count; i++) {
        if (x->all[i].link && !x->all[i].kind)
            tell(x->tell, SHRIKE_ERROR, "there is a device %s, which is not the XFRM interface %u",
                 x->all[i].name, x->all[i].id);
        if (x->all[i].link)
            continue;
        make(x, &x->all[i]);
        any |= x->all[i].ours;
    }
    if (!any || !look(&l))
        return;
    for (u32 i = 0; i < x->count; i++)
        if (x->all[i].ours && x->all[i].kind)
            name_and_raise(x, &x->all[i]);
}

void xfrmis_close(struct xfrmis *x)
{
    xfrmis_apply(x, NULL);
    x->netlink = NULL;
}

u32 xfrmis_link(const struct xfrmis *x, const struct shrike_conf *conf, u32 reqid)
{
    for (u32 i = 0; i < conf->conn_count; i++)
        for (u32 k = 0; k < conf->conns[i].child_count; k++) {
            const struct shrike_child_conf *child = &conf->conns[i].children[k];
            if (child->reqid != reqid || !child->plane.link)
                continue;
            const struct xfrmi *one = find((struct xfrmis *)x, child->plane.link);
            return one && one->kind && one->id == child->plane.if_id_out.value ? one->link : 0;
        }
    return 0;
}
