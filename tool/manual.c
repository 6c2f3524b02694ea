/* Makes a man page while Shrike is built: `manual PAGE TEMPLATE` prints the template with what the
 * tables know put in. A line that begins with @ stands for a row of them, and its prose follows; a
 * row that is missing, unknown or there twice is a mistake, and there is no page. */
#include "base/bytes.h"
#include "config/keys.h"
#include "tool/tool.h"
#include <ctype.h>
#include <stdlib.h>

#define FINE "\\fR" /* the font after a bold or slanted word */

struct row {
    const char *page, *word, *name; /* page: where the line "@word name" has to stand */
    const char *value;              /* what it takes; NULL: nothing */
    char letter;                    /* of an option; 0: none */
    unsigned bits;                  /* the options of a command, or the one that this is */
    enum key_state state;
    const char *says; /* NULL: not for people */
    unsigned seen;
};

static struct row rows[] = {
#define COMMAND(name, arguments, least, most, options, names, what)                                \
    {.page = "shrike", "@command", #name, arguments, .bits = options, .says = what},
#include "tool/commands.def"
#undef COMMAND
#define OPTION(id, name, letter, value, belongs, text)                                             \
    {"shrike", "@option", name, value, letter, belongs, .says = text},
#include "tool/options.def"
#undef OPTION
#define OPTION(id, name, value, text) {"shriked", "@option", name, value, .bits = 1, .says = text},
#include "parent/options.def"
#undef OPTION
#define KEY(scope, key, since, built, calm, meaning)                                               \
    {"shrike.conf", "@keys", #scope, key, .state = KEY_##built, .says = meaning},
#include "config/keys.def"
#undef KEY
};

static bool is_row(const struct row *r, const char *page, const char *word)
{
    return r->says && strcmp(r->page, page) == 0 && strcmp(r->word, word) == 0;
}

/* ---- what roff takes for itself ---- */

static void put(const char *text)
{
    static const char special[] = "\\-'^~`";
    static const char *const instead[] = {"\\e", "\\-", "\\(aq", "\\(ha", "\\(ti", "\\(ga"};
    for (; *text; text++) {
        const char *at = strchr(special, *text);
        if (at)
            fputs(instead[at - special], stdout);
        else
            putchar(*text);
    }
}

static void put_bold(const char *text)
{
    fputs("\\fB", stdout);
    put(text);
    fputs(FINE, stdout);
}

/* Capitals stand for something else, and a shell takes # for a comment: "[NAME|'#ID']". */
static void put_arguments(const char *text)
{
    bool slanted = false, quoted = false;
    for (; *text; text++) {
        if (!slanted && isupper((unsigned char)*text))
            fputs("\\fI", stdout);
        slanted = isupper((unsigned char)*text);
        quoted |= *text == '#';
        fputs(*text == '#' ? "\\(aq" : "", stdout);
        putchar(*text);
        if (!slanted || isupper((unsigned char)text[1]))
            continue;
        fputs(FINE, stdout);
        fputs(quoted ? "\\(aq" : "", stdout);
        quoted = false;
    }
}

static void put_option(const struct row *r)
{
    char text[64];
    snprintf(text, sizeof text, "--%s", r->name);
    put_bold(text);
    if (r->value) {
        fputs("\\ ", stdout);
        put_arguments(r->value);
    }
}

/* ---- lines of the template ---- */

static void put_usage(const char *page, const struct row *command)
{
    put_bold(page);
    if (command) {
        putchar(' ');
        put_bold(command->name);
        fputs(*command->value ? " " : "", stdout);
        put_arguments(command->value);
    }
    putchar('\n');
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is_row(&rows[i], page, "@option") && rows[i].bits & (command ? command->bits : ~0u)) {
            putchar('[');
            put_option(&rows[i]);
            fputs("]\n", stdout);
        }
    fputs(".br\n", stdout);
}

/* A line for each command, with its own options, or one for a program without commands. */
static void put_synopsis(const char *page)
{
    bool commands = false;
    fputs(".nh\n.ad l\n", stdout); /* whole words, as they are typed */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is_row(&rows[i], page, "@command")) {
            put_usage(page, &rows[i]);
            commands = true;
        }
    if (!commands)
        put_usage(page, NULL);
    fputs(".ad b\n.hy\n", stdout);
}

