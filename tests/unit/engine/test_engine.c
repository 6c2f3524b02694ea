/* The inputs of the engine: replays, strangers to an SA, caps, configurations, and what is left in
 * memory when all is over. */
#include "../exchange/tools.h"
#include <sys/mman.h>

static struct tuned t[2];
static struct chain c;
static struct heard h;

/* ---- requests that were answered ---- */

/* One datagram for side 1; how many answers it gets. The first is kept. */
static u8 reply[4096];
static size_t reply_len;
static unsigned offer_datagram(struct pair *p, const u8 *data, size_t len)
{
    u8 copy[4096];
    unsigned answers = 0;
    memcpy(copy, data, len);
    struct shrike_datagram d = {p->side[1].here, p->side[0].here, copy, len, false};
    shrike_datagram(p->side[1].engine, p->now, &d);
    settle_side(p, 1);
    for (; p->side[0].count; pair_lose(&p->side[0]), answers++) {
        const struct pair_datagram *r = &p->side[0].queue[p->side[0].head];
        if (answers == 0) {
            reply_len = r->len;
            memcpy(reply, r->data, r->len);
        }
    }
    return answers;
}

/* A request that side 0 has sealed and that is not delivered. */
static struct packet *sealed_as(struct forger *f, u8 exchange, u32 id, u16 size)
{
    struct sealing in = {.header = {.spi_i = f->sa.spi_i,
                                    .spi_r = f->sa.spi_r,
                                    .version = VERSION_2_0,
                                    .exchange = exchange,
                                    .flags = FLAG_INITIATOR,
                                    .message_id = id},
                         .first = c.first,
                         .inner = written_bytes(&c.w)};
    f->conn.fragment_size = size;
    return protect_seal(&f->shard, &f->sa, &in);
}

static struct packet *sealed(struct forger *f, u32 id, u16 size)
{
    return sealed_as(f, EXCHANGE_INFORMATIONAL, id, size);
}

/* RFC 7296 2.1 (1, 2, 4, 5), 2.3 (9): the remembered reply, octet for octet; RFC 7383 2.6.1: also
 * when the request was cut anew, but only when that is authentic. */
TEST(a_request_again_gets_its_reply_again)
{
    static u8 padding[900];
    struct pair *p = toy_pair((struct pair_options){0});
    struct forger f;
    u8 first[4096], changed[4096];
    pair_up(p, NULL);
    CHECK(forger_init(&f, p, 1));
    chain_begin(&c);
    chain_add(&c, PAYLOAD_VENDOR, false, bytes_of(padding, sizeof(padding)));
    struct packet *whole = sealed(&f, 2, 65535), *parts = sealed(&f, 2, 576);
    CHECK(parts->next != NULL);
    CHECK_EQ(offer_datagram(p, whole->data, whole->len), 1);
    size_t len = reply_len;
    memcpy(first, reply, len);
    uint64_t made = stats_of(p, 1).allocations;
    CHECK_EQ(offer_datagram(p, whole->data, whole->len), 1);
    CHECK_EQ(reply_len, len);
    CHECK_BYTES(reply, first, len);
    CHECK_EQ(stats_of(p, 1).allocations, made); /* nothing was sealed for it */
    for (size_t at = 0; at < whole->len; at += 7) {
        memcpy(changed, whole->data, whole->len);
        changed[at] ^= 4;
        bool other = at >= 8 && at < 16; /* our SPI: it names no SA, and is told so */
        CHECK_EQ(offer_datagram(p, changed, whole->len), other);
    }
    CHECK_EQ(offer_datagram(p, parts->data, parts->len), 1);
    CHECK_BYTES(reply, first, len);
    CHECK_EQ(offer_datagram(p, parts->next->data, parts->next->len), 0);
    memcpy(changed, parts->data, parts->len);
    changed[parts->len - 1] ^= 1;
    CHECK_EQ(offer_datagram(p, changed, parts->len), 0);
    /* What comes next makes the one before stale. */
    struct packet *next = sealed(&f, 3, 65535), *far = sealed(&f, 5, 65535);
    CHECK_EQ(offer_datagram(p, far->data, far->len), 0);
    CHECK_EQ(offer_datagram(p, next->data, next->len), 1);
    CHECK_EQ(offer_datagram(p, whole->data, whole->len), 0);
    /* It is forgotten after some minutes; the SA stays. */
    p->now += 200 * SHRIKE_SECOND;
    pair_run(p);
    CHECK_EQ(offer_datagram(p, next->data, next->len), 0);
    CHECK_EQ(p->side[1].ike_down, 0);
    struct packet *all[] = {whole, parts, next, far};
    for (unsigned i = 0; i < ARRAY_LEN(all); i++)
        packet_drop(&f.shard.packets, all[i]);
    forger_free(&f);
    toy_end(p);
}

