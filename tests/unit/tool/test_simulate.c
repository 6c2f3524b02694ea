/* `shrike simulate`: the outcome, how it is shown, and what it is asked. */
#include "fake.h"
#include "tool/simulate.h"
#include "tool/simulate_ask.h"

static struct bench b;

static int simulate(const struct tool_play *ask, const char *one, const char *other)
{
    char a[64], c[64];
    snprintf(a, sizeof a, "%s", one);
    snprintf(c, sizeof c, "%s", other);
    char *const arguments[] = {a, c, NULL};
    unsigned width = b.tool.width;
    bool json = b.tool.json;
    bench_open(&b, fake_serve);
    b.tool.width = width;
    b.tool.json = json;
    b.tool.play = *ask;
    int code = command_simulate(&b.tool, arguments);
    bench_flush(&b);
    return code;
}

/* What stands before the messages, which are as `shrike trace` prints them (test_trace.c). */
static void prints_golden(unsigned width, const char *name)
{
    struct tool_play ask = simulate_default();
    char *should = golden(name), *messages;
    ask.nat[0] = ask.day = true;
    ask.loss = 10;
    b.tool.width = width;
    b.tool.json = false;
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-c.conf"), TOOL_DONE);
    CHECK_TEXT(b.err, "");
    messages = strstr(b.out, "\nmessages, as a sees them\n");
    CHECK(messages && strstr(messages, "---->  IKE_AUTH request 1") && strstr(messages, "+0.040s"));
    *messages = '\0';
    CHECK_TEXT(b.out, should);
    bench_close(&b);
    free(should);
}

TEST(a_day_on_terminals)
{
    prints_golden(80, "simulate-80.txt");
    prints_golden(160, "simulate-160.txt");
}

TEST(as_json)
{
    struct tool_play ask = simulate_default();
    b.tool.width = 0;
    b.tool.json = true;
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_DONE);
    CHECK(strstr(b.out, "\"outcome\": \"established\""));
    CHECK(strstr(b.out, "\"took_ms\": 80,\n  \"child_sas\": 1,\n  \"seed\": 1,\n"));
    CHECK(strstr(b.out, "\"name\": \"N(INITIAL_CONTACT)\""));
    CHECK(!strstr(b.out, "\"day\""));
    are_documented(b.out, 51);
    bench_close(&b);

    ask.blocks[0] = (struct tool_block){1, 500};
    ask.block_count = 1;
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_FAILED);
    CHECK(strstr(b.out, "\"outcome\": \"failed\""));
    CHECK(strstr(b.out, "\"reason\": \"TIMEOUT\""));
    are_documented(b.out, 51);
    bench_close(&b);
}

/* What is there of a day alone; the manual has each key. */
TEST(a_day_as_json)
{
    static const char *const keys[] = {"at_ms", "last_ms", "times",  "what", "by",
                                       "child", "reason",  "resent", "bad",  "lasted_ms"};
    struct tool_play ask = simulate_default();
    char *manual = golden("../../../../docs/man/shrike.1.in"), *day;
    ask.day = true;
    b.tool.width = 0;
    b.tool.json = true;
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_FAILED);
    CHECK(strstr(b.out, "\"outcome\": \"later\""));
    day = strstr(b.out, "\"day\": [");
    CHECK(day && strstr(day, "\"reason\": \"NO_CHILD_PROPOSAL\""));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char key[32];
        snprintf(key, sizeof key, "\"%s\"", keys[i]);
        CHECK(strstr(day, key) && strstr(manual, key));
    }
    bench_close(&b);
    free(manual);
}

static bool begins(const char *text)
{
    bool it = strncmp(b.out, text, strlen(text)) == 0;
    if (!it)
        printf("# it says:\n%s# on stderr:\n%s", b.out, b.err);
    return it;
}

