/* The server: commands at once and later, events, streams, slow clients, clients that go. */
#include "random.h"
#include "test.h"
#include "vici/server.h"

enum { EV_LOG, EV_LIST };

/* What the commands below saw. */
static unsigned calls;
static vici_ticket waiting;
static struct vici_server s;

static enum vici_reply echo(void *ctx, const struct vici_request *request,
                            struct vici_writer *answer)
{
    (void)ctx;
    calls++;
    vici_put(answer, "said", vici_value(request->message, "say"));
    return VICI_REPLY_NOW;
}

static enum vici_reply later(void *ctx, const struct vici_request *request,
                             struct vici_writer *answer)
{
    (void)ctx;
    (void)answer;
    calls++;
    waiting = request->ticket;
    return VICI_REPLY_LATER;
}

static enum vici_reply huge(void *ctx, const struct vici_request *request,
                            struct vici_writer *answer)
{
    static u8 octets[VICI_VALUE_MAX];
    (void)ctx;
    (void)request;
    for (int i = 0; i < 9; i++)
        vici_put(answer, "v", bytes_of(octets, sizeof(octets)));
    return VICI_REPLY_NOW;
}

static enum vici_reply list(void *ctx, const struct vici_request *request,
                            struct vici_writer *answer)
{
    (void)ctx;
    (void)answer;
    for (int i = 0; i < 3; i++)
        vici_server_stream(&s, request->ticket, EV_LIST, bytes_of(NULL, 0));
    return VICI_REPLY_NOW;
}

static const struct vici_command commands[] = {
    {"echo", echo}, {"later", later}, {"huge", huge}, {"list", list}};
static const char *const events[] = {"log", "list"};
static const struct vici_service service = {commands, events, ARRAY_LEN(commands),
                                            ARRAY_LEN(events), NULL};

static bool start(void)
{
    calls = 0;
    waiting = 0;
    return vici_server_init(&s, &service);
}

/* What the client sends: put into its stream; run by the caller. */
static void say(int client, enum vici_packet_type type, const char *name, const char *text)
{
    u8 at[256];
    struct vici_writer v = vici_writer_of(at, sizeof(at));
    struct vici_queue q = vici_queue_of(1000);
    struct vici_packet p = {.type = type, .name = bytes_of(name, strlen(name))};
    vici_put_text(&v, "say", text);
    if (!vici_written(&v, &p.message) || !vici_packet_put(&q, &p))
        abort();
    vici_server_input(&s, client, vici_queue_front(&q));
    vici_queue_free(&q);
}

/* What came out: the types of its packets as digits; all of it is taken. */
static const char *heard(int client)
{
    static char types[4096];
    size_t n = 0;
    struct vici_queue q = vici_queue_of(VICI_OUT_MAX);
    struct bytes segment, out = vici_server_output(&s, client);
    if (!vici_queue_put(&q, out))
        abort();
    vici_server_sent(&s, client, out.len);
    while (vici_frame_next(&q, &segment) == VICI_FRAME_WHOLE) {
        struct vici_packet p;
        if (vici_packet_read(segment, &p) || n + 1 == sizeof(types))
            abort();
        types[n++] = (char)('0' + p.type);
        vici_frame_drop(&q);
    }
    types[n] = 0;
    if (q.len)
        abort();
    vici_queue_free(&q);
    return types;
}

#define HEARD(client, types) CHECK(strcmp(heard(client), types) == 0)

TEST(answers_commands)
{
    CHECK(start());
    int c = vici_server_open(&s);
    say(c, VICI_CMD_REQUEST, "echo", "hello");
    CHECK(calls == 0);
    vici_server_run(&s);
    CHECK(calls == 1 && !vici_server_fault(&s, c) && !vici_server_busy(&s, c));
    static const char want[] = "\0\0\0\x0e\1\3\4said\0\5hello";
    CHECK(bytes_equal(vici_server_output(&s, c), bytes_of(want, 18)));
    vici_server_sent(&s, c, 10);
    CHECK(bytes_equal(vici_server_output(&s, c), bytes_of(want + 10, 8)));
    vici_server_sent(&s, c, 8);
    say(c, VICI_CMD_REQUEST, "none", "");
    say(c, VICI_CMD_REQUEST, "ech", "");
    say(c, VICI_CMD_REQUEST, "echoo", "");
    say(c, VICI_CMD_REQUEST, "echo", "");
    vici_server_run(&s);
    HEARD(c, "2221");
    vici_server_free(&s);
}

