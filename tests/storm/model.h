/* What two data planes should have in their tables and should have carried: kept beside them, by
 * the simplest means, to foretell what they do with each packet. */
#ifndef STORM_MODEL_H
#define STORM_MODEL_H

#include "packet.h"
#include "shrike/conf.h"

#define SLOTS        12   /* pairs of networks, each with a reqid of its own */
#define TS_COUNT     2    /* selectors of one side: one of each family */
#define ROWS_MAX     6    /* Child SAs of one slot */
#define CHILDREN_MAX 48   /* of all slots */
#define WINDOW_MAX   4096 /* of replay windows */

/* One SA's account at one side. */
struct account {
    u64 bytes, packets;
    bool soft, hard; /* told */
};

/* Traffic of a Child SA from one side to the other. */
struct lane {
    u32 spi;
    u64 seq; /* the last one sent */
    u64 top; /* the highest that came in */
    bool heralds;
    struct account sent, got;
    u64 seen[WINDOW_MAX]; /* which number came in last of those that share this place */
};

/* A Child SA as it stands at one side. */
struct standing {
    bool there, orphan;
    shrike_time until; /* when an orphan goes */
    u32 window;        /* of replays */
};

struct child {
    u32 serial;
    u8 slot, transport;
    bool esn;
    struct shrike_life life;
    struct lane lane[2]; /* [s]: from side s */
    struct standing at[2];
};

/* What one side does with the packets of one slot. */
struct policy {
    struct shrike_ts local[TS_COUNT], remote[TS_COUNT];
    u16 row_count;
    struct child *rows[ROWS_MAX]; /* the first one carries */
    bool trap;
};

struct told {
    u64 acquires, softs, hards, strays, firsts;
};

struct model {
    struct policy policies[2][SLOTS];
    struct child *children[CHILDREN_MAX];
    struct told told[2];
    shrike_time now;
    u16 mtu[2];
};

/* What the packets of one direction come to. */
enum verdict { WINDOW_FRESH, WINDOW_SEEN, WINDOW_LEFT };

/* The policy that a packet from this side's host meets; NULL: none. */
struct policy *model_out(struct model *m, int side, const struct reading *r);
/* Whether the selectors of this slot at the receiving side let it in. */
bool model_in(const struct model *m, int side, u8 slot, const struct reading *r);
/* The Child SA whose packets to this side have this SPI; NULL: none is there. */
struct child *model_spi(struct model *m, int side, u32 spi);

/* Count a packet against the limits; false: it must not pass. Tells what is to be told. */
bool account_take(struct account *a, const struct shrike_life *life, size_t octets, struct told *t);
enum verdict lane_look(const struct lane *l, u32 window, u64 seq);
void lane_note(struct lane *l, u64 seq);

/* What happened to a Child SA at one side. A child that is at none is freed. */
void model_add(struct model *m, struct child *c, int side, bool later);
void model_remove(struct model *m, struct child *c, int side);
void model_switch(struct model *m, struct child *c, int side);
void model_orphan(struct model *m, int side);
void model_tick(struct model *m, int side);

#endif
