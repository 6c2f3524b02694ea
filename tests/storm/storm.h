/* Two hosts in a storm: what is on its way between them, and what must come of it. */
#ifndef STORM_STORM_H
#define STORM_STORM_H

#include "craft.h"
#include "host.h"
#include "model.h"

#define DUE_MAX    64  /* inner packets of one delivery */
#define EXPECT_MAX 128 /* ESP packets of one turn of a plane */
#define POOL_MAX   300 /* ESP packets that may come (again) later */
#define FRESH_MAX  256

/* A genuine ESP packet, and what is in it. */
struct datagram {
    u32 serial; /* of its Child SA */
    u64 seq;
    u8 to, transport, tos;
    u8 wrong; /* enum esp_drop: what an authentic peer did wrong in it; ESP_PASS: nothing */
    size_t len;
    u8 *octets;
    size_t piece_len;
    u8 piece[];
};

/* What the counters of a plane must show after a turn. */
struct forecast {
    u64 sure[ESP_DROP_COUNT];
    u64 open;     /* packets of which only this is known: */
    u32 open_set; /* a bit for each enum esp_drop */
};

/* What must come out of a TUN device, and nothing else. */
struct due {
    u16 count;
    bool came[DUE_MAX];
    size_t len[DUE_MAX];
    u8 octets[DUE_MAX][PACKET_MAX];
};

/* What packets-too-big errors may speak of. */
struct refused {
    u16 count;
    u8 head[DUE_MAX][28];
};

struct tally {
    u64 offered, sent, datagrams, strange, came, supers, epochs, children;
    u64 drops[ESP_DROP_COUNT];
};

struct storm {
    u64 seed, step;
    const char *doing;
    struct prng r;
    bool raw;
    struct host host[2];
    struct model m;
    struct forecast cast;
    struct due due;
    struct refused refused;
    struct datagram *expected[TRANSPORTS][EXPECT_MAX];
    u16 expected_count[TRANSPORTS];
    struct datagram *fresh[FRESH_MAX], *pool[POOL_MAX];
    u16 fresh_count;
    u32 next_serial;
    struct craft craft;
    struct tally *tally;
};

/* Say what does not hold and how to see it again, and end. */
_Noreturn void storm_wrong(const struct storm *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
