/* A kernel for tests: it keeps SAs and policies by the letters that it gets, and refuses what the
 * true one would refuse. In place of xfrm/kernel.c. */
#ifndef UNIT_XFRM_FAKE_KERNEL_H
#define UNIT_XFRM_FAKE_KERNEL_H

#include "test.h"
#include "xfrm/event.h"
#include "xfrm/kernel.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <unistd.h>

#define FAKE_MAX 64

struct fake_sa {
    bool there;
    _Alignas(8) u8 octets[LETTER_MAX]; /* as it was told */
    struct xfrm_usersa_info is;
    struct xfrm_lifetime_cur carried;
};

static struct {
    struct fake_sa sas[FAKE_MAX];
    struct letter_policy policies[FAKE_MAX];
    bool policy_there[FAKE_MAX];
    u32 sends, changes;
    u16 refuse_type, refuse_error; /* the next letter of this type */
    bool no_offload;               /* the device cannot */
    u32 device;                    /* that has what is offloaded */
    bool no_migrate;               /* built without it */
    bool forgets_numbers;          /* of an SA that it moves, as old kernels do */
    bool keeps_ports;              /* likewise, before it was taught of them */
    bool no_keys;                  /* it tells nobody */
    u32 migrated;
    int event_pipe[2];
} fake;

static inline u32 fake_sas(void)
{
    u32 n = 0;
    for (u32 i = 0; i < FAKE_MAX; i++)
        n += fake.sas[i].there;
    return n;
}

static inline u32 fake_policies(void)
{
    u32 n = 0;
    for (u32 i = 0; i < FAKE_MAX; i++)
        n += fake.policy_there[i];
    return n;
}

static inline struct fake_sa *fake_find(const struct xfrm_id *id)
{
    for (u32 i = 0; i < FAKE_MAX; i++)
        if (fake.sas[i].there && fake.sas[i].is.id.spi == id->spi &&
            fake.sas[i].is.id.proto == id->proto &&
            memcmp(&fake.sas[i].is.id.daddr, &id->daddr, sizeof id->daddr) == 0)
            return &fake.sas[i];
    return NULL;
}

static inline struct fake_sa *fake_spi(u32 spi)
{
    for (u32 i = 0; i < FAKE_MAX; i++)
        if (fake.sas[i].there && fake.sas[i].is.id.spi == htonl(spi))
            return &fake.sas[i];
    return NULL;
}

static inline struct letter_policy *fake_policy(u8 dir, u8 prefix)
{
    for (u32 i = 0; i < FAKE_MAX; i++)
        if (fake.policy_there[i] && fake.policies[i].dir == dir &&
            fake.policies[i].selector.prefixlen_d == prefix)
            return &fake.policies[i];
    return NULL;
}

static inline const struct nlattr *fake_attribute(const struct nlmsghdr *h, u16 type)
{
    const struct nlattr *at;
    mnl_attr_for_each(at, h, sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(at) == type)
            return at;
    }
    return NULL;
}

/* As verify_newsa_info() has it: an SA of IP-TFS is of ESP and says its direction; what that says
 * there is none of on the other side. */
static inline bool fake_takes_direction(const struct nlmsghdr *h, const struct xfrm_usersa_info *is)
{
    const struct nlattr *dir = fake_attribute(h, LETTER_SA_DIR);
    const struct nlattr *at = fake_attribute(h, XFRMA_REPLAY_ESN_VAL);
    struct xfrm_replay_state_esn w = {.bmp_len = 0};
    bool in = dir && mnl_attr_get_u8(dir) == LETTER_DIR_IN;
    if (!dir)
        return is->mode != LETTER_MODE_IPTFS;
    if (at)
        memcpy(&w, mnl_attr_get_payload(at), sizeof w);
    if (in)
        return is->id.proto == IPPROTO_ESP && !(is->flags & XFRM_STATE_NOPMTUDISC) &&
               !fake_attribute(h, XFRMA_SA_EXTRA_FLAGS) &&
               !fake_attribute(h, LETTER_IPTFS_DONT_FRAG) && !w.oseq && !w.oseq_hi;
    return is->id.proto == IPPROTO_ESP && mnl_attr_get_u8(dir) == LETTER_DIR_OUT &&
           !(is->flags & XFRM_STATE_DECAP_DSCP) && !is->replay_window && !w.replay_window &&
           !w.bmp_len && !fake_attribute(h, XFRMA_TFCPAD);
}