TEST(requests_come_in_any_pieces)
{
    CHECK(start());
    int c = vici_server_open(&s);
    static const u8 octets[] = "\0\0\0\6\0\4echo\0\0\0\4\3\2xy\0\0\0\5\4\3log";
    for (size_t i = 0; i < sizeof(octets) - 1; i++) {
        vici_server_input(&s, c, bytes_of(octets + i, 1));
        vici_server_run(&s);
    }
    HEARD(c, "165");
    vici_server_free(&s);
}

TEST(an_answer_may_come_later)
{
    CHECK(start());
    int c = vici_server_open(&s), other = vici_server_open(&s);
    say(c, VICI_CMD_REQUEST, "later", "");
    say(c, VICI_CMD_REQUEST, "echo", "");
    say(other, VICI_CMD_REQUEST, "echo", "");
    vici_server_run(&s);
    HEARD(c, "");
    HEARD(other, "1");
    CHECK(calls == 2 && vici_server_busy(&s, c) == waiting && waiting != 0);
    CHECK(!vici_server_answer(&s, 0, bytes_of(NULL, 0)));
    CHECK(!vici_server_answer(&s, waiting + 1, bytes_of(NULL, 0)));
    CHECK(!vici_server_answer(&s, UINT64_MAX, bytes_of(NULL, 0)));
    CHECK(vici_server_answer(&s, waiting, bytes_of(NULL, 0)));
    CHECK(!vici_server_answer(&s, waiting, bytes_of(NULL, 0)));
    HEARD(c, "1");
    vici_server_run(&s);
    HEARD(c, "1");
    CHECK(calls == 3);
    vici_server_free(&s);
}

