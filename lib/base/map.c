/* Open addressing: see map.h. */
#include "base/map.h"

bool map_init(struct map *m, struct page_source *source, u32 count_max)
{
    *m = (struct map){.source = source, .count_max = count_max};
    if (count_max > MAP_COUNT_MAX)
        return false;
    u64 slots = 4;
    while (slots * 3 / 4 < count_max)
        slots *= 2;
    m->mask = (u32)(slots - 1);
    m->bytes = slots * sizeof(struct map_slot);
    m->slots = page_take(source, m->bytes);
    return m->slots != NULL;
}

void map_free(struct map *m)
{
    if (m->slots) {
        memset(m->slots, 0, m->bytes);
        page_give(m->source, m->slots, m->bytes);
    }
    m->slots = NULL;
}

/* Where a key would stand. The first octet of our SPIs names the shard; these low ones are random.
 */
static u32 home(const struct map *m, u64 key)
{
    return (u32)key & m->mask;
}

bool map_put(struct map *m, u64 key, u32 value)
{
    ensure(key != 0 && value != MAP_NONE);
    if (m->count == m->count_max)
        return false;
    u32 at = home(m, key);
    while (m->slots[at].key != 0)
        at = (at + 1) & m->mask;
    m->slots[at] = (struct map_slot){.key = key, .value = value};
    m->count++;
    return true;
}

u32 map_get(const struct map *m, u64 key)
{
    u32 cursor = 0;
    return map_next(m, key, &cursor);
}

u32 map_next(const struct map *m, u64 key, u32 *cursor)
{
    u32 start = home(m, key);
    for (u32 i = *cursor; i <= m->mask; i++) {
        const struct map_slot *slot = &m->slots[(start + i) & m->mask];
        if (slot->key == 0)
            break;
        if (slot->key == key) {
            *cursor = i + 1;
            return slot->value;
        }
    }
    return MAP_NONE;
}

/* Close the gap at `hole`: move back what stands behind it, until a free slot. */
static void shift_back(struct map *m, u32 hole)
{
    u32 at = hole;
    for (;;) {
        m->slots[hole] = (struct map_slot){0};
        do {
            at = (at + 1) & m->mask;
            if (m->slots[at].key == 0)
                return;
            /* It may move only to a slot that is not before its home. */
        } while (((at - home(m, m->slots[at].key)) & m->mask) < ((at - hole) & m->mask));
        m->slots[hole] = m->slots[at];
        hole = at;
    }
}

void map_remove(struct map *m, u64 key, u32 value)
{
    if (key == 0)
        return;
    u32 at = home(m, key);
    while (m->slots[at].key != 0 && (m->slots[at].key != key || m->slots[at].value != value))
        at = (at + 1) & m->mask;
    if (m->slots[at].key == 0)
        return;
    m->count--;
    if (fault(3))
        m->slots[at] = (struct map_slot){0};
    else
        shift_back(m, at);
}
