/* Lines of the log as they are written. */
#include "control/format.h"
#include "test.h"
#include <time.h>

static char octets[FORMAT_MAX];
static struct text t;

static struct log_line sample(void)
{
    struct log_line line = {.when_us = 1700000000123456,
                            .level = SHRIKE_WARNING,
                            .group = LOG_IKE,
                            .event = SHRIKE_EVENT_IKE_FAILED,
                            .reason = SHRIKE_REASON_TIMEOUT,
                            .ike = 7,
                            .child = 9,
                            .local = {.octets = {192, 0, 2, 1}, .port = 500, .family = 4},
                            .remote = {.octets = {0xfd, [15] = 2}, .port = 4500, .family = 6},
                            .conn = "gw",
                            .child_conf = "net",
                            .text = "it \"failed\" \\x0a"};
    t = text_of(octets, sizeof octets);
    setenv("TZ", "UTC", 1);
    tzset();
    return line;
}

TEST(for_people)
{
    struct log_line line = sample();
    struct settings_log conf = {.time_format = "%T", .time_ms = true};
    format_text(&t, &conf, &line);
    CHECK(strcmp(octets, "22:13:20.123 IKE warning: it \"failed\" \\x0a\n") == 0);
    conf = (struct settings_log){.ike_name = true, .log_level = true, .time_format = "%F %T"};
    t = text_of(octets, sizeof octets);
    line.level = SHRIKE_INFO;
    format_text(&t, &conf, &line);
    CHECK(strcmp(octets, "2023-11-14 22:13:20 IKE1 <gw|7> it \"failed\" \\x0a\n") == 0);
    conf.time_format[0] = 0;
    line.ike = 0;
    line.conn[0] = 0;
    t = text_of(octets, sizeof octets);
    format_text(&t, &conf, &line);
    CHECK(strcmp(octets, "IKE1 it \"failed\" \\x0a\n") == 0);
}

TEST(json_has_every_field_once)
{
    struct log_line line = sample();
    strcpy(line.conn, "g\"w\xff");
    format_json(&t, &line);
    CHECK(strcmp(octets,
                 "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"warning\","
                 "\"group\":\"IKE\",\"event\":\"IKE_FAILED\",\"connection\":\"g\\\"w\\\\xff\","
                 "\"ike\":7,\"child\":\"net\",\"child_sa\":9,\"local\":\"192.0.2.1:500\","
                 "\"remote\":\"[fd00::2]:4500\",\"reason\":\"TIMEOUT\","
                 "\"text\":\"it \\\"failed\\\" \\\\x0a\"}\n") == 0);
    struct log_line bare = {.level = SHRIKE_DEBUG, .group = LOG_ESP, .text = "x\n\x7f"};
    t = text_of(octets, sizeof octets);
    format_json(&t, &bare);
    CHECK(strcmp(octets, "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"level\":\"debug\","
                         "\"group\":\"ESP\",\"text\":\"x\\u000a\\u007f\"}\n") == 0);
}

TEST(syslog_and_journal)
{
    struct log_line line = sample();
    struct settings_log conf = {.kind = LOG_TO_SYSLOG, .facility = 10};
    char head[64];
    format_syslog(&t, &conf, "vpn", &line);
    CHECK(strncmp(octets, "<84>Nov 14 22:13:20 vpn[", 24) == 0);
    CHECK(strstr(octets, "]: IKE warning: it \"failed\" \\x0a") && !strchr(octets, '\n'));
    t = text_of(octets, sizeof octets);
    format_journal(&t, "vpn", &line);
    snprintf(head, sizeof head, "PRIORITY=4\nSYSLOG_IDENTIFIER=vpn\nSHRIKE_GROUP=IKE\n");
    CHECK(strncmp(octets, head, strlen(head)) == 0);
    CHECK(strstr(octets, "\nSHRIKE_EVENT=IKE_FAILED\nSHRIKE_CONNECTION=gw\nSHRIKE_IKE=7\n"));
    CHECK(strstr(octets, "\nSHRIKE_REMOTE=[fd00::2]:4500\nSHRIKE_REASON=TIMEOUT\n"
                         "MESSAGE=IKE warning: it \"failed\" \\x0a\n"));
}

/* The longest there is: still one line, that ends. */
TEST(what_is_too_long_is_cut)
{
    static struct log_line line;
    line = (struct log_line){.level = SHRIKE_INFO, .group = LOG_IKE};
    memset(line.text, '"', sizeof line.text - 1);
    memset(line.conn, '\xff', sizeof line.conn - 1);
    t = text_of(octets, sizeof octets);
    format_json(&t, &line);
    CHECK(octets[t.len - 1] == '\n' && octets[t.len - 2] == '}' && !t.cut);
    t = text_of(octets, 40);
    format_json(&t, &line);
    CHECK(octets[t.len - 1] == '\n' && t.len == 39);
}

int main(void)
{
    return RUN(for_people) | RUN(json_has_every_field_once) | RUN(syslog_and_journal) |
           RUN(what_is_too_long_is_cut);
}
