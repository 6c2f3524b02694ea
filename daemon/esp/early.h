/* ESP that comes a moment before its SA is there. Who answers IKE_AUTH may send by the Child SA at
 * once; its first packets are here before the other side has read the answer. A few are kept, for
 * anybody may send such packets. */
#ifndef ESP_EARLY_H
#define ESP_EARLY_H

#include "esp/socket.h"

#define EARLY_MAX  16   /* datagrams; the newest ones stay */
#define EARLY_SIZE 1500 /* octets of one; longer ones are sent again by those who need them */
#define EARLY_TIME (SHRIKE_SECOND / 4)

struct early {
    struct early_one {
        u32 spi; /* 0: nothing is here */
        shrike_time came;
        struct arrival arrival;
        u8 octets[EARLY_SIZE];
    } all[EARLY_MAX];
    u32 next; /* the place that is taken next: the oldest stands there */
};

/* One that no SA takes: it is kept if it is not too long. */
void early_keep(struct early *e, const struct arrival *a, u32 spi, shrike_time now);
/* The first that came with this SPI and is not too old; it is the caller's until early_keep().
 * false: there is none. */
bool early_take(struct early *e, u32 spi, shrike_time now, struct arrival *out);

#endif
