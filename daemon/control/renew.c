/* Changes of files: see renew.h. */
#include "control/renew.h"
#include "control/control.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define FNV_START 0xcbf29ce484222325
#define FNV_PRIME 0x100000001b3
#define FILES_MAX 8192 /* of one folder that are looked at */

static const char *const folders[] = {"x509",    "x509ca", "x509crl", "pubkey", "pkcs12",
                                      "private", "rsa",    "ecdsa",   "pkcs8"};

static u64 mix(u64 hash, const void *at, size_t len)
{
    const u8 *octets = at;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ octets[i]) * FNV_PRIME;
    return hash;
}

/* Of what tells one content of a file from another, without reading it; links are followed. */
static u64 print_of(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return 1;
    const u64 parts[] = {s.st_dev, s.st_ino, (u64)s.st_size, (u64)s.st_mtim.tv_sec,
                         (u64)s.st_mtim.tv_nsec};
    return mix(mix(FNV_START, path, strlen(path)), parts, sizeof parts);
}

/* In whatever order they are found. */
static u64 print_of_folder(const char *path)
{
    char file[PATH_MAX];
    u64 sum = 0;
    u32 left = FILES_MAX;
    DIR *folder = opendir(path);
    for (const struct dirent *e; folder && left-- > 0 && (e = readdir(folder)) != NULL;)
        if (e->d_name[0] != '.' &&
            snprintf(file, sizeof file, "%s/%s", path, e->d_name) < (int)sizeof file)
            sum += print_of(file);
    if (folder)
        closedir(folder);
    return sum;
}

static u64 print_of_all(const struct control *c)
{
    char path[PATH_MAX];
    u64 sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (snprintf(path, sizeof path, "%s%s", c->model.files->folder, folders[i]) <
            (int)sizeof path)
            sum += print_of_folder(path);
    for (u32 i = 0; i < c->creds.wallet.count; i++) {
        const struct wallet_file *f = c->creds.wallet.files[i];
        if (f->named && !f->octets.at && !f->object.handle.len)
            sum += print_of(f->name);
    }
    return sum;
}

/* ---- who tells ---- */

static void watch(const struct control *c, const char *path)
{
    const u32 mask =
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB;
    if (c->renew.source.fd >= 0)
        (void)inotify_add_watch(c->renew.source.fd, path, mask); /* again: it is the same watch */
}

/* The folders, the one above, for those that come later, and where named files stand. */
static void watch_all(const struct control *c)
{
    char path[PATH_MAX];
    const char *above = c->model.files->folder;
    watch(c, *above ? above : ".");
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (snprintf(path, sizeof path, "%s%s", above, folders[i]) < (int)sizeof path)
            watch(c, path);
    for (u32 i = 0; i < c->creds.wallet.count; i++) {
        const struct wallet_file *f = c->creds.wallet.files[i];
        bool in_file = f->named && !f->octets.at && !f->object.handle.len;
        const char *slash = in_file ? strrchr(f->name, '/') : NULL;
        if (slash && snprintf(path, sizeof path, "%.*s", (int)(slash - f->name) + 1, f->name) <
                         (int)sizeof path)
            watch(c, path);
    }
}

/* ---- looking again ---- */

/* Passphrases of keys stand in the configuration, of which nothing else is taken, nor said. */
static void read_again(struct control *c)
{
    static struct config_report unsaid;
    const struct config_files from = reload_from(c);
    struct config *now = model_look(&c->model, &from, &unsaid);
    control_say(c, SHRIKE_NOTICE,
                "certificates or private keys have changed: they are read again%s",
                now ? "" : ", without passphrases, for the configuration has errors");
    creds_read(c, now ? now : c->model.files);
    config_free(now);
    publish_soon(c);
}

static void look(struct control *c)
{
    struct renew *r = &c->renew;
    r->due = false;
    loop_alarm(c->seat->loop, &r->each, loop_now(c->seat->loop) + RENEW_EACH);
    u64 now = c->model.files ? print_of_all(c) : r->print;
    if (r->print == now)
        return;
    read_again(c);
    r->print = now; /* what has changed since, is seen the next time */
}

static void ring(void *ctx)
{
    look(ctx);
}

static void ready(void *ctx, u32 events)
{
    struct control *c = ctx;
    struct renew *r = &c->renew;
    u8 octets[4096]; /* what it was, does not matter */
    (void)events;
    while (read(r->source.fd, octets, sizeof octets) > 0)
        ;
    if (!r->due)
        loop_alarm(c->seat->loop, &r->soon, loop_now(c->seat->loop) + RENEW_SOON);
    r->due = true;
}

void renew_note(struct control *c)
{
    if (!c->renew.open)
        return;
    c->renew.print = print_of_all(c);
    watch_all(c);
}

void renew_open(struct control *c)
{
    struct renew *r = &c->renew;
    *r = (struct renew){.source = {.fd = -1, .ready = ready, .ctx = c},
                        .soon = {.ring = ring, .ctx = c},
                        .each = {.ring = ring, .ctx = c}};
    if (c->seat->options->check_only)
        return;
    r->open = true;
    r->source.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (r->source.fd >= 0 && !loop_watch(c->seat->loop, &r->source, EPOLLIN)) {
        close(r->source.fd);
        r->source.fd = -1;
    }
    loop_alarm(c->seat->loop, &r->each, loop_now(c->seat->loop) + RENEW_EACH);
}

void renew_close(struct control *c)
{
    struct renew *r = &c->renew;
    if (!r->open)
        return;
    loop_disarm(c->seat->loop, &r->soon);
    loop_disarm(c->seat->loop, &r->each);
    if (r->source.fd >= 0) {
        (void)loop_watch(c->seat->loop, &r->source, 0);
        close(r->source.fd);
    }
    r->open = false;
}
