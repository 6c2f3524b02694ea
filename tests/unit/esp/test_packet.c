/* ESP packets in tunnel mode: what is wrapped comes out again, what is not right is dropped. */
#include "esp/packet.h"
#include "suites.h"
#include "test.h"

#define SPI 0xc0ffee01u

struct pair {
    struct cipher *seal, *open;
    struct replay replay;
};

static struct pair pair_of(size_t suite, bool esn)
{
    struct pair p = {esp_suite_new(&esp_suites[suite], esn, true),
                     esp_suite_new(&esp_suites[suite], esn, false),
                     {0}};
    replay_init(&p.replay, 64, esn);
    return p;
}

static void pair_free(struct pair *p)
{
    cipher_free(p->seal);
    cipher_free(p->open);
}

/* An inner packet of this length and version in a buffer just as large as it must be. */
static struct frame frame_of(u8 *buffer, const struct cipher *c, size_t len, u8 version)
{
    size_t front = (size_t)ESP_HEADER_LEN + c->iv_len, odd = (len + 2) % c->align;
    size_t pad = odd ? c->align - odd : 0;
    struct frame f = {buffer, buffer + front + len + pad + 2 + c->icv_len, buffer + front, len};
    memset(f.at, 0xab, len);
    f.at[0] = (u8)(version << 4 | 5);
    size_t stated = version == 4 ? len : len - 40;
    f.at[version == 4 ? 2 : 4] = (u8)(stated >> 8);
    f.at[version == 4 ? 3 : 5] = (u8)stated;
    return f;
}

TEST(packets_come_out_as_they_went_in)
{
    for (size_t s = 0; s < ARRAY_LEN(esp_suites); s++) {
        for (int esn = 0; esn < 2; esn++) {
            struct pair p = pair_of(s, esn);
            u64 seq = 0;
            for (size_t len = 40; len < 140; len++) {
                u8 buffer[512], before[512];
                u8 version = len % 2 ? 4 : 6;
                struct frame f = frame_of(buffer, p.seal, len, version);
                memcpy(before, f.at, len);
                CHECK_EQ(packet_seal(p.seal, SPI, ++seq, &f), ESP_PASS);
                CHECK(f.at == buffer && f.at + f.len == f.end); /* not an octet is left */
                CHECK_EQ(packet_spi(&f), SPI);
                CHECK(packet_inner_max(p.seal, f.len) >= len);
                CHECK(packet_inner_max(p.seal, f.len) < len + p.seal->align);
                CHECK(packet_inner_max(p.seal, f.len - 1) < len);
                CHECK_EQ(packet_open(p.open, &p.replay, &f), ESP_PASS);
                CHECK_EQ(f.len, len);
                CHECK_BYTES(f.at, before, len);
            }
            pair_free(&p);
        }
    }
}

TEST(room_is_looked_at)
{
    struct pair p = pair_of(5, false);
    u8 buffer[512];
    struct frame f = frame_of(buffer, p.seal, 50, 4);
    f.start++;
    CHECK_EQ(packet_seal(p.seal, SPI, 1, &f), ESP_NO_ROOM);
    f = frame_of(buffer, p.seal, 50, 4);
    f.end--;
    CHECK_EQ(packet_seal(p.seal, SPI, 1, &f), ESP_NO_ROOM);
    pair_free(&p);
}

TEST(numbers_never_come_round)
{
    struct pair p = pair_of(2, false), q = pair_of(2, true);
    u8 buffer[512];
    struct frame f = frame_of(buffer, p.seal, 50, 4);
    CHECK_EQ(packet_seal(p.seal, SPI, 0, &f), ESP_EXHAUSTED);
    CHECK_EQ(packet_seal(p.seal, SPI, (u64)1 << 32, &f), ESP_EXHAUSTED);
    CHECK_EQ(packet_seal(q.seal, SPI, (u64)1 << 32, &f), ESP_PASS);
    pair_free(&p);
    pair_free(&q);
}

TEST(replays_and_forgeries_are_told_apart)
{
    struct pair p = pair_of(3, true);
    u8 buffer[512], copy[512];
    struct frame f = frame_of(buffer, p.seal, 60, 4), g;
    CHECK_EQ(packet_seal(p.seal, SPI, 100, &f), ESP_PASS);
    memcpy(copy, buffer, sizeof(copy));
    copy[30] ^= 1;
    g = (struct frame){copy, copy + f.len, copy, f.len};
    CHECK_EQ(packet_open(p.open, &p.replay, &g), ESP_FORGED);
    CHECK_EQ(p.replay.top, 0); /* a forgery moves no window */
    memcpy(copy, buffer, sizeof(copy));
    CHECK_EQ(packet_open(p.open, &p.replay, &f), ESP_PASS);
    CHECK_EQ(packet_open(p.open, &p.replay, &g), ESP_REPLAYED);
    f = frame_of(buffer, p.seal, 60, 4);
    CHECK_EQ(packet_seal(p.seal, SPI, 36, &f), ESP_PASS);
    /* Left of the window, so it is taken for one of the next high half. */
    CHECK_EQ(packet_open(p.open, &p.replay, &f), ESP_FORGED);
    pair_free(&p);
    p = pair_of(3, false);
    p.replay.top = 100;
    f = frame_of(buffer, p.seal, 60, 4);
    CHECK_EQ(packet_seal(p.seal, SPI, 36, &f), ESP_PASS);
    CHECK_EQ(packet_open(p.open, &p.replay, &f), ESP_LATE);
    pair_free(&p);
}

