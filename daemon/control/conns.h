/* The commands about connections: load-conn, unload-conn, get-conns; what list-conns shows. */
#ifndef CONTROL_CONNS_H
#define CONTROL_CONNS_H

#include "control/model.h"
#include "vici/server.h"

struct control;

enum vici_reply conns_load(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply conns_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* The same for either kind of what the model holds. A message has one section: that thing. */
enum vici_reply conns_load_kind(struct control *c, enum model_kind kind,
                                const struct vici_request *r, struct vici_writer *answer);
enum vici_reply conns_unload_kind(struct control *c, enum model_kind kind,
                                  const struct vici_request *r, struct vici_writer *answer);
enum vici_reply conns_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* One event of list-conns. */
void conns_put(struct vici_writer *w, const struct shrike_conn *conn,
               const struct config_conn *beside);

#endif
