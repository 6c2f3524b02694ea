/* The table of figures: see report.h. */
#include "report.h"
#include "host.h"
#include <stdio.h>

enum { ROWS_MAX = 64 };

static struct row rows[ROWS_MAX];
static const char *headings[ROWS_MAX], *heading = "";
static unsigned count;

void report_heading(const char *text)
{
    heading = text;
    printf("\n%s\n%-36s %14s %14s %8s %12s\n", text, "", "figure", "floor", "ratio", "target");
}

static const char *verdict(const struct row *r)
{
    double value = r->limit == LIMIT_RATIO ? r->figure / r->floor : r->figure;
    if (r->limit == LIMIT_NONE)
        return "";
    return (r->at_least ? value >= r->target : value <= r->target) ? "ok" : "over";
}

/* A number with as many digits behind the point as it is worth. */
static void number(char out[32], double v, const char *unit)
{
    int digits = v >= 100 || v == (double)(long long)v ? 0 : v >= 10 ? 1 : 2;
    snprintf(out, 32, "%.*f%s%s", digits, v, unit[0] ? " " : "", unit);
}

void report_row(const struct row *r)
{
    char figure[32], floor[32] = "", ratio[32] = "", target[40] = "", least[32];
    if (count == ROWS_MAX)
        bench_fail("too many rows");
    headings[count] = heading;
    rows[count++] = *r;
    number(figure, r->figure, r->unit);
    if (r->floor > 0) {
        number(floor, r->floor, r->unit);
        snprintf(ratio, sizeof(ratio), "%.2f", r->figure / r->floor);
    }
    if (r->limit != LIMIT_NONE) {
        number(least, r->target, "");
        snprintf(target, sizeof(target), "%s %s", r->at_least ? ">=" : "<=", least);
    }
    printf("%-36s %14s %14s %8s %12s %-4s %s\n", r->name, figure, floor, ratio, target, verdict(r),
           r->note ? r->note : "");
    fflush(stdout);
}

void report_missing(const char *name, const char *why)
{
    printf("%-36s %14s %s\n", name, "-", why);
}

bool report_json(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    fprintf(f, "[\n");
    for (unsigned i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        fprintf(f, "  {\"group\": \"%s\", \"name\": \"%s\", \"unit\": \"%s\", \"figure\": %.6g",
                headings[i], r->name, r->unit, r->figure);
        if (r->floor > 0)
            fprintf(f, ", \"floor\": %.6g, \"ratio\": %.6g", r->floor, r->figure / r->floor);
        if (r->limit != LIMIT_NONE)
            fprintf(f, ", \"target\": %.6g, \"target_of\": \"%s\", \"verdict\": \"%s\"", r->target,
                    r->limit == LIMIT_RATIO ? "ratio" : "figure", verdict(r));
        fprintf(f, "}%s\n", i + 1 < count ? "," : "");
    }
    fprintf(f, "]\n");
    return fclose(f) == 0;
}