TEST(a_ticket_dies_with_its_client)
{
    CHECK(start());
    int c = vici_server_open(&s);
    say(c, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    vici_ticket old = waiting;
    vici_server_close(&s, c);
    CHECK(vici_server_stream(&s, old, EV_LIST, bytes_of(NULL, 0)) == VICI_STREAM_VOID);
    CHECK(vici_server_open(&s) == c);
    say(c, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    CHECK(old != waiting && !vici_server_answer(&s, old, bytes_of(NULL, 0)));
    CHECK(vici_server_stream(&s, old, EV_LIST, bytes_of(NULL, 0)) == VICI_STREAM_VOID);
    CHECK(vici_server_answer(&s, waiting, bytes_of(NULL, 0)));
    vici_server_free(&s);
}

TEST(an_answer_too_long_is_said)
{
    static u8 octets[VICI_SEGMENT_MAX];
    CHECK(start());
    int c = vici_server_open(&s);
    say(c, VICI_CMD_REQUEST, "huge", "");
    vici_server_run(&s);
    struct bytes out = vici_server_output(&s, c);
    struct bytes message = bytes_of(out.at + 5, out.len - 5);
    CHECK(vici_value_is(message, "success", "no") && vici_value(message, "errmsg").len);
    HEARD(c, "1");
    for (u32 more = 0; more < 2; more++) {
        say(c, VICI_CMD_REQUEST, "later", "");
        vici_server_run(&s);
        CHECK(vici_server_answer(&s, waiting, bytes_of(octets, VICI_SEGMENT_MAX - 1 + more)));
        out = vici_server_output(&s, c);
        CHECK(more ? out.len < 200 : out.len == VICI_STREAM_MAX);
        vici_server_sent(&s, c, out.len);
    }
    CHECK(!vici_server_fault(&s, c));
    vici_server_free(&s);
}

TEST(events_go_to_those_that_registered)
{
    CHECK(start());
    int a = vici_server_open(&s), b = vici_server_open(&s);
    CHECK(!vici_server_wanted(&s, EV_LOG));
    CHECK_EQ(vici_server_event(&s, EV_LOG, bytes_of(NULL, 0)), 0);
    vici_server_input(&s, a, bytes_of("\0\0\0\5\3\3log", 9));
    vici_server_input(&s, b, bytes_of("\0\0\0\6\3\4list", 10));
    vici_server_run(&s);
    HEARD(a, "5");
    HEARD(b, "5");
    CHECK(vici_server_wanted(&s, EV_LOG));
    CHECK_EQ(vici_server_event(&s, EV_LOG, bytes_of("\3\1k\0\1v", 6)), 1);
    CHECK(bytes_equal(vici_server_output(&s, a), bytes_of("\0\0\0\x0b\7\3log\3\1k\0\1v", 15)));
    HEARD(a, "7");
    HEARD(b, "");
    vici_server_input(&s, a, bytes_of("\0\0\0\5\4\3log", 9));
    vici_server_run(&s);
    HEARD(a, "5");
    CHECK_EQ(vici_server_event(&s, EV_LOG, bytes_of(NULL, 0)), 0);
    CHECK(!vici_server_wanted(&s, EV_LOG) && vici_server_wanted(&s, EV_LIST));
    vici_server_close(&s, b);
    CHECK(!vici_server_wanted(&s, EV_LIST));
    CHECK(vici_server_open(&s) == b && !vici_server_wanted(&s, EV_LIST));
    vici_server_free(&s);
}

TEST(a_listing_goes_to_its_client_before_the_answer)
{
    CHECK(start());
    int a = vici_server_open(&s), b = vici_server_open(&s);
    say(a, VICI_CMD_REQUEST, "list", "");
    vici_server_input(&s, b, bytes_of("\0\0\0\6\3\4list", 10));
    vici_server_run(&s);
    HEARD(a, "1"); /* he did not register */
    HEARD(b, "5");
    vici_server_input(&s, a, bytes_of("\0\0\0\6\3\4list", 10));
    say(a, VICI_CMD_REQUEST, "list", "");
    vici_server_run(&s);
    HEARD(a, "57771");
    HEARD(b, ""); /* not his listing */
    vici_server_free(&s);
}

TEST(a_slow_client_loses_events_and_nobody_else_does)
{
    static u8 octets[60000];
    CHECK(start());
    int slow = vici_server_open(&s), quick = vici_server_open(&s);
    vici_server_input(&s, slow, bytes_of("\0\0\0\5\3\3log", 9));
    vici_server_input(&s, quick, bytes_of("\0\0\0\5\3\3log", 9));
    vici_server_run(&s);
    HEARD(quick, "5");
    for (int i = 0; i < 50; i++) {
        struct bytes e = bytes_of(octets, sizeof(octets));
        CHECK_EQ(vici_server_event(&s, EV_LOG, e), i < 17 ? 2 : 1);
        vici_server_sent(&s, quick, vici_server_output(&s, quick).len);
    }
    CHECK(s.clients[slow].lost == 33 && s.clients[quick].lost == 0 && s.lost == 33);
    CHECK(vici_server_output(&s, slow).len <= VICI_WAITING_MAX);
    /* A command is still answered: its room is not the events'. */
    say(slow, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    CHECK(vici_server_answer(&s, waiting, bytes_of(octets, sizeof(octets))));
    CHECK(!vici_server_fault(&s, slow));
    /* The next one waits until he has read. */
    CHECK(vici_server_output(&s, slow).len > VICI_WAITING_MAX);
    say(slow, VICI_CMD_REQUEST, "echo", "");
    vici_server_run(&s);
    CHECK_EQ(calls, 1);
    vici_server_sent(&s, slow, sizeof(octets));
    vici_server_run(&s);
    CHECK_EQ(calls, 2);
    vici_server_free(&s);
}

TEST(a_stream_waits_for_a_slow_client_and_loses_nothing)
{
    static u8 octets[5000];
    CHECK(start());
    int c = vici_server_open(&s);
    size_t put = 0, got = 0, full = 0;
    vici_ticket t;
    vici_server_input(&s, c, bytes_of("\0\0\0\6\3\4list", 10));
    say(c, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    HEARD(c, "5");
    while (put < 1000) {
        struct bytes e = bytes_of(octets, sizeof(octets));
        switch (vici_server_stream(&s, waiting, EV_LIST, e)) {
        case VICI_STREAMED:
            put++;
            break;
        case VICI_STREAM_FULL:
            full++;
            CHECK(!vici_server_starved(&s, &t));
            size_t half = vici_server_output(&s, c).len / 2 + sizeof(octets);
            got += half;
            vici_server_sent(&s, c, half);
            CHECK(vici_server_starved(&s, &t) && t == waiting);
            CHECK(!vici_server_starved(&s, &t));
            break;
        case VICI_STREAM_UNWANTED:
        case VICI_STREAM_VOID:
            CHECK(false);
        }
    }
    got += vici_server_output(&s, c).len;
    CHECK(full > 2 && s.lost == 0 && got == 1000 * (sizeof(octets) + 10));
    CHECK(vici_server_answer(&s, waiting, bytes_of(NULL, 0)));
    CHECK(vici_server_stream(&s, waiting, EV_LIST, bytes_of(NULL, 0)) == VICI_STREAM_VOID);
    CHECK(!vici_server_starved(&s, &t));
    vici_server_free(&s);
}

TEST(an_event_too_long_ends_no_stream)
{
    static u8 octets[VICI_SEGMENT_MAX];
    CHECK(start());
    int c = vici_server_open(&s);
    vici_server_input(&s, c, bytes_of("\0\0\0\6\3\4list", 10));
    say(c, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    struct bytes e = bytes_of(octets, sizeof(octets));
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAMED);
    HEARD(c, "5");
    CHECK_EQ(s.lost, 1);
    /* The longest there may be fits wherever a stream is told to go on. */
    e.len -= 6;
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAMED);
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAM_FULL);
    e.len += 6;
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAMED);
    CHECK_EQ(s.lost, 2);
    e.len -= 6;
    vici_ticket t;
    while (!vici_server_starved(&s, &t))
        vici_server_sent(&s, c, 1);
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAMED);
    CHECK_EQ(s.lost, 2);
    vici_server_free(&s);
}

