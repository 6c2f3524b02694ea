/* Replay, garbage, flood. */
#include "attacker.h"
#include "wire/codes.h"
#include "wire/header.h"
#include <stdlib.h>

#define GARBAGE_MAX 2000

static void listen(struct node *self, struct packet *p)
{
    struct attacker *a = (struct attacker *)self;

    if (!a->learning || a->count == ATTACKER_SEEN_MAX) {
        free(p);
        return;
    }
    a->seen[a->count++] = p;
}

static void inject(struct attacker *a, struct packet *p)
{
    bool learning = a->learning;

    p->hops = 0;
    a->learning = false; /* it does not learn from itself */
    a->router->node.forward(&a->router->node, p);
    a->learning = learning;
}

static void replay(struct attacker *a)
{
    struct packet *p;

    if (a->count == 0)
        return;
    p = packet_clone(a->seen[a->next++ % a->count]);
    if (a->moved)
        p->from = endpoint_v4(203, 0, 113, (u8)prng_between(&a->prng, 1, 254), 500);
    inject(a, p);
}

static void put_u32(u8 *at, u32 v)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (u8)(v >> (24 - 8 * i));
}

/* Change some octets; now and then mend the length field, so that what is behind it is reached. */
static void mutate(struct attacker *a, struct packet *p)
{
    if (p->len == 0)
        return;
    if (prng_percent(&a->prng, 30))
        p->len = prng_below(&a->prng, p->len) + 1;
    for (u64 n = prng_between(&a->prng, 1, 6); n > 0; n--) {
        size_t at = prng_percent(&a->prng, 50) ? prng_below(&a->prng, MIN(p->len, (size_t)64))
                                               : prng_below(&a->prng, p->len);
        p->data[at] = prng_percent(&a->prng, 30) ? (u8)(prng_percent(&a->prng, 50) ? 0 : 255)
                                                 : (u8)prng_next(&a->prng);
    }
    if (p->len >= HEADER_SIZE && prng_percent(&a->prng, 70))
        put_u32(p->data + 24, (u32)p->len);
}

static struct packet *noise(struct attacker *a)
{
    static const u8 exchanges[] = {EXCHANGE_IKE_SA_INIT, EXCHANGE_IKE_AUTH,
                                   EXCHANGE_CREATE_CHILD_SA, EXCHANGE_INFORMATIONAL};
    u8 data[GARBAGE_MAX];
    size_t len = prng_below(&a->prng, sizeof data);
    struct packet *p;

    prng_fill(&a->prng, data, len);
    p = packet_make(data, len);
    if (len >= HEADER_SIZE && prng_percent(&a->prng, 80)) {
        p->data[17] = VERSION_2_0;
        p->data[18] = exchanges[prng_below(&a->prng, ARRAY_LEN(exchanges))];
        p->data[19] = prng_percent(&a->prng, 50) ? FLAG_INITIATOR : FLAG_RESPONSE;
        put_u32(p->data + 20, (u32)prng_below(&a->prng, 3));
        put_u32(p->data + 24, (u32)len);
    }
    return p;
}

/* Random octets, or something seen with a few octets changed; to either host, from either. */
static void garbage(struct attacker *a)
{
    const struct packet *model = a->count ? a->seen[prng_below(&a->prng, a->count)] : NULL;
    struct packet *p;

    if (model == NULL)
        return;
    p = prng_percent(&a->prng, 25) ? noise(a) : packet_clone(model);
    if (p->from.family != 0)
        mutate(a, p);
    p->from = model->from;
    p->to = model->to;
    p->marker = model->marker;
    if (prng_percent(&a->prng, 30))
        p->from = endpoint_v4(203, 0, 113, (u8)prng_next(&a->prng), 500);
    inject(a, p);
}

const struct packet *attacker_init_request(const struct attacker *a)
{
    struct header head;

    for (unsigned i = 0; i < a->count; i++)
        if (header_read(bytes_of(a->seen[i]->data, a->seen[i]->len), &head) == HEADER_OK &&
            head.exchange == EXCHANGE_IKE_SA_INIT && !(head.flags & FLAG_RESPONSE))
            return a->seen[i];
    return NULL;
}

/* A true IKE_SA_INIT request with another SPI, from another address each. */
static void flood(struct attacker *a)
{
    const struct packet *model = attacker_init_request(a);
    struct packet *p;
    u32 n = a->sources++;

    if (model == NULL)
        return;
    p = packet_clone(model);
    prng_fill(&a->prng, p->data, 8);
    p->from = endpoint_v4(198, (u8)(18 + (n >> 16 & 1)), (u8)(n >> 8), (u8)n, 500);
    inject(a, p);
}

static void attacker_run(struct node *self)
{
    struct attacker *a = (struct attacker *)self;

    switch (a->attack) {
    case ATTACK_NONE:
        a->left = 0;
        break;
    case ATTACK_REPLAY:
        replay(a);
        break;
    case ATTACK_GARBAGE:
        garbage(a);
        break;
    case ATTACK_FLOOD:
        flood(a);
        break;
    }
    a->left -= a->left > 0;
    self->next_run_at = a->left > 0 ? self->world->now + a->interval : SHRIKE_NEVER;
}

void attacker_start(struct attacker *a, enum attack attack, u32 count, shrike_time interval)
{
    a->attack = attack;
    a->left = count;
    a->next = 0;
    a->interval = interval;
    a->node.next_run_at = count > 0 ? a->node.world->now + interval : SHRIKE_NEVER;
}

void attacker_init(struct attacker *a, struct world *w, struct router *r)
{
    memset(a, 0, sizeof *a);
    a->node = (struct node){
        .name = "attacker", .next_run_at = SHRIKE_NEVER, .forward = listen, .run = attacker_run};
    a->router = r;
    a->prng = prng_fork(&w->prng);
    a->learning = true;
    world_add(w, &a->node);
}

void attacker_free(struct attacker *a)
{
    for (unsigned i = 0; i < a->count; i++)
        free(a->seen[i]);
    a->count = 0;
}
