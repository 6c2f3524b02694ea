/* What the process that trusts does all day: it takes trust, and answers checks. Without channels.
 */
#ifndef CERTS_JUDGE_H
#define CERTS_JUDGE_H

#include "certs/chain.h"
#include "certs/intake.h"
#include "certs/lookup.h"
#include "shrike/action.h"

struct judge {
    struct certificates *cache;
    struct trust *trust; /* nobody, until there is another */
    struct intake intake;
    struct known known; /* of revocation, from others */
    struct lookups lookups;
    bool asks; /* the owner asks them */
    u64 serial;
    bool takes; /* an intake has begun */
    u64 checked, refused;
};

bool judge_open(struct judge *d) must_use; /* false: no memory */
void judge_close(struct judge *d);

/* Trust anew, out of the memory file that control has sent: begin, then step while there are
 * records, whose faults are for the log, then end. Until then, and when it is broken, what was
 * trusted before is trusted. The descriptor stays the caller's. NULL, or what went wrong, as static
 * text that fits behind "trust ". */
const char *judge_begin(struct judge *d, int fd);
bool judge_step(struct judge *d, struct intake_said *said) must_use;
const char *judge_end(struct judge *d);

struct judged {
    bool last;                      /* set by the caller: nobody else is asked */
    bool proved;                    /* likewise: the peer has the key (certs/check.h) */
    enum shrike_reason_code reason; /* of the answer; NONE: yes */
    struct chain_waits waits; /* not empty: it is no answer yet; ask again when these are here */
};

/* Answer a CHECK, as octets in and out (ops/seam.h): the op; a token and the answer. `now` is the
 * time of day. false: it is none, or there is no room for the answer. */
bool judge_answer(struct judge *d, struct bytes op, time_t now, struct writer *out,
                  struct judged *is) must_use;

#endif
