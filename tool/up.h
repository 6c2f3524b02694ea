/* `shrike up`: bring up a connection or a child, and show what happens meanwhile. */
#ifndef TOOL_UP_H
#define TOOL_UP_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_up(struct tool *t, char *const *arguments);

#endif
