/* Prefixes of our own side within what is routed into a tunnel: see bypass.h. */
#include "parent/bypass.h"

static struct bypass_pair *find(struct bypass *b, const struct prefix *own,
                                const struct prefix *within)
{
    for (u32 i = 0; i < b->count; i++)
        if (memcmp(&b->pairs[i].own, own, sizeof *own) == 0 &&
            memcmp(&b->pairs[i].within, within, sizeof *within) == 0)
            return &b->pairs[i];
    return NULL;
}

bool bypass_add(struct bypass *b, const struct prefix *own, const struct prefix *within)
{
    struct bypass_pair *p = find(b, own, within);
    if (!p && b->count == BYPASS_MAX)
        return false;
    if (!p) {
        p = &b->pairs[b->count++];
        *p = (struct bypass_pair){.own = *own, .within = *within};
    }
    p->asked++;
    p->orphan = false;
    return true;
}

void bypass_adopt(struct bypass *b, const struct prefix *own, const struct prefix *within)
{
    if (b->count < BYPASS_MAX && !find(b, own, within))
        b->pairs[b->count++] =
            (struct bypass_pair){.own = *own, .within = *within, .orphan = true, .thrown = true};
}

void bypass_undo(struct bypass *b, const struct prefix *own, const struct prefix *within)
{
    struct bypass_pair *p = find(b, own, within);
    if (p && p->asked > 0)
        p->asked--;
}

void bypass_orphan(struct bypass *b)
{
    for (u32 i = 0; i < b->count; i++) {
        b->pairs[i].asked = 0;
        b->pairs[i].orphan = true;
    }
}

void bypass_sweep(struct bypass *b)
{
    for (u32 i = 0; i < b->count; i++)
        b->pairs[i].orphan = false;
}

bool bypass_wanted(const struct bypass_pair *p)
{
    return p->asked > 0 || p->orphan;
}

void bypass_clean(struct bypass *b)
{
    for (u32 i = 0; i < b->count;) {
        if (bypass_wanted(&b->pairs[i]))
            i++;
        else
            b->pairs[i] = b->pairs[--b->count];
    }
}
