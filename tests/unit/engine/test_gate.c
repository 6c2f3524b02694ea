/* The gate: cookies hold for one address, SPI and nonce; caps hold; and it calms down again. */
#include "../exchange/tools.h"

static struct tuned t[2];

/* A stranger's IKE_SA_INIT request: that of a real initiator, with what a test changes. */
struct stranger_says {
    u8 octets[4096];
    size_t len;
    struct shrike_endpoint from;
};

static struct pair *p;
static struct stranger_says hello;

static bool begin(uint32_t cookies, uint32_t cookies_prefix, uint32_t most)
{
    p = toy_pair((struct pair_options){.limits = {.ike_sas = 64, .half_open = 32}});
    tune_begin(p, 1, &t[1]);
    t[1].conf.cookie_threshold = cookies;
    t[1].conf.cookie_prefix_threshold = cookies_prefix;
    t[1].conf.half_open_max = most;
    tune_end(p, 1, &t[1]);
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    if (p->side[1].count != 1)
        return false;
    const struct pair_datagram *d = &p->side[1].queue[p->side[1].head];
    hello.len = d->len;
    memcpy(hello.octets, d->data, d->len);
    hello.from = p->side[0].here;
    pair_lose(&p->side[1]);
    p->side[0].mute = true; /* what it sends again is lost */
    return true;
}

/* Say it; what the answer was. */
enum said { NOTHING, ACCEPTED, COOKIE };
static u8 cookie[64];
static size_t cookie_len;

static enum said say(const struct stranger_says *x)
{
    struct header h;
    struct message m;
    struct notify n;
    u8 bad, copy[4096];
    memcpy(copy, x->octets, x->len);
    struct shrike_datagram d = {p->side[1].here, x->from, copy, x->len, false};
    shrike_datagram(p->side[1].engine, p->now, &d);
    pair_lose_all(&p->side[0]);
    settle_side(p, 1);
    if (p->side[0].count != 1)
        return NOTHING;
    const struct pair_datagram *r = &p->side[0].queue[p->side[0].head];
    if (header_read(bytes_of(r->data, r->len), &h) != HEADER_OK ||
        message_read(&m, r->data, bytes_of(r->data + HEADER_SIZE, r->len - HEADER_SIZE),
                     h.next_payload, &bad) != MESSAGE_OK)
        return NOTHING;
    if (!notify_find(&m, NOTIFY_COOKIE, &n))
        return ACCEPTED;
    cookie_len = n.data.len;
    memcpy(cookie, n.data.at, n.data.len);
    return h.spi_r == 0 && h.message_id == 0 ? COOKIE : NOTHING;
}

/* The same request with the last cookie in front. */
static struct stranger_says with_cookie(const struct stranger_says *x)
{
    struct stranger_says y = *x;
    size_t more = 8 + cookie_len;
    memmove(y.octets + HEADER_SIZE + more, x->octets + HEADER_SIZE, x->len - HEADER_SIZE);
    u8 *at = y.octets + HEADER_SIZE;
    const u8 notify[8] = {x->octets[16],       0, 0, (u8)more, 0, 0, NOTIFY_COOKIE >> 8,
                          NOTIFY_COOKIE & 0xff};
    memcpy(at, notify, 8);
    memcpy(at + 8, cookie, cookie_len);
    y.octets[16] = PAYLOAD_NOTIFY;
    y.len += more;
    y.octets[26] = (u8)(y.len >> 8);
    y.octets[27] = (u8)y.len;
    return y;
}

/* Somebody else: another SPI and address. */
static struct stranger_says other(unsigned n)
{
    struct stranger_says x = hello;
    x.octets[0] = (u8)(x.octets[0] ^ 0x55);
    x.octets[6] = (u8)(n >> 8);
    x.octets[7] = (u8)n;
    x.from.octets[1] = (u8)(n >> 8);
    x.from.octets[2] = (u8)n;
    return x;
}

