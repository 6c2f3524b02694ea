/* `shrike top`: what goes on now, drawn anew each second. */
#ifndef TOOL_TOP_H
#define TOOL_TOP_H

#include "tool/tool.h"

int command_top(struct tool *t, char *const *arguments);

#endif
