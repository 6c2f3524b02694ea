#include "config/compile.h"

#include "config/auth.h"
#include "config/conn.h"
#include "config/diff.h"
#include "config/fixed.h"
#include "config/foreign.h"
#include "config/globals.h"
#include "config/merge.h"
#include "config/mode.h"
#include "config/pools.h"
#include "config/secrets.h"
#include "config/value.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *compile_text(struct compile *c, const char *text)
{
    return pool_text(c->pool, text, strlen(text));
}

struct shrike_origin compile_origin(struct compile *c, struct shrike_origin origin)
{
    if (origin.file && origin.file != c->file_from) {
        c->file_from = origin.file;
        c->file = compile_text(c, origin.file);
    }
    if (origin.file)
        origin.file = c->file;
    return origin;
}

void compile_leave(struct compile *c, struct shrike_origin origin, const char *format, ...)
{
    char why[REPORT_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    if (c->strict)
        report_error(c->report, origin, "%s", why);
    else
        report_warning(c->report, origin, "%s %.200s is left out: %s", c->kind, c->name, why);
    if (!c->left_out)
        c->left = (struct config_left){c->name, compile_text(c, why), compile_origin(c, origin)};
    c->left_out = true;
}

struct shrike_origin compile_place(struct compile *c, const struct section *s, const char *key)
{
    const struct value *v = value_find(s, key);
    return compile_origin(c, v ? v->origin : s->origin);
}

/* Keys that the table does not name one by one: id with a suffix, an attribute by its number. */
static bool is_unnamed(enum key_scope scope, const char *key)
{
    uint64_t number;
    if (scope == KEY_SECRET)
        return strncmp(key, "id", 2) == 0;
    return scope == KEY_POOL && value_number(key, INT16_MAX, &number) && number;
}

static bool is_calm(const struct key *key, const char *text)
{
    bool asked = true, calm = false;
    if (!*key->calm)
        return false;
    return strcmp(key->calm, text) == 0 ||
           (value_bool(text, &asked) && value_bool(key->calm, &calm) && asked == calm);
}

static void compile_key(struct compile *c, const struct key *key, const struct value *v)
{
    switch (key->state) {
    case KEY_BUILT:
        break;
    case KEY_LATER:
        report_warning(c->report, v->origin, "%s (%s) is not built yet and is ignored", v->key,
                       key->meaning);
        break;
    case KEY_MOOT:
        report_warning(c->report, v->origin, "%s does nothing here: %s", v->key, key->meaning);
        break;
    case KEY_REFUSED:
        compile_leave(c, v->origin, "%s (%s) is not built yet, and to ignore it would not be safe",
                      v->key, key->meaning);
        break;
    }
}

void compile_keys(struct compile *c, const struct section *s, enum key_scope scope)
{
    for (const struct value *v = s->values; v; v = v->next) {
        const struct key *key = key_find(scope, v->key);
        if (!key && !is_unnamed(scope, v->key))
            report_error(c->report, v->origin, "there is no key %s in section %s: is %s meant?",
                         v->key, s->name, key_nearest(scope, v->key));
        else if (key && v->text && !is_calm(key, v->text))
            compile_key(c, key, v);
    }
}

#define FNV_START 0xcbf29ce484222325
#define FNV_PRIME 0x100000001b3

static uint64_t hash_text(uint64_t hash, const char *text, char end)
{
    for (; text && *text; text++)
        hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
    return (hash ^ (uint8_t)end) * FNV_PRIME;
}

uint64_t compile_hash(uint64_t hash, const struct section *top)
{
    const struct section *s = top;
    while (s) {
        hash = hash_text(hash, s->name, '{');
        uint64_t sum = 0; /* in whatever order they stand */
        for (const struct value *v = s->values; v; v = v->next)
            sum += hash_text(hash_text(FNV_START, v->key, '='), v->text, v->text ? '\n' : '\r');
        hash = (hash ^ sum) * FNV_PRIME;
        if (s->sections) {
            s = s->sections;
            continue;
        }
        while (s != top && !s->next) {
            hash = hash_text(hash, NULL, '}');
            s = s->parent;
        }
        s = s == top ? NULL : s->next;
    }
    return hash;
}

static const struct value *given(const struct section *s, const char *key)
{
    const struct value *v = s ? value_find(s, key) : NULL;
    return v && v->text ? v : NULL;
}

void compile_bool(struct compile *c, const struct section *s, const char *key, bool *out)
{
    const struct value *v = given(s, key);
    if (v && !value_bool(v->text, out))
        report_error(c->report, v->origin, "%s = %s: yes or no is wanted", key, v->text);
}

void compile_number(struct compile *c, const struct section *s, const char *key, uint64_t max,
                    uint64_t *out)
{
    const struct value *v = given(s, key);
    if (v && !value_number(v->text, max, out))
        report_error(c->report, v->origin, "%s = %s: a number up to %llu is wanted", key, v->text,
                     (unsigned long long)max);
}

void compile_time(struct compile *c, const struct section *s, const char *key, shrike_time *out)
{
    const struct value *v = given(s, key);
    if (v && !value_time(v->text, out))
        report_error(c->report, v->origin,
                     "%s = %s: a time such as 30, 30s, 5m, 4h or 1d is wanted", key, v->text);
}

void compile_seconds(struct compile *c, const struct section *s, const char *key, shrike_time *out)
{
    const struct value *v = given(s, key);
    if (v && !value_seconds(v->text, out))
        report_error(c->report, v->origin, "%s = %s: seconds such as 4 or 1.5 are wanted", key,
                     v->text);
}

static uint32_t count_sections(const struct section *s)
{
    return s ? s->count : 0;
}

static void compile_conns(struct compile *c)
{
    const struct section *all = section_find(c->root, "connections", 11);
    uint32_t count = count_sections(all), at = 0;
    if (count > CONNS_MAX) {
        report_error(c->report, all->origin, "more than %d connections", CONNS_MAX);
        return;
    }
    for (const struct value *v = all ? all->values : NULL; v; v = v->next)
        report_error(c->report, v->origin, "%s stands between connections: put it into one",
                     v->key);
    struct shrike_conn *conns = pool_take(c->pool, (count + 1u) * sizeof(*conns));
    struct config_conn *beside = pool_take(c->pool, (count + 1u) * sizeof(*beside));
    struct config_left *left = pool_take(c->pool, (count + 1u) * sizeof(*left));
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next) {
        compile_conn(c, s, &conns[at], &beside[at]);
        if (c->left_out) {
            struct config_left *one = &left[c->config->left_out++];
            *one = c->left;
            one->name = conns[at].name;
        }
        if (!c->left_out && conns[at].local_round_count + conns[at].remote_round_count > 0)
            c->config->conf.rounds = true;
        c->config->conf.beet |= !c->left_out && conn_has_mode(&conns[at], SHRIKE_BEET);
        at += !c->left_out;
    }
    c->config->lefts = left;
    if (c->config->left_out)
        c->config->left = left[0];
    reqids_give(conns, at, c->report);
    c->config->conf.conns = conns;
    c->config->conf.conn_count = at;
    c->config->beside = beside;
}

