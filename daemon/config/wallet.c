/* Certificates of this host, file by file: see wallet.h. */
#include "config/wallet.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

static const char *const folders[WALLET_KINDS] = {[WALLET_CERTIFICATE] = "x509",
                                                  [WALLET_AUTHORITY] = "x509ca",
                                                  [WALLET_CRL] = "x509crl",
                                                  [WALLET_KEY] = "pubkey",
                                                  [WALLET_CONTAINER] = "pkcs12"};

void wallet_init(struct wallet *s)
{
    *s = (struct wallet){0};
}

static void forget(struct wallet_file *f)
{
    x509_free(&f->items);
    pool_free(&f->pool);
    pool_free(&f->place);
    free(f->name);
    free(f);
}

void wallet_free(struct wallet *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        forget(s->files[i]);
    free(s->files);
    wallet_init(s);
}

static void drop(struct wallet *s, uint32_t at)
{
    forget(s->files[at]);
    s->count--;
    memmove(&s->files[at], &s->files[at + 1], (s->count - at) * sizeof(*s->files));
}

static struct wallet_file *add(struct wallet *s, struct wallet_file *like)
{
    if (s->count == WALLET_FILES_MAX)
        return NULL;
    if (s->count == s->room) {
        uint32_t room = s->room ? 2 * s->room : 32;
        struct wallet_file **more = reallocarray(s->files, room, sizeof(*more));
        if (!more)
            return NULL;
        s->files = more;
        s->room = room;
    }
    struct wallet_file *f = malloc(sizeof(*f));
    if (f)
        *f = *like;
    if (f)
        s->files[s->count++] = f;
    return f;
}

static struct wallet_file *find(const struct wallet *s, enum wallet_kind kind, const char *name,
                                bool named)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct wallet_file *f = s->files[i];
        if (f->kind == kind && f->named == named && !f->loaded && strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

/* ---- one file ---- */

/* Its passphrase stands in section `secrets`, by the name of the file. */
static struct bytes passphrase_of(const struct config *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    for (uint32_t i = 0; c && i < c->passphrase_count; i++)
        if (strcmp(c->passphrases[i].file, slash ? slash + 1 : path) == 0)
            return c->passphrases[i].secret;
    return bytes_of(NULL, 0);
}

static const char *read_items(struct wallet_file *f, struct bytes octets, const struct config *c)
{
    if (f->kind == WALLET_CONTAINER)
        return x509_read_store(&f->pool, octets, passphrase_of(c, f->name), &f->items);
    enum x509_kind kind = f->kind == WALLET_KEY ? X509_PUBLIC_KEYS : X509_CERTIFICATES;
    return x509_read(&f->pool, kind, octets, &f->items);
}

/* What is in the file now takes the place of what was there, if it is good. */
static const char *read_file(struct wallet_file *f, const struct config *c)
{
    struct wallet_file now = {.kind = f->kind, .name = f->name};
    struct file file;
    const char *why =
        file_read(f->name, f->kind == WALLET_CRL ? WALLET_CRL_MAX : WALLET_OCTETS_MAX, &file);
    if (!why && f->kind != WALLET_CRL) /* which others read */
        why = read_items(&now, file_bytes(&file), c);
    f->stat = file.stat; /* a broken one is not looked at again until it changes */
    file_free(&file);
    if (why) {
        pool_free(&now.pool);
        return why;
    }
    x509_free(&f->items);
    pool_free(&f->pool);
    f->items = now.items;
    f->pool = now.pool;
    return NULL;
}

/* true: it has changed. */
static bool look_at(struct wallet *s, struct wallet_file *like, const struct config *c,
                    struct config_report *report)
{
    struct wallet_file *f = find(s, like->kind, like->name, like->named);
    struct stat now;
    bool known = f != NULL;
    if (!known) {
        like->name = strdup(like->name);
        f = like->name ? add(s, like) : NULL;
    }
    if (!f) {
        report_warning(report, (struct shrike_origin){like->name, 0},
                       "is not used: there are more than %u files, or there is no memory",
                       WALLET_FILES_MAX);
        return false;
    }
    f->seen = true;
    f->ours |= like->ours;
    f->theirs |= like->theirs;
    bool there = stat(f->name, &now) == 0;
    if (known && there && file_is_same(&now, &f->stat))
        return false;
    const char *why = read_file(f, c);
    if (why)
        report_warning(report, (struct shrike_origin){f->name, 0},
                       f->items.count ? "%s: what it held before is used on" : "%s: it is not used",
                       why);
    return !why;
}

/* ---- folders ---- */

static bool look_into(struct wallet *s, enum wallet_kind kind, const struct config *c,
                      struct config_report *report)
{
    char path[PATH_MAX];
    bool changed = false;
    int len = snprintf(path, sizeof(path), "%s%s/", c->folder, folders[kind]);
    DIR *folder = len < (int)sizeof(path) ? opendir(path) : NULL;
    if (!folder)
        return false;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        struct wallet_file one = {.kind = kind, .name = path};
        struct stat st;
        if (e->d_name[0] == '.' || snprintf(path + len, sizeof(path) - (size_t)len, "%s",
                                            e->d_name) >= (int)sizeof(path) - len)
            continue;
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            changed |= look_at(s, &one, c, report);
    }
    closedir(folder);
    return changed;
}

