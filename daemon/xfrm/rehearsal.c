/* An SA is moved for a trial: see rehearsal.h. */
#include "xfrm/rehearsal.h"
#include "wire/codes.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>

enum { SENT = 4711, PADDING = 64, INTERFACE = 0x7ffffff7, PORT = 4500, OTHER_PORT = 4501 };

/* What is to be handed on, and what is to change. */
enum {
    HAS_NUMBERS = 1,
    HAS_PADDING = 2,
    HAS_INTERFACE = 4,
    HAS_MARK = 8,
    HAS_PORT = 16,
    HAS_FLAGS = 32,
    HAS_ALL = 63,
};

struct trial {
    struct batch batch;
    _Alignas(8) u8 sa[LETTER_MAX]; /* as the kernel tells of it */
    bool there;
};

static const u8 zero_key[LETTER_KEY_MAX];

static struct shrike_endpoint host(u8 last, u16 port)
{
    return (struct shrike_endpoint){{127, 0, 0, last}, port, 4, 0};
}

static struct letter_sa sa_of(u32 spi, u32 reqid)
{
    return (struct letter_sa){
        .protocol = IPPROTO_ESP,
        .mode = XFRM_MODE_TUNNEL,
        .spi = spi,
        .reqid = reqid,
        .from = host(1, PORT),
        .to = host(2, PORT),
        .encap = true,
        .esn = true,
        .no_dscp_out = true,
        .encr = ENCR_NULL,
        .integ = INTEG_HMAC_SHA2_256_128,
        .integ_key = bytes_of(zero_key, 32),
        .sent = SENT,
        .tfc_padding = PADDING,
        .set_mark = {1, 1},
        .if_id = INTERFACE,
    };
}

/* No packet meets it: there is no such protocol, nor anybody at these addresses (RFC 5737). */
static struct letter_policy policy_of(const struct letter_sa *s)
{
    struct letter_policy p = {.dir = XFRM_POLICY_OUT,
                              .priority = UINT32_MAX,
                              .if_id = s->if_id,
                              .template_count = 1,
                              .templates = {{.protocol = s->protocol,
                                             .mode = s->mode,
                                             .reqid = s->reqid,
                                             .from = s->from,
                                             .to = s->to}}};
    p.selector.family = AF_INET;
    p.selector.saddr.a4 = htonl(0xc0000201);
    p.selector.daddr.a4 = htonl(0xc0000202);
    p.selector.prefixlen_s = p.selector.prefixlen_d = 32;
    p.selector.proto = IPPROTO_RAW;
    return p;
}

static void row(void *ctx, u16 letter, const struct nlmsghdr *h)
{
    struct trial *t = ctx;
    (void)letter;
    if (h->nlmsg_type != XFRM_MSG_NEWSA || h->nlmsg_len > sizeof t->sa)
        return;
    memcpy(t->sa, h, h->nlmsg_len);
    t->there = true;
}

static bool send_batch(struct kernel *k, struct trial *t)
{
    bool good = kernel_send(k, &t->batch, &(struct kernel_reader){row, t});
    batch_clear(&t->batch);
    return good;
}

static u32 has(const struct nlattr *at)
{
    struct xfrm_replay_state_esn numbers;
    struct xfrm_encap_tmpl encap;
    const void *is = mnl_attr_get_payload(at);
    size_t len = mnl_attr_get_payload_len(at);
    switch (mnl_attr_get_type(at)) {
    case XFRMA_REPLAY_ESN_VAL:
        memcpy(&numbers, is, MIN(len, sizeof numbers));
        return len >= sizeof numbers && numbers.oseq == SENT ? HAS_NUMBERS : 0;
    case XFRMA_ENCAP:
        memcpy(&encap, is, MIN(len, sizeof encap));
        return len >= sizeof encap && ntohs(encap.encap_dport) == OTHER_PORT ? HAS_PORT : 0;
    case XFRMA_TFCPAD:
        return mnl_attr_get_u32(at) == PADDING ? HAS_PADDING : 0;
    case XFRMA_IF_ID:
        return mnl_attr_get_u32(at) == INTERFACE ? HAS_INTERFACE : 0;
    case XFRMA_SET_MARK:
        return mnl_attr_get_u32(at) == 1 ? HAS_MARK : 0;
    case XFRMA_SA_EXTRA_FLAGS:
        return mnl_attr_get_u32(at) & XFRM_SA_XFLAG_DONT_ENCAP_DSCP ? HAS_FLAGS : 0;
    }
    return 0;
}

static bool is_whole(const struct trial *t)
{
    const struct nlattr *at;
    u32 all = 0;
    if (!t->there)
        return false;
    mnl_attr_for_each(at, (const struct nlmsghdr *)(const void *)t->sa,
                      sizeof(struct xfrm_usersa_info))
    {
        all |= has(at);
    }
    return all == HAS_ALL;
}

bool rehearse_move(struct kernel *k, u32 spi, u32 reqid)
{
    static struct trial t; /* one thread */
    const struct letter_sa s = sa_of(spi, reqid);
    struct letter_policy p = policy_of(&s);
    const struct letter_ends was = {.from = s.from, .to = s.to, .encap = true};
    const struct letter_ends is = {.from = host(1, PORT), .to = host(3, OTHER_PORT), .encap = true};
    const struct letter_sa_id old = {.protocol = s.protocol, .spi = spi, .to = was.to};
    const struct letter_sa_id new = {.protocol = s.protocol, .spi = spi, .to = is.to};
    memset(&t, 0, sizeof t);
    if (!letter_sa(&t.batch, &s))
        return false;
    letter_policy(&t.batch, &p, false);
    letter_migrate(&t.batch, &p, &was, &is);
    letter_sa_get(&t.batch, &new);
    bool good = send_batch(k, &t) && is_whole(&t);
    letter_sa_delete(&t.batch, &old);
    letter_sa_delete(&t.batch, &new);
    letter_policy_delete(&t.batch, &p);
    (void)send_batch(k, &t); /* one of the SAs is not there */
    return good;
}
