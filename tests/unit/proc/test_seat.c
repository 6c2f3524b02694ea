/* Tests of proc/seat.c: a parent by hand and two roles in one loop. */
#include "ops/mail.h"
#include "proc/seat.h"
#include "test.h"
#include <unistd.h>

struct guest {
    struct seat *seat;
    u32 mails, there, gone;
    u16 kind;
    char body[64];
    enum role from;
    bool stopped;
};

static struct guest guests[ROLE_COUNT];

static void *start(struct seat *s)
{
    struct guest *g = &guests[s->type->role];
    *g = (struct guest){.seat = s};
    return g;
}

static void *cannot(struct seat *s)
{
    (void)s;
    return NULL;
}

static void mail(void *self, enum role from, struct mail *m)
{
    struct guest *g = self;
    g->mails++;
    g->kind = m->kind;
    g->from = from;
    snprintf(g->body, sizeof g->body, "%.*s", (int)m->body.len, (const char *)m->body.at);
}

static void peer(void *self, enum role who, bool there)
{
    struct guest *g = self;
    g->from = who;
    there ? g->there++ : g->gone++;
}

static void stop(void *self)
{
    ((struct guest *)self)->stopped = true;
}

static const struct role_type keys = {ROLE_KEYS, start, mail, peer, stop};
static const struct role_type net = {ROLE_NET, start, mail, peer, stop};
static const struct role_type broken = {ROLE_NET, cannot, mail, peer, stop};

struct table {
    struct loop *l;
    struct seat seats[2];
    struct channel parent[2];
};

static void parent_got(void *ctx, struct mail *m)
{
    (void)ctx, (void)m;
}

static void parent_lost(void *ctx)
{
    channel_close(ctx);
}

static bool sit(struct table *t, int i, const struct role_type *type)
{
    int fd[2];
    t->seats[i] = (struct seat){.type = type, .loop = t->l};
    if (!channel_pair(fd))
        abort();
    t->parent[i] = (struct channel){.got = parent_got, .lost = parent_lost, .ctx = &t->parent[i]};
    if (!channel_open(&t->parent[i], t->l, fd[0]))
        abort();
    return seat_open(&t->seats[i], fd[1]);
}

static void tell_peer(struct table *t, int i, enum role who, int fd)
{
    u8 body[9] = {(u8)who}; /* and the number of a life */
    struct mail m = {.kind = MAIL_PEER, .body = bytes_of(body, sizeof(body)), .fd = fd};
    channel_send(&t->parent[i], &m);
    if (fd >= 0)
        close(fd);
}

static void join(struct table *t)
{
    int fd[2];
    if (!channel_pair(fd))
        abort();
    tell_peer(t, 0, ROLE_NET, fd[0]);
    tell_peer(t, 1, ROLE_KEYS, fd[1]);
}

static void turns(struct table *t)
{
    for (int i = 0; i < 4; i++)
        loop_turn(t->l, 0);
}

static void end(struct table *t)
{
    for (int i = 0; i < 2; i++) {
        seat_close(&t->seats[i]);
        channel_close(&t->parent[i]);
    }
    loop_free(t->l);
}

TEST(roles_are_joined_and_talk)
{
    struct table t = {.l = loop_new()};
    CHECK(sit(&t, 0, &keys) && sit(&t, 1, &net));
    CHECK(!seat_has(&t.seats[0], ROLE_NET));
    CHECK(!seat_send(&t.seats[0], ROLE_NET, MAIL_ANSWER, bytes_of("x", 1)));
    join(&t);
    turns(&t);
    CHECK_EQ(guests[ROLE_KEYS].there, 1);
    CHECK_EQ(guests[ROLE_NET].there, 1);
    CHECK(seat_send(&t.seats[0], ROLE_NET, MAIL_ANSWER, bytes_of("hello", 5)));
    turns(&t);
    CHECK_EQ(guests[ROLE_NET].kind, MAIL_ANSWER);
    CHECK_EQ(guests[ROLE_NET].from, ROLE_KEYS);
    CHECK(strcmp(guests[ROLE_NET].body, "hello") == 0);
    end(&t);
    CHECK(guests[ROLE_NET].stopped && guests[ROLE_KEYS].stopped);
}

