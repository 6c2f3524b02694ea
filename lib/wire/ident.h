/* Identities (RFC 7296 3.5) against those of the configuration, which may stand for many. */
#ifndef WIRE_IDENT_H
#define WIRE_IDENT_H

#include "base/cursor.h"

/* Types that only a configuration has: from the first address to the last one, both included. IKEv1
 * used these numbers; IKEv2 keeps them free. */
enum { ID_IPV4_RANGE = 7, ID_IPV6_RANGE = 8 };
/* Likewise: the type of identity that is meant, then a regular expression (wire/expression.h) for
 * its text; of a distinguished name that is what print_ident() makes of it. */
enum { ID_EXPRESSION = 6 };

/* How well an identity fits a configured one: 0 not at all, 1 any, more for each octet of a
 * wildcard ("*.example.org", "*@example.org"), for each bit that a range of addresses leaves open
 * less, and for each "*" in a distinguished name less; most for the identity itself. A regular
 * expression is just better than any. */
unsigned id_score(const struct shrike_id *pattern, const struct shrike_id *id);
bool id_matches(const struct shrike_id *pattern, const struct shrike_id *id);
/* Does a configured identity stand for more than one? */
bool id_is_pattern(const struct shrike_id *id);

/* An expression: can it be used? */
bool id_is_sound(const struct shrike_id *expression);

#endif