/* Its IKE_AUTH never comes whole: who waited in vain is told how much of it did. */
TEST(fragments_that_are_missing_are_told_of)
{
    static u8 padding[1200];
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct forger f;
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    CHECK(pair_deliver(p, 1));
    (void)pair_drain(p, 1);
    CHECK(pair_deliver(p, 0));
    while (pair_drain(p, 0))
        ;
    CHECK(forger_init(&f, p, 1));
    chain_begin(&c);
    chain_add(&c, PAYLOAD_VENDOR, false, bytes_of(padding, sizeof padding));
    struct packet *parts = sealed_as(&f, EXCHANGE_IKE_AUTH, 1, 576);
    CHECK(parts->next && parts->next->next && !parts->next->next->next);
    CHECK_EQ(offer_datagram(p, parts->data, parts->len), 0);
    CHECK_EQ(offer_datagram(p, parts->next->next->data, parts->next->next->len), 0);
    pair_lose_all(&p->side[1]);
    p->side[0].mute = true;
    pair_wait(p, p->now + 120 * SHRIKE_SECOND);
    const struct shrike_reason *why = &p->side[1].failure;
    CHECK(p->side[1].failed == 1 && why->code == SHRIKE_REASON_HALF_OPEN_TIMEOUT);
    CHECK(why->parts == 2 && why->parts_all == 3);
    CHECK_EQ(why->detail, parts->len);
    packet_drop(&f.shard.packets, parts);
    forger_free(&f);
    toy_end(p);
}

/* A closed SA answers late copies of the request that closed it. */
TEST(a_closed_sa_still_answers)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct forger f;
    pair_up(p, NULL);
    CHECK(forger_init(&f, p, 1));
    chain_begin(&c);
    chain_delete(&c, PROTOCOL_IKE, NULL, 0);
    struct packet *k = sealed(&f, 2, 65535);
    CHECK_EQ(offer_datagram(p, k->data, k->len), 1);
    CHECK_EQ(p->side[1].ike_down, 1);
    CHECK_EQ(offer_datagram(p, k->data, k->len), 1);
    struct packet *next = sealed(&f, 3, 65535);
    CHECK_EQ(offer_datagram(p, next->data, next->len), 0);
    p->now += 61 * SHRIKE_SECOND;
    pair_run(p);
    CHECK(stats_of(p, 1).ike_sas == 0);
    CHECK_EQ(offer_datagram(p, k->data, k->len), 1); /* INVALID_IKE_SPI */
    CHECK_EQ(reply_len, 36);
    packet_drop(&f.shard.packets, k);
    packet_drop(&f.shard.packets, next);
    forger_free(&f);
    toy_end(p);
}

/* The header must name the SA by both SPIs and the sender by its role. */
TEST(headers_that_name_another)
{
    static const unsigned at[] = {3, 11, 17, 18, 19, 19, 20, 23};
    static const u8 flip[] = {1, 1, 0x10, 7, FLAG_INITIATOR, FLAG_RESPONSE, 0x80, 0x40};
    /* RFC 7296 1.5: with an SPI that is not ours, or version 3, it is told so. */
    static const bool told[] = {false, true, true, false, true, false, false, false};
    struct pair *p = toy_pair((struct pair_options){0});
    struct forger f;
    u8 changed[4096];
    pair_up(p, NULL);
    CHECK(forger_init(&f, p, 1));
    chain_begin(&c);
    struct packet *k = sealed(&f, 2, 65535);
    for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
        memcpy(changed, k->data, k->len);
        changed[at[i]] ^= flip[i];
        CHECK_EQ(offer_datagram(p, changed, k->len), told[i]);
    }
    CHECK_EQ(offer_datagram(p, k->data, k->len), 1);
    packet_drop(&f.shard.packets, k);
    forger_free(&f);
    toy_end(p);
}

/* ---- caps ---- */

/* At each cap the engine refuses, holds what it has, and recovers. */
TEST(caps_hold_and_recover)
{
    static const struct shrike_limits rows[] = {{.ike_sas = 1, .half_open = 4},
                                                {.ike_sas = 4, .half_open = 1},
                                                {.ike_sas = 4, .half_open = 4, .child_sas = 2}};
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct pair *p = toy_pair((struct pair_options){.limits = rows[i], .children = 4});
        for (unsigned round = 0; round < 3; round++) {
            pair_up(p, NULL);
            CHECK_EQ(p->side[0].ike_up, round + 1);
            CHECK_EQ(p->side[0].child_count, i == 2 ? 2 : i == 0 ? 2 : 4);
            CHECK(pair_agrees(p));
            pair_down(p, round % 2, NULL);
            pair_wait(p, p->now + 300 * SHRIKE_SECOND);
            CHECK(empty(p));
        }
        toy_end(p);
    }
}

