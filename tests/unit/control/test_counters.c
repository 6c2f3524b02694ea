/* get-counters and reset-counters: what net is asked, and what of its answer is shown. */
#include "ask.h"

static struct mail_tally asked;

/* The sum, then gw, in two mails. */
static void count(struct other *o, const struct mail *m)
{
    static struct mail_tallies all;
    u8 body[8192];
    struct reader r = reader_of(m->body);
    if (m->kind != MAIL_TALLY)
        return;
    u32 reference = read_u32(&r);
    if (!tally_read(&r, &asked))
        abort();
    for (unsigned i = 0; i < 2; i++) {
        struct writer w = writer_of(body, sizeof body);
        memset(&all, 0, sizeof all);
        strcpy(all.all[0].conn, i ? "gw" : "");
        all.all[0].of[SHRIKE_COUNT_IKE_INIT_IN_REQ] = 7 + i;
        all.count = 1;
        all.last = i == 1;
        write_u32(&w, reference);
        tallies_write(&w, &all);
        send_to_control(o, MAIL_TALLIES, written_bytes(&w), -1);
    }
}

static void begin(void)
{
    ask_begin("");
    t.net.answer = count;
}

TEST(the_sum_one_or_all)
{
    begin();
    CHECK(WELL("get-counters", NULL, NULL));
    CHECK(answer_is(&c, "counters..ike-init-in-req", "7") && !asked.reset);
    CHECK(answer_is(&c, "counters..info-out-resp", "0"));
    CHECK(!vici_value(answer_of(&c), "counters.gw.invalid").at);
    CHECK(WELL("get-counters", "name", "gw"));
    CHECK(answer_is(&c, "counters.gw.ike-init-in-req", "8"));
    CHECK(!vici_value(answer_of(&c), "counters..invalid").at);
    CHECK(WELL("get-counters", "name", "tea", "all", "yes"));
    CHECK(answer_is(&c, "counters.gw.ike-init-in-req", "8"));
    CHECK(!vici_value(answer_of(&c), "counters..invalid").at);
    CHECK(REFUSED("get-counters", "nothing was counted yet", "name", "tea"));
    ask_end();
}

TEST(they_begin_anew)
{
    begin();
    CHECK(WELL("reset-counters", NULL, NULL) && asked.reset && !asked.all && !asked.conn[0]);
    CHECK(!vici_value(answer_of(&c), "counters.gw.invalid").at);
    CHECK(WELL("reset-counters", "name", "gw") && strcmp(asked.conn, "gw") == 0);
    CHECK(WELL("reset-counters", "all", "yes") && asked.reset && asked.all);
    CHECK(REFUSED("reset-counters", "nothing was counted yet", "name", "tea"));
    ask_end();
}

TEST(without_net)
{
    begin();
    t.net.answer = NULL;
    client_begin(&c, "get-counters", NULL);
    table_dismiss(&t.net, ROLE_NET);
    CHECK(client_wait(&c) && value_has(answer_of(&c), "errmsg", "has ended"));
    CHECK(REFUSED("get-counters", "not there", NULL, NULL));
    ask_end();
}

int main(void)
{
    return RUN(the_sum_one_or_all) | RUN(they_begin_anew) | RUN(without_net);
}
