/* Packets: their octets, framing of a stream cut anywhere, hostile lengths. */
#include "random.h"
#include "test.h"
#include "vici/packet.h"

static const u8 message[] = {3, 1, 'k', 0, 1, 'v'};

static struct vici_packet packet_of(enum vici_packet_type type, const char *name)
{
    return (struct vici_packet){.type = type,
                                .name = bytes_of(name, strlen(name)),
                                .message = bytes_of(message, sizeof(message))};
}

TEST(octets_of_each_type)
{
    static const char *octets[] = {"0000000a 00 02 6162 03016b000176",
                                   "00000007 01 03016b000176",
                                   "00000001 02",
                                   "00000004 03 02 6162",
                                   "00000004 04 02 6162",
                                   "00000001 05",
                                   "00000001 06",
                                   "0000000a 07 02 6162 03016b000176"};
    for (u8 type = 0; type < 8; type++) {
        u8 want[32];
        size_t len = hex(octets[type], want, sizeof(want));
        struct vici_queue q = vici_queue_of(100);
        struct vici_packet p = packet_of((enum vici_packet_type)type, "ab"), read;
        CHECK(vici_packet_put(&q, &p));
        CHECK(bytes_equal(vici_queue_front(&q), bytes_of(want, len)));
        CHECK_EQ(vici_packet_size(&p), len);
        struct bytes segment;
        CHECK_EQ(vici_frame_next(&q, &segment), VICI_FRAME_WHOLE);
        CHECK(vici_packet_read(segment, &read) == NULL && read.type == p.type);
        bool named = type == 0 || type == 3 || type == 4 || type == 7;
        bool filled = type == 0 || type == 1 || type == 7;
        CHECK(named ? bytes_equal(read.name, p.name) : read.name.len == 0);
        CHECK(filled ? bytes_equal(read.message, p.message) : read.message.len == 0);
        vici_queue_free(&q);
    }
    CHECK(strcmp(vici_packet_text(VICI_EVENT_CONFIRM), "EVENT_CONFIRM") == 0);
}

TEST(refuses_unsound_packets)
{
    static const char *bad[] = {
        "",      "08",    "ff",    "00",    "0002 61",    "03",         "0302 61",    "0301 61 00",
        "02 00", "05 00", "06 00", "01 09", "0001 61 01", "0701 61 02", "0401 61 61", "01 0101 61"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        u8 octets[32];
        struct vici_packet p;
        CHECK(vici_packet_read(bytes_of(octets, hex(bad[i], octets, 32)), &p) != NULL);
    }
}

TEST(a_stream_may_be_cut_anywhere)
{
    for (size_t piece = 1; piece < 60; piece++) {
        struct vici_queue all = vici_queue_of(4096), q = vici_queue_of(4096);
        unsigned count = 0;
        for (u8 i = 0; i < 24; i++) {
            struct vici_packet p = packet_of((enum vici_packet_type)(i % 8), "name");
            CHECK(vici_packet_put(&all, &p));
        }
        while (all.len) {
            struct bytes segment, front = vici_queue_front(&all);
            front.len = MIN(front.len, piece);
            CHECK(vici_queue_put(&q, front));
            vici_queue_drop(&all, front.len);
            while (vici_frame_next(&q, &segment) == VICI_FRAME_WHOLE) {
                struct vici_packet p;
                CHECK(!vici_packet_read(segment, &p) && p.type == count % 8);
                vici_frame_drop(&q);
                count++;
            }
        }
        CHECK(count == 24 && q.len == 0);
        vici_queue_free(&q);
        vici_queue_free(&all);
    }
}

TEST(hostile_lengths)
{
    static const struct {
        const char *octets;
        enum vici_frame frame;
    } rows[] = {
        {"", VICI_FRAME_PART},         {"00", VICI_FRAME_PART},
        {"ffffff", VICI_FRAME_PART},   {"00000000", VICI_FRAME_BAD},
        {"ffffffff", VICI_FRAME_BAD},  {"00080001", VICI_FRAME_BAD},
        {"00080000", VICI_FRAME_PART}, {"80000001", VICI_FRAME_BAD},
        {"00000001", VICI_FRAME_PART}, {"0000000105", VICI_FRAME_WHOLE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        u8 octets[8];
        struct bytes segment;
        struct vici_queue q = vici_queue_of(VICI_STREAM_MAX);
        CHECK(vici_queue_put(&q, bytes_of(octets, hex(rows[i].octets, octets, 8))));
        CHECK_EQ(vici_frame_next(&q, &segment), rows[i].frame);
        CHECK(q.size <= 4096); /* memory follows what came, not what was announced */
        vici_queue_free(&q);
    }
}

TEST(the_longest_packet_fits_and_one_more_octet_does_not)
{
    static u8 octets[VICI_SEGMENT_MAX];
    struct vici_queue q = vici_queue_of(4 * VICI_STREAM_MAX);
    struct bytes segment;
    struct vici_packet p = {.type = VICI_CMD_RESPONSE};
    p.message = bytes_of(octets, VICI_SEGMENT_MAX - 1);
    CHECK(vici_packet_put(&q, &p) && q.len == VICI_STREAM_MAX);
    CHECK(vici_frame_next(&q, &segment) == VICI_FRAME_WHOLE && segment.len == VICI_SEGMENT_MAX);
    p.message.len++;
    CHECK(!vici_packet_put(&q, &p) && q.len == VICI_STREAM_MAX);
    vici_queue_free(&q);
    q = vici_queue_of(10);
    p.message.len = 6;
    CHECK(!vici_packet_put(&q, &p) && q.len == 0);
    p.message.len = 5;
    CHECK(vici_packet_put(&q, &p));
    vici_queue_free(&q);
}

int main(void)
{
    return RUN(octets_of_each_type) | RUN(refuses_unsound_packets) |
           RUN(a_stream_may_be_cut_anywhere) | RUN(hostile_lengths) |
           RUN(the_longest_packet_fits_and_one_more_octet_does_not);
}
