/* Choices, depth first or drawn. */
#include "explore.h"
#include <stdlib.h>

/* splitmix64 */
static unsigned char draw(struct explore *x, unsigned n)
{
    uint64_t z = x->dice += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (unsigned char)((z ^ z >> 31) % n);
}

unsigned explore_pick(struct explore *x, unsigned n)
{
    if (x->depth == EXPLORE_DEPTH || n > 36)
        abort();
    unsigned at = x->depth++;
    if (at >= x->known)
        x->choice[at] = x->dice ? draw(x, n) : 0;
    x->options[at] = (unsigned char)n;
    return x->choice[at];
}

bool explore_next(struct explore *x)
{
    for (; x->depth > 0; x->depth--) {
        unsigned last = x->depth - 1;
        if (x->choice[last] + 1u < x->options[last]) {
            x->choice[last]++;
            x->known = x->depth;
            x->depth = 0;
            return true;
        }
    }
    return false;
}

void explore_draw(struct explore *x, unsigned number)
{
    *x = (struct explore){.dice = 1 + (uint64_t)number};
}

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

void explore_print(const struct explore *x, char *out, size_t size)
{
    unsigned n = 0;
    for (; n < x->depth && n + 1 < size; n++)
        out[n] = digits[x->choice[n]];
    out[n] = '\0';
}

void explore_replay(struct explore *x, const char *text)
{
    *x = (struct explore){0};
    for (; text[x->known] && x->known < EXPLORE_DEPTH; x->known++) {
        for (unsigned char d = 0; digits[d]; d++)
            if (digits[d] == text[x->known])
                x->choice[x->known] = d;
    }
}
