/* What this process costs, as numbers of a role: who it is, and its time. Its memory, whoever may
 * look into /proc tells (control/stats.c): getrusage() tells that of the program before as well. */
#ifndef OPS_PROCESS_H
#define OPS_PROCESS_H

#include "ops/mail.h"

/* pid, and cpu_us, of user and system since it began. */
void stats_add_process(struct mail_stats *m);

#endif
