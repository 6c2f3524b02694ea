/* Messages to the kernel about IPsec: see letter.h. Its structures are aligned to 8 octets, and
 * messages of netlink to 4: they are made beside, and copied. */
#include "xfrm/letter.h"
#include "base/ct.h"
#include "xfrm/algorithm.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#ifndef XFRM_OFFLOAD_PACKET /* headers before Linux 6.2 */
#define XFRM_OFFLOAD_PACKET 4
#endif

enum { WINDOW_SMALL = 32 };

void batch_clear(struct batch *b)
{
    wipe(b->octets, fault(216) ? 0 : b->len);
    b->len = 0;
    b->count = 0;
}

bool batch_has_room(const struct batch *b, u16 letters)
{
    return b->count + letters <= BATCH_LETTERS &&
           b->len + (u32)letters * LETTER_MAX <= sizeof b->octets;
}

static struct nlmsghdr *begin(struct batch *b, u16 type, const void *head, size_t size)
{
    ensure(batch_has_room(b, 1));
    struct nlmsghdr *h = mnl_nlmsg_put_header(b->octets + b->len);
    h->nlmsg_type = type;
    h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    memcpy(mnl_nlmsg_put_extra_header(h, size), head, size);
    return h;
}

static void end(struct batch *b, const struct nlmsghdr *h)
{
    ensure(h->nlmsg_len <= LETTER_MAX);
    b->len += NLMSG_ALIGN(h->nlmsg_len);
    b->holds[b->count] = NULL;
    b->errors[b->count++] = 0;
}

u16 letter_family(u8 family)
{
    return family == 6 ? AF_INET6 : AF_INET;
}

void letter_address(xfrm_address_t *out, const struct shrike_endpoint *e)
{
    memset(out, 0, sizeof *out);
    memcpy(out, e->octets, e->family == 6 ? 16 : 4);
}

void letter_endpoint(struct shrike_endpoint *out, const xfrm_address_t *a, u16 family)
{
    memset(out, 0, sizeof *out);
    out->family = family == AF_INET6 ? 6 : 4;
    memcpy(out->octets, a, out->family == 6 ? 16 : 4);
}

static void put_mark(struct nlmsghdr *h, const struct letter_mark *m)
{
    const struct xfrm_mark mark = {.v = m->value, .m = m->mask};
    if (m->mask)
        mnl_attr_put(h, XFRMA_MARK, sizeof mark, &mark);
}

static void put_interface(struct nlmsghdr *h, u32 if_id)
{
    if (if_id)
        mnl_attr_put_u32(h, XFRMA_IF_ID, if_id);
}

/* ---- SAs ---- */

static void put_key(struct nlmsghdr *h, u16 type, const void *head, size_t size, struct bytes key)
{
    u8 octets[sizeof(struct xfrm_algo_auth) + LETTER_KEY_MAX];
    ensure(size + key.len <= sizeof octets);
    memcpy(octets, head, size);
    if (key.len)
        memcpy(octets + size, key.at, key.len);
    mnl_attr_put(h, type, size + key.len, octets);
    wipe(octets, sizeof octets);
}

static void put_name(char out[64], const char *name)
{
    memset(out, 0, 64);
    memcpy(out, name, MIN(strlen(name), 63));
}

static void put_aead(struct nlmsghdr *h, const struct kernel_algorithm *a, struct bytes key)
{
    struct xfrm_algo_aead is = {.alg_key_len = (u32)key.len * 8, .alg_icv_len = a->icv_bits};
    put_name(is.alg_name, a->name);
    put_key(h, XFRMA_ALG_AEAD, &is, sizeof is, key);
}

static void put_crypt(struct nlmsghdr *h, const struct kernel_algorithm *a, struct bytes key)
{
    struct xfrm_algo is = {.alg_key_len = (u32)key.len * 8};
    put_name(is.alg_name, a->name);
    put_key(h, XFRMA_ALG_CRYPT, &is, sizeof is, key);
}

static void put_auth(struct nlmsghdr *h, const struct kernel_algorithm *a, struct bytes key)
{
    struct xfrm_algo_auth is = {.alg_key_len = (u32)key.len * 8, .alg_trunc_len = a->icv_bits};
    put_name(is.alg_name, a->name);
    put_key(h, XFRMA_ALG_AUTH_TRUNC, &is, sizeof is, key);
}

static void put_comp(struct nlmsghdr *h)
{
    struct xfrm_algo is = {.alg_key_len = 0};
    put_name(is.alg_name, "deflate");
    mnl_attr_put(h, XFRMA_ALG_COMP, sizeof is, &is);
}

