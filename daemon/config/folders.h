/* Folders of certificates and keys beside the file: known, and not read yet. */
#ifndef DAEMON_CONFIG_FOLDERS_H
#define DAEMON_CONFIG_FOLDERS_H

#include "config/compile.h"

/* One warning for each of them that holds something. */
void folders_look(struct compile *c, const char *config);

#endif
