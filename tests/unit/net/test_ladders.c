/* Tests of net/ladders.c: which messages are kept, of whom, and what control is told. */
#include "net/ladders.h"
#include "seat.h"

static struct ladders kept;
static struct mail_ladder told[LADDERS_MAX];
static u32 count, ends;

static void got(void *ctx, struct mail *m)
{
    struct reader r = reader_of(m->body);
    (void)ctx;
    if (read_u32(&r) != 7)
        return;
    ends += m->kind == MAIL_LADDERS_END;
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

static bool ask(void)
{
    static const u8 seven[] = {0, 0, 0, 7};
    struct mail q = {.kind = MAIL_TRACE, .body = bytes_of(seven, 4), .fd = -1};
    count = ends = 0;
    bool good = ladders_tell(&kept, &seat, &q);
    for (int i = 0; i < 50 && !ends; i++)
        loop_turn(loop, 0);
    q.body.len = 3;
    return good && ends == 1 && !ladders_tell(&kept, &seat, &q);
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
    CHECK(ask() && count == 0);
    speak(1, 0, true, NULL);
    for (u32 i = 0; i < LADDER_RUNGS + 5; i++)
        speak(2, i, false, "home");
    speak(1, 1, false, "office"); /* it has proved who it is */
    CHECK(ask() && count == 2);
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
    CHECK(ask() && count == LADDERS_MAX);
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
    CHECK(ask() && count == LADDERS_MAX);
    CHECK(of(1) && of(LADDERS_MAX - LADDERS_STRANGERS));
    CHECK(of(1999) && of(2000 - LADDERS_STRANGERS) && !of(1999 - LADDERS_STRANGERS));
    seat_end();
}

int main(void)
{
    return RUN(the_last_messages_of_each) | RUN(the_oldest_makes_room) |
           RUN(strangers_drive_out_strangers);
}