TEST(bad_clients_are_named_and_hurt_nobody)
{
    static const char *bad[] = {"00000000",    "00080001",        "ffffffff",
                                "00000001 01", "00000001 08",     "00000002 0005",
                                "00000001 05", "00000003 000000", "0000000507036c6f67"};
    CHECK(start());
    int good = vici_server_open(&s);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        u8 octets[32];
        int c = vici_server_open(&s);
        vici_server_input(&s, c, bytes_of(octets, hex(bad[i], octets, 32)));
        vici_server_run(&s);
        CHECK(vici_server_fault(&s, c) && vici_server_room(&s, c) == 0);
        say(c, VICI_CMD_REQUEST, "echo", "");
        vici_server_run(&s);
        CHECK(calls == i);
        say(good, VICI_CMD_REQUEST, "echo", "");
        vici_server_run(&s);
        HEARD(good, "1");
        CHECK(calls == i + 1);
        vici_server_close(&s, c);
    }
    vici_server_free(&s);
}

TEST(nothing_behind_a_fault_is_run)
{
    CHECK(start());
    int c = vici_server_open(&s);
    vici_server_input(&s, c, bytes_of("\0\0\0\1\5", 5));
    say(c, VICI_CMD_REQUEST, "echo", "");
    vici_server_run(&s);
    CHECK(vici_server_fault(&s, c) && calls == 0);
    vici_server_free(&s);
}

