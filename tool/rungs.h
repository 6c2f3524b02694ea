/* The messages of a ladder, as the daemon tells of them (shrike-ladder), for people and as JSON. */
#ifndef TOOL_RUNGS_H
#define TOOL_RUNGS_H

#include "tool/json.h"
#include "tool/tool.h"

/* Each with the time since the one before it: the first one since `begin_us`, or with the time of
 * the day when that is 0. */
void rungs_print(const struct tool *t, struct bytes ladder, u64 begin_us);
void rungs_json(struct json *j, struct bytes ladder); /* "messages" */

#endif
