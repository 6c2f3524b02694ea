/* Walks over the configuration that stream an event for each thing there is: list-conns,
 * list-policies and list-certs. A slow client holds up its own alone. */
#ifndef CONTROL_WALK_H
#define CONTROL_WALK_H

#include "control/certs.h"

struct control;

/* One for each client. */
struct walks {
    struct walk {
        vici_ticket ticket; /* 0: free */
        bool certs;
        struct certs_filter filter; /* of these */
        u8 policies;     /* a bit for each mode of those wanted (WALK_TRAP ...); 0: connections */
        u32 conn, child; /* what is streamed next */
        char ike[VICI_NAME_MAX + 1], only[VICI_NAME_MAX + 1]; /* names wanted; "": all */
    } at[VICI_CLIENTS_MAX];
};

enum vici_reply walk_conns(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply walk_certs(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply walk_policies(void *ctx, const struct vici_request *r, struct vici_writer *answer);
void walk_goes_on(struct control *c, vici_ticket ticket);
void walk_cancel(struct control *c, vici_ticket ticket);

#endif
