/* Tests of net/watches.c: what who follows is told, when, and what he misses. */
#include "net/watches.h"
#include "seat.h"

enum { LETTERS_MAX = 256 };

static struct ladders ladders;
static struct watches w;
/* What has come. */
static struct letter {
    u16 kind;
    u32 reference, lost, ike, first; /* message ID; of a datagram its first octet */
    u16 count;
    bool follows;
} got[LETTERS_MAX];
static u32 count;

static void take(void *ctx, struct mail *m)
{
    static struct mail_ladder ladder;
    struct mail_datagram datagram;
    struct reader r = reader_of(m->body);
    struct letter *l = &got[count];
    (void)ctx;
    if (m->kind == MAIL_LOG || count == LETTERS_MAX)
        return;
    *l = (struct letter){.kind = m->kind, .reference = read_u32(&r)};
    if (m->kind == MAIL_LADDER && ladder_read(&r, &ladder)) {
        l->lost = ladder.lost;
        l->ike = ladder.ike;
        l->count = ladder.count;
        l->first = ladder.rungs[0].message_id;
    } else if (m->kind == MAIL_DATAGRAM && datagram_read(&r, &datagram)) {
        l->lost = datagram.lost;
        l->first = datagram.data.at[datagram.data.len - 1];
    } else if (m->kind == MAIL_LADDERS_END) {
        l->follows = read_u8(&r);
    }
    count++;
}

static void begin(void)
{
    seat_begin(take);
    memset(&ladders, 0, sizeof ladders);
    w = (struct watches){.seat = &seat, .ladders = &ladders};
    count = 0;
}

static void end(void)
{
    watches_clear(&w);
    CHECK(!w.capture);
    seat_end();
}

/* A turn of net, and control reads. How many letters came. */
static u32 turn(void)
{
    count = 0;
    watches_turn(&w);
    for (int i = 0; i < 400; i++)
        loop_turn(loop, 0);
    return count;
}

static bool ask(u32 reference, const char *peer, bool follow, bool octets)
{
    u8 body[512];
    struct writer out = writer_of(body, sizeof body);
    struct mail_trace what = {.follow = follow, .octets = octets};
    strcpy(what.peer, peer);
    write_u32(&out, reference);
    trace_write(&out, &what);
    const struct mail m = {.kind = MAIL_TRACE, .body = written_bytes(&out), .fd = -1};
    return watches_got(&w, &m);
}

static bool stop(u32 reference)
{
    u8 body[4];
    struct writer out = writer_of(body, sizeof body);
    write_u32(&out, reference);
    const struct mail m = {.kind = MAIL_TRACE_END, .body = written_bytes(&out), .fd = -1};
    return watches_got(&w, &m);
}

static void speak(u32 ike, u32 id, const char *conn)
{
    const struct shrike_rung r = {.ike = ike, .message_id = id, .conn = conn, .spi_i = ike};
    ladders_add(&ladders, &r);
}

/* A datagram of this SPI. */
static void wire(u8 spi, u8 last)
{
    const u8 data[] = {0, 0, 0, 0, 0, 0, 0, spi, 0, 0, 0, 0, 0, 0, 0, 0, last};
    const struct captured d = {.sent = false};
    if (w.capture)
        capture_add(w.capture, &d, bytes_of(data, sizeof data));
}

/* The i-th letter is of this IKE SA, from this message on. */
static bool is_ladder(u32 i, u32 ike, u32 first, u16 rungs)
{
    const struct letter *l = &got[i];
    return i < count && l->kind == MAIL_LADDER && l->reference == 7 && l->ike == ike &&
           l->first == first && l->count == rungs;
}

TEST(once_or_from_now_on)
{
    begin();
    speak(1, 0, "home");
    CHECK(ask(7, "home", false, false) && turn() == 2 && is_ladder(0, 1, 0, 1));
    CHECK(got[1].kind == MAIL_LADDERS_END && !got[1].follows);
    speak(1, 1, "home");
    CHECK_EQ(turn(), 0);
    CHECK(ask(7, "home", true, false) && turn() == 2 && is_ladder(1, 1, 0, 2));
    CHECK(got[0].kind == MAIL_LADDERS_END && got[0].follows);
    CHECK_EQ(turn(), 0);
    speak(1, 2, "home");
    speak(1, 3, "home");
    speak(2, 0, "office");
    CHECK(turn() == 1 && is_ladder(0, 1, 2, 2) && got[0].lost == 0);
    CHECK(stop(7));
    speak(1, 4, "home");
    CHECK_EQ(turn(), 0);
    end();
}

/* Who has begun may be known by his second message only: then the first one is told as well. */
TEST(who_it_is_comes_later)
{
    begin();
    CHECK(ask(7, "home", true, false));
    speak(1, 0, NULL);
    CHECK(turn() == 1 && got[0].kind == MAIL_LADDERS_END);
    speak(1, 1, "home");
    CHECK(turn() == 1 && is_ladder(0, 1, 0, 2));
    speak(2, 0, NULL);
    CHECK_EQ(turn(), 0);
    strcpy(ladders.at[1].identity, "home");
    speak(2, 1, NULL);
    CHECK(turn() == 1 && is_ladder(0, 2, 0, 2));
    end();
}

