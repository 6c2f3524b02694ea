/* What the daemon does to the tables of its data plane. */
#include "life.h"
#include "../unit/esp/suites.h"
#include "oracle.h"
#include "wire.h"
#include <stdlib.h>

#define KEEPALIVE_S 20
#define ALONE_FOR   (301 * SHRIKE_SECOND) /* longer than any orphan stays */
#define SLOT_NONE   200                   /* a network of no slot */

struct keys {
    u8 encr[2][ENCR_KEY_MAX], integ[2][KEY_MAX];
};

static void addr_of(u8 family, int side, u8 slot, u8 at[16])
{
    memset(at, 0, 16);
    at[0] = family == 4 ? 10 : 0xfd;
    at[family == 4 ? 1 : 3] = (u8)(1 + side);
    at[family == 4 ? 2 : 5] = slot;
}

/* Addresses, and sometimes only one protocol, some ports, or what hides its ports. */
static struct shrike_ts draw_ts(struct storm *s, u8 family, int side, u8 slot)
{
    static const u8 protocols[] = {NEXT_TCP, NEXT_UDP, NEXT_SCTP};
    struct shrike_ts ts = {.family = family, .port_to = UINT16_MAX};
    addr_of(family, side, slot, ts.from);
    memcpy(ts.to, ts.from, sizeof(ts.to));
    memset(ts.to + (family == 4 ? 3 : 6), 0xff, family == 4 ? 1 : 10);
    if (prng_percent(&s->r, 12))
        ts.protocol = protocols[prng_below(&s->r, ARRAY_LEN(protocols))];
    if (prng_percent(&s->r, 20)) {
        ts.port_from = (u16)prng_between(&s->r, 900, 1300);
        ts.port_to = (u16)prng_between(&s->r, 1600, 2200);
    } else if (prng_percent(&s->r, 3)) {
        ts.port_from = UINT16_MAX;
        ts.port_to = 0;
    }
    return ts;
}

/* Half of its addresses: this side disagrees with the other about what may pass. */
static void narrow(struct shrike_ts *ts)
{
    ts->to[ts->family == 4 ? 3 : 15] = 0x7f;
    if (ts->family == 6)
        memset(ts->to + 6, 0, 9);
}

static void draw_slot(struct storm *s, u8 slot)
{
    struct policy *p[2] = {&s->m.policies[0][slot], &s->m.policies[1][slot]};
    for (int i = 0; i < TS_COUNT; i++) {
        for (int side = 0; side < 2; side++)
            p[side]->local[i] = p[!side]->remote[i] = draw_ts(s, i ? 6 : 4, side, slot);
        if (prng_percent(&s->r, 20))
            narrow(&p[1]->local[i]);
        if (prng_percent(&s->r, 20))
            narrow(&p[0]->remote[i]);
    }
}

static void configure(struct storm *s, int side, struct settings settings, const bool trap[SLOTS])
{
    struct shrike_child_conf children[SLOTS];
    struct shrike_conn conn = {.name = "conn", .children = children};
    struct snapshot_copy copy = {.conf = {.conns = &conn, .conn_count = 1}, .settings = settings};
    for (u32 i = 0; i < SLOTS; i++) {
        struct policy *p = &s->m.policies[side][i];
        p->trap = trap[i];
        if (!trap[i])
            continue;
        children[conn.child_count++] = (struct shrike_child_conf){.name = "child",
                                                                  .start = SHRIKE_START_TRAP,
                                                                  .reqid = i + 1,
                                                                  .local_ts = p->local,
                                                                  .remote_ts = p->remote,
                                                                  .local_ts_count = TS_COUNT,
                                                                  .remote_ts_count = TS_COUNT};
    }
    installed_conf(&s->host[side].installed, &copy);
    host_letters(&s->host[side]);
}

void life_settings(struct storm *s, int side)
{
    static const u32 windows[] = {1, 64, 100, 1024, 4096};
    bool trap[SLOTS];
    for (int i = 0; i < SLOTS; i++)
        trap[i] = prng_percent(&s->r, 40);
    struct settings settings = {.mtu = s->m.mtu[side], .keepalive_s = KEEPALIVE_S};
    settings.replay_window = windows[prng_below(&s->r, ARRAY_LEN(windows))];
    settings.esp_library = (u8)prng_below(&s->r, 2);
    configure(s, side, settings, trap);
}

static struct child *draw_child(struct storm *s)
{
    return s->m.children[prng_below(&s->r, CHILDREN_MAX)];
}

