/* The anti-replay window against a model that remembers every number. */
#include "esp/replay.h"
#include "test.h"

#define SEEN_MAX 20000

/* All numbers noted since the start, and nothing clever. */
struct model {
    u64 seen[SEEN_MAX];
    size_t count;
    u64 top;
    u32 window;
};

static struct model model;

static enum replay_verdict model_look(u64 seq)
{
    if (seq == 0 || (seq <= model.top && model.top - seq >= model.window))
        return REPLAY_LATE;
    for (size_t i = model.count; i > 0; i--)
        if (model.seen[i - 1] == seq)
            return REPLAY_SEEN;
    return REPLAY_FRESH;
}

static void model_note(u64 seq)
{
    model.seen[model.count++] = seq;
    model.top = MAX(model.top, seq);
}

static u64 next_random(u64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* RFC 4303 A2.1 as it is written there: two cases, by where the window lies. */
static u64 by_the_letter(u64 top, u32 window, u32 low)
{
    u32 th = (u32)(top >> 32), tl = (u32)top;
    u32 edge = tl - window + 1;
    if (tl >= window - 1) {
        if (low >= edge)
            return (u64)th << 32 | low;
        return th == UINT32_MAX ? 0 : (u64)(th + 1) << 32 | low;
    }
    if (low < edge)
        return (u64)th << 32 | low;
    return th == 0 ? 0 : (u64)(th - 1) << 32 | low;
}

static u64 random_near(u64 *random, u64 top, u32 window)
{
    u64 spread = next_random(random) % 4 == 0 ? (u64)window * 3 : 80;
    u64 back = next_random(random) % (spread + 1);
    u64 seq = top + next_random(random) % (spread + 1) - back;
    return seq > top + spread ? 1 : seq; /* no wrap below 0 */
}

static bool run_against_model(u32 window, u64 start, u64 seed)
{
    struct replay r;
    u64 random = seed;
    replay_init(&r, window, true);
    memset(&model, 0, sizeof(model));
    model.window = window;
    if (start) {
        replay_note(&r, start);
        model_note(start);
    }
    for (int i = 0; i < 3000; i++) {
        u64 seq = random_near(&random, model.top, window);
        enum replay_verdict v = replay_look(&r, seq);
        if (v != model_look(seq))
            return false;
        if (v == REPLAY_FRESH) {
            replay_note(&r, seq);
            model_note(seq);
        }
    }
    return true;
}

TEST(window_is_as_the_model)
{
    static const u32 windows[] = {32, 33, 64, 65, 100, 128, 1000, 1024, 4095, 4096};
    static const u64 starts[] = {0, 1, 4090, UINT32_MAX - 40, (u64)7 << 32, (u64)1 << 60};
    for (size_t w = 0; w < ARRAY_LEN(windows); w++)
        for (size_t s = 0; s < ARRAY_LEN(starts); s++)
            CHECK(run_against_model(windows[w], starts[s], 0x9e3779b97f4a7c15 + w * 31 + s));
}

TEST(window_has_exactly_its_size)
{
    static const u32 windows[] = {32, 64, 100, 4096};
    for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
        struct replay r;
        replay_init(&r, windows[i], false);
        replay_note(&r, 10000);
        CHECK_EQ(replay_look(&r, 10000 - windows[i]), REPLAY_LATE);
        CHECK_EQ(replay_look(&r, 10000 - windows[i] + 1), REPLAY_FRESH);
        CHECK_EQ(replay_look(&r, 10000), REPLAY_SEEN);
        CHECK_EQ(replay_look(&r, 0), REPLAY_LATE);
    }
}

TEST(sizes_are_bounded)
{
    struct replay r;
    replay_init(&r, 0, false);
    CHECK_EQ(r.window, REPLAY_MIN);
    replay_init(&r, 1000000, false);
    CHECK_EQ(r.window, REPLAY_MAX);
    CHECK_EQ(r.mask + 1, REPLAY_MAX);
}

TEST(high_half_is_as_the_rfc_says)
{
    static const u64 tops[] = {0,
                               1,
                               31,
                               63,
                               64,
                               5000,
                               UINT32_MAX - 1,
                               UINT32_MAX,
                               (u64)1 << 32,
                               ((u64)1 << 32) + 30,
                               ((u64)1 << 32) + 64,
                               ((u64)5 << 32) + 100000,
                               UINT64_MAX - 5,
                               UINT64_MAX};
    static const u32 windows[] = {32, 64, 100, 4096};
    u64 random = 88172645463325252;
    for (size_t t = 0; t < ARRAY_LEN(tops); t++) {
        for (size_t w = 0; w < ARRAY_LEN(windows); w++) {
            struct replay r;
            replay_init(&r, windows[w], true);
            r.top = tops[t];
            for (int i = 0; i < 500; i++) {
                u32 low = i < 250 ? (u32)next_random(&random)
                                  : (u32)(tops[t] + (u64)i * 40) - windows[w] - 100;
                CHECK_EQ(replay_whole(&r, low), by_the_letter(tops[t], windows[w], low));
            }
        }
    }
}

TEST(short_numbers_stay_short)
{
    struct replay r;
    replay_init(&r, 64, false);
    replay_note(&r, UINT32_MAX);
    CHECK_EQ(replay_whole(&r, 5), 5);
    CHECK_EQ(replay_look(&r, replay_whole(&r, 5)), REPLAY_LATE);
}

TEST(numbers_pass_from_one_high_half_to_the_next)
{
    struct replay r;
    replay_init(&r, 64, true);
    for (u64 seq = UINT32_MAX - (u64)100; seq < ((u64)1 << 32) + 100; seq++) {
        r.top = MAX(r.top, UINT32_MAX - (u64)101);
        CHECK_EQ(replay_whole(&r, (u32)seq), seq);
        CHECK_EQ(replay_look(&r, seq), REPLAY_FRESH);
        replay_note(&r, seq);
        CHECK_EQ(replay_look(&r, seq), REPLAY_SEEN);
    }
    CHECK_EQ(replay_whole(&r, (u32)-20),
             UINT64_C(0x1ffffffec)); /* far behind: of the time to come */
}

int main(void)
{
    return RUN(window_is_as_the_model) | RUN(window_has_exactly_its_size) | RUN(sizes_are_bounded) |
           RUN(high_half_is_as_the_rfc_says) | RUN(short_numbers_stay_short) |
           RUN(numbers_pass_from_one_high_half_to_the_next);
}
