/* Tests of net/ladders.c: which messages are kept, of whom, and what control is told. */
#include "net/ladders.h"
#include "seat.h"

static struct ladders kept;
static struct mail_ladder told[LADDERS_MAX];
static u32 count;

static void got(void *ctx, struct mail *m)
{
    struct reader r = reader_of(m->body);
    (void)ctx;
    if (read_u32(&r) != 7)
        return;
    count += m->kind == MAIL_LADDER && count < LADDERS_MAX && ladder_read(&r, &told[count]);
}

static void begin(void)
{
    seat_begin(got);
    memset(&kept, 0, sizeof kept);
}

/* What the engine would say: one that is up, and has told of its connection, or a stranger. */
static void speak(u32 ike, u32 id, bool stranger, const char *conn)
{
    struct shrike_rung r = {.ike = ike, .message_id = id, .stranger = stranger, .conn = conn};
    r.sent = id % 2;
    ladders_add(&kept, &r);
}

/* How many are told of this peer. */
static u32 ask(const char *peer)
{
    count = 0;
    ladders_tell(&kept, &seat, 7, peer);
    for (int i = 0; i < 50; i++)
        loop_turn(loop, 0);
    return count;
}

static const struct mail_ladder *of(u32 ike)
{
    for (u32 i = 0; i < count; i++)
        if (told[i].ike == ike)
            return &told[i];
    return NULL;
}

TEST(the_last_messages_of_each)
{
    begin();
    CHECK_EQ(ask(""), 0);
    speak(1, 0, true, NULL);
    for (u32 i = 0; i < LADDER_RUNGS + 5; i++)
        speak(2, i, false, "home");
    speak(1, 1, false, "office"); /* it has proved who it is */
    CHECK_EQ(ask(""), 2);
    const struct mail_ladder *a = of(1), *b = of(2);
    CHECK(a && a->count == 2 && !a->stranger && strcmp(a->conn, "office") == 0);
    CHECK(a && !a->rungs[0].sent && a->rungs[1].sent);
    CHECK(b && b->count == LADDER_RUNGS && b->rungs[0].message_id == 5);
    CHECK(b && b->rungs[LADDER_RUNGS - 1].message_id == LADDER_RUNGS + 4);
    seat_end();
}

TEST(the_oldest_makes_room)
{
    begin();
    for (u32 i = 1; i <= LADDERS_MAX; i++)
        speak(i, 0, false, "home");
    speak(1, 1, false, "home");
    speak(LADDERS_MAX + 1, 0, false, "home");
    CHECK_EQ(ask(""), LADDERS_MAX);
    CHECK(of(1) && !of(2) && of(3) && of(LADDERS_MAX + 1));
    seat_end();
}

TEST(strangers_drive_out_strangers)
{
    begin();
    for (u32 i = 1; i <= LADDERS_MAX - LADDERS_STRANGERS; i++)
        speak(i, 0, false, "home");
    for (u32 i = 0; i < 1000; i++)
        speak(1000 + i, 0, true, NULL);
    CHECK_EQ(ask(""), LADDERS_MAX);
    CHECK(of(1) && of(LADDERS_MAX - LADDERS_STRANGERS));
    CHECK(of(1999) && of(2000 - LADDERS_STRANGERS) && !of(1999 - LADDERS_STRANGERS));
    seat_end();
}

static void from(u32 ike, const char *conn, u8 last)
{
    struct shrike_rung r = {.ike = ike, .conn = conn, .remote = {{192, 0, 2, last}, 500, 4, 0}};
    ladders_add(&kept, &r);
}

/* By its connection, number, any of its addresses, or who it has proved to be. */
TEST(whose_they_are)
{
    begin();
    from(1, "home", 2);
    from(1, "home", 3);
    from(12, "home", 4);
    from(13, "a name that is longer than what is kept of one, by a little; it is cut", 5);
    strcpy(kept.at[1].identity, "moon.example");
    CHECK_EQ(ask("home"), 2);
    CHECK(ask("#1") == 1 && told[0].ike == 1);
    CHECK(ask("#12") == 1 && told[0].ike == 12 && strcmp(told[0].identity, "moon.example") == 0);
    CHECK(ask("192.0.2.2") == 1 && ask("192.0.2.3") == 1 && told[0].ike == 1);
    CHECK(ask("moon.example") == 1 && told[0].ike == 12);
    CHECK_EQ(ask("a name that is longer than what is kept of one, by a little; it is cut"), 1);
    CHECK(ask("hom") == 0 && ask("homes") == 0 && ask("#2") == 0 && ask("192.0.2.20") == 0);
    CHECK(ask("moon") == 0 && ask("12") == 0);
    seat_end();
}

/* Before the responder has answered, its SPI is not known. */
TEST(a_datagram_is_of_an_ike_sa)
{
    struct shrike_rung r = {.ike = 4, .spi_i = 40, .spi_r = 0};
    begin();
    speak(3, 0, false, "home");
    ladders_add(&kept, &r);
    CHECK(ladders_of_spis(&kept, 40, 0) == 1 && ladders_of_spis(&kept, 40, 41) == 1);
    r.spi_r = 41;
    ladders_add(&kept, &r);
    CHECK(ladders_of_spis(&kept, 40, 0) == 1 && ladders_of_spis(&kept, 40, 41) == 1);
    CHECK_EQ(ladders_of_spis(&kept, 40, 42), LADDERS_MAX);
    CHECK_EQ(ladders_of_spis(&kept, 41, 40), LADDERS_MAX);
    seat_end();
}

int main(void)
{
    return RUN(the_last_messages_of_each) | RUN(the_oldest_makes_room) |
           RUN(strangers_drive_out_strangers) | RUN(whose_they_are) |
           RUN(a_datagram_is_of_an_ike_sa);
}
