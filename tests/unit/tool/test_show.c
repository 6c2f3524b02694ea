/* Values as people read them, and as JSON. */
#include "test.h"
#include "tool/json.h"
#include "tool/show.h"
#include "tool/words.h"
#include <stdlib.h>

static char at[128];

static bool octets_are(u64 octets, const char *should)
{
    struct text t = text_of(at, sizeof at);
    show_octets(&t, octets);
    return strcmp(at, should) == 0;
}

TEST(octets_have_units)
{
    CHECK(octets_are(0, "0 B"));
    CHECK(octets_are(999, "999 B"));
    CHECK(octets_are(1000, "0.9 KiB"));
    CHECK(octets_are(1024, "1.0 KiB"));
    CHECK(octets_are(1536, "1.5 KiB"));
    CHECK(octets_are(100 * 1024, "100 KiB"));
    CHECK(octets_are(5ull << 40, "5.0 TiB"));
    CHECK(octets_are(UINT64_MAX, "15.9 EiB"));
}

static bool age_is(u64 seconds, const char *should)
{
    struct text t = text_of(at, sizeof at);
    show_age(&t, seconds);
    return strcmp(at, should) == 0;
}

TEST(ages_have_two_units)
{
    CHECK(age_is(0, "0s"));
    CHECK(age_is(59, "59s"));
    CHECK(age_is(60, "1m"));
    CHECK(age_is(3599, "59m"));
    CHECK(age_is(3600, "1h"));
    CHECK(age_is(11520, "3h12m"));
    CHECK(age_is(86400, "1d"));
    CHECK(age_is(100 * 86400 + 3600, "100d1h"));
}

TEST(numbers_are_decimal_and_fit)
{
    u64 v;
    CHECK(show_number(bytes_of("18446744073709551615", 20), &v) && v == UINT64_MAX);
    CHECK(!show_number(bytes_of("18446744073709551616", 20), &v));
    CHECK(!show_number(bytes_of("", 0), &v));
    CHECK(!show_number(bytes_of("-1", 2), &v));
    CHECK(!show_number(bytes_of("1 ", 2), &v));
    CHECK(!show_number(bytes_of("0x1", 3), &v));
    CHECK(show_number(bytes_of("007", 3), &v) && v == 7);
}

TEST(terminals_get_printable_ascii)
{
    struct text t = text_of(at, sizeof at);
    show_safe(&t, bytes_of("a\033[0m\\\x7f\xc2\x9b\n~ ", 12));
    CHECK(strcmp(at, "a\\x1b[0m\\\\x7f\\xc2\\x9b\\x0a~ ") == 0);
}

static bool json_is(const char *in, size_t len, const char *should)
{
    FILE *f = fmemopen(at, sizeof at, "w");
    struct json j = {.out = f};
    json_text(&j, NULL, bytes_of(in, len));
    fclose(f);
    return strcmp(at, should) == 0;
}

TEST(json_strings_are_valid_utf8)
{
    CHECK(json_is("a\"b\\c", 5, "\"a\\\"b\\\\c\""));
    CHECK(json_is("\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\""));
    CHECK(json_is("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6", 9,
                  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6\""));
    CHECK(json_is("\xc2\x9b", 2, "\"\\ufffd\\ufffd\"")); /* a control character */
    CHECK(json_is("\xc0\xaf", 2, "\"\\ufffd\\ufffd\"")); /* too long a form */
    CHECK(json_is("\xe0\x80\xaf", 3, "\"\\ufffd\\ufffd\\ufffd\""));
    CHECK(json_is("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"")); /* a surrogate */
    CHECK(json_is("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""));
    CHECK(json_is("\xe2\x82", 2, "\"\\ufffd\\ufffd\"")); /* cut */
    CHECK(json_is("\xe2\x82x", 3, "\"\\ufffd\\ufffdx\""));
    CHECK(json_is(NULL, 0, "null"));
    CHECK(json_is("", 0, "\"\""));
}

TEST(ports_of_ipv6_stand_behind_brackets)
{
    u8 m[256];
    struct vici_writer w = vici_writer_of(m, sizeof m);
    struct bytes sa;
    vici_put_text(&w, "local-host", "2001:db8::1");
    vici_put_text(&w, "remote-host", "192.0.2.1");
    vici_put_text(&w, "local-port", "500");
    CHECK(vici_written(&w, &sa));
    struct text t = text_of(at, sizeof at);
    words_end(&t, sa, "local");
    text_char(&t, ' ');
    words_end(&t, sa, "remote");
    CHECK(strcmp(at, "[2001:db8::1]:500 192.0.2.1") == 0);
}

static bool words_are(const char *text, unsigned width, const char *should)
{
    char *out = NULL;
    size_t len;
    FILE *f = open_memstream(&out, &len);
    if (!f)
        abort();
    show_words(f, bytes_of(text, strlen(text)), 3, width);
    fclose(f);
    bool same = strcmp(out, should) == 0;
    if (!same)
        printf("# it is: %s\n", out);
    free(out);
    return same;
}

TEST(lines_break_between_words)
{
    CHECK(words_are("one two three", 0, "one two three"));
    CHECK(words_are("one two three", 10, "one two\n   three"));
    CHECK(words_are("one two three", 9, "one\n   two\n   three"));
    CHECK(words_are("immeasurable", 8, "immeasurable"));
    CHECK(words_are("a \033 b", 9, "a \\x1b\n   b"));
    CHECK(words_are("", 8, "") && words_are(" ", 8, " "));
}

static bool piece_is(struct bytes *rest, size_t columns, const char *should)
{
    const struct bytes piece = show_piece(rest, columns);
    return bytes_equal(piece, bytes_of(should, strlen(should)));
}

/* Whole words, then what is wider than a line in parts; it comes to an end in any case. */
TEST(words_in_pieces)
{
    struct bytes rest = bytes_of("one two, three seventeen", 24);
    CHECK(piece_is(&rest, 8, "one two,"));
    CHECK(piece_is(&rest, 8, "three"));
    CHECK(piece_is(&rest, 8, "seventee") && piece_is(&rest, 8, "n"));
    CHECK(rest.len == 0 && piece_is(&rest, 8, ""));
    rest = bytes_of(NULL, 0);
    CHECK(piece_is(&rest, 8, "") && rest.len == 0);
    rest = bytes_of("ab\n\n", 4); /* these take four columns each */
    CHECK(piece_is(&rest, 6, "ab\n") && piece_is(&rest, 0, "\n") && rest.len == 0);
    rest = bytes_of("a  b", 4);
    CHECK(piece_is(&rest, 1, "a") && piece_is(&rest, 9, " b"));
}

int main(void)
{
    return RUN(words_in_pieces) | RUN(octets_have_units) | RUN(ages_have_two_units) |
           RUN(numbers_are_decimal_and_fit) | RUN(terminals_get_printable_ascii) |
           RUN(json_strings_are_valid_utf8) | RUN(lines_break_between_words) |
           RUN(ports_of_ipv6_stand_behind_brackets);
}
