/* Windows larger than one: what each side promises, and what it makes of the other's promise. */
#include "tools.h"

static struct tuned t[2];

/* The IKE SA of a side: the last one made. The engine begins with its shard. */
static struct ike_sa *sa_of(const struct pair *p, unsigned side)
{
    struct shard *s = (struct shard *)(void *)p->side[side].engine;
    struct ike_sa *found = NULL;
    for (u32 i = 0; i < s->sas.cut; i++) {
        struct ike_sa *sa = shard_sa_at(s, i);
        if (sa && sa->state == IKE_UP && (!found || sa->serial > found->serial))
            found = sa;
    }
    return found;
}

/* A pair whose sides are configured with these windows. */
static struct pair *begin(u8 first, u8 second)
{
    struct pair *p = toy_pair((struct pair_options){.children = 3});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].conn.window = i ? second : first;
        tune_end(p, i, &t[i]);
    }
    pair_up(p, "net0");
    return p;
}

static bool windows_are(const struct pair *p, unsigned side, u8 allowed, u8 kept)
{
    const struct ike_sa *sa = sa_of(p, side);
    return sa && sa->window.allowed == allowed && sa->window.kept == kept &&
           (sa->more != NULL) == (allowed > 1 || kept > 1);
}

static void command(struct pair *p, enum shrike_command_kind kind, const char *child)
{
    struct shrike *e = p->side[0].engine;
    shrike_command(e, p->now,
                   &(struct shrike_command){kind, 1, "pair", child, 0, 0, false, {0}, 0, false});
    while (shrike_deadline(e) <= p->now)
        shrike_tick(e, p->now);
    settle_side(p, 0);
}

/* RFC 7296 2.3 (1, 2): each side keeps what it said, and uses what both want. */
TEST(both_sides_say_it)
{
    static const u8 sizes[] = {0, 1, 2, 5, 8};
    for (unsigned a = 0; a < ARRAY_LEN(sizes); a++)
        for (unsigned b = 0; b < ARRAY_LEN(sizes); b++) {
            u8 first = MAX(sizes[a], 1), second = MAX(sizes[b], 1), both = MIN(first, second);
            struct pair *p = begin(sizes[a], sizes[b]);
            CHECK(windows_are(p, 0, both, first));
            CHECK(windows_are(p, 1, both, second));
            toy_end(p);
        }
}

/* RFC 7296 2.3 (3, 8): several are under way, answered in any order, each reply kept. */
TEST(several_at_once)
{
    struct pair *p = begin(3, 3);
    struct pair_side *other = &p->side[1];
    command(p, SHRIKE_UP, "net1");
    command(p, SHRIKE_LIVENESS, NULL);
    command(p, SHRIKE_UP, "net2");
    command(p, SHRIKE_LIVENESS, NULL);
    CHECK_EQ(other->count, 3); /* the fourth waits */
    CHECK_EQ(slots_asking(sa_of(p, 0)), 3);
    for (unsigned n = 0; n < 2; n++) { /* the last one first, and all of them twice */
        struct pair_datagram *d = &other->queue[(other->head + 2) % PAIR_QUEUE];
        pair_post(other, d);
        pair_post(other, &other->queue[(other->head + 1) % PAIR_QUEUE]);
        pair_post(other, &other->queue[other->head]);
    }
    for (unsigned n = 0; n < 3; n++)
        pair_lose(other);
    while (pair_deliver(p, 1))
        settle_side(p, 1);
    CHECK_EQ(stats_of(p, 1).replays, 3);
    CHECK_EQ(stats_of(p, 1).child_sas, 3);
    pair_run(p);
    CHECK_EQ(p->side[0].done + p->side[0].refused, 5);
    CHECK_EQ(stats_of(p, 0).child_sas, 3);
    CHECK(pair_agrees(p));
    CHECK_EQ(slots_asking(sa_of(p, 0)), 0);
    toy_end(p);
}

/* What a peer says that cannot be meant is not heeded, and no window gets smaller. */
TEST(odd_sizes)
{
    static const struct {
        u8 octets[5];
        size_t len;
        u8 allowed;
    } said[] = {{{0, 0, 0, 0}, 4, 1}, {{0, 0, 0, 3}, 3, 1},         {{0, 0, 0, 3, 0}, 5, 1},
                {{0, 0, 0, 3}, 4, 3}, {{0, 0, 0, 2}, 4, 3},         {{0, 0, 1, 0}, 4, 6},
                {{0, 0, 0, 1}, 4, 6}, {{255, 255, 255, 255}, 4, 6}, {{0, 0, 0, 0}, 0, 6}};
    static struct chain c;
    static struct heard h;
    struct forger f;
    struct pair *p = begin(6, 1);
    CHECK(forger_init(&f, p, 0));
    for (unsigned i = 0; i < ARRAY_LEN(said); i++) {
        chain_begin(&c);
        notify_add(&c.b, NOTIFY_SET_WINDOW_SIZE, bytes_of(said[i].octets, said[i].len));
        tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL, .message_id = i}, &c, &h);
        CHECK(h.any && h.m.count == 0);
        CHECK(windows_are(p, 0, said[i].allowed, 6));
    }
    forger_free(&f);
    toy_end(p);
}

/* RFC 7296 2.18, 2.3: a new IKE SA begins with one; its first exchange makes it more. */
TEST(a_new_ike_sa_begins_with_one)
{
    struct pair *p = begin(4, 4);
    command(p, SHRIKE_REKEY, NULL);
    pair_run(p);
    CHECK_EQ(p->side[0].ike_rekeyed, 1);
    CHECK(windows_are(p, 0, 1, 1) && windows_are(p, 1, 1, 1));
    command(p, SHRIKE_LIVENESS, NULL);
    CHECK(windows_are(p, 0, 1, 4));
    pair_run(p);
    CHECK(windows_are(p, 0, 4, 4) && windows_are(p, 1, 4, 4));
    toy_end(p);
}

int main(void)
{
    return RUN(both_sides_say_it) | RUN(several_at_once) | RUN(odd_sizes) |
           RUN(a_new_ike_sa_begins_with_one);
}
