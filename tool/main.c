/* `shrike`, the tool: reads the command line and runs one command. */
#include "tool/log.h"
#include "tool/show.h"
#include "tool/simulate_ask.h"
#include "tool/tool.h"
#include <getopt.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TIMEOUT_S = 60, TIMEOUT_MAX_S = 86400, INTERVAL_MAX_S = 3600 };

static const struct option options[] = {
#define OPTION(id, name, letter, value, belongs, text)                                             \
    {name, (value) ? required_argument : no_argument, NULL, (letter) ? (letter) : OPTION_##id},
#include "tool/options.def"
#undef OPTION
    {NULL, 0, NULL, 0},
};

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "shrike: a mistake of ours at %s:%d: %s does not hold\n", file, line, what);
    abort();
}

/* The option, the commands that have it, and what it does. */
static void help_option(FILE *out, const struct tool_option *o)
{
    char at[64];
    const char *between = "";
    snprintf(at, sizeof at, "%s--%s %s", o->letter ? "-x, " : "", o->name,
             o->value ? o->value : "");
    if (o->letter)
        at[1] = o->letter;
    fprintf(out, "  %-21s ", at);
    for (unsigned i = 0; o->belongs && i < tool_command_count; i++) {
        if (!(tool_commands[i].options & o->belongs))
            continue;
        fprintf(out, "%s%s", between, tool_commands[i].name);
        between = ", ";
    }
    fprintf(out, "%s%s\n", o->belongs ? ": " : "", o->text);
}

static void help(FILE *out)
{
    fputs("shrike [COMMAND] [OPTION]...\n\n", out);
    for (unsigned i = 0; i < tool_command_count; i++) {
        const struct tool_command *c = &tool_commands[i];
        if (c->what)
            fprintf(out, "  %-9s %-16s %s\n", c->name, c->arguments, c->what);
    }
    fputs("\n", out);
    for (unsigned i = 0; i < tool_option_count; i++)
        help_option(out, &tool_options[i]);
    fputs("\nThe exit code is 0, 1 when it failed, 2 when the command line makes no sense.\n", out);
}

static int usage(const char *what, const char *which)
{
    fprintf(stderr, "shrike: %s%s; see shrike --help\n", what, which);
    return TOOL_USAGE;
}

/* A number from 1 to `most`; 0: it is none. */
static unsigned number_of(const char *text, unsigned most)
{
    u64 v;
    return show_number(bytes_of(text, strlen(text)), &v) && v <= most ? (unsigned)v : 0;
}

/* Take an option. -1: go on; else the exit code. *given gathers what not every command has. */
static int take(struct tool *t, int option, unsigned *given, const char *argument)
{
    if (simulate_has(option)) {
        const char *wrong = simulate_take(&t->play, option, optarg);
        *given |= TOOL_PLAY;
        return wrong ? usage(wrong, optarg) : -1;
    }
    switch (option) {
    case OPTION_JSON:
        t->json = true;
        *given |= TOOL_JSON;
        return -1;
    case 'n':
        t->lines = number_of(optarg, LOG_LINES_MAX);
        *given |= TOOL_LINES;
        return t->lines ? -1 : usage("--lines is a number from 1 to 256, not ", optarg);
    case 'f':
        t->follow = true;
        *given |= TOOL_FOLLOW;
        return -1;
    case OPTION_PCAP:
        t->pcap = optarg;
        *given |= TOOL_PCAP;
        return -1;
    case OPTION_TIMEOUT:
        t->timeout_s = number_of(optarg, TIMEOUT_MAX_S);
        t->timed = true;
        *given |= TOOL_TIMEOUT;
        return t->timeout_s ? -1 : usage("--timeout is seconds from 1 to 86400, not ", optarg);
    case OPTION_ONCE:
        t->once = true;
        *given |= TOOL_ONCE;
        return -1;
    case OPTION_INTERVAL:
        t->interval_ms = 1000 * number_of(optarg, INTERVAL_MAX_S);
        *given |= TOOL_INTERVAL;
        return t->interval_ms ? -1 : usage("--interval is seconds from 1 to 3600, not ", optarg);
    case OPTION_FORCE:
        t->force = true;
        *given |= TOOL_FORCE;
        return -1;
    case OPTION_DRY_RUN:
        t->dry_run = true;
        *given |= TOOL_DRY_RUN;
        return -1;
    case OPTION_SOCKET:
        t->socket = optarg;
        return -1;
    case 'h':
        help(stdout);
        return TOOL_DONE;
    case 'V':
        puts("shrike " SHRIKE_VERSION);
        return TOOL_DONE;
    default:
        return usage("an option that is not known or lacks its value: ", argument);
    }
}

static void look_at_terminal(struct tool *t)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize size;
    if (isatty(STDERR_FILENO) && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
        t->err_width = size.ws_col;
    if (!isatty(STDOUT_FILENO))
        return;
    t->colour = !(no_colour && no_colour[0]) && term && strcmp(term, "dumb") != 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        t->width = size.ws_col;
}

static int run(struct tool *t, char *const *arguments, unsigned given)
{
    const char *name = arguments[0] ? arguments[0] : "overview";
    const struct tool_command *c = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < tool_command_count && !c; i++) {
        if (strcmp(tool_commands[i].name, name) == 0)
            c = &tool_commands[i];
    }
    if (!c)
        return usage("there is no command ", name);
    if (arguments[0])
        arguments++;
    while (arguments[count])
        count++;
    if (given & ~c->options)
        return usage("an option does not belong to the command ", name);
    if (count < c->least || count > c->most)
        return usage(count < c->least ? "something is missing after " : "too much after ", name);
    return c->run(t, arguments);
}

int main(int argc, char **argv)
{
    const char *socket = getenv("SHRIKE_SOCKET");
    struct tool t = {.out = stdout,
                     .err = stderr,
                     .socket = socket && socket[0] ? socket : TOOL_SOCKET,
                     .session = {.fd = -1},
                     .lines = LOG_LINES,
                     .timeout_s = TIMEOUT_S,
                     .play = simulate_default(),
                     .interval_ms = 1000};
    unsigned given = 0;
    int code = -1, option;
    opterr = 0;
    while (code < 0 && (option = getopt_long(argc, argv, "c:n:fhV", options, NULL)) != -1)
        code = take(&t, option, &given, argv[optind - 1]);
    if (code < 0) {
        look_at_terminal(&t);
        code = run(&t, argv + optind, given);
        session_close(&t.session);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("shrike: what was to be printed could not be written\n", stderr);
        code = TOOL_FAILED;
    }
    return code;
}
