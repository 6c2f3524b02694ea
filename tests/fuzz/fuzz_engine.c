/* Two engines fed a byte-coded sequence of inputs: commands, datagrams delivered, lost, doubled,
 * changed or made up, time passing, ops failing. Nothing may abort, the caps hold, and after the
 * storm all is freed. */
#include "pair.h"
#include "shrike/view.h"
#include "wire/codes.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at, *end;
};

static uint8_t take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static struct pair_datagram *front(struct pair *p, unsigned side)
{
    struct pair_side *s = &p->side[side];
    return s->count ? &s->queue[s->head] : NULL;
}

static void change(struct input *in, struct pair_datagram *d)
{
    unsigned times = take(in) % 8;
    for (unsigned i = 0; d && d->len && i <= times; i++) {
        size_t off = (size_t)(take(in) << 8 | take(in)) % d->len;
        d->data[off] = take(in);
    }
    if (d && times == 7)
        d->len = d->len * take(in) / 256;
}

/* A datagram out of nothing, from an address of 256. */
static void invent(struct pair *p, struct input *in, unsigned side)
{
    size_t len = (size_t)(take(in) << 2);
    uint8_t *octets = calloc(1, len + 1);
    struct shrike_datagram d = {p->side[side].here, p->side[1 - side].here, octets, len, false};
    d.remote.octets[3] = take(in);
    for (size_t i = 0; i < len; i++)
        octets[i] = take(in);
    if (len >= 28) { /* plausible enough to get past the header */
        octets[17] = 0x20;
        octets[24] = octets[25] = 0;
        octets[26] = (uint8_t)(len >> 8);
        octets[27] = (uint8_t)len;
    }
    shrike_datagram(p->side[side].engine, p->now, &d);
    free(octets);
}

/* The data plane tells something: of a Child SA that it has, or of one that it makes up. */
static void kernel(struct pair *p, struct input *in, unsigned side, uint8_t what)
{
    const struct pair_side *s = &p->side[side];
    uint8_t which = take(in);
    struct shrike_kernel_event k = {
        .kind = (enum shrike_kernel_kind)(what >> 2 & 3),
        .reqid = which % 4,
        .child_serial =
            s->child_count && !(which & 0x80) ? s->children[which % s->child_count].serial : which,
    };
    if (k.kind == SHRIKE_PLANE_LOST)
        pair_lose_plane(p, side);
    else
        shrike_kernel(p->side[side].engine, p->now, &k);
}

static void command(struct pair *p, struct input *in, unsigned side)
{
    static const char *const child[] = {NULL, "net0", "net1", "none"};
    uint8_t what = take(in);
    if ((what & 3) == 3) {
        kernel(p, in, side, what);
        return;
    }
    struct shrike_command c = {
        .kind = (enum shrike_command_kind)(what & 3),
        .reference = what,
        .conn = what & 0x40 ? "other" : "pair",
        .child = child[what >> 4 & 3],
    };
    shrike_command(p->side[side].engine, p->now, &c);
}

/* Its host has other addresses; or its data plane has seen the peer at another port. */
static void roam(struct pair *p, struct input *in, unsigned side)
{
    static const struct shrike_addr all[] = {
        {{192, 0, 2, 1}, 4}, {{192, 0, 2, 2}, 4}, {{10, 9, 8, 7}, 4}, {{0x20, 1, [15] = 1}, 6}};
    struct pair_side *s = &p->side[side];
    struct shrike_addr list[ARRAY_LEN(all)];
    unsigned count = 0;
    uint8_t which = take(in);
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        if (which >> i & 1)
            list[count++] = all[i];
    }
    struct shrike_kernel_event mapping = {
        .kind = SHRIKE_MAPPING,
        .child_serial = s->child_count ? s->children[which % s->child_count].serial : which,
        .from = p->side[1 - side].here,
        .to = s->here};
    mapping.from.port = which;
    if (which & 0x80)
        shrike_kernel(s->engine, p->now, &mapping);
    else
        pair_addresses(p, side, list, count);
}

