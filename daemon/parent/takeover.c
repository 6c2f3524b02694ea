/* From one program to the next in the same process: see takeover.h. */
#include "parent/takeover.h"
#include "ops/parts.h"
#include "parent/options.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC     0x5348544fu /* "SHTO" */
#define SIZE_MAX_ (8u << 20)  /* octets: ROUTES_MAX of them, and the rest */
#define ROLES_1   5           /* vaults in version 1 */
#define FDS_MAX   (SOCKETS_MAX + TAKEOVER_ROLES + 8)

static_assert(ROLE_COUNT <= TAKEOVER_ROLES, "each may have a vault");

/* ---- descriptors ---- */

/* Every descriptor that goes along, in a fixed order; `roles` have vaults. */
static u32 list_fds(struct takeover *t, u32 roles, int *out[FDS_MAX])
{
    u32 n = 0;
    for (u32 i = 0; i < t->sockets.count; i++)
        out[n++] = &t->sockets.all[i].fd;
    for (u32 r = 0; r < roles; r++)
        out[n++] = &t->vaults[r];
    out[n++] = &t->tun.fd;
    out[n++] = &t->keyfiles.fd[0];
    out[n++] = &t->keyfiles.fd[1];
    out[n++] = &t->listener;
    out[n++] = &t->esp;
    return n;
}

/* Do they live through an exec? */
static bool keep_open(struct takeover *t, bool keep)
{
    int *fds[FDS_MAX];
    bool done = true;
    for (u32 n = list_fds(t, TAKEOVER_ROLES, fds); n-- > 0;)
        if (*fds[n] >= 0)
            done &= fcntl(*fds[n], F_SETFD, keep ? 0 : FD_CLOEXEC) == 0;
    return done;
}

/* ---- as octets ---- */

static void write_all(struct writer *w, struct takeover *t, const struct routes *routes)
{
    int *fds[FDS_MAX];
    struct takeover_route route;
    u32 bucket = 0, place = 0;
    write_u32(w, MAGIC);
    write_u16(w, TAKEOVER_VERSION);
    write_u32(w, t->sockets.count);
    for (u32 i = 0; i < t->sockets.count; i++) {
        write_u8(w, t->sockets.all[i].is.kind);
        write_u8(w, t->sockets.all[i].is.family);
        write_u16(w, t->sockets.all[i].is.port);
        write_u8(w, (u8)t->sockets.all[i].owner);
    }
    u32 count = list_fds(t, TAKEOVER_ROLES, fds);
    for (u32 i = 0; i < count; i++)
        write_u32(w, (u32)*fds[i]);
    write_u32(w, t->tun.link);
    write_u8(w, t->tun.vnet_hdr);
    write_u64(w, t->esp_life);
    write_text(w, t->control_socket, sizeof t->control_socket);
    write_text(w, t->journal, sizeof t->journal);
    while (routes_next(routes, &bucket, &place, &route.to, &route.source)) {
        write_bytes(w, bytes_of(route.to.octets, sizeof route.to.octets));
        write_u8(w, route.to.family);
        write_u8(w, route.to.bits);
        write_addr(w, &route.source);
    }
}

static bool read_sockets(struct reader *r, struct sockets *s)
{
    s->count = read_u32(r);
    if (s->count > SOCKETS_MAX)
        return false;
    for (u32 i = 0; i < s->count; i++) {
        s->all[i].is.kind = read_u8(r);
        s->all[i].is.family = read_u8(r);
        s->all[i].is.port = read_u16(r);
        s->all[i].owner = (enum role)read_u8(r);
    }
    return !r->bad;
}

static bool read_routes(struct reader *r, struct takeover *t)
{
    t->routes = calloc(ROUTES_MAX, sizeof *t->routes);
    while (t->routes && !r->bad && read_left(r) && t->route_count < ROUTES_MAX) {
        struct takeover_route *route = &t->routes[t->route_count++];
        read_copy(r, route->to.octets, sizeof route->to.octets);
        route->to.family = read_u8(r);
        route->to.bits = read_u8(r);
        route->source = read_addr(r);
    }
    return t->routes && read_ended(r);
}

static bool read_all(struct takeover *t, struct reader *r)
{
    int *fds[FDS_MAX];
    u32 magic = read_u32(r), version = read_u16(r);
    if (magic != MAGIC || version < 1 || version > TAKEOVER_VERSION ||
        !read_sockets(r, &t->sockets))
        return false;
    for (u32 i = 0; i < TAKEOVER_ROLES; i++)
        t->vaults[i] = -1;
    u32 count = list_fds(t, version == 1 ? ROLES_1 : TAKEOVER_ROLES, fds);
    for (u32 i = 0; i < count; i++)
        *fds[i] = (int)read_u32(r);
    t->tun.link = read_u32(r);
    t->tun.vnet_hdr = read_u8(r);
    t->esp_life = read_u64(r);
    return read_text(r, t->control_socket, sizeof t->control_socket) &&
           read_text(r, t->journal, sizeof t->journal) && read_routes(r, t) && keep_open(t, false);
}

bool takeover_read(struct takeover *t, int fd)
{
    struct stat s;
    *t = (struct takeover){0};
    void *at = fstat(fd, &s) == 0 && s.st_size > 0 && s.st_size <= (off_t)SIZE_MAX_
                   ? mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
                   : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED)
        return false;
    struct reader r = reader_of(bytes_of(at, (size_t)s.st_size));
    bool good = read_all(t, &r);
    munmap(at, (size_t)s.st_size);
    return good;
}

void takeover_free(struct takeover *t)
{
    free(t->routes);
    t->routes = NULL;
    t->route_count = 0;
}

/* ---- the other program ---- */

static int file_of(struct takeover *t, const struct routes *routes)
{
    u8 *room = malloc(SIZE_MAX_);
    struct writer w = writer_of(room, room ? SIZE_MAX_ : 0);
    int fd = memfd_create("shrike-takeover", 0);
    if (room)
        write_all(&w, t, routes);
    bool done = room && fd >= 0 && !w.full &&
                write(fd, written_bytes(&w).at, written(&w)) == (ssize_t)written(&w);
    free(room);
    if (!done && fd >= 0)
        close(fd);
    return done ? fd : -1;
}

static void execute(const struct options *o, const char *path, int fd)
{
    char number[16];
    const char *args[OPTIONS_ARGS_MAX];
    snprintf(number, sizeof number, "%d", fd);
    options_args(o, "--take-over", number, args);
    fflush(NULL);
    execv(path, (char *const *)(uintptr_t)args);
}

bool takeover_exec(const struct takeover *t, const struct routes *routes, const struct options *o,
                   const char *path)
{
    struct takeover all = *t;
    int fd = file_of(&all, routes);
    if (fd < 0)
        return false;
    if (keep_open(&all, true))
        execute(o, path, fd);
    int error = errno;
    (void)keep_open(&all, false);
    close(fd);
    errno = error;
    return false;
}
