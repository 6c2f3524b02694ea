/* Certificates and private keys in control: see creds.h. */
#include "control/creds.h"
#include "base/ct.h"
#include "control/control.h"
#include "control/trust.h"
#include "ops/conf.h"
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PRIVATES_MAX  1024 /* files */
#define RECORD_OCTETS 65536
#define VAULT_NAME    "cert:"

static_assert(CREDENTIALS_MAX <= SNAPSHOT_CREDENTIALS_MAX, "what is filled in can be handed on");
static_assert(AUTHORITIES_MAX <= SNAPSHOT_AUTHORITIES_MAX, "what is asked for can be handed on");

/* ---- time ---- */

static void warn(struct control *c)
{
    static struct config_report report;
    report = (struct config_report){.count = 0};
    wallet_warn(&c->creds.wallet, time(NULL), &report);
    control_say_report(c, &report, false);
}

static void each_day(void *ctx)
{
    struct control *c = ctx;
    warn(c);
    loop_alarm(c->seat->loop, &c->creds.daily, loop_now(c->seat->loop) + CREDS_EACH_DAY);
}

void creds_open(struct control *c)
{
    struct creds *k = &c->creds;
    *k = (struct creds){.daily = {.ring = each_day, .ctx = c}, .open = true};
    wallet_init(&k->wallet);
    loop_alarm(c->seat->loop, &k->daily, loop_now(c->seat->loop) + CREDS_EACH_DAY);
}

void creds_close(struct control *c)
{
    if (!c->creds.open)
        return;
    loop_disarm(c->seat->loop, &c->creds.daily);
    wallet_free(&c->creds.wallet);
    c->creds.open = false;
}

/* ---- private keys ---- */

struct sealing {
    struct control *control;
    const struct config *files;
    u8 *octets; /* of one record */
    int fd;
    u32 count;
    bool failed;
};

static struct bytes passphrase_of(const struct config *c, const char *folder, const char *name)
{
    for (u32 i = 0; i < c->passphrase_count; i++)
        if (strcmp(c->passphrases[i].file, name) == 0 &&
            strcmp(c->passphrases[i].folder, folder) == 0)
            return c->passphrases[i].secret;
    return bytes_of(NULL, 0);
}

/* One, with the length of its record in front. */
static void append(struct sealing *s, const struct mail_private *m)
{
    struct writer w = writer_of(s->octets, RECORD_OCTETS);
    write_u32(&w, 0);
    private_mail_write(&w, m);
    if (!w.full) {
        write_u32_at(&w, 0, (u32)(written(&w) - 4));
        struct bytes all = written_bytes(&w);
        s->failed |= write(s->fd, all.at, all.len) != (ssize_t)all.len;
        s->count++;
    }
    wipe(s->octets, RECORD_OCTETS);
}

static void append_file(struct sealing *s, const char *path, const struct file *f,
                        struct bytes word)
{
    const struct mail_private m = {
        .name = bytes_of(path, strlen(path)), .file = file_bytes(f), .passphrase = word};
    append(s, &m);
}

/* secrets.token of the configuration. */
static void append_token(struct sealing *s, const struct config_token *t)
{
    char name[MAIL_WHY_MAX];
    snprintf(name, sizeof name, "secrets.%s", t->name);
    const struct mail_private m = {.name = bytes_of(name, strlen(name)),
                                   .passphrase = bytes_of(t->pin, strlen(t->pin)),
                                   .handle = objects_handle(&t->object)};
    append(s, &m);
}

static void take_file(struct sealing *s, const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct file f;
    if (snprintf(path, sizeof path, "%s%s/%s", s->files->folder, folder, name) >= (int)sizeof path)
        return;
    const char *why = file_read(path, CREDS_PRIVATE_MAX, &f);
    if (!why && s->count == PRIVATES_MAX)
        why = "is one too many";
    if (why)
        control_say(s->control, SHRIKE_WARNING, "%s: %s: its private key is not used", path, why);
    else
        append_file(s, path, &f, passphrase_of(s->files, folder, name));
    file_free(&f);
}

static void take_folder(struct sealing *s, const char *name)
{
    char path[PATH_MAX];
    DIR *folder = NULL;
    if (snprintf(path, sizeof path, "%s%s", s->files->folder, name) < (int)sizeof path)
        folder = opendir(path);
    for (const struct dirent *e; folder && (e = readdir(folder)) != NULL;)
        if (e->d_name[0] != '.')
            take_file(s, name, e->d_name);
    if (folder)
        closedir(folder);
}

/* All private keys of the folders, and those on tokens, in a sealed memory file; -1: the system
 * refuses. */
