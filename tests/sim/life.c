/* Further children, crossing deletes, liveness and its end, a NAT that forgets. */
#include "life.h"
#include "host_log.h"
#include "scenario.h"
#include "wire/header.h"

#define MANY 1000

static void add_children(struct conf_knobs *k, unsigned count, u16 group)
{
    static const char *const names[] = {"net", "second", "third", "fourth"};

    k->child_count = count;
    for (unsigned i = 1; i < count; i++) {
        k->children[i] = k->children[0];
        k->children[i].name = names[i];
        k->children[i].local.y = k->children[i].remote.y = (u8)(i + 1);
        k->children[i].esp.groups[0] = i % 2 ? group : 0;
    }
}

/* RFC 7296 1.3.1: each by a CREATE_CHILD_SA of its own, every other one with a key exchange. */
void play_further_children(struct net *n)
{
    add_children(&n->setup.knobs[0], 4, KE_ECP384);
    add_children(&n->setup.knobs[1], 4, KE_ECP384);
    net_build(n);
    scenario_up(n);
    expect(n, host_count_sent(&n->host[0], EXCHANGE_CREATE_CHILD_SA, false) == 3);
    expect(n, n->host[0].kernel.installed == 4 && n->host[1].kernel.installed == 4);
    host_down(&n->host[0], "second");
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "a Child SA is to be deleted");
    net_run(n, SHRIKE_SECOND);
    expect(n, net_settled(n));
    expect(n, n->host[0].kernel.installed == 3 && n->host[1].kernel.installed == 3);
    host_up(&n->host[0], "second");
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "a Child SA is to come back");
    net_run(n, SHRIKE_SECOND);
    expect(n, net_settled(n) && scenario_children_up(n));
    net_close(n);
}

/* RFC 7296 1.4.1, 2.25: both ends delete the same Child SA, then the same IKE SA, at one instant.
 */
void play_crossing_delete(struct net *n)
{
    net_build(n);
    scenario_up(n);
    host_down(&n->host[0], "net");
    host_down(&n->host[1], "net");
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "both deletes are to be answered");
    net_run(n, SHRIKE_SECOND);
    expect(n, net_settled(n));
    expect(n, host_ikes_up(&n->host[0]) == 1);
    expect(n, n->host[0].kernel.installed == 0 && n->host[1].kernel.installed == 0);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_CHILD_DOWN) == 1);
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_CHILD_DOWN) == 1);
    scenario_up(n);
    host_down(&n->host[0], NULL);
    host_down(&n->host[1], NULL);
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "both ends are to close");
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_RETRANSMIT) == 0);
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_RETRANSMIT) == 0);
    net_leave(n);
}

static bool both_at_b(struct net *n)
{
    return n->host[1].kernel.installed == 2;
}

/* The delete of a Child SA overtakes the response that made it: A must not keep what B has deleted.
 */
void play_early_delete(struct net *n)
{
    add_children(&n->setup.knobs[0], 2, KE_NONE);
    add_children(&n->setup.knobs[1], 2, KE_NONE);
    net_build(n);
    host_up(&n->host[0], "net");
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "the first Child SA is to come up");
    n->link[1].faults.down = true;
    host_up(&n->host[0], "second");
    net_until(n, both_at_b, 10 * SHRIKE_SECOND, "B is to have the second Child SA");
    n->link[1].faults.down = false;
    host_down(&n->host[1], "second");
    net_until(n, net_answered, 30 * SHRIKE_SECOND, "both commands are to be answered");
    net_run(n, SHRIKE_SECOND);
    expect(n, n->host[0].kernel.installed == 1 && n->host[1].kernel.installed == 1);
    expect(n, net_settled(n));
    net_close(n);
}

/* RFC 7296 2.4: silence is asked about; a peer that answers stays. */
void play_liveness(struct net *n)
{
    n->setup.knobs[0].dpd_delay = 10 * SHRIKE_SECOND;
    net_build(n);
    scenario_up(n);
    net_run(n, 101 * SHRIKE_SECOND);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_PEER_ALIVE) >= 9);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_PEER_ALIVE) <= 10);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_RETRANSMIT) == 0);
    expect(n, net_settled(n));
    net_cut(n, true);
    net_run(n, 50 * SHRIKE_SECOND);
    expect(n, host_ikes_up(&n->host[0]) == 1);
    net_cut(n, false);
    net_run(n, 70 * SHRIKE_SECOND);
    expect(n, host_ikes_up(&n->host[0]) == 1 && net_settled(n));
    net_cut(n, true);
    net_run(n, 240 * SHRIKE_SECOND);
    expect(n, host_ikes_up(&n->host[0]) == 0 && n->host[0].kernel.installed == 0);
    expect(n, host_count_reason(&n->host[0], SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_TIMEOUT) == 1);
    net_cut(n, false);
    host_down(&n->host[1], NULL);
    net_leave(n);
}

