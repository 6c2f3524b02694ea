/* A struct trust out of the memory file that control sends (ops/trustfile.h), record by record. */
#ifndef CERTS_INTAKE_H
#define CERTS_INTAKE_H

#include "certs/trust.h"

#define INTAKE_MAX (256u << 20) /* octets of the memory file */

struct intake {
    struct trust *trust;
    void *map;
    size_t size;
    struct reader rest;
    bool rules; /* they have begun */
    bool broken;
};

/* What became of a record. */
struct intake_said {
    bool is_rule;
    struct bytes name; /* valid until intake_end() */
    const char *fault; /* NULL: nothing; else it stands behind the name */
};

/* Open it; the descriptor stays the caller's. NULL: done; else why not, as static text. */
const char *intake_begin(struct intake *i, int fd, struct certificates *cache, u64 serial);
/* Take the next record. What has a fault is left out: of what it holds, or allows, nothing counts.
 * A rule that cannot be kept would let in more than it should, so that the whole is broken then.
 * false: that was all. */
bool intake_step(struct intake *i, struct intake_said *said) must_use;
/* All of it, or NULL: the file is broken. */
struct trust *intake_end(struct intake *i) must_use;

#endif
