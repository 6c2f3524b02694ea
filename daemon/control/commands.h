/* What the control socket offers: the table of commands and events. */
#ifndef CONTROL_COMMANDS_H
#define CONTROL_COMMANDS_H

#include "control/log.h"
#include "ops/mail.h"
#include "vici/server.h"

/* Events, by their place in the table. list-cert and list-authority are never raised yet: there are
 * none. */
enum served {
    SERVED_LOG,
    SERVED_CONTROL_LOG,
    SERVED_LIST_SA,
    SERVED_LIST_POLICY,
    SERVED_LIST_CONN,
    SERVED_LIST_CERT,
    SERVED_LIST_AUTHORITY,
    SERVED_IKE_UPDOWN,
    SERVED_CHILD_UPDOWN,
    SERVED_IKE_REKEY,
    SERVED_IKE_UPDATE,
    SERVED_CHILD_REKEY,
    SERVED_FAILURE, /* one that happens, and of the stream of shrike-why */
    SERVED_ALERT,
    SERVED_LADDER,   /* of the stream of shrike-trace */
    SERVED_DATAGRAM, /* of the same */
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
/* A line that warns of something, with the event that it is made of, for all who registered
 * `alert`.
 */
void commands_alert(struct control *c, const struct shrike_event *e, const struct log_line *line);
/* An SA is up, down, rekeyed or moved: events for those who registered them. counts: of the Child
 * SA that has ended; NULL: there are none. */
void commands_event(struct control *c, const struct shrike_event *e,
                    const struct mail_count *counts);
bool commands_wants(struct control *c, const struct shrike_event *e); /* does somebody? */
/* There is room again for what this request streams; nobody waits for it any more. */
void commands_go_on(struct control *c, vici_ticket ticket);
void commands_cancel(struct control *c, vici_ticket ticket);

#endif
