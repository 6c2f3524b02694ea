/* The log: lines of all roles, the last of them kept, floods cut short. Where they go is of
 * sinks.h. */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

#include "config/settings.h"
#include "proc/loop.h"
#include "proc/seat.h"
#include "shrike/event.h"

#define LOG_RING     256 /* lines that are kept */
#define LOG_TEXT_MAX 2048
#define LOG_CONN_MAX 64
/* Lines of one kind in a period, and of these about one and the same peer; the rest is counted. Of
 * what strangers can cause there are fewer. */
#define LOG_LINES_MAX 1000
#define LOG_PEER_MAX  100
#define LOG_STRANGERS 50
#define LOG_STRANGER  10
#define LOG_PERIOD    (10 * SHRIKE_SECOND)
/* Whoever goes on too loud waits longer and longer for his next lines: of what comes without an
 * end, about 50 lines a minute of each kind that strangers can cause are written. */
#define LOG_PERIOD_MAX (64 * SHRIKE_SECOND)
#define LOG_PEERS      512 /* pairs of kind and peer that are watched at a time; a power of two */
#define LOG_PROBES     8   /* places where a pair may be */
/* Kinds: one for each kind of event, then one for each role. */
#define LOG_KINDS (SHRIKE_EVENT_COUNT + ROLE_COUNT)

struct log_line {
    u64 when_us; /* since 1970 */
    enum shrike_level level;
    enum log_group group;
    /* What it is about, as far as it is known. */
    enum shrike_event_id event; /* SHRIKE_EVENT_NONE: it is no event of the engine */
    enum shrike_reason_code reason;
    u32 ike, child; /* serials; 0 none */
    struct shrike_endpoint local, remote;
    char conn[LOG_CONN_MAX], child_conf[LOG_CONN_MAX];
    char text[LOG_TEXT_MAX];
};

/* How much somebody may say. */
struct log_limit {
    shrike_time since, period; /* of the lines counted here */
    u32 said, silent;          /* in it */
};

/* One kind of line about one peer. */
struct log_peer {
    struct log_limit limit;
    unsigned kind;
    u8 octets[16], family; /* of its address; family 0: nobody is here */
};

struct log {
    struct loop *loop;
    enum shrike_level level; /* of lines that are kept, and shown to who follows the log */
    int8_t
        levels[LOG_GROUP_COUNT]; /* that some sink wants beside these, as log_vici_level() counts */
    /* Where lines go, in the order they come. */
    void (*sink)(void *ctx, const struct log_line *line);
    void *ctx;
    enum role plane; /* ROLE_XFRM: that is who sits in the seat of ROLE_ESP */
    struct log_line ring[LOG_RING];
    u32 next, count;
    struct log_limit kinds[LOG_KINDS];
    struct log_peer peers[LOG_PEERS];
    struct alarm alarm; /* when what was left out is told */
    u64 left_out;       /* of all lines */
};

/* level, sink and ctx are set by the caller. */
void log_open(struct log *l, struct loop *loop);
void log_close(struct log *l);

unsigned log_kind_of_event(enum shrike_event_id id);
unsigned log_kind_of_role(enum role r);
/* May one more line of this kind be said? When not, it is counted, and told later. What is looked
 * at is its level, its group and its peer. */
bool log_may_say(struct log *l, unsigned kind, const struct log_line *line) must_use;
/* Keep it, if its level is one to be kept, and give it to the sink; the time is filled in. */
void log_say(struct log *l, struct log_line *line);
/* Is it of a level that is kept? */
bool log_keeps(const struct log *l, const struct log_line *line);
/* The i-th of the kept lines, oldest first; NULL: there are not so many. */
const struct log_line *log_kept(const struct log *l, u32 i);

enum log_group log_group_of_role(enum role r);
enum log_group log_group_of_event(const struct shrike_event *e);
const char *log_group_name(enum log_group g);     /* "NET" */
unsigned log_vici_level(enum shrike_level level); /* 0 to 4: larger ones say less important */

#endif
