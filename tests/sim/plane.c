/* The data plane asks for Child SAs, wears them out, and loses them all. */
#include "plane.h"
#include "host_log.h"
#include "oracle_end.h"
#include "scenario.h"
#include "shrike/view.h"
#include "wire/header.h"

#define CHILDREN 4
#define LOSSES   6 /* times that a data plane is lost in one seed */

static const char *const names[CHILDREN] = {"one", "two", "three", "four"};

static void set_children(struct net *n, unsigned count, enum shrike_start start)
{
    for (unsigned side = 0; side < 2; side++) {
        struct conf_knobs *k = &n->setup.knobs[side];
        k->child_count = count;
        for (unsigned i = 0; i < count; i++) {
            k->children[i] = k->children[0];
            k->children[i].name = names[i];
            k->children[i].start = start;
            k->children[i].local.y = k->children[i].remote.y = (u8)(i + 1);
            k->children[i].esp.groups[0] = i % 2 ? KE_ECP256 : 0;
        }
    }
}

static struct link_faults storm(struct net *n)
{
    return (struct link_faults){
        .delay = 20 * SHRIKE_MS,
        .jitter = 10 * SHRIKE_MS,
        .reorder_delay = SHRIKE_SECOND,
        .loss = (u8)(n->options.loss >= 0 ? n->options.loss : 20),
        .duplicate = 5,
        .reorder = 5,
    };
}

static void acquire(struct host *h, u32 reqid)
{
    host_kernel(h, (struct shrike_kernel_event){.kind = SHRIKE_ACQUIRE, .reqid = reqid});
}

/* The serial of the pair of this child that is installed; 0: none. */
static u32 serial_of(const struct host *h, const char *child)
{
    const struct esp_pair *pair;
    for (size_t i = 0; (pair = kernel_next(&h->kernel, &i)) != NULL;)
        if (strcmp(pair->child, child) == 0)
            return pair->child_serial;
    return 0;
}

static bool two_is_up(struct net *n)
{
    return net_settled(n) && kernel_count_child(&n->host[0].kernel, "two") == 1;
}

/* A storm of packets at a trap makes one IKE SA and one Child SA, and each further trap one more.
 */
void play_acquire(struct net *n)
{
    struct link_faults f;
    unsigned failed;

    set_children(n, 3, SHRIKE_START_TRAP);
    net_build(n);
    f = storm(n);
    net_faults(n, &f);
    acquire(&n->host[0], 99);
    net_run(n, SHRIKE_SECOND);
    expect(n, host_stats(&n->host[0]).ike_sas == 0 && n->host[0].sent_count == 0);
    for (unsigned i = 0; i < 100; i++) {
        acquire(&n->host[0], 2);
        net_run(n, 5 * SHRIKE_MS);
    }
    for (unsigned i = 0; i < 100 && !two_is_up(n); i++) { /* packets go on coming */
        net_run(n, 10 * SHRIKE_SECOND);
        acquire(&n->host[0], 2);
    }
    failed = host_count(&n->host[0], SHRIKE_EVENT_IKE_FAILED);
    expect(n, two_is_up(n));
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_ACQUIRE) == 1 + failed);
    expect(n, n->host[0].kernel.installed == 1 && host_ikes_up(&n->host[0]) == 1);
    net_run(n, 10 * SHRIKE_SECOND); /* late copies */
    size_t sent = n->host[0].sent_count;
    acquire(&n->host[0], 2);
    net_run(n, SHRIKE_SECOND);
    expect(n, n->host[0].sent_count == sent);
    acquire(&n->host[0], 1);
    acquire(&n->host[0], 3);
    acquire(&n->host[0], 3);
    scenario_settle(n, 600 * SHRIKE_SECOND);
    expect(n, n->host[0].kernel.installed == 3);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_ACQUIRE) == 3 + failed);
    expect(n, host_ikes_up(&n->host[0]) == 1);
    net_close(n);
}

static void expire(struct host *h, enum shrike_kernel_kind kind, u32 serial)
{
    host_kernel(h, (struct shrike_kernel_event){.kind = kind, .child_serial = serial});
}

static bool whole(struct net *n)
{
    return net_settled(n) && scenario_children_up(n);
}
static bool only_two(struct net *n)
{
    const struct kernel *k = &n->host[0].kernel;
    return net_settled(n) && k->installed == 1 && kernel_count_child(k, "two") == 1;
}

/* Limits reached at one end, which may be either. */
static void wear_out(struct net *n, unsigned side)
{
    struct host *h = &n->host[side];
    u32 one = serial_of(h, "one"), two = serial_of(h, "two"), three = serial_of(h, "three");
    unsigned soft = host_count(h, SHRIKE_EVENT_CHILD_SOFT_LIMIT);
    unsigned ends = host_count_reason(h, SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_EXPIRED);

    expire(h, SHRIKE_EXPIRE_SOFT, one);
    expire(h, SHRIKE_EXPIRE_SOFT, 12345);
    expire(h, SHRIKE_EXPIRE_HARD, 12345);
    net_run(n, 300 * SHRIKE_SECOND);
    expect(n, host_count(h, SHRIKE_EVENT_CHILD_SOFT_LIMIT) == soft + 1);
    expect(n, serial_of(h, "one") > one); /* rekeyed */
    one = serial_of(h, "one");
    expire(h, SHRIKE_EXPIRE_HARD, one);
    expire(h, SHRIKE_EXPIRE_HARD, one);
    expire(h, SHRIKE_EXPIRE_HARD, two);
    expire(h, SHRIKE_EXPIRE_HARD, three);
    net_until(n, only_two, 300 * SHRIKE_SECOND, "what is worn out is to be deleted");
    expect(n, host_count_reason(h, SHRIKE_EVENT_CHILD_DOWN, SHRIKE_REASON_EXPIRED) == ends + 3);
    expect(n, serial_of(h, "one") == 0 && serial_of(h, "three") == 0); /* NONE and TRAP */
    expect(n, serial_of(h, "two") > two);                              /* NOW */
    acquire(h, 3);
    host_up(&n->host[side], "one");
    net_until(n, whole, 300 * SHRIKE_SECOND, "all children are to be there again");
    expect(n, h->kernel.installed == 3);
}

