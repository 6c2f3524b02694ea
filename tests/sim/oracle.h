/* What must hold, looked at after every event: both ends agree on keys, no message ID goes back, no
 * IV is used twice, every bound is kept; and what must hold at the end: nothing is left. */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "host.h"
#include "reuse.h"

#define ORACLE_HOSTS_MAX   50
#define ORACLE_STREAMS_MAX 4096 /* directions of IKE SAs */

/* What one end of one IKE SA has sent. */
struct oracle_stream {
    u64 spi;  /* of the sender */
    u64 peer; /* of the other end; 0 in IKE_SA_INIT */
    unsigned host;
    u32 next_request; /* ID that has not been used yet */
    u32 answered;     /* responses with lower IDs have come, all of them */
    u32 early;        /* bit n: the response with the ID answered + 1 + n has come */
    bool any;
};

struct oracle {
    struct world *world;
    struct host *hosts[ORACLE_HOSTS_MAX]; /* by number */
    unsigned host_count;
    struct oracle_stream streams[ORACLE_STREAMS_MAX];
    unsigned stream_count;
    struct reuse reuse;
    struct {
        shrike_time since;
        u32 events;
    } strangers[ORACLE_HOSTS_MAX]; /* per host */
    struct shrike_limits limits;
    u32 window;      /* requests under way at once, at most */
    bool ids_forged; /* somebody injects datagrams: headers received prove nothing */
    bool led;        /* to other hosts than those that they know */
    bool roams;      /* hosts move: for a while the ends differ in what they know of NATs */
    bool unbroken;   /* from now on each side always sends by what the other one has */
    struct needles needles;
};

void oracle_init(struct oracle *o, struct world *w, const struct shrike_limits *limits);
void oracle_free(struct oracle *o);
void oracle_add(struct oracle *o, struct host *h);
void oracle_sent(struct oracle *o, const struct host *h, const struct packet *p);
void oracle_received(struct oracle *o, const struct host *h, const struct packet *p);
void oracle_event(struct oracle *o, const struct host *h, const struct shrike_event *e);
void oracle_ike_up(struct oracle *o, struct host *h, struct host_ike *sa);
void oracle_installing(struct oracle *o, const struct host *h, struct esp_pair *pair);
/* It is in the data plane now. */
void oracle_installed(struct oracle *o, const struct host *h, const struct esp_pair *pair);
/* After what it did was carried out. */
void oracle_drained(struct oracle *o, const struct host *h);
/* The host at the other end of a Child SA of this host. */
struct host *oracle_peer(const struct oracle *o, const struct host *h, const struct esp_pair *pair);
/* After every event of the world; ctx is the oracle. */
void oracle_after(void *ctx);

#endif