/* AH has no cipher, and AEADs of ESP nothing beside them. */
static bool algorithms_fit(const struct letter_sa *s)
{
    const struct kernel_algorithm *encr = kernel_encryption(s->encr);
    const struct kernel_algorithm *integ = kernel_integrity(s->integ);
    if (s->encr_key.len > LETTER_KEY_MAX || s->integ_key.len > LETTER_KEY_MAX)
        return false;
    if (s->protocol == IPPROTO_COMP)
        return true;
    if (s->protocol == IPPROTO_AH)
        return integ != NULL;
    return encr && (encr->kind == KERNEL_IS_AEAD || integ);
}

static void put_algorithms(struct nlmsghdr *h, const struct letter_sa *s)
{
    const struct kernel_algorithm *encr = kernel_encryption(s->encr);
    const struct kernel_algorithm *integ = kernel_integrity(s->integ);
    if (s->protocol == IPPROTO_COMP) {
        put_comp(h);
        return;
    }
    if (s->protocol == IPPROTO_ESP && encr->kind == KERNEL_IS_AEAD) {
        put_aead(h, encr, s->encr_key);
        return;
    }
    if (s->protocol == IPPROTO_ESP)
        put_crypt(h, encr, s->encr_key);
    put_auth(h, integ, s->integ_key);
}

/* RFC 3948: between the ports of IKE. */
static void put_encap(struct nlmsghdr *h, const struct shrike_endpoint *from,
                      const struct shrike_endpoint *to)
{
    struct xfrm_encap_tmpl is = {.encap_type = UDP_ENCAP_ESPINUDP,
                                 .encap_sport = htons(from->port),
                                 .encap_dport = htons(to->port)};
    mnl_attr_put(h, XFRMA_ENCAP, sizeof is, &is);
}

/* With 64-bit numbers the kernel wants a window for what is sent, too; but none where the SA says
 * that it is for sending. */
static u32 window_of(const struct letter_sa *s)
{
    bool says_so = s->mode == LETTER_MODE_IPTFS && !fault(176);
    u32 sending = s->esn && !says_so ? WINDOW_SMALL : 0;
    u32 wanted = s->inbound ? MAX(s->replay_window, WINDOW_SMALL) : sending;
    return MIN((wanted + 31) / 32 * 32, LETTER_WINDOW);
}

static void put_window(struct nlmsghdr *h, u32 window, u32 sent)
{
    _Alignas(8) u8 octets[sizeof(struct xfrm_replay_state_esn) + LETTER_WINDOW / 8] = {0};
    struct xfrm_replay_state_esn is = {
        .bmp_len = window / 32, .replay_window = window, .oseq = sent};
    size_t len = sizeof is + window / 8;
    memcpy(octets, &is, sizeof is);
    mnl_attr_put(h, XFRMA_REPLAY_ESN_VAL, len, octets);
}

static void put_replay(struct nlmsghdr *h, const struct letter_sa *s)
{
    u32 window = window_of(s);
    if (s->protocol != IPPROTO_COMP && (s->esn || window > WINDOW_SMALL))
        put_window(h, window, s->sent);
}

static u64 limit(u64 value)
{
    return value ? value : XFRM_INF;
}

/* RFC 4302 2.6: AH pads its ICV to a multiple of 32 bits over IPv4; without this the kernel takes
 * 64, as over IPv6. */
static u8 alignment(u8 protocol, u16 family)
{
    return protocol == IPPROTO_AH && family == AF_INET ? XFRM_STATE_ALIGN4 : 0;
}

/* Of packets of either family. */
static bool is_tunnel(u8 mode)
{
    return mode == XFRM_MODE_TUNNEL || mode == LETTER_MODE_IPTFS;
}

static void fill_sa(struct xfrm_usersa_info *is, const struct letter_sa *s)
{
    u32 window = window_of(s);
    bool large = s->esn || window > WINDOW_SMALL || s->protocol == IPPROTO_COMP;
    memset(is, 0, sizeof *is);
    letter_address(&is->id.daddr, &s->to);
    letter_address(&is->saddr, &s->from);
    is->id.spi = htonl(s->spi);
    is->id.proto = s->protocol;
    is->family = letter_family(s->to.family);
    is->mode = s->mode;
    is->reqid = s->reqid;
    is->replay_window = large ? 0 : (u8)window;
    is->flags =
        (u8)((is_tunnel(s->mode) ? XFRM_STATE_AF_UNSPEC : 0) |
             (s->esn && !fault(218) ? XFRM_STATE_ESN : 0) | (s->noecn ? XFRM_STATE_NOECN : 0) |
             (s->copy_dscp_in ? XFRM_STATE_DECAP_DSCP : 0) |
             (s->no_pmtu ? XFRM_STATE_NOPMTUDISC : 0) | alignment(is->id.proto, is->family));
    if (s->selector)
        is->sel = *s->selector;
    is->lft.soft_byte_limit = limit(s->bytes_soft);
    is->lft.hard_byte_limit = limit(s->bytes_hard);
    is->lft.soft_packet_limit = limit(s->packets_soft);
    is->lft.hard_packet_limit = limit(s->packets_hard);
    is->lft.hard_add_expires_seconds = s->life_s;
}