/* Walk over all that can be seen: what is counted is shown, and what is pointed to is there. */
static void look(const struct shrike *e)
{
    struct shrike_ike_view ike;
    struct shrike_child_view child;
    for (uint32_t at = 0; shrike_view_ike(e, &at, &ike);) {
        uint32_t shown = 0;
        for (uint32_t last = 0; shrike_view_child(e, at, ike.serial, last, &child); shown++) {
            require(child.serial > last && child.child[0]);
            last = child.serial;
            for (unsigned i = 0; i < child.local_ts_count; i++)
                require(child.local_ts[i].family);
            for (unsigned i = 0; i < child.remote_ts_count; i++)
                require(child.remote_ts[i].family);
        }
        require(shown == ike.children);
        for (size_t i = 0; i < ike.remote_id.data.len; i++)
            require(ike.remote_id.data.at[i] | 1);
    }
}

static void settle(struct pair *p)
{
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned n = 0; n < 8 && pair_drain(p, i); n++)
            ;
        if (shrike_deadline(p->side[i].engine) <= p->now)
            shrike_tick(p->side[i].engine, p->now);
        struct shrike_stats stats;
        shrike_stats(p->side[i].engine, &stats);
        require(stats.ike_sas <= 8 && stats.half_open <= 8 && stats.child_sas <= 16);
        look(p->side[i].engine);
    }
}

static void step(struct pair *p, struct input *in, unsigned *held)
{
    uint8_t op = take(in);
    unsigned side = op >> 7;
    struct pair_side *s = &p->side[side];
    struct pair_datagram *d = front(p, side);
    switch (op & 15) {
    case 0:
    case 1:
        command(p, in, side);
        break;
    case 2:
        invent(p, in, side);
        break;
    case 3: /* lost */
        pair_lose(s);
        break;
    case 4: /* doubled: to the end of the queue, so late as well */
        if (d)
            pair_post(s, d);
        break;
    case 5:
        change(in, d);
        break;
    case 6:
        p->now += (shrike_time)take(in) * SHRIKE_SECOND / 4;
        break;
    case 7:
        s->refuse_ops = !s->refuse_ops;
        break;
    case 8: /* moved, as by a NAT */
        if (d)
            d->remote.port = (uint16_t)(1024 + take(in));
        break;
    case 9:
        roam(p, in, side);
        break;
    default:
        (void)pair_deliver(p, side);
        break;
    }
    /* Held: more inputs before the actions are taken and the ops answered, up to a batch. */
    *held = op & 0x40 && *held < SHRIKE_BATCH / 2 ? *held + 1 : 0;
    if (*held == 0)
        settle(p);
}

static void calm(struct pair *p)
{
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_command down = {SHRIKE_DOWN, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
        p->side[i].refuse_ops = false;
        pair_run(p);
        for (unsigned n = 0; n < 4; n++) {
            shrike_command(p->side[i].engine, p->now, &down);
            pair_wait(p, p->now + 500 * SHRIKE_SECOND);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_stats s;
        shrike_stats(p->side[i].engine, &s);
        require(s.ike_sas == 0 && s.child_sas == 0 && s.packets == 0 && s.works == 0 &&
                s.handshakes == 0 && s.bytes_live == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct shrike_provider *a = provider_toy_new(1), *b = provider_toy_new(2);
    uint8_t how = take(&in);
    struct pair_options o = {.algorithms = pair_usual,
                             .limits = {.ike_sas = 8, .half_open = 8, .child_sas = 16},
                             .children = 2,
                             .transport = how & 1,
                             .mobike = !(how & 64),
                             .cookies = how & 2,
                             .secret = {"one", how & 4 ? "other" : "one"}};
    if (how & 8) /* PFS */
        o.algorithms.esp_ke = KE_CURVE25519;
    o.start = how & 32 ? SHRIKE_START_NOW : SHRIKE_START_TRAP;
    if (how & 16) { /* no AEAD */
        o.algorithms.encr = ENCR_AES_CBC;
        o.algorithms.integ = INTEG_HMAC_SHA2_256_128;
    }
    unsigned held = 0;
    struct pair *p = pair_new(a, b, &o);
    for (unsigned n = 0; n < 1000 && in.at < in.end; n++)
        step(p, &in, &held);
    calm(p);
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(b);
    return 0;
}
