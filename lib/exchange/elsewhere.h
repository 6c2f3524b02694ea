/* A peer with several addresses: when one of them does not answer IKE_SA_INIT, the next is asked.
 */
#ifndef EXCHANGE_ELSEWHERE_H
#define EXCHANGE_ELSEWHERE_H

#include "sa/shard.h"

/* The request in this slot has waited in vain. true: it is made anew, for another address of the
 * configuration, under another SPI. All of them together get the time that one alone would get, in
 * turns: two sends to each, then three, and so on. */
bool elsewhere_try(struct shard *s, struct ike_sa *sa, struct slot *slot) must_use;

#endif
