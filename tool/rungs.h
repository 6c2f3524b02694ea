/* The messages of a ladder, as the daemon tells of them (shrike-ladder), for people and as JSON. */
#ifndef TOOL_RUNGS_H
#define TOOL_RUNGS_H

#include "tool/json.h"
#include "tool/tool.h"

/* Each with the time since the one before it: the first one since `begin_us`, or with the time of
 * the day when that is 0. */
void rungs_print(const struct tool *t, struct bytes ladder, u64 begin_us);
/* The same, going on behind what was shown last: between which ends, and when; "" and 0: nothing
 * yet. */
struct rungs_last {
    char ends[160];
    u64 us;
};
void rungs_go_on(const struct tool *t, struct bytes ladder, struct rungs_last *last);

void rungs_json(struct json *j, struct bytes ladder); /* "messages" */
void rungs_json_one(struct json *j, const char *key, struct bytes message);

/* Microseconds since 1970, of "1700000000.250000"; 0: it is no time. */
u64 rungs_us(struct bytes time);

#endif