TEST(a_new_channel_ends_the_old_one)
{
    struct table t = {.l = loop_new()};
    CHECK(sit(&t, 0, &keys) && sit(&t, 1, &net));
    join(&t);
    turns(&t);
    join(&t);
    turns(&t);
    CHECK_EQ(guests[ROLE_KEYS].gone, 1);
    CHECK_EQ(guests[ROLE_KEYS].there, 2);
    CHECK_EQ(guests[ROLE_NET].there, 2);
    CHECK(seat_send(&t.seats[1], ROLE_KEYS, MAIL_PROVE, bytes_of("again", 5)));
    turns(&t);
    CHECK(strcmp(guests[ROLE_KEYS].body, "again") == 0);
    end(&t);
}

TEST(an_end_is_told_whether_the_parent_says_it_or_the_channel)
{
    struct table t = {.l = loop_new()};
    CHECK(sit(&t, 0, &keys) && sit(&t, 1, &net));
    join(&t);
    turns(&t);
    tell_peer(&t, 0, ROLE_NET, -1); /* keys closes, so net sees its channel end */
    turns(&t);
    CHECK_EQ(guests[ROLE_KEYS].gone, 1);
    CHECK_EQ(guests[ROLE_NET].gone, 1);
    tell_peer(&t, 0, ROLE_NET, -1);
    turns(&t);
    CHECK_EQ(guests[ROLE_KEYS].gone, 1);
    end(&t);
}

/* Either data plane has the seat of esp; who it is, is known. */
TEST(one_seat_has_either_data_plane)
{
    struct table t = {.l = loop_new()};
    int fd[2];
    CHECK(sit(&t, 1, &net));
    CHECK_EQ(seat_program(&t.seats[1], ROLE_ESP), ROLE_ESP);
    for (int pass = 0; pass < 2; pass++) {
        CHECK(channel_pair(fd));
        tell_peer(&t, 1, pass == 0 ? ROLE_XFRM : ROLE_ESP, fd[0]);
        turns(&t);
        CHECK(seat_has(&t.seats[1], ROLE_ESP));
        CHECK_EQ(seat_program(&t.seats[1], ROLE_ESP), pass == 0 ? ROLE_XFRM : ROLE_ESP);
        CHECK_EQ(seat_program(&t.seats[1], ROLE_KEYS), ROLE_KEYS);
        close(fd[1]);
    }
    CHECK_EQ(guests[ROLE_NET].gone, 1);
    seat_close(&t.seats[1]);
    channel_close(&t.parent[1]);
    loop_free(t.l);
}

TEST(nobody_but_the_parent_introduces)
{
    struct table t = {.l = loop_new()};
    u8 who = ROLE_CONTROL;
    CHECK(sit(&t, 0, &keys) && sit(&t, 1, &net));
    join(&t);
    turns(&t);
    CHECK(seat_send(&t.seats[0], ROLE_NET, MAIL_PEER, bytes_of(&who, 1)));
    turns(&t);
    CHECK_EQ(guests[ROLE_NET].there, 1);
    CHECK_EQ(guests[ROLE_NET].gone, 0);
    tell_peer(&t, 1, ROLE_COUNT, -1); /* no such role */
    tell_peer(&t, 1, ROLE_NET, -1);   /* itself */
    turns(&t);
    CHECK_EQ(guests[ROLE_NET].gone, 0);
    end(&t);
}

TEST(without_a_parent_a_role_ends)
{
    struct table t = {.l = loop_new()};
    CHECK(sit(&t, 0, &keys));
    channel_close(&t.parent[0]);
    loop_run(t.l); /* returns */
    CHECK(t.seats[0].ending);
    end(&t);
}

TEST(a_role_that_cannot_start_says_so)
{
    struct table t = {.l = loop_new()};
    CHECK(!sit(&t, 0, &broken));
    CHECK(t.seats[0].self == NULL);
    end(&t);
}

int main(void)
{
    return RUN(roles_are_joined_and_talk) | RUN(a_new_channel_ends_the_old_one) |
           RUN(an_end_is_told_whether_the_parent_says_it_or_the_channel) |
           RUN(one_seat_has_either_data_plane) | RUN(nobody_but_the_parent_introduces) |
           RUN(without_a_parent_a_role_ends) | RUN(a_role_that_cannot_start_says_so);
}
