/* May this Child SA be put into the data plane, by this child of this connection? What net asks for
 * is held against the configuration, which comes from control: who has broken into net gets no
 * packets routed that the configuration does not speak of. Pure. */
#ifndef RULES_ALLOWED_H
#define RULES_ALLOWED_H

#include "lease/pool.h"
#include "shrike/action.h"

enum refusal {
    REFUSAL_NONE,
#define REFUSAL(name, words) REFUSAL_##name,
#include "rules/refusal.def"
#undef REFUSAL
    REFUSAL_COUNT
};
const char *refusal_words(enum refusal why);

/* What it is held against. */
struct allowed_by {
    const struct shrike_conn *conn;
    const struct shrike_child_conf *child;
    const struct lease_pool *pools; /* of virtual addresses, all that there are */
    u32 pool_count;
};

/* A Child SA that is in the data plane: what takes its place may be between the same ends and have
 * the same selectors, for they were allowed once. It has moved since with MOBIKE, perhaps, or the
 * addresses of a pool are others now. */
struct allowed_before {
    struct shrike_endpoint local, remote;
    const struct shrike_ts *local_ts, *remote_ts;
    u16 local_ts_count, remote_ts_count;
};

/* before: NULL when it takes nobody's place. */
enum refusal allowed_install(const struct allowed_by *by, const struct allowed_before *before,
                             const struct shrike_install_op *op);

/* May SAs of this connection be between these ends? With MOBIKE, or when the peer may lead us to
 * another gateway, it may be anywhere; so it may with remote_addrs = %any, or when its name is not
 * resolved. */
enum refusal allowed_ends(const struct shrike_conn *conn, const struct shrike_endpoint *local,
                          const struct shrike_endpoint *remote);

/* Could a host that is not this one have it? RFC 6890: not 0.0.0.0/8, 127.0.0.0/8, groups and what
 * is reserved; not ::/8, link-local ones and groups. */
bool allowed_host(const struct shrike_addr *a);

#endif