/* RFC 7296 2.6 (6), 2.11 (1) */
TEST(a_cookie_holds_for_one_only)
{
    CHECK(begin(0, 0, 100));
    CHECK_EQ(say(&hello), COOKIE);
    CHECK_EQ(stats_of(p, 1).ike_sas, 0);
    struct stranger_says good = with_cookie(&hello), x = good;
    x.octets[3] ^= 1; /* SPIi */
    CHECK_EQ(say(&x), COOKIE);
    x = good;
    x.from.octets[3] ^= 1;
    CHECK_EQ(say(&x), COOKIE);
    x = good;
    x.from.octets[0] ^= 1;
    CHECK_EQ(say(&x), COOKIE);
    for (unsigned i = 0; i < 17; i++) {
        x = good;
        x.octets[HEADER_SIZE + 8 + i] ^= 0x80; /* the cookie itself */
        CHECK_EQ(say(&x), COOKIE);
    }
    /* Each octet of the nonce counts. */
    struct message m;
    u8 bad;
    CHECK(message_read(&m, good.octets, bytes_of(good.octets + HEADER_SIZE, good.len - HEADER_SIZE),
                       PAYLOAD_NOTIFY, &bad) == MESSAGE_OK);
    struct span nonce = message_find(&m, PAYLOAD_NONCE)->body;
    for (unsigned i = 0; i < nonce.len; i++) {
        x = good;
        x.octets[nonce.off + i] ^= 1;
        CHECK_EQ(say(&x), COOKIE);
    }
    CHECK_EQ(stats_of(p, 1).ike_sas, 0);
    CHECK_EQ(stats_of(p, 1).bytes_live, 0);
    x = good;
    x.from.port = 4711; /* a NAT may map anew */
    CHECK_EQ(say(&x), ACCEPTED);
    CHECK_EQ(say(&good), ACCEPTED);
    toy_end(p);
}

/* RFC 7296 2.6 (5) */
TEST(cookies_grow_old)
{
    CHECK(begin(0, 0, 100));
    CHECK_EQ(say(&hello), COOKIE);
    struct stranger_says good = with_cookie(&hello), x = good;
    p->now += 60 * SHRIKE_SECOND;
    x.from.port++;
    CHECK_EQ(say(&x), ACCEPTED);
    p->now += 60 * SHRIKE_SECOND;
    x.from.port++;
    CHECK_EQ(say(&x), COOKIE);
    p->now += 256 * 60 * SHRIKE_SECOND; /* the version octet comes round: still another secret */
    x.from.port++;
    CHECK_EQ(say(&x), COOKIE);
    toy_end(p);
}

TEST(no_more_of_one_address_and_in_all_than_said)
{
    CHECK(begin(1000, 1000, 100));
    t[1].conf.half_open_prefix_max = 2;
    t[1].conf.ike_sas_max = 3;
    struct stranger_says x = other(1);
    for (unsigned i = 0; i < 3; i++) {
        x.octets[5] = (u8)i; /* another SPI of the same address */
        CHECK_EQ(say(&x), i < 2 ? ACCEPTED : NOTHING);
    }
    x = other(2);
    CHECK_EQ(say(&x), ACCEPTED);
    x = other(3);
    CHECK_EQ(say(&x), NOTHING); /* there are three */
    t[1].conf.ike_sas_max = 4;
    CHECK_EQ(say(&x), ACCEPTED);
    pair_wait(p, p->now + 31 * SHRIKE_SECOND); /* all half-open ones are over */
    x = other(1);
    x.octets[5] = 9;
    CHECK_EQ(say(&x), ACCEPTED);
    toy_end(p);
}

