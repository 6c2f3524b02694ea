/* The last failures: which are kept, which make room, and who is told of them. */
#include "control/failures.h"
#include "ops/parts.h"
#include "table.h"
#include "wire/codes.h"
#include <fcntl.h>

static const char two[] =
    "connections {\n gw { local_addrs = 192.0.2.1\n remote_addrs = 198.51.100.7\n"
    "  local { auth = psk\n id = left }\n remote { auth = psk\n id = right }\n"
    "  children { net { remote_ts = 10.2.0.0/16\n start_action = start } } }\n"
    " idle { remote_addrs = 198.51.100.9\n local { auth = psk\n id = left }\n remote { auth = psk "
    "}\n"
    "  children { net { remote_ts = 10.3.0.0/16 } } }\n}\n"
    "secrets {\n ike-gw { secret = x }\n}\n";

static struct client c;
static u8 octets[4096];

static void begin(void)
{
    table_begin(two);
    table_fit();
    client_open(&c);
    CHECK(client_register(&c, "shrike-failure"));
}

static void end(void)
{
    client_close(&c);
    table_end();
}

/* How many are told of, of this peer or, with NULL, of all. */
static u32 ask(const char *peer)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (peer)
        vici_put_text(&w, "peer", peer);
    for (u32 before = UINT32_MAX; c.event_total != before;) {
        before = c.event_total; /* what was told when it happened */
        for (int i = 0; i < 3; i++)
            client_turn(&c);
    }
    c.event_count = c.event_total = 0;
    bool told = client_ask(&c, "shrike-why", &w) && answer_is(&c, "success", "yes");
    return told ? c.event_total : UINT32_MAX;
}

static struct shrike_event refusal(void)
{
    return (struct shrike_event){.id = SHRIKE_EVENT_IKE_FAILED,
                                 .ike = 7,
                                 .conn = "gw",
                                 .local = {{192, 0, 2, 1}, 500, 4, 0},
                                 .remote = {{198, 51, 100, 7}, 500, 4, 0},
                                 .reason = {.code = SHRIKE_REASON_AUTH_FAILED,
                                            .theirs = true,
                                            .notify = NOTIFY_AUTHENTICATION_FAILED,
                                            .exchange = EXCHANGE_IKE_AUTH,
                                            .origin = {"a.conf", 17}}};
}

static void tell(const struct shrike_event *e)
{
    tell_event(e);
    turns();
}

/* From this address, by somebody who has not proved who he is. */
static void tell_stranger(u8 exchange, u32 address)
{
    struct shrike_event e = refusal();
    e.id = SHRIKE_EVENT_STRANGER_REFUSED;
    e.stranger = true;
    e.ike = address + 1000;
    e.remote.octets[2] = (u8)(address >> 8);
    e.remote.octets[3] = (u8)address;
    e.reason.theirs = false;
    e.reason.exchange = exchange;
    e.reason.code = SHRIKE_REASON_AUTH_MAC;
    tell(&e);
}

TEST(what_is_told)
{
    begin();
    struct shrike_event e = refusal();
    tell(&e);
    CHECK_EQ(ask(NULL), 1);
    struct bytes f = event_of(&c, 0);
    CHECK(vici_value_is(f, "reason", "AUTH_FAILED") && vici_value_is(f, "decided-by", "peer"));
    CHECK(value_has(f, "text", "the peer refused IKE_AUTH: AUTHENTICATION_FAILED"));
    CHECK(vici_value_is(f, "connection", "gw") && vici_value_is(f, "remote-host", "198.51.100.7"));
    CHECK(vici_value_is(f, "file", "a.conf") && vici_value_is(f, "line", "17"));
    CHECK(vici_value_is(f, "compared.identity there.here", "right"));
    CHECK(!vici_value(f, "compared.identity there.there").at);
    CHECK(value_has(f, "causes.secret", "secrets differ"));
    CHECK(vici_value_is(f, "count", "1") && vici_value(f, "last").len == 10);
    CHECK(ask("gw") == 1 && ask("198.51.100.7") == 1 && ask("idle") == 0 && ask("other") == 0);
    CHECK(ask("right") == 1 && ask("left") == 0); /* the peer's identity */
    end();
}

