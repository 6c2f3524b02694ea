/* What this side wants and what the peer said, side by side, with the difference marked: made of a
 * refusal and the configuration when it happens. */
#ifndef CONTROL_COMPARE_H
#define CONTROL_COMPARE_H

#include "config/config.h"
#include "shrike/event.h"

#define COMPARE_ROWS 8   /* a proposal has five kinds of algorithms */
#define COMPARE_CELL 512 /* characters; what is longer is cut */

struct compare_row {
    const char *what; /* "encryption"; static */
    char here[COMPARE_CELL];
    char there[COMPARE_CELL]; /* "": the peer has not said it */
    bool differs;
};

struct compare {
    struct compare_row rows[COMPARE_ROWS];
    unsigned count;
};

/* Is the address of this end in one of these blocks, or are there none? */
bool compare_holds(const struct shrike_net *nets, u16 count, const struct shrike_endpoint *end);
/* The addresses of all connections next to those between which nobody is expected. */
void compare_addresses(struct compare *out, const struct shrike_event *e,
                       const struct shrike_conf *conf);
/* conn and child, which may be NULL, are those that the event is about. */
void compare_event(struct compare *out, const struct shrike_event *e,
                   const struct shrike_conn *conn, const struct shrike_child_conf *child);

#endif
