/* What the processes take: processor time and memory, as the system counts them. */
#ifndef PARENT_USAGE_H
#define PARENT_USAGE_H

#include "ops/mail.h"
#include "proc/seat.h"
#include <sys/types.h>

/* Adds "NAME_pid", "NAME_cpu_us", "NAME_rss" (octets) and "NAME_started_us" (since 1970) of this
 * process; nothing when the system does not tell. */
void usage_add(struct mail_stats *m, const char *name, pid_t pid);

#endif
