/* Parts of bodies: each value has one encoding, and nothing beyond a cap or a range is taken. */
#include "ops/parts.h"
#include "test.h"

static u8 room[4096];

static struct writer fresh(void)
{
    return writer_of(room, sizeof(room));
}

static struct reader back(const struct writer *w)
{
    return reader_of(written_bytes(w));
}

TEST(a_flag_is_0_or_1)
{
    const u8 octets[] = {0, 1, 2};
    struct reader r = reader_of(bytes_of(octets, 3));
    CHECK(!read_flag(&r) && read_flag(&r) && !r.bad);
    CHECK(!read_flag(&r) && r.bad);
    struct writer w = fresh();
    write_flag(&w, true);
    CHECK(written(&w) == 1 && room[0] == 1);
}

TEST(a_choice_is_below_its_limit)
{
    struct writer w = fresh();
    write_choice(&w, 6, 7);
    struct reader r = back(&w), s = r;
    CHECK(!w.full && read_choice(&r, 7) == 6 && read_ended(&r));
    CHECK(read_choice(&s, 6) == 0 && s.bad);
    write_choice(&w, 7, 7);
    CHECK(w.full);
    w = fresh();
    write_choice(&w, 0x10001, 0x20000); /* has no place in its two octets */
    CHECK(w.full);
}

TEST(a_text_is_copied_with_its_end)
{
    char out[4];
    struct writer w = fresh();
    write_text(&w, "abc", 4);
    struct reader r = back(&w), s = r, t = r;
    CHECK(!w.full && read_text(&r, out, 4) == out && strcmp(out, "abc") == 0 && read_ended(&r));
    CHECK(read_text(&s, out, 3) == NULL && s.bad);
    const char *there = read_text_here(&t, 4);
    CHECK(there && strcmp(there, "abc") == 0 && (const u8 *)there > room && read_ended(&t));
    write_text(&w, "abcd", 4);
    CHECK(w.full);
}

TEST(no_text_is_not_the_empty_text)
{
    char out[4] = "x";
    struct writer w = fresh();
    write_text(&w, NULL, 4);
    write_text(&w, "", 4);
    struct reader r = back(&w);
    CHECK(!read_text(&r, out, 4) && !r.bad);
    CHECK(read_text(&r, out, 4) == out && out[0] == 0 && read_ended(&r));
}

TEST(a_text_has_one_nul)
{
    const u8 inside[] = {0, 3, 'a', 0, 0}, none[] = {0, 2, 'a', 'b'}, beyond[] = {0, 3, 'a', 0};
    struct reader r = reader_of(bytes_of(inside, 5)), s = reader_of(bytes_of(none, 4));
    struct reader t = reader_of(bytes_of(beyond, 4));
    CHECK(!read_text_here(&r, 9) && r.bad);
    CHECK(!read_text_here(&s, 9) && s.bad);
    CHECK(!read_text_here(&t, 9) && t.bad);
}

TEST(of_a_long_file_name_the_end_is_kept)
{
    char out[6];
    struct writer w = fresh();
    write_file(&w, "/a/b/c.conf", 6);
    write_file(&w, "a.conf", 6);
    write_file(&w, "abcde", 6);
    write_file(&w, NULL, 6);
    struct reader r = back(&w);
    CHECK(!w.full && read_text(&r, out, 6) && strcmp(out, ".conf") == 0);
    CHECK(read_text(&r, out, 6) && strcmp(out, ".conf") == 0);
    CHECK(read_text(&r, out, 6) && strcmp(out, "abcde") == 0);
    CHECK(!read_text(&r, out, 6) && read_ended(&r));
}

TEST(a_slice_stands_where_it_was_read)
{
    struct writer w = fresh();
    write_slice(&w, bytes_of("abc", 3));
    write_slice(&w, bytes_of(NULL, 0));
    struct reader r = back(&w);
    struct bytes b = read_slice(&r);
    CHECK(b.len == 3 && b.at == room + 4 && memcmp(b.at, "abc", 3) == 0);
    CHECK(read_slice(&r).len == 0 && read_ended(&r));
    room[3] = 8; /* one octet more than there is */
    r = back(&w);
    CHECK(read_slice(&r).len == 0 && r.bad);
}

