/* What the kernel tells: see event.h. Its structures are copied out, for they are aligned to more
 * than its messages are. */
#include "xfrm/event.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>

static bool take(const struct nlmsghdr *h, void *out, size_t size)
{
    if (mnl_nlmsg_get_payload_len(h) < size)
        return false;
    memcpy(out, mnl_nlmsg_get_payload(h), size);
    return true;
}

static bool is_ipsec(u8 protocol)
{
    return protocol == IPPROTO_ESP || protocol == IPPROTO_AH;
}

/* The number stands in the template of the policy that the packet met. */
static void read_acquire(const struct nlmsghdr *h, struct event *out)
{
    struct xfrm_user_acquire is;
    struct xfrm_user_tmpl template;
    const struct nlattr *at;
    if (!take(h, &is, sizeof is) || !is_ipsec(is.id.proto))
        return;
    mnl_attr_for_each(at, h, sizeof is)
    {
        if (mnl_attr_get_type(at) != XFRMA_TMPL || mnl_attr_get_payload_len(at) < sizeof template)
            continue;
        memcpy(&template, mnl_attr_get_payload(at), sizeof template);
        out->kind = EVENT_ACQUIRE;
        out->reqid = template.reqid;
        out->selector = is.sel;
    }
}

static void read_expire(const struct nlmsghdr *h, struct event *out)
{
    struct xfrm_user_expire is;
    if (!take(h, &is, sizeof is) || !is_ipsec(is.state.id.proto))
        return;
    out->kind = EVENT_EXPIRE;
    out->reqid = is.state.reqid;
    out->spi = ntohl(is.state.id.spi);
    out->protocol = is.state.id.proto;
    out->hard = is.hard != 0 && !fault(219);
    letter_endpoint(&out->to, &is.state.id.daddr, is.state.family);
}

static void read_mapping(const struct nlmsghdr *h, struct event *out)
{
    struct xfrm_user_mapping is;
    if (!take(h, &is, sizeof is) || !is_ipsec(is.id.proto))
        return;
    out->kind = EVENT_MAPPING;
    out->reqid = is.reqid;
    out->spi = ntohl(is.id.spi);
    out->protocol = is.id.proto;
    letter_endpoint(&out->to, &is.id.daddr, is.id.family);
    letter_endpoint(&out->from, &is.new_saddr, is.id.family);
    out->from.port = ntohs(is.new_sport);
}

void happening_read(const struct nlmsghdr *h, struct event *out)
{
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type == XFRM_MSG_ACQUIRE)
        read_acquire(h, out);
    else if (h->nlmsg_type == XFRM_MSG_EXPIRE)
        read_expire(h, out);
    else if (h->nlmsg_type == XFRM_MSG_MAPPING)
        read_mapping(h, out);
}

static void read_mark(const struct nlattr *at, struct letter_mark *out)
{
    struct xfrm_mark is;
    if (mnl_attr_get_payload_len(at) != sizeof is)
        return;
    memcpy(&is, mnl_attr_get_payload(at), sizeof is);
    *out = (struct letter_mark){is.v, is.m};
}

static void read_device(const struct nlattr *at, struct sa_seen *out)
{
    struct xfrm_user_offload is = {.ifindex = 0};
    memcpy(&is, mnl_attr_get_payload(at), MIN(mnl_attr_get_payload_len(at), sizeof is));
    out->offloaded = true;
    out->device = (u32)is.ifindex;
}

bool sa_read(const struct nlmsghdr *h, struct sa_seen *out)
{
    const struct nlattr *at;
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type != XFRM_MSG_NEWSA || !take(h, &out->is, sizeof out->is))
        return false;
    mnl_attr_for_each(at, h, sizeof out->is)
    {
        u16 type = mnl_attr_get_type(at), len = mnl_attr_get_payload_len(at);
        if (type == XFRMA_LASTUSED && len == sizeof out->last_used)
            memcpy(&out->last_used, mnl_attr_get_payload(at), len);
        else if (type == XFRMA_MARK)
            read_mark(at, &out->mark);
        else if (type == XFRMA_OFFLOAD_DEV)
            read_device(at, out);
        else if (type == XFRMA_IF_ID && len == sizeof out->if_id)
            out->if_id = mnl_attr_get_u32(at);
    }
    return true;
}

static void read_template(const struct nlattr *at, struct letter_policy *out)
{
    struct xfrm_user_tmpl is;
    const u8 *octets = mnl_attr_get_payload(at);
    size_t count = mnl_attr_get_payload_len(at) / sizeof is;
    for (size_t n = 0; n < count && n < LETTER_TEMPLATES; n++) {
        struct letter_template *t = &out->templates[out->template_count++];
        memcpy(&is, octets + n * sizeof is, sizeof is);
        t->protocol = is.id.proto;
        t->mode = is.mode;
        t->reqid = is.reqid;
        t->optional = is.optional != 0;
        letter_endpoint(&t->to, &is.id.daddr, is.family);
        letter_endpoint(&t->from, &is.saddr, is.family);
    }
}

bool policy_read(const struct nlmsghdr *h, struct letter_policy *out)
{
    struct xfrm_userpolicy_info is;
    const struct nlattr *at;
    memset(out, 0, sizeof *out);
    if (h->nlmsg_type != XFRM_MSG_NEWPOLICY || !take(h, &is, sizeof is))
        return false;
    out->selector = is.sel;
    out->dir = is.dir;
    out->block = is.action == XFRM_POLICY_BLOCK;
    out->priority = is.priority;
    out->index = is.index;
    mnl_attr_for_each(at, h, sizeof is)
    {
        if (mnl_attr_get_type(at) == XFRMA_TMPL && out->template_count == 0)
            read_template(at, out);
        else if (mnl_attr_get_type(at) == XFRMA_MARK)
            read_mark(at, &out->mark);
        else if (mnl_attr_get_type(at) == XFRMA_IF_ID)
            out->if_id = mnl_attr_get_u32(at);
        else if (mnl_attr_get_type(at) == XFRMA_OFFLOAD_DEV)
            out->device = mnl_attr_get_u32(at);
    }
    return true;
}