void life_end(struct storm *s)
{
    static const bool none[SLOTS];
    for (int i = 0; i < CHILDREN_MAX; i++)
        for (int side = 0; side < 2; side++) {
            struct child *c = s->m.children[i];
            if (!c || !c->at[side].there || c->at[side].orphan)
                continue;
            installed_remove(&s->host[side].installed, c->serial);
            model_remove(&s->m, c, side);
        }
    s->m.now += ALONE_FOR;
    for (int side = 0; side < 2; side++) {
        struct host *h = &s->host[side];
        configure(s, side, (struct settings){.mtu = s->m.mtu[side]}, none);
        h->plane->now = s->m.now;
        model_tick(&s->m, side);
        if (installed_tick(&h->installed, s->m.now) || h->installed.pairs.count > 0)
            storm_wrong(s, "side %d: something is left when everything is gone", side);
        host_letters(h);
        if (h->routes != 0)
            storm_wrong(s, "side %d: %jd routes are left", side, (intmax_t)h->routes);
    }
}

static struct shrike_life draw_life(struct storm *s)
{
    struct shrike_life life = {0};
    if (prng_percent(&s->r, 15))
        life.packets_soft = prng_between(&s->r, 1, 200);
    if (prng_percent(&s->r, 15))
        life.packets_hard = prng_between(&s->r, 1, 400);
    if (prng_percent(&s->r, 10))
        life.bytes_soft = prng_between(&s->r, 1, 200000);
    if (prng_percent(&s->r, 10))
        life.bytes_hard = prng_between(&s->r, 1, 400000);
    return life;
}

/* Numbers that are near to their end, or to 2^32. */
static u64 draw_seq(struct storm *s, bool esn)
{
    static const u64 of_esn[] = {(u64)1 << 32, (u64)7 << 32, UINT64_MAX};
    u64 back = prng_between(&s->r, 1, 400);
    if (prng_percent(&s->r, 60))
        return 0;
    return (esn ? of_esn[prng_below(&s->r, ARRAY_LEN(of_esn))] : UINT32_MAX) - back;
}

static struct shrike_sa_keys keys_of(const struct child *c, const struct keys *k, int lane,
                                     const struct cipher_spec *size)
{
    return (struct shrike_sa_keys){.spi = c->lane[lane].spi,
                                   .encr_key = bytes_of(k->encr[lane], size->encr_key.len),
                                   .integ_key = bytes_of(k->integ[lane], size->integ_key.len)};
}

static void install_at(struct storm *s, struct child *c, int side,
                       const struct shrike_install_op *like)
{
    struct host *h = &s->host[side];
    const struct policy *p = &s->m.policies[side][c->slot];
    struct shrike_install_op op = *like;
    if (side == 1) {
        op.in = like->out;
        op.out = like->in;
    }
    op.nat_here = prng_percent(&s->r, 30);
    op.outbound_later = prng_percent(&s->r, 40);
    op.local = h->at[c->transport];
    op.remote = h->peer[c->transport];
    op.local_ts = p->local;
    op.remote_ts = p->remote;
    op.local_ts_count = op.remote_ts_count = TS_COUNT;
    if (!installed_add(&h->installed, &op, &(struct rules_verdict){.rule = 0}))
        storm_wrong(s, "side %d: Child SA %u is not taken", side, c->serial);
    const struct pair *pair = pairs_find(&h->installed.pairs, c->serial);
    pair->out->seq = c->lane[side].seq;
    pair->in->replay->top = c->lane[!side].top;
    c->at[side].window = pair->in->replay->window;
    model_add(&s->m, c, side, op.outbound_later);
    host_letters(h);
}

static struct child *child_new(struct storm *s, u8 slot)
{
    int free_at = 0;
    while (free_at < CHILDREN_MAX && s->m.children[free_at])
        free_at++;
    if (free_at == CHILDREN_MAX || s->m.policies[0][slot].row_count == ROWS_MAX ||
        s->m.policies[1][slot].row_count == ROWS_MAX)
        return NULL;
    struct child *c = calloc(1, sizeof(*c));
    ensure(c);
    c->serial = ++s->next_serial;
    c->slot = slot;
    c->esn = prng_percent(&s->r, 50);
    c->life = draw_life(s);
    do
        c->transport = (u8)prng_below(&s->r, TRANSPORTS);
    while (s->host[0].wire[c->transport] < 0);
    for (int side = 0; side < 2; side++) {
        c->lane[side].spi = (u32)prng_between(&s->r, 256, UINT32_MAX);
        c->lane[side].seq = c->lane[side].top = draw_seq(s, c->esn);
    }
    s->m.children[free_at] = c;
    return c;
}

