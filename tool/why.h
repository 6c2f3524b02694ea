/* `shrike why`: the last failures, what was decided where, and what would mend them. */
#ifndef TOOL_WHY_H
#define TOOL_WHY_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_why(struct tool *t, char *const *arguments);

#endif
