/* References between sections, resolved: what is inherited is copied behind a section's own. */
#ifndef DAEMON_CONFIG_INHERIT_H
#define DAEMON_CONFIG_INHERIT_H

#include "config/tree.h"

void tree_inherit(struct pool *p, struct section *root, struct config_report *report);

#endif
