/* Tables of SAs: against a plain array, in order of width, and with a reader at work. */
#include "esp/sadb.h"
#include "sas.h"
#include "test.h"
#include <pthread.h>

#define SPIS 300

static struct esp_sa *in_of(u32 spi)
{
    struct shrike_ts any = ts4(0, 0);
    struct esp_sa_spec s = sa_spec(spi, &any, &any);
    return esp_sa_new(&s);
}

static struct esp_sa *out_of(u32 serial, struct shrike_ts remote, bool trap)
{
    struct shrike_ts any = ts4(0, 0);
    struct esp_sa_spec s = sa_spec(serial, &any, &remote);
    s.inbound = false;
    s.trap = trap;
    return esp_sa_new(&s);
}

/* RFC 7296 2.8.1 (2) */
TEST(table_is_as_a_plain_array)
{
    struct sadb *db = sadb_new(128);
    struct esp_sa *model[SPIS] = {NULL};
    u32 count = 0, random = 12345;
    CHECK(db != NULL);
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        u32 at = (random >> 8) % SPIS, spi = 0x1000 + at * 0x10001;
        if (model[at]) {
            CHECK(sadb_in(db, spi) == model[at]);
            CHECK(sadb_remove(db, model[at]));
            model[at] = NULL;
            count--;
        } else {
            struct esp_sa *sa = in_of(spi);
            bool added = sadb_add(db, sa);
            CHECK_EQ(added, count < 128);
            if (!added) {
                esp_sa_free(sa);
                continue;
            }
            model[at] = sa;
            count++;
        }
        for (u32 k = 0; k < SPIS; k += 7)
            CHECK(sadb_in(db, 0x1000 + k * 0x10001) == model[k]);
    }
    CHECK(!sadb_in(db, 5));
    sadb_free(db);
}

TEST(an_spi_is_taken_once)
{
    struct sadb *db = sadb_new(16);
    struct esp_sa *a = in_of(0x1000), *b = in_of(0x1000);
    CHECK(sadb_add(db, a));
    CHECK(!sadb_add(db, b));
    CHECK(!sadb_remove(db, b));
    CHECK(sadb_in(db, 0x1000) == a);
    CHECK(sadb_find(db, 0x1000, true) == a);
    CHECK(!sadb_find(db, 0x1000, false));
    CHECK(sadb_remove(db, a));
    CHECK(sadb_add(db, b));
    sadb_free(db);
}

TEST(the_most_specific_comes_first)
{
    /* Added in every order of four: the widest, a net, a host, a port of a net. */
    for (u32 order = 0; order < 24; order++) {
        struct sadb *db = sadb_new(16);
        struct esp_sa *sa[4] = {out_of(0x1000, ts4(0, 0), false),
                                out_of(0x1001, ts4(0x0a000000, 8), false),
                                out_of(0x1002, ts4(0x0a000001, 32), false),
                                out_of(0x1003, ts_ports(ts4(0x0a000000, 8), 17, 53, 53), false)};
        u32 left[4] = {0, 1, 2, 3}, code = order;
        for (u32 n = 4; n > 0; n--) {
            u32 pick = code % n;
            code /= n;
            CHECK(sadb_add(db, sa[left[pick]]));
            left[pick] = left[n - 1];
        }
        struct inner wide = inner4(1, 1, 0x0b000001, 53), net = inner4(1, 1, 0x0a000002, 5);
        struct inner host = inner4(1, 1, 0x0a000001, 53), port = inner4(1, 1, 0x0a000002, 53);
        CHECK(sadb_out(db, &wide) == sa[0]);
        CHECK(sadb_out(db, &net) == sa[1]);
        CHECK(sadb_out(db, &host) == sa[2]);
        CHECK(sadb_out(db, &port) == sa[3]);
        wide.family = 6;
        CHECK(!sadb_out(db, &wide));
        sadb_free(db);
    }
}

TEST(a_port_is_narrower_than_its_protocol)
{
    struct sadb *db = sadb_new(16);
    struct shrike_ts net = ts4(0x0a000000, 8);
    struct inner p = inner4(1, 1, 0x0a000002, 53);
    struct esp_sa *port = out_of(0x1000, ts_ports(net, 17, 53, 53), false);
    CHECK(sadb_add(db, port));
    CHECK(sadb_add(db, out_of(0x1001, ts_ports(net, 17, 0, UINT16_MAX), false)));
    CHECK(sadb_add(db, out_of(0x1002, net, false)));
    CHECK(sadb_out(db, &p) == port);
    sadb_free(db);
}

TEST(a_rekey_takes_over_and_a_trap_stays_behind)
{
    struct sadb *db = sadb_new(16);
    struct inner p = inner4(1, 1, 0x0a000002, 5);
    struct esp_sa *trap = out_of(1, ts4(0x0a000000, 8), true);
    struct esp_sa *old = out_of(0x1000, ts4(0x0a000000, 8), false);
    struct esp_sa *now = out_of(0x1001, ts4(0x0a000000, 8), false);
    CHECK(sadb_add(db, old) && sadb_add(db, trap));
    CHECK(sadb_out(db, &p) == old);
    CHECK(sadb_add(db, now));
    CHECK(sadb_out(db, &p) == now);
    CHECK(sadb_remove(db, old) && sadb_out(db, &p) == now);
    CHECK(sadb_remove(db, now) && sadb_out(db, &p) == trap);
    CHECK(sadb_find(db, 1, false) == trap);
    sadb_free(db);
}

