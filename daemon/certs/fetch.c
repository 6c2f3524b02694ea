/* HTTP by libcurl's multi interface: see fetch.h. */
#include "certs/fetch.h"
#include "base/list.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { HTTP_OK = 200, BUFFER_FIRST = 4096, PLACE_MAX = 128 };

enum job_state { JOB_WAITS, JOB_RESOLVES, JOB_RUNS, JOB_OVER };

struct job {
    struct list link;
    struct fetcher *fetcher;
    enum job_state state;
    u64 token;
    u32 number; /* of its name's question */
    u32 redirects, tried;
    bool straight;
    char url[TARGET_URL_MAX];
    char type[64];
    struct target target;
    struct shrike_addr addrs[FETCH_ADDRESSES];
    u32 addr_count;
    u8 *post;
    size_t post_len, most;
    CURL *easy;
    struct curl_slist *place, *headers;
    u8 *octets;
    size_t len, room;
    const char *fault;
    struct alarm limit;
};

/* A socket of the library's. */
struct watched {
    struct source source;
    struct fetcher *fetcher;
};

struct fetcher {
    struct loop *loop;
    struct fetch_use use;
    CURLM *multi;
    struct list jobs;
    u32 count, next_number;
    bool allow_private;
    struct alarm timer;
    struct hook hook;
    struct fetch_numbers numbers;
};

/* ---- the library ---- */

#define LIBRARY "libcurl.so.4"

/* Loaded by this process alone: it brings thirty others along. */
static struct {
    void *handle;
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *easy);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
    CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_assign)(CURLM *multi, curl_socket_t fd, void *own);
    CURLMcode (*multi_socket_action)(CURLM *multi, curl_socket_t fd, int what, int *running);
    CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
    CURLMcode (*multi_cleanup)(CURLM *multi);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
} curl;

bool fetch_load(void)
{
    const struct {
        const char *name;
        void **place;
    } all[] = {{"curl_global_init", (void **)&curl.global_init},
               {"curl_easy_init", (void **)&curl.easy_init},
               {"curl_easy_setopt", (void **)&curl.easy_setopt},
               {"curl_easy_getinfo", (void **)&curl.easy_getinfo},
               {"curl_easy_cleanup", (void **)&curl.easy_cleanup},
               {"curl_multi_init", (void **)&curl.multi_init},
               {"curl_multi_setopt", (void **)&curl.multi_setopt},
               {"curl_multi_add_handle", (void **)&curl.multi_add_handle},
               {"curl_multi_remove_handle", (void **)&curl.multi_remove_handle},
               {"curl_multi_assign", (void **)&curl.multi_assign},
               {"curl_multi_socket_action", (void **)&curl.multi_socket_action},
               {"curl_multi_info_read", (void **)&curl.multi_info_read},
               {"curl_multi_cleanup", (void **)&curl.multi_cleanup},
               {"curl_slist_append", (void **)&curl.slist_append},
               {"curl_slist_free_all", (void **)&curl.slist_free_all}};
    if (curl.handle)
        return true;
    curl.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; curl.handle && i < ARRAY_LEN(all); i++) {
        *all[i].place = dlsym(curl.handle, all[i].name);
        if (!*all[i].place || (i == 0 && curl.global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)) {
            dlclose(curl.handle);
            curl.handle = NULL;
        }
    }
    return curl.handle != NULL;
}

static struct job *job_of(struct list *link)
{
    return list_item(link, struct job, link);
}

/* ---- one job ---- */

static void hang_up(struct job *j)
{
    if (!j->easy)
        return;
    curl.multi_remove_handle(j->fetcher->multi, j->easy);
    curl.easy_cleanup(j->easy);
    curl.slist_free_all(j->place);
    curl.slist_free_all(j->headers);
    j->easy = NULL;
    j->place = j->headers = NULL;
}

static void job_free(struct job *j)
{
    hang_up(j);
    loop_disarm(j->fetcher->loop, &j->limit);
    list_remove(&j->link);
    j->fetcher->count--;
    free(j->post);
    free(j->octets);
    free(j);
}

