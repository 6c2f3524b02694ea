/* How the parent speaks: lines for the log, which control writes, and complaints on stderr. */
#ifndef PARENT_TELL_H
#define PARENT_TELL_H

#include "proc/channel.h"
#include "shrike/event.h"

struct tell {
    struct channel *control; /* where the log is written, when it is open */
    enum shrike_level level; /* without it: what goes to stderr instead */
};

/* A line for the log; without control it goes to stderr. */
void tell(const struct tell *t, enum shrike_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Why the program cannot go on, and what would help: one line on stderr. Always false. */
bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