/* Who has asked for them hears of each when it happens, as it is told later. */
TEST(when_it_happens)
{
    begin();
    struct shrike_event e = refusal();
    c.event_count = 0;
    tell(&e);
    e.ike++;
    tell(&e);
    for (int i = 0; i < 20 && c.event_count < 2; i++)
        client_turn(&c);
    CHECK_EQ(c.event_count, 2);
    CHECK(strcmp(c.events[0].name, "shrike-failure") == 0);
    CHECK(vici_value_is(event_of(&c, 0), "count", "1"));
    CHECK(vici_value_is(event_of(&c, 1), "count", "2"));
    CHECK(vici_value_is(event_of(&c, 1), "reason", "AUTH_FAILED"));
    end();
}

/* A wrong proof is the secret's affair: its place is told, as far as it is in a file. */
TEST(which_secret)
{
    begin();
    struct shrike_event e = refusal();
    e.reason.code = SHRIKE_REASON_AUTH_MAC;
    e.reason.theirs = false;
    e.reason.beside = bytes_of("ike-gw", 6);
    tell(&e);
    CHECK_EQ(ask(NULL), 1);
    CHECK(value_has(event_of(&c, 0), "file", "swanctl.conf"));
    CHECK(vici_value_is(event_of(&c, 0), "line", "17"));
    CHECK(vici_value_is(event_of(&c, 0), "compared.secret.here", "ike-gw"));
    e.reason.beside = bytes_of("ike-other", 9);
    tell(&e);
    CHECK(ask(NULL) == 1 && vici_value_is(event_of(&c, 0), "file", "a.conf")); /* the event's */
    end();
}

/* Silence has no decision, and the exchange that got no answer in its first line. */
TEST(silence)
{
    begin();
    struct shrike_event e = refusal();
    e.reason = (struct shrike_reason){
        .code = SHRIKE_REASON_TIMEOUT, .exchange = EXCHANGE_IKE_SA_INIT, .detail = 432};
    tell(&e);
    CHECK_EQ(ask(NULL), 1);
    struct bytes f = event_of(&c, 0);
    CHECK(vici_value_is(f, "decided-by", "nobody") && vici_value_is(f, "octets", "432"));
    CHECK(value_has(f, "text", "no answer to IKE_SA_INIT"));
    CHECK(value_has(f, "causes.no-host", "address") && value_has(f, "causes.port-500", "firewall"));
    end();
}

TEST(alike_ones_are_counted)
{
    begin();
    struct shrike_event e = refusal();
    tell(&e);
    tell(&e); /* two events of one IKE SA tell of one failure */
    CHECK(ask(NULL) == 1 && vici_value_is(event_of(&c, 0), "count", "1"));
    e.ike = 8;
    e.remote.port = 4500;
    tell(&e);
    CHECK(ask(NULL) == 1 && vici_value_is(event_of(&c, 0), "count", "2"));
    e.reason.exchange = EXCHANGE_INFORMATIONAL;
    tell(&e);
    CHECK_EQ(ask(NULL), 2);
    CHECK(vici_value_is(event_of(&c, 0), "exchange", "INFORMATIONAL")); /* the newest first */
    end();
}

/* What belongs to the ordinary course of things is no failure. */
TEST(what_is_no_failure)
{
    static const enum shrike_reason_code codes[] = {SHRIKE_REASON_NONE, SHRIKE_REASON_COMMAND,
                                                    SHRIKE_REASON_REKEYED, SHRIKE_REASON_CROSSED};
    begin();
    struct shrike_event e = refusal();
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        e.id = SHRIKE_EVENT_IKE_DOWN;
        e.reason.code = codes[i];
        tell(&e);
    }
    e.reason.code = SHRIKE_REASON_TIMEOUT;
    e.id = SHRIKE_EVENT_IKE_UP;
    tell(&e);
    e.id = SHRIKE_EVENT_CHILD_DOWN; /* with its IKE SA, which is told of */
    tell(&e);
    e.id = SHRIKE_EVENT_STRANGER_REFUSED; /* another group is asked for, and comes */
    e.reason.code = SHRIKE_REASON_KE_GROUP;
    e.reason.theirs = false;
    tell(&e);
    CHECK_EQ(ask(NULL), 0);
    e.id = SHRIKE_EVENT_CHILD_DOWN;
    e.reason.code = SHRIKE_REASON_IDLE;
    tell(&e);
    CHECK_EQ(ask(NULL), 1);
    end();
}

