/* Servers of RADIUS on their way: see radiusfile.h. */
#include "ops/radiusfile.h"
#include "base/ct.h"
#include "ops/parts.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALED (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

CARRIES(struct settings_radius_server, 580);
CARRIES(struct settings_radius, 9528);

static void write_server(struct writer *w, const struct settings_radius_server *s)
{
    write_text(w, s->name, sizeof(s->name));
    write_text(w, s->nas_identifier, sizeof(s->nas_identifier));
    write_text(w, s->host, sizeof(s->host));
    write_endpoint(w, &s->ends[0]);
    write_endpoint(w, &s->ends[1]);
    write_addr(w, &s->source);
    write_u32(w, s->preference);
    write_u16(w, s->sockets);
    write_slice(w, bytes_of(s->secret, s->secret_len));
}

static void read_server(struct reader *r, struct settings_radius_server *s)
{
    r->bad |= !read_text(r, s->name, sizeof(s->name));
    r->bad |= !read_text(r, s->nas_identifier, sizeof(s->nas_identifier));
    r->bad |= !read_text(r, s->host, sizeof(s->host));
    s->ends[0] = read_endpoint(r);
    s->ends[1] = read_endpoint(r);
    s->source = read_addr(r);
    s->preference = read_u32(r);
    s->sockets = read_u16(r);
    struct bytes secret = read_slice(r);
    r->bad |= (s->ends[0].family == 0) != (*s->host != 0) ||
              s->ends[0].family != s->ends[1].family || s->sockets == 0 || secret.len == 0 ||
              secret.len > sizeof(s->secret);
    if (r->bad)
        return;
    s->secret_len = (uint16_t)secret.len;
    memcpy(s->secret, secret.at, secret.len);
}

void radius_write(struct writer *w, const struct settings_radius *s)
{
    write_u16(w, s->server_count);
    write_u16(w, s->tries);
    write_u16(w, s->backoff);
    write_flag(w, s->eap_start);
    write_flag(w, s->class_group);
    write_flag(w, s->filter_id);
    write_flag(w, s->with_port);
    write_flag(w, s->accounting);
    write_flag(w, s->accounting_class);
    write_flag(w, s->accounting_vip);
    write_flag(w, s->close_on_timeout);
    write_u32(w, s->accounting_s);
    write_flag(w, s->dae.family != 0);
    if (s->dae.family)
        write_endpoint(w, &s->dae);
    write_slice(w, bytes_of(s->dae_secret, s->dae_secret_len));
    write_u64(w, s->first);
    write_text(w, s->id_prefix, sizeof(s->id_prefix));
    for (u16 i = 0; i < s->server_count; i++)
        write_server(w, &s->servers[i]);
}

static void read_dae(struct reader *r, struct settings_radius *s)
{
    if (read_flag(r))
        s->dae = read_endpoint(r);
    struct bytes secret = read_slice(r);
    r->bad |= secret.len > sizeof(s->dae_secret) || (s->dae.family && secret.len == 0);
    if (r->bad || secret.len == 0)
        return;
    s->dae_secret_len = (uint16_t)secret.len;
    memcpy(s->dae_secret, secret.at, secret.len);
}

bool radius_read(struct reader *r, struct settings_radius *s)
{
    memset(s, 0, sizeof(*s));
    u16 count = read_choice(r, SETTINGS_RADIUS_SERVERS + 1);
    s->tries = read_u16(r);
    s->backoff = read_u16(r);
    s->eap_start = read_flag(r);
    s->class_group = read_flag(r);
    s->filter_id = read_flag(r);
    s->with_port = read_flag(r);
    s->accounting = read_flag(r);
    s->accounting_class = read_flag(r);
    s->accounting_vip = read_flag(r);
    s->close_on_timeout = read_flag(r);
    s->accounting_s = read_u32(r);
    read_dae(r, s);
    s->first = read_u64(r);
    r->bad |= !read_text(r, s->id_prefix, sizeof(s->id_prefix));
    r->bad |= count > 0 && (s->tries == 0 || s->backoff < 100 || s->first == 0);
    for (u16 i = 0; i < count && !r->bad; i++)
        read_server(r, &s->servers[i]);
    if (read_ended(r))
        s->server_count = count;
    return read_ended(r);
}

int radius_seal_file(const struct settings_radius *s)
{
    u8 octets[RADIUS_FILE_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    int fd = memfd_create("shrike-radius", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    radius_write(&w, s);
    struct bytes all = written_bytes(&w);
    bool done = fd >= 0 && !w.full && write(fd, all.at, all.len) == (ssize_t)all.len &&
                fcntl(fd, F_ADD_SEALS, SEALED) == 0;
    wipe(octets, sizeof(octets));
    if (fd >= 0 && !done)
        close(fd);
    return done ? fd : -1;
}

bool radius_open_file(int fd, struct settings_radius *s)
{
    u8 octets[RADIUS_FILE_MAX];
    int seals = fcntl(fd, F_GET_SEALS);
    ssize_t n = -1;
    if (seals >= 0 && (seals & SEALED) == SEALED)
        n = pread(fd, octets, sizeof(octets), 0);
    struct reader r = reader_of(bytes_of(octets, n > 0 ? (size_t)n : 0));
    bool read = radius_read(&r, s);
    wipe(octets, sizeof(octets));
    return read;
}
