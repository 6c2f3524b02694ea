/* A shard with the toy provider on pages that are counted, for the tests of lib/sa. */
#ifndef UNIT_SA_TOOLS_H
#define UNIT_SA_TOOLS_H

#include "../test.h"
#include "sa/child.h"
#include "sa/protect.h"
#include "sa/shard.h"
#include "sa/trace.h"

static u64 pages_out; /* octets taken and not given back */

static void *test_take(void *ctx, size_t size)
{
    (void)ctx;
    void *page = aligned_alloc(64, size);
    if (page) {
        memset(page, 0, size);
        pages_out += size;
    }
    return page;
}

static void test_give(void *ctx, void *page, size_t size)
{
    (void)ctx;
    pages_out -= size;
    free(page);
}

static const struct shrike_pages test_pages = {test_take, test_give, NULL};
static struct shard shard;
static struct shrike_provider *toy;

static inline struct shrike_env test_env(void)
{
    toy = provider_toy_new(7);
    return (struct shrike_env){.provider = toy,
                               .pages = test_pages,
                               .limits = {.ike_sas = 8, .half_open = 4, .child_sas = 16},
                               .seed = {1},
                               .incarnation = 3,
                               .shards = 1};
}

static inline bool shard_begin(void)
{
    struct shrike_env env = test_env();
    memset(&shard, 0, sizeof(shard));
    return shard_init(&shard, &env, SHRIKE_SECOND);
}

/* Give everything back; was all of it given? */
static inline bool shard_end(void)
{
    shard_free(&shard);
    provider_toy_free(toy);
    return pages_out == 0;
}

static inline unsigned count_actions(struct ring *r, enum shrike_action_kind kind)
{
    struct shrike_action a;
    unsigned n = 0;
    while (ring_next(r, &a))
        n += a.kind == kind;
    return n;
}

#endif
