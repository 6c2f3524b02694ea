/* What is played says the same as two daemons: each pair of tests/net/why, with what either side
 * has to say of it in `expect` (tests/net/why/README). */
#include "control/failure.h"
#include "sim/play.h"
#include "test.h"
#include <dirent.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LINE_MAX_ = 512,
    LINES_MAX = 32,
    WORDS_MAX = 12,
    PATIENCE_S = 10, /* for what comes by itself: half-open handshakes, lifetimes */
};

struct line {
    char text[LINE_MAX_];
    char *words[WORDS_MAX + 1];
    unsigned count;
};

static struct line lines[LINES_MAX];
static unsigned line_count;
static struct config_report reports[2];
static struct config *configs[2];
static struct play *play;

static void split(struct line *l, const char *text)
{
    char *at = l->text, *save = NULL;
    snprintf(l->text, sizeof l->text, "%s", text);
    l->count = 0;
    for (at = strtok_r(at, " \n", &save); at && l->count < WORDS_MAX;
         at = strtok_r(NULL, " \n", &save))
        l->words[l->count++] = at;
    l->words[l->count] = NULL;
}

static bool read_lines(const char *folder)
{
    char path[LINE_MAX_], text[LINE_MAX_];
    snprintf(path, sizeof path, "%s/%s/expect", WHY, folder);
    FILE *f = fopen(path, "r");
    line_count = 0;
    while (f && line_count < LINES_MAX && fgets(text, sizeof text, f)) {
        split(&lines[line_count], text);
        if (text[0] != '#' && lines[line_count].count > 0)
            line_count++;
    }
    if (f)
        fclose(f);
    return line_count > 0;
}

/* ---- the values of one failure ---- */

/* The text of the line that decided. */
static bool rule_has(struct bytes f, const char *value)
{
    const struct bytes file = vici_value(f, "file"), number = vici_value(f, "line");
    char path[LINE_MAX_], text[4096];
    u64 line = 0;
    bool has = false;
    snprintf(path, sizeof path, "%.*s", (int)file.len, file.at ? (const char *)file.at : "");
    for (size_t i = 0; i < number.len; i++)
        line = 10 * line + (u64)(number.at[i] - '0');
    FILE *in = fopen(path, "r");
    for (u64 n = 1; in && n <= line && fgets(text, sizeof text, in); n++)
        has = n == line && strstr(text, value);
    if (in)
        fclose(in);
    return has;
}

static bool has_cause(struct bytes f, const char *name, bool first)
{
    struct vici_item causes, cause;
    bool has = false;
    if (!vici_find(f, "causes", &causes) || causes.type != VICI_SECTION_START)
        return false;
    struct vici_reader v = vici_reader_of(causes.value);
    for (unsigned n = 0; !has && vici_read_whole(&v, &cause) == VICI_KEY_VALUE; n++)
        has = (n == 0 || !first) && bytes_equal(cause.name, bytes_of(name, strlen(name)));
    return has;
}

