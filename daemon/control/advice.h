/* What may be behind a failure that only the other side can explain, and the change that would mend
 * one that was decided here. */
#ifndef CONTROL_ADVICE_H
#define CONTROL_ADVICE_H

#include "base/text.h"
#include "control/compare.h"

struct advice_cause {
    const char *name, *text; /* static */
};

/* The next cause that fits, the likeliest first. conn: whose failure it is, NULL: not known. *at
 * begins at 0. false: there is none any more. */
bool advice_next(const struct shrike_event *e, const struct shrike_conn *conn, unsigned *at,
                 struct advice_cause *out) must_use;
/* What would be written where, as far as it follows from both sides; nothing when it does not, or
 * when the peer decided. */
void advice_change(struct text *t, const struct shrike_event *e, const struct shrike_conn *conn,
                   const struct shrike_child_conf *child, const struct compare *both);

/* NO_CONNECTION: of a connection that lacks one of both addresses, when there is only one such. */
void advice_address(struct text *t, const struct shrike_event *e, const struct shrike_conf *conf);

#endif