static inline u16 fake_add_sa(const struct nlmsghdr *h)
{
    struct xfrm_usersa_info is;
    memcpy(&is, mnl_nlmsg_get_payload(h), sizeof is);
    if (!fake_takes_direction(h, &is))
        return EINVAL;
    if (fake_find(&is.id))
        return EEXIST;
    for (u32 i = 0; i < FAKE_MAX; i++)
        if (!fake.sas[i].there) {
            fake.sas[i] = (struct fake_sa){.there = true, .is = is};
            memcpy(fake.sas[i].octets, h, h->nlmsg_len);
            return 0;
        }
    return ENOMEM;
}

static inline struct letter_mark fake_mark(const struct nlmsghdr *h, size_t head)
{
    struct xfrm_mark is = {0, 0};
    const struct nlattr *at;
    mnl_attr_for_each(at, h, head)
    {
        if (mnl_attr_get_type(at) == XFRMA_MARK)
            memcpy(&is, mnl_attr_get_payload(at), sizeof is);
    }
    return (struct letter_mark){is.v, is.m};
}

/* An SA with a mark is found by who names that mark. */
static inline bool fake_has_mark(const struct fake_sa *sa, const struct nlmsghdr *h)
{
    struct letter_mark has = fake_mark((const void *)sa->octets, sizeof(struct xfrm_usersa_info));
    struct letter_mark named = fake_mark(h, sizeof(struct xfrm_usersa_id));
    return (named.value & named.mask & has.mask) == has.value;
}

static inline void fake_hide_keys(struct nlmsghdr *h)
{
    struct nlattr *at;
    mnl_attr_for_each(at, h, sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(at) == XFRMA_ALG_AEAD)
            memset((u8 *)mnl_attr_get_payload(at) + sizeof(struct xfrm_algo_aead), 0,
                   mnl_attr_get_payload_len(at) - sizeof(struct xfrm_algo_aead));
    }
}

static inline u16 fake_by_id(const struct nlmsghdr *h, u16 letter,
                             const struct kernel_reader *reader)
{
    struct xfrm_usersa_id is;
    struct xfrm_id id = {.spi = 0};
    memcpy(&is, mnl_nlmsg_get_payload(h), sizeof is);
    id.daddr = is.daddr;
    id.spi = is.spi;
    id.proto = is.proto;
    struct fake_sa *sa = fake_find(&id);
    if (!sa || !fake_has_mark(sa, h))
        return ESRCH;
    if (h->nlmsg_type == XFRM_MSG_DELSA) {
        sa->there = false;
        return 0;
    }
    static _Alignas(8) u8 said[LETTER_MAX];
    struct nlmsghdr *out = (void *)said;
    memcpy(said, sa->octets, sizeof said);
    struct xfrm_usersa_info info = sa->is;
    info.curlft = sa->carried;
    memcpy(mnl_nlmsg_get_payload(out), &info, sizeof info);
    struct nlattr *at;
    mnl_attr_for_each(at, out, sizeof info)
    {
        if (fake.no_offload && mnl_attr_get_type(at) == XFRMA_OFFLOAD_DEV)
            at->nla_type = XFRMA_PAD;
        else if (mnl_attr_get_type(at) == XFRMA_OFFLOAD_DEV)
            memcpy(mnl_attr_get_payload(at), &fake.device, sizeof fake.device);
    }
    if (fake.no_keys)
        fake_hide_keys(out);
    if (reader)
        reader->row(reader->ctx, letter, out);
    return 0;
}

static inline bool fake_same_place(const struct letter_policy *a, const struct letter_policy *b)
{
    return a->dir == b->dir && a->if_id == b->if_id && a->mark.value == b->mark.value &&
           a->mark.mask == b->mark.mask &&
           memcmp(&a->selector, &b->selector, sizeof a->selector) == 0;
}

static inline u16 fake_change_policy(const struct nlmsghdr *h, bool change)
{
    struct nlmsghdr *copy;
    static _Alignas(8) u8 octets[LETTER_MAX];
    struct letter_policy p;
    memcpy(octets, h, h->nlmsg_len);
    copy = (void *)octets;
    copy->nlmsg_type = XFRM_MSG_NEWPOLICY;
    ensure(policy_read(copy, &p));
    for (int pass = 0; pass < 2; pass++)
        for (u32 i = 0; i < FAKE_MAX; i++) {
            bool same = fake.policy_there[i] && fake_same_place(&fake.policies[i], &p);
            if (pass == 0 && same && !change)
                return EEXIST;
            if (pass == 0 ? same : !fake.policy_there[i]) {
                u32 index = pass == 0 ? fake.policies[i].index : p.index;
                fake.policies[i] = p;
                fake.policies[i].index = index;
                fake.policy_there[i] = true;
                return 0;
            }
        }
    return ENOMEM;
}

