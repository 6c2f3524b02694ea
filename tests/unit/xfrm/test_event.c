/* What the kernel tells. */
#include "fake_kernel.h"
#include "xfrm/event.h"

static _Alignas(8) u8 octets[LETTER_MAX];
static struct event e;

static struct nlmsghdr *message(u16 type, const void *head, size_t size)
{
    memset(octets, 0, sizeof octets);
    struct nlmsghdr *h = mnl_nlmsg_put_header(octets);
    h->nlmsg_type = type;
    memcpy(mnl_nlmsg_put_extra_header(h, size), head, size);
    return h;
}

TEST(an_acquire_names_its_trap)
{
    struct xfrm_user_acquire is = {.id = {.proto = IPPROTO_ESP}};
    struct xfrm_user_tmpl t = {.reqid = 0x80000007};
    is.sel.dport = htons(80);
    struct nlmsghdr *h = message(XFRM_MSG_ACQUIRE, &is, sizeof is);
    happening_read(h, &e);
    CHECK_EQ(e.kind, EVENT_NONE); /* of no policy that we know */
    mnl_attr_put(h, XFRMA_TMPL, sizeof t, &t);
    happening_read(h, &e);
    CHECK(e.kind == EVENT_ACQUIRE && e.reqid == 0x80000007 && ntohs(e.selector.dport) == 80);
    is.id.proto = IPPROTO_COMP; /* the SA inside is asked for by that outside */
    h = message(XFRM_MSG_ACQUIRE, &is, sizeof is);
    mnl_attr_put(h, XFRMA_TMPL, sizeof t, &t);
    happening_read(h, &e);
    CHECK_EQ(e.kind, EVENT_NONE);
}

TEST(an_expire_names_its_sa)
{
    struct xfrm_user_expire is = {.hard = 1};
    is.state.id.proto = IPPROTO_ESP;
    is.state.id.spi = htonl(0x1234);
    is.state.family = AF_INET;
    is.state.id.daddr.a4 = htonl(0xc0000201);
    happening_read(message(XFRM_MSG_EXPIRE, &is, sizeof is), &e);
    CHECK(e.kind == EVENT_EXPIRE && e.hard && e.spi == 0x1234 && e.to.family == 4);
    CHECK_EQ(e.to.octets[3], 1);
}

TEST(a_mapping_names_the_new_end)
{
    struct xfrm_user_mapping is = {.new_sport = htons(4444), .id = {.family = AF_INET}};
    is.id.proto = IPPROTO_ESP;
    is.id.spi = htonl(9);
    is.new_saddr.a4 = htonl(0xc0000209);
    happening_read(message(XFRM_MSG_MAPPING, &is, sizeof is), &e);
    CHECK(e.kind == EVENT_MAPPING && e.spi == 9 && e.from.port == 4444 && e.from.octets[3] == 9);
}

TEST(what_is_not_whole_is_nothing)
{
    static const u16 types[] = {XFRM_MSG_ACQUIRE, XFRM_MSG_EXPIRE, XFRM_MSG_MAPPING, XFRM_MSG_NEWSA,
                                XFRM_MSG_NEWPOLICY};
    static const u8 zero[1024];
    struct letter_policy p;
    struct sa_seen s;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        for (size_t len = 0; len < 24; len += 4) {
            const struct nlmsghdr *h = message(types[i], zero, len);
            happening_read(h, &e);
            CHECK(e.kind == EVENT_NONE && !sa_read(h, &s) && !policy_read(h, &p));
        }
    happening_read(message(XFRM_MSG_NEWSA, zero, 1000), &e);
    CHECK_EQ(e.kind, EVENT_NONE);
}

int main(void)
{
    return RUN(an_acquire_names_its_trap) | RUN(an_expire_names_its_sa) |
           RUN(a_mapping_names_the_new_end) | RUN(what_is_not_whole_is_nothing);
}
