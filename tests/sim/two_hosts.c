/* Two hosts, random options, storm, calm, close. */
#include "two_hosts.h"
#include "host_keep.h"
#include "oracle_end.h"
#include "scenario.h"

#define CALM_WITHIN (20 * 60 * SHRIKE_SECOND)

static const struct conf_suite ike_suites[] = {
    {ENCR_AES_GCM_16, 256, PRF_HMAC_SHA2_256, INTEG_NONE, {0}, false},
    {ENCR_AES_GCM_8, 128, PRF_HMAC_SHA2_384, INTEG_NONE, {0}, false},
    {ENCR_CHACHA20_POLY1305, 0, PRF_HMAC_SHA2_512, INTEG_NONE, {0}, false},
    {ENCR_AES_CBC, 128, PRF_HMAC_SHA1, INTEG_HMAC_SHA1_96, {0}, false},
    {ENCR_AES_CBC, 256, PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128, {0}, false},
    {ENCR_AES_CTR, 192, PRF_AES128_XCBC, INTEG_AES_XCBC_96, {0}, false},
    {ENCR_AES_CCM_16, 256, PRF_AES128_CMAC, INTEG_NONE, {0}, false},
};

static const struct conf_suite esp_suites[] = {
    {ENCR_AES_GCM_16, 256, 0, INTEG_NONE, {0}, false},
    {ENCR_AES_GCM_16, 128, 0, INTEG_NONE, {0}, true},
    {ENCR_CHACHA20_POLY1305, 0, 0, INTEG_NONE, {0}, true},
    {ENCR_AES_CBC, 256, 0, INTEG_HMAC_SHA2_256_128, {0}, false},
    {ENCR_AES_CTR, 128, 0, INTEG_HMAC_SHA2_512_256, {0}, true},
};

static const struct conf_suite ah_suites[] = {
    {0, 0, 0, INTEG_HMAC_SHA2_256_128, {0}, false},
    {0, 0, 0, INTEG_HMAC_SHA2_512_256, {0}, true},
};

static const u16 groups[] = {KE_CURVE25519, KE_ECP256, KE_ECP384, KE_MODP2048, KE_CURVE448};

static const char *const names[] = {"one", "two", "three", "four"};

static u16 draw_group(struct prng *p)
{
    return groups[prng_below(p, ARRAY_LEN(groups))];
}

/* A offers up to three suites; B knows one of them and maybe others. A may guess the wrong group.
 */
static void draw_ike(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct conf_knobs *a = &n->setup.knobs[0], *b = &n->setup.knobs[1];
    u64 first = prng_below(p, ARRAY_LEN(ike_suites));
    u16 group = draw_group(p), wrong = draw_group(p);

    a->ike_count = (unsigned)prng_between(p, 1, 3);
    for (unsigned i = 0; i < a->ike_count; i++) {
        a->ike[i] = ike_suites[(first + i) % ARRAY_LEN(ike_suites)];
        a->ike[i].groups[0] = wrong;
        a->ike[i].groups[1] = wrong == group ? 0 : group;
    }
    b->ike_count = (unsigned)prng_between(p, 1, 2);
    b->ike[0] = a->ike[prng_below(p, a->ike_count)];
    b->ike[1] = ike_suites[prng_below(p, ARRAY_LEN(ike_suites))];
    for (unsigned i = 0; i < 2; i++) {
        b->ike[i].groups[0] = group;
        b->ike[i].groups[1] = 0;
    }
}

static void narrow_some(struct prng *p, struct conf_block *b)
{
    if (prng_percent(p, 30))
        b->prefix = (u8)(b->prefix + prng_between(p, 1, 4));
    if (prng_percent(p, 10)) {
        b->protocol = 6;
        b->port = 443;
    }
}

