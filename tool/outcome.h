/* What became of a command that changes something: a line for people, or one JSON object, the same
 * for all of these commands, with what the daemon logged meanwhile. */
#ifndef TOOL_OUTCOME_H
#define TOOL_OUTCOME_H

#include "tool/json.h"
#include "tool/tool.h"

struct outcome {
    struct tool *tool;
    struct json json;
    bool open;   /* a result has begun */
    bool failed; /* one of them */
};

/* What one result is about; what is empty is not known, or not meant. */
struct outcome_of {
    struct bytes connection, child, ike_sa, child_sa, gateway;
};

/* The tool's command, as "down". */
void outcome_begin(struct outcome *o, struct tool *t, const char *command);
void outcome_end(struct outcome *o);

/* Between these two, what the daemon logs: outcome_log() listens to `control-log`. */
void outcome_open(struct outcome *o, const struct outcome_of *of);
void outcome_close(struct outcome *o, const char *why); /* NULL: it is done */
void outcome_log(void *ctx, const struct vici_packet *p);

#endif
