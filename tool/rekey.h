/* `shrike rekey`: make keys of SAs anew, by name or number. */
#ifndef TOOL_REKEY_H
#define TOOL_REKEY_H

#include "tool/tool.h"

/* A row of tool_commands. */
int command_rekey(struct tool *t, char *const *arguments);

#endif
