/* `shrike reload`: have the files read again, and show what that changes. */
#ifndef TOOL_RELOAD_H
#define TOOL_RELOAD_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_reload(struct tool *t, char *const *arguments);

#endif
