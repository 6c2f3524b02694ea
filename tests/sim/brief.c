/* Short lives: see brief.h. */
#include "brief.h"
#include "host_log.h"

const char *const brief_names[BRIEF_CHILDREN_MAX] = {"one", "two", "three"};

static void set_up_side(struct net *n, struct conf_knobs *k, unsigned children)
{
    k->child_count = children;
    k->jitter = 10;
    k->window = (u8)prng_between(&n->world.prng, 1, SHRIKE_WINDOW_MAX);
    for (unsigned i = 0; i < children; i++) {
        k->children[i] = k->children[0];
        k->children[i].name = brief_names[i];
        k->children[i].local.y = k->children[i].remote.y = (u8)(i + 1);
        k->children[i].esp.groups[0] = i % 2 ? KE_ECP256 : 0;
    }
}

void brief_set_up(struct net *n, unsigned children)
{
    n->setup.nat = false;
    for (unsigned side = 0; side < 2; side++)
        set_up_side(n, &n->setup.knobs[side], children);
}

shrike_time brief_draw_seconds(struct net *n, u64 least, u64 most)
{
    return prng_between(&n->world.prng, least, most) * SHRIKE_SECOND;
}

void brief_storm(struct net *n)
{
    struct link_faults f = {
        .delay = prng_between(&n->world.prng, 1, 200) * SHRIKE_MS,
        .jitter = 50 * SHRIKE_MS,
        .reorder_delay = SHRIKE_SECOND,
        .loss = (u8)(n->options.loss >= 0 ? MIN(n->options.loss, 10) : 5),
        .duplicate = 5,
        .reorder = 10,
    };
    net_faults(n, &f);
}

static bool one_of_each(struct net *n)
{
    unsigned children = n->setup.knobs[0].child_count;
    for (unsigned i = 0; i < children; i++)
        if (kernel_count_child(&n->host[0].kernel, brief_names[i]) != 1)
            return false;
    return net_settled(n) && n->host[0].kernel.installed == children;
}

void brief_calm(struct net *n)
{
    net_faults(n, &(struct link_faults){.delay = 10 * SHRIKE_MS});
    net_run(n, 240 * SHRIKE_SECOND);
    net_until(n, one_of_each, 120 * SHRIKE_SECOND, "there is to be one of each");
    expect(n, host_ikes_up(&n->host[0]) == 1 && host_ikes_up(&n->host[1]) == 1);
}
