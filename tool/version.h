/* `shrike version`: of the tool and of the daemon. */
#ifndef TOOL_VERSION_H
#define TOOL_VERSION_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_version(struct tool *t, char *const *arguments);

#endif