static inline u16 fake_delete_policy(const struct nlmsghdr *h)
{
    struct xfrm_userpolicy_id is;
    memcpy(&is, mnl_nlmsg_get_payload(h), sizeof is);
    struct letter_policy named = {
        .dir = is.dir, .selector = is.sel, .mark = fake_mark(h, sizeof is)};
    const struct nlattr *at;
    mnl_attr_for_each(at, h, sizeof is)
    {
        if (mnl_attr_get_type(at) == XFRMA_IF_ID)
            named.if_id = mnl_attr_get_u32(at);
    }
    for (u32 i = 0; i < FAKE_MAX; i++)
        if (fake.policy_there[i] && fake_same_place(&fake.policies[i], &named)) {
            fake.policy_there[i] = false;
            return 0;
        }
    return ENOENT;
}

/* ---- MIGRATE, as net/xfrm has it: SAs and templates are found by their ends, by themselves ----
 */

static inline bool fake_between(const xfrm_address_t *to, const xfrm_address_t *from,
                                const struct xfrm_user_migrate *m)
{
    return memcmp(to, &m->old_daddr, sizeof *to) == 0 &&
           memcmp(from, &m->old_saddr, sizeof *from) == 0;
}

static inline void fake_move_sa(struct fake_sa *sa, const struct xfrm_user_migrate *m,
                                const struct nlattr *encap)
{
    struct nlmsghdr *h = (void *)sa->octets;
    struct nlattr *at, *old = NULL;
    sa->is.saddr = m->new_saddr;
    sa->is.id.daddr = m->new_daddr;
    sa->is.family = m->new_family;
    memcpy(mnl_nlmsg_get_payload(h), &sa->is, sizeof sa->is);
    mnl_attr_for_each(at, h, sizeof sa->is)
    {
        if (mnl_attr_get_type(at) == XFRMA_ENCAP)
            old = at;
        if (mnl_attr_get_type(at) == XFRMA_REPLAY_ESN_VAL && fake.forgets_numbers)
            memset((u8 *)mnl_attr_get_payload(at) + 4, 0, mnl_attr_get_payload_len(at) - 4);
    }
    if (fake.keeps_ports)
        encap = NULL;
    if (encap && old)
        memcpy(mnl_attr_get_payload(old), mnl_attr_get_payload(encap),
               mnl_attr_get_payload_len(encap));
    else if (encap)
        mnl_attr_put(h, XFRMA_ENCAP, mnl_attr_get_payload_len(encap), mnl_attr_get_payload(encap));
    fake.migrated++;
}

static inline struct fake_sa *fake_to_move(const struct xfrm_user_migrate *m)
{
    for (u32 i = FAKE_MAX; i-- > 0;) /* the newest first */
        if (fake.sas[i].there && fake.sas[i].is.mode == m->mode &&
            fake.sas[i].is.id.proto == m->proto && fake.sas[i].is.reqid == m->reqid &&
            fake_between(&fake.sas[i].is.id.daddr, &fake.sas[i].is.saddr, m))
            return &fake.sas[i];
    return NULL;
}

static inline bool fake_move_template(struct letter_policy *p, const struct xfrm_user_migrate *m)
{
    struct letter_template *t = &p->templates[0];
    xfrm_address_t to, from;
    letter_address(&to, &t->to);
    letter_address(&from, &t->from);
    if (p->template_count != 1 || t->mode != m->mode || t->protocol != m->proto ||
        t->reqid != m->reqid || !fake_between(&to, &from, m))
        return false;
    letter_endpoint(&t->to, &m->new_daddr, m->new_family);
    letter_endpoint(&t->from, &m->new_saddr, m->new_family);
    return true;
}

