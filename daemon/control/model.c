/* Files and control socket, joined: see model.h. */
#include "control/model.h"
#include "control/tree_vici.h"
#include <stdlib.h>

/* What is what: the command that brings it, and what its record in the vault begins with. */
static const struct {
    const char *command, *key;
} kinds[] = {[MODEL_CONN] = {"load-conn", "conn:"}, [MODEL_POOL] = {"load-pool", "pool:"}};
enum { KEY_LEN = 5 };

static struct bytes text_bytes_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

void model_init(struct model *m)
{
    *m = (struct model){.vault.fd = -1};
}

static void loaded_free(struct model_loaded *one)
{
    config_free(one->config);
    free(one->message);
    free(one->name);
}

void model_free(struct model *m)
{
    config_free(m->merged);
    config_free(m->files);
    for (u32 i = 0; i < m->loaded_count; i++)
        loaded_free(&m->loaded[i]);
    free(m->loaded);
    vault_close(&m->vault);
    model_init(m);
}

/* What is merged points into its parts, and goes before any of them. */
void model_touch(struct model *m)
{
    config_free(m->merged);
    m->merged = NULL;
    m->dirty = true;
}

/* Compile one with the settings of the files; NULL: the report has errors. */
static struct config *compile(const struct config *files, enum model_kind kind,
                              const struct vici_item *section, struct config_report *report)
{
    struct pool scratch = {0};
    struct section *tree = tree_from_vici(&scratch, kinds[kind].command, section, report);
    struct config *c = NULL;
    if (tree)
        c = kind == MODEL_CONN ? config_load_conn(tree, files, report)
                               : config_load_pool(tree, files, report);
    pool_free(&scratch);
    return c;
}

/* What came is compiled again when what holds for all connections has changed. */
static void compile_again(struct model *m)
{
    static struct config_report ignored; /* it was looked at when it came */
    for (u32 i = 0; i < m->loaded_count; i++) {
        struct model_loaded *one = &m->loaded[i];
        const struct vici_item section = {.name = text_bytes_of(one->name),
                                          .value = bytes_of(one->message, one->len)};
        if (one->config && one->config->base_hash == m->files->base_hash)
            continue;
        struct config *again = compile(m->files, one->kind, &section, &ignored);
        if (!again)
            continue;
        config_free(one->config);
        one->config = again;
    }
}

struct config *model_look(const struct model *m, const struct config_files *from,
                          struct config_report *report)
{
    struct config_files files = *from;
    files.running = m->files ? &m->files->settings : NULL;
    return config_load(&files, report);
}

bool model_read(struct model *m, const struct config_files *from, struct config_report *report)
{
    struct config *files = model_look(m, from, report);
    if (files)
        model_take(m, files);
    return files != NULL;
}

void model_take(struct model *m, struct config *files)
{
    struct config *old = m->files;
    m->files = files;
    compile_again(m);
    model_touch(m);
    config_free(old);
}

static u32 place_of(const struct model *m, enum model_kind kind, struct bytes name)
{
    u32 i = 0;
    while (i < m->loaded_count &&
           (m->loaded[i].kind != kind || !bytes_equal(text_bytes_of(m->loaded[i].name), name)))
        i++;
    return i;
}

static bool refuse(enum model_kind kind, struct config_report *report, const char *why)
{
    report_error(report, (struct shrike_origin){kinds[kind].command, 0}, "%s", why);
    return false;
}

static bool has_room(struct model *m)
{
    if (m->loaded_count < m->loaded_max)
        return true;
    u32 max = MAX(64u, 2 * m->loaded_max);
    struct model_loaded *more = reallocarray(m->loaded, max, sizeof *more);
    if (!more)
        return false;
    m->loaded = more;
    m->loaded_max = max;
    return true;
}

/* "conn:gw"; names are short when they could be compiled. */
static struct bytes vault_key(char at[VAULT_KEY_MAX], enum model_kind kind, struct bytes name)
{
    memcpy(at, kinds[kind].key, KEY_LEN);
    memcpy(at + KEY_LEN, name.at, MIN(name.len, VAULT_KEY_MAX - KEY_LEN));
    return bytes_of(at, KEY_LEN + MIN(name.len, VAULT_KEY_MAX - KEY_LEN));
}

/* Put it into the list; config is the list's when this is true. */
static bool keep(struct model *m, enum model_kind kind, const struct vici_item *section,
                 struct config *config)
{
    struct model_loaded one = {.kind = kind, .config = config, .len = section->value.len};
    u32 at = place_of(m, kind, section->name);
    one.name = strndup((const char *)section->name.at, section->name.len);
    one.message = malloc(one.len + 1);
    if (!one.name || !one.message || !has_room(m)) {
        free(one.name);
        free(one.message);
        return false;
    }
    if (one.len)
        memcpy(one.message, section->value.at, one.len);
    model_touch(m);
    if (at < m->loaded_count)
        loaded_free(&m->loaded[at]);
    else
        m->loaded_count++;
    m->loaded[at] = one;
    return true;
}

