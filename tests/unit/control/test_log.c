/* The log: what is kept, in which order, and how floods are cut. */
#include "control/log.h"
#include "test.h"

static struct log l;
static struct loop *loop;
static u32 lines;
static struct log_line newest;

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
    struct log_line line = {.level = level, .group = "IKE"};
    if (!log_may_say(&l, kind, level))
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
        struct log_line line = {.group = "IKE"};
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
    CHECK(log_vici_level(SHRIKE_ERROR) == 0 && log_vici_level(SHRIKE_DEBUG) == 2);
    end();
}

TEST(a_flood_is_cut_and_counted)
{
    const unsigned flood = log_kind_of_event(SHRIKE_EVENT_STRANGER_REFUSED);
    begin();
    loop_turn(loop, 0);
    for (unsigned i = 0; i < 500; i++)
        (void)say(flood, SHRIKE_INFO, "x");
    CHECK_EQ(lines, LOG_PER_SECOND);
    CHECK(say(log_kind_of_role(ROLE_NET), SHRIKE_INFO, "others go on"));
    shrike_time from = loop_clock(loop);
    while (lines == LOG_PER_SECOND + 1 && loop_clock(loop) - from < 2 * SHRIKE_SECOND)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK_EQ(lines, LOG_PER_SECOND + 2);
    CHECK(strstr(newest.text, "480 more like it: message of a stranger refused"));
    CHECK(say(flood, SHRIKE_INFO, "y")); /* a new second */
    end();
}

int main(void)
{
    return RUN(the_last_lines_are_kept) | RUN(levels) | RUN(a_flood_is_cut_and_counted);
}
