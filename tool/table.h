/* An aligned table for a terminal: columns as wide as what is in them, and when the terminal is too
 * narrow, the least important columns are left out. */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include "tool/show.h"

#define TABLE_COLUMNS  12
#define TABLE_CELL_MAX 48 /* characters; what is longer ends in ".." */

struct table_column {
    const char *head;
    unsigned rank; /* 0: always shown; else the highest is left out first */
    bool right;    /* aligned right: numbers */
};

struct table_cell {
    char text[TABLE_CELL_MAX + 1];
    u8 paint; /* enum paint */
};

struct table {
    const struct table_column *columns;
    unsigned column_count;
    struct table_cell *cells; /* row by row */
    size_t rows, rows_max;
};

void table_init(struct table *t, const struct table_column *columns, unsigned count);
void table_free(struct table *t);
/* A new row of empty cells, valid until the next; NULL: no memory. */
struct table_cell *table_row(struct table *t) must_use;
void table_put(struct table_cell *cell, const char *text, enum paint paint);
void table_put_safe(struct table_cell *cell, struct bytes text);
/* width: of the terminal; 0 no limit. */
void table_print(const struct table *t, FILE *out, unsigned width, bool colour);

#endif
