/* Names to addresses: see resolve.h. The library is c-ares, with a channel of its own for each
 * question: what resolv.conf says at that time counts, and a question can be dropped alone. */
#include "resolve/resolve.h"
#include "base/list.h"
#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/select.h>

enum {
    SOCKETS = 16,        /* of one question: UDP and TCP to each name server */
    TRY_MS = 1500,       /* a name server's time for the first try; it grows */
    TRIES = 3,           /* of each name server */
    TTL_HOSTS_S = 60,    /* an entry of the hosts file has no lifetime */
    TTL_FAILED_S = 30,   /* until a name that failed is worth asking for again */
    NAME_SIZE_MAX = 256, /* RFC 1035 2.3.4: a name has at most 255 octets */
};

struct watch {
    struct source source; /* fd is -1: free */
    struct question *of;
};

struct question {
    struct list link;
    struct resolver *resolver;
    ares_channel channel;
    struct watch watches[SOCKETS];
    struct alarm alarm; /* what comes first: a try's end, the limit, or the answer's delivery */
    shrike_time limit;
    bool asking;   /* within ares_getaddrinfo(): what answers now needed no network */
    bool answered; /* `answer` is to be delivered */
    struct resolved answer;
    void (*done)(void *ctx, const struct resolved *answer);
    void *ctx;
};

struct resolver {
    struct loop *loop;
    const char *servers; /* NULL: the system's */
    shrike_time limit;
    struct list questions;
    unsigned count;
    const char *why;
};

struct resolver *resolver_new_for(struct loop *l, const char *servers, shrike_time limit)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (r && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        free(r);
        return NULL;
    }
    if (r) {
        *r = (struct resolver){.loop = l, .servers = servers, .limit = limit, .why = ""};
        list_init(&r->questions);
    }
    return r;
}

struct resolver *resolver_new(struct loop *l)
{
    return resolver_new_for(l, NULL, RESOLVER_LIMIT);
}

static struct question *question_of(struct list *link)
{
    return list_item(link, struct question, link);
}

/* The channel's end closes its sockets and so ends their watches. */
static void drop(struct question *q)
{
    q->answered = true; /* whatever the channel says while it ends */
    loop_disarm(q->resolver->loop, &q->alarm);
    if (q->channel)
        ares_destroy(q->channel);
    list_remove(&q->link);
    q->resolver->count--;
    free(q);
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    while (!list_empty(&r->questions))
        drop(question_of(r->questions.next));
    free(r);
    ares_library_cleanup();
}

void resolver_cancel(struct resolver *r, const void *ctx)
{
    struct list *next;
    for (struct list *at = r->questions.next; at != &r->questions; at = next) {
        next = at->next;
        if (question_of(at)->ctx == ctx)
            drop(question_of(at));
    }
}

const char *resolver_why(const struct resolver *r)
{
    return r->why;
}

/* When this question needs care again without anything having come in. */
static void rearm(struct question *q)
{
    struct timeval most = {.tv_sec = RESOLVER_LIMIT / SHRIKE_SECOND}, room;
    shrike_time when = loop_now(q->resolver->loop);
    if (!q->answered) {
        const struct timeval *t = ares_timeout(q->channel, &most, &room);
        shrike_time next = when + (shrike_time)t->tv_sec * SHRIKE_SECOND + (shrike_time)t->tv_usec;
        when = MIN(next + SHRIKE_MS, q->limit); /* c-ares rounds; not to ring too early for it */
    }
    loop_alarm(q->resolver->loop, &q->alarm, when);
}

static void fail(struct question *q, const char *why)
{
    q->answered = true;
    q->answer = (struct resolved){.why = why, .ttl_s = TTL_FAILED_S};
}

static const char *why_of(int status)
{
    switch (status) {
    case ARES_ENOTFOUND:
        return "there is no such name";
    case ARES_ENODATA:
        return "the name has no address of this kind";
    case ARES_ETIMEOUT:
        return "no name server answers";
    case ARES_ECONNREFUSED:
        return "no name server can be reached or is willing";
    case ARES_ESERVFAIL:
        return "the name server failed";
    case ARES_EREFUSED:
        return "the name server refuses";
    case ARES_EBADRESP:
    case ARES_EFORMERR:
        return "the name server's answer makes no sense";
    case ARES_EBADNAME:
        return "this cannot be a name";
    case ARES_ENOMEM:
        return "no memory";
    default:
        return "the name cannot be resolved";
    }
}

/* false: not an address that we could use. */
static bool take_address(struct resolved *a, const struct sockaddr *from)
{
    struct shrike_addr *to = &a->addrs[a->count];
    *to = (struct shrike_addr){0};
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        memcpy(to->octets, &in.sin_addr, 4);
        to->family = 4;
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, from, sizeof in);
        memcpy(to->octets, &in.sin6_addr, 16);
        to->family = 6;
    } else {
        return false;
    }
    for (unsigned i = 0; i < a->count; i++) {
        if (memcmp(&a->addrs[i], to, sizeof *to) == 0)
            return false;
    }
    a->count++;
    return true;
}

static void answered(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
    struct question *q = ctx;
    u32 ttl = RESOLVE_TTL_MAX;
    (void)timeouts;
    if (q->answered)
        goto out;
    if (status != ARES_SUCCESS || !info) {
        fail(q, why_of(status));
        goto out;
    }
    for (const struct ares_addrinfo_node *n = info->nodes; n; n = n->ai_next) {
        if (q->answer.count < RESOLVED_MAX && take_address(&q->answer, n->ai_addr))
            ttl = MIN(ttl, n->ai_ttl > 0 ? (u32)n->ai_ttl : 0u);
    }
    for (const struct ares_addrinfo_cname *c = info->cnames; c; c = c->next)
        ttl = MIN(ttl, c->ttl > 0 ? (u32)c->ttl : 0u);
    q->answered = true;
    q->answer.ok = q->answer.count > 0;
    q->answer.ttl_s = q->asking ? TTL_HOSTS_S : MAX(ttl, RESOLVE_TTL_MIN);
    if (!q->answer.ok)
        fail(q, why_of(ARES_ENODATA));
out:
    if (info)
        ares_freeaddrinfo(info);
}

