/* What became of numbers between two looks. */
#include "fake.h"
#include "tool/sample.h"

static u8 room[2][4096];

/* A sample at this second, with one number and one Child SA. */
static struct sample at_second(u64 second, u64 number, u64 in, u64 out)
{
    struct sample s = {.when_us = second * 1000000, .listed = true, .flow_count = 1};
    static struct sample_flow flows[2];
    static unsigned turn;
    turn ^= 1;
    struct vici_writer w = vici_writer_of(room[turn], sizeof room[turn]);
    vici_put_u64(&w, "n", number);
    if (!vici_written(&w, &s.stats))
        abort();
    flows[turn] = (struct sample_flow){.id = 12, .in = in, .out = out};
    s.flows = &flows[turn];
    return s;
}

static struct tunnel_child child_of(const char *id, u64 in, u64 out)
{
    static u8 octets[256];
    struct tunnel_child c = {.name = bytes_of("net", 3)};
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_put_text(&w, "uniqueid", id);
    vici_put_u64(&w, "bytes-in", in);
    vici_put_u64(&w, "bytes-out", out);
    if (!vici_written(&w, &c.body))
        abort();
    return c;
}

TEST(numbers_grow_by_the_second)
{
    struct sample before = at_second(10, 100, 0, 0), now = at_second(14, 130, 0, 0);
    CHECK_EQ(sample_rate(&before, &now, "n"), 75); /* 7.5 */
    CHECK_EQ(sample_rate(&now, &before, "n"), 0);  /* a process that began anew */
    CHECK_EQ(sample_rate(&before, &before, "n"), 0);
    CHECK_EQ(sample_rate(&before, &now, "other"), 0);
    CHECK_EQ(sample_number(&now, "n"), 130);
}

TEST(each_child_has_its_flow)
{
    struct sample before = at_second(10, 0, 1000, 5000), now = at_second(12, 0, 0, 0);
    struct tunnel_child c = child_of("12", 3000, 5000);
    struct sample_flow f = sample_flow(&before, &now, &c);
    CHECK(f.id == 12 && f.in == 1000 && f.out == 0);
    c = child_of("13", 4000, 2000); /* a new one: all that it carried is of this time */
    f = sample_flow(&before, &now, &c);
    CHECK(f.id == 13 && f.in == 2000 && f.out == 1000);
    before.listed = false; /* not known: then none is told */
    f = sample_flow(&before, &now, &c);
    CHECK(f.id == 13 && f.in == 0 && f.out == 0);
}

TEST(the_daemon_is_asked)
{
    struct bench b;
    struct sample s;
    bench_open(&b, fake_serve);
    CHECK(sample_take(&s, &b.tool.session));
    CHECK_EQ(sample_number(&s, "ikesas.total"), 4);
    CHECK(s.when_us && s.listed);
    CHECK_EQ(s.flow_count, 1);
    CHECK(s.flows && s.flows[0].id == 12 && s.flows[0].in == 1258291 && s.flows[0].out == 999);
    sample_free(&s);
    session_close(&b.tool.session);
    CHECK(!sample_take(&s, &b.tool.session) && !s.memory && !s.flows);
    bench_flush(&b);
    bench_close(&b);
}

int main(void)
{
    return RUN(numbers_grow_by_the_second) | RUN(each_child_has_its_flow) |
           RUN(the_daemon_is_asked);
}
