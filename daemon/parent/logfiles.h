/* Files of the log: opened here, where there are the rights, and written by control. */
#ifndef PARENT_LOGFILES_H
#define PARENT_LOGFILES_H

#include "config/settings.h"
#include "parent/supervisor.h"

struct logfiles {
    struct logfile {
        char path[SETTINGS_PATH];
        int fd; /* -1: it could not be opened */
    } all[SETTINGS_LOGS];
    u8 count;
};

/* Open all that the configuration names, for appending; those that are open already too, since a
 * file may have been put away. What cannot be opened is told of, and left out. */
void logfiles_open(struct logfiles *l, const struct settings *set, const struct tell *tell);
/* To control, again and again. */
void logfiles_hand(const struct logfiles *l, struct supervisor *s);
void logfiles_close(struct logfiles *l); /* twice is fine */

#endif
