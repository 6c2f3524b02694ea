/* Aligned tables: see table.h. */
#include "tool/table.h"
#include <stdlib.h>

enum { GAP = 2, ROWS_FIRST = 64 };

void table_init(struct table *t, const struct table_column *columns, unsigned count)
{
    ensure(count <= TABLE_COLUMNS);
    *t = (struct table){.columns = columns, .column_count = count};
}

void table_free(struct table *t)
{
    free(t->cells);
    t->cells = NULL;
}

struct table_cell *table_row(struct table *t)
{
    if (t->rows == t->rows_max) {
        size_t max = t->rows_max ? 2 * t->rows_max : ROWS_FIRST;
        void *more = reallocarray(t->cells, max, t->column_count * sizeof *t->cells);
        if (!more)
            return NULL;
        t->cells = more;
        t->rows_max = max;
    }
    struct table_cell *row = t->cells + t->rows++ * t->column_count;
    memset(row, 0, t->column_count * sizeof *row);
    return row;
}

static void mark_cut(struct table_cell *cell, const struct text *t)
{
    if (t->cut)
        memcpy(cell->text + TABLE_CELL_MAX - 2, "..", 2);
}

void table_put(struct table_cell *cell, const char *text, enum paint paint)
{
    struct text t = text_of(cell->text, sizeof cell->text);
    text_str(&t, text);
    mark_cut(cell, &t);
    cell->paint = (u8)paint;
}

void table_put_safe(struct table_cell *cell, struct bytes text)
{
    struct text t = text_of(cell->text, sizeof cell->text);
    show_safe(&t, text);
    mark_cut(cell, &t);
    cell->paint = PAINT_NONE;
}

/* The columns' widths; 0: left out. */
struct layout {
    size_t width[TABLE_COLUMNS];
};

static size_t total(const struct table *t, const struct layout *l)
{
    size_t sum = 0;
    for (unsigned c = 0; c < t->column_count; c++)
        sum += l->width[c] ? l->width[c] + GAP : 0;
    return sum > GAP ? sum - GAP : 0;
}

/* true: a column was left out. */
static bool leave_out(const struct table *t, struct layout *l)
{
    unsigned worst = TABLE_COLUMNS;
    for (unsigned c = 0; c < t->column_count; c++) {
        if (l->width[c] && t->columns[c].rank &&
            (worst == TABLE_COLUMNS || t->columns[c].rank > t->columns[worst].rank))
            worst = c;
    }
    if (worst == TABLE_COLUMNS)
        return false;
    l->width[worst] = 0;
    return true;
}

static struct layout lay_out(const struct table *t, unsigned width)
{
    struct layout l = {0};
    for (unsigned c = 0; c < t->column_count; c++)
        l.width[c] = strlen(t->columns[c].head);
    for (size_t i = 0; i < t->rows * t->column_count; i++) {
        size_t len = strlen(t->cells[i].text), *most = &l.width[i % t->column_count];
        *most = MAX(*most, len);
    }
    while (width && total(t, &l) > width && leave_out(t, &l))
        continue;
    return l;
}

/* Blanks are put before the next cell, so that no line ends in them. */
struct line {
    FILE *out;
    size_t blanks;
};

static void print_cell(struct line *line, const struct table_cell *cell, size_t blanks, bool colour)
{
    if (!cell->text[0])
        return;
    fprintf(line->out, "%*s%s%s%s", (int)(line->blanks + blanks), "", paint_on(cell->paint, colour),
            cell->text, paint_off(cell->paint, colour));
    line->blanks = 0;
}

static void print_row(const struct table *t, const struct layout *l, FILE *out,
                      const struct table_cell *row, bool colour)
{
    struct line line = {.out = out};
    for (unsigned c = 0; c < t->column_count; c++) {
        size_t len = strlen(row[c].text);
        size_t blanks = l->width[c] > len ? l->width[c] - len : 0;
        if (!l->width[c])
            continue;
        size_t before = t->columns[c].right && len ? blanks : 0;
        print_cell(&line, &row[c], before, colour);
        line.blanks += blanks - before + GAP;
    }
    putc('\n', out);
}

void table_print(const struct table *t, FILE *out, unsigned width, bool colour)
{
    const struct layout l = lay_out(t, width);
    struct table_cell head[TABLE_COLUMNS];
    for (unsigned c = 0; c < t->column_count; c++)
        table_put(&head[c], t->columns[c].head, PAINT_HEAD);
    print_row(t, &l, out, head, colour);
    for (size_t r = 0; r < t->rows; r++)
        print_row(t, &l, out, t->cells + r * t->column_count, colour);
}