static inline u16 fake_migrate(const struct nlmsghdr *h)
{
    struct xfrm_userpolicy_id is;
    struct xfrm_user_migrate m[2];
    const struct nlattr *at, *encap = NULL;
    struct letter_policy named, *p = NULL;
    size_t count = 0;
    bool any = false;
    memcpy(&is, mnl_nlmsg_get_payload(h), sizeof is);
    named = (struct letter_policy){.dir = is.dir, .selector = is.sel};
    mnl_attr_for_each(at, h, sizeof is)
    {
        if (mnl_attr_get_type(at) == XFRMA_MIGRATE) {
            count = mnl_attr_get_payload_len(at) / sizeof m[0];
            ensure(count <= 2);
            memcpy(m, mnl_attr_get_payload(at), count * sizeof m[0]);
        } else if (mnl_attr_get_type(at) == XFRMA_ENCAP)
            encap = at;
        else if (mnl_attr_get_type(at) == XFRMA_IF_ID)
            named.if_id = mnl_attr_get_u32(at);
    }
    if (fake.no_migrate)
        return ENOPROTOOPT;
    for (u32 i = 0; i < FAKE_MAX && !p; i++)
        if (fake.policy_there[i] && fake_same_place(&fake.policies[i], &named))
            p = &fake.policies[i];
    if (!p)
        return ENOENT;
    for (size_t i = 0; i < count; i++)
        any |= fake_move_template(p, &m[i]);
    for (size_t i = 0; any && i < count; i++) {
        struct fake_sa *sa = fake_to_move(&m[i]);
        if (sa)
            fake_move_sa(sa, &m[i], encap);
    }
    return any ? 0 : ENODATA;
}

static inline void fake_list(const struct nlmsghdr *h, u16 letter,
                             const struct kernel_reader *reader)
{
    static struct batch again;
    for (u32 i = 0; i < FAKE_MAX; i++) {
        if (h->nlmsg_type == XFRM_MSG_GETSA && fake.sas[i].there)
            reader->row(reader->ctx, letter, (void *)fake.sas[i].octets);
        if (h->nlmsg_type != XFRM_MSG_GETPOLICY || !fake.policy_there[i])
            continue;
        batch_clear(&again);
        letter_policy(&again, &fake.policies[i], false);
        reader->row(reader->ctx, letter, (void *)again.octets);
    }
}

static inline u16 fake_do(const struct nlmsghdr *h, u16 letter, const struct kernel_reader *reader)
{
    if (h->nlmsg_type == fake.refuse_type && fake.refuse_error) {
        u16 error = fake.refuse_error;
        fake.refuse_error = 0;
        return error;
    }
    if (h->nlmsg_flags & NLM_F_DUMP) {
        fake_list(h, letter, reader);
        return 0;
    }
    fake.changes += h->nlmsg_type != XFRM_MSG_GETSA;
    switch (h->nlmsg_type) {
    case XFRM_MSG_NEWSA:
        return fake_add_sa(h);
    case XFRM_MSG_DELSA:
    case XFRM_MSG_GETSA:
        return fake_by_id(h, letter, reader);
    case XFRM_MSG_MIGRATE:
        return fake_migrate(h);
    case XFRM_MSG_NEWPOLICY:
        return fake_change_policy(h, false);
    case XFRM_MSG_UPDPOLICY:
        return fake_change_policy(h, true);
    case XFRM_MSG_DELPOLICY:
        return fake_delete_policy(h);
    }
    return EINVAL;
}

bool kernel_open(struct kernel *k, bool events)
{
    *k = (struct kernel){.ask = -1, .events = -1};
    ensure(!events || pipe(fake.event_pipe) == 0);
    k->events = events ? fake.event_pipe[0] : -1;
    return true;
}

void kernel_close(struct kernel *k)
{
    if (k->events >= 0) {
        close(fake.event_pipe[0]);
        close(fake.event_pipe[1]);
    }
    k->events = -1;
}

bool kernel_send(struct kernel *k, struct batch *b, const struct kernel_reader *reader)
{
    bool good = true;
    int left = (int)b->len;
    struct nlmsghdr *h = (void *)b->octets;
    fake.sends += b->count > 0;
    k->letters += b->count;
    for (u16 i = 0; i < b->count; i++, h = mnl_nlmsg_next(h, &left)) {
        ensure(mnl_nlmsg_ok(h, left));
        b->errors[i] = fake_do(h, i, reader);
        good &= b->errors[i] == 0;
        if (b->errors[i] && b->holds[i])
            *b->holds[i] = false;
    }
    return good;
}

/* What a test writes into the pipe: an octet of length in front. */
bool kernel_happening(struct kernel *k, u8 out[KERNEL_EVENT_MAX], size_t *len, bool *lost)
{
    u16 size;
    *lost = false;
    static bool taken;
    if (taken) {
        taken = false;
        return false;
    }
    ensure(read(k->events, &size, sizeof size) == (ssize_t)sizeof size);
    taken = true;
    *lost = size == 0;
    *len = size;
    return size == 0 || read(k->events, out, size) == size;
}

#endif
