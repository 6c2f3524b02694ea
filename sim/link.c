/* Links: a heap of packets in flight and the dice thrown over each. */
#include "sim/link.h"
#include <stdlib.h>

#define IP_UDP_SIZE_4 28
#define IP_UDP_SIZE_6 48

size_t packet_ip_size(const struct packet *p)
{
    return p->len + (p->marker ? 4 : 0) + (p->from.family == 6 ? IP_UDP_SIZE_6 : IP_UDP_SIZE_4);
}

static bool before(const struct link_packet *a, const struct link_packet *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct link_packet *a, struct link_packet *b)
{
    struct link_packet keep = *a;
    *a = *b;
    *b = keep;
}

static void queue_put(struct link *l, struct packet *p, shrike_time at)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->queue = realloc(l->queue, l->room * sizeof *l->queue);
        ensure(l->queue != NULL);
    }
    size_t i = l->count++;
    l->queue[i] = (struct link_packet){at, l->order++, p};
    for (; i > 0 && before(&l->queue[i], &l->queue[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&l->queue[i], &l->queue[(i - 1) / 2]);
    l->node.next_run_at = l->queue[0].at;
}

static struct packet *queue_take(struct link *l)
{
    struct packet *p = l->queue[0].packet;
    size_t i = 0;

    l->queue[0] = l->queue[--l->count];
    while (2 * i + 1 < l->count) {
        size_t child = 2 * i + 1;
        if (child + 1 < l->count && before(&l->queue[child + 1], &l->queue[child]))
            child++;
        if (!before(&l->queue[child], &l->queue[i]))
            break;
        swap(&l->queue[i], &l->queue[child]);
        i = child;
    }
    l->node.next_run_at = l->count ? l->queue[0].at : SHRIKE_NEVER;
    return p;
}

/* A few flipped bits, or an end cut off; what UDP's weak checksum lets through. */
static void corrupt(struct link *l, struct packet *p)
{
    if (p->len == 0)
        return;
    if (prng_percent(&l->prng, 20)) {
        p->len = prng_below(&l->prng, p->len);
        return;
    }
    for (u64 flips = prng_between(&l->prng, 1, 3); flips > 0; flips--)
        p->data[prng_below(&l->prng, p->len)] ^= (u8)(1u << prng_below(&l->prng, 8));
}

static void queue_with_faults(struct link *l, struct packet *p)
{
    struct world *w = l->node.world;
    const struct link_faults *f = &l->faults;
    shrike_time at = w->now + f->delay + prng_below(&l->prng, f->jitter + 1);

    if (prng_percent(&l->prng, f->reorder)) {
        at += prng_below(&l->prng, f->reorder_delay + 1);
        w->counts.reordered++;
    }
    if (prng_percent(&l->prng, f->corrupt)) {
        corrupt(l, p);
        w->counts.corrupted++;
        world_say(w, "%*s~ corrupted on %s", 8, "", l->node.name);
    }
    queue_put(l, p, at);
}

static void link_forward(struct node *self, struct packet *p)
{
    struct link *l = (struct link *)self;
    struct world *w = self->world;
    const struct link_faults *f = &l->faults;
    bool too_big = f->mtu != 0 && packet_ip_size(p) > f->mtu;

    if (f->down || too_big || l->count >= LINK_QUEUE_MAX || prng_percent(&l->prng, f->loss)) {
        w->counts.lost++;
        world_say(w, "%*sx %s on %s", 8, "",
                  f->down   ? "cut off"
                  : too_big ? "larger than the MTU"
                            : "lost",
                  l->node.name);
        free(p);
        return;
    }
    if (prng_percent(&l->prng, f->duplicate)) {
        w->counts.duplicated++;
        queue_with_faults(l, packet_clone(p));
    }
    queue_with_faults(l, p);
}

static void link_run(struct node *self)
{
    struct link *l = (struct link *)self;
    l->next->forward(l->next, queue_take(l));
}

void link_init(struct link *l, struct world *w, const char *name, struct node *next)
{
    memset(l, 0, sizeof *l);
    l->node = (struct node){
        .name = name, .next_run_at = SHRIKE_NEVER, .forward = link_forward, .run = link_run};
    l->next = next;
    l->prng = prng_fork(&w->prng);
    l->faults.delay = 10 * SHRIKE_MS;
    world_add(w, &l->node);
}

void link_free(struct link *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->queue[i].packet);
    free(l->queue);
    l->queue = NULL;
    l->count = l->room = 0;
    l->node.next_run_at = SHRIKE_NEVER;
}
