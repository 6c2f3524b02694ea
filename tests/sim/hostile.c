/* Flood, replay, garbage, no memory. */
#include "hostile.h"
#include "host_log.h"
#include "oracle_end.h"
#include "scenario.h"

#define FLOOD_COUNT     10000
#define FLOOD_HALF_OPEN 64
#define GARBAGE_COUNT   4000

/* Ten thousand addresses that do not exist ask for an IKE SA: cookies keep them out, and who
 * answers gets in. */
void play_flood(struct net *n)
{
    struct shrike_stats s;

    n->setup.attacker = true;
    n->setup.limits.half_open = FLOOD_HALF_OPEN;
    n->setup.knobs[1].half_open_max = FLOOD_HALF_OPEN;
    n->setup.knobs[1].from_anybody = true;
    net_build(n);
    scenario_up(n);
    host_down(&n->host[0], NULL);
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "the first SA is to go");
    attacker_start(&n->attacker, ATTACK_FLOOD, FLOOD_COUNT, SHRIKE_MS);
    net_run(n, SHRIKE_SECOND);
    host_up(&n->host[0], NULL);
    net_until(n, net_answered, 60 * SHRIKE_SECOND, "the connection is to come up");
    expect(n, scenario_children_up(n));
    expect(n, n->attacker.left > 0); /* during the flood, not after it */
    net_run(n, 10 * SHRIKE_SECOND);
    s = host_stats(&n->host[1]);
    expect(n, s.cookies > FLOOD_COUNT * 9 / 10);
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_COOKIES_ON) == 1);
    expect(n, net_answered(n));
    net_run(n, 60 * SHRIKE_SECOND);
    expect(n, net_settled(n));
    net_close(n);
}

static void attack(struct net *n, enum attack kind, bool moved)
{
    n->attacker.moved = moved;
    attacker_start(&n->attacker, kind, 2 * n->attacker.count, 7 * SHRIKE_MS);
    net_run(n, 60 * SHRIKE_SECOND);
}

/* Everything that passed comes again, from where it came and from elsewhere: nothing changes. */
void play_replay(struct net *n)
{
    unsigned up[2], pairs[2];

    n->setup.attacker = true;
    n->setup.knobs[0].child_count = n->setup.knobs[1].child_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        struct conf_child *c = n->setup.knobs[i].children;
        c[1] = c[0];
        c[1].name = "second";
        c[1].local.y = c[1].remote.y = 2;
    }
    net_build(n);
    scenario_up(n);
    host_down(&n->host[1], "second");
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "a Child SA is to be deleted");
    net_run(n, SHRIKE_SECOND);
    n->attacker.learning = false;
    for (unsigned i = 0; i < 2; i++) {
        up[i] = (unsigned)n->host[i].ike_count;
        pairs[i] = n->host[i].kernel.installed;
    }
    attack(n, ATTACK_REPLAY, false);
    attack(n, ATTACK_REPLAY, true);
    for (unsigned i = 0; i < 2; i++) {
        expect(n, n->host[i].ike_count == up[i] && host_ikes_up(&n->host[i]) == 1);
        expect(n, n->host[i].kernel.installed == pairs[i] && pairs[i] == 1);
        host_command(&n->host[i],
                     (struct shrike_command){.kind = SHRIKE_LIVENESS, .conn = CONF_CONN});
    }
    net_run(n, SHRIKE_SECOND);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_PEER_ALIVE) == 1);
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_PEER_ALIVE) == 1);
    expect(n, net_settled(n));
    net_close(n);
}

/* Random octets and spoiled copies at all times, while hosts try to work. */
void play_garbage(struct net *n)
{
    struct prng *p = &n->world.prng;

    n->setup.attacker = true;
    for (unsigned i = 0; i < 2; i++)
        n->setup.knobs[i].dpd_delay = 30 * SHRIKE_SECOND;
    net_build(n);
    attacker_start(&n->attacker, ATTACK_GARBAGE, GARBAGE_COUNT, 20 * SHRIKE_MS);
    for (unsigned i = 0; i < 20; i++) {
        struct host *h = &n->host[prng_below(p, 2)];
        if (!prng_percent(p, 25))
            host_up(h, NULL);
        else
            host_down(h, NULL);
        net_run(n, prng_between(p, 1, 6000) * SHRIKE_MS);
    }
    n->attacker.attack = ATTACK_NONE;
    net_run(n, SHRIKE_SECOND);
    scenario_settle(n, 1200 * SHRIKE_SECOND);
    net_close(n);
}

/* Every third sealed message is authentic and wrong inside. Nobody needs to agree; nobody may
 * break, leak or keep anything. */
void play_evil_peer(struct net *n)
{
    struct prng *p = &n->world.prng;

    n->setup.evil = true;
    for (unsigned i = 0; i < 2; i++) {
        n->setup.knobs[i].dpd_delay = 30 * SHRIKE_SECOND;
        n->setup.knobs[i].children[1] = n->setup.knobs[i].children[0];
        n->setup.knobs[i].children[1].name = "second";
        n->setup.knobs[i].children[1].esp.groups[0] = KE_CURVE25519;
        n->setup.knobs[i].child_count = 2;
    }
    net_build(n);
    n->evil.percent = (u8)prng_between(p, 10, 40);
    for (unsigned i = 0; i < 40 && !n->world.failed; i++) {
        struct host *h = &n->host[prng_below(p, 2)];
        u64 what = prng_below(p, 10);
        if (what < 7)
            host_up(h, NULL);
        else
            host_down(h, what == 9 ? NULL : "second");
        net_run(n, prng_between(p, 100, 8000) * SHRIKE_MS);
    }
    n->evil.percent = 0;
    host_down(&n->host[0], NULL);
    host_down(&n->host[1], NULL);
    net_leave(n);
}

/* B gets fewer and fewer pages: it may refuse, it may not break, and it gives all back. */
void play_memory(struct net *n)
{
    n->setup.pages_max[1] = prng_between(&n->world.prng, 1, 40);
    net_build(n);
    if (n->host[1].engine) {
        host_up(&n->host[0], NULL);
        net_until(n, net_answered, 300 * SHRIKE_SECOND, "the command is to end");
        host_down(&n->host[0], NULL);
        net_leave(n);
    } else {
        n->host[1].node.next_run_at = SHRIKE_NEVER;
        expect(n, n->host[1].pages.bytes == 0);
    }
}
