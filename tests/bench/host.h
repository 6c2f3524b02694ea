/* One end of the wire: an engine, the holder of its secret, and a data plane that says yes. What it
 * receives and sends lies in boxes, so that the work of one end can be measured alone. */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include "crypto/provider.h"
#include "shrike/shrike.h"

#define BATCH         32 /* hosts that call at once; each has one datagram on the way at most */
#define DATAGRAM_SIZE 3000

struct datagram {
    struct shrike_endpoint from, to;
    size_t len;
    u8 data[DATAGRAM_SIZE];
};

struct box {
    struct datagram datagrams[BATCH];
    unsigned count;
};

/* Events, counted. */
struct heard {
    u64 ike_up, child_up, ike_rekeyed, child_rekeyed, failed;
};

struct host {
    struct shrike *engine;
    struct shrike_provider *provider;
    shrike_time now;
    struct heard heard;
    u64 octets;  /* of all messages sent */
    bool server; /* it is called */
};

/* An engine with this provider; ends the program when there is no memory. */
void host_init(struct host *h, struct shrike_provider *provider, const struct shrike_limits *limits,
               const struct shrike_conf *conf);
void host_free(struct host *h);
/* Give it every datagram of `in`, and carry out what it wants: what is sent lies in `out`. */
void host_take(struct host *h, struct box *in, struct box *out);
void host_command(struct host *h, enum shrike_command_kind kind, const char *conn,
                  const char *child);
/* Carry out what it wants by itself now. */
void host_settle(struct host *h, struct box *out);
/* Let time pass and do what is due; what is sent is lost. */
void host_wait(struct host *h, shrike_time until);
struct shrike_stats host_stats(const struct host *h);

/* Say what is wrong and end the program. */
_Noreturn void bench_fail(const char *what);

#endif
