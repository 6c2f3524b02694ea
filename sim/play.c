/* Two configurations play: see play.h. */
#include "sim/play.h"
#include "base/ct.h"
#include <stdlib.h>

#define REKEY_MAX    (10 * 60 * SHRIKE_SECOND)
#define NAT_FORGETS  (600 * SHRIKE_SECOND) /* who sends no keepalives */
#define KEEPS_ALWAYS (UINT64_MAX / 4)

/* The provider's functions have one context, OpenSSL's: the dice of the play stand beside it. */
static struct prng *dice;

static bool from_the_dice(void *ctx, u8 *out, size_t len)
{
    (void)ctx;
    prng_fill(dice, out, len);
    return true;
}

/* ---- do packets get through? ---- */

/* What is installed at one end. */
static unsigned ways_of(const struct peer *p, struct play_way out[PLAY_WAYS_MAX])
{
    const struct esp_pair *pair;
    size_t cursor = 0;
    unsigned count = 0;
    while (count < PLAY_WAYS_MAX && (pair = kernel_next(&p->kernel, &cursor)) != NULL)
        out[count++] = (struct play_way){pair->reqid, pair->spi_in, pair->spi_out, pair->rank};
    return count;
}

static int by_spi_in(const void *a, const void *b)
{
    const struct play_way *x = a, *y = b;
    return (x->spi_in > y->spi_in) - (x->spi_in < y->spi_in);
}

/* Of one reqid the one that is sent by comes first. */
static int by_reqid(const void *a, const void *b)
{
    const struct play_way *x = a, *y = b;
    if (x->reqid != y->reqid)
        return x->reqid > y->reqid ? 1 : -1;
    return (x->rank < y->rank) - (x->rank > y->rank);
}

/* Would what `from` sends by each of its Child SAs be taken? */
static bool carries(struct play *p, unsigned from)
{
    const unsigned out = ways_of(&p->peer[from], p->out), in = ways_of(&p->peer[1 - from], p->in);
    bool good = out > 0 && in > 0;
    if (!good)
        return false;
    qsort(p->out, out, sizeof p->out[0], by_reqid);
    qsort(p->in, in, sizeof p->in[0], by_spi_in);
    for (unsigned i = 0; i < out && good; i++) {
        const struct play_way wanted = {.spi_in = p->out[i].spi_out};
        if (i == 0 || p->out[i].reqid != p->out[i - 1].reqid)
            good = bsearch(&wanted, p->in, in, sizeof p->in[0], by_spi_in) != NULL;
    }
    return good;
}

/* While something is on its way, one end may be ahead: only what lasts longer is a loss. */
static bool is_lasting(const struct play *p, const struct play_dark *d)
{
    return d->until - d->from > 4 * (p->link[0].faults.delay + p->link[0].faults.jitter);
}

static void look(void *ctx)
{
    struct play *p = ctx;
    if (!p->peer[0].kernel.changed && !p->peer[1].kernel.changed)
        return;
    p->peer[0].kernel.changed = p->peer[1].kernel.changed = false;
    const bool light = carries(p, 0) && carries(p, 1);
    struct play_dark *last = p->dark_count ? &p->dark[p->dark_count - 1] : NULL;
    const bool dark = last && last->until == SHRIKE_NEVER;
    if (light && dark) {
        last->until = p->world.now;
        p->darks += is_lasting(p, last);
        p->dark_count -= !is_lasting(p, last);
    } else if (!light && !dark && p->lit && p->dark_count < PLAY_DARK_MAX) {
        p->dark[p->dark_count++] = (struct play_dark){p->world.now, SHRIKE_NEVER};
    }
    p->lit |= light;
}

/* ---- the network ---- */

/* Who answers is reached behind its NAT by forwarded ports. */
static void forward_ports(struct play *p, unsigned side)
{
    const struct settings *s = &p->place[side].config->settings;
    struct shrike_endpoint inner = {.family = p->place[side].own.family};
    memcpy(inner.octets, p->place[side].own.octets, sizeof inner.octets);
    nat_add(&p->nat[side], &inner, s->port, s->port);
    nat_add(&p->nat[side], &inner, s->port_nat_t, s->port_nat_t);
    p->nat[side].expiry = KEEPS_ALWAYS;
}

static void build_nat(struct play *p, unsigned side)
{
    struct nat *n = &p->nat[side];
    const struct place *place = &p->place[side];
    nat_init(n, &p->world, &p->link[side].node, &p->peer[side].node);
    n->address = (struct shrike_endpoint){.family = place->outside.family};
    memcpy(n->address.octets, place->outside.octets, sizeof n->address.octets);
    n->expiry = place->config->settings.keepalive_s ? KEEPS_ALWAYS : NAT_FORGETS;
    if (side != p->first)
        forward_ports(p, side);
}

static void build_route(struct play *p, unsigned side, const struct shrike_addr *a)
{
    struct node *to = p->place[side].nat ? &p->nat[side].outside : &p->peer[side].node;
    struct shrike_endpoint e = {.family = a->family};
    bool known = false;
    memcpy(e.octets, a->octets, sizeof e.octets);
    for (unsigned i = 0; i < p->router.count; i++)
        known |= address_equal(&p->router.routes[i].address, &e);
    if (!known && p->router.count < ROUTES_MAX)
        router_add(&p->router, &e, to);
}

