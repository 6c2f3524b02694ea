/* What must hold, looked at after every event: both ends agree on keys, no message ID goes back, no
 * IV is used twice, every bound is kept; and what must hold at the end: nothing is left. */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "host.h"

#define ORACLE_STREAMS_MAX 4096 /* directions of IKE SAs */

/* What one end of one IKE SA has sent. */
struct oracle_stream {
    u64 spi;  /* of the sender */
    u64 peer; /* of the other end; 0 in IKE_SA_INIT */
    unsigned host;
    u32 next_request; /* ID that has not been used yet */
    u32 answered;     /* responses with lower IDs have come */
    bool any;
};

/* Something that was sealed once, and what came out of it. */
struct oracle_mark {
    u64 key, value;
};

struct oracle {
    struct world *world;
    struct host *hosts[2];
    struct oracle_stream streams[ORACLE_STREAMS_MAX];
    unsigned stream_count;
    struct oracle_mark *marks; /* open addressing by key */
    size_t mark_count, mark_room;
    struct {
        shrike_time since;
        u32 events;
    } strangers[2]; /* per host */
    struct shrike_limits limits;
    bool ids_forged; /* somebody injects datagrams: headers received prove nothing */
    bool lies;       /* a peer lies with the right keys: the ends need not agree */
    bool roams;      /* hosts move: for a while the ends differ in what they know of NATs */
    bool unbroken;   /* from now on each side always sends by what the other one has */
    struct needles needles;
};

void oracle_init(struct oracle *o, struct world *w, const struct shrike_limits *limits);
void oracle_free(struct oracle *o);
void oracle_sent(struct oracle *o, const struct host *h, const struct packet *p);
void oracle_received(struct oracle *o, const struct host *h, const struct packet *p);
void oracle_event(struct oracle *o, const struct host *h, const struct shrike_event *e);
void oracle_ike_up(struct oracle *o, struct host *h, struct host_ike *sa);
void oracle_installing(struct oracle *o, const struct host *h, struct esp_pair *pair);
/* After every event of the world; ctx is the oracle. */
void oracle_after(void *ctx);

#endif