/* RFC 7296 2.6 (2): Above the threshold all must show one; it goes off only some time after. */
TEST(all_are_asked_above_the_threshold)
{
    CHECK(begin(3, 1000, 100));
    struct stranger_says x;
    for (unsigned i = 0; i < 3; i++) {
        x = other(i);
        CHECK_EQ(say(&x), ACCEPTED);
    }
    x = other(3);
    CHECK_EQ(say(&x), COOKIE);
    CHECK_EQ(stats_of(p, 1).half_open, 3);
    x = with_cookie(&x);
    CHECK_EQ(say(&x), ACCEPTED);
    CHECK_EQ(stats_of(p, 1).half_open, 4);
    pair_wait(p, p->now + 31 * SHRIKE_SECOND); /* all half-open ones are over */
    CHECK_EQ(stats_of(p, 1).half_open, 0);
    x = other(4);
    CHECK_EQ(say(&x), ACCEPTED);
    toy_end(p);
}

TEST(it_stays_raised_a_while)
{
    CHECK(begin(1, 1000, 100));
    struct stranger_says x = other(0);
    CHECK_EQ(say(&x), ACCEPTED);
    p->now += 25 * SHRIKE_SECOND;
    x = other(1);
    CHECK_EQ(say(&x), COOKIE);
    pair_wait(p, p->now + 6 * SHRIKE_SECOND); /* the first one is given up */
    CHECK_EQ(stats_of(p, 1).half_open, 0);
    x = other(2);
    CHECK_EQ(say(&x), COOKIE);
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    x = other(3);
    CHECK_EQ(say(&x), ACCEPTED);
    toy_end(p);
}

/* One network that asks for much pays alone: /32, and /64. */
TEST(one_prefix_pays_alone)
{
    for (unsigned six = 0; six < 2; six++) {
        CHECK(begin(1000, 2, 100));
        struct stranger_says x = hello, y = other(7);
        if (six) {
            x.from = (struct shrike_endpoint){{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1}, 500, 6, 0};
            y.from = (struct shrike_endpoint){{0x20, 1, 0xd, 0xb8, 0, 0, 0, 2}, 500, 6, 0};
        }
        for (unsigned i = 0; i < 2; i++) {
            x.octets[7]++;
            x.from.octets[15] = six ? (u8)i : 0;
            CHECK_EQ(say(&x), ACCEPTED);
        }
        x.octets[7]++;
        x.from.octets[15] = six ? 9 : 0;
        CHECK_EQ(say(&x), COOKIE);
        CHECK_EQ(say(&y), ACCEPTED);
        toy_end(p);
    }
}

/* The cap of the configuration, then that of the engine: refused, nothing kept, and it recovers. */
TEST(half_open_caps_hold)
{
    for (unsigned cap = 10; cap <= 100; cap += 90) {
        unsigned most = cap < 32 ? cap : 32, accepted = 0;
        CHECK(begin(1000, 1000, cap));
        for (unsigned i = 0; i < 100; i++) {
            struct stranger_says x = other(i);
            accepted += say(&x) == ACCEPTED;
        }
        CHECK_EQ(accepted, most);
        CHECK_EQ(stats_of(p, 1).half_open, most);
        CHECK_EQ(stats_of(p, 1).handshakes, most);
        p->now += SHRIKE_SECOND; /* events of strangers have another share */
        p->side[1].turned_away = 0;
        struct stranger_says late = other(150);
        CHECK_EQ(say(&late), NOTHING);
        CHECK_EQ(p->side[1].turned_away, cap < 32);
        pair_wait(p, p->now + 100 * SHRIKE_SECOND);
        CHECK(empty_side(p, 1));
        struct stranger_says x = other(200);
        CHECK_EQ(say(&x), ACCEPTED);
        toy_end(p);
    }
}

/* The same request gets the same answer; it makes no second SA. */
TEST(a_request_again_gets_its_reply_again)
{
    u8 first[4096];
    CHECK(begin(1000, 1000, 100));
    CHECK_EQ(say(&hello), ACCEPTED);
    size_t len = p->side[0].queue[p->side[0].head].len;
    memcpy(first, p->side[0].queue[p->side[0].head].data, len);
    CHECK_EQ(say(&hello), ACCEPTED);
    CHECK_EQ(p->side[0].queue[p->side[0].head].len, len);
    CHECK_BYTES(first, p->side[0].queue[p->side[0].head].data, len);
    CHECK_EQ(stats_of(p, 1).ike_sas, 1);
    CHECK_EQ(stats_of(p, 1).replays, 1);
    struct stranger_says x = hello;
    x.from.port++; /* somebody else may have chosen the same SPI */
    CHECK_EQ(say(&x), ACCEPTED);
    CHECK_EQ(stats_of(p, 1).ike_sas, 2);
    toy_end(p);
}

