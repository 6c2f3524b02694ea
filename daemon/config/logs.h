/* Where the log goes: the sections `log`, `filelog` and `syslog` of the section `shrike`. */
#ifndef DAEMON_CONFIG_LOGS_H
#define DAEMON_CONFIG_LOGS_H

#include "config/compile.h"

/* Is a section of this name in `shrike` one of these? */
bool logs_has(const char *name);
/* Fills settings->logs; stderr alone, as the command line has it, where nothing is written. */
void compile_logs(struct compile *c, struct settings *settings);

#endif
