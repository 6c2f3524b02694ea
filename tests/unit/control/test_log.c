/* The log: what is kept, in which order, and how floods are cut. */
#include "control/log.h"
#include "test.h"

static struct log l;
static struct loop *loop;
static u32 lines;
static struct log_line newest;
static struct shrike_endpoint about; /* whom lines are about */

static void sink(void *ctx, const struct log_line *line)
{
    (void)ctx;
    lines++;
    newest = *line;
}

static void begin(void)
{
    memset(&l, 0, sizeof l);
    loop = loop_new();
    if (!loop)
        abort();
    l.level = SHRIKE_INFO;
    l.sink = sink;
    memset(l.levels, LOG_LEVEL_NONE, sizeof l.levels);
    about = (struct shrike_endpoint){.family = 0};
    lines = 0;
    log_open(&l, loop);
}

static void end(void)
{
    log_close(&l);
    loop_free(loop);
}

static bool say(unsigned kind, enum shrike_level level, const char *text)
{
    struct log_line line = {.level = level, .group = LOG_IKE, .remote = about};
    if (!log_may_say(&l, kind, &line))
        return false;
    snprintf(line.text, sizeof line.text, "%s", text);
    log_say(&l, &line);
    return true;
}

TEST(the_last_lines_are_kept)
{
    char text[32];
    begin();
    CHECK(!log_kept(&l, 0));
    for (unsigned i = 0; i < LOG_RING + 10; i++) {
        struct log_line line = {.group = LOG_IKE};
        snprintf(line.text, sizeof line.text, "line %u", i);
        log_say(&l, &line);
    }
    CHECK(strcmp(log_kept(&l, 0)->text, "line 10") == 0 && !log_kept(&l, LOG_RING));
    snprintf(text, sizeof text, "line %u", LOG_RING + 9);
    CHECK(strcmp(log_kept(&l, LOG_RING - 1)->text, text) == 0);
    CHECK(log_kept(&l, 0)->when_us > 1700000000ull * 1000000);
    end();
}

TEST(levels)
{
    begin();
    CHECK(say(0, SHRIKE_ERROR, "a") && say(0, SHRIKE_INFO, "b") && !say(0, SHRIKE_DEBUG, "c"));
    CHECK_EQ(lines, 2);
    l.levels[LOG_IKE] = 2; /* a sink wants all of this group */
    CHECK(say(0, SHRIKE_DEBUG, "d"));
    CHECK(lines == 3 && l.count == 2); /* it is not kept */
    l.levels[LOG_IKE] = LOG_LEVEL_NONE;
    l.levels[LOG_NET] = 4;
    CHECK(!say(0, SHRIKE_DEBUG, "e"));
    CHECK(log_vici_level(SHRIKE_ERROR) == 0 && log_vici_level(SHRIKE_DEBUG) == 2);
    end();
}

static void peer(u8 last)
{
    about = (struct shrike_endpoint){.octets = {192, 0, 2, last}, .family = 4, .port = 500};
}

/* A turn of the loop as if so much time had gone by. */
static void later(shrike_time by)
{
    for (unsigned i = 0; i < LOG_KINDS; i++)
        l.kinds[i].since -= by;
    for (unsigned i = 0; i < LOG_PEERS; i++)
        l.peers[i].limit.since -= by;
    loop_alarm(loop, &l.alarm, loop_now(loop));
    loop_turn(loop, 0);
}

