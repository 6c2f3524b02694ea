/* The event loop of the simulator, and packets. */
#include "sim/world.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void world_init(struct world *w, u64 seed, bool verbose)
{
    memset(w, 0, sizeof *w);
    w->now = WORLD_START;
    w->seed = seed;
    w->prng.state = seed;
    w->verbose = verbose;
    w->hash = 0xcbf29ce484222325u;
}

void world_add(struct world *w, struct node *n)
{
    ensure(w->node_count < WORLD_NODES_MAX);
    n->world = w;
    w->nodes[w->node_count++] = n;
}

/* Ties go to the node added first, so that the order never depends on the machine. */
static struct node *next_node(const struct world *w)
{
    struct node *best = NULL;
    for (unsigned i = 0; i < w->node_count; i++) {
        struct node *n = w->nodes[i];
        if (n->run && n->next_run_at != SHRIKE_NEVER &&
            (best == NULL || n->next_run_at < best->next_run_at))
            best = n;
    }
    return best;
}

bool world_step(struct world *w, shrike_time until)
{
    struct node *n = next_node(w);
    if (w->failed)
        return false;
    if (n == NULL || n->next_run_at > until) {
        w->now = MAX(w->now, until);
        return false;
    }
    w->now = MAX(w->now, n->next_run_at);
    n->run(n);
    if (w->after)
        w->after(w->after_ctx);
    if (++w->counts.events > WORLD_EVENTS_MAX)
        world_fail(w, "more than %d events: something never ends", WORLD_EVENTS_MAX);
    return !w->failed;
}

void world_run(struct world *w, shrike_time until)
{
    while (world_step(w, until))
        continue;
}

void world_fail(struct world *w, const char *format, ...)
{
    va_list args;
    int n;

    if (w->failed)
        return;
    w->failed = true;
    n = snprintf(w->failure, sizeof w->failure,
                 "at %.6f s: ", (double)(w->now - WORLD_START) / (double)SHRIKE_SECOND);
    va_start(args, format);
    vsnprintf(w->failure + n, sizeof w->failure - (size_t)n, format, args);
    va_end(args);
    if (w->verbose)
        printf("FAILED %s\n", w->failure);
}

void world_say(struct world *w, const char *format, ...)
{
    va_list args;

    if (!w->verbose)
        return;
    printf("%12.6f  ", (double)(w->now - WORLD_START) / (double)SHRIKE_SECOND);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* FNV-1a over words: it is to tell two runs apart, not to withstand anybody. */
void world_hash(struct world *w, const void *data, size_t len)
{
    const u8 *at = data;
    for (; len >= 8; at += 8, len -= 8) {
        u64 word;
        memcpy(&word, at, 8);
        w->hash = (w->hash ^ word) * 0x100000001b3u;
        w->hash ^= w->hash >> 29;
    }
    for (; len > 0; at++, len--)
        w->hash = (w->hash ^ *at) * 0x100000001b3u;
}

struct packet *packet_make(const void *data, size_t len)
{
    struct packet *p = calloc(1, sizeof *p + len);
    ensure(p != NULL);
    p->len = len;
    if (len > 0)
        memcpy(p->data, data, len);
    return p;
}

struct packet *packet_clone(const struct packet *p)
{
    struct packet *copy = packet_make(p->data, p->len);
    copy->from = p->from;
    copy->to = p->to;
    copy->marker = p->marker;
    copy->hops = p->hops;
    return copy;
}

bool address_equal(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

bool endpoint_equal(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return address_equal(a, b) && a->port == b->port;
}

struct shrike_endpoint endpoint_v4(u8 a, u8 b, u8 c, u8 d, u16 port)
{
    return (struct shrike_endpoint){.octets = {a, b, c, d}, .port = port, .family = 4};
}

struct shrike_endpoint endpoint_v6(u8 n, u16 port)
{
    return (struct shrike_endpoint){
        .octets = {0x20, 1, 0x0d, 0xb8, [15] = n}, .port = port, .family = 6};
}

const char *endpoint_text(const struct shrike_endpoint *e, char out[ENDPOINT_TEXT_MAX])
{
    struct text t = text_of(out, ENDPOINT_TEXT_MAX);
    text_addr(&t, e->octets, e->family);
    text_char(&t, ':');
    text_u64(&t, e->port);
    return out;
}