bool model_load(struct model *m, enum model_kind kind, const struct vici_item *section,
                struct config_report *report)
{
    memset(report, 0, sizeof *report);
    if (!m->files)
        return refuse(kind, report, "the configuration files cannot be used: mend them first");
    if (place_of(m, kind, section->name) == MODEL_LOADED_MAX)
        return refuse(kind, report, "there are 10000 connections and pools already: unload some");
    struct config *config = compile(m->files, kind, section, report);
    if (!config)
        return false;
    char key[VAULT_KEY_MAX];
    if (!keep(m, kind, section, config)) {
        config_free(config);
        return refuse(kind, report, "there is no memory for it");
    }
    if (m->vault.fd >= 0 &&
        !vault_put(&m->vault, vault_key(key, kind, section->name), section->value))
        report_warning(report, (struct shrike_origin){kinds[kind].command, 0},
                       "it works but would be lost if this process ended: its vault "
                       "is full");
    return true;
}

bool model_unload(struct model *m, enum model_kind kind, struct bytes name)
{
    char key[VAULT_KEY_MAX];
    u32 at = place_of(m, kind, name);
    if (at == m->loaded_count)
        return false;
    vault_drop(&m->vault, vault_key(key, kind, name));
    model_touch(m);
    loaded_free(&m->loaded[at]);
    m->loaded_count--;
    memmove(&m->loaded[at], &m->loaded[at + 1], (m->loaded_count - at) * sizeof m->loaded[0]);
    return true;
}

struct restoring {
    struct model *model;
    const struct vault_reader *others;
    struct config_report *report;
};

/* One record of the life before: sound when it was put, but a vault is read with care. */
static void restore(void *ctx, struct bytes key, struct bytes value)
{
    struct restoring *r = ctx;
    struct vici_item section = {.type = VICI_SECTION_START, .value = value};
    enum model_kind kind = MODEL_CONN;
    if (key.len > KEY_LEN && memcmp(key.at, kinds[MODEL_POOL].key, KEY_LEN) == 0)
        kind = MODEL_POOL;
    if (key.len <= KEY_LEN || memcmp(key.at, kinds[kind].key, KEY_LEN) != 0) {
        r->others->record(r->others->ctx, key, value);
        return;
    }
    if (vici_fault_of(value) || r->model->loaded_count == MODEL_LOADED_MAX)
        return;
    section.name = bytes_of(key.at + KEY_LEN, key.len - KEY_LEN);
    struct config *files = r->model->files;
    struct config *config = files ? compile(files, kind, &section, r->report) : NULL;
    if ((config || !files) && !keep(r->model, kind, &section, config))
        config_free(config);
}

bool model_restore(struct model *m, int fd, const struct vault_reader *others,
                   struct config_report *report)
{
    struct restoring r = {m, others, report};
    const struct vault_reader reader = {.record = restore, .ctx = &r};
    memset(report, 0, sizeof *report);
    vault_close(&m->vault);
    return vault_open(&m->vault, fd, &reader);
}

void model_merge(struct model *m, struct config_report *report)
{
    u32 count = 0;
    memset(report, 0, sizeof *report);
    if (!m->files || m->merged)
        return;
    const struct config **parts = calloc(m->loaded_count + 1, sizeof *parts);
    if (!parts)
        abort();
    parts[count++] = m->files;
    for (u32 i = 0; i < m->loaded_count; i++)
        if (m->loaded[i].config)
            parts[count++] = m->loaded[i].config;
    m->merged = config_merge(parts, count, report);
    m->merged->conf.ppks |= m->ppks;
    free(parts);
}

const struct shrike_conn *model_conn(const struct model *m, struct bytes name, u32 *index)
{
    const struct shrike_conf *conf = m->merged ? &m->merged->conf : NULL;
    for (u32 i = 0; conf && i < conf->conn_count; i++)
        if (bytes_equal(text_bytes_of(conf->conns[i].name), name)) {
            if (index)
                *index = i;
            return &conf->conns[i];
        }
    return NULL;
}

const struct shrike_child_conf *model_child(const struct shrike_conn *c, struct bytes name)
{
    for (u32 i = 0; c && i < (u32)c->child_count + c->shunt_count; i++)
        if (bytes_equal(text_bytes_of(c->children[i].name), name))
            return &c->children[i];
    return NULL;
}
