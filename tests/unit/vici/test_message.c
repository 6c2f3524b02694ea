/* Messages of the control protocol: the documented octets, every limit, finders, hostile input. */
#include "random.h"
#include "test.h"
#include "vici/message.h"

#define TEXT(b, s) bytes_equal((b), bytes_of((s), strlen(s)))

/* The example of the protocol's documentation, octet by octet. */
static const u8 example[] = {
    3, 4,  'k', 'e', 'y', '1', 0,   6,   'v', 'a', 'l', 'u', 'e', '1',                 /**/
    1, 8,  's', 'e', 'c', 't', 'i', 'o', 'n', '1',                                     /**/
    1, 11, 's', 'u', 'b', '-', 's', 'e', 'c', 't', 'i', 'o', 'n',                      /**/
    3, 4,  'k', 'e', 'y', '2', 0,   6,   'v', 'a', 'l', 'u', 'e', '2', 2,              /**/
    4, 5,  'l', 'i', 's', 't', '1',                                                    /**/
    5, 0,  5,   'i', 't', 'e', 'm', '1', 5,   0,   5,   'i', 't', 'e', 'm', '2', 6, 2, /**/
};
static u8 big[2 * VICI_SEGMENT_MAX];

static struct bytes example_message(void)
{
    return bytes_of(example, sizeof(example));
}

static void build_example(struct vici_writer *v)
{
    vici_put_text(v, "key1", "value1");
    vici_begin(v, "section1");
    vici_begin(v, "sub-section");
    vici_put(v, "key2", bytes_of("value2", 6));
    vici_end(v);
    vici_list_begin(v, "list1");
    vici_list_put(v, bytes_of("item1", 5));
    vici_list_put(v, bytes_of("item2", 5));
    vici_list_end(v);
    vici_end(v);
}

TEST(builds_the_documented_octets)
{
    struct bytes m;
    struct vici_writer v = vici_writer_of(big, sizeof(example));
    build_example(&v);
    CHECK(vici_written(&v, &m));
    CHECK(bytes_equal(m, example_message()));
}

TEST(is_full_at_every_size_too_small)
{
    for (size_t size = 0; size < sizeof(example); size++) {
        struct bytes m;
        u8 *at = malloc(size + !size);
        struct vici_writer v = vici_writer_of(at, size);
        build_example(&v);
        bool fits = vici_written(&v, &m);
        const char *why = vici_fault_of(m);
        bool whole = !why || strcmp(why, "a section or list without its end") == 0;
        free(at);
        CHECK(!fits && whole);
    }
}

TEST(reads_the_documented_octets)
{
    static const struct {
        enum vici_type type;
        const char *name, *value;
    } want[] = {
        {VICI_KEY_VALUE, "key1", "value1"},
        {VICI_SECTION_START, "section1", ""},
        {VICI_SECTION_START, "sub-section", ""},
        {VICI_KEY_VALUE, "key2", "value2"},
        {VICI_SECTION_END, "", ""},
        {VICI_LIST_START, "list1", ""},
        {VICI_LIST_ITEM, "", "item1"},
        {VICI_LIST_ITEM, "", "item2"},
        {VICI_LIST_END, "", ""},
        {VICI_SECTION_END, "", ""},
        {VICI_END, "", ""},
        {VICI_END, "", ""},
    };
    struct vici_reader v = vici_reader_of(example_message());
    struct vici_item item;
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        CHECK_EQ(vici_read_next(&v, &item), want[i].type);
        CHECK_EQ(item.type, want[i].type);
        CHECK(TEXT(item.name, want[i].name) && TEXT(item.value, want[i].value));
    }
}

TEST(finds_by_path)
{
    struct vici_item item;
    struct bytes m = example_message();
    CHECK(TEXT(vici_value(m, "key1"), "value1"));
    CHECK(TEXT(vici_value(m, "section1.sub-section.key2"), "value2"));
    CHECK(vici_value_is(m, "key1", "value1") && !vici_value_is(m, "key1", "value"));
    CHECK(!vici_value_is(m, "none", ""));
    CHECK(vici_find(m, "section1.list1", &item) && item.type == VICI_LIST_START);
    struct vici_reader v = vici_list_of(item.value);
    CHECK(vici_read_next(&v, &item) == VICI_LIST_ITEM && TEXT(item.value, "item1"));
    CHECK(vici_read_next(&v, &item) == VICI_LIST_ITEM && TEXT(item.value, "item2"));
    CHECK(vici_read_next(&v, &item) == VICI_END);
    CHECK(vici_find(m, "section1.sub-section", &item) && item.type == VICI_SECTION_START);
    CHECK(!vici_fault_of(item.value) && TEXT(vici_value(item.value, "key2"), "value2"));
}

