/* `shrike down`: by the name of a connection or child, by number. */
#include "fake.h"
#include "tool/down.h"

static int down(struct bench *b, const char *name)
{
    char *const arguments[] = {(char *)(uintptr_t)name, NULL};
    bench_open(b, fake_serve);
    int code = command_down(&b->tool, arguments);
    bench_flush(b);
    return code;
}

TEST(by_name_and_number)
{
    static const char *const names[] = {"home", "net", "#7", "#7.12"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct bench b;
        char should[64];
        snprintf(should, sizeof should, "deleting\n%s is down\n", names[i]);
        CHECK_EQ(down(&b, names[i]), TOOL_DONE);
        CHECK_TEXT(b.out, should);
        CHECK_TEXT(b.err, "");
        bench_close(&b);
    }
}

/* Who or where the peer is: each IKE SA with it, but for those that end anyway. */
TEST(by_peer)
{
    static const char *const names[] = {"right.example", "2001:db8::1"};
    struct bench b;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CHECK_EQ(down(&b, names[i]), TOOL_DONE);
        CHECK_TEXT(b.out, "deleting\nhome #7 is down\n");
        bench_close(&b);
    }
    CHECK_EQ(down(&b, "198.51.100.1"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: office #8: there is no SA of this name or number\n");
    bench_close(&b);
    CHECK_EQ(down(&b, "198.51.100.2"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: nothing of this name is up; shrike list shows what is\n");
    bench_close(&b);
}

/* As every command that changes something. */
TEST(scripts_get_json)
{
    static const struct {
        const char *name, *head, *tail;
        int code;
    } rows[] = {
        {"home", "\"connection\": \"home\",\n      \"child\": null,\n      \"ike_sa\": null",
         "\"done\": true,\n      \"why\": null", TOOL_DONE},
        {"net", "\"connection\": null,\n      \"child\": \"net\",\n      \"ike_sa\": null",
         "\"done\": true,\n      \"why\": null", TOOL_DONE},
        {"#7.12",
         "\"connection\": null,\n      \"child\": null,\n      \"ike_sa\": 7,\n      \"child_sa\": "
         "12",
         "\"done\": true,\n      \"why\": null", TOOL_DONE},
        {"198.51.100.1", "\"connection\": \"office\",\n      \"child\": null,\n      \"ike_sa\": 8",
         "\"done\": false,\n      \"why\": \"there is no SA of this name or number\"", TOOL_FAILED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *const arguments[] = {(char *)(uintptr_t)rows[i].name, NULL};
        char whole[64];
        struct bench b;
        bench_open(&b, fake_serve);
        b.tool.json = true;
        CHECK_EQ(command_down(&b.tool, arguments), rows[i].code);
        bench_flush(&b);
        snprintf(whole, sizeof whole, "\n    }\n  ],\n  \"done\": %s\n}\n",
                 rows[i].code ? "false" : "true");
        CHECK(strstr(b.out, "{\n  \"command\": \"down\",\n  \"results\": [\n    {\n") == b.out);
        CHECK(strstr(b.out, rows[i].head) && strstr(b.out, rows[i].tail));
        CHECK(strstr(b.out, "\"level\": \"info\",\n          \"group\": \"IKE\",\n"));
        CHECK(strstr(b.out, "\"text\": \"deleting\"\n        }\n      ],\n"));
        CHECK(strstr(b.out, whole));
        bench_close(&b);
    }
}

TEST(what_the_daemon_refuses_is_said)
{
    struct bench b;
    CHECK_EQ(down(&b, "#8"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: there is no SA of this name or number\n");
    bench_close(&b);
}

/* By force at once, or after the time that was asked for. */
TEST(by_force)
{
    static const char *const names[] = {"#70", "#71"};
    for (unsigned timed = 0; timed < 2; timed++)
        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
            char *const arguments[] = {(char *)(uintptr_t)names[i], NULL};
            struct bench b;
            bench_open(&b, fake_serve);
            b.tool.force = true;
            b.tool.timed = timed;
            CHECK_EQ(command_down(&b.tool, arguments), timed == i ? TOOL_DONE : TOOL_FAILED);
            bench_close(&b);
        }
}

TEST(what_is_not_up_is_not_asked_for)
{
    struct bench b;
    CHECK_EQ(down(&b, "cellar"), TOOL_FAILED);
    CHECK_TEXT(b.err, "shrike: nothing of this name is up; shrike list shows what is\n");
    CHECK_TEXT(b.out, "");
    bench_close(&b);
}

TEST(a_child_belongs_to_its_ike_sa)
{
    static const char *const wrong[] = {"#8.12", "#7.13", "#99.12"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct bench b;
        CHECK_EQ(down(&b, wrong[i]), TOOL_FAILED);
        CHECK_TEXT(b.err, "shrike: nothing of this number is up; shrike list shows what is\n");
        CHECK_TEXT(b.out, "");
        bench_close(&b);
    }
}

TEST(numbers_are_numbers)
{
    static const char *const wrong[] = {
        "#", "#x", "#7.", "#.7", "#7.1.2", "#-1", "#99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct bench b;
        CHECK_EQ(down(&b, wrong[i]), TOOL_USAGE);
        bench_close(&b);
    }
}

int main(void)
{
    return RUN(by_name_and_number) | RUN(by_peer) | RUN(scripts_get_json) |
           RUN(what_the_daemon_refuses_is_said) | RUN(by_force) |
           RUN(what_is_not_up_is_not_asked_for) | RUN(a_child_belongs_to_its_ike_sa) |
           RUN(numbers_are_numbers);
}
