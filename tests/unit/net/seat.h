/* net at its seat, and control as the test plays it, for what net tells when it is asked. */
#ifndef UNIT_NET_SEAT_H
#define UNIT_NET_SEAT_H

#include "ops/mail.h"
#include "proc/seat.h"
#include "test.h"

static struct loop *loop;
static struct seat seat;
static struct channel control;

static inline void seat_lost(void *ctx)
{
    channel_close(ctx);
}

/* got() is shown each mail that comes to control. */
static inline void seat_begin(void (*got)(void *ctx, struct mail *m))
{
    struct channel *to = &seat.channels[ROLE_CONTROL];
    int fd[2];
    loop = loop_new();
    seat = (struct seat){.loop = loop};
    control = (struct channel){.got = got, .lost = seat_lost, .ctx = &control};
    *to = (struct channel){.got = got, .lost = seat_lost, .ctx = to};
    if (!channel_pair(fd) || !channel_open(&control, loop, fd[0]) || !channel_open(to, loop, fd[1]))
        abort();
}

static inline void seat_end(void)
{
    channel_close(&control);
    channel_close(&seat.channels[ROLE_CONTROL]);
    loop_free(loop);
}

#endif
