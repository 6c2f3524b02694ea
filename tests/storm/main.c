/* A storm against two data planes that are joined back to back:
 *
 *     storm [--seed N] [--seconds N] [--epochs N]
 *
 * Random traffic, fragments, super-segments and garbage go into their devices; on the wire between
 * them packets are lost, doubled, held back, changed and made up; meanwhile Child SAs, traps and
 * orphans come and go. An oracle foretells each packet's end: the counter that must count it and
 * the octets that must come out. Everything follows from the seed; each epoch has the next one. */
#include "../unit/esp/suites.h"
#include "esp/outbound.h"
#include "life.h"
#include "oracle.h"
#include "peer.h"
#include "wire.h"
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STEPS       3000 /* of an epoch */
#define OFFERS_MAX  8    /* packets handed to a device at once */
#define OFFERS_FULL 60   /* ESP packets that are enough for one turn */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* its header is not everywhere */

static size_t memory_used(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
static size_t memory_used(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}
#endif

/* Without the sanitizer, what an allocation counts for depends on what was free beside it. */
static bool memory_is(size_t expected)
{
#ifdef SANITIZED
    size_t slack = 0;
#else
    size_t slack = 64;
#endif
    size_t used = memory_used();
    return used <= expected + slack && expected <= used + slack;
}

struct wish {
    u64 seed, seconds, epochs;
};

static u64 seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec;
}

static u32 descriptors(void)
{
    u32 n = 0;
    DIR *d = opendir("/proc/self/fd");
    ensure(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* What the libraries keep for good they take now. */
static void warm_up(void)
{
    for (int i = 0; i < 8; i++) {
        cipher_prefer(i & 1 ? CIPHER_OPENSSL : CIPHER_FASTEST);
        for (size_t j = 0; j < ARRAY_LEN(esp_suites); j++) {
            u8 esp[256] = {0};
            struct cipher *c = esp_suite_new(&esp_suites[j], i & 2, i & 4);
            ensure(c);
            (void)!(i & 4 ? cipher_seal(c, &(struct cipher_job){esp, 64, 1})
                          : cipher_open(c, &(struct cipher_job){esp, 64, 1}));
            cipher_free(c);
        }
    }
}

static u32 expected(const struct storm *s)
{
    u32 n = 0;
    for (int t = 0; t < TRANSPORTS; t++)
        n += s->expected_count[t];
    return n;
}

static void offer(struct storm *s)
{
    int side = (int)prng_below(&s->r, 2);
    struct host *h = &s->host[side];
    struct turn t = oracle_begin(s, side);
    for (u64 n = prng_between(&s->r, 1, OFFERS_MAX); n > 0 && expected(s) < OFFERS_FULL; n--) {
        struct craft_ends ends = life_ends(s, side);
        craft_packet(&s->r, &ends, h->vnet, &s->craft);
        foretell_out(s, side, &s->craft);
        host_send(h, &s->craft.head, s->craft.octets, s->craft.len);
        s->tally->offered++;
    }
    while (host_waits(h->plane->tun.fd))
        outbound_turn(h->plane);
    oracle_take_errors(s, side);
    oracle_end(s, &t);
    wire_take(s, side);
    wire_deliver_fresh(s);
}

static void do_step(struct storm *s)
{
    static const struct {
        void (*what)(struct storm *s);
        const char *name;
        u32 share;
    } steps[] = {
        {offer, "traffic", 560},
        {wire_deliver_old, "replays", 200},
        {wire_deliver_strange, "strange datagrams", 60},
        {peer_sends, "an authentic peer", 80},
        {life_install, "an install", 60},
        {life_remove, "a remove", 40},
        {life_switch, "a switch", 15},
        {life_time, "time", 50},
        {life_audit, "the books", 100},
        {life_orphan, "orphans", 2},
    };
    u32 all = 0, i = 0;
    for (u32 j = 0; j < ARRAY_LEN(steps); j++)
        all += steps[j].share;
    u64 drawn = prng_below(&s->r, all);
    while (drawn >= steps[i].share)
        drawn -= steps[i++].share;
    s->doing = steps[i].name;
    steps[i].what(s);
    if (prng_percent(&s->r, 1))
        life_settings(s, (int)prng_below(&s->r, 2));
}

static void epoch(struct storm *s, u64 seed, bool raw, struct tally *tally)
{
    u32 open_before = descriptors();
    size_t before = memory_used(), empty;
    *s = (struct storm){.seed = seed, .r = {seed}, .tally = tally, .doing = "the beginning"};
    bool vnet = prng_percent(&s->r, 80);
    for (int side = 0; side < 2; side++)
        host_open(&s->host[side], side, raw, vnet);
    empty = memory_used();
    life_begin(s);
    for (; s->step < STEPS; s->step++)
        do_step(s);
    s->doing = "the end";
    life_end(s);
    wire_clear(s);
    if (!memory_is(empty))
        storm_wrong(s, "%zu octets of memory where %zu were before there were SAs", memory_used(),
                    empty);
    for (int side = 0; side < 2; side++)
        host_close(&s->host[side]);
    if (!memory_is(before) || descriptors() != open_before)
        storm_wrong(s, "%zu octets and %u descriptors, but %zu and %u before", memory_used(),
                    descriptors(), before, open_before);
    tally->epochs++;
}

static void say(const struct tally *t, const struct wish *o, bool raw, u64 seconds)
{
    printf("storm: seed %ju, %ju epochs%s, %ju s: %ju packets offered, %ju sealed, %ju datagrams "
           "(%ju of nobody), %ju came out (%ju super-segments), %ju Child SAs;",
           (uintmax_t)o->seed, (uintmax_t)t->epochs, raw ? "" : " without raw ESP",
           (uintmax_t)seconds, (uintmax_t)t->offered, (uintmax_t)t->sent, (uintmax_t)t->datagrams,
           (uintmax_t)t->strange, (uintmax_t)t->came, (uintmax_t)t->supers, (uintmax_t)t->children);
    for (int i = 0; i < ESP_DROP_COUNT; i++)
        if (t->drops[i] > 0)
            printf(" %s %ju", esp_drop_word((enum esp_drop)i), (uintmax_t)t->drops[i]);
    printf("\n");
}

static bool wish_of(int argc, char **argv, struct wish *o)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        u64 v = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            o->seed = v;
        else if (strcmp(argv[i], "--seconds") == 0)
            o->seconds = v;
        else if (strcmp(argv[i], "--epochs") == 0)
            o->epochs = v;
        else
            return false;
    }
    return argc % 2 == 1;
}

/* Without caches of malloc's own what is used can be told to the octet. */
static void without_caches(char **argv)
{
    static const char name[] = "GLIBC_TUNABLES", value[] = "glibc.malloc.tcache_count=0";
    const char *now = getenv(name);
    if (now && strcmp(now, value) == 0)
        return;
    setenv(name, value, 1);
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    static struct storm s;
    struct wish o = {.seed = 1, .seconds = 10, .epochs = UINT64_MAX};
    struct tally tally = {0};
    if (!wish_of(argc, argv, &o)) {
        fputs("storm [--seed N] [--seconds N] [--epochs N]\n", stderr);
        return 2;
    }
    without_caches(argv);
    setvbuf(stdout, NULL, _IONBF, 0);
    bool raw = host_namespace();
    u64 began = seconds_now();
    warm_up();
    while (tally.epochs < o.epochs && (o.epochs < UINT64_MAX || seconds_now() - began < o.seconds))
        epoch(&s, o.seed + tally.epochs, raw, &tally);
    say(&tally, &o, raw, seconds_now() - began);
    return 0;
}
