/* What tests of whole engines share: pairs with either provider, and the question whether anything
 * was left behind. */
#ifndef UNIT_ENGINE_TOOLS_H
#define UNIT_ENGINE_TOOLS_H

#include "pair.h"
#include "test.h"
#include "wire/codes.h"

static inline struct pair *toy_pair(struct pair_options o)
{
    if (o.algorithms.encr == 0)
        o.algorithms = pair_usual;
    return pair_new(provider_toy_new(1), provider_toy_new(2), &o);
}

static inline void toy_end(struct pair *p)
{
    struct shrike_provider *a = p->side[0].provider, *b = p->side[1].provider;
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(b);
}

static inline struct shrike_stats stats_of(const struct pair *p, unsigned side)
{
    struct shrike_stats s;
    shrike_stats(p->side[side].engine, &s);
    return s;
}

/* Nothing is left on this side but what the engine itself needs. */
static inline bool empty_side(const struct pair *p, unsigned side)
{
    struct shrike_stats s = stats_of(p, side);
    return !s.ike_sas && !s.child_sas && !s.handshakes && !s.packets && !s.works && !s.half_open &&
           !s.bytes_live && !p->side[side].child_count;
}

static inline bool empty(const struct pair *p)
{
    return empty_side(p, 0) && empty_side(p, 1);
}

#endif
