/* What every command of the tool has: the session, where it writes, what was asked for. */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include "tool/session.h"
#include <stdio.h>

#define TOOL_SOCKET "/run/charon.vici"

enum {
    TOOL_DONE = 0,
    TOOL_FAILED = 1, /* said on t->err: no daemon, or it refused */
    TOOL_USAGE = 2,  /* the command line makes no sense */
};

/* What `simulate` is to play. */
#define TOOL_BLOCKS_MAX 8
struct tool_play {
    const char *conn; /* NULL: the first that fits */
    u64 seed;
    unsigned latency_us, loss, mtu; /* each way; percent; octets, 0: no limit */
    bool nat[2], day;
    struct tool_block {
        u8 side;
        u16 port;
    } blocks[TOOL_BLOCKS_MAX];
    unsigned block_count;
};

struct tool {
    FILE *out, *err;
    const char *socket; /* path */
    struct session session;
    bool json, follow, once, dry_run, force;
    bool timed;           /* timeout_s was asked for */
    const char *pcap;     /* file of a capture; "-": t->out; NULL: none */
    bool colour;          /* t->out is a terminal and nobody minds */
    unsigned width;       /* of that terminal; 0: no limit */
    unsigned err_width;   /* the same of t->err */
    unsigned interval_ms; /* of `top`: between two looks */
    unsigned lines;       /* of the log; failures of why */
    unsigned timeout_s;   /* that an up, down, rekey or redirect may take */
    struct tool_play play;
};

/* The options that a command may have. */
enum {
    TOOL_JSON = 1,
    TOOL_LINES = 2,
    TOOL_FOLLOW = 4,
    TOOL_TIMEOUT = 8,
    TOOL_ONCE = 16,
    TOOL_INTERVAL = 32,
    TOOL_DRY_RUN = 64,
    TOOL_FORCE = 128,
    TOOL_PLAY = 256,
    TOOL_PCAP = 512,
};

struct tool_command {
    const char *name;
    const char *arguments, *what; /* for --help; what NULL: not for people */
    unsigned least, most;         /* arguments */
    unsigned options;
    unsigned names; /* how many arguments are names: of a connection, then of its child */
    int (*run)(struct tool *t, char *const *arguments); /* ends in NULL; the exit code */
};
extern const struct tool_command tool_commands[];
extern const unsigned tool_command_count;

/* options.def */
enum {
    OPTION_FIRST = 255,
#define OPTION(id, name, letter, value, belongs, text) OPTION_##id,
#include "tool/options.def"
#undef OPTION
};
struct tool_option {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* what it takes, for --help; NULL: none */
    unsigned belongs;  /* TOOL_JSON ...; 0: to all commands */
    const char *text;
};
extern const struct tool_option tool_options[];
extern const unsigned tool_option_count;

/* Connect, unless that is done. false: said. */
bool tool_connect(struct tool *t) must_use;
/* "shrike: WHAT": TOOL_FAILED. The text must be fit for a terminal. */
int tool_fail(struct tool *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The session's reason, said. */
int tool_lost(struct tool *t);

#endif