TEST(input_and_clients_are_bounded)
{
    static u8 octets[VICI_STREAM_MAX];
    CHECK(start());
    for (int i = 0; i < VICI_CLIENTS_MAX; i++)
        CHECK_EQ(vici_server_open(&s), i);
    CHECK(vici_server_open(&s) == -1);
    vici_server_close(&s, 5);
    CHECK(vici_server_open(&s) == 5 && vici_server_open(&s) == -1);
    say(5, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    CHECK_EQ(vici_server_room(&s, 5), VICI_STREAM_MAX);
    vici_server_input(&s, 5, bytes_of(octets, VICI_STREAM_MAX));
    CHECK(vici_server_room(&s, 5) == 0 && !vici_server_fault(&s, 5));
    vici_server_input(&s, 5, bytes_of(octets, 1));
    CHECK(vici_server_fault(&s, 5));
    vici_server_free(&s);
}

/* One who asks a lot at once does not keep the others waiting. */
TEST(clients_take_turns)
{
    CHECK(start());
    int c = vici_server_open(&s), other = vici_server_open(&s);
    for (int i = 0; i < 2 * VICI_TURN_MAX; i++)
        say(c, VICI_CMD_REQUEST, "echo", "");
    say(other, VICI_CMD_REQUEST, "echo", "");
    CHECK(vici_server_run(&s));
    HEARD(c, "1111");
    HEARD(other, "1");
    CHECK(!vici_server_run(&s));
    HEARD(c, "1111");
    CHECK(!vici_server_run(&s));
    vici_server_free(&s);
}

/* Many that do not read use up what all share, and no more; who reads is served all the same. */
TEST(clients_share_a_bound)
{
    static u8 octets[60000];
    enum { HOGS = 200 };
    vici_ticket t;
    CHECK(start());
    for (int i = 0; i < HOGS; i++) {
        CHECK_EQ(vici_server_open(&s), i);
        vici_server_input(&s, i, bytes_of("\0\0\0\5\3\3log", 9));
    }
    vici_server_run(&s);
    for (int i = 0; i < 20; i++)
        vici_server_event(&s, EV_LOG, bytes_of(octets, sizeof(octets)));
    CHECK(s.held >= VICI_SHARED_MAX && s.held < VICI_SHARED_MAX + 4 * VICI_OUT_MAX);
    CHECK(s.lost > 0);
    int c = vici_server_open(&s);
    CHECK_EQ(vici_server_room(&s, c), VICI_OWN_MAX);
    vici_server_input(&s, c, bytes_of("\0\0\0\6\3\4list", 10));
    say(c, VICI_CMD_REQUEST, "echo", "");
    say(c, VICI_CMD_REQUEST, "later", "");
    vici_server_run(&s);
    HEARD(c, "51");
    struct bytes e = bytes_of(octets, sizeof(octets));
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAMED);
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAM_FULL);
    CHECK(!vici_server_starved(&s, &t));
    vici_server_sent(&s, c, vici_server_output(&s, c).len);
    CHECK(vici_server_starved(&s, &t) && t == waiting);
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAMED);
    CHECK_EQ(vici_server_stream(&s, waiting, EV_LIST, e), VICI_STREAM_FULL);
    for (int i = 0; i < HOGS; i++)
        vici_server_close(&s, i);
    CHECK(vici_server_starved(&s, &t) && t == waiting);
    CHECK(s.held < 4 * VICI_OWN_MAX && vici_server_room(&s, c) == VICI_STREAM_MAX);
    vici_server_close(&s, c);
    CHECK_EQ(s.held, 0);
    vici_server_free(&s);
}

int main(void)
{
    return RUN(answers_commands) | RUN(requests_come_in_any_pieces) |
           RUN(an_answer_may_come_later) | RUN(a_ticket_dies_with_its_client) |
           RUN(an_answer_too_long_is_said) | RUN(events_go_to_those_that_registered) |
           RUN(a_listing_goes_to_its_client_before_the_answer) |
           RUN(a_slow_client_loses_events_and_nobody_else_does) |
           RUN(a_stream_waits_for_a_slow_client_and_loses_nothing) |
           RUN(an_event_too_long_ends_no_stream) | RUN(bad_clients_are_named_and_hurt_nobody) |
           RUN(nothing_behind_a_fault_is_run) | RUN(input_and_clients_are_bounded) |
           RUN(clients_share_a_bound) | RUN(clients_take_turns);
}