TEST(short_packets_are_dropped)
{
    for (size_t s = 0; s < ARRAY_LEN(esp_suites); s++) {
        struct pair p = pair_of(s, false);
        u8 buffer[512];
        struct frame f = frame_of(buffer, p.seal, 60, 4);
        CHECK_EQ(packet_seal(p.seal, SPI, 1, &f), ESP_PASS);
        for (size_t len = 0; len < f.len; len++) {
            u8 *exact = malloc(len + 1); /* so that one octet too far is seen */
            memcpy(exact, buffer, len);
            struct frame g = {exact, exact + len, exact, len};
            enum esp_drop why = packet_open(p.open, &p.replay, &g);
            CHECK_EQ(packet_spi(&g), len < 8 ? 0 : SPI);
            free(exact);
            CHECK(why == ESP_SHORT || why == ESP_FORGED);
        }
        pair_free(&p);
    }
}

/* Seal this text as it is, with its own trailer, and say what becomes of it. */
static enum esp_drop fate_of(const u8 *text, size_t len, struct frame *out)
{
    static u8 buffer[512];
    struct pair p = pair_of(10, false); /* ENCR_NULL: any length */
    memset(buffer, 0, sizeof(buffer));
    memcpy(buffer, "\xc0\xff\xee\x01\0\0\0\1", 8);
    memcpy(buffer + 8, text, len);
    bool sealed = cipher_seal(p.seal, &(struct cipher_job){buffer, len, 1});
    *out = (struct frame){buffer, buffer + sizeof(buffer), buffer, 8 + len + p.seal->icv_len};
    enum esp_drop why = packet_open(p.open, &p.replay, out);
    bool noted = p.replay.top == 1;
    pair_free(&p);
    return sealed && noted ? why : ESP_DROP_COUNT;
}

TEST(what_stands_inside_is_looked_at)
{
    struct frame f;
    u8 text[128] = {0x45, 0, 0, 20};
    /* Without room for a trailer it is not even opened. */
    CHECK_EQ(fate_of((const u8 *)"", 0, &f), ESP_DROP_COUNT);
    CHECK_EQ(fate_of((const u8 *)"\x3b", 1, &f), ESP_DROP_COUNT);
    CHECK_EQ(fate_of((const u8 *)"\0\x3b", 2, &f), ESP_DUMMY);
    CHECK_EQ(fate_of((const u8 *)"\1\x04", 2, &f), ESP_PADDING); /* more than there is */
    CHECK_EQ(fate_of((const u8 *)"\0\x04", 2, &f), ESP_INNER);
    CHECK_EQ(fate_of((const u8 *)"\0\x11", 2, &f), ESP_PROTOCOL);
    CHECK_EQ(fate_of((const u8 *)"\1\3\2\x3b", 4, &f), ESP_PADDING);
    CHECK_EQ(fate_of((const u8 *)"\1\2\2\x3b", 4, &f), ESP_DUMMY);
    text[20] = 0;
    text[21] = 4;
    CHECK_EQ(fate_of(text, 22, &f), ESP_PASS);
    CHECK_EQ(f.len, 20);
    text[21] = 41;
    CHECK_EQ(fate_of(text, 22, &f), ESP_INNER); /* IPv4 that is said to be IPv6 */
    text[20] = 0;
    text[90] = 0;
    text[91] = 4;
    CHECK_EQ(fate_of(text, 92, &f), ESP_PASS); /* 70 octets of TFC padding */
    CHECK_EQ(f.len, 20);
    text[3] = 91;
    CHECK_EQ(fate_of(text, 92, &f), ESP_INNER); /* states one octet more than there is */
    text[3] = 90;
    CHECK_EQ(fate_of(text, 92, &f), ESP_PASS);
    text[3] = 19;
    CHECK_EQ(fate_of(text, 92, &f), ESP_INNER);
    text[0] = 0x60;
    text[5] = 50;
    text[91] = 41;
    CHECK_EQ(fate_of(text, 92, &f), ESP_PASS);
    CHECK_EQ(f.len, 90);
    text[5] = 51;
    CHECK_EQ(fate_of(text, 92, &f), ESP_INNER);
}

TEST(dummies_are_dropped_by_name)
{
    struct pair p = pair_of(4, false);
    u8 buffer[512];
    struct frame f = frame_of(buffer, p.seal, 77, 4);
    CHECK_EQ(packet_seal_dummy(p.seal, SPI, 1, &f), ESP_PASS);
    CHECK_EQ(packet_open(p.open, &p.replay, &f), ESP_DUMMY);
    f = frame_of(buffer, p.seal, 77, 5);
    CHECK_EQ(packet_seal(p.seal, SPI, 2, &f), ESP_PROTOCOL);
    f.len = 0;
    CHECK_EQ(packet_seal(p.seal, SPI, 2, &f), ESP_PROTOCOL);
    pair_free(&p);
}

int main(void)
{
    return RUN(packets_come_out_as_they_went_in) | RUN(room_is_looked_at) |
           RUN(numbers_never_come_round) | RUN(replays_and_forgeries_are_told_apart) |
           RUN(short_packets_are_dropped) | RUN(what_stands_inside_is_looked_at) |
           RUN(dummies_are_dropped_by_name);
}
