/* Configurations of the servers, and their processes: see serve.h. */
#include "serve.h"
#include "certs/check.h"
#include "config/credentials.h"
#include "control/trust.h"
#include "ident.h"
#include "keys/private.h"
#include "pki.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_LEN = 512, LINE_LEN = 4096 };

/* What stands in the folders of every server. */
static const char server_ecdsa[] = "ECDSA FQDN vpn.example.org by Example CA",
                  server_rsa[] = "RSA FQDN vpn.example.org by Example CA";

static struct config_report report;

/* ---- files ---- */

/* Is this a line "KEY = ..."? */
static bool is_line_of(const char *line, const char *key)
{
    const size_t len = strlen(key);
    line += strspn(line, " \t");
    return strncmp(line, key, len) == 0 && (line[len] == ' ' || line[len] == '=');
}

static bool copy_with(FILE *in, FILE *out, const struct refusal *r)
{
    char line[LINE_LEN];
    bool changed = false;
    while (fgets(line, sizeof line, in)) {
        const bool here = r && !changed && is_line_of(line, r->key);
        fputs(here ? r->line : line, out);
        if (here)
            fputc('\n', out);
        changed |= here;
    }
    return !r || changed;
}

static bool copy_conf(const char *folder, const char *to, const struct refusal *r)
{
    char from[PATH_LEN];
    snprintf(from, sizeof from, "%s/%s/server.conf", CLIENTS, folder);
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    bool good = in && out && copy_with(in, out, r);
    if (in)
        fclose(in);
    if (out)
        good &= fclose(out) == 0;
    return good;
}

static const struct {
    const char *path;
    const char *text; /* of a certificate; or the name of an authority */
    bool authority;
} files[] = {{"x509/vpn-ecdsa.pem", server_ecdsa, false},
             {"x509/vpn-rsa.pem", server_rsa, false},
             {"x509ca/ca.pem", "Example CA", true},
             {"x509ca/other-ca.pem", "Other CA", true}};
static const char *const folders[] = {"x509", "x509ca"};

static const char *path_in(const char *top, const char *name)
{
    static char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static bool fill(const char *top, const char *folder, const struct refusal *r)
{
    bool good = copy_conf(folder, path_in(top, "swanctl.conf"), r);
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        good &= mkdir(path_in(top, folders[i]), 0700) == 0;
    for (size_t i = 0; i < ARRAY_LEN(files) && good; i++) {
        const struct pki *p =
            files[i].authority ? pki_authority(files[i].text) : pki_of(files[i].text);
        good = p && pki_write(p, path_in(top, files[i].path));
    }
    return good;
}

static void empty(const char *top)
{
    unlink(path_in(top, "swanctl.conf"));
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        unlink(path_in(top, files[i].path));
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        rmdir(path_in(top, folders[i]));
    rmdir(top);
}

/* ---- what the daemon makes of them ---- */

static void tell(void)
{
    for (u32 i = 0; i < report.count; i++)
        printf("# server.conf:%u: %s\n", report.lines[i].line, report.lines[i].text);
}

static bool take_trust(struct serve *s)
{
    struct intake_said said;
    u64 hash;
    const struct config_more nothing = {.where_count = 0};
    const int fd = trust_make(&s->wallet, s->config, &nothing, &hash);
    const char *fault = fd < 0 ? "cannot be made" : judge_begin(&s->judge, fd);
    while (!fault && judge_step(&s->judge, &said))
        fault = said.fault;
    if (!fault)
        fault = judge_end(&s->judge);
    if (fd >= 0)
        close(fd);
    if (fault)
        printf("# trust %s\n", fault);
    return !fault;
}

static bool compile(struct serve *s, const char *top)
{
    const struct config_files from = {.config = path_in(top, "swanctl.conf")};
    s->config = config_load(&from, &report);
    if (!s->config || s->config->conf.conn_count != 1) {
        tell();
        return false;
    }
    wallet_look(&s->wallet, s->config, &report);
    wallet_look_named(&s->wallet, s->config, &report);
    credentials_fill(s->config, &s->wallet, NULL, &report);
    return take_trust(s);
}

bool serve_load(struct serve *s, const char *folder, const struct refusal *r)
{
    char top[] = "/tmp/clients-XXXXXX";
    *s = (struct serve){.eap.password = CLIENTS_PASSWORD};
    wallet_init(&s->wallet);
    const bool good =
        judge_open(&s->judge) && mkdtemp(top) && fill(top, folder, r) && compile(s, top);
    empty(top);
    return good;
}

void serve_free(struct serve *s)
{
    judge_close(&s->judge);
    wallet_free(&s->wallet);
    config_free(s->config);
    s->config = NULL;
}

/* ---- what the engine asks ---- */

static struct shrike_answer prove(struct serve *s, const struct shrike_auth_op *op)
{
    static const char *const ours[] = {server_ecdsa, server_rsa};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        const struct pki *p = pki_of(ours[i]);
        struct signer signer = {.key = p->key};
        struct shrike_key_id id;
        if (private_id(p->key, &id) && memcmp(&id, &op->key, sizeof id) == 0 &&
            signature_ability(p->key, &signer.ability))
            return signer_answer(&signer, op, s->value);
    }
    return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_KEY};
}

void serve_answer(void *ctx, const struct shrike_op *op, struct shrike_answer *out)
{
    struct serve *s = ctx;
    struct text about = text_of(s->about, sizeof s->about);
    if (op->kind == SHRIKE_PROVE)
        *out = prove(s, &op->auth);
    if (op->kind == SHRIKE_CHECK)
        *out = check_answer(s->judge.trust, op, time(NULL), &about);
    if (op->kind == SHRIKE_EAP)
        *out = passwords_take(&s->eap, &op->eap);
}
