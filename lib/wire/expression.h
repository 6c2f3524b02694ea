/* Extended regular expressions (POSIX, XBD 9.4) that stand for identities. Matching takes time in
 * proportion to the lengths of both and no memory but the stack, whatever a peer calls itself:
 * all ways through the expression are gone at once, never one after the other. */
#ifndef WIRE_EXPRESSION_H
#define WIRE_EXPRESSION_H

#include "base/bytes.h"

#define EXPRESSION_CODE_MAX 1024 /* steps that an expression may come to; {n} repeats them */

/* Can it be used? It begins with ^ and ends with $, which stand nowhere else. It has . [] () | * +
 * ?
 * {} and what is escaped by a backslash, but neither back-references nor collating elements, and
 * [:classes:] of ASCII. */
bool expression_is_sound(struct bytes expression);
/* Does it fit the whole text? Without regard to the case of ASCII letters. */
bool expression_fits(struct bytes expression, struct bytes text);

#endif
