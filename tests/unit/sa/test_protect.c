/* SK and SKF: sealed and opened with every cipher; fragments lost, doubled, shuffled and forged. */
#include "sa/keys.h"
#include "tools.h"

static struct ike_sa ends[2]; /* the two ends of one IKE SA */
static struct shrike_conn conn;

static bool begin(u16 encr, u16 bits, u16 integ)
{
    if (!shard_begin())
        return false;
    memset(ends, 0, sizeof(ends));
    conn = (struct shrike_conn){.fragment_size = 576};
    for (unsigned i = 0; i < 2; i++) {
        struct ike_sa *sa = &ends[i];
        sa->initiator = i == 0;
        sa->fragmentation = true;
        sa->conn = &conn;
        sa->suite = (struct ike_suite){suite_encr(encr, bits), suite_prf(PRF_HMAC_SHA2_256),
                                       integ ? suite_integ(integ) : NULL, NULL};
        struct ike_keys keys = {.d = {1}};
        memset(keys.e, 0x11, sizeof(keys.e));
        memset(keys.a, 0x22, sizeof(keys.a));
        keys.e[1][0] = keys.a[1][0] = 0x33;
        if (!keys_keep(&shard, sa, &keys))
            return false;
    }
    return true;
}

static bool end(void)
{
    for (unsigned i = 0; i < 4; i++)
        protect_forget(&shard, &ends[i / 2], i % 2);
    for (unsigned i = 0; i < 2; i++)
        packet_drop(&shard.packets, ends[i].keys);
    arena_reset(&shard.scratch);
    return packets_live(&shard.packets) == 0 && shard.source.bytes_live == 0 && shard_end();
}

static struct packet *seal(unsigned from, u32 id, struct bytes inner)
{
    struct sealing in = {
        .header = {.spi_i = 1,
                   .spi_r = 2,
                   .version = VERSION_2_0,
                   .exchange = EXCHANGE_INFORMATIONAL,
                   .flags = from ? 0 : FLAG_INITIATOR,
                   .message_id = id},
        .first = PAYLOAD_NOTIFY,
        .inner = inner,
    };
    return protect_seal(&shard, &ends[from], &in);
}

/* Open a copy, which is of its very size. */
static struct opened opened;
static u8 *copy;
static enum open_verdict open_at(unsigned to, const u8 *data, size_t len)
{
    struct header h;
    free(copy);
    copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    if (header_read(bytes_of(copy, len), &h) != HEADER_OK)
        return OPEN_BAD;
    return protect_open(&shard, &ends[to], bytes_of(copy, len), &h, &opened);
}

static enum open_verdict open_packet(unsigned to, const struct packet *k)
{
    return open_at(to, k->data, k->len);
}

TEST(every_cipher_and_length)
{
    static u8 text[200];
    size_t n;
    const struct encr_suite *rows = suite_encr_all(&n);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (u8)i;
    for (size_t row = 0; row < n; row++) {
        CHECK(
            begin(rows[row].id, rows[row].key_bits, rows[row].aead ? 0 : INTEG_HMAC_SHA2_256_128));
        for (size_t len = 0; len < sizeof(text); len += 1 + len / 40) {
            for (unsigned from = 0; from < 2; from++) {
                struct packet *k = seal(from, 7, bytes_of(text, len));
                CHECK(k != NULL);
                CHECK_EQ(open_packet(1 - from, k), OPEN_OK);
                CHECK(bytes_equal(opened.inner, bytes_of(text, len)));
                CHECK_EQ(opened.first, PAYLOAD_NOTIFY);
                CHECK_EQ(open_packet(from, k), OPEN_BAD); /* not one's own */
                packet_drop(&shard.packets, k);
            }
        }
        CHECK(end());
    }
}

