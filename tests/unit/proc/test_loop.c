/* Tests of proc/loop.c. */
#include "proc/loop.h"
#include "test.h"
#include <sys/epoll.h>
#include <unistd.h>

struct end {
    struct loop *l;
    struct source source;
    struct end *other; /* is taken out of the loop when this one is called */
    int calls;
};

static void on_ready(void *ctx, u32 events)
{
    struct end *e = ctx;
    char c;
    e->calls += (events & EPOLLIN) && read(e->source.fd, &c, 1) == 1;
    if (e->other)
        loop_watch(e->l, &e->other->source, 0);
}

static void on_ring(void *ctx)
{
    (*(int *)ctx)++;
}

TEST(descriptors_are_told_of)
{
    struct loop *l = loop_new();
    int p[2];
    CHECK(l && pipe(p) == 0);
    struct end e = {.l = l, .source = {.fd = p[0], .ready = on_ready}};
    e.source.ctx = &e;
    CHECK(loop_watch(l, &e.source, EPOLLIN));
    loop_turn(l, 0);
    CHECK_EQ(e.calls, 0);
    CHECK(write(p[1], "x", 1) == 1);
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(e.calls, 1);
    CHECK(loop_watch(l, &e.source, 0));
    CHECK(write(p[1], "x", 1) == 1);
    loop_turn(l, 0);
    CHECK_EQ(e.calls, 1);
    struct source bad = {.fd = -1, .ready = on_ready};
    CHECK(!loop_watch(l, &bad, EPOLLIN));
    loop_free(l);
    close(p[0]);
    close(p[1]);
}

TEST(what_is_taken_out_in_a_turn_is_not_called_in_it)
{
    struct loop *l = loop_new();
    int p[2][2];
    struct end e[2];
    for (int i = 0; i < 2; i++) {
        CHECK(pipe(p[i]) == 0 && write(p[i][1], "x", 1) == 1);
        e[i] = (struct end){.l = l, .source = {.fd = p[i][0], .ready = on_ready}};
    }
    for (int i = 0; i < 2; i++) {
        e[i].source.ctx = &e[i];
        e[i].other = &e[1 - i];
        CHECK(loop_watch(l, &e[i].source, EPOLLIN));
    }
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(e[0].calls + e[1].calls, 1);
    for (int i = 0; i < 4; i++)
        close(p[i / 2][i % 2]);
    loop_free(l);
}

TEST(alarms_ring_in_time_and_once)
{
    struct loop *l = loop_new();
    int rung = 0, never = 0;
    struct alarm a = {.ring = on_ring, .ctx = &rung}, b = {.ring = on_ring, .ctx = &never};
    shrike_time began = loop_clock(l);
    loop_alarm(l, &b, began + 3600 * SHRIKE_SECOND);
    loop_alarm(l, &b, began + 5 * SHRIKE_MS);
    loop_disarm(l, &b);
    loop_alarm(l, &a, began + 20 * SHRIKE_MS);
    for (int i = 0; i < 100 && !rung; i++)
        loop_turn(l, SHRIKE_SECOND);
    CHECK(loop_now(l) - began >= 20 * SHRIKE_MS);
    CHECK(loop_now(l) - began < 900 * SHRIKE_MS); /* it woke for the alarm, not for at_most */
    loop_turn(l, 0);
    CHECK_EQ(rung, 1);
    CHECK_EQ(never, 0);
    loop_free(l);
}

static bool some_more(void *ctx)
{
    int *left = ctx;
    return *left > 0 && --*left > 0;
}

TEST(the_loop_does_not_sleep_while_work_is_left)
{
    struct loop *l = loop_new();
    int left = 5;
    struct hook h = {.settle = some_more, .ctx = &left};
    loop_hook(l, &h);
    shrike_time began = loop_clock(l);
    for (int i = 0; i < 4; i++)
        loop_turn(l, 10 * SHRIKE_SECOND);
    CHECK(loop_clock(l) - began < 5 * SHRIKE_SECOND);
    CHECK_EQ(left, 1);
    loop_unhook(l, &h);
    loop_turn(l, 0);
    CHECK_EQ(left, 1);
    loop_free(l);
}

int main(void)
{
    return RUN(descriptors_are_told_of) | RUN(what_is_taken_out_in_a_turn_is_not_called_in_it) |
           RUN(alarms_ring_in_time_and_once) | RUN(the_loop_does_not_sleep_while_work_is_left);
}
