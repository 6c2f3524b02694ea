/* Open addressing from u64 keys to u32 values: linear probing, back-shift delete, a power of two of
 * slots fixed at start, never more than 3/4 full. The key is used as its own hash: give it SPIs
 * that we drew at random, or the SipHash of what a stranger chose. Key 0 is not allowed. Several
 * entries may have one key; map_next() walks them. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slab.h"

#define MAP_NONE      UINT32_MAX
#define MAP_COUNT_MAX (1u << 30)

struct map_slot {
    u64 key;
    u32 value;
    u32 unused;
};

struct map {
    struct map_slot *slots;
    size_t bytes;
    u32 mask, count, count_max;
    struct page_source *source;
};

/* false: no memory, or more than MAP_COUNT_MAX. */
bool map_init(struct map *m, struct page_source *source, u32 count_max) must_use;
void map_free(struct map *m);
/* Any value but MAP_NONE. false: full. */
bool map_put(struct map *m, u64 key, u32 value) must_use;
u32 map_get(const struct map *m, u64 key); /* first value, or MAP_NONE */
/* Walk all values of a key: start with *cursor = 0; MAP_NONE ends. Nothing may change meanwhile. */
u32 map_next(const struct map *m, u64 key, u32 *cursor);
void map_remove(struct map *m, u64 key, u32 value); /* nothing when it is not there */

#endif
