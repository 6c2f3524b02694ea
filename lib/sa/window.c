/* Message IDs: see window.h. */
#include "sa/window.h"
#include <assert.h>

static_assert(WINDOW_MAX <= 8, "window.early has a bit for each request but the first");

void window_init(struct window *w)
{
    *w = (struct window){.allowed = 1, .kept = 1};
}

enum window_verdict window_request(const struct window *w, u32 id)
{
    if (fault(21) && id < w->theirs)
        return WINDOW_NEW;
    if (id == UINT32_MAX) /* RFC 7296 2.2: after it they would begin anew */
        return WINDOW_STALE;
    if (id < w->theirs)
        return w->theirs - id <= w->kept ? WINDOW_SEEN : WINDOW_STALE;
    u32 ahead = id - w->theirs;
    if (ahead >= w->kept)
        return WINDOW_STALE;
    return ahead && w->early >> (ahead - 1) & 1 ? WINDOW_SEEN : WINDOW_NEW;
}

void window_accept(struct window *w, u32 id)
{
    u32 ahead = id - w->theirs;
    if (ahead) {
        w->early |= (u8)(1u << (ahead - 1));
        return;
    }
    bool next_too;
    do {
        next_too = w->early & 1;
        w->theirs++;
        w->early >>= 1;
    } while (next_too);
}

void window_forget(struct window *w, u32 id)
{
    if (w->synced && id < w->synced - 1)
        return; /* the peer does not ask it any more */
    if (id > w->theirs) {
        w->early &= (u8) ~(1u << (id - w->theirs - 1));
    } else if (id < w->theirs) {
        u32 back = w->theirs - id; /* the IDs after this one have come, but for theirs itself */
        w->early = (u8)(w->early << back | ((1u << (back - 1)) - 1));
        w->theirs = id;
    }
}

u32 window_top(const struct window *w)
{
    u32 top = w->theirs;
    for (unsigned n = 0; n < WINDOW_MAX; n++) {
        if (w->early >> n & 1)
            top = w->theirs + n + 2;
    }
    return top;
}

bool window_sync(struct window *w, u32 theirs, u32 ours)
{
    struct window next = *w;
    if (theirs < window_top(w) || (theirs < w->synced && !fault(99)))
        return false;
    next.theirs = theirs;
    next.early = 0;
    next.ours = MAX(w->ours, ours);
    next.synced = theirs + 1;
    if (window_spent(&next))
        return false;
    *w = next;
    return true;
}

bool window_reaches(const struct window *w, u32 waiting)
{
    return w->ours - waiting < w->allowed || fault(90);
}

bool window_spent(const struct window *w)
{
    return w->ours >= UINT32_MAX - WINDOW_MAX || w->theirs >= UINT32_MAX - WINDOW_MAX;
}
