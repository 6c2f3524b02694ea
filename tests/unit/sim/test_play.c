/* Two configurations play: the course follows from the seed, and what differs is seen. */
#include "sim/play.h"
#include "two.h"

#define SIDE(name, here, there, lines, child)                                                      \
    "connections {\n" name " {\n" lines "\n" TWO_AUTH(here, there) "children { net {\n" child      \
                                                                   "\n } } }\n}\n" TWO_SECRET
#define A(lines, child) SIDE("ab", "a", "b", "remote_addrs = 198.51.100.2\n" lines, child)
#define B(lines, child) SIDE("ba", "b", "a", "local_addrs = 198.51.100.2\n" lines, child)
#define NETS_A          "local_ts = 10.1.0.0/24\n remote_ts = 10.2.0.0/24\n"
#define NETS_B          "local_ts = 10.2.0.0/24\n remote_ts = 10.1.0.0/24\n"

static struct play *play;

static bool begin(const struct play_setup *like, const char *a, const char *b)
{
    char why[256];
    struct text t = text_of(why, sizeof why);
    struct play_setup setup = *like;
    if (!two_begin(a, b))
        return false;
    setup.config[0] = two[0];
    setup.config[1] = two[1];
    setup.seed = setup.seed ? setup.seed : 1;
    setup.faults.delay = setup.faults.delay ? setup.faults.delay : 20 * SHRIKE_MS;
    play = play_new(&setup, &t);
    if (!play)
        printf("# %s\n", why);
    return play != NULL;
}

static void end(void)
{
    play_free(play);
    play = NULL;
    two_end();
}

static const struct play_setup plain;

static bool is_up(void)
{
    unsigned count = 0;
    return play_up(play, 0, NULL, 3600 * SHRIKE_SECOND) && !play_difference(play, &count) &&
           count == 1 && !play_broken(play);
}

TEST(it_comes_up_alike)
{
    CHECK(begin(&plain, A("", NETS_A), B("", NETS_B)));
    CHECK(is_up());
    CHECK_EQ(play->world.now - WORLD_START, 80 * SHRIKE_MS); /* two exchanges */
    CHECK(peer_is_up(&play->peer[0], "ab") && peer_is_up(&play->peer[1], "ba"));
    CHECK(play->peer[0].rung_count == 4 && play->peer[0].failure_count == 0);
    CHECK(play_rekey(play, 0, NULL, "net"));
    play_run(play, SHRIKE_SECOND);
    unsigned count;
    CHECK(!play_difference(play, &count) && count == 1);
    CHECK(play_rekey(play, 0, NULL, NULL) && !play_rekey(play, 0, "other", NULL));
    CHECK(!play->darks && !play_broken(play));
    end();
}

/* Whom the other end may be, is a regular expression. */
TEST(a_peer_is_known_by_an_expression)
{
    static const char *const ids[] = {"fqdn:^[a-f]$", "fqdn:^[b-f]$", "email:^a$"};
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
        char b[1024];
        snprintf(b, sizeof b,
                 "connections {\nba {\nlocal_addrs = 198.51.100.2\n"
                 "local { auth = psk\n id = b }\n remote { auth = psk\n id = %s }\n"
                 "children { net {\n" NETS_B "\n } } }\n}\n" TWO_SECRET,
                 ids[i]);
        CHECK(begin(&plain, A("", NETS_A), b));
        CHECK(is_up() == (i == 0) && (play->peer[1].failure_count == 0) == (i == 0));
        end();
    }
}

struct course {
    shrike_time took;
    u64 datagrams, lost, spi;
};

static struct course course(u64 seed)
{
    const struct play_setup lossy = {.faults = {.loss = 30}, .seed = seed};
    struct course c = {0};
    if (begin(&lossy, A("", NETS_A), B("", NETS_B)) && is_up()) {
        play_run(play, 8 * 3600 * SHRIKE_SECOND);
        c = (struct course){play->world.now, play->world.counts.datagrams, play->world.counts.lost,
                            play->peer[0].rungs[0].spi_i};
    }
    end();
    return c;
}

TEST(the_course_follows_from_the_seed)
{
    const struct course one = course(3), again = course(3), other = course(4);
    CHECK(one.took && one.lost > 0);
    CHECK(one.datagrams == again.datagrams && one.lost == again.lost && one.spi == again.spi);
    CHECK(other.took && other.spi != one.spi);
}