/* However many strangers come, from whatever address: others' failures stay. */
TEST(strangers_push_out_nobody_else)
{
    begin();
    struct shrike_event e = refusal();
    tell(&e);
    tell_stranger(EXCHANGE_IKE_AUTH, 1);
    for (u32 i = 0; i < 3 * FAILURES_MAX; i++)
        tell_stranger(EXCHANGE_IKE_SA_INIT, i);
    CHECK_EQ(ask(NULL), 2 + FAILURES_FORGEABLE);
    for (u32 i = 0; i < 3 * FAILURES_MAX; i++)
        tell_stranger(EXCHANGE_IKE_AUTH, i);
    CHECK_EQ(ask(NULL), 1 + FAILURES_STRANGERS + FAILURES_FORGEABLE);
    CHECK(vici_value_is(event_of(&c, 0), "stranger", "yes"));
    end();
}

/* One address, or one connection, does not fill what is for all. */
TEST(one_has_not_all_the_room)
{
    begin();
    struct shrike_event e = refusal();
    for (u32 i = 0; i < 40; i++) {
        e.id = SHRIKE_EVENT_STRANGER_REFUSED;
        e.stranger = true;
        e.reason.notify = (u16)(NOTIFY_INVALID_SYNTAX + i);
        e.reason.code = (enum shrike_reason_code)(SHRIKE_REASON_SYNTAX + i % 8);
        e.reason.theirs = i & 8;
        tell(&e);
    }
    CHECK_EQ(ask(NULL), FAILURES_PER_ADDRESS);
    e.stranger = false;
    for (u32 i = 0; i < 40; i++) {
        e.reason.code = SHRIKE_REASON_TIMEOUT;
        e.remote.octets[3] = (u8)i;
        tell(&e);
    }
    CHECK_EQ(ask(NULL), FAILURES_PER_ADDRESS + FAILURES_PER_CONN);
    end();
}

/* Nobody begins it: that is no failure, and said. */
TEST(who_waits)
{
    begin();
    CHECK_EQ(ask(NULL), 0);
    CHECK(value_has(answer_of(&c), "waiting.idle.file", "swanctl.conf"));
    CHECK(vici_value(answer_of(&c), "waiting.idle.line").len);
    CHECK(!vici_value(answer_of(&c), "waiting.gw.file").at);
    CHECK(ask("gw") == 0 && !vici_value(answer_of(&c), "waiting.idle.file").at);
    end();
}

static const char with_one_left_out[] =
    "connections {\n gw { remote_addrs = 198.51.100.7\n local { auth = psk\n id = left }\n remote "
    "{ auth = psk "
    "}\n"
    "  children { net { remote_ts = 10.2.0.0/16 } } }\n"
    " old {\n  version = 1\n  remote_addrs = 198.51.100.9\n  local { auth = psk\n id = left }\n"
    "  remote { auth = psk }\n  children { net { remote_ts = 10.3.0.0/16 } } }\n}\n"
    "secrets {\n ike-gw { secret = x }\n}\n";

/* A stranger for whom no connection is there: one may be written, and not be used. */
TEST(what_was_left_out_is_told)
{
    table_begin(with_one_left_out);
    table_fit();
    client_open(&c);
    CHECK(client_register(&c, "shrike-failure"));
    struct shrike_event e = refusal();
    e.id = SHRIKE_EVENT_STRANGER_REFUSED;
    e.conn = NULL;
    e.reason = (struct shrike_reason){.code = SHRIKE_REASON_NO_CONNECTION,
                                      .exchange = EXCHANGE_IKE_SA_INIT};
    tell(&e);
    CHECK_EQ(ask(NULL), 1);
    CHECK(value_has(event_of(&c, 0), "change", "connection old is left out: version = 1"));
    CHECK(value_has(event_of(&c, 0), "file", "swanctl.conf"));
    CHECK(vici_value_is(event_of(&c, 0), "line", "8"));
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_put_text(&w, "ike", "old"); /* and to who wants it up */
    CHECK(client_ask(&c, "initiate", &w) &&
          value_has(answer_of(&c), "errmsg", "old is left out: version = 1"));
    end();
}

/* control ends without a word, and another one sits down with the vault. */
static void live_again(void)
{
    client_close(&c);
    table_leave();
    table_sit();
    table_fit();
    client_open(&c);
    CHECK(client_register(&c, "shrike-failure"));
}