static void draw_child(struct net *n, unsigned i)
{
    struct prng *p = &n->world.prng;
    struct conf_child *a = &n->setup.knobs[0].children[i], *b = &n->setup.knobs[1].children[i];
    *a = (struct conf_child){.name = names[i], .mode = SHRIKE_TUNNEL};
    a->start = (enum shrike_start)prng_below(p, 3);
    a->esp = esp_suites[prng_below(p, ARRAY_LEN(esp_suites))];
    /* What encapsulates cannot have AH. */
    if (prng_percent(p, 15) && !n->setup.nat && !n->setup.knobs[0].force_encap &&
        !n->setup.knobs[1].force_encap)
        a->esp = ah_suites[prng_below(p, ARRAY_LEN(ah_suites))];
    a->esp.groups[0] = prng_percent(p, 50) ? draw_group(p) : 0;
    a->local = (struct conf_block){.x = 1, .y = (u8)(16 * i + 16), .prefix = 20};
    a->remote = (struct conf_block){.x = 2, .y = (u8)(16 * i + 16), .prefix = 20};
    if (i == 0 && prng_percent(p, 30)) {
        a->mode = SHRIKE_TRANSPORT;
        a->local = a->remote = (struct conf_block){0};
    } else if (i == 0 && prng_percent(p, 20)) {
        a->mode = SHRIKE_BEET;
        a->local.prefix = a->remote.prefix = 32;
    } else if (i == 0 && prng_percent(p, 20)) {
        a->mode = SHRIKE_IPTFS;
    }
    a->ipcomp = prng_percent(p, 30);
    *b = *a;
    b->ipcomp = a->ipcomp != prng_percent(p, 30);
    b->start = (enum shrike_start)prng_below(p, 3);
    b->local = a->remote;
    b->remote = a->local;
    if (a->mode == SHRIKE_TUNNEL) {
        struct conf_block *sides[] = {&a->local, &a->remote, &b->local, &b->remote};
        narrow_some(p, sides[prng_below(p, 4)]);
    }
}

static void draw_limits(struct net *n)
{
    struct prng *p = &n->world.prng;
    bool large = prng_percent(p, 25);

    for (unsigned i = 0; i < 2; i++) {
        struct conf_knobs *k = &n->setup.knobs[i];
        k->dpd_delay = prng_between(p, 15, 60) * SHRIKE_SECOND;
        k->jitter = 10;
        k->fragmentation = large || prng_percent(p, 70);
        k->fragment_size = (u16)(large ? prng_between(p, 576, 700) : 1280);
        k->local_id_pad = large ? prng_between(p, 300, 480) : 0;
        if (k->local_id_pad)
            n->setup.knobs[1 - i].remote_id = NULL;
        k->cookie_threshold = prng_percent(p, 25) ? 0 : 30;
        k->force_encap = prng_percent(p, 10);
        k->window = (u8)prng_between(p, 1, SHRIKE_WINDOW_MAX);
        k->mobike = prng_percent(p, 60);
        k->childless = (enum shrike_childless)prng_below(p, SHRIKE_CHILDLESS_FORCE);
        k->ppk = prng_percent(p, 30) ? "tomorrow" : NULL;
    }
}

static void draw_model(struct prng *p, struct host_model *m)
{
    m->latency_max = prng_below(p, 200 * SHRIKE_MS);
    m->stuck = prng_between(p, 1, 60) * SHRIKE_SECOND;
    m->stuck_percent = (u8)prng_below(p, 4);
    m->install_fails = (u8)(prng_percent(p, 50) ? prng_below(p, 15) : 0);
    m->prove_fails = (u8)(prng_percent(p, 30) ? prng_below(p, 10) : 0);
    m->answers_twice = (u8)(prng_percent(p, 50) ? 10 : 0);
    m->tick_late_max = prng_below(p, 5 * SHRIKE_MS);
    m->batch_max = (u8)(prng_percent(p, 50) ? 1 : prng_between(p, 2, SHRIKE_BATCH));
}

static struct link_faults draw_faults(struct net *n)
{
    struct prng *p = &n->world.prng;
    bool large = n->setup.knobs[0].local_id_pad != 0;

    return (struct link_faults){
        .delay = prng_between(p, 1, 100) * SHRIKE_MS,
        .jitter = prng_below(p, 50 * SHRIKE_MS),
        .reorder_delay = prng_below(p, 3 * SHRIKE_SECOND),
        .loss = (u8)(n->options.loss >= 0 ? (u64)n->options.loss : prng_between(p, 0, 20)),
        .duplicate = (u8)prng_below(p, 11),
        .reorder = (u8)prng_below(p, 21),
        .corrupt = (u8)prng_below(p, 6),
        .mtu = large ? 800 : 0, /* what fits no fragment is no IKE_SA_INIT of ours */
    };
}

/* What the data plane may tell: of a Child SA that it has, or has had. */
static void random_kernel(struct net *n, struct host *h)
{
    struct prng *p = &n->world.prng;
    struct shrike_kernel_event k = {.kind = SHRIKE_EXPIRE_HARD};

    if (prng_percent(p, 25)) {
        host_lose_plane(h);
        return;
    }
    if (prng_percent(p, 30))
        k.kind = SHRIKE_EXPIRE_SOFT;
    if (h->kernel.count > 0)
        k.child_serial = h->kernel.pairs[prng_below(p, h->kernel.count)]->child_serial;
    host_kernel(h, k);
}

