/* Metrics as text: OpenMetrics 1.0, or the text format 0.0.4 of Prometheus. */
#ifndef CONTROL_EXPOSITION_H
#define CONTROL_EXPOSITION_H

#include "base/text.h"
#include "ops/mail.h"
#include "proc/seat.h"
#include "shrike/conf.h"
#include "shrike/event.h"

#define METRICS_CHILDREN_MAX 500 /* rows of configured children; the others share one */

/* What failed, or was closed. */
enum metrics_what {
    WHAT_IKE,
    WHAT_CHILD,
    WHAT_REKEY,
    WHAT_MOVE,
    WHAT_MESSAGE,
    WHAT_STRANGER,
    WHAT_IKE_CLOSED,
    WHAT_CHILD_CLOSED,
    WHAT_COUNT,
};

/* What was counted from events. */
struct metrics_counts {
    u64 events[SHRIKE_EVENT_COUNT];
    u64 reasons[WHAT_COUNT][SHRIKE_REASON_COUNT][2]; /* refused by us, by the peer */
};
void metrics_count(struct metrics_counts *c, const struct shrike_event *e);

struct exposition {
    const char *version;
    const struct shrike_conf *conf;     /* NULL: there is none yet */
    const struct mail_stats *of;        /* of each role */
    u32 answered;                       /* a bit for each that has */
    const struct mail_carried *traffic; /* by reqid */
    u32 traffic_count;
    const struct metrics_counts *counts;
    u64 log_silent, scrapes;
    enum role plane; /* ROLE_XFRM: that is who sits in the seat of ROLE_ESP */
};

/* How many octets there may be at most. */
size_t exposition_max(const struct exposition *e);
void exposition_write(struct text *t, const struct exposition *e, bool openmetrics);

#endif
