/* Traps follow the configuration. */
#include "esp/trap.h"
#include "sas.h"
#include "test.h"

static struct traps t;
static u32 added, gone;

static void route(void *ctx, const struct esp_sa *sa, bool add)
{
    (void)ctx;
    (void)sa;
    *(add ? &added : &gone) += 1;
}

static void setup(void)
{
    t = (struct traps){.db = sadb_new(4), .route = route};
    added = gone = 0;
    traps_open(&t);
}

static void teardown(void)
{
    traps_close(&t);
    CHECK_EQ(added, gone);
    sadb_free(t.db);
}

/* A configuration of one connection with these children. */
static u32 apply(const struct shrike_child_conf *children, u16 count, struct shrike_conn conn)
{
    conn.children = children;
    conn.child_count = count;
    struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    return traps_apply(&t, &conf);
}

static struct shrike_child_conf child(u32 reqid, const struct shrike_ts *local,
                                      const struct shrike_ts *remote)
{
    return (struct shrike_child_conf){.name = "c",
                                      .start = SHRIKE_START_TRAP,
                                      .local_ts = local,
                                      .remote_ts = remote,
                                      .local_ts_count = 1,
                                      .remote_ts_count = 1,
                                      .reqid = reqid};
}

static struct esp_sa *met(u32 src, u32 dst)
{
    struct inner p = inner4(src, 1, dst, 2);
    return sadb_out(t.db, &p);
}

TEST(traps_come_stay_and_go)
{
    struct shrike_ts here = ts4(0x0a000000, 8), net1 = ts4(0xc0000200, 24),
                     net2 = ts4(0xc6336400, 24);
    struct shrike_child_conf c[3] = {child(1, &here, &net1), child(2, &here, &net2),
                                     child(3, &here, &net2)};
    setup();
    c[2].start = SHRIKE_START_NOW;
    CHECK_EQ(apply(c, 3, (struct shrike_conn){0}), 0);
    CHECK_EQ(t.count, 2);
    struct esp_sa *one = met(0x0a000001, 0xc0000201);
    CHECK(one && one->reqid == 1 && !one->cipher);
    CHECK(!met(0x0b000001, 0xc0000201));
    CHECK_EQ(apply(c, 3, (struct shrike_conn){0}), 0);
    CHECK(met(0x0a000001, 0xc0000201) == one); /* not made anew */
    CHECK_EQ(added, 2);
    c[0].remote_ts = &net2;
    c[1].start = SHRIKE_START_NONE;
    c[0].start = SHRIKE_START_BOTH;
    CHECK_EQ(apply(c, 3, (struct shrike_conn){0}), 0);
    CHECK(!met(0x0a000001, 0xc0000201));
    CHECK_EQ(met(0x0a000001, 0xc6336401)->reqid, 1);
    CHECK_EQ(t.count, 1);
    CHECK_EQ(added, 3);
    CHECK_EQ(gone, 2);
    teardown();
}

TEST(dynamic_selectors_are_the_ends)
{
    struct shrike_ts dynamic = {.port_to = UINT16_MAX}, net = ts4(0xc0000200, 24);
    struct shrike_child_conf c = child(1, &dynamic, &net);
    struct shrike_conn conn = {.local_endpoint = {.octets = {10, 0, 0, 9}, .family = 4},
                               .remote_endpoint = {.octets = {203, 0, 113, 5}, .family = 4}};
    setup();
    CHECK_EQ(apply(&c, 1, conn), 0);
    CHECK(met(0x0a000009, 0xc0000201));
    CHECK(!met(0x0a000008, 0xc0000201));
    conn.local_endpoint.family = 0; /* not known: anybody */
    CHECK_EQ(apply(&c, 1, conn), 0);
    CHECK(met(0x0a000008, 0xc0000201));
    c.remote_ts = &dynamic;
    CHECK_EQ(apply(&c, 1, conn), 0);
    CHECK(met(0x0a000008, 0xcb007105));
    CHECK(!met(0x0a000008, 0xc0000201));
    teardown();
}

TEST(each_is_told_of_once_a_second)
{
    struct shrike_ts here = ts4(0x0a000000, 8), net = ts4(0xc0000200, 24);
    struct shrike_child_conf c = child(5, &here, &net);
    setup();
    CHECK_EQ(apply(&c, 1, (struct shrike_conn){0}), 0);
    CHECK(traps_met(&t, 5, 0));
    CHECK(!traps_met(&t, 5, 1));
    CHECK(!traps_met(&t, 5, TRAP_PATIENCE));
    CHECK(traps_met(&t, 5, TRAP_PATIENCE + 1));
    traps_untold(&t, 5);
    CHECK(traps_met(&t, 5, TRAP_PATIENCE + 2));
    CHECK(!traps_met(&t, 6, 0)); /* an orphan without a trap */
    teardown();
}

/* RFC 7296 2.9, 3.13.1 */
TEST(a_packet_is_selected)
{
    struct inner p = inner4(0x0a000001, 1234, 0xc0000201, 53);
    struct shrike_ts local, remote;
    p.protocol = 17;
    p.ports = PORTS_KNOWN;
    trap_selectors(&p, &local, &remote);
    struct shrike_ts expected = {.from = {10, 0, 0, 1},
                                 .to = {10, 0, 0, 1},
                                 .port_from = 1234,
                                 .port_to = 1234,
                                 .protocol = 17,
                                 .family = 4};
    CHECK_BYTES(&local, &expected, sizeof(local));
    CHECK(remote.from[0] == 192 && remote.to[3] == 1);
    CHECK(remote.port_from == 53 && remote.port_to == 53);
    p.ports = PORTS_OPAQUE;
    trap_selectors(&p, &local, &remote);
    CHECK(local.port_from == 65535 && local.port_to == 0);
    CHECK(remote.port_from == 65535 && remote.port_to == 0);
    p.ports = PORTS_NONE;
    p.protocol = 50;
    trap_selectors(&p, &local, &remote);
    CHECK(local.port_from == 0 && local.port_to == 65535 && local.protocol == 50);
}

int main(void)
{
    return RUN(a_packet_is_selected) | RUN(traps_come_stay_and_go) |
           RUN(dynamic_selectors_are_the_ends) | RUN(each_is_told_of_once_a_second);
}