/* RFC 7296 3.1 (1): One octet changed anywhere: it does not open. One cut off or added: neither. */
TEST(nothing_may_be_changed)
{
    static const u16 suites[][3] = {{ENCR_AES_GCM_16, 256, 0},
                                    {ENCR_AES_CBC, 128, INTEG_HMAC_SHA1_96},
                                    {ENCR_AES_CTR, 192, INTEG_AES_CMAC_96}};
    for (unsigned s = 0; s < ARRAY_LEN(suites); s++) {
        for (unsigned fragment = 0; fragment < 2; fragment++) {
            static u8 text[700];
            CHECK(begin(suites[s][0], suites[s][1], suites[s][2]));
            struct packet *k = seal(0, 7, bytes_of(text, fragment ? sizeof(text) : 50));
            CHECK((k->next != NULL) == fragment);
            for (size_t at = 0; at < k->len; at++) {
                k->data[at] ^= 1;
                CHECK_EQ(open_packet(1, k), OPEN_BAD);
                k->data[at] ^= 1;
            }
            for (size_t len = 0; len < k->len; len++) {
                u8 cut[1024];
                memcpy(cut, k->data, len);
                if (len >= HEADER_SIZE) { /* with a header and SK of that length */
                    cut[26] = (u8)(len >> 8);
                    cut[27] = (u8)len;
                }
                if (len >= HEADER_SIZE + 4) {
                    cut[30] = (u8)((len - HEADER_SIZE) >> 8);
                    cut[31] = (u8)(len - HEADER_SIZE);
                }
                CHECK_EQ(open_at(1, cut, len), OPEN_BAD);
            }
            CHECK_EQ(open_packet(1, k), fragment ? OPEN_MORE : OPEN_OK);
            packet_drop(&shard.packets, k);
            CHECK(end());
        }
    }
}

/* RFC 7296 3.14 (3): RFC 5282 3.1: one IV is never used twice. */
TEST(ivs_differ)
{
    u8 last[8] = {0xff};
    CHECK(begin(ENCR_AES_GCM_16, 128, 0));
    for (unsigned i = 0; i < 100; i++) {
        struct packet *k = seal(0, i, bytes_of("x", 1));
        CHECK(memcmp(k->data + HEADER_SIZE + 4, last, 8) != 0);
        memcpy(last, k->data + HEADER_SIZE + 4, 8);
        packet_drop(&shard.packets, k);
    }
    CHECK_EQ(ends[0].iv, 100);
    CHECK(end());
}

enum { LONG = 2000 };
static u8 text[LONG];

static struct packet *long_one(u32 id)
{
    for (unsigned i = 0; i < LONG; i++)
        text[i] = (u8)(i * 31 + id);
    return seal(0, id, bytes_of(text, LONG));
}

/* RFC 7383 2.5.1: an IP packet is never longer than wanted. */
TEST(fragments_have_their_size)
{
    static const struct {
        u16 size;
        u8 family;
        bool marker;
    } rows[] = {
        {576, 4, false}, {576, 4, true}, {1280, 6, true}, {1280, 6, false}, {100, 4, false}};
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        CHECK(begin(ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256));
        conn.fragment_size = rows[i].size;
        ends[0].remote.family = rows[i].family;
        ends[0].marker = rows[i].marker;
        size_t most = rows[i].size < 576 ? 576 : rows[i].size;
        struct packet *chain = long_one(1);
        CHECK(chain != NULL);
        unsigned number = 0;
        for (struct packet *k = chain; k; k = k->next) {
            size_t ip = k->len + (rows[i].family == 6 ? 48 : 28) + (rows[i].marker ? 4 : 0);
            CHECK(ip <= most);
            CHECK(ip > most - 48 || !k->next); /* and well filled */
            CHECK_EQ(k->data[16], PAYLOAD_SKF);
            CHECK_EQ(k->data[HEADER_SIZE], number == 0 ? PAYLOAD_NOTIFY : PAYLOAD_NONE);
            CHECK_EQ(k->data[HEADER_SIZE + 5], ++number);
        }
        packet_drop(&shard.packets, chain);
        CHECK(end());
    }
}

TEST(fragments_in_any_order_and_doubled)
{
    for (unsigned seed = 0; seed < 50; seed++) {
        struct packet *parts[16];
        unsigned n = 0, x = seed;
        CHECK(begin(ENCR_AES_GCM_16, 256, 0));
        struct packet *chain = long_one(seed);
        for (struct packet *k = chain; k; k = k->next)
            parts[n++] = k;
        for (unsigned i = n; i-- > 1; x = x * 1103515245u + 12345u) {
            unsigned j = (x >> 16) % (i + 1);
            struct packet *swap = parts[i];
            parts[i] = parts[j];
            parts[j] = swap;
        }
        for (unsigned i = 0; i < n; i++) {
            if (i) /* the one before once more */
                CHECK_EQ(open_packet(1, parts[i - 1]), OPEN_MORE);
            CHECK_EQ(open_packet(1, parts[i]), i + 1 < n ? OPEN_MORE : OPEN_OK);
        }
        CHECK(bytes_equal(opened.inner, bytes_of(text, LONG)));
        CHECK_EQ(opened.first, PAYLOAD_NOTIFY);
        CHECK(ends[1].fragments[0] == NULL);
        packet_drop(&shard.packets, chain);
        CHECK(end());
    }
}

