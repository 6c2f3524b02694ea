/* Datagrams as they were on the wire: see capture.h. */
#include "net/capture.h"
#include "base/ct.h"
#include "ops/ladder.h"
#include <stdlib.h>
#include <time.h>

enum { MARKER = 4, SPI = 8 };

struct capture *capture_new(void)
{
    return calloc(1, sizeof(struct capture));
}

void capture_free(struct capture *c)
{
    if (c)
        wipe(c, sizeof *c);
    free(c);
}

struct captured *capture_at(struct capture *c, u32 i)
{
    return i < c->count ? &c->all[(c->first + i) % CAPTURE_MAX] : NULL;
}

struct bytes capture_data(const struct capture *c, const struct captured *d)
{
    return bytes_of(c->octets + d->at, d->len);
}

static void drop_first(struct capture *c)
{
    const struct captured *d = &c->all[c->first];
    for (u32 i = 0; i < CAPTURE_EYES; i++)
        c->lost[i] += (d->meant & ~d->told) >> i & 1;
    c->first = (c->first + 1) % CAPTURE_MAX;
    c->count--;
}

/* Where so many octets may stand in one piece, without what stood there. */
static u32 room_for(struct capture *c, u32 len)
{
    const struct captured *last = c->count ? capture_at(c, c->count - 1) : NULL;
    u32 at = last ? last->at + last->len : 0;
    if (at + len > CAPTURE_OCTETS) { /* what stands behind this place is older than at the front */
        while (c->count && c->all[c->first].at >= at)
            drop_first(c);
        at = 0;
    }
    while (c->count && c->all[c->first].at >= at && c->all[c->first].at < at + len)
        drop_first(c);
    return at;
}

static u64 spi_at(struct bytes data, size_t at)
{
    u64 spi = 0;
    for (size_t i = 0; i < SPI && at + SPI <= data.len; i++)
        spi = spi << 8 | data.at[at + i];
    return spi;
}

void capture_add(struct capture *c, const struct captured *d, struct bytes data)
{
    const size_t header = d->marker ? MARKER : 0;
    struct timespec t;
    if (data.len < MARKER || data.len > LADDER_DATAGRAM_MAX)
        return;
    if (c->count == CAPTURE_MAX)
        drop_first(c);
    u32 at = room_for(c, (u32)data.len);
    struct captured *new = &c->all[(c->first + c->count++) % CAPTURE_MAX];
    *new = *d;
    clock_gettime(CLOCK_BOOTTIME, &t); /* a turn may take long */
    new->when = (shrike_time)t.tv_sec *SHRIKE_SECOND + (shrike_time)t.tv_nsec / 1000;
    new->spi_i = spi_at(data, header);
    new->spi_r = spi_at(data, header + SPI);
    new->at = at;
    new->len = (u32)data.len;
    new->meant = new->told = 0;
    memcpy(c->octets + at, data.at, data.len);
    c->changed = true;
}
