#include "config/foreign.h"

#include <string.h>

/* Settings that stand below `plugins` there, and are read from there here too (globals.c). */
static bool is_plugin_setting(const struct section *plugin, const char *key)
{
    static const char *const names[][2] = {
        {"vici", "socket"},        {"socket-default", "fwmark"},  {"kernel-netlink", "mtu"},
        {"kernel-netlink", "mss"}, {"eap-ttls", "phase2_method"}, {"eap-peap", "phase2_method"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(plugin->name, names[i][0]) == 0 && strcmp(key, names[i][1]) == 0)
            return true;
    return false;
}

static void ignore(struct compile *c, struct shrike_origin origin, const char *section,
                   const char *key)
{
    report_warning(c->report, origin, "%s%s%s is not read from this file and is ignored", section,
                   *section && key ? "." : "", key ? key : "");
}

/* Behind the values that are there, unless this one is. */
static void add_value(struct compile *c, struct section *to, const struct value *v)
{
    struct value **end = &to->values;
    while (*end && strcmp((*end)->key, v->key) != 0)
        end = &(*end)->next;
    if (*end)
        return;
    *end = pool_take(c->scratch, sizeof(**end));
    **end = *v;
    (*end)->next = NULL;
}

static struct section *section_of(struct compile *c, struct section *in, const char *name,
                                  struct shrike_origin origin)
{
    struct section *s = section_find(in, name, strlen(name));
    return s ? s : section_add(c->scratch, in, name, origin);
}

/* There 0 stands for a size that follows from the address family. */
static bool is_default(const struct value *v)
{
    return strcmp(v->key, "fragment_size") == 0 && strcmp(v->text, "0") == 0;
}

static void take_values(struct compile *c, struct section *to, const struct section *from)
{
    for (const struct value *v = from->values; v; v = v->next) {
        const struct key *key = key_find(KEY_SHRIKE, v->key);
        if (!v->text || is_default(v))
            continue;
        if (key && key_is_common(key) && key->state == KEY_BUILT)
            add_value(c, to, v);
        else if (!key || !key_is_common(key) || strcmp(key->calm, v->text) != 0)
            ignore(c, v->origin, "", v->key);
    }
}

/* `dir { load = yes }` says which plugins there are: nothing to us. */
static void take_plugin(struct compile *c, struct section *shrike, const struct section *plugin)
{
    for (const struct value *v = plugin->values; v; v = v->next) {
        if (strcmp(v->key, "load") == 0)
            continue;
        if (!is_plugin_setting(plugin, v->key)) {
            ignore(c, v->origin, plugin->name, v->key);
            continue;
        }
        struct section *plugins = section_of(c, shrike, "plugins", plugin->origin);
        add_value(c, section_of(c, plugins, plugin->name, plugin->origin), v);
    }
    for (const struct section *s = plugin->sections; s; s = s->next)
        ignore(c, s->origin, plugin->name, s->name);
}

/* Where the log goes has the same words here (config/logs.h): all of it, unless we say so
 * ourselves. */
static void take_log(struct compile *c, struct section *shrike, const struct section *log)
{
    if (section_find(shrike, log->name, strlen(log->name)))
        return;
    struct section *to = section_add(c->scratch, shrike, log->name, log->origin);
    for (const struct value *v = log->values; v; v = v->next)
        add_value(c, to, v);
    for (const struct section *s = log->sections; s; s = s->next) {
        struct section *place = section_add(c->scratch, to, s->name, s->origin);
        for (const struct value *v = s->values; v; v = v->next)
            add_value(c, place, v);
    }
}

static void take_known(struct compile *c, struct section *to, const struct section *from,
                       enum key_scope scope)
{
    for (const struct value *v = from->values; v; v = v->next) {
        if (key_find(scope, v->key))
            add_value(c, to, v);
        else if (strcmp(v->key, "load") != 0)
            ignore(c, v->origin, from->name, v->key);
    }
}

/* Servers of RADIUS have the same words here (config/radius.h): all of them, unless we name some
 * ourselves. */
static void take_radius(struct compile *c, struct section *shrike, const struct section *plugin)
{
    if (section_find(shrike, "radius", 6))
        return;
    struct section *to = section_add(c->scratch, shrike, "radius", plugin->origin);
    take_known(c, to, plugin, KEY_RADIUS);
    for (const struct section *s = plugin->sections; s; s = s->next) {
        if (strcmp(s->name, "dae") == 0) {
            take_known(c, section_add(c->scratch, to, s->name, s->origin), s, KEY_RADIUS_DAE);
            continue;
        }
        if (strcmp(s->name, "servers") != 0) {
            ignore(c, s->origin, plugin->name, s->name);
            continue;
        }
        struct section *servers = section_add(c->scratch, to, s->name, s->origin);
        for (const struct section *one = s->sections; one; one = one->next)
            take_known(c, section_add(c->scratch, servers, one->name, one->origin), one,
                       KEY_RADIUS_SERVER);
    }
}

static void take_sections(struct compile *c, struct section *shrike, const struct section *from)
{
    for (const struct section *s = from->sections; s; s = s->next) {
        if (strcmp(s->name, "filelog") == 0 || strcmp(s->name, "syslog") == 0) {
            take_log(c, shrike, s);
            continue;
        }
        if (strcmp(s->name, "plugins") != 0) {
            ignore(c, s->origin, s->name, NULL);
            continue;
        }
        for (const struct section *plugin = s->sections; plugin; plugin = plugin->next) {
            if (strcmp(plugin->name, "eap-radius") == 0)
                take_radius(c, shrike, plugin);
            else
                take_plugin(c, shrike, plugin);
        }
    }
}

bool foreign_read(struct compile *c, struct section *root, const char *path)
{
    const struct section *all = tree_read(c->scratch, path, c->report);
    if (!all)
        return false;
    /* The first one is that of the daemon under systemd, which goes by both. */
    static const char *const names[] = {"charon-systemd", "charon"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct section *from = section_find(all, names[i], strlen(names[i]));
        if (!from)
            continue;
        struct section *shrike = section_of(c, root, "shrike", from->origin);
        take_values(c, shrike, from);
        take_sections(c, shrike, from);
    }
    return true;
}
