/* What the Child SAs of each reqid have carried, those that are gone too: sums that never fall.
 * They begin with the first question, so that they cost nothing where nobody asks. */
#ifndef ESP_LEDGER_H
#define ESP_LEDGER_H

#include "esp/pair.h"
#include "plane/sums.h"
#include "proc/seat.h"

#define LEDGER_STEP 16 /* buckets of pairs that are looked at in one turn */

struct ledger {
    struct seat *seat;
    const struct pairs *pairs;
    struct sums sums;
    u32 reference; /* of the question that is being answered */
    u32 bucket;    /* that is looked at next */
    struct alarm alarm;
};

void ledger_open(struct ledger *t, struct seat *seat, const struct pairs *pairs);
void ledger_close(struct ledger *t);
/* Answer this question, in this and later turns; one before it is given up. */
void ledger_ask(struct ledger *t, u32 reference);
/* This one is about to go. */
void ledger_gone(struct ledger *t, struct pair *pair);

#endif
