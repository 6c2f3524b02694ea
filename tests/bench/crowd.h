/* The two ends of every benchmark: a server, and crowds of hosts that call it. A crowd is one
 * engine with a connection for each of its hosts. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "host.h"

#define CHILD_FIRST   "first"   /* comes with IKE_AUTH */
#define CHILD_FURTHER "further" /* without a key exchange of its own */
#define CHILD_PFS     "pfs"     /* with one */

/* What a server is to hold, and from when on it asks strangers for cookies. */
struct server_setup {
    u32 ike_sas, half_open;
    u32 cookie_threshold;
};
#define COOKIES_NEVER (1u << 30)

void server_init(struct host *h, struct shrike_provider *provider, const struct server_setup *s);

struct crowd {
    struct host host;
    struct crowd_conf *conf;
    unsigned count;
};

/* count hosts, at most BATCH, with addresses and identities that no other crowd has. */
void crowd_init(struct crowd *c, struct shrike_provider *provider, unsigned count);
void crowd_free(struct crowd *c);
/* Every host of the crowd is given this command; what they send lies in `out`. */
void crowd_command(struct crowd *c, enum shrike_command_kind kind, const char *child,
                   struct box *out);

#endif
