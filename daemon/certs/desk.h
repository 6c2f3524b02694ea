/* What the process that trusts does all day: it takes trust, and answers checks. Without channels.
 */
#ifndef CERTS_DESK_H
#define CERTS_DESK_H

#include "certs/intake.h"
#include "shrike/action.h"

struct desk {
    struct certificates *cache;
    struct trust *trust; /* nobody, until there is another */
    struct intake intake;
    u64 serial;
    bool takes; /* an intake has begun */
    u64 checked, refused;
};

bool desk_open(struct desk *d) must_use; /* false: no memory */
void desk_close(struct desk *d);

/* Trust anew, out of the memory file that control has sent: begin, then step while there are
 * records, whose faults are for the log, then end. Until then, and when it is broken, what was
 * trusted before is trusted. The descriptor stays the caller's. NULL, or what went wrong, as static
 * text that fits behind "trust ". */
const char *desk_begin(struct desk *d, int fd);
bool desk_step(struct desk *d, struct intake_said *said) must_use;
const char *desk_end(struct desk *d);

/* Answer a CHECK, as octets in and out (ops/seam.h): the op; a token and the answer. `now` is the
 * time of day. false: it is none, or there is no room for the answer. reason: of the answer; NONE:
 * yes
 */
bool desk_answer(struct desk *d, struct bytes op, time_t now, struct writer *out,
                 enum shrike_reason_code *reason) must_use;

#endif
