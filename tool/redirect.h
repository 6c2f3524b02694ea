/* `shrike redirect`: lead peers to another gateway, by name or number of their IKE SAs. */
#ifndef TOOL_REDIRECT_H
#define TOOL_REDIRECT_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_redirect(struct tool *t, char *const *arguments);

#endif