TEST(they_outlive_this_process)
{
    u8 before[4096], first[16];
    begin();
    struct shrike_event e = refusal();
    tell(&e);
    tell_stranger(EXCHANGE_IKE_AUTH, 1);
    e.ike++;
    tell(&e);
    CHECK_EQ(ask(NULL), 2);
    const struct bytes told = event_of(&c, 0), since = vici_value(told, "first");
    memcpy(before, told.at, told.len);
    memcpy(first, since.at, MIN(since.len, sizeof first));
    live_again();
    CHECK_EQ(ask(NULL), 2);
    CHECK(bytes_equal(event_of(&c, 0), bytes_of(before, told.len)));
    CHECK(vici_value_is(event_of(&c, 1), "stranger", "yes"));
    e.ike++;
    tell(&e); /* it is counted on, under a number that nobody had */
    CHECK_EQ(ask(NULL), 2);
    CHECK(vici_value_is(event_of(&c, 0), "count", "3"));
    CHECK(vici_value_is(event_of(&c, 0), "number", "4"));
    CHECK(bytes_equal(vici_value(event_of(&c, 0), "first"), bytes_of(first, since.len)));
    live_again();
    CHECK(ask(NULL) == 2 && vici_value_is(event_of(&c, 0), "count", "3"));
    end();
}

/* What was pushed out does not come back, and the caps hold in the next life, too. */
TEST(no_more_outlive_than_were_kept)
{
    begin();
    struct shrike_event e = refusal();
    for (u32 i = 0; i < 3 * FAILURES_PER_CONN; i++) {
        e.remote.octets[3] = (u8)i;
        tell(&e);
    }
    for (u32 i = 0; i < 3 * FAILURES_FORGEABLE; i++)
        tell_stranger(EXCHANGE_IKE_SA_INIT, i);
    live_again();
    CHECK_EQ(ask(NULL), FAILURES_PER_CONN + FAILURES_FORGEABLE);
    tell_stranger(EXCHANGE_IKE_SA_INIT, 1000);
    CHECK_EQ(ask(NULL), FAILURES_PER_CONN + FAILURES_FORGEABLE);
    CHECK(vici_value_is(event_of(&c, 0), "remote-host", "198.51.3.232"));
    end();
}

static void ignore(void *ctx, struct bytes key, struct bytes value)
{
    (void)ctx, (void)key, (void)value;
}

/* A record as it is kept, of which nothing is told; then these octets. */
static void put_record(const char *key, u8 version, u8 rank, struct bytes rest)
{
    static const struct vault_reader nobody = {.record = ignore};
    struct writer w = writer_of(octets, sizeof octets);
    struct vault v;
    write_u8(&w, version);
    write_zero(&w, 2 * sizeof(u64) + 2 * sizeof(u32));
    write_choice(&w, rank, UINT8_MAX);
    write_addr(&w, &(struct shrike_addr){.family = 0});
    write_bytes(&w, rest);
    if (!vault_open(&v, fcntl(t.vault, F_DUPFD_CLOEXEC, 0), &nobody) ||
        !vault_put(&v, bytes_of(key, 12), written_bytes(&w)))
        abort();
    vault_close(&v);
}

/* Of another version, of a rank that there is none of, what is no message, another key. */
TEST(records_are_read_with_care)
{
    const struct bytes none = bytes_of(NULL, 0);
    begin();
    client_close(&c);
    table_leave();
    put_record("failure:\0\0\0\1", 2, 0, none);
    put_record("failure:\0\0\0\2", 1, FAILURE_RANKS, none);
    put_record("failure:\0\0\0\3", 1, 0, bytes_of("\x63", 1));
    put_record("failurE:\0\0\0\4", 1, 0, none);
    put_record("failure:\0\0\0\5", 1, FAILURE_RANKS - 1, none);
    table_sit();
    table_fit();
    client_open(&c);
    CHECK(client_register(&c, "shrike-failure"));
    CHECK_EQ(ask(NULL), 1);
    CHECK(vici_value_is(event_of(&c, 0), "number", "5"));
    end();
}

int main(void)
{
    return RUN(what_is_told) | RUN(when_it_happens) | RUN(which_secret) | RUN(silence) |
           RUN(alike_ones_are_counted) | RUN(what_is_no_failure) |
           RUN(strangers_push_out_nobody_else) | RUN(one_has_not_all_the_room) | RUN(who_waits) |
           RUN(what_was_left_out_is_told) | RUN(they_outlive_this_process) |
           RUN(no_more_outlive_than_were_kept) | RUN(records_are_read_with_care);
}