static u64 most_bytes, out_bytes;
static void *counted_take(void *ctx, size_t size)
{
    (void)ctx;
    void *page = aligned_alloc(64, size);
    if (page)
        memset(page, 0, size);
    out_bytes += size;
    most_bytes = MAX(most_bytes, out_bytes);
    return page;
}

static void counted_give(void *ctx, void *page, size_t size)
{
    (void)ctx;
    out_bytes -= size;
    free(page);
}

/* As many half-open SAs as strangers like: the memory that was allowed, and no more. */
TEST(memory_is_bounded)
{
    for (u32 mib = 1; mib <= 8; mib++) {
        struct shrike_provider *toy = provider_toy_new(1);
        struct shrike_env env = {.provider = toy,
                                 .pages = {counted_take, counted_give, NULL},
                                 .limits = {.ike_sas = 100, .half_open = 100, .memory_mib = mib},
                                 .shards = 1};
        most_bytes = out_bytes = 0;
        struct shrike *e = shrike_new(&env, SHRIKE_SECOND);
        if (e)
            shrike_free(e);
        CHECK(most_bytes <= ((u64)mib << 20) + 4 * SHRIKE_PAGE); /* the engine itself is extra */
        CHECK_EQ(out_bytes, 0);
        provider_toy_free(toy);
    }
}

/* ---- configurations ---- */

static unsigned unused(struct pair *p, unsigned side, const struct shrike_conf *conf)
{
    struct shrike_action a;
    unsigned n = 0;
    for (unsigned i = 0; i < 10; i++) {
        while (shrike_next(p->side[side].engine, &a))
            n += a.kind == SHRIKE_CONF_UNUSED && (!conf || a.conf == conf);
        shrike_tick(p->side[side].engine, p->now);
    }
    return n;
}

/* SAs whose connection stands unchanged move over, so that old snapshots are given back. */
TEST(old_configurations_are_given_back)
{
    static struct tuned many[10];
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    tune_begin(p, 0, &many[0]);
    tune_end(p, 0, &many[0]);
    pair_up(p, NULL);
    for (unsigned i = 1; i < 10; i++) {
        many[i] = many[i - 1];
        many[i].conf.conns = &many[i].conn;
        many[i].conn.children = many[i].children;
        CHECK(shrike_conf(p->side[0].engine, &many[i].conf));
        CHECK_EQ(unused(p, 0, &many[i - 1].conf), 1);
        memset(&many[i - 1].conf, 0xee, sizeof(many[i - 1].conf)); /* nobody looks there again */
        memset(&many[i - 1].conn, 0xee, sizeof(many[i - 1].conn));
        memset(many[i - 1].children, 0xee, sizeof(many[i - 1].children));
    }
    pair_down(p, 0, "net1");
    pair_up(p, "net1");
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* One that was changed stays with the SA until that ends; eight may be held. */
TEST(changed_configurations_stay_until_the_end)
{
    static struct tuned many[12];
    struct pair *p = toy_pair((struct pair_options){0});
    tune_begin(p, 0, &many[0]);
    CHECK(shrike_conf(p->side[0].engine, &many[0].conf));
    settle_side(p, 0);
    pair_up(p, NULL);
    many[1] = many[0];
    many[1].conf.conns = &many[1].conn;
    many[1].conn.hash++;
    CHECK(shrike_conf(p->side[0].engine, &many[1].conf));
    CHECK_EQ(unused(p, 0, NULL), 0);
    CHECK_EQ(p->side[0].ike_down, 0);
    pair_down(p, 1, NULL);
    unsigned n = 0;
    for (unsigned i = 0; i < 70; i++, p->now += SHRIKE_SECOND)
        n += unused(p, 0, &many[0].conf);
    CHECK_EQ(n, 1);
    toy_end(p);
}

/* ---- memory when all is over ---- */

/* Pages that are looked at, also when they come back: is a key in one? */
static u8 needles[8][32];
static unsigned needle_count;
static bool found;
static struct bytes pages[64];

static void *seen_take(void *ctx, size_t size)
{
    (void)ctx;
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (page != MAP_FAILED && !pages[i].at) {
            pages[i] = bytes_of(page, size);
            return page;
        }
    }
    return NULL;
}

/* Also into what nobody is to use now. */
__attribute__((no_sanitize_address)) static void look_into(struct bytes page)
{
    for (const u8 *at = page.at; at + 16 <= page.at + page.len; at++) {
        for (unsigned i = 0; i < needle_count; i++) {
            unsigned same = 0;
            while (same < 16 && at[same] == needles[i][same])
                same++;
            found = found || same == 16;
        }
    }
}

static void look_into_all(void)
{
    for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (pages[i].at)
            look_into(pages[i]);
    }
}

