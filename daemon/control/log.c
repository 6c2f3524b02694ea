/* The log: see log.h. */
#include "control/log.h"
#include "proc/line.h"
#include <stdio.h>
#include <time.h>

const char *log_group_of_role(enum role r)
{
    switch (r) {
    case ROLE_PARENT:
        return "DMN";
    case ROLE_CONTROL:
        return "CFG";
    case ROLE_KEYS:
        return "KEY";
    case ROLE_ESP:
        return "ESP";
    case ROLE_NET:
        return "NET";
    case ROLE_COUNT:
        break;
    }
    return "?";
}

unsigned log_vici_level(enum shrike_level level)
{
    switch (level) {
    case SHRIKE_ERROR:
    case SHRIKE_WARNING:
        return 0;
    case SHRIKE_NOTICE:
    case SHRIKE_INFO:
        return 1;
    case SHRIKE_DEBUG:
        break;
    }
    return 2;
}

unsigned log_kind_of_event(enum shrike_event_id id)
{
    return id < SHRIKE_EVENT_COUNT ? (unsigned)id : 0;
}

unsigned log_kind_of_role(enum role r)
{
    return (unsigned)SHRIKE_EVENT_COUNT + (r < ROLE_COUNT ? (unsigned)r : 0);
}

void log_say(struct log *l, struct log_line *line)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    line->when_us = (u64)t.tv_sec * 1000000 + (u64)t.tv_nsec / 1000;
    l->ring[l->next] = *line;
    l->next = (l->next + 1) % LOG_RING;
    l->count = MIN(l->count + 1, LOG_RING);
    l->sink(l->ctx, line);
}

const struct log_line *log_kept(const struct log *l, u32 i)
{
    return i < l->count ? &l->ring[(l->next + LOG_RING - l->count + i) % LOG_RING] : NULL;
}

static void say_what_was_left_out(struct log *l, unsigned kind)
{
    struct log_line line = {.level = SHRIKE_NOTICE};
    u32 n = l->kinds[kind].silent;
    l->kinds[kind].silent = 0;
    if (kind < SHRIKE_EVENT_COUNT) {
        line.group = "IKE";
        snprintf(line.text, sizeof line.text, "%u more like it: %s", n,
                 shrike_event_text((enum shrike_event_id)kind));
    } else {
        enum role r = (enum role)(kind - SHRIKE_EVENT_COUNT);
        line.group = log_group_of_role(r);
        snprintf(line.text, sizeof line.text, "%u more lines of %s were left out", n, role_name(r));
    }
    log_say(l, &line);
}

static void begin_second(struct log *l, unsigned kind)
{
    if (l->kinds[kind].silent)
        say_what_was_left_out(l, kind);
    l->kinds[kind] = (struct log_kind){.since = loop_now(l->loop)};
}

static bool is_over(const struct log *l, unsigned kind)
{
    return loop_now(l->loop) - l->kinds[kind].since >= SHRIKE_SECOND;
}

/* Every second, until nothing is left out any more. */
static void ring(void *ctx)
{
    struct log *l = ctx;
    bool silent = false;
    for (unsigned kind = 0; kind < LOG_KINDS; kind++) {
        if (l->kinds[kind].silent && is_over(l, kind))
            begin_second(l, kind);
        silent |= l->kinds[kind].silent > 0;
    }
    if (silent)
        loop_alarm(l->loop, &l->alarm, loop_now(l->loop) + SHRIKE_SECOND);
}

bool log_may_say(struct log *l, unsigned kind, enum shrike_level level)
{
    struct log_kind *k = &l->kinds[kind];
    if (level > l->level)
        return false;
    if (is_over(l, kind))
        begin_second(l, kind);
    if (k->said < LOG_PER_SECOND) {
        k->said++;
        return true;
    }
    if (k->silent++ == 0)
        loop_alarm(l->loop, &l->alarm, loop_now(l->loop) + SHRIKE_SECOND);
    return false;
}

void log_open(struct log *l, struct loop *loop)
{
    l->loop = loop;
    l->alarm = (struct alarm){.ring = ring, .ctx = l};
}

void log_close(struct log *l)
{
    loop_disarm(l->loop, &l->alarm);
}
