/* `shrike trace`: the messages of IKE SAs as a ladder. */
#ifndef TOOL_TRACE_H
#define TOOL_TRACE_H

#include "tool/tool.h"

int command_trace(struct tool *t, char *const *arguments);

#endif
