/* Tests of proc/channel.c. */
#include "proc/channel.h"
#include "test.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct side {
    struct channel channel;
    u32 count, lost;
    u32 next; /* the number expected in a body */
    bool wrong;
    bool close_on_mail;
    int fd;
    size_t len;
    u16 kind;
};

static void got(void *ctx, struct mail *m)
{
    struct side *s = ctx;
    u32 number = 0;
    if (m->body.len >= 4)
        memcpy(&number, m->body.at, 4);
    s->wrong |= number != s->next++;
    s->count++;
    s->kind = m->kind;
    s->len = m->body.len;
    if (m->fd >= 0)
        s->fd = mail_take_fd(m);
    if (s->close_on_mail)
        channel_close(&s->channel);
}

static void lost(void *ctx)
{
    struct side *s = ctx;
    s->lost++;
    channel_close(&s->channel);
}

static struct loop *two(struct side s[2])
{
    struct loop *l = loop_new();
    int fd[2];
    if (!l || !channel_pair(fd))
        abort();
    for (int i = 0; i < 2; i++) {
        s[i] = (struct side){.fd = -1};
        s[i].channel.got = got;
        s[i].channel.lost = lost;
        s[i].channel.ctx = &s[i];
        if (!channel_open(&s[i].channel, l, fd[i]))
            abort();
    }
    return l;
}

static void end(struct loop *l, struct side s[2])
{
    channel_close(&s[0].channel);
    channel_close(&s[1].channel);
    loop_free(l);
}

static bool say(struct side *s, u32 number, size_t len)
{
    static u8 body[MAIL_BODY_MAX + 1];
    memcpy(body, &number, 4);
    struct mail m = {.kind = (u16)(300 + number % 7), .body = bytes_of(body, len), .fd = -1};
    return channel_send(&s->channel, &m);
}

TEST(mail_arrives_whole_and_in_order_also_when_it_must_wait)
{
    struct side s[2];
    struct loop *l = two(s);
    u32 sent = 0;
    while (sent < 100000 && say(&s[0], sent, 40000))
        sent++;
    CHECK(sent > CHANNEL_QUEUE_MAX / 40100); /* the queue was full: it said so */
    CHECK(channel_room(&s[0].channel) < 41000);
    CHECK(!say(&s[0], sent, 40000));
    for (int i = 0; i < 1000 && s[1].count < sent; i++)
        loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(s[1].count, sent);
    CHECK(!s[1].wrong);
    CHECK_EQ(s[1].len, 40000);
    CHECK_EQ(s[1].kind, 300 + (sent - 1) % 7);
    CHECK_EQ(channel_room(&s[0].channel), CHANNEL_QUEUE_MAX);
    CHECK(say(&s[0], sent, MAIL_BODY_MAX));
    CHECK(!say(&s[0], sent, MAIL_BODY_MAX + 1));
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(s[1].len, MAIL_BODY_MAX);
    end(l, s);
}

TEST(an_empty_body_is_a_message)
{
    struct side s[2];
    struct loop *l = two(s);
    struct mail m = {.kind = 7, .fd = -1};
    CHECK(channel_send(&s[0].channel, &m));
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(s[1].count, 1);
    CHECK_EQ(s[1].kind, 7);
    CHECK_EQ(s[1].len, 0);
    end(l, s);
}

TEST(a_descriptor_comes_along_even_after_waiting)
{
    struct side s[2];
    struct loop *l = two(s);
    struct stat ours, theirs;
    u32 sent = 0;
    int p[2];
    CHECK(pipe(p) == 0);
    while (!s[0].channel.first && say(&s[0], sent, 40000))
        sent++;
    struct mail m = {.kind = 1, .body = bytes_of(&sent, 4), .fd = p[0]};
    CHECK(channel_send(&s[0].channel, &m));
    CHECK(fstat(p[0], &ours) == 0);
    close(p[0]); /* it was duplicated */
    for (int i = 0; i < 100 && s[1].fd < 0; i++)
        loop_turn(l, SHRIKE_SECOND);
    CHECK(s[1].fd >= 0 && fstat(s[1].fd, &theirs) == 0);
    CHECK_EQ(ours.st_ino, theirs.st_ino);
    CHECK(fcntl(s[1].fd, F_GETFD) & FD_CLOEXEC);
    close(s[1].fd);
    close(p[1]);
    end(l, s);
}

TEST(a_descriptor_nobody_takes_is_closed)
{
    struct side s[2];
    struct loop *l = two(s);
    int p[2];
    char c;
    CHECK(pipe(p) == 0);
    s[1].close_on_mail = true; /* it took the fd: close it below, then nobody has the end */
    struct mail m = {.kind = 1, .fd = p[1]};
    CHECK(channel_send(&s[0].channel, &m));
    close(p[1]);
    loop_turn(l, SHRIKE_SECOND);
    CHECK(s[1].fd >= 0);
    close(s[1].fd);
    CHECK_EQ(read(p[0], &c, 1), 0); /* end of file: no copy is left open anywhere */
    close(p[0]);
    end(l, s);
}

TEST(an_end_is_told_once_and_after_the_mail_before_it)
{
    struct side s[2];
    struct loop *l = two(s);
    CHECK(say(&s[0], 0, 8) && say(&s[0], 1, 8));
    channel_close(&s[0].channel);
    channel_close(&s[0].channel);
    CHECK(!say(&s[0], 2, 8));
    for (int i = 0; i < 3; i++)
        loop_turn(l, 0);
    CHECK_EQ(s[1].count, 2);
    CHECK_EQ(s[1].lost, 1);
    CHECK(!channel_is_open(&s[1].channel));
    CHECK_EQ(channel_room(&s[1].channel), 0);
    end(l, s);
}

TEST(a_channel_may_be_closed_by_its_own_mail)
{
    struct side s[2];
    struct loop *l = two(s);
    s[1].close_on_mail = true;
    CHECK(say(&s[0], 0, 8) && say(&s[0], 1, 8));
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(s[1].count, 1);
    loop_turn(l, SHRIKE_SECOND);
    CHECK_EQ(s[0].lost, 1);
    end(l, s);
}

int main(void)
{
    return RUN(mail_arrives_whole_and_in_order_also_when_it_must_wait) |
           RUN(an_empty_body_is_a_message) | RUN(a_descriptor_comes_along_even_after_waiting) |
           RUN(a_descriptor_nobody_takes_is_closed) |
           RUN(an_end_is_told_once_and_after_the_mail_before_it) |
           RUN(a_channel_may_be_closed_by_its_own_mail);
}
