/* `shrike log`: the last lines of the log, and those to come. */
#ifndef TOOL_LOG_H
#define TOOL_LOG_H

#include "tool/json.h"
#include "tool/tool.h"

#define LOG_LINES     20  /* shown unless -n says otherwise */
#define LOG_LINES_MAX 256 /* that the daemon keeps */

/* A row of tool_commands. */
int command_log(struct tool *t, char *const *arguments);

/* Print a `log` or `control-log` event as one line, with its time or without. */
void log_print(struct tool *t, const struct vici_packet *event, bool with_time);
/* The same as an object. */
void log_json(struct json *j, const struct vici_packet *event);

#endif
