/* Plain bodies: what is read is what was written. */
#include "samples.h"
#include "test.h"

static u8 room[65536];

/* A reader of the sample's octets. */
static struct reader of(enum recode kind)
{
    return reader_of(sample(kind, 0, room, sizeof(room)));
}

TEST(kinds_have_their_names)
{
    CHECK(strcmp(mail_name(MAIL_NONE), "NONE") == 0);
    CHECK(strcmp(mail_name(MAIL_PEER), "PEER") == 0);
    CHECK(strcmp(mail_name(MAIL_STRAY), "STRAY") == 0);
    CHECK(strcmp(mail_name(MAIL_KIND_COUNT), "?") == 0);
    CHECK(strcmp(mail_name(UINT16_MAX), "?") == 0);
    CHECK_EQ(MAIL_STRAY + 1, MAIL_KIND_COUNT);
}

TEST(a_socket_comes_back)
{
    struct mail_socket m;
    struct reader r = of(RECODE_SOCKET);
    CHECK(socket_read(&r, &m));
    CHECK(m.kind == SOCKET_NAT_T && m.family == 6 && m.port == 4500);
    struct writer w = writer_of(room, sizeof(room));
    socket_write(&w, &(struct mail_socket){SOCKET_IKE, 0, 500}); /* of no family */
    r = reader_of(written_bytes(&w));
    CHECK(!socket_read(&r, &m));
    w = writer_of(room, sizeof(room));
    socket_write(&w, &(struct mail_socket){SOCKET_ESP + 1, 4, 0});
    CHECK(w.full);
}

TEST(a_route_comes_back)
{
    static struct mail_route m;
    struct reader r = of(RECODE_ROUTE);
    CHECK(route_read(&r, &m));
    CHECK(m.add && m.reqid == sample_route.reqid && m.local_count == 1 && m.remote_count == 2);
    CHECK(memcmp(m.local, sample_route.local, sizeof(m.local[0])) == 0);
    CHECK(memcmp(m.remote, sample_route.remote, 2 * sizeof(m.remote[0])) == 0);
}

TEST(numbers_come_back)
{
    const struct mail_numbers is = {1, 2, 3, 4, 5, 6, 7};
    struct mail_numbers m;
    struct writer w = writer_of(room, sizeof(room));
    numbers_write(&w, &is);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(numbers_read(&r, &m) && memcmp(&m, &is, sizeof(m)) == 0);
    write_u8(&w, 0);
    r = reader_of(written_bytes(&w));
    CHECK(!numbers_read(&r, &m));
}

TEST(stats_come_back)
{
    static struct mail_stats m;
    struct reader r = of(RECODE_STATS);
    CHECK(stats_read(&r, &m));
    CHECK(m.count == 2 && m.stats[0].value == sample_stats.stats[0].value);
    CHECK(strcmp(m.stats[0].name, "packets") == 0 && m.stats[1].value == 2);
    CHECK(strcmp(m.stats[1].name, sample_stats.stats[1].name) == 0);
}

TEST(an_heir_comes_back)
{
    static struct mail_heir m;
    struct reader r = of(RECODE_HEIR);
    CHECK(heir_read(&r, &m));
    CHECK(m.last && m.count == 2 && m.serials[0] == 0xf1 && m.serials[1] == 0xf2);
    struct writer w = writer_of(room, sizeof(room));
    m.count = MAIL_HEIR_MAX;
    heir_write(&w, &m);
    r = reader_of(written_bytes(&w));
    CHECK(!w.full && heir_read(&r, &m) && m.count == MAIL_HEIR_MAX);
    m.count++;
    heir_write(&w, &m);
    CHECK(w.full);
}

TEST(carried_comes_back)
{
    const struct mail_carried from = {1, 2, 3, 4, 5, (u64)-1};
    struct mail_carried m;
    u8 b[64];
    struct writer w = writer_of(b, sizeof(b));
    carried_write(&w, &from);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(carried_read(&r, &m) && read_ended(&r) && memcmp(&m, &from, sizeof(m)) == 0);
    r = reader_of(bytes_of(b, written(&w) - 1));
    CHECK(!carried_read(&r, &m));
}

TEST(stats_end_at_their_cap)
{
    static struct mail_stats m, n;
    char name[8];
    for (unsigned i = 0; i < MAIL_STATS_MAX + 2; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        stats_add(&m, name, i);
    }
    CHECK_EQ(m.count, MAIL_STATS_MAX);
    CHECK(strcmp(m.stats[MAIL_STATS_MAX - 1].name, "n127") == 0);
    m.count = 0;
    stats_add(&m, "a name of more than thirty-one characters", 1);
    CHECK(strcmp(m.stats[0].name, "a name of more than thirty-one ") == 0);
    m.count = MAIL_STATS_MAX;
    struct writer w = writer_of(room, sizeof(room));
    stats_write(&w, &m);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(!w.full && stats_read(&r, &n) && n.count == MAIL_STATS_MAX);
    CHECK(memcmp(&m, &n, sizeof(m)) == 0);
    m.count++;
    stats_write(&w, &m);
    CHECK(w.full);
    room[1] = MAIL_STATS_MAX + 1;
    r = reader_of(written_bytes(&w));
    CHECK(!stats_read(&r, &n));
}

