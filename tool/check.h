/* `shrike check`: what a configuration says wrong, what it surely does not mean, and of two, where
 * they do not fit. Without a daemon. */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_check(struct tool *t, char *const *arguments);

#endif