TEST(what_differs_is_seen)
{
    CHECK(begin(&plain, A("", NETS_A), B("", NETS_B)));
    CHECK(is_up());
    unsigned count;
    play->peer[1].kernel.pairs[0]->esn = !play->peer[1].kernel.pairs[0]->esn;
    CHECK(play_difference(play, &count) && strstr(play_difference(play, &count), "algorithms"));
    play->peer[1].kernel.pairs[0]->esn = !play->peer[1].kernel.pairs[0]->esn;
    CHECK(!play_difference(play, &count));
    kernel_lose(&play->peer[1].kernel);
    CHECK(strstr(play_difference(play, &count), "alone"));
    end();
}

/* From then on packets would have been lost, until both ends have it again. */
TEST(a_time_without_a_way_is_seen)
{
    CHECK(begin(&plain, A("dpd_delay = 30s\n", NETS_A), B("", NETS_B)));
    CHECK(is_up());
    play_run(play, 60 * SHRIKE_SECOND);
    CHECK(play->dark_count == 0);
    kernel_lose(&play->peer[1].kernel);
    const shrike_time lost = play->world.now;
    play_run(play, 100 * SHRIKE_SECOND);
    CHECK_EQ(play->dark_count, 1);
    CHECK(play->dark[0].until == SHRIKE_NEVER && play->dark[0].from >= lost);
    const struct shrike_kernel_event plane = {.kind = SHRIKE_PLANE_LOST};
    shrike_kernel(play->peer[1].engine, play->world.now, &plane);
    play->peer[1].node.next_run_at = play->world.now;
    play_run(play, 100 * SHRIKE_SECOND);
    CHECK(play->dark_count == 1 && play->darks == 1 && play->dark[0].until < play->world.now);
    end();
}

/* Whoever is called is reached by forwarded ports, at the address that the other file has. */
TEST(behind_nats)
{
    const struct play_setup nats = {.nat = {true, true}};
    CHECK(begin(&nats, A("local_addrs = 10.7.7.7\n", NETS_A),
                SIDE("ba", "b", "a", "local_addrs = 10.8.8.8\n", NETS_B)));
    CHECK(is_up());
    const struct esp_pair *pair = play->peer[0].kernel.pairs[0];
    CHECK(pair->encap && pair->nat_here && play->peer[1].kernel.pairs[0]->nat_here);
    CHECK(pair->remote.port == 4500 && play->peer[1].kernel.pairs[0]->remote.port != 4500);
    play_run(play, 2 * 3600 * SHRIKE_SECOND); /* keepalives keep what the NATs know */
    CHECK(!play->darks && play->peer[0].failure_count == 0);
    end();
}

TEST(ports_of_the_settings)
{
    CHECK(begin(&plain, A("remote_port = 5501\n", NETS_A),
                "shrike {\n port = 5500\n port_nat_t = 5501\n}\n" B("", NETS_B)));
    CHECK(is_up());
    CHECK_EQ(play->peer[0].kernel.pairs[0]->remote.port, 5501);
    end();
    CHECK(begin(&plain, A("", NETS_A),
                "shrike {\n port = 5500\n port_nat_t = 5501\n}\n" B("", NETS_B)));
    CHECK(!play_up(play, 0, NULL, 3600 * SHRIKE_SECOND));
    CHECK(play->peer[1].rung_count == 0);
    end();
}

/* Without packets a child with `inactivity` goes; with packets it stays. */
TEST(idle_and_busy)
{
    struct play_setup setup = {.busy = false};
    for (unsigned i = 0; i < 2; i++) {
        setup.busy = i == 1;
        CHECK(begin(&setup, A("", NETS_A "inactivity = 600\n"), B("", NETS_B)));
        CHECK(is_up());
        play_run(play, 599 * SHRIKE_SECOND);
        CHECK_EQ(play->peer[0].kernel.installed, 1);
        play_run(play, 2 * SHRIKE_SECOND);
        CHECK_EQ(play->peer[0].kernel.installed, i);
        end();
    }
}

int main(void)
{
    return RUN(a_peer_is_known_by_an_expression) | RUN(it_comes_up_alike) |
           RUN(the_course_follows_from_the_seed) | RUN(what_differs_is_seen) |
           RUN(a_time_without_a_way_is_seen) | RUN(behind_nats) | RUN(ports_of_the_settings) |
           RUN(idle_and_busy);
}
