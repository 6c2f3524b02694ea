/* The policies that this program has in the kernel: see policy.h. */
#include "xfrm/policy.h"
#include <stdlib.h>

struct policy {
    struct list link; /* of its bucket */
    struct list claims;
    struct letter_policy has; /* what the kernel has, if it has it */
    bool there;
};

/* What one policy differs from others by, besides its direction. */
static bool same_place(const struct letter_policy *a, const struct letter_policy *b)
{
    return a->dir == b->dir && a->if_id == b->if_id && a->mark.value == b->mark.value &&
           a->mark.mask == b->mark.mask &&
           memcmp(&a->selector, &b->selector, sizeof a->selector) == 0;
}

static bool same_template(const struct letter_template *a, const struct letter_template *b)
{
    return a->protocol == b->protocol && a->mode == b->mode && a->reqid == b->reqid &&
           a->optional == b->optional && memcmp(&a->from, &b->from, sizeof a->from) == 0 &&
           memcmp(&a->to, &b->to, sizeof a->to) == 0;
}

/* Besides its place and index. */
static bool same_content(const struct letter_policy *a, const struct letter_policy *b)
{
    if (a->block != b->block || a->device != b->device || a->priority != b->priority ||
        a->template_count != b->template_count)
        return false;
    for (u8 i = 0; i < a->template_count; i++)
        if (!same_template(&a->templates[i], &b->templates[i]))
            return false;
    return true;
}

/* FNV-1a: what the configuration allows, so that nobody can choose them to collide. */
static struct list *bucket_of(struct spd *p, const struct letter_policy *is)
{
    const u8 *at = (const u8 *)&is->selector;
    u32 hash = 2166136261u ^ is->dir;
    for (size_t i = 0; i < sizeof is->selector; i++)
        hash = (hash ^ at[i]) * 16777619u;
    hash = (hash ^ is->mark.value ^ is->if_id) * 16777619u;
    return &p->buckets[hash % POLICY_BUCKETS];
}

static struct policy *find(struct spd *p, const struct letter_policy *is)
{
    struct list *bucket = bucket_of(p, is);
    for (struct list *l = bucket->next; l != bucket; l = l->next) {
        struct policy *policy = list_item(l, struct policy, link);
        if (same_place(&policy->has, is))
            return policy;
    }
    return NULL;
}

static struct policy *find_or_add(struct spd *p, const struct letter_policy *is)
{
    struct policy *policy = find(p, is);
    if (policy)
        return policy;
    policy = calloc(1, sizeof *policy);
    if (!policy)
        return NULL;
    policy->has = *is;
    list_init(&policy->claims);
    list_append(bucket_of(p, is), &policy->link);
    p->count++;
    return policy;
}

static void forget(struct spd *p, struct policy *policy)
{
    list_remove(&policy->link);
    free(policy);
    p->count--;
}

void spd_open(struct spd *p)
{
    for (u32 i = 0; i < POLICY_BUCKETS; i++)
        list_init(&p->buckets[i]);
    p->count = p->next = 0;
}

void spd_close(struct spd *p)
{
    for (u32 i = 0; i < POLICY_BUCKETS; i++)
        while (!list_empty(&p->buckets[i])) {
            struct policy *policy = list_item(p->buckets[i].next, struct policy, link);
            while (!list_empty(&policy->claims))
                list_remove(policy->claims.next);
            forget(p, policy);
        }
}

/* The later one, where both are equal. */
static bool comes_first(const struct letter_policy *later, const struct letter_policy *best)
{
    if (later->priority != best->priority && !fault(213))
        return later->priority < best->priority;
    return !later->spare || best->spare;
}

static const struct claim *first_claim(const struct policy *policy)
{
    const struct claim *best = NULL;
    for (const struct list *l = policy->claims.next; l != &policy->claims; l = l->next) {
        const struct claim *c = list_item(l, struct claim, link);
        if (!best || comes_first(&c->wanted, &best->wanted))
            best = c;
    }
    return best;
}

/* The direction stands in the lowest bits (the kernel wants it so). */
static u32 new_index(struct spd *p, u8 dir)
{
    u32 room = (UINT32_MAX - POLICY_INDEX_FIRST) / 8;
    return POLICY_INDEX_FIRST + (p->next++ % room) * 8 + dir;
}

bool policy_is_ours(u32 index)
{
    return index >= POLICY_INDEX_FIRST;
}

/* Nobody is to be told of it any more. */
static void unname(struct batch *b, const struct policy *policy)
{
    for (u16 i = 0; i < b->count; i++)
        if (b->holds[i] == &policy->there)
            b->holds[i] = NULL;
}

/* Have the kernel do what the first claim wants. */
static void settle(struct spd *p, struct policy *policy, struct batch *b)
{
    const struct claim *c = first_claim(policy);
    if (!c) {
        if (policy->there && !fault(214))
            letter_policy_delete(b, &policy->has);
        unname(b, policy);
        forget(p, policy);
        return;
    }
    if (policy->there && same_content(&policy->has, &c->wanted))
        return;
    u32 index = policy->there ? policy->has.index : new_index(p, policy->has.dir);
    policy->has = c->wanted;
    policy->has.index = index;
    letter_policy(b, &policy->has, policy->there);
    policy->there = true;
    b->holds[b->count - 1] = &policy->there;
}

bool spd_claim(struct spd *p, struct claim *c, const struct letter_policy *wanted, struct batch *b)
{
    if (c->policy)
        list_remove(&c->link);
    else
        c->policy = find_or_add(p, wanted);
    if (!c->policy)
        return false;
    c->wanted = *wanted;
    list_append(&c->policy->claims, &c->link);
    settle(p, c->policy, b);
    return true;
}

void spd_renew(const struct claim *c, struct batch *b)
{
    if (c->policy && c->policy->there)
        letter_policy(b, &c->policy->has, true);
}

void spd_release(struct spd *p, struct claim *c, struct batch *b)
{
    struct policy *policy = c->policy;
    if (!policy)
        return;
    list_remove(&c->link);
    c->policy = NULL;
    settle(p, policy, b);
}

bool spd_restore(struct spd *p, struct claim *c, const struct letter_policy *wanted)
{
    struct policy *policy = find_or_add(p, wanted);
    if (!policy)
        return false;
    c->policy = policy;
    c->wanted = *wanted;
    list_append(&policy->claims, &c->link);
    return true;
}

bool spd_seen(struct spd *p, const struct letter_policy *is)
{
    struct policy *policy = find(p, is);
    if (!policy)
        return false;
    policy->has = *is;
    policy->there = true;
    p->next = MAX(p->next, (is->index - POLICY_INDEX_FIRST) / 8 + 1);
    return true;
}

bool spd_adopt(struct spd *p, struct claim *c, const struct letter_policy *is)
{
    return spd_restore(p, c, is) && spd_seen(p, is);
}
