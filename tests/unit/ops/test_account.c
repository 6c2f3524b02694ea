/* ops/account: each kind of mail comes back, and what is none is refused. */
#include "ops/account.h"
#include "test.h"

static u8 octets[4096];

static size_t put(const struct mail_account *m)
{
    struct writer w = writer_of(octets, sizeof(octets));
    account_write(&w, m);
    return w.full ? 0 : written(&w);
}

static bool get(size_t len, struct mail_account *m)
{
    struct reader r = reader_of(bytes_of(octets, len));
    return account_read(&r, m);
}

static bool only_whole(size_t len)
{
    struct mail_account m;
    for (size_t n = 0; n < len; n++)
        if (get(n, &m))
            return false;
    return !get(len + 1, &m);
}

TEST(who_comes_back)
{
    struct mail_account got;
    const struct mail_account m = {.what = ACCOUNT_HELD,
                                   .number = 0x0102030405060708,
                                   .age = 77,
                                   .conn = "home",
                                   .local = {{192, 0, 2, 1}, 4500, 4, 0},
                                   .remote = {{203, 0, 113, 9}, 1024, 4, 0},
                                   .address_count = 2,
                                   .addresses = {{{10, 3, 0, 77}, 4}, {{0xfd, [15] = 1}, 6}},
                                   .grant = {(const u8 *)"granted", 7}};
    size_t len = put(&m);
    CHECK(len && get(len, &got) && only_whole(len));
    CHECK(got.what == m.what && got.number == m.number && got.age == 77);
    CHECK(strcmp(got.conn, "home") == 0 && bytes_equal(got.grant, m.grant));
    CHECK_BYTES(&got.local, &m.local, sizeof(m.local));
    CHECK_BYTES(&got.remote, &m.remote, sizeof(m.remote));
    CHECK(got.address_count == 2);
    CHECK_BYTES(got.addresses, m.addresses, 2 * sizeof(m.addresses[0]));
}

TEST(what_was_carried_comes_back)
{
    struct mail_account got;
    const struct mail_account m = {.what = ACCOUNT_OVER,
                                   .number = 9,
                                   .used = {1ull << 33, 2, 3, 4},
                                   .reason = SHRIKE_REASON_TIMEOUT,
                                   .theirs = true};
    size_t len = put(&m);
    CHECK(len && get(len, &got) && only_whole(len));
    CHECK(got.what == m.what && got.number == 9 && got.theirs);
    CHECK_EQ(got.reason, SHRIKE_REASON_TIMEOUT);
    CHECK_BYTES(&got.used, &m.used, sizeof(m.used));
}

TEST(what_is_none)
{
    struct mail_account got, m = {.what = ACCOUNT_ALL};
    size_t len = put(&m);
    CHECK(len && get(len, &got) && got.what == ACCOUNT_ALL);
    m.number = 1; /* of nobody, and yet of somebody */
    CHECK(!get(put(&m), &got));
    m = (struct mail_account){.what = ACCOUNT_USED};
    CHECK(!get(put(&m), &got));
    m = (struct mail_account){.what = ACCOUNT_BEGINS, .number = 1};
    CHECK(!get(put(&m), &got)); /* of no connection */
    m.what = ACCOUNT_WHATS;
    CHECK_EQ(put(&m), 0);
}

TEST(a_question_comes_back)
{
    struct mail_account_ask got, m = {.number = 5, .wish = ACCOUNT_OUT};
    struct writer w = writer_of(octets, sizeof(octets));
    account_ask_write(&w, &m);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(account_ask_read(&r, &got) && got.number == 5 && got.wish == ACCOUNT_OUT);
    octets[7] = 0;
    r = reader_of(written_bytes(&w));
    CHECK(!account_ask_read(&r, &got));
    octets[9] = ACCOUNT_READY;
    r = reader_of(written_bytes(&w));
    CHECK(account_ask_read(&r, &got));
}

int main(void)
{
    return RUN(who_comes_back) | RUN(what_was_carried_comes_back) | RUN(what_is_none) |
           RUN(a_question_comes_back);
}