/* Before and after a look: what was not seen, is there no more. */
static void begin_look(struct wallet *s, bool named)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct wallet_file *f = s->files[i];
        if (f->named != named)
            continue;
        f->seen = f->loaded;
        f->ours = f->theirs = false;
    }
}

static bool end_look(struct wallet *s, bool named)
{
    bool changed = false;
    for (uint32_t i = s->count; i-- > 0;)
        if (s->files[i]->named == named && !s->files[i]->seen) {
            drop(s, i);
            changed = true;
        }
    return changed;
}

bool wallet_look(struct wallet *s, const struct config *c, struct config_report *report)
{
    bool changed = false;
    begin_look(s, false);
    for (enum wallet_kind kind = 0; kind < WALLET_KINDS; kind++)
        changed |= look_into(s, kind, c, report);
    return end_look(s, false) || changed;
}

/* ---- what connections name ---- */

/* What lies on a token is not there until it is brought. */
static void look_at_object(struct wallet *s, const struct config_cert *cert,
                           struct wallet_file *like)
{
    const struct config_object *o = &cert->object;
    like->name = strdup(cert->path);
    struct wallet_file *f = like->name ? add(s, like) : NULL;
    if (!f) {
        free(like->name);
        return;
    }
    f->seen = true;
    f->object = *o;
    f->object.module = pool_text(&f->place, o->module, strlen(o->module));
    f->object.handle.at =
        (uint8_t *)pool_text(&f->place, (const char *)o->handle.at, o->handle.len);
}

const char *wallet_bring(struct wallet_file *f, struct bytes octets, bool *changed)
{
    struct wallet_file now = {.kind = f->kind, .name = f->name};
    *changed = false;
    if (f->items.count == 1 && bytes_equal(f->items.at[0].der, octets))
        return NULL;
    const char *why = read_items(&now, octets, NULL);
    if (why) {
        pool_free(&now.pool);
        return why;
    }
    x509_free(&f->items);
    pool_free(&f->pool);
    f->items = now.items;
    f->pool = now.pool;
    *changed = true;
    return NULL;
}

/* What came with its connection may have come with another, too, or alone. */
static bool look_at_octets(struct wallet *s, const struct config_cert *cert,
                           struct wallet_file *like)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct wallet_file *f = s->files[i];
        if (f->kind != like->kind || !f->octets.at || !bytes_equal(f->octets, cert->octets))
            continue;
        f->seen = true;
        f->ours |= like->ours;
        f->theirs |= like->theirs;
        return false;
    }
    like->name = strdup(cert->origin.file ? cert->origin.file : "");
    struct wallet_file *f = like->name ? add(s, like) : NULL;
    if (!f)
        return false;
    f->seen = true;
    f->octets.at = (uint8_t *)pool_text(&f->pool, (const char *)cert->octets.at, cert->octets.len);
    f->octets.len = cert->octets.len;
    return !read_items(f, f->octets, NULL);
}

static bool look_at_named(struct wallet *s, enum wallet_kind kind, bool ours,
                          const struct config_certs *certs, struct config_report *report)
{
    bool changed = false;
    for (uint16_t i = 0; i < certs->count; i++) {
        const struct config_cert *cert = &certs->at[i];
        struct wallet_file one = {.kind = kind, .named = true, .ours = ours, .theirs = !ours};
        one.name = (char *)(uintptr_t)cert->path; /* copied when it is new */
        struct wallet_file *known = cert->path ? find(s, kind, cert->path, true) : NULL;
        if (known && (known->seen || cert->object.handle.len)) {
            known->seen = true;
            known->ours |= ours;
            known->theirs |= !ours;
        } else if (cert->object.handle.len)
            look_at_object(s, cert, &one);
        else if (cert->path)
            changed |= look_at(s, &one, NULL, report);
        else
            changed |= look_at_octets(s, cert, &one);
    }
    return changed;
}