TEST(outcomes)
{
    struct tool_play ask = simulate_default();
    b.tool = (struct tool){0};
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_DONE);
    CHECK(begins("established in 0.080s: IKE SA and 1 Child SA, alike at both ends\n"));
    CHECK(strstr(b.out, "a  192.0.2.1 (written nowhere), connection office, begins: simulate-a"));
    CHECK(strstr(b.out, "fails at the first rekey: key exchange group differs\n"));
    bench_close(&b);

    /* both are the same side: the one does not find whom it calls */
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-a.conf"), TOOL_FAILED);
    CHECK(begins("fails at b: no connection has these identities\n"));
    bench_close(&b);

    CHECK_EQ(simulate(&ask, "simulate-b.conf", "simulate-b.conf"), TOOL_FAILED);
    CHECK(begins("nobody can begin: "));
    bench_close(&b);

    ask.blocks[0] = (struct tool_block){1, 4500};
    ask.block_count = 1;
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_FAILED);
    CHECK(begins("fails at a: no answer to IKE_AUTH"));
    CHECK(strstr(b.out, "UDP port 4500 of b is blocked"));
    bench_close(&b);
}

TEST(what_cannot_be_played)
{
    struct tool_play ask = simulate_default();
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "list.txt"), TOOL_USAGE);
    CHECK_TEXT(b.out, "");
    CHECK(strstr(b.err, "list.txt:"));
    bench_close(&b);

    ask.conn = "office";
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_DONE);
    bench_close(&b);
    ask.conn = "cellar";
    CHECK_EQ(simulate(&ask, "simulate-a.conf", "simulate-b.conf"), TOOL_USAGE);
    CHECK(strstr(b.err, "neither file has a connection of this name"));
    bench_close(&b);
}

static struct tool_play asked;

static bool takes(int option, const char *value)
{
    return simulate_has(option) && !simulate_take(&asked, option, value);
}

TEST(values_of_options)
{
    asked = simulate_default();
    CHECK(asked.seed == 1 && asked.latency_us == 20000 && !asked.loss && !asked.mtu);
    CHECK(takes(OPTION_LATENCY, "150ms") && asked.latency_us == 150000);
    CHECK(takes(OPTION_LATENCY, "2s") && asked.latency_us == 2000000);
    CHECK(takes(OPTION_LATENCY, "700us") && asked.latency_us == 700);
    CHECK(takes(OPTION_LATENCY, "5") && asked.latency_us == 5000);
    CHECK(!takes(OPTION_LATENCY, "61s") && !takes(OPTION_LATENCY, "ms") &&
          !takes(OPTION_LATENCY, "5m") && !takes(OPTION_LATENCY, "-5"));
    CHECK(takes(OPTION_LOSS, "100") && asked.loss == 100 && !takes(OPTION_LOSS, "101"));
    CHECK(takes(OPTION_MTU, "1280") && asked.mtu == 1280 && !takes(OPTION_MTU, "199"));
    CHECK(!takes(OPTION_MTU, "65536"));
    CHECK(takes(OPTION_NAT, "b") && asked.nat[1] && !asked.nat[0] && !takes(OPTION_NAT, "c"));
    CHECK(takes(OPTION_SEED, "18446744073709551615") && asked.seed == UINT64_MAX);
    CHECK(!takes(OPTION_SEED, "x") && takes(OPTION_DAY, NULL) && asked.day);
    CHECK(takes('c', "gw") && strcmp(asked.conn, "gw") == 0);
    CHECK(!simulate_has(OPTION_SOCKET) && !simulate_has('n') && !simulate_has(OPTION_JSON));
}

TEST(ports_that_are_blocked)
{
    asked = simulate_default();
    CHECK(!takes(OPTION_BLOCK, "b") && !takes(OPTION_BLOCK, "b:0") &&
          !takes(OPTION_BLOCK, "b:65536") && !takes(OPTION_BLOCK, "c:500") &&
          !takes(OPTION_BLOCK, "500"));
    for (unsigned i = 0; i < TOOL_BLOCKS_MAX; i++)
        CHECK(takes(OPTION_BLOCK, i ? "a:500" : "b:4500"));
    CHECK(!takes(OPTION_BLOCK, "a:500"));
    CHECK(asked.blocks[0].side == 1 && asked.blocks[0].port == 4500 && asked.blocks[7].side == 0);
}

int main(void)
{
    if (chdir(GOLDEN) != 0) /* so that places of rules do not depend on where this was built */
        return 1;
    return RUN(a_day_on_terminals) | RUN(as_json) | RUN(a_day_as_json) | RUN(outcomes) |
           RUN(what_cannot_be_played) | RUN(values_of_options) | RUN(ports_that_are_blocked);
}