/* The times between sends of the request that A began at `from`: 1, 2, 4 ... 64 s, each within
 * jitter percent; the end 64 s after the last one. */
static void check_times(struct net *n, size_t from, unsigned jitter)
{
    const struct host *h = &n->host[0];
    const struct host_event *end = host_last(h, SHRIKE_EVENT_IKE_DOWN);
    shrike_time wanted = SHRIKE_SECOND, moved = 0;

    expect(n, h->sent_count - from == 8);
    expect(n, end && end->reason == SHRIKE_REASON_TIMEOUT);
    for (size_t i = from + 1; i < h->sent_count; i++, wanted *= 2) {
        shrike_time took = h->sent[i].at - h->sent[i - 1].at;
        shrike_time off = took > wanted ? took - wanted : wanted - took;
        expect(n, off * 100 <= wanted * jitter);
        expect(n, h->sent[i].message_id == h->sent[from].message_id);
        moved += off;
    }
    expect(n, (moved > 0) == (jitter > 0));
    if (end && h->sent_count > 0)
        expect(n, end->at - h->sent[h->sent_count - 1].at == 64 * SHRIKE_SECOND);
}

/* The retransmission times of product.md, to the microsecond without jitter. */
void play_peer_dies(struct net *n)
{
    size_t from;

    n->setup.knobs[0].jitter = prng_percent(&n->world.prng, 50) ? 10 : 0;
    net_build(n);
    scenario_up(n);
    net_cut(n, true);
    from = n->host[0].sent_count;
    host_command(&n->host[0], (struct shrike_command){.kind = SHRIKE_LIVENESS, .conn = CONF_CONN});
    net_run(n, 220 * SHRIKE_SECOND);
    check_times(n, from, n->setup.knobs[0].jitter);
    expect(n, host_ikes_up(&n->host[0]) == 0 && n->host[0].kernel.installed == 0);
    net_cut(n, false);
    host_down(&n->host[1], NULL);
    net_leave(n);
}

/* RFC 7296 2.23: a NAT forgets its mapping; the next authentic packet shows the new one. */
void play_rebinding(struct net *n)
{
    n->setup.nat = true;
    n->setup.knobs[0].dpd_delay = 20 * SHRIKE_SECOND;
    net_build(n);
    scenario_up(n);
    for (unsigned i = 0; i < 3; i++) {
        nat_rebind(&n->nat);
        net_run(n, 60 * SHRIKE_SECOND);
        host_command(&n->host[1],
                     (struct shrike_command){.kind = SHRIKE_LIVENESS, .conn = CONF_CONN});
        net_run(n, 5 * SHRIKE_SECOND);
        expect(n, host_count(&n->host[1], SHRIKE_EVENT_PEER_ALIVE) == i + 1);
    }
    expect(n, host_count(&n->host[1], SHRIKE_EVENT_RETRANSMIT) == 0);
    net_close(n);
}

/* A configuration that says the same leaves every SA; the engine lets go of the old one soon. One
 * that says something else is kept as long as an SA looks at it. */
void play_reload(struct net *n)
{
    net_build(n);
    scenario_up(n);
    for (unsigned i = 0; i < 20; i++) {
        expect(n, host_reload(&n->host[0]) && host_reload(&n->host[1]));
        net_run(n, SHRIKE_SECOND);
    }
    for (unsigned i = 0; i < 2; i++)
        for (unsigned c = 0; c + 1 < n->host[i].conf_count; c++)
            expect(n, n->host[i].confs[c].unused);
    expect(n, net_settled(n) && host_ikes_up(&n->host[0]) == 1);
    scenario_up(n);
    host_down(&n->host[0], "net");
    net_until(n, net_answered, 10 * SHRIKE_SECOND, "a Child SA is to be deleted");
    scenario_up(n);
    net_close(n);
}

/* One handshake after another: what the simulator can do in a second. */
void play_many(struct net *n)
{
    net_build(n);
    for (unsigned i = 0; i < MANY && !n->world.failed; i++) {
        host_up(&n->host[0], NULL);
        net_until(n, net_answered, 10 * SHRIKE_SECOND, "the connection is to come up");
        host_down(&n->host[0], NULL);
        net_until(n, net_answered, 10 * SHRIKE_SECOND, "the connection is to go down");
        net_run(n, SHRIKE_SECOND);
    }
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_IKE_UP) == MANY);
    net_leave(n);
}
