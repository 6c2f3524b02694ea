/* Commands about certificates, private keys and authorities, which are not built: what lists them
 * lists none, what loads them is refused, and what removes them has nothing to do. */
#ifndef CONTROL_CERTS_H
#define CONTROL_CERTS_H

#include "vici/server.h"

/* list-certs, list-authorities */
enum vici_reply certs_list(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_get_keys(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_get_authorities(void *ctx, const struct vici_request *r,
                                      struct vici_writer *answer);
/* load-cert, load-key, load-token, load-authority */
enum vici_reply certs_load(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* unload-key, unload-authority */
enum vici_reply certs_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_flush(void *ctx, const struct vici_request *r, struct vici_writer *answer);

#endif