static int seal_privates(struct control *c, const struct config *files)
{
    static const char *const folders[] = {"private", "rsa", "ecdsa", "pkcs8", "pkcs12"};
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct sealing s = {.control = c, .files = files};
    s.fd = memfd_create("shrike-private", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    s.octets = malloc(RECORD_OCTETS);
    s.failed = s.fd < 0 || !s.octets;
    for (size_t i = 0; i < ARRAY_LEN(folders) && !s.failed; i++)
        take_folder(&s, folders[i]);
    for (u32 i = 0; i < files->token_count && !s.failed; i++)
        append_token(&s, &files->tokens[i]);
    free(s.octets);
    if (s.fd >= 0 && (s.failed || fcntl(s.fd, F_ADD_SEALS, seals) != 0)) {
        close(s.fd);
        s.fd = -1;
    }
    return s.fd;
}

/* ---- certificates ---- */

void creds_read(struct control *c, const struct config *files)
{
    static struct config_report report;
    report = (struct config_report){.count = 0};
    (void)wallet_look(&c->creds.wallet, files, &report);
    control_say_report(c, &report, false);
    model_touch(&c->model); /* it points to what was there before */
    c->certs.known = false; /* until keys has them, and says so */
    objects_want(c, true);
    publish_privates(c, seal_privates(c, files));
    renew_note(c);
    warn(c);
}

static u64 hash_of(const struct config_report *r)
{
    u64 hash = 0xcbf29ce484222325;
    for (u32 i = 0; i < r->count; i++)
        for (const char *at = r->lines[i].text; *at; at++)
            hash = (hash ^ (u8)*at) * 0x100000001b3;
    return hash;
}

/* Connections are joined whenever a name has another address: that is nothing to certs. */
static void tell_trust(struct control *c, const struct config *merged,
                       const struct config_more *more)
{
    u64 hash;
    int fd = trust_make(&c->creds.wallet, merged, more, &hash);
    if (fd >= 0 && hash == c->creds.trusted) {
        close(fd);
        return;
    }
    c->creds.trusted = hash;
    publish_trust(c, fd);
}

static void say_keyless_of(const struct control *c, const struct shrike_conn *conn,
                           const struct shrike_auth *a, struct config_report *report)
{
    for (u16 k = 0; k < a->credential_count; k++)
        if (certs_lacks_key(c, &a->credentials[k].key))
            report_warning(report, a->origin,
                           "connection %s: there is no private key for %s: put it into the "
                           "folder private, and its passphrase, if it has one, into `secrets`",
                           conn->name, a->credentials[k].origin.file);
}

static void say_keyless(struct control *c, const struct config *merged)
{
    static struct config_report report;
    report = (struct config_report){.count = 0};
    for (u32 i = 0; i < merged->conf.conn_count; i++) {
        const struct shrike_conn *conn = &merged->conf.conns[i];
        say_keyless_of(c, conn, &conn->local, &report);
        for (u16 k = 0; k < conn->local_round_count; k++)
            say_keyless_of(c, conn, &conn->local_rounds[k], &report);
    }
    u64 hash = hash_of(&report);
    if (c->certs.known && hash != c->creds.keyless) {
        control_say_report(c, &report, true);
        c->creds.keyless = hash;
    }
}

void creds_say_keyless(struct control *c)
{
    if (c->model.merged)
        say_keyless(c, c->model.merged);
}

void creds_join(struct control *c, struct config *merged)
{
    static struct config_report report;
    static struct config_where wheres[AUTHORITIES_LOADED_MAX * AUTHORITY_PLACES_MAX];
    const struct config_more more = {wheres, authorities_wheres(c, wheres)};
    struct creds *k = &c->creds;
    report = (struct config_report){.count = 0};
    if (wallet_look_named(&k->wallet, merged, &report))
        renew_note(c);
    objects_want(c, false);
    credentials_fill(merged, &k->wallet, &more, &report);
    u64 hash = hash_of(&report);
    if (hash != k->said)
        control_say_report(c, &report, true);
    k->said = hash;
    say_keyless(c, merged);
    tell_trust(c, merged, &more);
}

/* ---- the control socket ---- */

/* "cert:", its sort, and where the rest comes from: a hash of what it holds. */
static struct bytes vault_key(char at[64], enum wallet_kind kind, struct bytes octets)
{
    u64 hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < octets.len; i++)
        hash = (hash ^ octets.at[i]) * 0x100000001b3;
    int len = snprintf(at, 64, VAULT_NAME "%u:%zu:%016llx", (unsigned)kind, octets.len,
                       (unsigned long long)hash);
    return bytes_of(at, (size_t)len);
}

const char *creds_load(struct control *c, enum wallet_kind kind, struct bytes octets)
{
    char key[64];
    const char *why = wallet_put(&c->creds.wallet, kind, "load-cert", octets);
    if (why)
        return why;
    if (c->model.vault.fd >= 0)
        (void)vault_put(&c->model.vault, vault_key(key, kind, octets), octets);
    model_touch(&c->model);
    publish_soon(c);
    return NULL;
}

void creds_restore(struct control *c, struct bytes key, struct bytes value)
{
    size_t len = strlen(VAULT_NAME);
    if (key.len <= len || memcmp(key.at, VAULT_NAME, len) != 0)
        return;
    u8 kind = (u8)(key.at[len] - '0');
    if (kind < WALLET_CONTAINER)
        (void)wallet_put(&c->creds.wallet, (enum wallet_kind)kind, "load-cert", value);
}

void creds_clear(struct control *c)
{
    char key[64];
    for (u32 i = 0; i < c->creds.wallet.count; i++) {
        const struct wallet_file *f = c->creds.wallet.files[i];
        if (f->loaded)
            vault_drop(&c->model.vault, vault_key(key, f->kind, f->octets));
    }
    model_touch(&c->model);
    wallet_clear(&c->creds.wallet);
    publish_soon(c);
}
