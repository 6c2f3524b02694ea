/* `shrike list`: everything about each connection and its SAs; and as JSON. */
#ifndef TOOL_LIST_H
#define TOOL_LIST_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_list(struct tool *t, char *const *arguments);

#endif
