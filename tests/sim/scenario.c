/* The table of scenarios and their common steps. */
#include "scenario.h"
#include "handshake.h"
#include "hostile.h"
#include "life.h"
#include "lost.h"
#include "mesh.h"
#include "oracle_end.h"
#include "plane.h"
#include "redirect.h"
#include "rekey.h"
#include "restart.h"
#include "road_warrior.h"
#include "roam.h"
#include "selectors.h"
#include "swarm.h"
#include "two_hosts.h"

#define ASK_EVERY (30 * SHRIKE_SECOND)

static const struct scenario scenarios[] = {
    {"two-hosts", two_hosts, false},
    {"plain", play_plain, false},
    {"cookie", play_cookie, false},
    {"invalid-ke", play_invalid_ke, false},
    {"no-proposal", play_no_proposal, false},
    {"wrong-psk", play_wrong_psk, false},
    {"eap", play_eap, false},
    {"eap-refused", play_eap_refused, false},
    {"ppk", play_ppk, false},
    {"ppk-refused", play_ppk_refused, false},
    {"wrong-id", play_wrong_id, false},
    {"ts-mismatch", play_ts_mismatch, false},
    {"child-fails-in-kernel", play_child_fails, false},
    {"fragments", play_fragments, false},
    {"further-children", play_further_children, false},
    {"crossing-delete", play_crossing_delete, false},
    {"early-delete", play_early_delete, false},
    {"liveness", play_liveness, false},
    {"peer-dies", play_peer_dies, false},
    {"rebinding", play_rebinding, false},
    {"reload", play_reload, false},
    {"acquire", play_acquire, false},
    {"packet-first", play_packet_first, false},
    {"transport-nat", play_transport_nat, false},
    {"expire", play_expire, false},
    {"plane-lost", play_plane_lost, false},
    {"both-lost", play_both_lost, false},
    {"rekey", play_rekey, false},
    {"reauth", play_reauth, false},
    {"reboot", play_reboot, false},
    {"forced", play_forced, false},
    {"dpd-restart", play_dpd_restart, false},
    {"both-restart", play_both_restart, false},
    {"tries", play_tries, false},
    {"close-action", play_close_action, false},
    {"both-call", play_both_call, false},
    {"unique", play_unique, false},
    {"roam", play_roam, false},
    {"roam-responder", play_roam_responder, false},
    {"roam-storm", play_roam_storm, false},
    {"roam-mapping", play_roam_mapping, false},
    {"roam-two-nats", play_roam_two_nats, false},
    {"roam-without", play_roam_without, false},
    {"restart", play_restart, false},
    {"redirect", play_redirect, false},
    {"road-warrior", play_road_warrior, false},
    {"memory", play_memory, false},
    {"replay", play_replay, false},
    {"garbage", play_garbage, false},
    {"evil-peer", play_evil_peer, false},
    {"swarm", play_swarm, true},
    {"mesh", play_mesh, true},
    {"flood", play_flood, true},
    {"many", play_many, true},
};

const struct scenario *scenario_find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_LEN(scenarios); i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}

const struct scenario *scenario_at(unsigned i)
{
    return i < ARRAY_LEN(scenarios) ? &scenarios[i] : NULL;
}

bool scenario_children_up(struct net *n)
{
    for (unsigned i = 0; i < n->setup.knobs[0].child_count; i++)
        if (kernel_count_child(&n->host[0].kernel, n->setup.knobs[0].children[i].name) == 0)
            return false;
    return true;
}

static bool complete(struct net *n)
{
    return net_settled(n) && scenario_children_up(n);
}

void scenario_up(struct net *n)
{
    const char *why;

    host_up(&n->host[0], NULL);
    net_until(n, net_answered, 60 * SHRIKE_SECOND, "the connection is to come up");
    net_until(n, complete, 60 * SHRIKE_SECOND, "both ends are to agree");
    why = oracle_carries(&n->oracle);
    if (why)
        world_fail(&n->world, "%s", why);
}

void scenario_settle(struct net *n, shrike_time within)
{
    shrike_time end = n->world.now + within;
    const char *why;

    while (!n->world.failed && !complete(n) && n->world.now < end) {
        if (!scenario_children_up(n) && host_commands_open(&n->host[0]) == 0)
            host_up(&n->host[0], NULL);
        net_run(n, ASK_EVERY);
    }
    why = oracle_settled(&n->oracle);
    if (why)
        world_fail(&n->world, "not settled in %.0f s of calm: %s",
                   (double)within / (double)SHRIKE_SECOND, why);
    if (!scenario_children_up(n))
        world_fail(&n->world, "a Child SA does not come up in calm");
    why = oracle_carries(&n->oracle);
    if (why)
        world_fail(&n->world, "%s", why);
}
