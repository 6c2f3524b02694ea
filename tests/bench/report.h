/* The table of figures, for people and as JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

enum limit {
    LIMIT_NONE,
    LIMIT_RATIO,  /* of figure to floor */
    LIMIT_FIGURE, /* of the figure itself */
};

/* One line. Floor and target are 0 when there is none. */
struct row {
    const char *name, *unit;
    double figure, floor;
    enum limit limit;
    double target;
    bool at_least; /* the target is the least, not the most */
    const char *note;
};

void report_heading(const char *text);
void report_row(const struct row *row);
/* A figure that could not be had here. */
void report_missing(const char *name, const char *why);
/* false: the file cannot be written. */
bool report_json(const char *path);

#endif