/* The initiator hears what was last said of cookies, once it has sent its request again. */
static void shows_it(void)
{
    u8 octets[256];
    struct writer w = writer_of(octets, sizeof(octets));
    struct header h = {
        .version = VERSION_2_0, .exchange = EXCHANGE_IKE_SA_INIT, .flags = FLAG_RESPONSE};
    struct builder b;
    p->now = MAX(p->now, shrike_deadline(p->side[0].engine));
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    b = builder_message(&w, &h);
    memcpy(octets, hello.octets, 8);
    notify_add(&b, NOTIFY_COOKIE, bytes_of(cookie, cookie_len));
    builder_end(&b);
    struct shrike_datagram d = {p->side[0].here, p->side[1].here, octets, written(&w), false};
    shrike_datagram(p->side[0].engine, p->now, &d);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
}

/* RFC 7296 2.1, 2.6, 2.15: the AUTH of the initiator is over the request that it has sent last, and
 * that may be another one than the first that comes through: copies of older ones wait somewhere,
 * and what they were told of cookies differs. There is one SA for all of them, and it comes up. */
TEST(the_newest_cookie_is_in_what_is_signed)
{
    const shrike_time minute = 60 * SHRIKE_SECOND;
    for (unsigned order = 0; order < 4; order++) {
        CHECK(begin(0, 0, 100));
        p->now = p->now / minute * minute + 58 * SHRIKE_SECOND;
        CHECK_EQ(say(&hello), COOKIE);
        const struct stranger_says one = with_cookie(&hello);
        shows_it();
        p->now += 10 * SHRIKE_SECOND;
        CHECK_EQ(say(&hello), COOKIE); /* of the next minute */
        const struct stranger_says two = with_cookie(&hello);
        CHECK(memcmp(one.octets, two.octets, one.len) != 0);
        shows_it();
        t[1].conf.cookie_threshold = t[1].conf.cookie_prefix_threshold = 1000;
        p->now += 11 * SHRIKE_SECOND; /* it has calmed down */
        CHECK_EQ(say(order < 2 ? &hello : order == 2 ? &one : &two), ACCEPTED);
        CHECK_EQ(say(order % 2 ? &two : &one), ACCEPTED);
        CHECK_EQ(say(order % 2 ? &one : &two), ACCEPTED);
        CHECK_EQ(say(&hello), ACCEPTED); /* an old copy */
        CHECK_EQ(stats_of(p, 1).ike_sas, 1);
        CHECK_EQ(stats_of(p, 1).replays, 3);
        p->side[0].mute = false;
        pair_run(p);
        CHECK_EQ(p->side[1].ike_up, 1);
        CHECK_EQ(p->side[0].failed, 0);
        toy_end(p);
    }
}

/* What differs by more than its cookie is another request: its proof is held against itself. */
TEST(another_request_changes_nothing_of_the_first)
{
    CHECK(begin(0, 0, 100));
    CHECK_EQ(say(&hello), COOKIE);
    struct stranger_says good = with_cookie(&hello), x = good;
    CHECK_EQ(say(&good), ACCEPTED);
    x.octets[x.len - 1] ^= 1; /* in a notify */
    CHECK_EQ(say(&x), ACCEPTED);
    CHECK_EQ(stats_of(p, 1).ike_sas, 2);
    toy_end(p);
}

