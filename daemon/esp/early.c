/* ESP ahead of its SA: see early.h. */
#include "esp/early.h"

void early_keep(struct early *e, const struct arrival *a, u32 spi, shrike_time now)
{
    struct early_one *one = &e->all[e->next];
    if (a->len > EARLY_SIZE || a->size < a->len) /* or several in one */
        return;
    e->next = (e->next + 1) % EARLY_MAX;
    one->spi = spi;
    one->came = now;
    one->arrival = *a;
    one->arrival.at = one->octets;
    memcpy(one->octets, a->at, a->len);
}

bool early_take(struct early *e, u32 spi, shrike_time now, struct arrival *out)
{
    for (u32 i = 0; i < EARLY_MAX; i++) {
        struct early_one *one = &e->all[(e->next + i) % EARLY_MAX];
        if (one->spi != spi || one->spi == 0)
            continue;
        one->spi = 0;
        if (now - one->came > EARLY_TIME)
            continue;
        *out = one->arrival;
        return true;
    }
    return false;
}
