/* What a child says of the data plane beside what is negotiated: marks, XFRM interfaces, priority,
 * the outer header, offload. */
#ifndef DAEMON_CONFIG_PLANE_H
#define DAEMON_CONFIG_PLANE_H

#include "config/compile.h"

/* The lowest bits of a mask that %unique needs: so many Child SAs have marks at a time. */
#define MARK_ROOM_MIN 0xff

/* A number, or %unique or %unique-dir or %same, and perhaps a mask. false: none of these. */
bool plane_mark(const char *text, struct shrike_mark *out);

/* Of a child, or a shunt, whose mode and start are known. `conn`: the section of its connection. */
void compile_handling(struct compile *c, const struct section *conn, const struct section *s,
                      struct shrike_child_conf *out);

#endif
