/* Peers that are lost and found again. */
#include "lost.h"
#include "host_log.h"
#include "scenario.h"

static unsigned ikes(const struct net *n, unsigned host)
{
    return host_stats(&n->host[host]).ike_sas;
}

static bool one_each(struct net *n)
{
    return net_settled(n) && ikes(n, 0) == 1 && ikes(n, 1) == 1 &&
           n->host[0].kernel.installed == n->setup.knobs[0].child_count;
}

/* RFC 7296 2.4: who has lost everything says INITIAL_CONTACT, and what the other one still has of
 * before goes without a word. Who lost it may be either end, and either may call. */
void play_reboot(struct net *n)
{
    u64 who = prng_below(&n->world.prng, 2), caller = prng_below(&n->world.prng, 2);

    net_build(n);
    scenario_up(n);
    for (unsigned i = 0; i < 3; i++) {
        struct host *lost = &n->host[who], *other = &n->host[1 - who];
        net_run(n, 10 * SHRIKE_SECOND);
        host_reboot(lost);
        net_run(n, SHRIKE_SECOND);
        host_command(lost, (struct shrike_command){.kind = SHRIKE_UP, .conn = CONF_CONN});
        net_until(n, net_answered, 10 * SHRIKE_SECOND, "who lost it calls again");
        net_until(n, one_each, 70 * SHRIKE_SECOND, "one SA is to be left at each end");
        expect(n, host_count_reason(other, SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_REPLACED) == i + 1);
        expect(n, host_count(other, SHRIKE_EVENT_RETRANSMIT) == 0);
    }
    host_down(&n->host[caller], NULL);
    net_leave(n);
}

/* A forced end does not wait for a peer that is not there, and what that one still has goes when
 * they meet again. A peer that is there hears of it, unless that one message is lost. */
void play_forced(struct net *n)
{
    struct host *a = &n->host[0], *b = &n->host[1];
    struct shrike_command force = {.kind = SHRIKE_DOWN, .conn = CONF_CONN, .forget = 1};
    size_t sent;

    net_build(n);
    scenario_up(n);
    net_cut(n, true);
    host_command(a, force);
    net_run(n, SHRIKE_SECOND);
    expect(n, ikes(n, 0) == 0 && a->kernel.installed == 0);
    expect(n, host_count(a, SHRIKE_EVENT_RETRANSMIT) == 0 && ikes(n, 1) == 1);
    sent = a->sent_count;
    net_run(n, 60 * SHRIKE_SECOND);
    expect(n, a->sent_count == sent);
    net_cut(n, false);
    host_command(a, (struct shrike_command){.kind = SHRIKE_UP, .conn = CONF_CONN});
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "A calls again");
    net_until(n, one_each, 70 * SHRIKE_SECOND, "one SA is to be left at each end");
    expect(n, host_count_reason(b, SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_REPLACED) == 1);
    force.forget = 30 * SHRIKE_SECOND;
    host_command(a, force);
    net_run(n, 40 * SHRIKE_SECOND);
    expect(n, ikes(n, 0) == 0 && host_ikes_up(b) == 0);
    net_close(n);
}

static bool a_gave_up(struct net *n)
{
    return host_count_reason(&n->host[0], SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_TIMEOUT) > 0;
}

/* dpd_action: the peer is given up, called again for as long as it takes, with growing pauses. */
void play_dpd_restart(struct net *n)
{
    size_t began;

    n->setup.knobs[0].dpd_delay = 10 * SHRIKE_SECOND;
    n->setup.knobs[0].children[0].dpd_action = SHRIKE_START_NOW;
    net_build(n);
    scenario_up(n);
    net_cut(n, true);
    net_until(n, a_gave_up, 300 * SHRIKE_SECOND, "A gives B up");
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_AGAIN) == 1);
    began = n->host[0].sent_count;
    net_run(n, SHRIKE_SECOND);
    expect(n, n->host[0].sent_count == began); /* not at once */
    net_run(n, 3600 * SHRIKE_SECOND);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_AGAIN) >= 8);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_AGAIN) <= 16);
    net_cut(n, false);
    net_until(n, one_each, 600 * SHRIKE_SECOND, "A comes back");
    expect(n, scenario_children_up(n));
    expect(n, host_count_reason(&n->host[1], SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_REPLACED) == 1);
    net_close(n);
}

static bool both_gave_up(struct net *n)
{
    return ikes(n, 0) == 1 && ikes(n, 1) == 1 && n->host[0].kernel.installed == 0 &&
           n->host[1].kernel.installed == 0;
}

/* Both ends want it back. Who calls first makes what the other one waits for. */
void play_both_restart(struct net *n)
{
    for (unsigned i = 0; i < 2; i++) {
        n->setup.knobs[i].dpd_delay = 10 * SHRIKE_SECOND;
        n->setup.knobs[i].children[0].dpd_action = SHRIKE_START_NOW;
    }
    net_build(n);
    scenario_up(n);
    net_cut(n, true);
    net_until(n, both_gave_up, 300 * SHRIKE_SECOND, "each gives the other up");
    net_run(n, prng_below(&n->world.prng, 3000 * SHRIKE_SECOND));
    net_cut(n, false);
    net_run(n, 900 * SHRIKE_SECOND);
    expect(n, one_each(n));
    net_close(n);
}

