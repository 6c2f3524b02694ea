/* Configurations of the servers: see serve.h.
 *
 * Certificates here are lines of text in tests/clients/pki, which the daemon's compiler of
 * configurations would not take. So it is given the connection as one by shared keys, and what is
 * written of certificates and EAP is put into the snapshot afterwards. */
#include "serve.h"
#include "config/method.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_LEN = 512, LINE_LEN = 4096, WORD_LEN = 128 };

/* What a server.conf says of its one connection. */
struct written {
    char auth[2][WORD_LEN]; /* of local, of remote */
    unsigned side;          /* whose section this is */
    char certs[WORD_LEN], cacerts[WORD_LEN];
};

/* ---- lines ---- */

/* Is this a line "KEY = ..."? Then its value. */
static const char *value_of(const char *line, const char *key)
{
    const size_t len = strlen(key);
    line += strspn(line, " \t");
    if (strncmp(line, key, len) != 0)
        return NULL;
    line += len;
    line += strspn(line, " \t");
    return *line == '=' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

static bool note(const char *line, const char *key, char out[WORD_LEN])
{
    const char *value = value_of(line, key);
    if (!value)
        return false;
    snprintf(out, WORD_LEN, "%.*s", (int)strcspn(value, "\n"), value);
    return true;
}

/* A line for the daemon's compiler, or what stands in its place. */
static void copy_line(const char *line, FILE *out, struct written *w)
{
    const char *word = line + strspn(line, " \t");
    if (strncmp(word, "local {", 7) == 0 || strncmp(word, "remote {", 8) == 0)
        w->side = *word == 'r';
    if (note(line, "auth", w->auth[w->side])) {
        fputs("auth = psk\n", out);
    } else if (note(line, "certs", w->certs) || note(line, "cacerts", w->cacerts)) {
        fputc('\n', out);
    } else {
        fputs(line, out);
    }
}

static bool copy_with(FILE *in, FILE *out, const struct refusal *r, struct written *w)
{
    char line[LINE_LEN];
    bool changed = false;
    while (fgets(line, sizeof line, in)) {
        const bool here = r && !changed && value_of(line, r->key);
        if (here)
            snprintf(line, sizeof line, "%s\n", r->line);
        copy_line(line, out, w);
        changed |= here;
    }
    return !r || changed;
}

static struct config *compile(const char *path)
{
    static struct config_report report;
    const struct config_files files = {.config = path};
    struct config *c = config_load(&files, &report);
    for (u32 i = 0; !c && i < report.count; i++)
        printf("# server.conf:%u: %s\n", report.lines[i].line, report.lines[i].text);
    return c;
}

static struct config *read_config(const char *folder, const struct refusal *r, struct written *w)
{
    char from[PATH_LEN], path[] = "/tmp/client-XXXXXX";
    const int fd = mkstemp(path);
    snprintf(from, sizeof from, "%s/%s/server.conf", CLIENTS, folder);
    FILE *in = fopen(from, "r"), *out = fd < 0 ? NULL : fdopen(fd, "w");
    bool good = in && out && copy_with(in, out, r, w);
    if (in)
        fclose(in);
    if (out)
        good &= fclose(out) == 0;
    struct config *c = good ? compile(path) : NULL;
    unlink(path);
    return c;
}

/* ---- certificates and EAP ---- */

static bool read_pem(const char *name, char out[MODEL_CERT_MAX])
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/pki/%s", CLIENTS, name);
    FILE *f = fopen(path, "r");
    const bool good = f && fgets(out, MODEL_CERT_MAX, f);
    if (f)
        fclose(f);
    if (good)
        out[strcspn(out, "\n")] = 0;
    else
        printf("# %s cannot be read\n", path);
    return good;
}

/* auth = eap-mschapv2, or what the daemon reads. */
static bool set_auth(struct shrike_auth *auth, const char *text)
{
    static const u8 methods[] = {EAP_TYPE_MSCHAPV2};
    struct method m;
    if (strcmp(text, "eap-mschapv2") == 0) {
        auth->kind = SHRIKE_AUTH_EAP;
        auth->eap =
            (struct shrike_eap_rule){.methods = bytes_of(methods, sizeof methods), .asks = true};
        return true;
    }
    if (method_read(text, &m) != METHOD_GOOD)
        return false;
    auth->kind = m.kind;
    auth->schemes = m.schemes;
    return true;
}

static bool set_local(struct serve *s, struct shrike_conn *conn, const struct written *w)
{
    struct model *m = &s->model;
    if (!w->certs[0])
        return true;
    if (!read_pem(w->certs, m->certificate))
        return false;
    s->certificate = bytes_of(m->certificate, strlen(m->certificate));
    s->credential = (struct shrike_credential){.key = model_key_id(m->provider, m->certificate),
                                               .encoding = CERT_X509_SIGNATURE,
                                               .cert_count = 1,
                                               .certs = &s->certificate,
                                               .authority_count = 1,
                                               .authorities = &s->authority};
    conn->local.credential_count = 1;
    conn->local.credentials = &s->credential;
    return true;
}

static bool set_conn(struct serve *s, struct shrike_conn *conn, const struct written *w)
{
    struct model *m = &s->model;
    if (!set_auth(&conn->local, w->auth[0]) || !set_auth(&conn->remote, w->auth[1]))
        return false;
    if (w->cacerts[0]) {
        if (!read_pem(w->cacerts, m->authority))
            return false;
        s->authority = model_key_id(m->provider, m->authority);
        conn->remote.authority_count = 1;
        conn->remote.authorities = &s->authority;
    }
    m->eap.password = MODEL_PASSWORD;
    return set_local(s, conn, w);
}

bool serve_load(struct serve *s, const char *folder, const struct refusal *r,
                const struct shrike_provider *p)
{
    struct written w = {0};
    *s = (struct serve){.model.provider = p};
    s->config = read_config(folder, r, &w);
    if (!s->config)
        return false;
    if (s->config->conf.conn_count == 1 && w.auth[0][0] && w.auth[1][0])
        return set_conn(s, (struct shrike_conn *)(uintptr_t)s->config->conf.conns, &w);
    printf("# server.conf has not one connection\n");
    return false;
}

void serve_free(struct serve *s)
{
    config_free(s->config);
    s->config = NULL;
}
