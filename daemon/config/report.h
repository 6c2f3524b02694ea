/* What reading a configuration has to say: errors and warnings, each with its file and line. */
#ifndef DAEMON_CONFIG_REPORT_H
#define DAEMON_CONFIG_REPORT_H

#include "shrike/types.h"

#define REPORT_LINES 64 /* what is said at most; the rest is counted */
#define REPORT_TEXT  320
#define REPORT_FILE  256

struct config_line {
    bool error; /* else a warning */
    uint32_t line;
    char file[REPORT_FILE];
    char text[REPORT_TEXT]; /* what is wrong, and what would be right */
};

struct config_report {
    struct config_line lines[REPORT_LINES];
    uint32_t count;    /* of lines */
    uint32_t errors;   /* of all, also of those that are not in lines */
    uint32_t warnings; /* likewise */
};

/* The same text for the same line is said once: inherited rules are looked at several times. */
void report_error(struct config_report *r, struct shrike_origin origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void report_warning(struct config_report *r, struct shrike_origin origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