/* It is told in the next settling, never from within a call. */
static void over(struct job *j, const char *fault)
{
    j->state = JOB_OVER;
    j->fault = fault;
}

static void too_late(void *ctx)
{
    over(ctx, "did not answer in time");
}

static size_t got(char *octets, size_t size, size_t count, void *ctx)
{
    struct job *j = ctx;
    size_t len = size * count;
    if (len > j->most - j->len) {
        j->fault = "is too large";
        return 0;
    }
    if (len > j->room - j->len) {
        size_t room = MIN(MAX(MAX(2 * j->room, j->len + len), (size_t)BUFFER_FIRST), j->most);
        u8 *more = realloc(j->octets, room);
        if (!more)
            return 0;
        j->octets = more;
        j->room = room;
    }
    memcpy(j->octets + j->len, octets, len);
    j->len += len;
    return len;
}

/* What it connects to is what was looked up and looked at, whatever the library thinks. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    const struct job *j = ctx;
    struct shrike_addr a = {.family = to->family == AF_INET6 ? 6 : 4};
    const struct sockaddr *at = &to->addr;
    if (purpose != CURLSOCKTYPE_IPCXN || (to->family != AF_INET && to->family != AF_INET6))
        return CURL_SOCKET_BAD;
    if (a.family == 4)
        memcpy(a.octets, &((const struct sockaddr_in *)(const void *)at)->sin_addr, 4);
    else
        memcpy(a.octets, &((const struct sockaddr_in6 *)(const void *)at)->sin6_addr, 16);
    const struct shrike_addr *wanted = &j->addrs[j->tried];
    if (a.family != wanted->family || memcmp(a.octets, wanted->octets, a.family == 4 ? 4 : 16) != 0)
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
}

/* "::[2001:db8::1]:80": whatever its name and port, it is there. */
static bool set_place(struct job *j)
{
    char text[INET6_ADDRSTRLEN], place[PLACE_MAX];
    const struct shrike_addr *a = &j->addrs[j->tried];
    bool v6 = a->family == 6;
    if (!inet_ntop(v6 ? AF_INET6 : AF_INET, a->octets, text, sizeof(text)))
        return false;
    snprintf(place, sizeof(place), v6 ? "::[%s]:%u" : "::%s:%u", text, j->target.port);
    j->place = curl.slist_append(NULL, place);
    return j->place && curl.easy_setopt(j->easy, CURLOPT_CONNECT_TO, j->place) == CURLE_OK;
}

static bool set_post(struct job *j)
{
    char type[sizeof(j->type) + 16];
    if (j->post_len == 0)
        return true;
    snprintf(type, sizeof(type), "Content-Type: %s", j->type);
    j->headers = curl.slist_append(NULL, type);
    return j->headers && curl.easy_setopt(j->easy, CURLOPT_HTTPHEADER, j->headers) == CURLE_OK &&
           curl.easy_setopt(j->easy, CURLOPT_POSTFIELDSIZE, (long)j->post_len) == CURLE_OK &&
           curl.easy_setopt(j->easy, CURLOPT_POSTFIELDS, j->post) == CURLE_OK;
}

static bool set_up(struct job *j)
{
    CURL *e = j->easy;
    return curl.easy_setopt(e, CURLOPT_URL, j->url) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_USERAGENT, "shrike") == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_WRITEFUNCTION, got) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_WRITEDATA, j) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_OPENSOCKETDATA, j) == CURLE_OK &&
           curl.easy_setopt(e, CURLOPT_PRIVATE, j) == CURLE_OK && set_place(j) && set_post(j);
}

static void dial(struct job *j)
{
    struct fetcher *f = j->fetcher;
    j->state = JOB_RUNS;
    j->len = 0;
    j->fault = NULL;
    j->easy = curl.easy_init();
    if (!j->easy || !set_up(j) || curl.multi_add_handle(f->multi, j->easy) != CURLM_OK)
        over(j, "could not be asked for");
}