static void install(struct storm *s, u8 slot)
{
    struct keys k;
    struct child *c = child_new(s, slot);
    if (!c)
        return;
    const struct esp_suite *suite = &esp_suites[prng_below(&s->r, ARRAY_LEN(esp_suites))];
    struct cipher_spec size = esp_suite_spec(suite, c->esn, true);
    prng_fill(&s->r, &k, sizeof(k));
    struct shrike_install_op op = {.child = "child",
                                   .child_serial = c->serial,
                                   .reqid = c->slot + 1u,
                                   .encap = c->transport >= PLANE_UDP_V4,
                                   .esn = c->esn,
                                   .protocol = PROTOCOL_ESP,
                                   .encr = suite->encr,
                                   .encr_key_bits = suite->bits,
                                   .integ = suite->integ,
                                   .in = keys_of(c, &k, 1, &size),
                                   .out = keys_of(c, &k, 0, &size),
                                   .life = c->life};
    s->tally->children++;
    int only = prng_percent(&s->r, 5) ? (int)prng_below(&s->r, 2) : -1;
    for (int side = 0; side < 2; side++)
        if (only < 0 || only == side)
            install_at(s, c, side, &op);
}

void life_install(struct storm *s)
{
    install(s, (u8)prng_below(&s->r, SLOTS));
}

void life_begin(struct storm *s)
{
    static const u16 mtus[] = {1280, 1400, 1500};
    s->m.now = prng_between(&s->r, 1, 1000) * SHRIKE_SECOND;
    for (u8 i = 0; i < SLOTS; i++)
        draw_slot(s, i);
    for (int side = 0; side < 2; side++) {
        s->host[side].plane->now = s->m.now;
        s->m.mtu[side] = mtus[prng_below(&s->r, ARRAY_LEN(mtus))];
        life_settings(s, side);
    }
    for (u8 i = 0; i < SLOTS; i++)
        install(s, i);
}

void life_remove(struct storm *s)
{
    struct child *c = draw_child(s);
    int side = (int)prng_below(&s->r, 2);
    bool both = prng_percent(&s->r, 60);
    for (int i = 0; c && i < (both ? 2 : 1); i++, side = !side) {
        bool last = !c->at[!side].there;
        installed_remove(&s->host[side].installed, c->serial);
        host_letters(&s->host[side]);
        if (!c->at[side].there || c->at[side].orphan)
            continue;
        model_remove(&s->m, c, side);
        if (last)
            return;
    }
}

void life_switch(struct storm *s)
{
    struct child *c = draw_child(s);
    int side = (int)prng_below(&s->r, 2);
    if (!c)
        return;
    installed_switch(&s->host[side].installed, c->serial);
    model_switch(&s->m, c, side);
}

void life_orphan(struct storm *s)
{
    int side = (int)prng_below(&s->r, 2);
    installed_heir(&s->host[side].installed, &(struct mail_heir){.last = true});
    model_orphan(&s->m, side);
}

void life_time(struct storm *s)
{
    u64 most = prng_percent(&s->r, 2) ? 400 : 3;
    s->m.now += prng_below(&s->r, most * SHRIKE_SECOND);
    for (int side = 0; side < 2; side++) {
        s->host[side].plane->now = s->m.now;
        installed_tick(&s->host[side].installed, s->m.now);
        model_tick(&s->m, side);
        host_letters(&s->host[side]);
        wire_take_keepalives(s, side);
    }
}

void life_audit(struct storm *s)
{
    const struct child *c = draw_child(s);
    for (int side = 0; c && side < 2; side++)
        if (c->at[side].there)
            oracle_audit(s, side, c);
}

struct craft_ends life_ends(struct storm *s, int side)
{
    struct craft_ends e = {.family = prng_percent(&s->r, 60) ? 4 : 6};
    u8 slot = (u8)prng_below(&s->r, SLOTS);
    for (int i = 0; i < 2; i++) {
        u8 other = (u8)(prng_percent(&s->r, 50) ? SLOT_NONE : prng_below(&s->r, SLOTS));
        addr_of(e.family, i == 0 ? side : !side, prng_percent(&s->r, 4) ? other : slot, e.addr[i]);
        if (prng_percent(&s->r, 30)) /* else the same flows again */
            prng_fill(&s->r, e.addr[i] + (e.family == 4 ? 3 : 15), 1);
    }
    return e;
}