TEST(counts_come_back_in_a_row)
{
    struct mail_count m;
    struct writer w = writer_of(room, sizeof(room));
    count_write(&w, &sample_count);
    count_write(&w, &(struct mail_count){.child_serial = 9});
    struct reader r = reader_of(written_bytes(&w));
    memset(&m, 0, sizeof(m));
    CHECK(count_read(&r, &m) && memcmp(&m, &sample_count, sizeof(m)) == 0);
    CHECK(count_read(&r, &m) && m.child_serial == 9 && m.used_out == 0 && read_ended(&r));
    CHECK(!count_read(&r, &m));
}

TEST(what_is_counted_comes_back)
{
    static struct mail_tallies many, got;
    struct mail_tally q;
    struct writer w = writer_of(room, sizeof(room));
    tally_write(&w, &sample_tally);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(tally_read(&r, &q) && q.reset && !q.all && strcmp(q.conn, "home") == 0);
    many.count = MAIL_TALLIES_MAX; /* the longest fit into a mail, with a reference in front */
    for (u32 i = 0; i < MAIL_TALLIES_MAX; i++) {
        memset(many.all[i].conn, 'x', SHRIKE_COUNTED_NAME - 1);
        many.all[i].of[SHRIKE_COUNT_INFO_OUT_RESP] = i;
    }
    w = writer_of(room, 65536 - 4);
    tallies_write(&w, &many);
    r = reader_of(written_bytes(&w));
    CHECK(!w.full && tallies_read(&r, &got) && !got.last && got.count == MAIL_TALLIES_MAX);
    CHECK(memcmp(&many, &got, sizeof(got)) == 0);
    many.count++;
    tallies_write(&w, &many);
    CHECK(w.full);
}

TEST(secrets_come_back_in_a_row)
{
    static struct mail_secret m;
    struct writer w = writer_of(room, sizeof(room));
    secret_write(&w, &sample_secret);
    secret_write(&w, &(struct mail_secret){.name = TEXT("x")});
    struct reader r = reader_of(written_bytes(&w));
    CHECK(secret_read(&r, &m) && m.remove && m.kind == SECRET_PPK && m.id_count == 2);
    CHECK(bytes_equal(m.name, sample_secret.name) && bytes_equal(m.secret, sample_secret.secret));
    for (unsigned i = 0; i < 2; i++)
        CHECK(m.ids[i].type == sample_secret.ids[i].type &&
              bytes_equal(m.ids[i].data, sample_secret.ids[i].data));
    CHECK(m.secret.at > room && m.secret.at < room + sizeof(room)); /* no copy to be wiped */
    CHECK(secret_read(&r, &m) && !m.remove && m.id_count == 0 && m.secret.len == 0);
    CHECK(bytes_equal(m.name, TEXT("x")) && read_ended(&r));
}

TEST(a_secret_has_no_more_owners_than_there_is_room_for)
{
    static struct mail_secret m, n;
    m.id_count = MAIL_SECRET_IDS;
    struct writer w = writer_of(room, sizeof(room));
    secret_write(&w, &m);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(!w.full && secret_read(&r, &n) && n.id_count == MAIL_SECRET_IDS);
    room[10]++; /* the count: behind a flag and two lengths */
    r = reader_of(written_bytes(&w));
    CHECK(!secret_read(&r, &n));
    m.id_count++;
    secret_write(&w, &m);
    CHECK(w.full);
}

TEST(a_stray_datagram_comes_back)
{
    struct mail_stray m;
    struct reader r = of(RECODE_STRAY);
    CHECK(stray_read(&r, &m));
    CHECK(memcmp(&m.local, &sample_stray.local, sizeof(m.local)) == 0);
    CHECK(memcmp(&m.remote, &sample_stray.remote, sizeof(m.remote)) == 0);
    CHECK(m.tos == 0xb8 && bytes_equal(m.data, sample_stray.data));
}

int main(void)
{
    return RUN(kinds_have_their_names) | RUN(a_socket_comes_back) | RUN(a_route_comes_back) |
           RUN(numbers_come_back) | RUN(stats_come_back) | RUN(an_heir_comes_back) |
           RUN(stats_end_at_their_cap) | RUN(carried_comes_back) | RUN(counts_come_back_in_a_row) |
           RUN(what_is_counted_comes_back) | RUN(secrets_come_back_in_a_row) |
           RUN(a_secret_has_no_more_owners_than_there_is_room_for) |
           RUN(a_stray_datagram_comes_back);
}
