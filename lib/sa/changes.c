/* Which SAs have changed: see changes.h. */
#include "sa/changes.h"

bool changes_init(struct changes *c, struct page_source *source, u32 places_max)
{
    *c = (struct changes){.source = source, .places_max = places_max, .sweep = places_max};
    c->bytes = (size_t)places_max * (sizeof(u32) + sizeof(u8));
    c->places = page_take(source, c->bytes);
    c->listed = c->places ? (u8 *)(c->places + places_max) : NULL;
    return c->places != NULL;
}

void changes_free(struct changes *c)
{
    if (c->places) {
        memset(c->places, 0, c->bytes);
        page_give(c->source, c->places, c->bytes);
    }
    c->places = NULL;
}

void changes_note(struct changes *c, u32 place)
{
    if (!c->places || c->listed[place])
        return; /* without places: the pool is being taken down */
    c->listed[place] = 1;
    c->places[c->count++] = place;
}

void changes_note_all(struct changes *c)
{
    c->sweep = 0;
}

bool changes_next(struct changes *c, u32 cut, u32 *place)
{
    if (c->count > 0) {
        *place = c->places[--c->count];
        c->listed[*place] = 0;
        return true;
    }
    if (c->sweep >= cut)
        c->sweep = c->places_max;
    if (c->sweep == c->places_max)
        return false;
    *place = c->sweep++;
    return true;
}
