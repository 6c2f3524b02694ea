#include "config/compile.h"

#include "config/conn.h"
#include "config/value.h"
#include <stdlib.h>
#include <string.h>

char *compile_text(struct compile *c, const char *text)
{
    return pool_text(c->pool, text, strlen(text));
}

struct shrike_origin compile_origin(struct compile *c, struct shrike_origin origin)
{
    if (origin.file)
        origin.file = compile_text(c, origin.file);
    return origin;
}

struct shrike_origin compile_place(struct compile *c, const struct section *s, const char *key)
{
    const struct value *v = value_find(s, key);
    return compile_origin(c, v ? v->origin : s->origin);
}

void compile_keys(struct compile *c, const struct section *s, enum key_scope scope)
{
    for (const struct value *v = s->values; v; v = v->next) {
        const struct key *key = key_find(scope, v->key);
        if (!key && scope == KEY_SECRET && strncmp(v->key, "id", 2) == 0)
            continue; /* id with a suffix */
        if (!key) {
            report_error(c->report, v->origin, "there is no key %s in section %s: is %s meant?",
                         v->key, s->name, key_nearest(scope, v->key));
            continue;
        }
        if (!v->text)
            continue;
        switch (key->state) {
        case KEY_BUILT:
            break;
        case KEY_LATER:
            report_warning(c->report, v->origin, "%s (%s) is not built yet and is ignored", v->key,
                           key->meaning);
            break;
        case KEY_REFUSED:
            report_error(c->report, v->origin,
                         "%s (%s) is not built yet, and to ignore it would not be safe: take it "
                         "out",
                         v->key, key->meaning);
            break;
        }
    }
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

static uint64_t shrike_number(struct compile *c, const char *key, uint64_t max, uint64_t fallback)
{
    compile_number(c, c->shrike, key, max, &fallback);
    return fallback;
}

/* The section of global settings: ports, retransmission, the gate. */
static void compile_globals(struct compile *c)
{
    struct config *config = c->config;
    struct shrike_conn *base = &c->base;
    base->retransmit_first = SHRIKE_SECOND;
    base->retransmit_max = base->give_up_after = 64 * SHRIKE_SECOND;
    base->half_open_max = 30 * SHRIKE_SECOND;
    base->fragmentation = true;
    config->install_routes = true;
    c->shrike = section_find(c->root, "shrike", 6);
    if (c->shrike) {
        compile_keys(c, c->shrike, KEY_SHRIKE);
        for (const struct section *s = c->shrike->sections; s; s = s->next)
            report_warning(c->report, s->origin,
                           "section %s in shrike is not built yet and is "
                           "ignored",
                           s->name);
    }
    compile_seconds(c, c->shrike, "retransmit_timeout", &base->retransmit_first);
    compile_seconds(c, c->shrike, "retransmit_limit", &base->retransmit_max);
    if (base->retransmit_first == 0 || base->retransmit_max < base->retransmit_first)
        report_error(c->report,
                     compile_place(c, c->shrike ? c->shrike : c->root, "retransmit_timeout"),
                     "retransmit_timeout must be above 0 and at most retransmit_limit");
    base->give_up_after = base->retransmit_max;
    compile_time(c, c->shrike, "half_open_timeout", &base->half_open_max);
    base->retransmit_tries = (uint8_t)shrike_number(c, "retransmit_tries", 32, 7);
    base->retransmit_jitter = (uint8_t)shrike_number(c, "retransmit_jitter", 20, 10);
    base->fragment_size = (uint16_t)shrike_number(c, "fragment_size", 65535, 1280);
    if (base->fragment_size < 576)
        report_error(c->report, compile_place(c, c->shrike, "fragment_size"),
                     "fragment_size = %u: at least 576 octets are wanted", base->fragment_size);
    config->port = (uint16_t)shrike_number(c, "port", 65535, 500);
    config->port_nat_t = (uint16_t)shrike_number(c, "port_nat_t", 65535, 4500);
    config->routing_table = (uint32_t)shrike_number(c, "routing_table", UINT32_MAX, 220);
    compile_bool(c, c->shrike, "install_routes", &config->install_routes);
    struct shrike_conf *conf = &config->conf;
    conf->cookie_threshold = (uint32_t)shrike_number(c, "cookie_threshold", UINT32_MAX, 30);
    conf->cookie_prefix_threshold =
        (uint32_t)shrike_number(c, "cookie_threshold_ip", UINT32_MAX, 3);
    conf->half_open_max = (uint32_t)shrike_number(c, "init_limit_half_open", UINT32_MAX, 0);
    if (conf->half_open_max == 0)
        conf->half_open_max = UINT32_MAX;
}

static uint32_t count_sections(const struct section *s)
{
    uint32_t n = 0;
    for (s = s ? s->sections : NULL; s; s = s->next)
        n++;
    return n;
}

static void compile_secret(struct compile *c, const struct section *s, struct config_secret *out)
{
    struct pool *p = &c->config->secret_pool;
    const struct value *secret = given(s, "secret");
    uint16_t count = 0;
    compile_keys(c, s, KEY_SECRET);
    for (const struct value *v = s->values; v; v = v->next)
        count += strncmp(v->key, "id", 2) == 0 && v->text;
    struct shrike_id *ids = pool_take(p, (count + 1u) * sizeof(*ids));
    out->name = pool_text(p, s->name, strlen(s->name));
    out->ids = ids;
    out->origin = compile_origin(c, s->origin);
    for (const struct value *v = s->values; v; v = v->next) {
        if (strncmp(v->key, "id", 2) != 0 || !v->text)
            continue;
        if (value_id(p, v->text, &ids[out->id_count++]) != VALUE_GOOD)
            report_error(c->report, v->origin,
                         "%s is not an identity that is built: write an "
                         "address, a name, user@name or keyid:text",
                         v->text);
    }
    if (!secret || !value_secret(p, secret->text, &out->secret)) /* what it is is never said */
        report_error(c->report, secret ? secret->origin : s->origin,
                     "secret of %s is missing or malformed: text, 0x and hex, or 0s and base64",
                     s->name);
}

static void compile_secrets(struct compile *c)
{
    static const char *const others[] = {"eap", "xauth", "ntlm",  "ppk",    "private",
                                         "rsa", "ecdsa", "pkcs8", "pkcs12", "token"};
    const struct section *all = section_find(c->root, "secrets", 7);
    struct config *config = c->config;
    config->secrets =
        pool_take(&config->secret_pool, (count_sections(all) + 1u) * sizeof(config->secrets[0]));
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next) {
        bool known = false;
        if (strncmp(s->name, "ike", 3) == 0) {
            compile_secret(c, s, &config->secrets[config->secret_count++]);
            continue;
        }
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
            known |= strncmp(s->name, others[i], strlen(others[i])) == 0;
        if (known)
            report_warning(c->report, s->origin, "secrets.%s is not built yet and is ignored",
                           s->name);
        else
            report_error(c->report, s->origin,
                         "secrets.%s is of no known kind: its name begins with ike", s->name);
    }
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
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next, at++)
        compile_conn(c, s, &conns[at], &beside[at]);
    c->config->conf.conns = conns;
    c->config->conf.conn_count = count;
    c->config->beside = beside;
}

