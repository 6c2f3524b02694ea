/* The anti-replay window: one bit for each of the latest numbers, at the number modulo the ring. */
#include "esp/replay.h"

#define WORD_BITS 64

static u32 window_of(u32 window)
{
    return MIN(MAX(window, REPLAY_MIN), REPLAY_MAX);
}

static u32 ring_of(u32 window)
{
    u32 ring = WORD_BITS;
    while (ring < window)
        ring *= 2;
    return ring;
}

size_t replay_size(u32 window)
{
    return offsetof(struct replay, ring) + ring_of(window_of(window)) / 8;
}

void replay_init(struct replay *r, u32 window, bool esn)
{
    memset(r, 0, replay_size(window));
    r->window = window_of(window);
    r->mask = ring_of(r->window) - 1;
    r->esn = esn;
}

u64 replay_whole(const struct replay *r, u32 low)
{
    if (!r->esn)
        return low;
    /* RFC 4303 A2.1: of the numbers with this low half, the one in the 2^32 from the window's left
     * edge on. Before the first 2^32 the edge may lie below 0, and wraps; so does what is there. */
    u64 left = r->top - r->window + 1;
    u64 seq = left + (u32)(low - (u32)left);
    bool below_zero = r->top < r->window - 1 && seq >= left;
    bool past_end = r->top >= r->window - 1 && seq < left;
    return below_zero || past_end ? 0 : seq;
}

static u64 *word_of(struct replay *r, u64 seq)
{
    return &r->ring[(seq & r->mask) / WORD_BITS];
}

static u64 bit_of(u64 seq)
{
    return (u64)1 << seq % WORD_BITS;
}

enum replay_verdict replay_look(const struct replay *r, u64 seq)
{
    if (seq == 0)
        return REPLAY_LATE;
    if (seq > r->top)
        return REPLAY_FRESH;
    if (r->top - seq >= r->window)
        return REPLAY_LATE;
    return r->ring[(seq & r->mask) / WORD_BITS] & bit_of(seq) ? REPLAY_SEEN : REPLAY_FRESH;
}

/* Forget what stood in the ring where the numbers behind top up to seq go. */
static void clear_up_to(struct replay *r, u64 seq)
{
    if (seq - r->top > r->mask) {
        memset(r->ring, 0, (r->mask + 1) / 8);
        return;
    }
    for (u64 at = r->top + 1; at != seq + 1;) {
        if (at % WORD_BITS == 0 && seq - at >= WORD_BITS - 1) {
            *word_of(r, at) = 0;
            at += WORD_BITS;
        } else {
            *word_of(r, at) &= ~bit_of(at);
            at++;
        }
    }
}

void replay_note(struct replay *r, u64 seq)
{
    if (seq > r->top) {
        clear_up_to(r, seq);
        r->top = seq;
    }
    *word_of(r, seq) |= bit_of(seq);
}