/* A handshake notes what came of a message that it waits for, until that is whole. */
TEST(a_handshake_knows_how_many_came)
{
    struct handshake hs = {0};
    CHECK(begin(ENCR_AES_GCM_16, 256, 0));
    ends[1].handshake = &hs;
    struct packet *many = long_one(1);
    unsigned all = 0;
    for (struct packet *k = many; k; k = k->next)
        all++;
    CHECK_EQ(open_packet(1, many), OPEN_MORE);
    CHECK_EQ(hs.parts, 1);
    CHECK(all > 2 && hs.parts_all == all);
    CHECK_EQ(hs.part_octets, many->len);
    CHECK_EQ(open_packet(1, many), OPEN_MORE); /* twice is once */
    CHECK_EQ(open_packet(1, many->next), OPEN_MORE);
    CHECK_EQ(hs.parts, 2);
    shard.now += REASSEMBLY_TIME_MAX;
    protect_expire(&shard, &ends[1]);
    CHECK_EQ(open_packet(1, many), OPEN_MORE);
    CHECK_EQ(hs.parts, 2); /* the most that came at once */
    for (struct packet *k = many->next; k; k = k->next)
        CHECK_EQ(open_packet(1, k), k->next ? OPEN_MORE : OPEN_OK);
    CHECK(hs.parts == 0 && hs.parts_all == 0);
    packet_drop(&shard.packets, many);
    CHECK(end());
}

/* RFC 7383 2.6: cut anew into more pieces, it begins anew; into fewer, those are dropped. */
TEST(other_totals)
{
    CHECK(begin(ENCR_AES_GCM_16, 256, 0));
    struct packet *many = long_one(1);
    conn.fragment_size = 1280;
    struct packet *few = long_one(1);
    CHECK_EQ(open_packet(1, few), OPEN_MORE);
    CHECK_EQ(open_packet(1, many), OPEN_MORE);
    CHECK_EQ(ends[1].fragments[0]->have, 1);
    CHECK_EQ(open_packet(1, few->next), OPEN_LIMIT);
    for (struct packet *k = many->next; k; k = k->next)
        CHECK_EQ(open_packet(1, k), k->next ? OPEN_MORE : OPEN_OK);
    CHECK(bytes_equal(opened.inner, bytes_of(text, LONG)));
    struct packet *next = long_one(2); /* another message */
    CHECK_EQ(open_packet(1, many), OPEN_MORE);
    CHECK_EQ(open_packet(1, next), OPEN_MORE);
    CHECK_EQ(ends[1].fragments[0]->message_id, 2);
    packet_drop(&shard.packets, many);
    packet_drop(&shard.packets, few);
    packet_drop(&shard.packets, next);
    CHECK(end());
}

/* Numbers that cannot be, whatever their ICV. */
TEST(numbers_that_cannot_be)
{
    static const u16 rows[][2] = {{0, 4},        {5, 4}, {1, 0}, {0, 0}, {1, FRAGMENTS_MAX + 1},
                                  {65535, 65535}};
    CHECK(begin(ENCR_AES_GCM_16, 256, 0));
    struct packet *k = long_one(1);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        u8 changed[1024];
        memcpy(changed, k->data, k->len);
        changed[32] = (u8)(rows[i][0] >> 8);
        changed[33] = (u8)rows[i][0];
        changed[34] = (u8)(rows[i][1] >> 8);
        changed[35] = (u8)rows[i][1];
        CHECK_EQ(open_at(1, changed, k->len), OPEN_BAD);
    }
    ends[1].fragmentation = false; /* not agreed on */
    CHECK_EQ(open_packet(1, k), OPEN_BAD);
    packet_drop(&shard.packets, k);
    CHECK(end());
}

TEST(what_waits_too_long_is_forgotten)
{
    CHECK(begin(ENCR_AES_GCM_16, 256, 0));
    struct packet *k = long_one(1);
    CHECK_EQ(open_packet(1, k), OPEN_MORE);
    shard.now += REASSEMBLY_TIME_MAX - 1;
    protect_expire(&shard, &ends[1]);
    CHECK(ends[1].fragments[0] != NULL);
    shard.now++;
    protect_expire(&shard, &ends[1]);
    CHECK(ends[1].fragments[0] == NULL);
    packet_drop(&shard.packets, k);
    CHECK(end());
}

TEST(too_long_to_send)
{
    static u8 huge[70000];
    CHECK(begin(ENCR_AES_GCM_16, 256, 0));
    CHECK(seal(0, 1, bytes_of(huge, OUT_MAX)) == NULL); /* more than FRAGMENTS_OUT_MAX */
    ends[0].fragmentation = false;
    struct packet *k = seal(0, 1, bytes_of(huge, OUT_MAX));
    CHECK(k != NULL && k->next == NULL);
    CHECK_EQ(open_packet(1, k), OPEN_OK);
    CHECK_EQ(opened.inner.len, OUT_MAX);
    packet_drop(&shard.packets, k);
    CHECK(seal(0, 1, bytes_of(huge, sizeof(huge))) == NULL);
    CHECK(end());
}

