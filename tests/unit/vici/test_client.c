/* The client: what it sends, what it hears, and a talk with the server over a link that cuts. */
#include "random.h"
#include "test.h"
#include "vici/client.h"
#include "vici/server.h"

static const u8 message[] = {3, 1, 'k', 0, 1, 'v'};

static void feed(struct vici_client *c, const char *octets)
{
    u8 at[256];
    vici_client_input(c, bytes_of(at, hex(octets, at, sizeof(at))));
}

TEST(sends_what_was_asked_one_at_a_time)
{
    struct vici_client c;
    struct vici_packet p;
    vici_client_init(&c);
    CHECK(vici_client_request(&c, "up", bytes_of(message, sizeof(message))));
    CHECK(bytes_equal(vici_client_output(&c), bytes_of("\0\0\0\x0a\0\2up\3\1k\0\1v", 14)));
    CHECK(!vici_client_request(&c, "up", bytes_of(NULL, 0)));
    CHECK(!vici_client_register(&c, "log", true));
    vici_client_sent(&c, 14);
    feed(&c, "00000001 01");
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_ANSWER && p.message.len == 0);
    CHECK(vici_client_register(&c, "log", false));
    CHECK(bytes_equal(vici_client_output(&c), bytes_of("\0\0\0\5\4\3log", 9)));
    vici_client_free(&c);
}

TEST(hears_each_kind)
{
    struct vici_client c;
    struct vici_packet p;
    vici_client_init(&c);
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_NOTHING);
    CHECK(vici_client_register(&c, "log", true));
    feed(&c, "00000001 05 0000000b 07 03 6c6f67 03016b000176 0000");
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_CONFIRM);
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_EVENT && vici_value_is(p.message, "k", "v"));
    CHECK(bytes_equal(p.name, bytes_of("log", 3)));
    CHECK_EQ(vici_client_room(&c), VICI_STREAM_MAX - 2); /* what was told is forgotten */
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_NOTHING);
    vici_client_sent(&c, vici_client_output(&c).len);
    CHECK(vici_client_request(&c, "none", bytes_of(NULL, 0)));
    feed(&c, "0001");
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_NOTHING);
    feed(&c, "02");
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_UNKNOWN && c.asked == VICI_ASKED_NOTHING);
    CHECK(vici_client_register(&c, "none", true));
    feed(&c, "00000001 06");
    CHECK(vici_client_next(&c, &p) == VICI_HEARD_UNKNOWN);
    vici_client_free(&c);
}

TEST(what_nobody_asked_for_is_a_fault)
{
    static const char *octets[] = {"00000001 01",   "00000001 02",   "00000001 05",
                                   "00000001 06",   "00000002 0000", "00000002 0300",
                                   "00000002 0400", "00000000",      "ffffffff",
                                   "00000002 0101", "00000001 07",   "00000001 09"};
    for (size_t i = 0; i < ARRAY_LEN(octets); i++)
        for (int asked = 0; asked < 3; asked++) {
            struct vici_client c;
            struct vici_packet p;
            vici_client_init(&c);
            if (asked == 1)
                CHECK(vici_client_request(&c, "x", bytes_of(NULL, 0)));
            if (asked == 2)
                CHECK(vici_client_register(&c, "x", true));
            feed(&c, octets[i]);
            bool well = (i < 2 && asked == 1) || (i >= 2 && i < 4 && asked == 2);
            CHECK((vici_client_next(&c, &p) != VICI_HEARD_FAULT) == well);
            if (!well) {
                CHECK(c.why && vici_client_room(&c) == 0 && !vici_client_register(&c, "x", true));
                feed(&c, "00000001 01");
                CHECK(vici_client_next(&c, &p) == VICI_HEARD_FAULT);
            }
            vici_client_free(&c);
        }
}

TEST(too_long_a_request_is_refused)
{
    static u8 octets[VICI_SEGMENT_MAX];
    struct vici_client c;
    vici_client_init(&c);
    CHECK(!vici_client_request(&c, "up", bytes_of(octets, sizeof(octets))));
    CHECK(vici_client_output(&c).len == 0);
    CHECK(vici_client_request(&c, "up", bytes_of(octets, sizeof(octets) - 4)));
    vici_client_free(&c);
}

/* A server that lists: `more` of the events are still to come. */
static struct vici_server server;
static vici_ticket listing;
static unsigned more;

static enum vici_reply list(void *ctx, const struct vici_request *request,
                            struct vici_writer *answer)
{
    (void)ctx;
    (void)answer;
    listing = request->ticket;
    return VICI_REPLY_LATER;
}

static const struct vici_command commands[] = {{"list-sas", list}};
static const char *const events[] = {"list-sa"};
static const struct vici_service service = {commands, events, 1, 1, NULL};

static void go_on_listing(u64 *seed)
{
    static u8 at[16000];
    struct bytes m;
    while (more > 0) {
        struct vici_writer v = vici_writer_of(at, sizeof(at));
        vici_put_u64(&v, "left", more);
        draw_message(seed, &v, 50);
        ensure(vici_written(&v, &m));
        if (vici_server_stream(&server, listing, 0, m) != VICI_STREAMED)
            return;
        more--;
    }
    ensure(vici_server_answer(&server, listing, bytes_of(message, sizeof(message))));
    listing = 0;
}

/* Move random numbers of octets in both directions. */
static void link_step(struct vici_client *c, int at, u64 *seed)
{
    struct bytes up = vici_client_output(c), down = vici_server_output(&server, at);
    size_t up_most = draw(seed, 20), down_most = draw(seed, 5000);
    up.len = MIN(up.len, up_most);
    vici_server_input(&server, at, up);
    vici_client_sent(c, up.len);
    down_most = MIN(down_most, vici_client_room(c));
    down.len = MIN(down.len, down_most);
    vici_client_input(c, down);
    vici_server_sent(&server, at, down.len);
    vici_server_run(&server);
}

TEST(a_listing_longer_than_every_queue_arrives_whole)
{
    struct vici_client c;
    struct vici_packet p;
    u64 seed = 7;
    unsigned left = more = 3000;
    vici_ticket t;
    bool done = false, starved = false;
    CHECK(vici_server_init(&server, &service));
    int at = vici_server_open(&server);
    vici_client_init(&c);
    CHECK(vici_client_register(&c, "list-sa", true));
    while (!done) {
        link_step(&c, at, &seed);
        if (listing && (more == 3000 || vici_server_starved(&server, &t))) {
            starved = starved || more != 3000;
            go_on_listing(&seed);
        }
        switch (vici_client_next(&c, &p)) {
        case VICI_HEARD_NOTHING:
            break;
        case VICI_HEARD_CONFIRM:
            CHECK(vici_client_request(&c, "list-sas", bytes_of(NULL, 0)));
            break;
        case VICI_HEARD_EVENT:
            CHECK(strtoul((const char *)vici_value(p.message, "left").at, NULL, 10) == left);
            left--;
            break;
        case VICI_HEARD_ANSWER:
            CHECK(bytes_equal(p.message, bytes_of(message, sizeof(message))));
            done = true;
            break;
        case VICI_HEARD_UNKNOWN:
        case VICI_HEARD_FAULT:
            CHECK(false);
        }
    }
    CHECK(left == 0 && server.lost == 0 && starved);
    vici_client_free(&c);
    vici_server_free(&server);
}

int main(void)
{
    return RUN(sends_what_was_asked_one_at_a_time) | RUN(hears_each_kind) |
           RUN(what_nobody_asked_for_is_a_fault) | RUN(too_long_a_request_is_refused) |
           RUN(a_listing_longer_than_every_queue_arrives_whole);
}