/* "list, why: How many lines." */
static void put_sentence(const struct row *r)
{
    const char *between = "";
    bool option = strcmp(r->word, "@option") == 0;
    for (size_t i = 0; option && i < ARRAY_LEN(rows); i++) {
        if (!is_row(&rows[i], r->page, "@command") || !(rows[i].bits & r->bits))
            continue;
        fputs(between, stdout);
        put_bold(rows[i].name);
        between = ", ";
    }
    fputs(*between ? ": " : "", stdout);
    putchar(*between ? r->says[0] : toupper((unsigned char)r->says[0]));
    put(r->says + 1);
    fputs(".\n", stdout);
}

static void put_row(const struct row *r)
{
    fputs(".TP\n", stdout);
    if (r->letter)
        printf("\\fB\\-%c" FINE ", ", r->letter);
    if (strcmp(r->word, "@option") == 0) {
        put_option(r);
    } else {
        put_bold(r->name);
        putchar(' ');
        put_arguments(r->value);
    }
    putchar('\n');
    put_sentence(r);
}

/* The keys of a section that work, each with its meaning; of the others the names. */
static void put_keys(const char *scope)
{
    static const char *const then[] = {
        [KEY_LATER] = "Not built yet, and ignored with a warning:",
        [KEY_MOOT] = "Of no use here, and ignored with a warning:",
        [KEY_REFUSED] = "Not built yet; who writes one of them to some effect is left out:",
    };
    for (enum key_state state = KEY_BUILT; state <= KEY_REFUSED; state++) {
        bool some = false;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            const struct row *r = &rows[i];
            if (!is_row(r, "shrike.conf", "@keys") || strcmp(r->name, scope) != 0 ||
                r->state != state)
                continue;
            if (state != KEY_BUILT && !some)
                printf(".PP\n%s", then[state]);
            fputs(state == KEY_BUILT ? ".TP\n" : some ? ",\n" : "\n", stdout);
            put_bold(r->value);
            some = true;
            if (state == KEY_BUILT) {
                putchar('\n');
                put(r->says);
                putchar('\n');
            }
        }
        fputs(some && state != KEY_BUILT ? ".\n" : "", stdout);
    }
}

/* A line that begins with @; false: it stands for nothing. */
static bool put_line(const char *page, const char *line)
{
    char word[16], name[64];
    struct row *found = NULL;
    if (strcmp(line, "@synopsis") == 0) {
        put_synopsis(page);
        return true;
    }
    if (sscanf(line, "%15s %63s", word, name) != 2)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is_row(&rows[i], page, word) && strcmp(rows[i].name, name) == 0) {
            rows[i].seen++;
            found = &rows[i];
        }
    if (found && strcmp(word, "@keys") == 0)
        put_keys(name);
    else if (found)
        put_row(found);
    return found;
}

int main(int argc, char **argv)
{
    char line[256];
    bool good = true;
    FILE *template = argc == 3 ? fopen(argv[2], "r") : NULL;
    if (!template) {
        fprintf(stderr, "manual: manual PAGE TEMPLATE, a file that can be read\n");
        return EXIT_FAILURE;
    }
    for (unsigned number = 1; fgets(line, sizeof line, template); number++) {
        if (line[0] != '@') {
            fputs(line, stdout);
            continue;
        }
        line[strcspn(line, "\n")] = 0;
        if (put_line(argv[1], line))
            continue;
        fprintf(stderr, "%s:%u: no table of %s has this: %s\n", argv[2], number, argv[1], line);
        good = false;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        if (!is_row(r, argv[1], r->word) || r->seen == 1)
            continue;
        fprintf(stderr, "%s: the line is there %u times, not once: %s %s\n", argv[2], r->seen,
                r->word, r->name);
        good = false;
    }
    good &= !ferror(template) && fclose(template) == 0 && fflush(stdout) == 0;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
