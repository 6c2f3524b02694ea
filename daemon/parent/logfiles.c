/* Files of the log: see logfiles.h. */
#include "parent/logfiles.h"
#include "ops/mail.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool was_there(const struct logfiles *l, const char *path)
{
    for (u8 i = 0; i < l->count; i++)
        if (strcmp(l->all[i].path, path) == 0)
            return true;
    return false;
}

/* A file and nothing else: a pipe that nobody reads would hold control up. -1: not so, and said. */
static int open_one(const struct settings_log *conf, bool anew, const struct tell *t)
{
    struct stat st;
    int fd =
        open(conf->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
    if (fd < 0) {
        tell(t, SHRIKE_WARNING, "the log cannot be written to %s: %s", conf->path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (conf->append || !anew || ftruncate(fd, 0) == 0))
        return fd;
    tell(t, SHRIKE_WARNING, "the log cannot be written to %s: it is no file of its own",
         conf->path);
    close(fd);
    return -1;
}

void logfiles_open(struct logfiles *l, const struct settings *set, const struct tell *t)
{
    struct logfiles now = {.count = 0};
    for (u8 i = 0; i < set->log_count; i++) {
        const struct settings_log *conf = &set->logs[i];
        if (conf->kind != LOG_TO_FILE)
            continue;
        struct logfile *f = &now.all[now.count++];
        snprintf(f->path, sizeof f->path, "%s", conf->path);
        f->fd = open_one(conf, !was_there(l, conf->path), t);
    }
    logfiles_close(l);
    *l = now;
}

void logfiles_hand(const struct logfiles *l, struct supervisor *s)
{
    for (u8 i = 0; i < l->count; i++) {
        const struct logfile *f = &l->all[i];
        struct mail m = {
            .kind = MAIL_LOG_FILE, .body = bytes_of(f->path, strlen(f->path)), .fd = f->fd};
        if (f->fd >= 0 && !supervisor_send(s, ROLE_CONTROL, &m))
            tell(&s->tell, SHRIKE_DEBUG, "control does not take a file of the log");
    }
}

void logfiles_close(struct logfiles *l)
{
    for (u8 i = 0; i < l->count; i++)
        if (l->all[i].fd >= 0)
            close(l->all[i].fd);
    l->count = 0;
}
