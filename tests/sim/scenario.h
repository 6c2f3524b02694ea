/* The scenarios by name. Each gets a network with defaults, changes its setup, builds it and plays.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "net.h"

struct scenario {
    const char *name;
    void (*play)(struct net *n);
    bool long_run; /* left out of the run of all named ones with many seeds */
};

const struct scenario *scenario_find(const char *name); /* NULL: none */
const struct scenario *scenario_at(unsigned i);         /* NULL: no more */

/* Steps that many share. */
/* A asks its connection up; everything must be there in a minute. */
void scenario_up(struct net *n);
/* Ask up again and again until both sides agree and all of A's children are there. */
void scenario_settle(struct net *n, shrike_time within);
/* All of A's children are installed. */
bool scenario_children_up(struct net *n);

#endif
