/* What accounting tells (RFC 2866): the attributes of its requests. */
#ifndef RADIUS_ACCOUNTING_H
#define RADIUS_ACCOUNTING_H

#include "radius/sessions.h"

#define RADIUS_ACCOUNTING_MAX 4000 /* octets */

struct radius_record {
    u8 status;       /* enum radius_status */
    u8 cause;        /* STOP: enum radius_cause */
    u32 time_of_day; /* seconds since 1970 */
    shrike_time now; /* for the length of the session */
    bool without_class;
    struct radius_usage usage; /* not of START */
};

/* Into the writer, for radius_client_ask(). */
void radius_accounting_put(struct writer *w, const struct radius_session *s,
                           const struct radius_record *r);

#endif