/* Letters that nobody reads fill the queue. */
static void block(void)
{
    static const u8 junk[60000];
    while (seat_room(&seat, ROLE_CONTROL) >= WATCHES_ROOM)
        if (!seat_send(&seat, ROLE_CONTROL, MAIL_LOG, bytes_of(junk, sizeof junk)))
            abort();
}

TEST(what_control_has_no_room_for_waits_and_then_is_lost)
{
    begin();
    CHECK(ask(7, "", true, true) && turn() == 1);
    block();
    for (u32 i = 0; i < LADDER_RUNGS + 3; i++) {
        speak(1, i, "home");
        wire(1, (u8)i);
        watches_turn(&w); /* no room */
    }
    CHECK(turn() == 0 && turn() == 1 + LADDER_RUNGS + 3);
    CHECK(is_ladder(0, 1, 3, LADDER_RUNGS) && got[0].lost == 3);
    CHECK(got[1].kind == MAIL_DATAGRAM && got[1].first == 0 && got[1].lost == 0);
    speak(1, 99, "home");
    CHECK(turn() == 1 && is_ladder(0, 1, 99, 1) && got[0].lost == 0);
    block();
    for (u32 i = 0; i < CAPTURE_MAX + 2; i++) {
        wire(1, (u8)i);
        watches_turn(&w);
    }
    (void)turn(); /* the queue becomes empty, and there is room for the next turn */
    CHECK(turn() > 0 && got[0].kind == MAIL_DATAGRAM && got[0].first == 2 && got[0].lost == 2);
    CHECK(got[1].kind == MAIL_DATAGRAM && got[1].lost == 0);
    end();
}

/* Another IKE SA takes the place of one whose messages were not told. */
TEST(a_place_that_is_taken_over)
{
    begin();
    CHECK(ask(7, "", true, false) && turn() == 1);
    block();
    speak(1, 0, "home");
    watches_turn(&w);
    for (u32 i = 2; i <= LADDERS_MAX + 1; i++)
        speak(i, 0, "home");
    CHECK(turn() == 0 && turn() == LADDERS_MAX);
    CHECK(is_ladder(0, LADDERS_MAX + 1, 0, 1) && got[0].lost == 1 && got[1].lost == 0);
    end();
}

TEST(datagrams_go_to_whom_they_are_for)
{
    begin();
    wire(1, 1); /* nobody looks on */
    CHECK(ask(7, "home", true, true) && w.capture && ask(8, "", true, false) && turn() == 2);
    wire(1, 2);
    wire(2, 3);
    CHECK_EQ(turn(), 0); /* nothing is known of these */
    speak(1, 0, NULL);
    CHECK(turn() == 1 && got[0].reference == 8);
    speak(1, 1, "home");
    speak(2, 0, "office");
    CHECK(turn() == 4 && got[0].kind == MAIL_LADDER && got[3].kind == MAIL_DATAGRAM);
    CHECK(got[3].reference == 7 && got[3].first == 2);
    CHECK(ask(9, "office", true, true) && turn() == 2); /* END and the ladder: nothing of before */
    wire(2, 4);
    CHECK(turn() == 1 && got[0].reference == 9 && got[0].first == 4);
    CHECK(stop(7) && w.capture && stop(8) && w.capture && stop(9) && !w.capture);
    end();
}

TEST(only_so_many)
{
    begin();
    for (u32 i = 0; i < WATCHES_MAX; i++)
        CHECK(ask(10 + i, "", true, false) && turn() == 1 && got[0].follows);
    CHECK(ask(7, "", true, false) && turn() == 1 && !got[0].follows);
    CHECK(stop(99) && stop(11) && ask(7, "", true, false) && turn() == 1 && got[0].follows);
    end();
}

TEST(what_makes_no_sense)
{
    static const u8 octets[] = {0, 0, 0, 7, 2, 0, 0, 0, 0};
    begin();
    for (u16 len = 0; len < sizeof octets; len++) {
        const struct mail m = {.kind = MAIL_TRACE, .body = bytes_of(octets, len), .fd = -1};
        CHECK(!watches_got(&w, &m));
        const struct mail n = {.kind = MAIL_TRACE_END, .body = bytes_of(octets, len), .fd = -1};
        CHECK(len == 4 || !watches_got(&w, &n));
    }
    end();
}

int main(void)
{
    return RUN(once_or_from_now_on) | RUN(who_it_is_comes_later) |
           RUN(what_control_has_no_room_for_waits_and_then_is_lost) |
           RUN(a_place_that_is_taken_over) | RUN(datagrams_go_to_whom_they_are_for) |
           RUN(only_so_many) | RUN(what_makes_no_sense);
}
