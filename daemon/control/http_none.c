/* Built without libmicrohttpd: metrics are not served. */
#include "control/http.h"
#include <unistd.h>

struct http *http_open(struct loop *loop, int fd, void (*wanted)(void *ctx), void *ctx,
                       const char **why)
{
    (void)loop;
    (void)wanted;
    (void)ctx;
    close(fd);
    *why = "this program was built without libmicrohttpd";
    return NULL;
}

void http_close(struct http *h)
{
    (void)h;
}

void http_give(struct http *h, char *const text[HTTP_FORMATS], const size_t len[HTTP_FORMATS])
{
    (void)h;
    (void)text;
    (void)len;
}

u32 http_clients(const struct http *h)
{
    (void)h;
    return 0;
}
