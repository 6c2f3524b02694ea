/* The commands about connections: load-conn, unload-conn, get-conns, list-conns. */
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
enum vici_reply conns_list(void *ctx, const struct vici_request *r, struct vici_writer *answer);

/* list-conns under way, one for each client. */
struct conns_listing {
    vici_ticket ticket; /* 0: free */
    u32 next;           /* the connection to be streamed next */
    char only[VICI_NAME_MAX + 1];
};
void conns_goes_on(struct control *c, vici_ticket ticket);
void conns_cancel(struct control *c, vici_ticket ticket);

#endif
