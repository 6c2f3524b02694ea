/* Commands that net answers: how many at a time, whose answer is whose, and when none comes. */
#include "ask.h"
#include "control/asks.h"

static struct client others[ASKS_MAX];

/* The reference of the newest mail of this kind to net. */
static u32 reference_of(enum mail_kind kind)
{
    const struct seen *s = last(&t.net, kind);
    struct reader r = reader_of(s ? bytes_of(s->body, s->len) : bytes_of(NULL, 0));
    return read_u32(&r);
}

static void end_of(enum mail_kind kind, u32 reference)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    send_to_control(&t.net, kind, written_bytes(&w), -1);
}

static void all_ask(void)
{
    for (u32 i = 0; i < ASKS_MAX; i++) {
        client_open(&others[i]);
        client_begin(&others[i], i % 2 ? "get-pools" : "shrike-trace", NULL);
    }
}

TEST(who_goes_makes_room)
{
    ask_begin("");
    all_ask();
    CHECK(REFUSED("get-counters", "others ask", NULL, NULL));
    CHECK(REFUSED("get-pools", "others ask", NULL, NULL));
    client_close(&others[0]);
    client_begin(&c, "get-pools", NULL);
    CHECK(c.heard == VICI_HEARD_NOTHING);
    end_of(MAIL_POOLS_END, reference_of(MAIL_POOLS));
    CHECK(client_wait(&c));
    for (u32 i = 1; i < ASKS_MAX; i++) {
        CHECK(others[i].heard == VICI_HEARD_NOTHING);
        client_close(&others[i]);
    }
    ask_end();
}

TEST(an_answer_of_another_kind_is_nobodys)
{
    ask_begin("");
    client_begin(&c, "get-pools", NULL);
    u32 reference = reference_of(MAIL_POOLS);
    end_of(MAIL_LADDERS_END, reference);
    end_of(MAIL_POOLS_END, reference + 1);
    for (int i = 0; i < 5; i++)
        client_turn(&c);
    CHECK(c.heard == VICI_HEARD_NOTHING);
    end_of(MAIL_POOLS_END, reference);
    CHECK(client_wait(&c));
    end_of(MAIL_POOLS_END, reference); /* too late, and no harm */
    CHECK(REFUSED("unload-pool", "name", NULL, NULL));
    ask_end();
}

TEST(net_is_not_waited_for_for_ever)
{
    ask_begin("");
    client_begin(&c, "get-pools", NULL);
    CHECK(client_wait(&c) && answer_is(&c, "success", "no"));
    CHECK(value_has(answer_of(&c), "errmsg", "does not answer"));
    end_of(MAIL_POOLS_END, reference_of(MAIL_POOLS));
    client_begin(&c, "get-pools", NULL);
    CHECK(c.heard == VICI_HEARD_NOTHING); /* that answer was none of this question */
    end_of(MAIL_POOLS_END, reference_of(MAIL_POOLS));
    CHECK(client_wait(&c) && !vici_value(answer_of(&c), "errmsg").at);
    ask_end();
}

/* It stops while clients wait: nothing is left behind. */
TEST(the_end_of_control)
{
    ask_begin("");
    all_ask();
    ask_end();
    for (u32 i = 0; i < ASKS_MAX; i++) {
        close(others[i].fd);
        vici_client_free(&others[i].vici);
    }
}

int main(void)
{
    return RUN(who_goes_makes_room) | RUN(an_answer_of_another_kind_is_nobodys) |
           RUN(net_is_not_waited_for_for_ever) | RUN(the_end_of_control);
}
