/* Keys and their first values. */
#include "marks.h"
#include <stdlib.h>

void marks_free(struct marks *m)
{
    free(m->list);
    *m = (struct marks){0};
}

u64 mix(u64 h, const void *data, size_t len)
{
    const u8 *at = data;
    for (size_t i = 0; i < len; i++)
        h = (h ^ at[i]) * 0x100000001b3u;
    return h ^ (h >> 32);
}

static struct mark *place(struct mark *list, size_t room, u64 key)
{
    size_t i = key & (room - 1);
    while (list[i].key != 0 && list[i].key != key)
        i = (i + 1) & (room - 1);
    return &list[i];
}

static void grow(struct marks *m)
{
    size_t room = m->room ? 2 * m->room : 256;
    struct mark *list = calloc(room, sizeof *list);

    ensure(list != NULL);
    for (size_t i = 0; i < m->room; i++)
        if (m->list[i].key != 0)
            *place(list, room, m->list[i].key) = m->list[i];
    free(m->list);
    m->list = list;
    m->room = room;
}

bool marks_agree(struct marks *m, u64 key, u64 value)
{
    struct mark *mark;

    key += key == 0;
    if (2 * m->count >= m->room)
        grow(m);
    mark = place(m->list, m->room, key);
    if (mark->key == 0) {
        *mark = (struct mark){key, value};
        m->count++;
    }
    return mark->value == value;
}

u64 marks_value(const struct marks *m, u64 key)
{
    key += key == 0;
    return m->room == 0 ? 0 : place(m->list, m->room, key)->value;
}
