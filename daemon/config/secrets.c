#include "config/secrets.h"
#include "config/object.h"

#include "config/eap.h"
#include "config/value.h"
#include <string.h>

/* By what their sections begin with; the longer of two beginnings first. */
static const struct kind {
    const char *begin;
    enum key_scope scope;
    enum secret_kind kind;
} kinds[] = {
    {"ike", KEY_SECRET, SECRET_IKE},          {"eap", KEY_SECRET, SECRET_EAP},
    {"xauth", KEY_SECRET, SECRET_EAP},        {"ntlm", KEY_SECRET, SECRET_NTLM},
    {"ppk", KEY_SECRET, SECRET_PPK},          {"private", KEY_PASSPHRASE, SECRET_KINDS},
    {"rsa", KEY_PASSPHRASE, SECRET_KINDS},    {"ecdsa", KEY_PASSPHRASE, SECRET_KINDS},
    {"bliss", KEY_PASSPHRASE, SECRET_KINDS},  {"pkcs8", KEY_PASSPHRASE, SECRET_KINDS},
    {"pkcs12", KEY_PASSPHRASE, SECRET_KINDS}, {"token", KEY_TOKEN, SECRET_KINDS},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(name, kinds[i].begin, strlen(kinds[i].begin)) == 0)
            return &kinds[i];
    return NULL;
}

static bool is_id(const struct value *v)
{
    return strncmp(v->key, "id", 2) == 0 && v->text;
}

enum { NT_HASH_LEN = 16 };

/* Identities in IKE are of certain kinds; those of EAP may be any text. */
static void compile_ids(struct compile *c, const struct section *s, struct config_secret *out)
{
    struct pool *p = &c->config->secret_pool;
    uint16_t count = 0;
    for (const struct value *v = s->values; v; v = v->next)
        count = (uint16_t)(count + is_id(v));
    struct shrike_id *ids = pool_take(p, (count + 1u) * sizeof(*ids));
    out->ids = ids;
    for (const struct value *v = s->values; v; v = v->next)
        if (is_id(v) && (out->kind == SECRET_EAP || out->kind == SECRET_NTLM))
            eap_name(p, v->text, &ids[out->id_count++]);
        else if (is_id(v) && value_id(p, v->text, &ids[out->id_count++]) != VALUE_GOOD)
            report_error(c->report, v->origin,
                         "%s is not an identity that is built: write an address, a name, "
                         "user@name, keyid:text or a distinguished name; a * stands in front",
                         v->text);
}

static void compile_secret(struct compile *c, const struct section *s, struct config_secret *out)
{
    struct pool *p = &c->config->secret_pool;
    const struct value *secret = value_find(s, "secret");
    out->name = pool_text(p, s->name, strlen(s->name));
    out->origin = compile_origin(c, s->origin);
    compile_ids(c, s, out);
    if (!secret || !secret->text ||
        !value_secret(p, secret->text, &out->secret)) /* what it is is never said */
        report_error(c->report, secret ? secret->origin : s->origin,
                     "secret of %s is missing or malformed: text, 0x and hex, or 0s and base64",
                     s->name);
    else if (out->kind == SECRET_NTLM && out->secret.len != NT_HASH_LEN)
        report_error(c->report, secret->origin,
                     "secret of %s is the MD4 of a password in UTF-16: 16 octets, as 0x and hex",
                     s->name);
}

/* Of a file in the folder that is called like the section. */
static void compile_passphrase(struct compile *c, const struct section *s, const struct kind *kind)
{
    struct pool *p = &c->config->secret_pool;
    struct config_passphrase *out = &c->config->passphrases[c->config->passphrase_count];
    const struct value *secret = value_find(s, "secret"), *file = value_find(s, "file");
    if (!file || !file->text || !secret || !secret->text) {
        report_warning(
            c->report, s->origin,
            "secrets.%s does nothing: it needs file, a name in the folder %s, and secret", s->name,
            kind->begin);
        return;
    }
    if (!*file->text || strchr(file->text, '/')) {
        report_error(c->report, file->origin,
                     "file = %s: the name of a file in the folder %s is wanted", file->text,
                     kind->begin);
        return;
    }
    if (!value_secret(p, secret->text, &out->secret)) {
        report_error(c->report, secret->origin,
                     "secret of %s is malformed: text, 0x and hex, or 0s and base64", s->name);
        return;
    }
    out->folder = kind->begin;
    out->file = pool_text(p, file->text, strlen(file->text));
    c->config->passphrase_count++;
}

/* Without a PIN too: not every token wants one. */
static void compile_token(struct compile *c, const struct section *s)
{
    struct config_token *out = &c->config->tokens[c->config->token_count];
    struct pool *p = &c->config->secret_pool;
    if (!object_compile(c, p, s, &out->object)) {
        report_warning(
            c->report, s->origin,
            "secrets.%s does nothing: it needs handle, the number of the key on the token",
            s->name);
        return;
    }
    out->name = pool_text(p, s->name, strlen(s->name));
    out->pin = object_text(c, p, s, "pin");
    c->config->token_count++;
}

void compile_secrets(struct compile *c)
{
    const struct section *all = section_find(c->root, "secrets", 7);
    struct config *config = c->config;
    uint32_t count = all ? all->count : 0;
    config->secrets = pool_take(&config->secret_pool, (count + 1u) * sizeof(config->secrets[0]));
    config->passphrases =
        pool_take(&config->secret_pool, (count + 1u) * sizeof(config->passphrases[0]));
    config->tokens = pool_take(&config->secret_pool, (count + 1u) * sizeof(config->tokens[0]));
    for (const struct value *v = all ? all->values : NULL; v; v = v->next)
        report_error(c->report, v->origin, "%s stands between secrets: put it into one", v->key);
    for (const struct section *s = all ? all->sections : NULL; s; s = s->next) {
        const struct kind *kind = kind_of(s->name);
        if (!kind) {
            report_error(c->report, s->origin,
                         "secrets.%s is of no known kind: its name begins with ike, eap, ntlm, "
                         "ppk, private, rsa, ecdsa, pkcs8, pkcs12 or token",
                         s->name);
            continue;
        }
        compile_keys(c, s, kind->scope);
        if (kind->scope == KEY_PASSPHRASE)
            compile_passphrase(c, s, kind);
        else if (kind->scope == KEY_TOKEN)
            compile_token(c, s);
        if (kind->kind == SECRET_KINDS)
            continue;
        struct config_secret *out = &config->secrets[config->secret_count++];
        out->kind = (uint8_t)kind->kind;
        compile_secret(c, s, out);
        if (kind->kind != SECRET_PPK)
            continue;
        config->conf.ppks = true;
        if (out->id_count == 0)
            report_warning(c->report, s->origin,
                           "secrets.%s has no id: write the name by which ppk_id calls it",
                           s->name);
    }
}
