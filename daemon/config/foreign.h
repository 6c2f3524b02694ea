/* Settings from strongswan.conf: those that we have too are taken over from its section `charon`.
 */
#ifndef DAEMON_CONFIG_FOREIGN_H
#define DAEMON_CONFIG_FOREIGN_H

#include "config/compile.h"

/* Values that the section `shrike` of root does not have come from that file, with their places;
 * all else that stands in its section is said to be ignored, a line each. false: the report has an
 * error. */
bool foreign_read(struct compile *c, struct section *root, const char *path);

#endif
