/* The log: lines of all roles, the last of them kept, floods cut short. */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

#include "proc/loop.h"
#include "proc/seat.h"
#include "shrike/event.h"

#define LOG_RING       256 /* lines that are kept */
#define LOG_TEXT_MAX   2048
#define LOG_CONN_MAX   64
#define LOG_PER_SECOND 20 /* lines of one kind; the rest is counted */
/* Kinds: one for each kind of event, then one for each role. */
#define LOG_KINDS (SHRIKE_EVENT_COUNT + ROLE_COUNT)

struct log_line {
    u64 when_us; /* since 1970 */
    enum shrike_level level;
    const char *group; /* who speaks, as VICI calls it: IKE, CHD, NET ...; static */
    u32 ike;           /* serial of the IKE SA; 0 none */
    char conn[LOG_CONN_MAX];
    char text[LOG_TEXT_MAX];
};

struct log {
    struct loop *loop;
    enum shrike_level level; /* of lines that are shown and kept */
    /* Where lines go, in the order they come. */
    void (*sink)(void *ctx, const struct log_line *line);
    void *ctx;
    struct log_line ring[LOG_RING];
    u32 next, count;
    struct log_kind {
        shrike_time since; /* when its second began */
        u32 said, silent;  /* in it */
    } kinds[LOG_KINDS];
    struct alarm alarm; /* when what was left out is told */
};

/* level, sink and ctx are set by the caller. */
void log_open(struct log *l, struct loop *loop);
void log_close(struct log *l);

unsigned log_kind_of_event(enum shrike_event_id id);
unsigned log_kind_of_role(enum role r);
/* May one more line of this kind and level be said? When not, it is counted, and told later. */
bool log_may_say(struct log *l, unsigned kind, enum shrike_level level) must_use;
/* Keep it and give it to the sink; the time is filled in. */
void log_say(struct log *l, struct log_line *line);
/* The i-th of the kept lines, oldest first; NULL: there are not so many. */
const struct log_line *log_kept(const struct log *l, u32 i);

const char *log_group_of_role(enum role r);       /* "NET" */
unsigned log_vici_level(enum shrike_level level); /* 0 to 4: larger ones say less important */

#endif