static bool row_is(struct bytes f, const char *what, const char *differs)
{
    char key[128];
    snprintf(key, sizeof key, "compared.%s.differs", what);
    for (char *at = key; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    return vici_value_is(f, key, differs);
}

static bool value_has(struct bytes f, const char *key, const char *part)
{
    const struct bytes v = vici_value(f, key);
    return v.len && memmem(v.at, v.len, part, strlen(part)) != NULL;
}

/* "1/2" */
static bool came(struct bytes f, const char *of)
{
    const char *all = strchr(of, '/');
    const struct bytes some = vici_value(f, "fragments");
    return all && bytes_equal(some, bytes_of(of, (size_t)(all - of))) &&
           vici_value_is(f, "fragments-all", all + 1);
}

static bool fits(struct bytes f, const char *wanted)
{
    char key[LINE_MAX_];
    snprintf(key, sizeof key, "%s", wanted);
    char *value = strchr(key, '=');
    if (!value)
        return false;
    *value++ = '\0';
    if (strcmp(key, "by") == 0)
        return vici_value_is(f, "decided-by", value);
    if (strcmp(key, "first") == 0 || strcmp(key, "cause") == 0)
        return has_cause(f, value, key[0] == 'f');
    if (strcmp(key, "differs") == 0 || strcmp(key, "same") == 0)
        return row_is(f, value, key[0] == 'd' ? "yes" : "no");
    if (strcmp(key, "rule") == 0)
        return rule_has(f, value);
    if (strcmp(key, "change") == 0)
        return value_has(f, "change", value);
    if (strcmp(key, "fragments") == 0)
        return came(f, value);
    return vici_value_is(f, key, value); /* exchange, notify, connection, child */
}

/* ---- the lines of `expect` ---- */

static bool has_failure(const struct peer *p, const struct line *l)
{
    for (unsigned i = 0; i < p->failure_count; i++) {
        const struct bytes f = bytes_of(p->failures[i].message, p->failures[i].len);
        bool good = vici_value_is(f, "reason", l->words[1]);
        for (unsigned k = 2; good && k < l->count; k++)
            good = fits(f, l->words[k]);
        if (good)
            return true;
    }
    return false;
}

static bool is_waiting(const struct peer *p, const char *name)
{
    const u32 i = place_find(p->config, name);
    return i != PLACE_NONE && failure_waits(&p->conf.conns[i]) && !peer_is_up(p, name);
}

/* The rest of a line as an expression: what the daemon logs of its file. */
static bool report_has(const struct config_report *r, const struct line *l)
{
    char pattern[LINE_MAX_] = "", text[4096];
    regex_t e;
    bool has = false;
    for (unsigned i = 2; i < l->count; i++) {
        strncat(pattern, i > 2 ? " " : "", sizeof pattern - strlen(pattern) - 1);
        strncat(pattern, l->words[i], sizeof pattern - strlen(pattern) - 1);
    }
    if (regcomp(&e, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    for (u32 i = 0; i < r->count && !has; i++) {
        snprintf(text, sizeof text, "%s:%u: %s", r->lines[i].file, r->lines[i].line,
                 r->lines[i].text);
        has = regexec(&e, text, 0, NULL, 0) == 0;
    }
    regfree(&e);
    return has;
}

static bool says(const struct line *l)
{
    const unsigned s = l->words[0][0] == 'b';
    const char *kind = l->count > 1 ? l->words[1] : "";
    if (strcmp(kind, "log") == 0 || strcmp(kind, "refused") == 0)
        return report_has(&reports[s], l);
    if (strcmp(kind, "none") == 0)
        return play->peer[s].failure_count == 0;
    if (strcmp(kind, "up") == 0)
        return l->count > 2 && peer_is_up(&play->peer[s], l->words[2]);
    if (strcmp(kind, "waiting") == 0)
        return l->count > 2 && is_waiting(&play->peer[s], l->words[2]);
    return has_failure(&play->peer[s], l);
}

/* udp sport 500, udp dport 500, udp length > 1000; and to alter them, udp sport set 500 behind it.
 */
static bool filter(const struct line *l, bool alters)
{
    struct peer_filter f = {0};
    const char *what = l->count > 4 ? l->words[3] : "";
    const u32 value = (u32)strtoul(l->words[strcmp(what, "length") == 0 ? 5 : 4], NULL, 10);
    const u16 change = alters && l->count == 9 ? (u16)strtoul(l->words[8], NULL, 10) : 0;
    if (strcmp(what, "sport") == 0)
        f.from_port = (u16)value;
    else if (strcmp(what, "dport") == 0)
        f.to_port = (u16)value;
    else if (strcmp(what, "length") == 0)
        f.longer_than = value;
    if (alters && strcmp(l->words[6], "sport") == 0)
        f.set_from_port = change;
    else if (alters)
        f.set_to_port = change;
    peer_filter(&play->peer[l->words[1][0] == 'b'], &f);
    return value && strcmp(l->words[2], "udp") == 0 && alters == (change != 0);
}

static bool act(const struct line *l)
{
    const char *what = l->words[0];
    if (strcmp(what, "up") == 0)
        (void)play_up(play, 0, l->words[1], 10 * SHRIKE_SECOND);
    else if (strcmp(what, "rekey") == 0)
        (void)play_rekey(play, 0, l->words[1], l->words[2]);
    else if (strcmp(what, "drop") == 0)
        return l->count > 4 && filter(l, false);
    else if (strcmp(what, "alter") == 0)
        return l->count == 9 && filter(l, true);
    else
        return strcmp(what, "check") == 0 || strcmp(what, "a") == 0 || strcmp(what, "b") == 0;
    return true;
}

/* ---- a case ---- */

static bool load(const char *folder)
{
    for (unsigned s = 0; s < 2; s++) {
        char path[LINE_MAX_];
        const struct config_files from = {.config = path};
        snprintf(path, sizeof path, "%s/%s/%c.conf", WHY, folder, "ab"[s]);
        configs[s] = config_load(&from, &reports[s]);
    }
    return configs[0] && configs[1];
}

static bool plays(void)
{
    char why[256];
    struct text t = text_of(why, sizeof why);
    const struct play_setup setup = {
        .config = {configs[0], configs[1]}, .faults = {.delay = SHRIKE_MS}, .seed = 1};
    play = play_new(&setup, &t);
    bool good = play != NULL;
    for (unsigned i = 0; good && i < line_count; i++)
        good = act(&lines[i]);
    if (good)
        play_run(play, PATIENCE_S * SHRIKE_SECOND);
    if (play && play_broken(play))
        printf("# %s\n", play_broken(play));
    return good && !play_broken(play);
}

static void tell_failures(void)
{
    static const char *const keys[] = {"reason", "exchange", "decided-by"};
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned i = 0; i < play->peer[s].failure_count; i++) {
            const struct peer_failure *f = &play->peer[s].failures[i];
            printf("#   %c has", "ab"[s]);
            for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
                const struct bytes v = vici_value(bytes_of(f->message, f->len), keys[k]);
                printf(" %.*s", (int)v.len, v.len ? (const char *)v.at : "");
            }
            putchar('\n');
        }
    }
}

