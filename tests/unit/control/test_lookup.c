/* Names of gateways: net asks, and gets their addresses or hears that there are none. localhost is
 * what can be resolved everywhere. */
#include "ops/parts.h"
#include "table.h"
#include "wire/codes.h"

static const char conf[] = "connections { }\n";

static void begin(void)
{
    table_begin(conf);
    table_fit();
}

static void ask(u32 serial, const char *name)
{
    u8 body[2048];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_op op = {.kind = SHRIKE_RESOLVE,
                           .token = {1, serial, 2, 3},
                           .resolve = {"gw", bytes_of(name, strlen(name))}};
    op_write(&w, &op);
    send_to_control(&t.net, MAIL_RESOLVE, written_bytes(&w), -1);
}

/* The n-th answer. */
static bool answer_at(u32 n, struct shrike_token *token, struct shrike_answer *a)
{
    UNTIL(count_of(&t.net, MAIL_ANSWER) > n);
    for (u32 i = 0; i < t.net.count; i++) {
        struct reader r = reader_of(bytes_of(t.net.seen[i].body, t.net.seen[i].len));
        if (t.net.seen[i].kind == MAIL_ANSWER && n-- == 0)
            return answer_read(&r, token, a);
    }
    return false;
}

TEST(a_name_has_addresses)
{
    static const u8 here[SHRIKE_RESOLVED_SIZE] = {4, 127, 0, 0, 1};
    struct shrike_token token;
    struct shrike_answer a;
    bool found = false;
    begin();
    ask(7, "localhost");
    CHECK(answer_at(0, &token, &a) && a.ok && token.serial == 7);
    CHECK(a.value.len && a.value.len % SHRIKE_RESOLVED_SIZE == 0);
    for (size_t i = 0; i + sizeof here <= a.value.len; i += sizeof here)
        found |= memcmp(a.value.at + i, here, sizeof here) == 0;
    CHECK(found);
    table_end();
}

/* What is no name is not asked for. */
TEST(no_names)
{
    static const char *const none[] = {"", "a name", "a/b"};
    struct shrike_token token;
    struct shrike_answer a;
    begin();
    ask(1, none[0]); /* makes no sense: not answered */
    for (u32 i = 1; i < ARRAY_LEN(none); i++) {
        ask(i, none[i]);
        CHECK(answer_at(i - 1, &token, &a) && !a.ok && token.serial == i);
        CHECK_EQ(a.reason, SHRIKE_REASON_REDIRECT_NAME);
    }
    table_end();
}

/* Each is answered, those beyond the cap with a failure; who ends meanwhile leaves nothing. */
TEST(many_at_once)
{
    struct shrike_token token;
    struct shrike_answer a;
    begin();
    for (u32 i = 0; i < 40; i++)
        ask(i, "localhost");
    unsigned good = 0;
    for (u32 i = 0; i < 40; i++)
        good += answer_at(i, &token, &a) && a.ok;
    CHECK(good >= 16 && count_of(&t.net, MAIL_ANSWER) == 40);
    ask(99, "localhost");
    loop_turn(t.loop, 0);
    table_end();
}

static void ask_host(u32 number, const char *name)
{
    u8 body[2048];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, number);
    write_bytes(&w, bytes_of(name, strlen(name)));
    send_to_control(&t.certs, MAIL_HOST, written_bytes(&w), -1);
}

/* How many addresses the n-th answer has, to which number; -1: there is none, or it makes no sense.
 */
static int host_at(u32 n, u32 *number)
{
    UNTIL(count_of(&t.certs, MAIL_HOST_IS) > n);
    for (u32 i = 0; i < t.certs.count; i++) {
        struct reader r = reader_of(bytes_of(t.certs.seen[i].body, t.certs.seen[i].len));
        int count = 0;
        if (t.certs.seen[i].kind != MAIL_HOST_IS || n-- > 0)
            continue;
        *number = read_u32(&r);
        for (; !r.bad && read_left(&r); count++)
            if (read_addr(&r).family == 0)
                return -1;
        return r.bad ? -1 : count;
    }
    return -1;
}

TEST(those_who_know_what_is_revoked)
{
    u32 number = 0;
    begin();
    ask_host(7, "localhost");
    CHECK(host_at(0, &number) > 0 && number == 7);
    ask_host(8, "a name");
    CHECK(host_at(1, &number) == 0 && number == 8);
    ask_host(9, "");
    CHECK(host_at(2, &number) == 0 && number == 9);
    for (u32 i = 0; i < 40; i++)
        ask_host(100 + i, "localhost");
    unsigned good = 0;
    for (u32 i = 0; i < 40; i++)
        good += host_at(3 + i, &number) > 0;
    CHECK(good >= 16 && count_of(&t.certs, MAIL_HOST_IS) == 43);
    ask_host(99, "localhost");
    loop_turn(t.loop, 0);
    table_end();
}

int main(void)
{
    return RUN(those_who_know_what_is_revoked) | RUN(a_name_has_addresses) | RUN(no_names) |
           RUN(many_at_once);
}