/* Deliver, or give up, or let the library see the time. */
static void ring(void *ctx)
{
    struct question *q = ctx;
    if (!q->answered)
        ares_process_fd(q->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (!q->answered && loop_now(q->resolver->loop) >= q->limit)
        fail(q, why_of(ARES_ETIMEOUT));
    if (!q->answered) {
        rearm(q);
        return;
    }
    struct question told = *q;
    drop(q);
    told.done(told.ctx, &told.answer);
}

static void ready(void *ctx, u32 events)
{
    const struct watch *w = ctx;
    struct question *q = w->of;
    const u32 bad = EPOLLERR | EPOLLHUP;
    ares_socket_t fd = w->source.fd;
    ares_process_fd(q->channel, events & (EPOLLIN | bad) ? fd : ARES_SOCKET_BAD,
                    events & (EPOLLOUT | bad) ? fd : ARES_SOCKET_BAD);
    rearm(q);
}

/* The library wants a socket watched. One over the cap is not: its try ends by time. */
static void watch(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct question *q = ctx;
    struct watch *free_one = NULL, *w = NULL;
    u32 events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
    for (unsigned i = 0; i < SOCKETS && !w; i++) {
        if (q->watches[i].source.fd == fd)
            w = &q->watches[i];
        else if (q->watches[i].source.fd < 0)
            free_one = &q->watches[i];
    }
    if (!w)
        w = free_one;
    if (!w || (!events && w->source.fd < 0))
        return;
    w->source.fd = fd;
    if (!loop_watch(q->resolver->loop, &w->source, events) || !events)
        w->source.fd = -1;
}

static struct question *question_new(struct resolver *r)
{
    struct question *q = calloc(1, sizeof *q);
    struct ares_options options = {
        .timeout = TRY_MS, .tries = TRIES, .sock_state_cb = watch, .sock_state_cb_data = q};
    if (!q)
        return NULL;
    q->resolver = r;
    q->alarm = (struct alarm){.ring = ring, .ctx = q};
    for (unsigned i = 0; i < SOCKETS; i++) {
        struct watch *w = &q->watches[i];
        *w = (struct watch){.source = {.fd = -1, .ready = ready, .ctx = w}, .of = q};
    }
    q->limit = loop_clock(r->loop) + r->limit;
    list_append(&r->questions, &q->link);
    r->count++;
    int status = ares_init_options(&q->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status == ARES_SUCCESS && r->servers)
        status = ares_set_servers_ports_csv(q->channel, r->servers);
    if (status == ARES_SUCCESS)
        return q;
    drop(q);
    return NULL;
}

/* RFC 6761 6.3: localhost, and what is below it, is this host, with or without a hosts file. */
static bool loopback(const char *name, u8 family, struct resolved *a)
{
    static const char own[] = "localhost";
    size_t len = strlen(name), own_len = sizeof(own) - 1;
    if (len < own_len || strcasecmp(name + len - own_len, own) != 0 ||
        (len > own_len && name[len - own_len - 1] != '.'))
        return false;
    *a = (struct resolved){.ok = true, .ttl_s = RESOLVE_TTL_MAX};
    if (family != 6)
        a->addrs[a->count++] = (struct shrike_addr){.octets = {127, 0, 0, 1}, .family = 4};
    if (family != 4)
        a->addrs[a->count++] = (struct shrike_addr){.octets = {[15] = 1}, .family = 6};
    return true;
}

/* Is it an address already? */
static bool numeric(const char *name, u8 family, struct resolved *a)
{
    struct shrike_addr *to = &a->addrs[0];
    *a = (struct resolved){.ok = true, .count = 1, .ttl_s = RESOLVE_TTL_MAX};
    if (inet_pton(AF_INET, name, to->octets) == 1)
        to->family = 4;
    else if (inet_pton(AF_INET6, name, to->octets) == 1)
        to->family = 6;
    else
        *a = (struct resolved){.ok = false};
    if (a->ok && family && family != to->family)
        *a = (struct resolved){.why = "an address of the other family", .ttl_s = RESOLVE_TTL_MAX};
    return a->ttl_s != 0;
}

bool resolver_ask(struct resolver *r, const char *name, u8 family,
                  void (*done)(void *ctx, const struct resolved *answer), void *ctx)
{
    struct ares_addrinfo_hints hints = {.ai_flags = r->servers ? ARES_AI_ENVHOSTS : 0,
                                        .ai_family = family == 4   ? AF_INET
                                                     : family == 6 ? AF_INET6
                                                                   : AF_UNSPEC};
    struct question *q;

    r->why = "too many names are being asked for";
    if (r->count >= RESOLVER_ASKED)
        return false;
    r->why = "this cannot be a name";
    if (!*name || strnlen(name, NAME_SIZE_MAX) == NAME_SIZE_MAX)
        return false;
    r->why = "no memory, or no way to reach name servers";
    q = question_new(r);
    if (!q)
        return false;
    q->done = done;
    q->ctx = ctx;
    if (numeric(name, family, &q->answer) || loopback(name, family, &q->answer)) {
        q->answered = true;
    } else {
        q->asking = true;
        ares_getaddrinfo(q->channel, name, NULL, &hints, answered, q);
        q->asking = false;
    }
    rearm(q);
    return true;
}