/* Sections at the top: ours, those not built, and those that others inherit from. */
static void compile_top(struct compile *c)
{
    static const char *const ours[] = {"connections", "secrets", "pools", "authorities", "shrike"};
    for (const struct value *v = c->root->values; v; v = v->next)
        report_error(c->report, v->origin, "%s stands outside of every section", v->key);
    for (const struct section *s = c->root->sections; s; s = s->next) {
        const char *nearest = ours[0];
        for (size_t i = 1; i < sizeof(ours) / sizeof(ours[0]); i++)
            if (word_distance(ours[i], s->name) < word_distance(nearest, s->name))
                nearest = ours[i];
        if (strcmp(nearest, s->name) != 0 && !s->referred)
            report_error(c->report, s->origin,
                         "there is no section %s, and none inherits from it: is %s meant?", s->name,
                         nearest);
    }
}

static struct config *config_new(void)
{
    struct config *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    return c;
}

static struct config *good_or_null(struct config *config, const struct config_report *report)
{
    if (report->errors == 0)
        return config;
    config_free(config);
    return NULL;
}

/* "/etc/swanctl/" */
static const char *folder_of(struct compile *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    return pool_text(c->pool, path, slash ? (size_t)(slash - path) + 1 : 0);
}

struct config *config_load(const struct config_files *from, struct config_report *report)
{
    struct pool scratch = {0};
    struct config *config = config_new();
    memset(report, 0, sizeof(*report));
    struct compile c = {.config = config, .pool = &config->pool, .scratch = &scratch};
    c.report = report;
    config->folder = folder_of(&c, from->config);
    struct section *root = tree_read(&scratch, from->config, report);
    if (root && (!from->foreign || foreign_read(&c, root, from->foreign))) {
        c.root = root;
        compile_top(&c);
        compile_globals(&c, from->kernel);
        marks_take_settings(&c);
        if (from->running)
            fixed_check(&c, from->running);
        compile_pools(&c);
        compile_conns(&c);
        compile_secrets(&c);
        compile_authorities(&c);
    }
    pool_free(&scratch);
    return good_or_null(config, report);
}

/* With what all of the files have in common, but no connection and no pool. */
static struct config *config_like(const struct config *files, struct config_report *report)
{
    struct config *config = config_new();
    memset(report, 0, sizeof(*report));
    config->settings = files->settings;
    config->settings.pools = NULL;
    config->settings.pool_count = 0;
    config->base = files->base;
    config->base_hash = files->base_hash;
    config->folder = pool_text(&config->pool, files->folder, strlen(files->folder));
    return config;
}

struct config *config_load_conn(const struct section *conn, const struct config *files,
                                struct config_report *report)
{
    struct pool scratch = {0};
    struct config *config = config_like(files, report);
    struct compile c = {
        .config = config, .pool = &config->pool, .scratch = &scratch, .strict = true};
    c.report = report;
    struct shrike_conn *one = pool_take(c.pool, sizeof(*one));
    struct config_conn *beside = pool_take(c.pool, sizeof(*beside));
    compile_conn(&c, conn, one, beside);
    config->conf.conns = one;
    config->conf.conn_count = 1;
    config->beside = beside;
    pool_free(&scratch);
    return good_or_null(config, report);
}

struct config *config_load_pool(const struct section *pool, const struct config *files,
                                struct config_report *report)
{
    struct pool scratch = {0};
    struct config *config = config_like(files, report);
    struct compile c = {.config = config, .pool = &config->pool, .scratch = &scratch};
    c.report = report;
    struct lease_pool *one = pool_take(c.pool, sizeof(*one));
    compile_pool(&c, pool, one);
    config->settings.pools = one;
    config->settings.pool_count = 1;
    pool_free(&scratch);
    return good_or_null(config, report);
}

void config_forget_secrets(struct config *c)
{
    pool_free(&c->secret_pool);
    c->secrets = NULL;
    c->secret_count = 0;
    c->passphrases = NULL;
    c->passphrase_count = 0;
    c->tokens = NULL;
    c->token_count = 0;
    c->radius = NULL;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    pool_free(&c->secret_pool);
    pool_free(&c->pool);
    free(c);
}