TEST(does_not_find_what_is_not_there)
{
    struct vici_item item;
    struct bytes m = example_message();
    const char *paths[] = {"key2",
                           "sub-section",
                           "section1.key2",
                           "section1.key1",
                           "key1.key1",
                           "section1.list1.",
                           "list1",
                           "item1",
                           "section1.none",
                           "",
                           ".",
                           "key",
                           "key11",
                           "section1."};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        CHECK(!vici_find(m, paths[i], &item) && item.type == VICI_END);
        CHECK(vici_value(m, paths[i]).at == NULL);
    }
    CHECK(vici_value(m, "section1").at == NULL && vici_value(m, "section1.list1").at == NULL);
}

/* What is no section is not looked into, though its octets may look like one. */
TEST(does_not_find_in_values)
{
    struct bytes m;
    struct vici_item item;
    struct vici_writer v = vici_writer_of(big, sizeof(big));
    vici_put(&v, "key", example_message());
    vici_list_begin(&v, "list");
    vici_list_put(&v, example_message());
    vici_list_end(&v);
    CHECK(vici_written(&v, &m) && vici_find(m, "key", &item) && vici_find(m, "list", &item));
    CHECK(!vici_find(m, "key.key1", &item) && item.type == VICI_END);
    CHECK(!vici_find(m, "list.key1", &item) && item.type == VICI_END);
}

TEST(finds_names_with_dots_and_empty_values)
{
    struct bytes m;
    struct vici_item item;
    struct vici_writer v = vici_writer_of(big, sizeof(big));
    vici_begin(&v, "a.b");
    vici_put(&v, "empty", bytes_of(NULL, 0));
    vici_put_text(&v, "twice", "first");
    vici_put_text(&v, "twice", "second");
    vici_put_u64(&v, "number", UINT64_MAX);
    vici_end(&v);
    vici_list_begin(&v, "none");
    vici_list_end(&v);
    CHECK(vici_written(&v, &m) && !vici_fault_of(m));
    CHECK(!vici_find(m, "a.b", &item));
    CHECK(vici_get(m, bytes_of("a.b", 3), &item));
    CHECK(vici_value(item.value, "empty").at && vici_value(item.value, "empty").len == 0);
    CHECK(vici_value_is(item.value, "twice", "first"));
    CHECK(vici_value_is(item.value, "number", "18446744073709551615"));
    CHECK(vici_find(m, "none", &item) && item.type == VICI_LIST_START && item.value.len == 0);
    struct vici_reader list = vici_list_of(item.value);
    CHECK_EQ(vici_read_next(&list, &item), VICI_END);
}

TEST(walks_wholes)
{
    struct vici_item item, inner;
    struct vici_reader v = vici_reader_of(example_message());
    CHECK_EQ(vici_read_whole(&v, &item), VICI_KEY_VALUE);
    CHECK(TEXT(item.name, "key1") && TEXT(item.value, "value1"));
    CHECK_EQ(vici_read_whole(&v, &item), VICI_SECTION_START);
    CHECK(TEXT(item.name, "section1"));
    struct vici_reader w = vici_reader_of(item.value);
    CHECK_EQ(vici_read_whole(&w, &inner), VICI_SECTION_START);
    CHECK(TEXT(inner.name, "sub-section") && inner.value.len == 14);
    CHECK_EQ(vici_read_whole(&w, &inner), VICI_LIST_START);
    w = vici_list_of(inner.value);
    CHECK(vici_read_whole(&w, &inner) == VICI_LIST_ITEM && TEXT(inner.value, "item1"));
    CHECK(vici_read_whole(&w, &inner) == VICI_LIST_ITEM && TEXT(inner.value, "item2"));
    CHECK_EQ(vici_read_whole(&w, &inner), VICI_END);
    CHECK_EQ(vici_read_whole(&v, &item), VICI_END);
    v = vici_reader_of(bytes_of(example, sizeof(example) - 1)); /* the section has no end */
    CHECK_EQ(vici_read_whole(&v, &item), VICI_KEY_VALUE);
    CHECK(vici_read_whole(&v, &item) == VICI_BAD && v.why);
    CHECK_EQ(vici_read_whole(&v, &item), VICI_BAD);
}

