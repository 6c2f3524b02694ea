/* Packets to runs. */
#include "esp/batch.h"
#include <stdlib.h>

bool batch_open(struct batch *b)
{
    memset(b, 0, sizeof(*b));
    b->octets = malloc(BATCH_SIZE);
    return b->octets != NULL;
}

void batch_close(struct batch *b)
{
    free(b->octets);
    b->octets = NULL;
}

u8 *batch_room(struct batch *b, size_t *size)
{
    *size = BATCH_SIZE - b->used;
    return b->octets + b->used;
}

/* May it go with this run? One that is shorter than the others must have been the last. */
static bool joins(const struct run *r, const struct run *packet, u16 segments_max)
{
    return r->sa == packet->sa && r->tos == packet->tos &&
           r->dont_fragment == packet->dont_fragment && r->count < segments_max &&
           r->len == (u32)r->count * r->size && packet->len <= r->size &&
           r->len + packet->len <= UDP_SEND_MAX;
}

bool batch_add(struct batch *b, const struct run *packet, u16 segments_max)
{
    struct run *last = b->count > 0 ? &b->runs[b->count - 1] : NULL;
    if (last && joins(last, packet, segments_max)) {
        last->len += packet->len;
        last->count++;
    } else if (b->count < UDP_RUNS_MAX) {
        last = &b->runs[b->count++];
        *last = *packet;
        last->at = b->octets + b->used;
        last->size = (u16)packet->len;
        last->count = 1;
    } else {
        return false;
    }
    b->used += packet->len;
    return true;
}

void batch_gone(struct batch *b, size_t count)
{
    memmove(b->runs, b->runs + count, (b->count - count) * sizeof(b->runs[0]));
    b->count = (u16)(b->count - count);
    if (b->count == 0)
        b->used = 0;
}

/* What is gone stood in front. */
static size_t gone_octets(const struct batch *b)
{
    return b->count == 0 ? b->used : (size_t)(b->runs[0].at - b->octets);
}

size_t batch_waiting(const struct batch *b)
{
    return b->used - gone_octets(b);
}

void batch_close_up(struct batch *b)
{
    size_t gone = gone_octets(b);
    b->used -= gone;
    memmove(b->octets, b->octets + gone, b->used);
    for (u16 i = 0; i < b->count; i++)
        b->runs[i].at -= gone;
}