TEST(an_address_has_the_octets_of_its_family)
{
    const u8 lengths[] = {0, 4, 16}, families[] = {0, 4, 6};
    for (unsigned i = 0; i < 3; i++) {
        struct shrike_endpoint e = {.port = 0x1234, .family = families[i]}, f;
        memset(e.octets, 0xa5, sizeof(e.octets));
        struct writer w = fresh();
        write_endpoint(&w, &e);
        CHECK_EQ(written(&w), 1u + lengths[i] + 2u);
        struct reader r = back(&w);
        f = read_endpoint(&r);
        memset(e.octets + lengths[i], 0, 16u - lengths[i]);
        CHECK(read_ended(&r) && memcmp(&e, &f, sizeof(e)) == 0);
        room[0] = 5;
        r = back(&w);
        (void)read_endpoint(&r);
        CHECK(r.bad);
        e.family = 5;
        write_endpoint(&w, &e);
        CHECK(w.full);
    }
}

TEST(a_block_has_no_more_bits_than_its_family)
{
    const u8 families[] = {0, 4, 6}, most[] = {0, 32, 128};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned more = 0; more < 2; more++) {
            struct shrike_net n = {{{0}, families[i]}, (u8)(most[i] + more)}, m;
            struct writer w = fresh();
            write_net(&w, &n);
            struct reader r = back(&w);
            m = read_net(&r);
            CHECK(r.bad == (more == 1));
            CHECK(more || memcmp(&n, &m, sizeof(n)) == 0);
        }
}

TEST(no_more_selectors_than_there_is_room_for)
{
    static struct shrike_ts in[SHRIKE_TS_MAX + 1], out[SHRIKE_TS_MAX];
    for (unsigned i = 0; i <= SHRIKE_TS_MAX; i++)
        in[i] = (struct shrike_ts){{1, (u8)i}, {2, (u8)i}, (u16)i, 5, 6, 4, {0}};
    struct writer w = fresh();
    write_selectors(&w, in, SHRIKE_TS_MAX);
    struct reader r = back(&w);
    CHECK(!w.full && read_selectors(&r, out) == SHRIKE_TS_MAX && read_ended(&r));
    CHECK(memcmp(in, out, sizeof(out)) == 0);
    room[1] = SHRIKE_TS_MAX + 1; /* a lie, and no overrun */
    r = back(&w);
    CHECK(read_selectors(&r, out) == 0 && r.bad);
    w = fresh();
    write_selectors(&w, in, SHRIKE_TS_MAX + 1);
    CHECK(w.full);
}

TEST(an_identity_is_not_too_long)
{
    static u8 data[SHRIKE_ID_MAX + 1];
    struct shrike_id id = {3, {data, SHRIKE_ID_MAX}}, got;
    struct writer w = fresh();
    write_id(&w, &id);
    struct reader r = back(&w);
    got = read_id(&r);
    CHECK(!w.full && read_ended(&r) && got.type == 3 && bytes_equal(got.data, id.data));
    id.data.len++;
    w = fresh();
    write_id(&w, &id);
    CHECK(w.full);
    w = fresh();
    write_u8(&w, 3);
    write_u16(&w, SHRIKE_ID_MAX + 1);
    write_bytes(&w, id.data);
    r = back(&w);
    CHECK(!w.full && read_id(&r).data.len == 0 && r.bad);
}

int main(void)
{
    return RUN(a_flag_is_0_or_1) | RUN(a_choice_is_below_its_limit) |
           RUN(a_text_is_copied_with_its_end) | RUN(no_text_is_not_the_empty_text) |
           RUN(a_text_has_one_nul) | RUN(of_a_long_file_name_the_end_is_kept) |
           RUN(a_slice_stands_where_it_was_read) | RUN(an_address_has_the_octets_of_its_family) |
           RUN(a_block_has_no_more_bits_than_its_family) |
           RUN(no_more_selectors_than_there_is_room_for) | RUN(an_identity_is_not_too_long);
}
