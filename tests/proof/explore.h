/* A walk through a tree of choices: the same run is made again and again, each time with the next
 * sequence of choices, until there is none; or, where there are too many, with some that are
 * drawn. */
#ifndef PROOF_EXPLORE_H
#define PROOF_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_DEPTH 96

struct explore {
    unsigned char choice[EXPLORE_DEPTH], options[EXPLORE_DEPTH];
    unsigned depth; /* of the present run so far */
    unsigned known; /* choices that are given from the run before */
    uint64_t dice;  /* not 0: all others are drawn */
};

/* One of n options, 0 to n - 1. */
unsigned explore_pick(struct explore *x, unsigned n);
/* The run is over: is there another? */
bool explore_next(struct explore *x);
/* The run is one that is drawn, with this number. */
void explore_draw(struct explore *x, unsigned number);
/* The choices of the present run, as text that explore_replay() takes. */
void explore_print(const struct explore *x, char *out, size_t size);
void explore_replay(struct explore *x, const char *text);

#endif
