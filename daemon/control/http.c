/* Metrics over HTTP: see http.h. */
#include "control/http.h"
#include <dlfcn.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBRARY "libmicrohttpd.so.12"

/* What we use of the library. */
static struct {
    void *handle;
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_run) *run;
    __typeof__(MHD_get_daemon_info) *get_daemon_info;
    __typeof__(MHD_get_connection_info) *get_connection_info;
    __typeof__(MHD_lookup_connection_value) *lookup_connection_value;
    __typeof__(MHD_create_response_from_buffer) *create_response;
    __typeof__(MHD_add_response_header) *add_response_header;
    __typeof__(MHD_destroy_response) *destroy_response;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_suspend_connection) *suspend_connection;
    __typeof__(MHD_resume_connection) *resume_connection;
} mhd;

struct http {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct source source; /* its epoll */
    struct alarm alarm;   /* what it waits for */
    struct alarm sweep;   /* of clients whose time is over */
    void (*wanted)(void *ctx);
    void *ctx;
    struct MHD_Response *page[HTTP_FORMATS]; /* NULL: there is none */
    shrike_time made;
    bool asked; /* for a page */
    struct http_client {
        struct MHD_Connection *connection; /* NULL: a free place */
        shrike_time since;
        bool waits; /* for a page */
    } clients[HTTP_CLIENTS_MAX];
    u32 count;
};

static bool load(void)
{
    const struct {
        const char *name;
        void **place;
    } all[] = {{"MHD_start_daemon", (void **)&mhd.start_daemon},
               {"MHD_stop_daemon", (void **)&mhd.stop_daemon},
               {"MHD_run", (void **)&mhd.run},
               {"MHD_get_daemon_info", (void **)&mhd.get_daemon_info},
               {"MHD_get_connection_info", (void **)&mhd.get_connection_info},
               {"MHD_lookup_connection_value", (void **)&mhd.lookup_connection_value},
               {"MHD_create_response_from_buffer", (void **)&mhd.create_response},
               {"MHD_add_response_header", (void **)&mhd.add_response_header},
               {"MHD_destroy_response", (void **)&mhd.destroy_response},
               {"MHD_queue_response", (void **)&mhd.queue_response},
               {"MHD_suspend_connection", (void **)&mhd.suspend_connection},
               {"MHD_resume_connection", (void **)&mhd.resume_connection}};
    if (mhd.handle)
        return true;
    mhd.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; mhd.handle && i < ARRAY_LEN(all); i++) {
        *all[i].place = dlsym(mhd.handle, all[i].name);
        if (!*all[i].place) {
            dlclose(mhd.handle);
            mhd.handle = NULL;
        }
    }
    return mhd.handle != NULL;
}

/* ---- its turns ---- */

static void run(struct http *h)
{
    const u32 before = h->count;
    (void)mhd.run(h->daemon);
    /* Its descriptor does not tell of all: who waits outside comes in when there is room again, and
     * silent ones are left when it looks at them. */
    if (h->count != before)
        loop_alarm(h->loop, &h->alarm, loop_now(h->loop));
    else if (h->count)
        loop_alarm(h->loop, &h->alarm, loop_now(h->loop) + HTTP_LOOK);
}

static void ready(void *ctx, u32 events)
{
    (void)events;
    run(ctx);
}

static void ring(void *ctx)
{
    run(ctx);
}

/* ---- clients ---- */

static struct http_client *client_of(struct http *h, const struct MHD_Connection *connection)
{
    for (u32 i = 0; i < HTTP_CLIENTS_MAX; i++)
        if (h->clients[i].connection == connection)
            return &h->clients[i];
    return NULL;
}

/* Its end is found by the library, which closes it. */
static void hang_up(const struct http_client *c)
{
    const union MHD_ConnectionInfo *info =
        mhd.get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info)
        (void)shutdown(info->connect_fd, SHUT_RDWR);
}

static void sweep(void *ctx)
{
    struct http *h = ctx;
    for (u32 i = 0; i < HTTP_CLIENTS_MAX; i++)
        if (h->clients[i].connection && loop_now(h->loop) - h->clients[i].since >= HTTP_TIME_MAX)
            hang_up(&h->clients[i]);
    if (h->count)
        loop_alarm(h->loop, &h->sweep, loop_now(h->loop) + SHRIKE_SECOND);
}

static void come_and_go(void *ctx, struct MHD_Connection *connection, void **unused,
                        enum MHD_ConnectionNotificationCode code)
{
    struct http *h = ctx;
    const bool comes = code == MHD_CONNECTION_NOTIFY_STARTED;
    struct http_client *c = client_of(h, comes ? NULL : connection);
    (void)unused;
    if (!c)
        return;
    *c = (struct http_client){.connection = comes ? connection : NULL, .since = loop_now(h->loop)};
    h->count += comes ? 1u : -1u;
    if (comes && h->count == 1)
        loop_alarm(h->loop, &h->sweep, loop_now(h->loop) + SHRIKE_SECOND);
}