/* Those of the addresses that it may speak to. */
static void take_addresses(struct job *j, const struct shrike_addr *addrs, u32 count)
{
    j->addr_count = j->tried = 0;
    for (u32 i = 0; i < count && j->addr_count < FETCH_ADDRESSES; i++)
        if (j->fetcher->allow_private || target_is_public(&addrs[i]))
            j->addrs[j->addr_count++] = addrs[i];
    if (j->addr_count > 0)
        dial(j);
    else
        over(j, count > 0 ? "is on this host or in a private network, and was not asked: "
                            "`revocation_private` allows it"
                          : "has no address");
}

static void start(struct job *j)
{
    struct fetcher *f = j->fetcher;
    if (j->target.is_addr) {
        take_addresses(j, &j->target.addr, 1);
        return;
    }
    j->state = JOB_RESOLVES;
    j->number = ++f->next_number;
    if (!f->use.resolve(f->use.ctx, j->number, j->target.host))
        over(j, "could not be looked up");
}

void fetch_resolved(struct fetcher *f, u32 number, const struct shrike_addr *addrs, u32 count)
{
    for (struct list *at = f->jobs.next; at != &f->jobs; at = at->next) {
        struct job *j = job_of(at);
        if (j->state != JOB_RESOLVES || j->number != number)
            continue;
        take_addresses(j, addrs, count);
        return;
    }
}

/* ---- what the library tells ---- */

static void redirect(struct job *j, const char *url)
{
    struct target target;
    size_t len = url ? strlen(url) : 0;
    if (j->straight) {
        over(j, "leads to another place, where it is not followed");
    } else if (j->redirects++ >= FETCH_REDIRECTS) {
        over(j, "leads from one place to another");
    } else if (len == 0 || len >= sizeof(j->url) || !target_read(url, &target)) {
        over(j, "leads to where it may not");
    } else {
        memcpy(j->url, url, len + 1);
        j->target = target;
        hang_up(j);
        start(j);
    }
}

static void finished(struct job *j, CURLcode result)
{
    long status = 0;
    char *url = NULL;
    curl.easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
    curl.easy_getinfo(j->easy, CURLINFO_REDIRECT_URL, &url);
    bool no_answer = result != CURLE_OK && status == 0 && !j->fault;
    if (no_answer && j->tried + 1 < j->addr_count) {
        hang_up(j);
        j->tried++;
        dial(j);
    } else if (result != CURLE_OK) {
        over(j, j->fault ? j->fault : "cannot be reached");
    } else if (status >= 300 && status < 400) {
        redirect(j, url);
    } else {
        over(j, status == HTTP_OK ? NULL : "was refused by its server");
    }
}

static void hear(struct fetcher *f)
{
    CURLMsg *m;
    int left;
    while ((m = curl.multi_info_read(f->multi, &left))) {
        struct job *j = NULL;
        curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &j);
        if (m->msg == CURLMSG_DONE && j && j->state == JOB_RUNS)
            finished(j, m->data.result);
    }
}

static void rang(void *ctx)
{
    struct fetcher *f = ctx;
    int running;
    curl.multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int set_timer(CURLM *multi, long ms, void *ctx)
{
    struct fetcher *f = ctx;
    (void)multi;
    loop_disarm(f->loop, &f->timer);
    if (ms >= 0)
        loop_alarm(f->loop, &f->timer, loop_clock(f->loop) + (shrike_time)ms * SHRIKE_MS);
    return 0;
}

static void ready(void *ctx, u32 events)
{
    struct watched *w = ctx;
    struct fetcher *f = w->fetcher;
    int running, what = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                        (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                        (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl.multi_socket_action(f->multi, w->source.fd, what, &running);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *own)
{
    struct fetcher *f = ctx;
    struct watched *w = own;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w)
            loop_watch(f->loop, &w->source, 0);
        free(w);
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w)
            return -1;
        *w = (struct watched){.source = {.fd = fd, .ready = ready, .ctx = w}, .fetcher = f};
        curl.multi_assign(f->multi, fd, w);
    }
    u32 events =
        (what & CURL_POLL_IN ? (u32)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (u32)EPOLLOUT : 0);
    return loop_watch(f->loop, &w->source, events) ? 0 : -1;
}

