/* Serves metrics over HTTP, in our own loop: a few clients at a time, each for a short time,
 * whatever they do. The library behind it is loaded when this is wanted, and not before. */
#ifndef CONTROL_HTTP_H
#define CONTROL_HTTP_H

#include "proc/loop.h"

#define HTTP_CLIENTS_MAX 16 /* at a time; the others wait in the system's queue */
#define HTTP_IDLE_S      10 /* a client that says nothing, or takes nothing, is left */
#define HTTP_TIME_MAX    (30 * SHRIKE_SECOND) /* each of them, whatever it does */
#define HTTP_REQUEST_MAX 16384                /* octets of a request with its headers */
#define HTTP_LOOK        (100 * SHRIKE_MS)    /* how often clients that are there are looked at */
#define HTTP_FRESH       SHRIKE_SECOND        /* so long a page is given again */

/* The two formats of the page. */
enum http_format { HTTP_PROMETHEUS, HTTP_OPENMETRICS, HTTP_FORMATS };

struct http;

/* Serve at this listening socket, which is its own from now on, also when it fails. wanted(): a
 * page is to be made, and given by http_give() in this or a later turn. NULL: it cannot be, *why
 * says. */
struct http *http_open(struct loop *loop, int fd, void (*wanted)(void *ctx), void *ctx,
                       const char **why);
void http_close(struct http *h); /* NULL is fine */
/* The page, in both formats, in memory of malloc() that is no longer the caller's; len 0: there is
 * none, and who waits is told so. */
void http_give(struct http *h, char *const text[HTTP_FORMATS], const size_t len[HTTP_FORMATS]);
/* Clients that are there now. */
u32 http_clients(const struct http *h);

#endif
