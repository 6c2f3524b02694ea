/* Selectors that the two ends have in different shapes: one wide child at A, several narrow ones at
 * B; and hosts that see different addresses of each other. */
#include "selectors.h"
#include "host_log.h"
#include "oracle_end.h"
#include "scenario.h"

#define NETS 3

static const char *const names[NETS] = {"one", "two", "three"};

static void set_up(struct net *n)
{
    struct conf_child *wide = &n->setup.knobs[0].children[0];
    wide->start = SHRIKE_START_TRAP;
    wide->local = (struct conf_block){.x = 1, .prefix = 16};
    wide->remote = (struct conf_block){.x = 2, .prefix = 16};
    n->setup.knobs[1].child_count = NETS;
    for (unsigned i = 0; i < NETS; i++) {
        struct conf_child *c = &n->setup.knobs[1].children[i];
        *c = n->setup.knobs[1].children[0];
        c->name = names[i];
        c->local = (struct conf_block){.x = 2, .y = (u8)(i + 1), .prefix = 24};
        c->remote = (struct conf_block){.x = 1, .prefix = 16};
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

static struct shrike_ts host_of(u8 x, u8 y, u16 port)
{
    return (struct shrike_ts){.from = {10, x, y, 7},
                              .to = {10, x, y, 7},
                              .port_from = port,
                              .port_to = port,
                              .protocol = 6,
                              .family = 4};
}

/* A packet from A's net to 10.2.y.7. */
static void packet(struct net *n, u8 y)
{
    host_kernel(&n->host[0], (struct shrike_kernel_event){.kind = SHRIKE_ACQUIRE,
                                                          .reqid = 1,
                                                          .local = host_of(1, 1, 40000),
                                                          .remote = host_of(2, y, 443)});
}

/* Pairs of A whose remote side is 10.2.y.0/24 and nothing else. */
static unsigned count_net(const struct net *n, u8 y)
{
    const struct esp_pair *pair;
    unsigned count = 0;
    for (size_t i = 0; (pair = kernel_next(&n->host[0].kernel, &i)) != NULL;)
        count += pair->remote_count == 1 && pair->remote_ts[0].from[2] == y &&
                 pair->remote_ts[0].to[2] == y && pair->remote_ts[0].to[3] == 255;
    return count;
}

/* Packets go on coming until they are taken. */
static void packets_until_up(struct net *n, u8 y)
{
    for (unsigned i = 0; i < 100 && count_net(n, y) == 0; i++) {
        packet(n, y);
        net_run(n, 10 * SHRIKE_SECOND);
    }
    net_until(n, net_settled, 600 * SHRIKE_SECOND, "both ends are to agree");
    expect(n, count_net(n, y) == 1);
}

/* RFC 7296 2.9: the responder chooses what the first selectors ask for, and says that there is
 * more; packets bring up the rest, each once. */
void play_packet_first(struct net *n)
{
    struct link_faults f;

    set_up(n);
    net_build(n);
    f = storm(n);
    net_faults(n, &f);
    packets_until_up(n, 2);
    expect(n, n->host[0].kernel.installed == 1);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_ADDITIONAL_TS) == 1);
    packets_until_up(n, 3);
    expect(n, n->host[0].kernel.installed == 2);
    packet(n, 2);
    packet(n, 3);
    net_run(n, 60 * SHRIKE_SECOND);
    expect(n, n->host[0].kernel.installed == 2);
    for (unsigned i = 0; i < 5; i++) { /* nobody takes these: what comes instead comes once */
        packet(n, 9);
        net_run(n, 200 * SHRIKE_SECOND);
    }
    net_until(n, net_settled, 600 * SHRIKE_SECOND, "both ends are to agree");
    expect(n, n->host[0].kernel.installed == 3 && count_net(n, 1) == 1);
    net_close(n);
}

static void rekey(struct net *n, unsigned side)
{
    unsigned before = host_count(&n->host[side], SHRIKE_EVENT_CHILD_REKEYED);
    struct shrike_command c = {.kind = SHRIKE_REKEY, .conn = CONF_CONN};

    c.child = n->setup.knobs[0].children[0].name;
    host_command(&n->host[side], c);
    net_until(n, net_answered, 600 * SHRIKE_SECOND, "a rekey is to end");
    net_until(n, net_settled, 600 * SHRIKE_SECOND, "both ends are to agree");
    expect(n, host_count(&n->host[side], SHRIKE_EVENT_CHILD_REKEYED) == before + 1);
}

/* RFC 7296 2.23.1 (1): also after the NAT has given another port. */
void play_transport_nat(struct net *n)
{
    struct link_faults f;

    n->setup.nat = true;
    for (unsigned side = 0; side < 2; side++) {
        struct conf_child *c = &n->setup.knobs[side].children[0];
        c->mode = SHRIKE_TRANSPORT;
        c->local = c->remote = (struct conf_block){.protocol = side == 0 ? 17 : 0};
    }
    net_build(n);
    f = storm(n);
    net_faults(n, &f);
    host_up(&n->host[0], NULL);
    scenario_settle(n, 600 * SHRIKE_SECOND);
    expect(n, host_count(&n->host[0], SHRIKE_EVENT_CHILD_FAILED) == 0);
    rekey(n, 0);
    rekey(n, 1);
    nat_rebind(&n->nat);
    rekey(n, 0);
    rekey(n, 1);
    net_close(n);
}
