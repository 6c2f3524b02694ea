/* `shrike upgrade`: another program takes over from the daemon that runs. */
#ifndef TOOL_UPGRADE_H
#define TOOL_UPGRADE_H

#include "tool/tool.h"

int command_upgrade(struct tool *t, char *const *arguments);

#endif
