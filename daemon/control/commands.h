/* What the control socket offers: the table of commands and events. */
#ifndef CONTROL_COMMANDS_H
#define CONTROL_COMMANDS_H

#include "control/log.h"
#include "vici/server.h"

/* Events, by their place in the table. ike-update is never raised yet; that it is known lets a
 * client that watches all of them work. */
enum served {
    SERVED_LOG,
    SERVED_CONTROL_LOG,
    SERVED_LIST_SA,
    SERVED_LIST_CONN,
    SERVED_IKE_UPDOWN,
    SERVED_CHILD_UPDOWN,
    SERVED_IKE_REKEY,
    SERVED_IKE_UPDATE,
    SERVED_CHILD_REKEY,
    SERVED_FAILURE, /* of the stream of shrike-why */
    SERVED_COUNT,
};

struct control;

/* The service with c as the context of its commands; static, for one control at a time. */
const struct vici_service *commands_service(struct control *c);

/* A line of the log, for all who registered `log`. */
void commands_line(struct control *c, const struct log_line *line);
/* The same as this event of the stream of one request; lost when its client is too slow. */
void commands_stream_line(struct control *c, vici_ticket ticket, enum served event,
                          const struct log_line *line);
/* An SA is up, down or rekeyed: events for those who registered them. */
void commands_event(struct control *c, const struct shrike_event *e);
/* There is room again for what this request streams; nobody waits for it any more. */
void commands_go_on(struct control *c, vici_ticket ticket);
void commands_cancel(struct control *c, vici_ticket ticket);

#endif
