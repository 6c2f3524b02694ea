/* What a trap or a shunt of the configuration is about. */
#ifndef PLANE_WISH_H
#define PLANE_WISH_H

#include "base/bytes.h"
#include "shrike/conf.h"

struct wish {
    u32 reqid;
    u16 local_count, remote_count;
    struct shrike_ts local[SHRIKE_TS_MAX], remote[SHRIKE_TS_MAX];
};

/* A selector `dynamic` is the end of the tunnel itself; as long as that is not known it is any of
 * its family. What is not used is zero. */
void wish_of(const struct shrike_conn *conn, const struct shrike_child_conf *child, struct wish *w);

#endif
