/* Memory files with secrets, for tests. */
#ifndef UNIT_KEYS_FILE_H
#define UNIT_KEYS_FILE_H

#include "ops/mail.h"
#include "wire/codes.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static inline struct bytes text_bytes_of(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* A secret for one FQDN, or for everybody (NULL). */
static inline struct mail_secret file_secret(const char *name, const char *secret, const char *id)
{
    struct mail_secret m = {.name = text_bytes_of(name), .secret = text_bytes_of(secret)};
    if (id)
        m.ids[m.id_count++] = (struct shrike_id){ID_FQDN, text_bytes_of(id)};
    return m;
}

/* A sealed file of these octets; the caller closes it. */
static inline int file_seal(struct bytes b, int seals)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, b.at, b.len) != (ssize_t)b.len || fcntl(fd, F_ADD_SEALS, seals) != 0)
        abort();
    return fd;
}
#define FILE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#define FILE_MAX 65536
static inline struct bytes file_octets(const struct mail_secret *all, size_t count,
                                       u8 out[FILE_MAX])
{
    struct writer w = writer_of(out, FILE_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t at = written(&w);
        write_u32(&w, 0);
        secret_write(&w, &all[i]);
        write_u32_at(&w, at, (u32)(written(&w) - at - 4));
    }
    if (w.full)
        abort();
    return written_bytes(&w);
}

static inline int file_of(const struct mail_secret *all, size_t count)
{
    u8 octets[FILE_MAX];
    return file_seal(file_octets(all, count, octets), FILE_SEALS);
}

/* A sealed file of private keys. */
static inline int file_of_privates(const struct mail_private *all, size_t count)
{
    static u8 octets[FILE_MAX];
    struct writer w = writer_of(octets, FILE_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t at = written(&w);
        write_u32(&w, 0);
        private_mail_write(&w, &all[i]);
        write_u32_at(&w, at, (u32)(written(&w) - at - 4));
    }
    if (w.full)
        abort();
    return file_seal(written_bytes(&w), FILE_SEALS);
}

#endif
