/* The commands install and uninstall: traps of children, and shunts, beside what `start_action`
 * says of them. They outlive this process in its vault, and a reload. */
#ifndef CONTROL_POLICIES_H
#define CONTROL_POLICIES_H

#include "config/config.h"
#include "shrike/event.h"
#include "vici/server.h"

#define POLICIES_MAX 2048 /* as many as the data plane has traps */

struct control;

struct policies {
    struct policy {
        char *conn, *child;
        bool trap; /* installed; else taken away, though its start_action is trap */
    } * all;
    u32 count, max;
};

enum vici_reply policies_install(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer);
enum vici_reply policies_uninstall(void *ctx, const struct vici_request *r,
                                   struct vici_writer *answer);
/* A Child SA is down: dpd_action and close_action may ask for a trap. */
void policies_heed(struct control *c, const struct shrike_event *e);
/* Put them into a configuration that was just joined: its children are written to. */
void policies_use(const struct policies *p, struct config *config);
/* One event of list-policies. */
void policies_put(struct vici_writer *w, const struct shrike_conn *conn,
                  const struct shrike_child_conf *child);

/* A record of the vault, of the life before. */
void policies_restore(struct control *c, struct bytes key, struct bytes value);
void policies_close(struct control *c);

#endif