TEST(a_flood_is_cut_and_counted)
{
    const unsigned flood = log_kind_of_event(SHRIKE_EVENT_STRANGER_REFUSED);
    begin();
    loop_turn(loop, 0);
    for (unsigned i = 0; i < 500; i++)
        (void)say(flood, SHRIKE_INFO, "x");
    CHECK_EQ(lines, LOG_STRANGERS);
    CHECK(say(log_kind_of_role(ROLE_NET), SHRIKE_INFO, "others go on"));
    later(LOG_PERIOD - SHRIKE_SECOND);
    CHECK_EQ(lines, LOG_STRANGERS + 1);
    later(SHRIKE_SECOND);
    CHECK_EQ(lines, LOG_STRANGERS + 2);
    CHECK(strstr(newest.text, "450 more like it: message of a stranger refused"));
    CHECK(newest.group == LOG_NET && newest.level == SHRIKE_NOTICE);
    CHECK(say(flood, SHRIKE_INFO, "y"));
    for (unsigned i = 0; i < 2000; i++)
        (void)say(log_kind_of_role(ROLE_NET), SHRIKE_INFO, "x");
    later(LOG_PERIOD);
    CHECK(strstr(newest.text, "1000 more lines of net were left out"));
    l.plane = ROLE_XFRM;
    for (unsigned i = 0; i < LOG_LINES_MAX + 1; i++)
        (void)say(log_kind_of_role(ROLE_ESP), SHRIKE_INFO, "x");
    later(LOG_PERIOD);
    CHECK(strstr(newest.text, "1 more lines of xfrm were left out") && newest.group == LOG_KNL);
    end();
}

/* What was left out is told without anybody saying more. */
TEST(it_is_told_by_itself)
{
    begin();
    loop_turn(loop, 0);
    for (unsigned i = 0; i < LOG_STRANGERS + 1; i++)
        (void)say(log_kind_of_event(SHRIKE_EVENT_HINT), SHRIKE_INFO, "x");
    l.kinds[SHRIKE_EVENT_HINT].since -= LOG_PERIOD;
    shrike_time from = loop_clock(loop);
    while (lines == LOG_STRANGERS && loop_clock(loop) - from < 3 * SHRIKE_SECOND)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(strstr(newest.text, "1 more like it"));
    end();
}

TEST(one_peer_does_not_drown_the_others)
{
    const unsigned kind = log_kind_of_event(SHRIKE_EVENT_RETRANSMIT);
    begin();
    loop_turn(loop, 0);
    peer(1);
    for (unsigned i = 0; i < 1000; i++)
        (void)say(kind, SHRIKE_INFO, "x");
    CHECK_EQ(lines, LOG_PEER_MAX);
    peer(2);
    CHECK(say(kind, SHRIKE_INFO, "y"));
    peer(1);
    CHECK(say(log_kind_of_event(SHRIKE_EVENT_IKE_UP), SHRIKE_INFO, "another kind"));
    later(LOG_PERIOD);
    CHECK(strcmp(newest.text, "900 more like it of 192.0.2.1: request sent again") == 0);
    CHECK(newest.remote.family == 4);
    end();
}

/* 10,000 a second for an hour would be no more: of one peer, then of one after the other. */
TEST(a_flood_without_end_takes_little)
{
    const unsigned kind = log_kind_of_event(SHRIKE_EVENT_IKE_FAILED);
    begin();
    loop_turn(loop, 0);
    peer(1);
    for (unsigned s = 0; s < 3600; s++) {
        for (unsigned i = 0; i < 30; i++)
            (void)say(kind, SHRIKE_WARNING, "x");
        later(SHRIKE_SECOND);
    }
    CHECK(lines > 500 && lines < 700); /* 11 in each 64 s */
    lines = 0;
    for (unsigned s = 0; s < 3600; s++) {
        for (unsigned i = 0; i < 300; i++) {
            about.octets[1] = (u8)s;
            about.octets[2] = (u8)i;
            about.octets[0] = (u8)(i >> 8);
            (void)say(kind, SHRIKE_WARNING, "x");
        }
        later(SHRIKE_SECOND);
    }
    CHECK(lines > 2500 && lines < 4000); /* 51 in each 64 s */
    later(LOG_PERIOD_MAX);
    later(LOG_PERIOD_MAX);
    lines = 0;
    CHECK(say(kind, SHRIKE_WARNING, "y")); /* who was quiet has a new start */
    CHECK_EQ(l.kinds[kind].period, LOG_PERIOD);
    end();
}

int main(void)
{
    return RUN(the_last_lines_are_kept) | RUN(levels) | RUN(a_flood_is_cut_and_counted) |
           RUN(it_is_told_by_itself) | RUN(one_peer_does_not_drown_the_others) |
           RUN(a_flood_without_end_takes_little);
}
