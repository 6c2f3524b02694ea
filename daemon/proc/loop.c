/* The event loop: see loop.h. */
#include "proc/loop.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 64,      /* taken from the system in one turn */
    ALARMS_MAX = 8192 /* set at once: clients, names, roles */
};

struct loop {
    int epoll;
    bool stopped;
    shrike_time now;
    struct page_source source;
    struct heap alarms;
    struct hook *hooks;
    struct epoll_event events[EVENTS]; /* of this turn, from `at` on not called yet */
    int at, count;
};

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void give(void *ctx, void *page, size_t size)
{
    (void)ctx;
    munmap(page, size);
}

shrike_time loop_clock(struct loop *l)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    l->now = (shrike_time)t.tv_sec * SHRIKE_SECOND + (shrike_time)t.tv_nsec / 1000;
    return l->now;
}

shrike_time loop_now(const struct loop *l)
{
    return l->now;
}

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->source = (struct page_source){.from = {.take = take, .give = give}, .bytes_max = UINT64_MAX};
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll >= 0 && heap_init(&l->alarms, &l->source, ALARMS_MAX)) {
        loop_clock(l);
        return l;
    }
    loop_free(l);
    return NULL;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    if (l->epoll >= 0)
        close(l->epoll);
    heap_free(&l->alarms);
    free(l);
}

/* What was reported for it in this turn is not told any more. */
static void forget(struct loop *l, const struct source *s)
{
    for (int i = l->at; i < l->count; i++) {
        if (l->events[i].data.ptr == s)
            l->events[i].data.ptr = NULL;
    }
}

bool loop_watch(struct loop *l, struct source *s, u32 events)
{
    struct epoll_event e = {.events = events, .data.ptr = s};
    if (events == s->events)
        return true;
    int op = !events ? EPOLL_CTL_DEL : s->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (!events)
        forget(l, s);
    s->events = events;
    if (epoll_ctl(l->epoll, op, s->fd, &e) == 0 || !events)
        return true;
    s->events = 0;
    return false;
}

void loop_alarm(struct loop *l, struct alarm *a, shrike_time when)
{
    ensure(a->node.place || l->alarms.count < ALARMS_MAX);
    heap_set(&l->alarms, &a->node, when);
}

void loop_disarm(struct loop *l, struct alarm *a)
{
    heap_remove(&l->alarms, &a->node);
}

void loop_hook(struct loop *l, struct hook *h)
{
    h->next = l->hooks;
    l->hooks = h;
}

void loop_unhook(struct loop *l, struct hook *h)
{
    struct hook **at = &l->hooks;
    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
}

/* Alarms that are due now; those that they set for now ring in the next turn. */
static void ring_alarms(struct loop *l)
{
    for (u32 n = l->alarms.count; n > 0; n--) {
        struct heap_node *least = heap_least(&l->alarms);
        if (!least || least->key > l->now)
            return;
        heap_remove(&l->alarms, least);
        struct alarm *a = (struct alarm *)(void *)((char *)least - offsetof(struct alarm, node));
        a->ring(a->ctx);
    }
}

/* true: there is more to do before sleeping. */
static bool settle(struct loop *l)
{
    bool more = false;
    for (struct hook *h = l->hooks, *next; h; h = next) {
        next = h->next;
        more |= h->settle(h->ctx);
    }
    return more;
}

/* Milliseconds until the next alarm, rounded up, for epoll_wait(). */
static int sleep_ms(const struct loop *l, shrike_time at_most)
{
    const struct heap_node *least = heap_least(&l->alarms);
    shrike_time wait = at_most;
    if (least && least->key <= l->now)
        return 0;
    if (least)
        wait = MIN(wait, least->key - l->now);
    if (wait == SHRIKE_NEVER)
        return -1;
    return (int)(MIN(wait, 3600 * SHRIKE_SECOND) + 999) / 1000;
}

void loop_turn(struct loop *l, shrike_time at_most)
{
    int ms = settle(l) ? 0 : -1;
    loop_clock(l);
    if (ms < 0)
        ms = sleep_ms(l, at_most);
    if (l->stopped)
        return;
    l->count = epoll_wait(l->epoll, l->events, EVENTS, ms);
    loop_clock(l);
    ring_alarms(l);
    for (l->at = 0; l->at < l->count;) {
        struct epoll_event e = l->events[l->at++];
        struct source *s = e.data.ptr;
        if (s)
            s->ready(s->ctx, e.events);
    }
    l->at = l->count = 0;
}

void loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped)
        loop_turn(l, SHRIKE_NEVER);
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}
