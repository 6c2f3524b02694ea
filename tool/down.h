/* `shrike down`: close SAs by name or number. */
#ifndef TOOL_DOWN_H
#define TOOL_DOWN_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_down(struct tool *t, char *const *arguments);

#endif
