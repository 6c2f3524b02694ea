/* Tests of net/tally.c: what control is told of what the engine has counted. */
#include "crypto/provider.h"
#include "net/memory.h"
#include "net/tally.h"
#include "seat.h"

static struct shrike *engine;
static struct shrike_provider *provider;
static struct mail_tallies told;
static u32 mails;

static void got(void *ctx, struct mail *m)
{
    struct reader r = reader_of(m->body);
    (void)ctx;
    mails += m->kind == MAIL_TALLIES && read_u32(&r) == 7 && tallies_read(&r, &told);
}

static void begin(void)
{
    seat_begin(got);
    provider = provider_openssl_new();
    struct shrike_env env = {
        .provider = provider, .pages = memory_pages(), .limits = memory_limits(), .shards = 1};
    engine = shrike_new(&env, 1);
    if (!engine)
        abort();
    mails = 0;
}

static void end(void)
{
    seat_end();
    shrike_free(engine);
    provider_openssl_free(provider);
}

static bool ask(const struct mail_tally *q, size_t cut)
{
    u8 body[128];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, 7);
    tally_write(&w, q);
    const struct mail m = {.kind = MAIL_TALLY, .body = bytes_of(body, written(&w) - cut)};
    bool good = tally_got(&seat, engine, &m);
    for (int i = 0; i < 4; i++)
        loop_turn(loop, 0);
    return good;
}

TEST(the_sum_is_told_and_begun_anew)
{
    u8 noise[40] = {1};
    struct shrike_action a;
    begin();
    const struct shrike_datagram d = {.data = noise, .len = sizeof noise};
    shrike_datagram(engine, 2, &d);
    while (shrike_next(engine, &a))
        continue;
    CHECK(ask(&(struct mail_tally){.reset = false}, 0) && mails == 1);
    CHECK(told.last && told.count == 1 && told.all[0].conn[0] == 0);
    CHECK_EQ(told.all[0].of[SHRIKE_COUNT_INVALID], 1);
    CHECK(ask(&(struct mail_tally){.reset = true}, 0) && mails == 2);
    CHECK_EQ(told.all[0].of[SHRIKE_COUNT_INVALID], 0);
    CHECK(!ask(&(struct mail_tally){.reset = true}, 1) && mails == 2);
    end();
}

int main(void)
{
    return RUN(the_sum_is_told_and_begun_anew);
}
