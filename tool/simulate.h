/* `shrike simulate`: what two configurations would make of each other: the messages, the outcome,
 * the reason from either side, and with --day what becomes of rekeys. Without a daemon: both play
 * in this process (sim/play.h). */
#ifndef TOOL_SIMULATE_H
#define TOOL_SIMULATE_H

#include "sim/play.h"
#include "tool/tool.h"

#define SIMULATE_MESSAGES 32 /* that are shown of one side */

enum simulate_outcome {
    SIMULATE_UP,     /* the IKE SA and every Child SA, alike at both ends */
    SIMULATE_PARTLY, /* the IKE SA, but not every Child SA */
    SIMULATE_FAILED,
    SIMULATE_LATER, /* up, and with --day something failed in it */
};

/* What came of it. */
struct simulation {
    struct tool *tool;
    const char *files[2];
    struct config *configs[2];
    struct config_report reports[2];
    struct config_report mates; /* where the files do not fit, even what shows at a rekey only */
    struct play *play;
    shrike_time took;      /* until the command was answered */
    shrike_time day_began; /* 0: there was none */
    unsigned children;     /* that are up, before the day */
    enum simulate_outcome outcome;
    char text[600]; /* in one line */
};

/* What became of SAs in the day, as rows for people or scripts. */
struct simulate_row {
    shrike_time at, last; /* the first, and the last of `times` alike */
    u32 times;
    const char *what; /* "rekeyed", ...; static */
    const char *by;   /* "a", "b"; "": no side alone */
    const char *conn, *child;
    const char *reason; /* its name; "": none */
    u32 resent;
    shrike_time lasted; /* of a time without a way for packets; SHRIKE_NEVER: until the end */
    bool bad;
};
/* All rows, in the order of time, which the caller frees; NULL: no memory. What fails again and
 * again is one row. */
struct simulate_row *simulate_rows(const struct simulation *s, unsigned *count);

/* Does it only say that the other side has closed something? That one says why, if it was not in
 * the ordinary course of things. */
bool simulate_is_echo(const struct peer_failure *f);

/* simulate_show.c */
void simulate_show(struct simulation *s);
/* simulate_json.c */
void simulate_json(struct simulation *s);

/* A row of tool_commands. */
int command_simulate(struct tool *t, char *const *arguments);

#endif