TEST(nothing_is_freed_under_the_worker)
{
    struct sadb *db = sadb_new(16);
    struct esp_sa *a = in_of(0x1000), *b = out_of(0x2000, ts4(0, 0), false);
    CHECK(sadb_add(db, a) && sadb_add(db, b));
    sadb_enter(db);
    CHECK(sadb_remove(db, a) && sadb_remove(db, b));
    CHECK_EQ(sadb_collect(db), 3); /* two SAs and a list */
    CHECK_EQ(a->spi + b->spi, 0x3000);
    CHECK(!sadb_in(db, 0x1000));
    sadb_rest(db);
    CHECK_EQ(sadb_collect(db), 0);
    CHECK(sadb_add(db, in_of(0x1000)));
    CHECK(sadb_remove(db, sadb_in(db, 0x1000)));
    CHECK_EQ(sadb_collect(db), 1);
    sadb_leave(db);
    CHECK_EQ(sadb_collect(db), 0);
    sadb_free(db);
}

struct race {
    struct sadb *db;
    _Atomic bool over;
    u64 found, wrong;
};

static void *read_on(void *arg)
{
    struct race *r = arg;
    struct inner p = inner4(1, 1, 0x0a000002, 5);
    for (u32 i = 0; !r->over; i++) {
        sadb_enter(r->db);
        for (u32 k = 0; k < 16; k++) {
            struct esp_sa *in = sadb_in(r->db, 0x1000 + k), *out = sadb_out(r->db, &p);
            r->wrong += in && (in->spi != 0x1000 + k || !in->cipher || !in->inbound);
            r->wrong += !out || out->inbound; /* one always stands there */
            r->found += in != NULL;
        }
        if (i % 3 == 0)
            sadb_leave(r->db);
    }
    sadb_leave(r->db);
    return NULL;
}

TEST(a_reader_never_sees_what_is_freed_or_half_made)
{
    struct race r = {.db = sadb_new(64)};
    pthread_t reader;
    u32 random = 1;
    CHECK(sadb_add(r.db, out_of(1, ts4(0, 0), true)));
    CHECK(pthread_create(&reader, NULL, read_on, &r) == 0);
    for (int i = 0; i < 6000; i++) {
        random = random * 1664525 + 1013904223;
        u32 spi = 0x1000 + (random >> 8) % 16;
        bool in = random >> 31;
        struct esp_sa *sa = sadb_find(r.db, spi, in);
        if (sa)
            CHECK(sadb_remove(r.db, sa));
        if (!sa)
            CHECK(sadb_add(r.db, in ? in_of(spi) : out_of(spi, ts4(0x0a000000, 8), false)));
    }
    r.over = true;
    pthread_join(reader, NULL);
    CHECK_EQ(r.wrong, 0);
    sadb_free(r.db);
}

/* RFC 7296 2.8: behind others until it is preferred, but before orphans and traps. */
TEST(a_later_one_waits_behind_its_equals)
{
    struct sadb *db = sadb_new(16);
    struct shrike_ts net = ts4(0x0a000000, 8), any = ts4(0, 0);
    struct esp_sa_spec s = sa_spec(0x1002, &any, &net);
    struct inner p = inner4(0x01020304, 1, 0x0a000001, 2);
    s.inbound = false;
    s.later = true;
    struct esp_sa *old = out_of(0x1001, net, false), *new = esp_sa_new(&s);
    CHECK(sadb_add(db, out_of(0x1000, net, true)));
    CHECK(sadb_add(db, new) && sadb_out(db, &p) == new);
    CHECK(sadb_remove(db, new));
    new = esp_sa_new(&s);
    CHECK(sadb_add(db, old) && sadb_add(db, new));
    CHECK(sadb_out(db, &p) == old);
    u64 before = sadb_version(db);
    CHECK(sadb_prefer(db, new) && sadb_out(db, &p) == new &&sadb_version(db) != before);
    CHECK(sadb_prefer(db, old) && sadb_out(db, &p) == old);
    CHECK(sadb_remove(db, old) && sadb_out(db, &p) == new);
    old = out_of(0x1003, net, false);
    old->child_serial = 0; /* an orphan */
    CHECK(sadb_add(db, old) && sadb_remove(db, new));
    new = esp_sa_new(&s);
    CHECK(sadb_add(db, new) && sadb_out(db, &p) == new);
    sadb_free(db);
}

int main(void)
{
    return RUN(table_is_as_a_plain_array) | RUN(an_spi_is_taken_once) |
           RUN(the_most_specific_comes_first) | RUN(a_port_is_narrower_than_its_protocol) |
           RUN(a_rekey_takes_over_and_a_trap_stays_behind) |
           RUN(a_later_one_waits_behind_its_equals) | RUN(nothing_is_freed_under_the_worker) |
           RUN(a_reader_never_sees_what_is_freed_or_half_made);
}
