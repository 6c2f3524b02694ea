/* One SA of the data plane: one direction of a Child SA, or a trap. */
#ifndef ESP_SA_H
#define ESP_SA_H

#include "esp/cipher.h"
#include "esp/inner.h"
#include "esp/replay.h"
#include "shrike/types.h"
#include <stdatomic.h>

/* 0: no limit. */
struct esp_limits {
    u64 bytes_soft, bytes_hard;
    u64 packets_soft, packets_hard;
};

enum esp_life {
    LIFE_GOES_ON,
    LIFE_SOFT, /* told once: time for a rekey */
    LIFE_HARD, /* this packet must not pass */
};

/* One direction of a Child SA, or a trap (RFC 4301 4.4.1): no cipher, and a packet for it is to
 * be told of. */
struct esp_sa {
    u32 spi;
    u32 child_serial, reqid;
    struct shrike_endpoint local, remote; /* it may move, between two turns of the worker */
    bool encap, esn, inbound;
    struct cipher *cipher;
    struct cipher_spec made; /* what the cipher was made of, keys in memory of the SA's own */
    const struct shrike_ts *local_ts, *remote_ts; /* in memory of the SA's own */
    u16 local_ts_count, remote_ts_count;
    struct esp_limits limits;
    struct outer_rules outer;

    /* Of the worker. */
    struct replay *replay;               /* inbound; NULL otherwise */
    shrike_time heard_every, heard_told; /* inbound: how often its owner wants to hear that
                                          * something came; 0: never */
    shrike_time mapping_told;            /* inbound: when last of another end of the peer */
    u64 seq;                             /* outbound: the last number used */
    shrike_time path_until;              /* outbound: when path_max is forgotten */
    u16 tfc_padding; /* outbound: octets to which shorter packets are padded (RFC 4303 2.7) */
    u16 path_max;    /* outbound: octets of an IP packet that the path takes; 0: not known */
    bool heralds;    /* inbound: its first packet shows that the peer has the pair */
    bool soft_told, hard_told;
    bool later; /* of the writer. outbound: stands behind others that take the same packets */
    _Atomic u64 bytes, packets; /* read by anybody ... */
    _Atomic u64 used;           /* ... and when it last carried a packet; 0: never */

    /* Of the writer. */
    struct esp_sa *next_retired;
    u64 retired_at;
};

struct esp_sa_spec {
    u32 spi, child_serial, reqid;
    struct shrike_endpoint local, remote;
    bool encap, inbound, trap;
    bool later;                /* the peer may not have it yet */
    struct cipher_spec cipher; /* its esn is the SA's; sealing is set from inbound */
    u32 replay_window;
    shrike_time heard_every; /* of an inbound one; 0: never */
    u16 tfc_padding;         /* of an outbound one */
    struct esp_limits limits;
    struct outer_rules outer;
    const struct shrike_ts *local_ts, *remote_ts; /* copied */
    u16 local_ts_count, remote_ts_count;
};

/* NULL: no memory, a cipher we do not have, no selectors or too many, or an SPI of 1 to 255 or 0
 * (RFC 4303 2.1). */
struct esp_sa *esp_sa_new(const struct esp_sa_spec *spec) must_use;
void esp_sa_free(struct esp_sa *sa);

/* May this packet pass through this SA? RFC 4301 5.2 step 4; a fragment without ports passes only
 * where every port does, or none but OPAQUE. */
bool esp_sa_takes(const struct esp_sa *sa, const struct inner *p);
/* The next outbound number; 0 when they are used up (RFC 4303 3.3.3). */
u64 esp_sa_next_seq(struct esp_sa *sa);
/* Count a packet of so many octets against the limits, unless it must not pass. */
enum esp_life esp_sa_account(struct esp_sa *sa, size_t octets);

#endif
