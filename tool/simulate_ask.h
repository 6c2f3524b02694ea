/* The options of `shrike simulate`. */
#ifndef TOOL_SIMULATE_ASK_H
#define TOOL_SIMULATE_ASK_H

#include "tool/tool.h"

/* What is taken where nothing is said. */
struct tool_play simulate_default(void);
/* Is it one of them? */
bool simulate_has(int option);
/* Take its value. NULL, or what it should be, with " not " behind. */
const char *simulate_take(struct tool_play *p, int option, const char *value);

#endif
