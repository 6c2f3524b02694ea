/* `shrike check`: what a configuration says wrong, what it surely does not mean, and of two, where
 * they do not fit. Without a daemon. */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include "config/report.h"
#include "tool/json.h"
#include "tool/tool.h"

/* One line of a report; as JSON when the tool is asked for it. */
void check_line(const struct tool *t, struct json *j, const struct config_line *l);
/* A row of tool_commands. */
int command_check(struct tool *t, char *const *arguments);

#endif