TEST(refuses_what_is_out_of_place)
{
    static const struct {
        const char *octets, *why;
    } bad[] = {
        {"00", "an element of unknown type"},
        {"07", "an element of unknown type"},
        {"ff", "an element of unknown type"},
        {"02", "the end of a section that was not begun"},
        {"06", "the end of a list that was not begun"},
        {"05 0000", "an item outside of a list"},
        {"0101 61", "a section or list without its end"},
        {"0401 61", "a section or list without its end"},
        {"0401 61 02", "the end of a section that was not begun"},
        {"0101 61 06", "the end of a list that was not begun"},
        {"0101 61 02 02", "the end of a section that was not begun"},
        {"0401 61 06 06", "the end of a list that was not begun"},
        {"0401 61 0401 62 06 06", "a section or list in a list"},
        {"0401 61 0101 62 02 06", "a section or list in a list"},
        {"0401 61 0301 62 0000 06", "a key in a list"},
        {"0401 61 06 05 0000", "an item outside of a list"},
        {"0301 00 0000", "a zero octet in a name"},
        {"0302 61", "cut in an element"},
        {"0301 61 0001", "cut in an element"},
        {"0301 61 00", "cut in an element"},
        {"0401 61 05 ffff", "cut in an element"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        u8 octets[32];
        const char *why = vici_fault_of(bytes_of(octets, hex(bad[i].octets, octets, 32)));
        CHECK(why && strcmp(why, bad[i].why) == 0);
    }
    CHECK(!vici_fault_of(bytes_of(NULL, 0)));
}

TEST(stays_bad)
{
    static const u8 octets[] = {9, 3, 1, 'a', 0, 0};
    struct vici_reader v = vici_reader_of(bytes_of(octets, sizeof(octets)));
    struct vici_item item;
    for (int i = 0; i < 5; i++)
        CHECK(vici_read_next(&v, &item) == VICI_BAD && v.why && item.name.len == 0);
}

/* A list's items end at their end, not at one of a list around them. */
TEST(a_list_does_not_end_within_its_items)
{
    static const u8 end[] = {6};
    struct vici_reader v = vici_list_of(bytes_of(end, 1));
    struct vici_item item;
    CHECK_EQ(vici_read_next(&v, &item), VICI_BAD);
}

TEST(depth_has_a_limit)
{
    for (unsigned depth = VICI_DEPTH_MAX; depth <= VICI_DEPTH_MAX + 1; depth++) {
        struct bytes m;
        struct vici_writer v = vici_writer_of(big, sizeof(big));
        u8 *raw = big + VICI_SEGMENT_MAX;
        struct writer w = writer_of(raw, 1024);
        for (unsigned i = 0; i < depth; i++) {
            vici_begin(&v, "s");
            write_bytes(&w, bytes_of("\1\1s", 3));
        }
        for (unsigned i = 0; i < depth; i++) {
            vici_end(&v);
            write_u8(&w, VICI_SECTION_END);
        }
        CHECK_EQ(vici_written(&v, &m), depth == VICI_DEPTH_MAX);
        CHECK_EQ(vici_fault_of(written_bytes(&w)) == NULL, depth == VICI_DEPTH_MAX);
    }
}

TEST(names_and_values_have_limits)
{
    static u8 long_one[VICI_VALUE_MAX + 1];
    memset(long_one, 'n', sizeof(long_one));
    for (unsigned more = 0; more < 2; more++) {
        struct bytes m;
        struct vici_writer v = vici_writer_of(big, sizeof(big));
        vici_put_named(&v, bytes_of(long_one, VICI_NAME_MAX + more), bytes_of(NULL, 0));
        CHECK_EQ(vici_written(&v, &m), !more);
        CHECK(vici_fault_of(m) == NULL);
        v = vici_writer_of(big, sizeof(big));
        vici_put(&v, "v", bytes_of(long_one, VICI_VALUE_MAX + more));
        CHECK_EQ(vici_written(&v, &m), !more);
        CHECK_EQ(m.len, more ? 0 : 5 + VICI_VALUE_MAX);
    }
    struct bytes m;
    struct vici_writer v = vici_writer_of(big, sizeof(big));
    vici_put_named(&v, bytes_of("a\0b", 3), bytes_of(NULL, 0));
    CHECK(!vici_written(&v, &m));
}

TEST(elements_and_octets_have_limits)
{
    struct bytes m;
    struct vici_writer v = vici_writer_of(big, sizeof(big));
    for (unsigned i = 0; i < VICI_ELEMENTS_MAX; i++)
        vici_put(&v, "", bytes_of(NULL, 0));
    CHECK(vici_written(&v, &m) && !vici_fault_of(m));
    memcpy(big + m.len, "\3\0\0\0", 4);
    const char *why = vici_fault_of(bytes_of(big, m.len + 4));
    CHECK(why && strcmp(why, "too many elements") == 0);
    vici_put(&v, "", bytes_of(NULL, 0));
    CHECK(!vici_written(&v, &m));

    v = vici_writer_of(big, sizeof(big));
    for (unsigned i = 0; i < 9; i++)
        vici_put(&v, "", bytes_of(big + VICI_SEGMENT_MAX, VICI_VALUE_MAX));
    CHECK(!vici_written(&v, &m) && m.len <= VICI_SEGMENT_MAX);
    why = vici_fault_of(bytes_of(big, VICI_SEGMENT_MAX + 1));
    CHECK(why && strcmp(why, "too long") == 0);
}

/* What a reader said, written again. */
static bool copied(struct bytes from, struct vici_writer *to)
{
    struct vici_reader v = vici_reader_of(from);
    struct vici_item i;
    for (;;) {
        switch (vici_read_next(&v, &i)) {
        case VICI_END:
            return true;
        case VICI_BAD:
            return false;
        case VICI_SECTION_START:
            vici_begin_named(to, i.name);
            break;
        case VICI_SECTION_END:
            vici_end(to);
            break;
        case VICI_KEY_VALUE:
            vici_put_named(to, i.name, i.value);
            break;
        case VICI_LIST_START:
            vici_list_begin_named(to, i.name);
            break;
        case VICI_LIST_ITEM:
            vici_list_put(to, i.value);
            break;
        case VICI_LIST_END:
            vici_list_end(to);
            break;
        }
    }
}

TEST(round_trips)
{
    static u8 a[1 << 16], b[1 << 16];
    for (u64 seed = 1; seed <= 2000; seed++) {
        struct bytes m, again;
        u64 s = seed;
        struct vici_writer v = vici_writer_of(a, sizeof(a)), w = vici_writer_of(b, sizeof(b));
        draw_message(&s, &v, 1 + draw(&s, 200));
        CHECK(vici_written(&v, &m) && !vici_fault_of(m));
        CHECK(copied(m, &w) && vici_written(&w, &again) && bytes_equal(m, again));
    }
}

/* In memory of exactly its size, so that ASan sees one octet too many. */
static bool harmless(const u8 *at, size_t len)
{
    u8 *copy = malloc(len + !len);
    struct vici_item item;
    memcpy(copy, at, len);
    bool sound = !vici_fault_of(bytes_of(copy, len));
    if (vici_find(bytes_of(copy, len), "section1.list1", &item) && item.type == VICI_LIST_START) {
        struct vici_reader v = vici_list_of(item.value);
        while (vici_read_next(&v, &item) == VICI_LIST_ITEM)
            ;
    }
    if (vici_value(bytes_of(copy, len), "section1.sub-section.key2").len > len)
        abort();
    free(copy);
    return sound;
}

TEST(truncations_and_mutations_are_harmless)
{
    u8 m[sizeof(example)];
    for (size_t len = 0; len < sizeof(example); len++)
        CHECK_EQ(harmless(example, len), len == 0 || len == 14);
    for (size_t i = 0; i < sizeof(example); i++)
        for (unsigned v = 0; v < 256; v++) {
            memcpy(m, example, sizeof(m));
            m[i] = (u8)v;
            harmless(m, sizeof(m));
        }
    for (u64 seed = 1; seed < 20000; seed++) {
        u64 s = seed;
        memcpy(m, example, sizeof(m));
        for (u32 k = 1 + draw(&s, 6); k > 0; k--)
            m[draw(&s, sizeof(m))] = (u8)draw(&s, draw(&s, 2) ? 256 : 8);
        harmless(m, sizeof(m));
    }
}

int main(void)
{
    return RUN(builds_the_documented_octets) | RUN(is_full_at_every_size_too_small) |
           RUN(reads_the_documented_octets) | RUN(finds_by_path) |
           RUN(does_not_find_what_is_not_there) | RUN(does_not_find_in_values) |
           RUN(finds_names_with_dots_and_empty_values) | RUN(walks_wholes) |
           RUN(refuses_what_is_out_of_place) | RUN(stays_bad) |
           RUN(a_list_does_not_end_within_its_items) | RUN(depth_has_a_limit) |
           RUN(names_and_values_have_limits) | RUN(elements_and_octets_have_limits) |
           RUN(round_trips) | RUN(truncations_and_mutations_are_harmless);
}
