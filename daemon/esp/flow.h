/* Which SA the packets of a flow took last: a look-up in the tables walks all policies, and a
 * gateway has as many as it has clients. */
#ifndef ESP_FLOW_H
#define ESP_FLOW_H

#include "esp/sadb.h"

#define FLOWS_MAX 1024 /* a power of two; a flow that another one displaces is looked up again */

struct flow {
    u8 src[16], dst[16];
    u16 src_port, dst_port;
    u8 family, protocol, ports;
    u64 version; /* of the tables, when it was looked up; 0: never */
    struct esp_sa *sa;
};

struct flows {
    struct flow rows[FLOWS_MAX];
};

/* As sadb_out() says, sooner. */
struct esp_sa *flows_out(struct flows *f, struct sadb *db, const struct inner *p);

#endif
