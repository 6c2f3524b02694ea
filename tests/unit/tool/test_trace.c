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
    CHECK(strstr(b.out, "{\n  \"ike_sas\": [\n    {\n      \"connection\": \"home\\u001b\",\n"
                        "      \"id\": 7,\n      \"stranger\": false,\n"));
    CHECK(strstr(b.out, "          \"time\": \"1700000001.500000\",\n          \"sent\": true,\n"
                        "          \"again\": true,\n          \"exchange\": \"IKE_SA_INIT\",\n"
                        "          \"response\": false,\n          \"message_id\": 0,\n"
                        "          \"octets\": 492,\n          \"fragments\": null,\n"));
    CHECK(strstr(b.out, "\"name\": \"N(NAT_DETECTION_SOURCE_IP)\",\n"
                        "              \"octets\": 28\n"));
    CHECK(strstr(b.out, "\"connection\": null,\n      \"id\": 8,\n      \"stranger\": true,\n"));
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
    return RUN(a_ladder_at_each_width) | RUN(scripts_get_json) | RUN(nothing_said_is_said);
}
