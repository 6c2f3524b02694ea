/* `shrike complete -- WORD...`: what the last of these words may become, a line each; behind a tab
 * stands what a command or an option does. The shells' completion (tool/completion) asks this, so
 * that it knows what the tool knows, and the names of connections and children as the daemon has
 * them now. */
#ifndef TOOL_COMPLETE_H
#define TOOL_COMPLETE_H

#include "tool/tool.h"

#define COMPLETE_WORDS_MAX 64

int command_complete(struct tool *t, char *const *arguments);

#endif