/* Which device that is, follows from the route between both ends. One that cannot do it has the
 * kernel do it. */
static void put_offload(struct nlmsghdr *h, const struct letter_sa *s)
{
    const struct xfrm_user_offload is = {.ifindex = 0,
                                         .flags = (u8)((s->to.family == 6 ? XFRM_OFFLOAD_IPV6 : 0) |
                                                       (s->inbound ? XFRM_OFFLOAD_INBOUND : 0) |
                                                       (s->packet ? XFRM_OFFLOAD_PACKET : 0))};
    mnl_attr_put(h, XFRMA_OFFLOAD_DEV, sizeof is, &is);
}

/* Sizes and times are the kernel's own. */
static void put_iptfs(struct nlmsghdr *h, const struct letter_sa *s)
{
    mnl_attr_put_u8(h, LETTER_SA_DIR, s->inbound ? LETTER_DIR_IN : LETTER_DIR_OUT);
    if (s->whole && !s->inbound && !fault(177))
        mnl_attr_put(h, LETTER_IPTFS_DONT_FRAG, 0, NULL);
}

/* The octets of a key that the kernel is told in a message of its own are wiped with the batch. */
bool letter_sa(struct batch *b, const struct letter_sa *s)
{
    struct xfrm_usersa_info is;
    if (!algorithms_fit(s) || !batch_has_room(b, 1))
        return false;
    fill_sa(&is, s);
    struct nlmsghdr *h = begin(b, XFRM_MSG_NEWSA, &is, sizeof is);
    put_algorithms(h, s);
    put_replay(h, s);
    if (s->encap)
        put_encap(h, &s->from, &s->to);
    if (s->tfc_padding && s->protocol == IPPROTO_ESP && !s->inbound)
        mnl_attr_put_u32(h, XFRMA_TFCPAD, s->tfc_padding);
    if (s->no_dscp_out)
        mnl_attr_put_u32(h, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
    if (s->set_mark.mask) {
        mnl_attr_put_u32(h, XFRMA_SET_MARK, s->set_mark.value);
        mnl_attr_put_u32(h, XFRMA_SET_MARK_MASK, s->set_mark.mask);
    }
    put_mark(h, &s->mark);
    put_interface(h, s->if_id);
    if (s->mode == LETTER_MODE_IPTFS)
        put_iptfs(h, s);
    if (s->offload)
        put_offload(h, s);
    end(b, h);
    return true;
}

/* ---- the same again, between other ends ---- */

static void leap(u32 *low, u32 *high)
{
    u64 next = ((u64)*high << 32 | *low) + (fault(217) ? 0 : LETTER_LEAP);
    *low = (u32)next;
    *high = (u32)(next >> 32);
}

static void put_again_window(struct nlmsghdr *h, const struct nlattr *at, bool inbound)
{
    _Alignas(8) u8 octets[sizeof(struct xfrm_replay_state_esn) + LETTER_WINDOW / 8];
    struct xfrm_replay_state_esn is;
    size_t len = mnl_attr_get_payload_len(at);
    if (len < sizeof is || len > sizeof octets)
        return;
    memcpy(octets, mnl_attr_get_payload(at), len);
    memcpy(&is, octets, sizeof is);
    if (!inbound)
        leap(&is.oseq, &is.oseq_hi);
    memcpy(octets, &is, sizeof is);
    mnl_attr_put(h, XFRMA_REPLAY_ESN_VAL, len, octets);
}

static void put_again_replay(struct nlmsghdr *h, const struct nlattr *at, bool inbound)
{
    struct xfrm_replay_state is;
    if (mnl_attr_get_payload_len(at) != sizeof is)
        return;
    memcpy(&is, mnl_attr_get_payload(at), sizeof is);
    if (!inbound)
        is.oseq += LETTER_LEAP;
    mnl_attr_put(h, XFRMA_REPLAY_VAL, sizeof is, &is);
}

/* What the kernel says of an SA and takes for a new one; its older form of an algorithm's name says
 * the same twice. */
static void put_again(struct nlmsghdr *h, const struct nlattr *at, bool inbound)
{
    u16 type = mnl_attr_get_type(at);
    switch (type) {
    case XFRMA_ALG_CRYPT:
    case XFRMA_ALG_AEAD:
    case XFRMA_ALG_AUTH_TRUNC:
    case XFRMA_ALG_COMP:
    case XFRMA_MARK:
    case XFRMA_SET_MARK:
    case XFRMA_SET_MARK_MASK:
    case XFRMA_IF_ID:
    case XFRMA_TFCPAD:
    case XFRMA_SA_EXTRA_FLAGS:
    case XFRMA_OFFLOAD_DEV:
    case LETTER_SA_DIR:
    case LETTER_IPTFS_DROP_TIME:
    case LETTER_IPTFS_REORDER_WINDOW:
    case LETTER_IPTFS_DONT_FRAG:
    case LETTER_IPTFS_INIT_DELAY:
    case LETTER_IPTFS_MAX_QSIZE:
    case LETTER_IPTFS_PKT_SIZE:
        mnl_attr_put(h, type, mnl_attr_get_payload_len(at), mnl_attr_get_payload(at));
        break;
    case XFRMA_REPLAY_ESN_VAL:
        put_again_window(h, at, inbound);
        break;
    case XFRMA_REPLAY_VAL:
        put_again_replay(h, at, inbound);
        break;
    }
}

/* One that locks secrets away from everybody (LOCKDOWN_XFRM_SECRET) tells zeros in place of keys.
 */
static bool has_keys(const struct nlmsghdr *seen)
{
    static const u8 zeros[LETTER_KEY_MAX];
    static const struct {
        u16 type, head;
    } kinds[] = {{XFRMA_ALG_CRYPT, sizeof(struct xfrm_algo)},
                 {XFRMA_ALG_AEAD, sizeof(struct xfrm_algo_aead)},
                 {XFRMA_ALG_AUTH_TRUNC, sizeof(struct xfrm_algo_auth)}};
    const struct nlattr *at;
    mnl_attr_for_each(at, seen, sizeof(struct xfrm_usersa_info))
    {
        for (u32 i = 0; i < ARRAY_LEN(kinds); i++) {
            size_t len = mnl_attr_get_payload_len(at), head = kinds[i].head;
            const u8 *key = (const u8 *)mnl_attr_get_payload(at) + head;
            if (mnl_attr_get_type(at) == kinds[i].type && len > head &&
                (len - head > sizeof zeros || ct_equal(key, zeros, len - head)))
                return false;
        }
    }
    return true;
}

bool letter_sa_again(struct batch *b, const struct nlmsghdr *seen, const struct letter_ends *e)
{
    struct xfrm_usersa_info is;
    const struct nlattr *at;
    if (seen->nlmsg_type != XFRM_MSG_NEWSA || mnl_nlmsg_get_payload_len(seen) < sizeof is ||
        seen->nlmsg_len > LETTER_MAX - 128 || !batch_has_room(b, 1) || !has_keys(seen))
        return false;
    memcpy(&is, mnl_nlmsg_get_payload(seen), sizeof is);
    const struct xfrm_lifetime_cur carried = is.curlft;
    letter_address(&is.id.daddr, &e->to);
    letter_address(&is.saddr, &e->from);
    is.family = letter_family(e->to.family);
    is.flags = (u8)((is.flags & ~XFRM_STATE_ALIGN4) | alignment(is.id.proto, is.family));
    memset(&is.curlft, 0, sizeof is.curlft);
    memset(&is.stats, 0, sizeof is.stats);
    struct nlmsghdr *h = begin(b, XFRM_MSG_NEWSA, &is, sizeof is);
    mnl_attr_for_each(at, seen, sizeof is)
    {
        put_again(h, at, e->inbound);
    }
    mnl_attr_put(h, XFRMA_LTIME_VAL, sizeof carried, &carried);
    if (e->encap)
        put_encap(h, &e->from, &e->to);
    end(b, h);
    return true;
}

static void by_id(struct batch *b, u16 type, const struct letter_sa_id *id)
{
    struct xfrm_usersa_id is;
    memset(&is, 0, sizeof is);
    letter_address(&is.daddr, &id->to);
    is.spi = htonl(id->spi);
    is.family = letter_family(id->to.family);
    is.proto = id->protocol;
    struct nlmsghdr *h = begin(b, type, &is, sizeof is);
    put_mark(h, &id->mark);
    end(b, h);
}

void letter_sa_delete(struct batch *b, const struct letter_sa_id *id)
{
    by_id(b, XFRM_MSG_DELSA, id);
}

void letter_sa_get(struct batch *b, const struct letter_sa_id *id)
{
    by_id(b, XFRM_MSG_GETSA, id);
}

static void list(struct batch *b, u16 type)
{
    struct nlmsghdr *h = begin(b, type, "", 0);
    h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    end(b, h);
}

void letter_sa_list(struct batch *b)
{
    list(b, XFRM_MSG_GETSA);
}

/* ---- policies ---- */

static void fill_template(struct xfrm_user_tmpl *is, const struct letter_template *t)
{
    memset(is, 0, sizeof *is);
    is->id.proto = t->protocol;
    is->family = letter_family(t->to.family);
    if (t->to.family)
        letter_address(&is->id.daddr, &t->to);
    if (t->from.family)
        letter_address(&is->saddr, &t->from);
    is->reqid = t->reqid;
    is->mode = t->mode;
    is->optional = t->optional;
    is->aalgos = is->ealgos = is->calgos = UINT32_MAX;
}

void letter_policy(struct batch *b, const struct letter_policy *p, bool change)
{
    struct xfrm_user_tmpl templates[LETTER_TEMPLATES];
    struct xfrm_userpolicy_info is;
    ensure(p->template_count <= LETTER_TEMPLATES);
    memset(&is, 0, sizeof is);
    is.sel = p->selector;
    is.dir = p->dir;
    is.priority = p->priority;
    is.index = p->index;
    is.action = p->block ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
    is.lft.soft_byte_limit = is.lft.hard_byte_limit = XFRM_INF;
    is.lft.soft_packet_limit = is.lft.hard_packet_limit = XFRM_INF;
    struct nlmsghdr *h = begin(b, change ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY, &is, sizeof is);
    for (u8 i = 0; i < p->template_count; i++)
        fill_template(&templates[i], &p->templates[i]);
    if (p->template_count)
        mnl_attr_put(h, XFRMA_TMPL, p->template_count * sizeof templates[0], templates);
    put_mark(h, &p->mark);
    put_interface(h, p->if_id);
    if (p->device)
        mnl_attr_put(h, XFRMA_OFFLOAD_DEV, sizeof(struct xfrm_user_offload),
                     &(struct xfrm_user_offload){(int)p->device, XFRM_OFFLOAD_PACKET});
    end(b, h);
}

void letter_policy_delete(struct batch *b, const struct letter_policy *p)
{
    struct xfrm_userpolicy_id is;
    memset(&is, 0, sizeof is);
    is.sel = p->selector;
    is.dir = p->dir;
    struct nlmsghdr *h = begin(b, XFRM_MSG_DELPOLICY, &is, sizeof is);
    put_mark(h, &p->mark);
    put_interface(h, p->if_id);
    end(b, h);
}

static struct xfrm_user_migrate move_of(const struct letter_template *t,
                                        const struct letter_ends *is)
{
    struct xfrm_user_migrate m;
    memset(&m, 0, sizeof m);
    m.proto = t->protocol;
    m.mode = t->mode;
    m.reqid = t->reqid;
    m.new_family = letter_family(is->to.family);
    letter_address(&m.new_daddr, &is->to);
    letter_address(&m.new_saddr, &is->from);
    return m;
}

/* The kernel looks for the SA and for the template by their ends, each by itself: for a template
 * that leaves open where packets come from there is a line of its own. */
void letter_migrate(struct batch *b, const struct letter_policy *p, const struct letter_ends *was,
                    const struct letter_ends *is)
{
    const struct letter_template *t = &p->templates[0];
    struct xfrm_user_migrate m[2] = {move_of(t, is), move_of(t, is)};
    struct xfrm_userpolicy_id id;
    u8 count = t->from.family ? 1 : 2;
    ensure(p->template_count == 1);
    memset(&id, 0, sizeof id);
    id.sel = p->selector;
    id.dir = p->dir;
    m[0].old_family = letter_family(was->to.family);
    m[1].old_family = letter_family(t->to.family);
    letter_address(&m[0].old_daddr, &was->to);
    letter_address(&m[0].old_saddr, &was->from);
    letter_address(&m[1].old_daddr, &t->to);
    struct nlmsghdr *h = begin(b, XFRM_MSG_MIGRATE, &id, sizeof id);
    mnl_attr_put(h, XFRMA_MIGRATE, count * sizeof m[0], m);
    put_interface(h, p->if_id);
    if (is->encap)
        put_encap(h, &is->from, &is->to);
    end(b, h);
}

void letter_policy_list(struct batch *b)
{
    list(b, XFRM_MSG_GETPOLICY);
}