/* keyingtries: so many attempts in a row, and no more; a command ends the waiting too. */
void play_tries(struct net *n)
{
    bool told = prng_percent(&n->world.prng, 50);

    n->setup.knobs[0].dpd_delay = 10 * SHRIKE_SECOND;
    n->setup.knobs[0].keyingtries = told ? 0 : 2;
    n->setup.knobs[0].children[0].dpd_action = SHRIKE_START_NOW;
    net_build(n);
    scenario_up(n);
    net_cut(n, true);
    net_run(n, 3600 * SHRIKE_SECOND);
    if (told) {
        expect(n, ikes(n, 0) == 1);
        host_down(&n->host[0], prng_percent(&n->world.prng, 50) ? "net" : NULL);
        net_run(n, 600 * SHRIKE_SECOND);
    } else {
        expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_AGAIN) == 2);
        expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_FAILED) == 2);
    }
    expect(n, ikes(n, 0) == 0);
    net_cut(n, false);
    host_down(&n->host[1], NULL);
    net_leave(n);
}

static bool a_has_it_again(struct net *n)
{
    return net_answered(n) && one_each(n);
}

/* close_action: what the peer closes is made again, the IKE SA as well as a Child SA. */
void play_close_action(struct net *n)
{
    n->setup.knobs[0].children[0].close_action = SHRIKE_START_NOW;
    net_build(n);
    scenario_up(n);
    net_run(n, 61 * SHRIKE_SECOND);
    host_down(&n->host[1], NULL);
    net_run(n, SHRIKE_SECOND);
    expect(n, n->host[0].kernel.installed == 0 && ikes(n, 0) > 0);
    net_until(n, a_has_it_again, 70 * SHRIKE_SECOND, "A makes the IKE SA again");
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_AGAIN) == 1);
    host_down(&n->host[1], "net");
    net_run(n, SHRIKE_SECOND);
    expect(n, n->host[0].kernel.installed == 0 && host_ikes_up(&n->host[0]) == 1);
    net_until(n, a_has_it_again, 10 * SHRIKE_SECOND, "A makes the Child SA again");
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_AGAIN) == 1);
    net_close(n); /* A itself does not want it any more */
}

/* Both ends call at about the same time, with every policy, loss and delay: one IKE SA is left,
 * with one Child SA of each kind. */
void play_both_call(struct net *n)
{
    static const enum shrike_unique policies[] = {SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_REPLACE,
                                                  SHRIKE_UNIQUE_KEEP};
    struct prng *p = &n->world.prng;
    struct link_faults f = {.delay = prng_between(p, 1, 100) * SHRIKE_MS,
                            .jitter = prng_below(p, 100 * SHRIKE_MS),
                            .loss = (u8)prng_below(p, 10)};

    for (unsigned i = 0; i < 2; i++) {
        struct conf_knobs *k = &n->setup.knobs[i];
        k->unique = policies[prng_below(p, 3)];
        k->child_count = 2;
        k->children[1] = k->children[0];
        k->children[1].name = "second";
        k->children[1].local.y = k->children[1].remote.y = 2;
        if (prng_percent(p, 20))
            k->remote_id = NULL;
    }
    net_build(n);
    net_faults(n, &f);
    n->host[0].model.latency_max = prng_below(p, 100 * SHRIKE_MS);
    n->host[1].model.latency_max = prng_below(p, 100 * SHRIKE_MS);
    for (unsigned i = 0; i < 2; i++) {
        host_up(&n->host[i], NULL);
        net_run(n, prng_below(p, 400 * SHRIKE_MS));
    }
    net_until(n, net_answered, 300 * SHRIKE_SECOND, "both calls are to be answered");
    net_until(n, one_each, 300 * SHRIKE_SECOND, "one SA is to be left at each end");
    expect(n, scenario_children_up(n));
    net_close(n);
}

/* A second IKE SA of A, from another address or made while the first is up, by policy of B. */
void play_unique(struct net *n)
{
    static const enum shrike_unique policies[] = {SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_NEVER,
                                                  SHRIKE_UNIQUE_REPLACE, SHRIKE_UNIQUE_KEEP};
    enum shrike_unique policy = policies[prng_below(&n->world.prng, 4)];
    struct host *a = &n->host[0], *b = &n->host[1];

    n->setup.knobs[0].unique = SHRIKE_UNIQUE_NEVER; /* A does not say INITIAL_CONTACT */
    n->setup.knobs[1].unique = policy;
    net_build(n);
    scenario_up(n);
    net_run(n, 10 * SHRIKE_SECOND);
    host_reboot(a);
    host_up(a, NULL);
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "A calls a second time");
    net_run(n, 300 * SHRIKE_SECOND);
    switch (policy) {
    case SHRIKE_UNIQUE_NO:
    case SHRIKE_UNIQUE_NEVER:
    case SHRIKE_UNIQUE_KEEP: /* from the address that it had, it may be the old one */
        expect(n, host_ikes_up(b) == 2 && host_ikes_up(a) == 1);
        break;
    case SHRIKE_UNIQUE_REPLACE:
        expect(n, host_ikes_up(b) == 1 && host_ikes_up(a) == 1);
        expect(n, host_count(b, SHRIKE_EVENT_IKE_DOWN) == 1);
        break;
    }
    expect(n, a->kernel.installed == 1);
    host_command(a, (struct shrike_command){.kind = SHRIKE_DOWN});
    host_command(b, (struct shrike_command){.kind = SHRIKE_DOWN});
    net_leave(n);
}