/* Sections at the top: ours, those not built, and those that others inherit from. */
static void compile_top(struct compile *c)
{
    static const char *const ours[] = {"connections", "secrets", "shrike"};
    for (const struct value *v = c->root->values; v; v = v->next)
        report_error(c->report, v->origin, "%s stands outside of every section", v->key);
    for (const struct section *s = c->root->sections; s; s = s->next) {
        const char *nearest = ours[0];
        for (int i = 1; i < 3; i++)
            if (word_distance(ours[i], s->name) < word_distance(nearest, s->name))
                nearest = ours[i];
        if (strcmp(s->name, "pools") == 0 || strcmp(s->name, "authorities") == 0)
            report_warning(c->report, s->origin, "section %s is not built yet and is ignored",
                           s->name);
        else if (strcmp(nearest, s->name) != 0 && !s->referred)
            report_error(c->report, s->origin,
                         "there is no section %s, and none inherits from it: is %s meant?", s->name,
                         nearest);
    }
}

struct config *config_read(const char *path, struct config_report *report)
{
    struct pool scratch = {0};
    struct config *config = calloc(1, sizeof(*config));
    if (!config)
        abort();
    memset(report, 0, sizeof(*report));
    struct compile c = {.config = config, .pool = &config->pool, .scratch = &scratch};
    c.next_reqid = REQID_FIXED_MAX + 1;
    c.report = report;
    c.root = tree_read(&scratch, path, report);
    if (c.root) {
        compile_top(&c);
        compile_globals(&c);
        compile_conns(&c);
        compile_secrets(&c);
    }
    pool_free(&scratch);
    if (report->errors == 0)
        return config;
    config_free(config);
    return NULL;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    pool_free(&c->secret_pool);
    pool_free(&c->pool);
    free(c);
}
