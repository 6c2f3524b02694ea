/* Remembered flows say what the tables say, after every change. */
#include "esp/flow.h"
#include "sas.h"
#include "test.h"

static struct flows flows;

static struct esp_sa *add(struct sadb *db, u32 spi, const struct shrike_ts *remote)
{
    struct shrike_ts any = ts4(0, 0);
    struct esp_sa_spec s = sa_spec(spi, &any, remote);
    s.inbound = false;
    struct esp_sa *sa = esp_sa_new(&s);
    ensure(sa && sadb_add(db, sa));
    return sa;
}

TEST(what_changes_is_noticed)
{
    struct sadb *db = sadb_new(8);
    struct shrike_ts wide = ts4(0x0a000000, 8), narrow = ts4(0x0a010000, 16);
    struct inner p = inner4(0xc0000201, 5, 0x0a010101, 6);
    memset(&flows, 0, sizeof(flows));
    CHECK(!flows_out(&flows, db, &p));
    struct esp_sa *one = add(db, 1000, &wide);
    CHECK(flows_out(&flows, db, &p) == one);
    CHECK(flows_out(&flows, db, &p) == one);
    struct esp_sa *two = add(db, 1001, &narrow);
    CHECK(flows_out(&flows, db, &p) == two);
    struct esp_sa *three = add(db, 1002, &narrow); /* a rekey */
    CHECK(flows_out(&flows, db, &p) == three);
    CHECK(sadb_remove(db, three) && flows_out(&flows, db, &p) == two);
    CHECK(sadb_remove(db, two) && flows_out(&flows, db, &p) == one);
    CHECK(sadb_remove(db, one) && !flows_out(&flows, db, &p));
    sadb_free(db);
}

/* One row for all: a flow is told from another by each of its fields. */
TEST(flows_are_told_apart)
{
    struct sadb *db = sadb_new(64);
    memset(&flows, 0, sizeof(flows));
    for (u32 port = 0; port < 8; port++) {
        struct shrike_ts ts = ts_ports(ts4(0, 0), 17, (u16)port, (u16)port);
        add(db, 1000 + port, &ts);
    }
    for (int round = 0; round < 3; round++)
        for (u32 src = 0; src < 700; src++)
            for (u16 port = 0; port < 9; port++) {
                struct inner p = inner4(0xc0000000 + src, port, 0x0a000000 + src, port);
                CHECK(flows_out(&flows, db, &p) == sadb_out(db, &p));
                p.protocol = 6;
                CHECK(!flows_out(&flows, db, &p));
                p.protocol = 17;
                p.ports = PORTS_OPAQUE;
                CHECK(!flows_out(&flows, db, &p));
                p.ports = PORTS_KNOWN;
                p.dst_port = 3;
                CHECK_EQ(flows_out(&flows, db, &p)->spi, 1003);
            }
    sadb_free(db);
}

int main(void)
{
    return RUN(what_changes_is_noticed) | RUN(flows_are_told_apart);
}
