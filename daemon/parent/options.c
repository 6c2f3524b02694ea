/* The command line of shriked: see options.h. */
#include "parent/options.h"
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

static const char usage[] =
    "usage: shriked [--config FILE] [--strongswan-conf FILE] [--control-socket PATH]\n"
    "               [--one-process] [--log-level LEVEL]\n"
    "       shriked --check [--config FILE] [--strongswan-conf FILE]\n"
    "\n"
    "  --config FILE          the configuration [/etc/swanctl/swanctl.conf]\n"
    "  --strongswan-conf FILE settings of the daemon from another's file [none]\n"
    "  --control-socket PATH  where tools find the daemon [as the configuration says]\n"
    "  --one-process          all in one process, with all rights: for small systems\n"
    "  --log-level LEVEL      error, warning, notice, info or debug [info]\n"
    "  --check                read the configuration, say what is wrong with it, and end\n"
    "  --version, --help      say so, and end\n"
    "\n"
    "It stays in the foreground. SIGHUP: read the configuration again. SIGTERM: end.\n"
    "Exit codes: 0 ended as asked, 1 cannot run, 2 wrong usage.\n";

enum {
    CONFIG = 256,
    FOREIGN,
    CONTROL_SOCKET,
    ONE_PROCESS,
    CHECK,
    LOG_LEVEL,
    VERSION,
    HELP,
    ROLE,
    TAKE_OVER,
    TAKES_OVER
};

static const struct option known[] = {
    {"config", required_argument, NULL, CONFIG},
    {"strongswan-conf", required_argument, NULL, FOREIGN},
    {"control-socket", required_argument, NULL, CONTROL_SOCKET},
    {"one-process", no_argument, NULL, ONE_PROCESS},
    {"check", no_argument, NULL, CHECK},
    {"log-level", required_argument, NULL, LOG_LEVEL},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {"role", required_argument, NULL, ROLE}, /* internal, as those that follow */
    {"take-over", required_argument, NULL, TAKE_OVER},
    {"takes-over", required_argument, NULL, TAKES_OVER},
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

/* What another program hands on: its descriptor is none of the first three. */
static enum command take_over(struct command_line *c, const char *value)
{
    c->options.take_over = atoi(value);
    return c->options.take_over > STDERR_FILENO ? COMMAND_RUN : wrong("no descriptor: ", value);
}

/* Asked by a program that would hand on what has this version. */
static enum command takes_over(const char *value)
{
    if (atoi(value) != TAKEOVER_VERSION)
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
        return say(usage);
    case ROLE:
        c->role = launch_role_of(optarg);
        return c->role != ROLE_COUNT ? COMMAND_RUN : wrong("there is no role ", optarg);
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