static bool look_at_sections(struct wallet *s, const struct config_conn *n,
                             struct config_report *report)
{
    bool changed = look_at_named(s, WALLET_CERTIFICATE, true, &n->local_certs, report);
    changed |= look_at_named(s, WALLET_KEY, true, &n->local_keys, report);
    changed |= look_at_named(s, WALLET_CERTIFICATE, false, &n->remote_certs, report);
    changed |= look_at_named(s, WALLET_KEY, false, &n->remote_keys, report);
    changed |= look_at_named(s, WALLET_AUTHORITY, false, &n->remote_authorities, report);
    return changed;
}

bool wallet_look_named(struct wallet *s, const struct config *c, struct config_report *report)
{
    bool changed = false;
    begin_look(s, true);
    changed |= look_at_named(s, WALLET_AUTHORITY, false, &c->authorities, report);
    for (uint32_t i = 0; i < c->conf.conn_count; i++) {
        const struct config_conn *n = &c->beside[i];
        changed |= look_at_sections(s, n, report);
        for (uint16_t k = 0; k < n->round_count; k++)
            changed |= look_at_sections(s, &n->rounds[k], report);
    }
    return end_look(s, true) || changed;
}

const struct wallet_file *wallet_find(const struct wallet *s, enum wallet_kind kind,
                                      const struct config_cert *named)
{
    if (named->path)
        return find(s, kind, named->path, true);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct wallet_file *f = s->files[i];
        if (f->kind == kind && f->octets.at && bytes_equal(f->octets, named->octets))
            return f;
    }
    return NULL;
}

/* ---- the control socket ---- */

const char *wallet_put(struct wallet *s, enum wallet_kind kind, const char *name,
                       struct bytes octets)
{
    struct wallet_file one = {.kind = kind, .loaded = true, .seen = true};
    for (uint32_t i = 0; i < s->count; i++)
        if (s->files[i]->loaded && s->files[i]->kind == kind &&
            bytes_equal(s->files[i]->octets, octets))
            return NULL;
    one.octets.at = (uint8_t *)pool_text(&one.pool, (const char *)octets.at, octets.len);
    one.octets.len = octets.len;
    one.name = strdup(name);
    const char *why = kind == WALLET_CRL ? NULL : read_items(&one, octets, NULL);
    if (!why && one.name && add(s, &one))
        return NULL;
    x509_free(&one.items);
    pool_free(&one.pool);
    free(one.name);
    return why ? why : "is one too many, or there is no memory";
}

void wallet_drop(struct wallet *s, enum wallet_kind kind, struct bytes octets)
{
    for (uint32_t i = s->count; i-- > 0;)
        if (s->files[i]->loaded && s->files[i]->kind == kind &&
            bytes_equal(s->files[i]->octets, octets))
            drop(s, i);
}

void wallet_clear(struct wallet *s)
{
    for (uint32_t i = s->count; i-- > 0;)
        if (s->files[i]->loaded)
            drop(s, i);
}

/* ---- time ---- */

/* A quarter of the time that it holds, or three weeks: who renews by himself is not warned of. */
static time_t early(const struct x509_item *item)
{
    time_t quarter = (item->until - item->from) / 4;
    return quarter < 21 * DAY ? quarter : 21 * DAY;
}

static void warn_of(const struct wallet_file *f, const struct x509_item *item, time_t now,
                    struct config_report *report)
{
    const struct shrike_origin place = {f->name, 0};
    char day[32] = "";
    struct tm tm;
    time_t at = now < item->from ? item->from : item->until;
    if (gmtime_r(&at, &tm))
        strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
    if (now > item->until)
        report_warning(report, place,
                       "a certificate in it has expired at %s UTC: peers refuse it; renew it", day);
    else if (now < item->from)
        report_warning(report, place,
                       "a certificate in it is good from %s UTC on only: is the clock right?", day);
    else if (item->until - now < early(item))
        report_warning(report, place,
                       "a certificate in it expires at %s UTC, in %lld days: renew it", day,
                       (long long)(item->until - now) / DAY);
}

void wallet_warn(const struct wallet *s, time_t now, struct config_report *report)
{
    for (uint32_t i = 0; i < s->count; i++)
        for (uint32_t k = 0; k < s->files[i]->items.count; k++)
            if (s->files[i]->items.at[k].x509)
                warn_of(s->files[i], &s->files[i]->items.at[k], now, report);
}
