/* The command line of shriked: see options.h. */
#include "parent/options.h"
#include "config/settings.h"
#include "parent/launch.h"
#include "parent/takeover.h"
#include "parent/upgrade.h"
#include "proc/line.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SHRIKE_VERSION
#define SHRIKE_VERSION "?"
#endif

enum {
    OPTION_NONE, /* getopt_long() gives another number */
#define OPTION(id, name, value, text) id,
#include "parent/options.def"
#undef OPTION
};

static const struct option known[] = {
#define OPTION(id, name, value, text) {name, (value) ? required_argument : no_argument, NULL, id},
#include "parent/options.def"
#undef OPTION
    {NULL, 0, NULL, 0},
};

static bool level_of(const char *name, enum shrike_level *out)
{
    for (enum shrike_level l = SHRIKE_ERROR; l <= SHRIKE_DEBUG; l++)
        if (strcmp(name, line_level(l)) == 0) {
            *out = l;
            return true;
        }
    return false;
}

static enum command wrong(const char *what, const char *value)
{
    fprintf(stderr, "shriked: %s%s: see shriked --help\n", what, value);
    return COMMAND_USAGE;
}

static enum command say(const char *text)
{
    fputs(text, stdout);
    return COMMAND_DONE;
}

static enum command help(void)
{
    static const struct {
        const char *name, *value, *text;
    } all[] = {
#define OPTION(id, name, value, text) {name, value, text},
#include "parent/options.def"
#undef OPTION
    };
    fputs("usage: shriked [OPTION]...\n\n", stdout);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const char *value = all[i].value ? all[i].value : "";
        if (all[i].text)
            printf("  --%s %-*s %s\n", all[i].name, 20 - (int)strlen(all[i].name), value,
                   all[i].text);
    }
    return say("\nIt stays in the foreground. SIGHUP: read the configuration again. SIGTERM: end.\n"
               "Exit codes: 0 ended as asked, 1 cannot run, 2 wrong usage.\n");
}

/* What another program hands on: its descriptor is none of the first three. */
static enum command take_over(struct command_line *c, const char *value)
{
    c->options.take_over = atoi(value);
    return c->options.take_over > STDERR_FILENO ? COMMAND_RUN : wrong("no descriptor: ", value);
}

/* Asked by a program that would hand on what has this version. */
static enum command takes_over(const char *value)
{
    if (atoi(value) < 1 || atoi(value) > TAKEOVER_VERSION)
        return wrong("it is not known how to take over with version ", value);
    printf(UPGRADE_SAYS "%s\n", value);
    fflush(stdout);
    return COMMAND_RUN;
}

/* One option; COMMAND_RUN: go on. */
static enum command take(struct command_line *c, int option)
{
    switch (option) {
    case CONFIG:
        c->options.config = optarg;
        return COMMAND_RUN;
    case FOREIGN:
        c->options.foreign = optarg;
        return COMMAND_RUN;
    case CONTROL_SOCKET:
        c->options.control_socket = optarg;
        return COMMAND_RUN;
    case ONE_PROCESS:
        c->options.one_process = true;
        return COMMAND_RUN;
    case CHECK:
        c->options.check_only = true;
        return COMMAND_RUN;
    case LOG_LEVEL:
        return level_of(optarg, &c->options.level) ? COMMAND_RUN
                                                   : wrong("there is no log level ", optarg);
    case VERSION:
        return say("shriked " SHRIKE_VERSION "\n");
    case HELP:
        return help();
    case ROLE:
        c->role = launch_role_of(optarg);
        return c->role != ROLE_COUNT ? COMMAND_RUN : wrong("there is no role ", optarg);
    case KERNEL:
        c->options.kernel = (unsigned char)(atoi(optarg) & PLANE_ALL);
        return COMMAND_RUN;
    case TAKE_OVER:
        return take_over(c, optarg);
    case TAKES_OVER:
        return takes_over(optarg);
    }
    return COMMAND_USAGE; /* getopt_long() has said what is wrong */
}

enum command options_read(struct command_line *c, int argc, char **argv)
{
    *c = (struct command_line){
        .options = {.config = "/etc/swanctl/swanctl.conf", .level = SHRIKE_INFO},
        .role = ROLE_PARENT,
    };
    optind = 0; /* from the start again: tests read several */
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        enum command command = take(c, option);
        if (command != COMMAND_RUN)
            return command;
    }
    if (optind < argc)
        return wrong("what is this: ", argv[optind]);
    return c->role == ROLE_PARENT ? COMMAND_RUN : COMMAND_ROLE;
}

void options_args(const struct options *o, const char *option, const char *value,
                  const char *args[OPTIONS_ARGS_MAX])
{
    static const char *const flags[] = {
#define OPTION(id, name, value, text) [id] = "--" name,
#include "parent/options.def"
#undef OPTION
    };
    static char kernel[4]; /* a process says it of one */
    snprintf(kernel, sizeof kernel, "%u", o->kernel);
    const struct {
        int option;
        const char *value;
    } valued[] = {{KERNEL, o->kernel ? kernel : NULL},
                  {CONFIG, o->config},
                  {FOREIGN, o->foreign},
                  {CONTROL_SOCKET, o->control_socket},
                  {LOG_LEVEL, line_level(o->level)}};
    int n = 0;
    args[n++] = "shriked";
    args[n++] = option;
    args[n++] = value;
    if (o->check_only)
        args[n++] = flags[CHECK];
    if (o->one_process)
        args[n++] = flags[ONE_PROCESS];
    for (size_t i = 0; i < ARRAY_LEN(valued); i++)
        if (valued[i].value) {
            args[n++] = flags[valued[i].option];
            args[n++] = valued[i].value;
        }
    args[n] = NULL;
}