static void random_command(struct net *n, struct host *h)
{
    struct prng *p = &n->world.prng;
    const char *child = names[prng_below(p, n->setup.knobs[0].child_count)];
    struct shrike_command c = {.kind = SHRIKE_DOWN};

    switch (prng_below(p, 17)) {
    case 0:
        host_down(h, NULL);
        break;
    case 1:
        host_down(h, child);
        break;
    case 2: /* both at once */
        host_down(&n->host[0], child);
        host_down(&n->host[1], child);
        break;
    case 3:
        c.ike = (u32)prng_between(p, 1, 20);
        host_command(h, c);
        break;
    case 4:
        host_command(h, (struct shrike_command){.kind = SHRIKE_LIVENESS, .conn = CONF_CONN});
        break;
    case 5:
        host_command(h, (struct shrike_command){.kind = SHRIKE_DOWN});
        break;
    case 6:
        host_up(h, child);
        break;
    case 7:
        (void)host_reload(h);
        break;
    case 8:
        host_kernel(h, (struct shrike_kernel_event){.kind = SHRIKE_ACQUIRE,
                                                    .reqid = (u32)prng_between(p, 1, 5)});
        break;
    case 9:
    case 10:
        random_kernel(n, &n->host[prng_below(p, 2)]);
        break;
    case 11: /* both at once */
        host_lose_plane(&n->host[0]);
        host_lose_plane(&n->host[1]);
        break;
    case 12:
    case 13:
        host_restart(&n->host[prng_below(p, 2)]);
        break;
    default:
        host_up(h, NULL);
        break;
    }
}

/* Behind a NAT only A can begin: B has nowhere to send to before. */
static void storm(struct net *n)
{
    struct prng *p = &n->world.prng;
    shrike_time end = n->world.now + prng_between(p, 20, 240) * SHRIKE_SECOND;
    shrike_time cut_at = SHRIKE_NEVER;
    struct link_faults f = draw_faults(n);

    net_faults(n, &f);
    if (prng_percent(p, 20))
        cut_at = n->world.now + prng_below(p, 100) * SHRIKE_SECOND;
    host_up(&n->host[0], NULL);
    while (!n->world.failed && n->world.now < end) {
        net_run(n, prng_between(p, 10, 20000) * SHRIKE_MS);
        if (n->world.failed)
            break;
        random_command(n, &n->host[n->setup.nat ? 0 : prng_below(p, 2)]);
        if (n->world.now >= cut_at) {
            net_cut(n, true);
            net_run(n, prng_between(p, 1, 250) * SHRIKE_SECOND);
            net_cut(n, false);
            cut_at = SHRIKE_NEVER;
        }
        if (n->setup.nat && prng_percent(p, 5))
            nat_rebind(&n->nat);
    }
}

static void calm(struct net *n)
{
    struct link_faults f = {.delay = n->link[0].faults.delay, .mtu = n->link[0].faults.mtu};

    world_say(&n->world, "calm");
    net_faults(n, &f);
    for (unsigned i = 0; i < 2; i++) {
        struct host_model *m = &n->host[i].model;
        m->stuck_percent = m->install_fails = m->prove_fails = 0;
    }
    scenario_settle(n, CALM_WITHIN);
}

/* DOWN from A, from B, or from both at once. */
static void close_all(struct net *n)
{
    u64 who = prng_below(&n->world.prng, 3);

    if (n->world.failed)
        return;
    world_say(&n->world, "close");
    if (who != 1)
        host_down(&n->host[0], NULL);
    if (who != 0)
        host_down(&n->host[1], NULL);
    net_leave(n);
}

void two_hosts(struct net *n)
{
    struct prng *p = &n->world.prng;

    n->setup.nat = n->options.nat || prng_percent(p, 40);
    n->setup.knobs[0].child_count = n->setup.knobs[1].child_count = (unsigned)prng_between(p, 1, 4);
    n->setup.keeps = true;
    draw_ike(n);
    draw_limits(n);
    for (unsigned i = 0; i < n->setup.knobs[0].child_count; i++)
        draw_child(n, i);
    net_build(n);
    n->nat.keep_ports = prng_percent(p, 50);
    draw_model(p, &n->host[0].model);
    draw_model(p, &n->host[1].model);
    storm(n);
    if (!n->world.failed)
        calm(n);
    close_all(n);
}