static void seen_give(void *ctx, void *page, size_t size)
{
    (void)ctx;
    look_into(bytes_of(page, size));
    for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (pages[i].at == page)
            pages[i] = (struct bytes){0};
    }
    munmap(page, size);
}

/* RFC 7296 2.12 (1) */
TEST(no_key_is_left_in_a_page)
{
    for (unsigned closed = 0; closed < 2; closed++) {
        struct pair *p = toy_pair((struct pair_options){.children = 2});
        struct shrike_provider *toy = provider_toy_new(1);
        struct shrike_env env = {.provider = toy,
                                 .pages = {seen_take, seen_give, NULL},
                                 .seed = {9},
                                 .incarnation = 1,
                                 .shards = 1};
        shrike_free(p->side[0].engine);
        p->side[0].engine = shrike_new(&env, p->now);
        tune_begin(p, 1, &t[1]); /* the configuration of the other side, with the sides changed */
        tune_end(p, 1, &t[1]);
        t[0] = t[1];
        struct shrike_conn *conn = &t[0].conn;
        t[0].conf.conns = conn;
        conn->children = t[0].children;
        conn->local = t[1].conn.remote;
        conn->remote = t[1].conn.local;
        conn->local_endpoint = t[1].conn.remote_endpoint;
        conn->remote_endpoint = t[1].conn.local_endpoint;
        for (unsigned i = 0; i < conn->child_count; i++) {
            t[0].children[i].local_ts = t[1].children[i].remote_ts;
            t[0].children[i].remote_ts = t[1].children[i].local_ts;
        }
        CHECK(shrike_conf(p->side[0].engine, &t[0].conf));
        pair_up(p, NULL);
        CHECK_EQ(p->side[0].child_count, 2);
        u8 keys[SHRIKE_KEYS_MAX], *at = keys;
        size_t len[5];
        CHECK(shrike_unsafe_keys(p->side[0].engine, p->side[0].ike, keys, len));
        found = false;
        needle_count = 0;
        for (unsigned i = 0; i < 5; at += len[i++]) {
            if (len[i] >= 16)
                memcpy(needles[needle_count++], at, 16);
        }
        CHECK_EQ(needle_count, 3);
        for (unsigned i = 0; i < 2; i++) {
            memcpy(needles[needle_count++], p->side[0].children[i].in, 16);
            memcpy(needles[needle_count++], p->side[0].children[i].out, 16);
        }
        look_into_all();
        CHECK(found); /* it would be seen */
        found = false;
        if (closed) {
            pair_down(p, 0, NULL);
            look_into_all();
            CHECK(!found);
        }
        shrike_free(p->side[0].engine);
        CHECK(!found);
        p->side[0].engine = shrike_new(&env, p->now);
        toy_end(p);
        provider_toy_free(toy);
    }
}

/* What side 1 keeps while it waits for the data plane: its last reply may have been forgotten
 * before
 * (`late`), or not. One more copy of the request gets nothing. */
static void wait_for_the_plane(bool late, u32 *kept)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    u8 octets[2048];
    pair_up(p, "net0");
    if (late)
        pair_wait(p, p->now + 3600 * SHRIKE_SECOND);
    p->side[1].hold_ops = true;
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    struct pair_datagram again = p->side[1].queue[p->side[1].head];
    CHECK(p->side[1].count == 1 && again.len <= sizeof(octets));
    memcpy(octets, again.data, again.len);
    again.data = octets;
    CHECK(pair_deliver(p, 1));
    settle_side(p, 1);
    *kept = stats_of(p, 1).packets;
    CHECK(p->side[1].op_count == 1 && p->side[0].count == 0);
    pair_post(&p->side[1], &again);
    (void)pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK_EQ(p->side[0].count, 0);
    CHECK(pair_answer(p, 1));
    p->side[1].hold_ops = false;
    pair_run(p);
    CHECK(pair_agrees(p) && p->side[0].child_count == 2);
    toy_end(p);
}

/* RFC 7296 2.1, 2.3: with its next request the peer shows that it has had the reply. */
TEST(a_reply_goes_when_the_next_request_comes)
{
    u32 soon = 1, late = 2;
    wait_for_the_plane(false, &soon);
    wait_for_the_plane(true, &late);
    CHECK_EQ(soon, late);
}

int main(void)
{
    (void)h;
    return RUN(a_request_again_gets_its_reply_again) | RUN(fragments_that_are_missing_are_told_of) |
           RUN(a_closed_sa_still_answers) | RUN(headers_that_name_another) |
           RUN(caps_hold_and_recover) | RUN(memory_is_bounded) |
           RUN(old_configurations_are_given_back) | RUN(changed_configurations_stay_until_the_end) |
           RUN(no_key_is_left_in_a_page) | RUN(a_reply_goes_when_the_next_request_comes);
}
