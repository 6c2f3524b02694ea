/* `shrike trace`: the ladder to the last blank, and as JSON. */
#include "fake.h"
#include "tool/trace.h"
#include <time.h>

static char *const nothing[] = {NULL};

TEST(a_ladder_at_each_width)
{
    prints(command_trace, 80, false, "trace-80.txt");
    prints(command_trace, 0, false, "trace-0.txt");
}

TEST(scripts_get_json)
{
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_trace(&b.tool, nothing), TOOL_DONE);
    bench_flush(&b);
    CHECK(strstr(b.out,
                 "{\n  \"ike_sas\": [\n    {\n      \"connection\": \"home\\u001b\",\n"
                 "      \"id\": 7,\n      \"identity\": null,\n      \"stranger\": false,\n"));
    CHECK(strstr(b.out, "          \"time\": \"1700000001.500000\",\n          \"sent\": true,\n"
                        "          \"again\": true,\n          \"exchange\": \"IKE_SA_INIT\",\n"
                        "          \"response\": false,\n          \"message_id\": 0,\n"
                        "          \"octets\": 492,\n          \"fragments\": null,\n"));
    CHECK(strstr(b.out, "\"name\": \"N(NAT_DETECTION_SOURCE_IP)\",\n"
                        "              \"octets\": 28\n"));
    CHECK(strstr(b.out, "\"connection\": null,\n      \"id\": 8,\n      \"identity\": null,\n      "
                        "\"stranger\": true,\n"));
    bench_close(&b);
}

/* Each IKE SA is named again when it is another one, and what was missed is said. */
TEST(following)
{
    struct bench b;
    char *should = golden("trace-follow.txt");
    bench_open(&b, fake_serve);
    b.tool.width = 80;
    b.tool.follow = true;
    CHECK_EQ(command_trace(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(b.out, should);
    CHECK_TEXT(b.err, "shrike: the process that speaks IKE has ended\n");
    bench_close(&b);
    free(should);
}

static unsigned lines_of(const char *text)
{
    unsigned n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

TEST(following_for_scripts_is_a_line_a_message)
{
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.follow = b.tool.json = true;
    CHECK_EQ(command_trace(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_EQ(lines_of(b.out), 6);
    CHECK(strstr(b.out,
                 "{\"connection\": \"home\\u001b\", \"id\": 7, \"identity\": null, "
                 "\"stranger\": false, \"initiator_spi\": \"0123456789abcdef\", "
                 "\"responder_spi\": \"0000000000000000\", \"lost\": 0, "
                 "\"message\": {\"time\": \"1700000000.250000\", \"sent\": true, ") == b.out);
    CHECK(strstr(b.out, "\"identity\": \"right.example\""));
    CHECK(strstr(b.out, "\"lost\": 3, \"message\": {\"time\": \"1700000001.503000\""));
    bench_close(&b);
}

static u32 word_of(const char *at)
{
    u32 v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* Octets as hex, from one of them on. */
static const char *as_hex(const char *at, size_t len)
{
    static char text[512];
    for (size_t i = 0; i < len && 2 * i + 2 < sizeof text; i++)
        snprintf(text + 2 * i, 3, "%02x", (u8)at[i]);
    return text;
}

/* What Wireshark reads: the headers have the right sums, which were computed by hand. */
TEST(a_capture)
{
    enum { FILE_HEADER = 24, RECORD = 16, FOUR = 20 + 8 + 7, SIX = 40 + 8 + 7 };
    static char dash[] = "-";
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.pcap = dash;
    CHECK_EQ(command_trace(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(
        b.err,
        "shrike: 2 datagrams are missing in the capture: they came faster than they were read\n"
        "shrike: the process that speaks IKE has ended\n");
    CHECK_EQ(b.out_len, FILE_HEADER + 3 * RECORD + FOUR + SIX + FOUR); /* no ladder in between */
    if (b.out_len == FILE_HEADER + 3 * RECORD + FOUR + SIX + FOUR) {
        const char *four = b.out + FILE_HEADER, *six = four + RECORD + FOUR;
        CHECK(word_of(b.out) == 0xa1b2c3d4 && word_of(b.out + 20) == 101);
        CHECK(word_of(four) == 1700000000 && word_of(four + 4) == 250000);
        CHECK(word_of(four + 8) == FOUR && word_of(four + 12) == FOUR);
        CHECK_TEXT(as_hex(four + RECORD, FOUR), "45000023000000004011f6c6c0000201c0000202"
                                                "01f401f5000fd6ad64617461677261");
        CHECK(word_of(six) == 1700000001 && word_of(six + 4) == 1 && word_of(six + 8) == SIX);
        CHECK_TEXT(as_hex(six + RECORD, SIX), "60000000000f114020010db80000000000000000"
                                              "0000000220010db8000000000000000000000001"
                                              "11951194000fb2c600000000696b65");
    }
    bench_close(&b);
}

TEST(a_capture_that_cannot_be_written)
{
    static char nowhere[] = "/nowhere/at/all", full[] = "/dev/full";
    struct bench b;
    bench_open(&b, fake_serve);
    b.tool.pcap = nowhere;
    CHECK_EQ(command_trace(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK_TEXT(b.err, "shrike: cannot write the capture: No such file or directory\n");
    bench_close(&b);
    bench_open(&b, fake_serve);
    b.tool.pcap = full;
    CHECK_EQ(command_trace(&b.tool, nothing), TOOL_FAILED);
    bench_flush(&b);
    CHECK(strstr(b.err, "shrike: the capture could not be written\n"));
    CHECK(strstr(b.out, "IKE_SA_INIT")); /* the ladder is shown beside a file */
    bench_close(&b);
}

TEST(nothing_said_is_said)
{
    char name[] = "nobody", *one[] = {name, NULL};
    struct bench b;
    bench_open(&b, fake_serve);
    CHECK_EQ(command_trace(&b.tool, one), TOOL_DONE);
    bench_flush(&b);
    CHECK_TEXT(b.out, "nothing was said with this peer lately\n");
    bench_close(&b);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    return RUN(a_ladder_at_each_width) | RUN(scripts_get_json) | RUN(following) |
           RUN(following_for_scripts_is_a_line_a_message) | RUN(a_capture) |
           RUN(a_capture_that_cannot_be_written) | RUN(nothing_said_is_said);
}
