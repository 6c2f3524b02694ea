/* `shrike`: a line for each Child SA, and for each child that is configured but not up. */
#ifndef TOOL_OVERVIEW_H
#define TOOL_OVERVIEW_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_overview(struct tool *t, char *const *arguments);

#endif