static bool is_as_expected(const char *folder)
{
    bool good = read_lines(folder) && load(folder) && plays();
    for (unsigned i = 0; play && i < line_count; i++) {
        const struct line *l = &lines[i];
        if (strlen(l->words[0]) != 1 || says(l))
            continue;
        printf("# %s: it is not: %s", folder, l->words[0]);
        for (unsigned k = 1; k < l->count; k++)
            printf(" %s", l->words[k]);
        putchar('\n');
        tell_failures();
        good = false;
    }
    play_free(play);
    play = NULL;
    for (unsigned s = 0; s < 2; s++) {
        config_free(configs[s]);
        configs[s] = NULL;
    }
    return good;
}

/* A program that plays a part is of a network with processes in it, and certificates are made for
 * them. */
static bool is_for_daemons(const char *folder)
{
    char path[LINE_MAX_];
    bool needs = false;
    snprintf(path, sizeof path, "%s/%s/b.conf", WHY, folder);
    if (access(path, R_OK) != 0)
        return true;
    (void)read_lines(folder);
    for (unsigned i = 0; i < line_count; i++)
        needs |= strcmp(lines[i].words[0], "run") == 0 || strcmp(lines[i].words[0], "pki") == 0;
    return needs;
}

TEST(every_pair_says_what_two_daemons_say)
{
    struct dirent **names = NULL;
    unsigned cases = 0, bad = 0;
    int count = scandir(WHY, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[LINE_MAX_];
        snprintf(path, sizeof path, "%s/%s/expect", WHY, names[i]->d_name);
        if (access(path, R_OK) == 0 && is_for_daemons(names[i]->d_name)) {
            printf("# %s: it is for daemons alone\n", names[i]->d_name);
        } else if (access(path, R_OK) == 0) {
            bool good = is_as_expected(names[i]->d_name);
            cases++;
            bad += !good;
            if (!good)
                printf("# %s\n", path);
        }
        free(names[i]);
    }
    free(names);
    CHECK_EQ(bad, 0);
    CHECK(cases >= 42);
}

int main(void)
{
    return RUN(every_pair_says_what_two_daemons_say);
}