/* Who asks again has not had the answer: that is told when nothing comes of it. */
TEST(how_often_it_was_asked_is_told)
{
    CHECK(begin(1000, 1000, 100));
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(say(&hello), ACCEPTED);
    pair_wait(p, p->now + 120 * SHRIKE_SECOND);
    CHECK_EQ(p->side[1].failure.code, SHRIKE_REASON_HALF_OPEN_TIMEOUT);
    CHECK_EQ(p->side[1].failure.again, 2);
    toy_end(p);
}

/* RFC 7296 3.1 (2, 3): what is no request for a first exchange makes nothing and gets nothing. */
TEST(other_headers_make_nothing)
{
    static const struct {
        unsigned at;
        u8 value;
    } rows[] = {{18, EXCHANGE_IKE_AUTH},
                {18, EXCHANGE_INFORMATIONAL},
                {19, 0},
                {19, FLAG_RESPONSE},
                {19, FLAG_INITIATOR | FLAG_RESPONSE},
                {23, 1}, /* message ID */
                {15, 1}, /* SPIr */
                {17, 0x10} /* IKEv1 */};
    CHECK(begin(1000, 1000, 100));
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        struct stranger_says x = hello;
        x.octets[rows[i].at] = rows[i].value;
        CHECK_EQ(say(&x), NOTHING);
    }
    struct stranger_says x = hello;
    memset(x.octets, 0, 8); /* SPIi 0 */
    CHECK_EQ(say(&x), NOTHING);
    CHECK_EQ(stats_of(p, 1).allocations, 0);
    CHECK_EQ(stats_of(p, 1).dropped, ARRAY_LEN(rows) + 1);
    toy_end(p);
}

static unsigned told[SHRIKE_EVENT_COUNT];

static void count_told(void)
{
    struct shrike_action a;
    while (shrike_next(p->side[1].engine, &a))
        if (a.kind == SHRIKE_EVENT)
            told[a.event.id]++;
}

/* These strangers call side 1, and what is due then is done. */
static void crowd(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        struct stranger_says x = other(i);
        if (i % 3 == 0)
            x.octets[HEADER_SIZE + 4 + 4] = 9; /* a protocol that no proposal has */
        struct shrike_datagram d = {p->side[1].here, x.from, x.octets, x.len, false};
        shrike_datagram(p->side[1].engine, p->now, &d);
        count_told();
    }
    shrike_tick(p->side[1].engine, p->now);
    count_told();
}

/* Whatever strangers send, events are few; and a crowd that calls does not hide what fails. */
TEST(events_of_strangers_are_bounded)
{
    CHECK(begin(1000, 1000, 100));
    memset(told, 0, sizeof told);
    crowd(0, 15); /* a third of them says nothing that may begin */
    CHECK_EQ(told[SHRIKE_EVENT_IKE_HALF_OPEN], SHRIKE_STRANGER_EVENTS);
    CHECK_EQ(told[SHRIKE_EVENT_IKE_FAILED], 0);
    p->now += 60 * SHRIKE_SECOND;
    crowd(15, 18);
    crowd(33, 500);
    CHECK_EQ(told[SHRIKE_EVENT_IKE_HALF_OPEN], 2 * SHRIKE_STRANGER_EVENTS);
    CHECK(told[SHRIKE_EVENT_IKE_FAILED] > 0); /* of the first ones */
    CHECK(told[SHRIKE_EVENT_IKE_FAILED] <= SHRIKE_STRANGER_EVENTS);
    toy_end(p);
}

int main(void)
{
    return RUN(no_more_of_one_address_and_in_all_than_said) | RUN(a_cookie_holds_for_one_only) |
           RUN(cookies_grow_old) | RUN(all_are_asked_above_the_threshold) |
           RUN(it_stays_raised_a_while) | RUN(one_prefix_pays_alone) | RUN(half_open_caps_hold) |
           RUN(a_request_again_gets_its_reply_again) | RUN(the_newest_cookie_is_in_what_is_signed) |
           RUN(another_request_changes_nothing_of_the_first) | RUN(how_often_it_was_asked_is_told) |
           RUN(other_headers_make_nothing) | RUN(events_of_strangers_are_bounded);
}
