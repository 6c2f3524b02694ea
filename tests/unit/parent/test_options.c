/* Tests of parent/options.c. */
#include "parent/options.h"
#include "test.h"

static struct command_line line;

static enum command read_line(const char *a, const char *b, const char *c, const char *d)
{
    static char words[5][32]; /* options point to them */
    char *argv[6] = {words[0]};
    const char *said[5] = {"shriked", a, b, c, d};
    int argc = 0;
    for (; argc < 5 && said[argc]; argc++) {
        snprintf(words[argc], sizeof words[argc], "%s", said[argc]);
        argv[argc] = words[argc];
    }
    return options_read(&line, argc, argv);
}
#define READ1(a)          read_line(a, NULL, NULL, NULL)
#define READ2(a, b)       read_line(a, b, NULL, NULL)
#define READ4(a, b, c, d) read_line(a, b, c, d)

TEST(nothing_said_is_the_default)
{
    CHECK_EQ(read_line(NULL, NULL, NULL, NULL), COMMAND_RUN);
    CHECK(strcmp(line.options.config, "/etc/swanctl/swanctl.conf") == 0);
    CHECK(!line.options.control_socket && !line.options.one_process && !line.options.check_only);
    CHECK_EQ(line.options.level, SHRIKE_INFO);
}

TEST(what_is_said_counts)
{
    CHECK_EQ(READ4("--config", "a.conf", "--control-socket", "/run/b"), COMMAND_RUN);
    CHECK(strcmp(line.options.config, "a.conf") == 0);
    CHECK(strcmp(line.options.control_socket, "/run/b") == 0);
    CHECK_EQ(READ2("--strongswan-conf", "b.conf"), COMMAND_RUN);
    CHECK(strcmp(line.options.foreign, "b.conf") == 0);
    CHECK_EQ(READ4("--one-process", "--check", "--log-level", "debug"), COMMAND_RUN);
    CHECK(!line.options.foreign);
    CHECK(line.options.one_process && line.options.check_only);
    CHECK_EQ(line.options.level, SHRIKE_DEBUG);
    CHECK_EQ(READ2("--log-level", "error"), COMMAND_RUN);
    CHECK_EQ(line.options.level, SHRIKE_ERROR);
}

TEST(a_role_is_found_by_its_name)
{
    CHECK_EQ(READ2("--role", "net"), COMMAND_ROLE);
    CHECK_EQ(line.role, ROLE_NET);
    CHECK_EQ(READ2("--role", "control"), COMMAND_ROLE);
    CHECK_EQ(line.role, ROLE_CONTROL);
    CHECK_EQ(READ2("--role", "parent"), COMMAND_USAGE);
    CHECK_EQ(READ2("--role", "nett"), COMMAND_USAGE);
}

TEST(what_is_not_understood_is_refused)
{
    CHECK_EQ(READ1("--frobnicate"), COMMAND_USAGE);
    CHECK_EQ(READ1("--config"), COMMAND_USAGE);
    CHECK_EQ(READ2("--log-level", "loud"), COMMAND_USAGE);
    CHECK_EQ(READ1("a.conf"), COMMAND_USAGE);
    CHECK_EQ(READ2("--check", "a.conf"), COMMAND_USAGE);
}

/* What a process tells another one that it starts is what it was told. */
TEST(options_go_on_as_they_are)
{
    static const struct options all[] = {
        {.config = "a", .level = SHRIKE_INFO},
        {.config = "a", .level = SHRIKE_ERROR, .foreign = "b", .control_socket = "c"},
        {.config = "a", .level = SHRIKE_DEBUG, .one_process = true, .control_socket = "c"},
        {.config = "a", .level = SHRIKE_INFO, .foreign = "b", .check_only = true},
        {.config = "a", .foreign = "b", .control_socket = "c", .check_only = 1, .one_process = 1},
        {.config = "a", .kernel = 5}};
    const char *args[OPTIONS_ARGS_MAX];
    char *argv[OPTIONS_ARGS_MAX];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const struct options *o = &all[i], *got = &line.options;
        int argc = 0;
        options_args(o, "--role", "net", args);
        for (; args[argc]; argc++)
            argv[argc] = strdup(args[argc]);
        CHECK(argc < OPTIONS_ARGS_MAX && options_read(&line, argc, argv) == COMMAND_ROLE);
        CHECK(line.role == ROLE_NET && strcmp(got->config, o->config) == 0);
        CHECK(!o->foreign == !got->foreign && (!o->foreign || !strcmp(got->foreign, "b")));
        CHECK(!o->control_socket == !got->control_socket);
        CHECK(!o->control_socket || strcmp(got->control_socket, "c") == 0);
        CHECK(got->level == o->level && got->one_process == o->one_process);
        CHECK(got->check_only == o->check_only && got->take_over == 0 && got->kernel == o->kernel);
        while (argc > 0)
            free(argv[--argc]);
    }
}

TEST(help_and_version_are_said)
{
    CHECK_EQ(READ1("--help"), COMMAND_DONE);
    CHECK_EQ(READ1("--version"), COMMAND_DONE);
}

int main(void)
{
    return RUN(nothing_said_is_the_default) | RUN(what_is_said_counts) |
           RUN(a_role_is_found_by_its_name) | RUN(what_is_not_understood_is_refused) |
           RUN(options_go_on_as_they_are) | RUN(help_and_version_are_said);
}
