/* Rules of rekeying: which nonce is the lowest, which replacement stays, what is refused. */
#include "../test.h"
#include "sa/rekey.h"

static struct lowest lowest(const char *ni, const char *nr)
{
    struct lowest l;
    lowest_of(bytes_of(ni, strlen(ni)), bytes_of(nr, strlen(nr)), &l);
    return l;
}

/* RFC 7296 2.8.1: octet by octet from the first; one that ends first is the lower one. */
TEST(the_lowest_of_four)
{
    static const char *const rising[] = {"a", "aa", "aab", "aac", "ab", "b", "ba"};
    for (unsigned i = 0; i < ARRAY_LEN(rising); i++)
        for (unsigned k = 0; k < ARRAY_LEN(rising); k++) {
            struct lowest a = lowest(rising[i], "z"), b = lowest("z", rising[k]);
            int order = lowest_compare(&a, &b);
            CHECK((order < 0) == (i < k) && (order > 0) == (i > k));
        }
    const u8 high[2] = {0x7f, 0xff}, higher[2] = {0x80, 0x00}; /* octets have no sign */
    struct lowest l;
    lowest_of(bytes_of(higher, 2), bytes_of(high, 2), &l);
    CHECK(l.len == 2 && l.octets[0] == 0x7f);
}

TEST(long_nonces_are_cut)
{
    char a[256], b[256];
    memset(a, 'a', sizeof(a));
    memset(b, 'a', sizeof(b));
    b[31] = 'b';
    a[255] = b[255] = '\0';
    struct lowest l = lowest(b, a);
    CHECK_EQ(l.len, LOWEST_LEN);
    CHECK_EQ(l.octets[31], 'a');
}

/* RFC 7296 2.8.1 (3): Both sides see the same: what is ours here is theirs there. */
TEST(one_stays_and_both_know_which)
{
    struct lowest low = lowest("a", "z"), high = lowest("b", "z");
    for (unsigned i = 0; i < 9; i++) {
        struct rekey_view v = {(enum rekey_stage)(i / 3), (enum rekey_stage)(i % 3), &low, &high};
        struct rekey_view w = {v.theirs, v.ours, &high, &low};
        enum rekey_move here = rekey_move(&v), there = rekey_move(&w);
        bool open = v.ours == REKEY_PENDING || v.theirs == REKEY_PENDING;
        bool none = v.ours == REKEY_NONE && v.theirs == REKEY_NONE;
        CHECK_EQ(here == REKEY_WAIT, open || none);
        CHECK_EQ(there == REKEY_WAIT, open || none);
        if (!open && !none)
            CHECK(here != there);
        if (v.ours == REKEY_UP && v.theirs == REKEY_UP)
            CHECK_EQ(here, REKEY_THEIRS_STAYS); /* ours has the lowest */
    }
}

/* RFC 7296 2.25 (1, 5) */
TEST(requests_that_are_refused)
{
    for (unsigned bits = 0; bits < 16; bits++) {
        struct rekey_request q = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0,
                                  (bits & 8) != 0};
        CHECK_EQ(rekey_answer(&q), !q.known ? REKEY_GONE : bits == 1 ? REKEY_TAKE : REKEY_NOT_NOW);
    }
}

int main(void)
{
    return RUN(the_lowest_of_four) | RUN(long_nonces_are_cut) | RUN(one_stays_and_both_know_which) |
           RUN(requests_that_are_refused);
}