/* RFC 7296 3.14 (3, 4, 5): up to the end of the block and no further; any padding and any IV is
 * taken. The packet is put together by hand. */
TEST(padding_is_short_and_may_be_long)
{
    enum { ICV = 16, BLOCK = 16, FIXED = HEADER_SIZE + 4 };
    static const u8 filled[256] = {0xee, 0xdd, 0xcc};
    u8 octets[FIXED + BLOCK + 512 + ICV];
    CHECK(begin(ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128));
    for (size_t len = 0; len < 40; len++) {
        struct packet *k = seal(0, 7, bytes_of(filled, len));
        size_t body = k->len - FIXED - BLOCK - ICV;
        CHECK(body % BLOCK == 0 && body > len && body <= len + BLOCK);
        packet_drop(&shard.packets, k);
    }
    for (size_t pad = 0; pad < 256; pad++) {
        size_t plain = 256 - 1 - pad; /* in all 256 octets of text, padding and its length */
        struct header header = {.spi_i = 1,
                                .spi_r = 2,
                                .next_payload = PAYLOAD_SK,
                                .version = VERSION_2_0,
                                .exchange = EXCHANGE_INFORMATIONAL,
                                .flags = FLAG_INITIATOR,
                                .length = FIXED + BLOCK + 256 + ICV};
        struct writer w = writer_of(octets, sizeof(octets));
        header_write(&w, &header);
        write_bytes(&w, bytes_of("\51\0\1\44", 4)); /* NOTIFY inside; length 292 */
        write_bytes(&w, bytes_of("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", BLOCK));
        write_bytes(&w, bytes_of(filled, plain));
        write_bytes(&w, bytes_of(filled, pad));
        write_u8(&w, (u8)pad);
        struct bytes all = bytes_of(octets, FIXED + BLOCK + 256);
        CHECK(toy->encrypt(toy->ctx, ends[0].suite.encr, keys_get(&ends[0], SK_EI).at,
                           octets + FIXED, octets + FIXED + BLOCK, 256));
        CHECK(toy->mac(toy->ctx, ends[0].suite.integ, keys_get(&ends[0], SK_AI).at, &all, 1,
                       octets + all.len));
        CHECK_EQ(open_at(1, octets, all.len + ICV), OPEN_OK);
        CHECK(bytes_equal(opened.inner, bytes_of(filled, plain)));
    }
    CHECK(end());
}

/* RFC 7296 3.14 (3, 6), 2 (1): the checksum is of what goes over the wire; the IV of CBC is drawn;
 * a long message in one piece. */
TEST(the_checksum_is_of_the_ciphertext)
{
    static const u8 long_text[3000];
    u8 mac[ICV_MAX], ivs[50][16];
    CHECK(begin(ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128));
    ends[0].fragmentation = false;
    for (unsigned i = 0; i < 50; i++) {
        struct packet *k = seal(0, i, bytes_of(long_text, sizeof(long_text)));
        CHECK(k && !k->next && k->len > sizeof(long_text));
        struct bytes all = bytes_of(k->data, k->len - 16u);
        CHECK(toy->mac(toy->ctx, ends[0].suite.integ, keys_get(&ends[0], SK_AI).at, &all, 1, mac));
        CHECK_BYTES(mac, k->data + all.len, 16);
        memcpy(ivs[i], k->data + HEADER_SIZE + 4, 16);
        for (unsigned n = 0; n < i; n++)
            CHECK(memcmp(ivs[n], ivs[i], 16) != 0);
        CHECK_EQ(open_packet(1, k), OPEN_OK);
        packet_drop(&shard.packets, k);
    }
    CHECK(end());
}

int main(void)
{
    int bad = RUN(every_cipher_and_length) | RUN(nothing_may_be_changed) | RUN(ivs_differ) |
              RUN(fragments_have_their_size) | RUN(fragments_in_any_order_and_doubled) |
              RUN(a_handshake_knows_how_many_came) | RUN(other_totals) |
              RUN(numbers_that_cannot_be) | RUN(what_waits_too_long_is_forgotten) |
              RUN(too_long_to_send) | RUN(padding_is_short_and_may_be_long) |
              RUN(the_checksum_is_of_the_ciphertext);
    free(copy);
    return bad;
}