void play_expire(struct net *n)
{
    struct link_faults f;

    n->setup.nat = false; /* both ends call */
    set_children(n, 3, SHRIKE_START_NONE);
    for (unsigned side = 0; side < 2; side++) {
        n->setup.knobs[side].children[1].start = SHRIKE_START_NOW;
        n->setup.knobs[side].children[2].start = SHRIKE_START_TRAP;
    }
    net_build(n);
    scenario_up(n);
    f = storm(n);
    f.loss /= 2; /* of eight datagrams none may arrive: that would end the IKE SA */
    net_faults(n, &f);
    for (unsigned side = 0; side < 2 && !n->world.failed; side++)
        wear_out(n, side);
    net_close(n);
}

/* Nothing that the views show is older than the loss, and what they show is what is installed. */
static void check_views(struct net *n, unsigned side)
{
    const struct host *h = &n->host[side];
    struct shrike_ike_view ike;
    struct shrike_child_view child = {0};
    unsigned shown = 0;

    for (u32 at = 0; shrike_view_ike(h->engine, &at, &ike); child.serial = 0) {
        unsigned before = shown;
        while (shrike_view_child(h->engine, at, ike.serial, child.serial, &child)) {
            const struct esp_pair *pair = kernel_by_spi_in(&h->kernel, child.spi_in);
            expect(n, child.state == SHRIKE_CHILD_INSTALLED);
            expect(n, pair && pair->child_serial == child.serial);
            shown++;
        }
        expect(n, shown - before == ike.children);
    }
    expect(n, shown == h->kernel.installed);
}

static void check_counts(struct net *n)
{
    for (unsigned i = 0; i < CHILDREN; i++)
        expect(n, kernel_count_child(&n->host[0].kernel, names[i]) == 1);
    for (unsigned side = 0; side < 2; side++)
        check_views(n, side);
}

/* A link that loses eight datagrams in a row ends an IKE SA; both ends are to notice. */
static void watch(struct net *n)
{
    n->setup.knobs[0].dpd_delay = n->setup.knobs[1].dpd_delay = 30 * SHRIKE_SECOND;
}

/* Nothing else has ended it. */
static void check_ikes(struct net *n)
{
    const struct host *h = &n->host[0];
    unsigned ends = host_count(h, SHRIKE_EVENT_IKE_DOWN);

    expect(n, host_ikes_up(h) == 1 && host_count(h, SHRIKE_EVENT_IKE_UP) == 1 + ends);
    expect(n, ends == host_count_reason(h, SHRIKE_EVENT_IKE_DOWN, SHRIKE_REASON_TIMEOUT));
}

/* At either end, again before the first loss was made good, with datagrams lost. */
void play_plane_lost(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct link_faults f;

    set_children(n, CHILDREN, SHRIKE_START_NONE);
    watch(n);
    net_build(n);
    scenario_up(n);
    f = storm(n);
    net_faults(n, &f);
    for (unsigned i = 0; i < LOSSES && !n->world.failed; i++) {
        unsigned side = (unsigned)prng_below(p, 2);
        for (unsigned times = (unsigned)prng_between(p, 1, 3); times > 0; times--) {
            host_lose_plane(&n->host[side]);
            net_run(n, prng_below(p, 3 * SHRIKE_SECOND));
        }
        scenario_settle(n, 1200 * SHRIKE_SECOND);
        if (!n->world.failed)
            check_counts(n);
    }
    check_ikes(n);
    net_close(n);
}

static bool one_of_each(struct net *n)
{
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (kernel_count_child(&n->host[0].kernel, names[i]) != 1 ||
            kernel_count_child(&n->host[1].kernel, names[i]) != 1)
            return false;
    }
    return net_settled(n);
}

/* Both ends at nearly the same time: both make all anew, and what is too much goes. */
void play_both_lost(struct net *n)
{
    struct prng *p = &n->world.prng;
    struct link_faults f;

    set_children(n, CHILDREN, SHRIKE_START_NONE);
    watch(n);
    net_build(n);
    scenario_up(n);
    f = storm(n);
    net_faults(n, &f);
    for (unsigned i = 0; i < LOSSES && !n->world.failed; i++) {
        unsigned first = (unsigned)prng_below(p, 2);
        host_lose_plane(&n->host[first]);
        net_run(n, prng_percent(p, 50) ? 0 : prng_below(p, SHRIKE_SECOND));
        host_lose_plane(&n->host[1 - first]);
        for (unsigned times = 0; times < 20 && !n->world.failed && !one_of_each(n); times++) {
            net_run(n, 10 * SHRIKE_SECOND); /* the surplus goes after a pause */
            scenario_settle(n, 1200 * SHRIKE_SECOND);
        }
        if (!n->world.failed)
            check_counts(n);
    }
    check_ikes(n);
    net_close(n);
}