/* ---- requests ---- */

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *r =
        mhd.create_response(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!r)
        return MHD_NO;
    (void)mhd.add_response_header(r, "Connection", "close");
    enum MHD_Result done = mhd.queue_response(connection, status, r);
    mhd.destroy_response(r);
    return done;
}

static bool is_fresh(const struct http *h)
{
    return h->page[HTTP_PROMETHEUS] && loop_now(h->loop) - h->made < HTTP_FRESH;
}

/* The page, or what we have instead; the client waits where it is still to be made. */
static enum MHD_Result give(struct http *h, struct MHD_Connection *connection)
{
    struct http_client *c = client_of(h, connection);
    const char *accept = mhd.lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
    const bool open = accept && strstr(accept, "application/openmetrics-text");
    if (is_fresh(h))
        return mhd.queue_response(connection, MHD_HTTP_OK,
                                  h->page[open ? HTTP_OPENMETRICS : HTTP_PROMETHEUS]);
    if (!c || c->waits) /* it has waited, and there was no page */
        return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no numbers came\n");
    c->waits = true;
    mhd.suspend_connection(connection);
    if (!h->asked) {
        h->asked = true;
        h->wanted(h->ctx);
    }
    return MHD_YES;
}

/* Called once with the headers, then when all of the request is there, and after a wait. */
static enum MHD_Result request(void *ctx, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **state)
{
    static char seen;
    (void)version;
    (void)upload;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET is wanted\n");
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/metrics") != 0)
        return say(connection, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n");
    return give(ctx, connection);
}

/* ---- pages ---- */

static void forget(struct http *h)
{
    for (u32 i = 0; i < HTTP_FORMATS; i++) {
        if (h->page[i])
            mhd.destroy_response(h->page[i]); /* who is being served with it keeps it */
        h->page[i] = NULL;
    }
}

static void resume_all(struct http *h)
{
    for (u32 i = 0; i < HTTP_CLIENTS_MAX; i++)
        if (h->clients[i].connection && h->clients[i].waits)
            mhd.resume_connection(h->clients[i].connection);
}

void http_give(struct http *h, char *const text[HTTP_FORMATS], const size_t len[HTTP_FORMATS])
{
    static const char *const types[HTTP_FORMATS] = {
        [HTTP_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
        [HTTP_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8"};
    forget(h);
    h->asked = false;
    h->made = loop_now(h->loop);
    for (u32 i = 0; i < HTTP_FORMATS; i++) {
        h->page[i] = len[i] ? mhd.create_response(len[i], text[i], MHD_RESPMEM_MUST_FREE) : NULL;
        if (!h->page[i]) {
            free(text[i]);
            continue;
        }
        (void)mhd.add_response_header(h->page[i], "Content-Type", types[i]);
        (void)mhd.add_response_header(h->page[i], "Connection", "close");
    }
    if (!h->page[HTTP_OPENMETRICS])
        forget(h);
    resume_all(h);
    loop_alarm(h->loop, &h->alarm, loop_now(h->loop)); /* not within one of its own calls */
}

u32 http_clients(const struct http *h)
{
    return h->count;
}

/* ---- beginning and end ---- */

static void set_up(struct http *h, int fd)
{
    h->daemon = mhd.start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, request, h,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CLIENTS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_REQUEST_MAX, MHD_OPTION_NOTIFY_CONNECTION, come_and_go, h, MHD_OPTION_END);
}

struct http *http_open(struct loop *loop, int fd, void (*wanted)(void *ctx), void *ctx,
                       const char **why)
{
    const union MHD_DaemonInfo *info = NULL;
    struct http *h = load() ? calloc(1, sizeof *h) : NULL;
    *why = mhd.handle ? "there is no memory" : LIBRARY " is not installed";
    if (h) {
        *h = (struct http){.loop = loop, .wanted = wanted, .ctx = ctx};
        h->alarm = (struct alarm){.ring = ring, .ctx = h};
        h->sweep = (struct alarm){.ring = sweep, .ctx = h};
        *why = "the library cannot use the socket";
        set_up(h, fd);
        if (h->daemon)
            info = mhd.get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    }
    if (info) {
        h->source = (struct source){.fd = info->epoll_fd, .ready = ready, .ctx = h};
        if (loop_watch(loop, &h->source, EPOLLIN)) {
            run(h);
            return h;
        }
    }
    if (!h || !h->daemon)
        close(fd); /* else the library does */
    http_close(h);
    return NULL;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    loop_disarm(h->loop, &h->alarm);
    if (h->source.ready)
        loop_watch(h->loop, &h->source, 0);
    if (h->daemon) {
        forget(h);
        resume_all(h);
        mhd.stop_daemon(h->daemon);
    }
    loop_disarm(h->loop, &h->sweep);
    free(h);
}
