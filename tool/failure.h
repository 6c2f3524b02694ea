/* One failure, as the daemon tells of it (shrike-failure), for people and as JSON. */
#ifndef TOOL_FAILURE_H
#define TOOL_FAILURE_H

#include "tool/json.h"
#include "tool/tool.h"

void failure_print(struct tool *t, struct bytes f);
void failure_json(struct json *j, struct bytes f);
/* The front of a line below the first one; the place of a rule as such a line. */
void failure_label(FILE *out, const char *label);
void failure_rule(FILE *out, struct bytes f);

#endif
