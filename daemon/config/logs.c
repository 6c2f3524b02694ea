#include "config/logs.h"

#include "config/value.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const groups[] = {
#define GROUP(name) #name,
#include "config/groups.def"
#undef GROUP
};

static const struct {
    const char *name;
    uint8_t number; /* RFC 5424 6.2.1 */
} facilities[] = {{"daemon", 3}, {"auth", 4}, {"authpriv", 10}};

bool logs_has(const char *name)
{
    return strcmp(name, "log") == 0 || strcmp(name, "filelog") == 0 || strcmp(name, "syslog") == 0;
}

/* A level from -1 to 4. */
static void level(struct compile *c, const struct section *s, const char *key, int8_t *out)
{
    const struct value *v = value_find(s, key);
    uint64_t number = 0;
    if (!v || !v->text)
        return;
    if (strcmp(v->text, "-1") == 0)
        *out = LOG_LEVEL_NONE;
    else if (value_number(v->text, LOG_LEVEL_MAX, &number))
        *out = (int8_t)number;
    else
        report_error(c->report, v->origin, "%s = %s: a level from -1 to %d is wanted", key, v->text,
                     LOG_LEVEL_MAX);
}

static void levels(struct compile *c, const struct section *s, struct settings_log *l)
{
    int8_t others = 1;
    level(c, s, "default", &others);
    for (unsigned g = 0; g < LOG_GROUP_COUNT; g++) {
        char key[8];
        size_t n = 0;
        for (; groups[g][n]; n++)
            key[n] = (char)tolower((unsigned char)groups[g][n]);
        key[n] = 0;
        l->levels[g] = others;
        level(c, s, key, &l->levels[g]);
    }
    l->by_level = true;
}

static void copy(struct compile *c, const struct section *s, const char *key, char *out,
                 size_t size)
{
    const struct value *v = value_find(s, key);
    if (!v || !v->text)
        return;
    if (strlen(v->text) >= size)
        report_error(c->report, v->origin, "%s is longer than %zu octets", key, size - 1);
    else
        memcpy(out, v->text, strlen(v->text) + 1);
}

/* One more place; NULL: there are too many. */
static struct settings_log *place(struct compile *c, const struct section *s, struct settings *set)
{
    if (set->log_count == SETTINGS_LOGS) {
        report_error(c->report, s->origin, "the log goes to at most %d places", SETTINGS_LOGS);
        return NULL;
    }
    struct settings_log *l = &set->logs[set->log_count++];
    *l = (struct settings_log){.append = true, .time_format = "%F %T"};
    return l;
}

/* What every place has. */
static void common(struct compile *c, const struct section *s, struct settings_log *l)
{
    const char *format = section_text(s, "format");
    compile_keys(c, s, KEY_LOG);
    levels(c, s, l);
    compile_bool(c, s, "ike_name", &l->ike_name);
    compile_bool(c, s, "log_level", &l->log_level);
    l->json = format && strcmp(format, "json") == 0;
    if (format && !l->json && strcmp(format, "text") != 0)
        report_error(c->report, compile_place(c, s, "format"),
                     "format = %s: text or json is wanted", format);
}

static void compile_stderr(struct compile *c, const struct section *s, struct settings *set)
{
    struct settings_log *l = place(c, s, set);
    if (!l)
        return;
    l->kind = LOG_TO_STDERR;
    snprintf(l->time_format, sizeof(l->time_format), "%%T");
    l->time_ms = true;
    common(c, s, l);
}

static void compile_file(struct compile *c, const struct section *s, struct settings *set)
{
    struct settings_log *l = place(c, s, set);
    if (!l)
        return;
    if (strlen(s->name) < sizeof(l->path))
        memcpy(l->path, s->name, strlen(s->name) + 1);
    copy(c, s, "path", l->path, sizeof(l->path));
    copy(c, s, "time_format", l->time_format, sizeof(l->time_format));
    compile_bool(c, s, "append", &l->append);
    compile_bool(c, s, "flush_line", &l->flush_line);
    compile_bool(c, s, "time_add_ms", &l->time_ms);
    common(c, s, l);
    l->kind = strcmp(l->path, "stderr") == 0   ? LOG_TO_STDERR
              : strcmp(l->path, "stdout") == 0 ? LOG_TO_STDOUT
                                               : LOG_TO_FILE;
    if (l->kind == LOG_TO_FILE && l->path[0] != '/')
        report_error(c->report, compile_place(c, s, "path"),
                     "path = %s: a path that begins with /, stdout or stderr is wanted", l->path);
    for (const struct settings_log *o = set->logs; o < l; o++)
        if (l->kind == LOG_TO_FILE && o->kind == LOG_TO_FILE && strcmp(o->path, l->path) == 0)
            report_error(c->report, compile_place(c, s, "path"),
                         "path = %s: another section writes this file", l->path);
}

static void compile_facility(struct compile *c, const struct section *s, struct settings *set)
{
    struct settings_log *l = place(c, s, set);
    if (!l)
        return;
    l->kind = LOG_TO_SYSLOG;
    for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
        if (strcmp(facilities[i].name, s->name) == 0)
            l->facility = facilities[i].number;
    if (!l->facility)
        report_error(c->report, s->origin, "syslog.%s: daemon, auth or authpriv is wanted",
                     s->name);
    common(c, s, l);
}

/* Below `syslog` itself nothing but the identifier stands. */
static void compile_syslog(struct compile *c, const struct section *all, struct settings *set)
{
    for (const struct value *v = all->values; v; v = v->next)
        if (strcmp(v->key, "identifier") != 0)
            report_error(c->report, v->origin,
                         "%s stands in syslog: put it into daemon, auth or authpriv", v->key);
    copy(c, all, "identifier", set->syslog_identifier, sizeof(set->syslog_identifier));
    for (const struct section *s = all->sections; s; s = s->next)
        compile_facility(c, s, set);
}

static void compile_files(struct compile *c, const struct section *all, struct settings *set)
{
    for (const struct value *v = all->values; v; v = v->next)
        report_error(c->report, v->origin, "%s stands in filelog: put it into a section there",
                     v->key);
    for (const struct section *s = all->sections; s; s = s->next)
        compile_file(c, s, set);
}

void compile_logs(struct compile *c, struct settings *set)
{
    snprintf(set->syslog_identifier, sizeof(set->syslog_identifier), "shriked");
    for (const struct section *s = c->shrike ? c->shrike->sections : NULL; s; s = s->next) {
        if (strcmp(s->name, "log") == 0)
            compile_stderr(c, s, set);
        else if (strcmp(s->name, "filelog") == 0)
            compile_files(c, s, set);
        else if (strcmp(s->name, "syslog") == 0)
            compile_syslog(c, s, set);
    }
    for (uint8_t i = 0; i < set->log_count; i++)
        if (set->logs[i].kind == LOG_TO_STDERR)
            return;
    if (set->log_count < SETTINGS_LOGS) /* it is always there, as the command line has it */
        set->logs[set->log_count++] =
            (struct settings_log){.kind = LOG_TO_STDERR, .time_format = "%T", .time_ms = true};
}