/* Those that are played come first: a file may have more addresses than there are routes. */
static void build_routes(struct play *p)
{
    struct shrike_addr a;
    build_route(p, 0, &p->place[0].outside);
    build_route(p, 1, &p->place[1].outside);
    for (unsigned s = 0; s < 2; s++)
        for (u32 at = 0; place_address(&p->place[s], &at, &a);)
            build_route(p, s, &a);
}

static bool build(struct play *p, const struct play_setup *setup)
{
    static const char *const names[] = {"a", "b"}, *const ways[] = {"a to b", "b to a"};
    bool good = true;
    router_init(&p->router, &p->world);
    for (unsigned s = 0; s < 2; s++) {
        link_init(&p->link[s], &p->world, ways[s], &p->router.node);
        p->link[s].faults = setup->faults;
    }
    for (unsigned s = 0; s < 2; s++) {
        const struct peer_setup one = {.name = names[s],
                                       .config = setup->config[s],
                                       .provider = &p->provider,
                                       .busy = setup->busy};
        good &= peer_init(&p->peer[s], &p->world, &one);
        if (p->place[s].nat)
            build_nat(p, s);
        p->peer[s].out = p->place[s].nat ? &p->nat[s].inside : &p->link[s].node;
    }
    build_routes(p);
    p->world.after = look;
    p->world.after_ctx = p;
    return good;
}

struct play *play_new(const struct play_setup *setup, struct text *why)
{
    struct play *p = calloc(1, sizeof *p);
    if (!p) {
        text_str(why, "no memory");
        return NULL;
    }
    for (unsigned s = 0; s < 2; s++)
        p->place[s] = (struct place){.config = setup->config[s], .nat = setup->nat[s]};
    if (!place_choose(p->place, setup->conn, &p->first, why)) {
        free(p);
        return NULL;
    }
    place_settle(p->place);
    world_init(&p->world, setup->seed, false);
    p->dice = prng_fork(&p->world.prng);
    dice = &p->dice;
    p->openssl = provider_openssl_new();
    if (p->openssl) {
        p->provider = *p->openssl;
        p->provider.random = from_the_dice;
    }
    if (!p->openssl || !build(p, setup)) {
        text_str(why, "no memory, or no cryptographic library");
        play_free(p);
        return NULL;
    }
    return p;
}

void play_free(struct play *p)
{
    if (!p)
        return;
    for (unsigned s = 0; s < 2; s++) {
        peer_free(&p->peer[s]);
        link_free(&p->link[s]);
    }
    if (p->openssl)
        provider_openssl_free(p->openssl);
    wipe(p, sizeof *p);
    free(p);
}

/* ---- what is done ---- */

const struct shrike_conn *play_conn(const struct play *p, unsigned side)
{
    const struct place *place = &p->place[side];
    return place->conn == PLACE_NONE ? NULL : &place->config->conf.conns[place->conn];
}

static bool until_answered(struct play *p, const struct peer *peer, shrike_time within)
{
    const shrike_time end = p->world.now + within;
    while (!peer->answered && world_step(&p->world, end))
        continue;
    return peer->answered && peer->answer == SHRIKE_REASON_NONE;
}

bool play_up(struct play *p, unsigned side, const char *conn, shrike_time within)
{
    struct peer *peer = &p->peer[side];
    const u32 place = conn ? place_find(peer->config, conn) : p->place[side].conn;
    if (place == PLACE_NONE)
        return false;
    const struct shrike_conn *c = &peer->conf.conns[place];
    const char *missing = place_missing(peer->config, place);
    if (missing && !c->remote_endpoint.family) {
        peer_no_address(peer, c, missing, "there is no such name");
        return false;
    }
    peer_command(peer, (struct shrike_command){.kind = SHRIKE_UP, .conn = c->name});
    return until_answered(p, peer, within);
}

bool play_rekey(struct play *p, unsigned side, const char *conn, const char *child)
{
    struct peer *peer = &p->peer[side];
    const struct shrike_conn *c = play_conn(p, side);
    if (!conn && !c)
        return false;
    peer_command(peer, (struct shrike_command){
                           .kind = SHRIKE_REKEY, .conn = conn ? conn : c->name, .child = child});
    return until_answered(p, peer, REKEY_MAX);
}

void play_run(struct play *p, shrike_time duration)
{
    world_run(&p->world, p->world.now + duration);
}

/* ---- what came of it ---- */

static const struct esp_pair *mirror_of(const struct peer *peer, const struct esp_pair *pair)
{
    const struct esp_pair *other = kernel_by_spi_in(&peer->kernel, pair->spi_out);
    return other && esp_is_mirror(pair, other) ? other : NULL;
}

const char *play_difference(const struct play *p, unsigned *count)
{
    const char *difference = NULL;
    const struct esp_pair *pair;
    *count = 0;
    for (unsigned s = 0; s < 2; s++) {
        size_t cursor = 0;
        while (!difference && (pair = kernel_next(&p->peer[s].kernel, &cursor)) != NULL) {
            const struct esp_pair *other = mirror_of(&p->peer[1 - s], pair);
            difference = other ? esp_difference(pair, other, true) : "one end has a Child SA alone";
            *count += s == 0;
        }
    }
    return difference;
}

const char *play_broken(const struct play *p)
{
    return p->world.failed ? p->world.failure : NULL;
}
