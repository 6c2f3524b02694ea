/* The command line of shriked. */
#ifndef PARENT_OPTIONS_H
#define PARENT_OPTIONS_H

#include "proc/seat.h"

enum command {
    COMMAND_RUN,   /* the daemon */
    COMMAND_ROLE,  /* one role of it, started by the parent */
    COMMAND_DONE,  /* --help or --version: said */
    COMMAND_USAGE, /* not understood: stderr says why */
};

struct command_line {
    struct options options; /* texts of argv */
    enum role role;         /* of COMMAND_ROLE */
};

/* Read it; defaults stand where nothing was said. */
enum command options_read(struct command_line *c, int argc, char **argv) must_use;

#define OPTIONS_ARGS_MAX 16

/* The other way: a command line of shriked, ended by NULL, that says these options, behind one more
 * that has a value. All texts must live as long as it is used. */
void options_args(const struct options *o, const char *option, const char *value,
                  const char *args[OPTIONS_ARGS_MAX]);

#endif
