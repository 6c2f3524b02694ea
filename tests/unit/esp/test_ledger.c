/* What children have carried: sums that never fall, in one answer. */
#include "esp/ledger.h"
#include "test.h"

static struct loop *loop;
static struct seat seat;
static struct channel control;
static struct pairs pairs;
static struct ledger ledger;
static struct esp_sa sas[64];
static struct mail_carried got[4096];
static u32 got_count, got_reference, answers, mails;

static void mail(void *ctx, struct mail *m)
{
    struct reader r = reader_of(m->body);
    (void)ctx;
    got_reference = read_u32(&r);
    bool last = read_u8(&r);
    u16 n = read_u16(&r);
    for (u16 i = 0; i < n; i++)
        if (!carried_read(&r, &got[got_count++]))
            abort();
    if (!read_ended(&r) || m->kind != MAIL_TRAFFIC_IS)
        abort();
    answers += last;
    mails++;
}

static void lost(void *ctx)
{
    (void)ctx;
}

static void begin(void)
{
    int fd[2];
    loop = loop_new();
    if (!loop || !channel_pair(fd))
        abort();
    memset(sas, 0, sizeof sas);
    seat = (struct seat){.loop = loop};
    control = (struct channel){.got = mail, .lost = lost};
    seat.channels[ROLE_CONTROL] = (struct channel){.got = mail, .lost = lost};
    if (!channel_open(&control, loop, fd[0]) ||
        !channel_open(&seat.channels[ROLE_CONTROL], loop, fd[1]))
        abort();
    pairs_open(&pairs);
    ledger_open(&ledger, &seat, &pairs);
}

static void end(void)
{
    ledger_close(&ledger);
    pairs_close(&pairs);
    channel_close(&control);
    channel_close(&seat.channels[ROLE_CONTROL]);
    loop_free(loop);
}

static struct pair *add(u32 serial, u32 reqid)
{
    struct pair *p = pairs_add(&pairs, serial, reqid);
    if (!p)
        abort();
    p->in = &sas[serial % 32 * 2];
    p->out = &sas[serial % 32 * 2 + 1];
    return p;
}

static void carry(struct pair *p, u64 in, u64 out)
{
    p->in->bytes += in;
    p->in->packets++;
    p->out->bytes += out;
    p->out->packets += 2;
}

static struct mail_carried of(u32 reqid)
{
    for (u32 i = 0; i < got_count; i++)
        if (got[i].reqid == reqid)
            return got[i];
    return (struct mail_carried){.reqid = reqid};
}

static void ask(void)
{
    got_count = answers = mails = 0;
    ledger_ask(&ledger, 42);
    for (int i = 0; i < 200 && !answers; i++)
        loop_turn(loop, 0);
}

TEST(sums_outlive_their_sas)
{
    begin();
    struct pair *a = add(1, 7), *b = add(2, 7), *c = add(3, 8);
    carry(a, 100, 10);
    carry(c, 5, 50);
    ask();
    CHECK(answers == 1 && got_reference == 42);
    CHECK(of(7).bytes_in == 100 && of(7).bytes_out == 10 && of(7).children == 2);
    CHECK(of(7).packets_in == 1 && of(7).packets_out == 2);
    CHECK(of(8).bytes_out == 50 && of(8).children == 1);
    carry(a, 1, 1);
    carry(b, 20, 2);
    ledger_gone(&ledger, a); /* with what it has carried since */
    pairs_remove(&pairs, a);
    ask();
    CHECK(of(7).bytes_in == 121 && of(7).bytes_out == 13 && of(7).children == 1);
    ask(); /* nothing is counted twice */
    CHECK(of(7).bytes_in == 121 && of(8).bytes_in == 5);
    pairs_orphan(&pairs, 0);
    b->in->bytes += 9;
    ask();
    CHECK(of(7).bytes_in == 130 && of(7).children == 0);
    end();
}

/* More than there are places for: the rest is in one row. */
TEST(the_table_has_an_end)
{
    begin();
    for (u32 i = 1; i <= SUMS_ROWS; i++)
        carry(add(i, 1000 + i), 0, 0);
    for (u32 i = 0; i < ARRAY_LEN(sas); i++)
        sas[i].bytes = 3;
    ask();
    CHECK(answers == 1 && mails > 10);
    CHECK_EQ(got_count, SUMS_ROWS / 4 * 3 + 1);
    CHECK_EQ(of(0).children, SUMS_ROWS / 4);
    CHECK_EQ(of(0).bytes_in, 3 * SUMS_ROWS / 4);
    end();
}

TEST(nothing_is_kept_where_nobody_asks)
{
    begin();
    struct pair *a = add(1, 7);
    carry(a, 1, 1);
    ledger_gone(&ledger, a);
    CHECK(!ledger.sums.rows);
    ledger_ask(&ledger, 1); /* and an end in the middle of an answer */
    end();
}

int main(void)
{
    return RUN(sums_outlive_their_sas) | RUN(the_table_has_an_end) |
           RUN(nothing_is_kept_where_nobody_asks);
}
