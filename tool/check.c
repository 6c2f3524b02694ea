/* `shrike check`: see check.h. */
#include "tool/check.h"
#include "config/credentials.h"
#include "tool/doubt.h"
#include "tool/json.h"
#include "tool/mates.h"
#include "tool/show.h"
#include <time.h>

enum { INDENT = 4 }; /* of what goes on in another line */

static const char first_file[] = "/etc/swanctl/swanctl.conf";

struct check {
    struct tool *tool;
    struct json json;
    struct config_report report;
    unsigned errors, warnings; /* of all reports */
};

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* What does not fit behind its place on the terminal stands below it. */
void check_line(const struct tool *t, struct json *j, const struct config_line *l)
{
    char line[12];
    struct text number = text_of(line, sizeof line);
    FILE *out = t->out;
    enum paint paint = l->error ? PAINT_BAD : PAINT_WAIT;
    if (l->line)
        text_u64(&number, l->line);
    if (t->json) {
        json_begin(j, NULL, '{');
        json_text(j, "file", text(l->file));
        json_number(j, "line", text(line));
        json_text(j, "severity", text(l->error ? "error" : "warning"));
        json_text(j, "text", text(l->text));
        json_end(j, '}');
        return;
    }
    const char *kind = l->error ? "error:" : "warning:";
    show_to(out, text(l->file));
    fprintf(out, "%s%s: %s%s%s", l->line ? ":" : "", line, paint_on(paint, t->colour), kind,
            paint_off(paint, t->colour));
    size_t before =
        show_columns(text(l->file)) + (l->line ? 1 : 0) + strlen(line) + 2 + strlen(kind);
    bool fits = !t->width || before + 1 + show_columns(text(l->text)) <= t->width;
    fprintf(out, "%s%*s", fits ? "" : "\n", fits ? 1 : INDENT, "");
    show_words(out, text(l->text), fits ? (unsigned)before + 1 : INDENT, fits ? 0 : t->width);
    putc('\n', out);
}

/* What the report has, and it is empty again. */
static void tell(struct check *k)
{
    struct config_report *r = &k->report;
    for (u32 i = 0; i < r->count; i++)
        check_line(k->tool, &k->json, &r->lines[i]);
    k->errors += r->errors;
    k->warnings += r->warnings;
    *r = (struct config_report){.count = 0};
}

/* Certificates beside the file, as the daemon would find them; the configuration points to them. */
static void look_at_certificates(struct check *k, struct config *c, struct wallet *w)
{
    (void)wallet_look(w, c, &k->report);
    (void)wallet_look_named(w, c, &k->report);
    credentials_fill(c, w, NULL, &k->report);
    wallet_warn(w, time(NULL), &k->report);
}

static struct config *load(struct check *k, const char *path, struct wallet *w)
{
    const struct config_files from = {.config = path, .kernel = PLANE_ALL};
    struct config *c = config_load(&from, &k->report);
    wallet_init(w);
    if (c) {
        doubt(c, &k->report);
        look_at_certificates(k, c, w);
    }
    tell(k);
    return c;
}

static void check(struct check *k, const char *a, const char *b)
{
    struct wallet ours, theirs;
    wallet_init(&theirs);
    struct config *one = load(k, a, &ours), *other = b ? load(k, b, &theirs) : NULL;
    if (one && other)
        mates_compare(one, other, &k->report);
    tell(k);
    config_free(one);
    config_free(other);
    wallet_free(&ours);
    wallet_free(&theirs);
}

int command_check(struct tool *t, char *const *arguments)
{
    static struct check k;
    const char *a = arguments[0] ? arguments[0] : first_file;
    k = (struct check){.tool = t, .json = {.out = t->out}};
    if (t->json) {
        json_begin(&k.json, NULL, '{');
        json_begin(&k.json, "lines", '[');
    }
    check(&k, a, arguments[0] ? arguments[1] : NULL);
    if (t->json) {
        json_end(&k.json, ']');
        json_end(&k.json, '}');
    } else if (k.errors || k.warnings) {
        fprintf(t->out, "%u error%s, %u warning%s\n", k.errors, k.errors == 1 ? "" : "s",
                k.warnings, k.warnings == 1 ? "" : "s");
    } else {
        fputs("nothing to say against it\n", t->out);
    }
    return k.errors ? TOOL_FAILED : TOOL_DONE;
}
