/* Metrics: counted from events as they come, and the rest gathered from all roles when somebody
 * asks; one gathering at a time, which all who ask meanwhile share. */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include "control/exposition.h"
#include "control/http.h"
#include "proc/seat.h"

#define METRICS_WAIT        (2 * SHRIKE_SECOND) /* for the others: then what there is, is shown */
#define METRICS_TRAFFIC_MAX 8192                /* rows of esp that are taken */

struct control;

struct metrics {
    struct http *http; /* NULL: they are not served */
    struct metrics_counts counts;
    u32 reference; /* of the gathering; 0: there is none */
    u32 waits;     /* a bit for each role whose numbers are still to come */
    bool traffic_waits;
    u32 answered;
    struct alarm alarm;
    struct mail_stats of[ROLE_COUNT];
    struct mail_carried *traffic;
    u32 traffic_count;
    u64 scrapes;
};

void metrics_open(struct control *c);
void metrics_close(struct control *c);
/* A socket to serve them at; -1: no longer. */
void metrics_listen(struct control *c, int fd);
void metrics_event(struct control *c, const struct shrike_event *e);
/* STATS_ARE and TRAFFIC_IS; false: it makes no sense, or is not ours. */
bool metrics_got_stats(struct control *c, enum role from, const struct mail *m);
bool metrics_got_traffic(struct control *c, const struct mail *m);
/* It will not answer. */
void metrics_gone(struct control *c, enum role r);

#endif