/* ---- the whole ---- */

static void tell(struct fetcher *f, struct job *j)
{
    *(j->fault ? &f->numbers.failed : &f->numbers.came) += 1;
    hang_up(j);
    f->use.done(f->use.ctx, j->token, bytes_of(j->octets, j->fault ? 0 : j->len), j->fault);
    job_free(j);
}

/* What has ended is told, and what waits begins. Who has been told has something to do before the
 * loop sleeps, and there is room for others. */
static bool settle(void *ctx)
{
    struct fetcher *f = ctx;
    bool told = false;
    u32 busy = 0;
    hear(f);
    for (struct list *at = f->jobs.next; at != &f->jobs; at = at->next)
        busy += job_of(at)->state == JOB_RESOLVES || job_of(at)->state == JOB_RUNS;
    for (struct list *at = f->jobs.next, *next; at != &f->jobs; at = next) {
        struct job *j = job_of(at);
        next = at->next;
        if (j->state == JOB_WAITS && busy < FETCH_AT_ONCE) {
            busy++;
            start(j);
        }
        if (j->state != JOB_OVER)
            continue;
        tell(f, j);
        told = true;
    }
    return told;
}

bool fetch(struct fetcher *f, const struct fetch_ask *a)
{
    struct target target;
    if (f->count >= FETCH_WAITING || !target_read(a->url, &target) ||
        strlen(a->url) >= TARGET_URL_MAX)
        return false;
    struct job *j = calloc(1, sizeof(*j));
    u8 *post = j && a->post.len ? malloc(a->post.len) : NULL;
    if (!j || (a->post.len && !post)) {
        free(j);
        return false;
    }
    *j = (struct job){.fetcher = f,
                      .token = a->token,
                      .target = target,
                      .post = post,
                      .post_len = a->post.len,
                      .most = a->most,
                      .straight = a->straight,
                      .limit = {.ring = too_late, .ctx = j}};
    if (post)
        memcpy(post, a->post.at, a->post.len);
    snprintf(j->url, sizeof(j->url), "%s", a->url);
    snprintf(j->type, sizeof(j->type), "%s", a->type ? a->type : "");
    list_append(&f->jobs, &j->link);
    f->count++;
    f->numbers.asked++;
    f->numbers.most = MAX(f->numbers.most, f->count);
    loop_alarm(f->loop, &j->limit, loop_now(f->loop) + (a->limit ? a->limit : FETCH_LIMIT));
    return true;
}

void fetcher_allow_private(struct fetcher *f, bool allow)
{
    f->allow_private = allow;
}

struct fetch_numbers fetcher_numbers(const struct fetcher *f)
{
    struct fetch_numbers n = f->numbers;
    n.now = f->count;
    return n;
}

struct fetcher *fetcher_new(struct loop *l, const struct fetch_use *use)
{
    struct fetcher *f = fetch_load() ? calloc(1, sizeof(*f)) : NULL;
    if (!f)
        return NULL;
    *f = (struct fetcher){.loop = l, .use = *use, .multi = curl.multi_init()};
    if (!f->multi) {
        free(f);
        return NULL;
    }
    list_init(&f->jobs);
    f->timer = (struct alarm){.ring = rang, .ctx = f};
    f->hook = (struct hook){.settle = settle, .ctx = f};
    loop_hook(l, &f->hook);
    curl.multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl.multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl.multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl.multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    return f;
}

void fetcher_free(struct fetcher *f)
{
    if (!f)
        return;
    while (!list_empty(&f->jobs))
        job_free(job_of(f->jobs.next));
    curl.multi_cleanup(f->multi); /* sockets are put away by set_socket() */
    loop_disarm(f->loop, &f->timer);
    loop_unhook(f->loop, &f->hook);
    free(f);
}
