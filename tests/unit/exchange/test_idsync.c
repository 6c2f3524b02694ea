/* Message ID synchronisation (RFC 6311): who says that it knows it, what is answered, what is
 * dropped, what becomes of requests under way, and that both ends go on. */
#include "../../sim/reuse.h"
#include "engine/export.h"
#include "engine/import.h"
#include "engine/record.h"
#include "exchange/idsync.h"
#include "page_cache.h"
#include "tools.h"
#include <stdlib.h>

enum { NONCE = 0x1badcafe, WHOLE = 12, COMMAND = 3 };

static struct tuned t[2];
static struct chain c;
static struct heard h;
static u8 record[65536];

/* ---- IKE_AUTH ---- */

static unsigned offers(bool initiator, bool heard)
{
    struct ike_sa sa = {.initiator = initiator, .idsync = heard};
    struct turn turn = {.sa = &sa};
    chain_begin(&c);
    turn.out = &c.b;
    idsync_offer(&turn);
    return written_bytes(&c.w).len > 0 ? c.octets[6] << 8 | c.octets[7] : 0;
}

/* RFC 6311 5: the responder does not say so unless the initiator has. */
TEST(who_says_so)
{
    CHECK_EQ(offers(true, false), NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED);
    CHECK_EQ(offers(false, true), NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED);
    CHECK_EQ(offers(false, false), 0);
}

TEST(who_is_believed)
{
    static const u16 types[] = {NOTIFY_MOBIKE_SUPPORTED, NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED};
    for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
        struct ike_sa sa = {.idsync = i == 0};
        struct message m;
        u8 bad;
        chain_begin(&c);
        chain_notify(&c, types[i]);
        CHECK_EQ(message_read(&m, c.octets, written_bytes(&c.w), c.first, &bad), MESSAGE_OK);
        struct turn turn = {.sa = &sa, .in = &m};
        idsync_take(&turn);
        CHECK_EQ(sa.idsync, i == 1);
    }
}

/* ---- requests ---- */

struct ids {
    u32 next, expects; /* of whoever says it: its next request, and the next of the other */
};

static void add_sync(u32 nonce, struct ids said, size_t len)
{
    u8 data[WHOLE + 4] = {0};
    struct writer w = writer_of(data, sizeof(data));
    write_u32(&w, nonce);
    write_u32(&w, said.next);
    write_u32(&w, said.expects);
    notify_add(&c.b, NOTIFY_IKEV2_MESSAGE_ID_SYNC, bytes_of(data, len));
}

static const struct forgery with_zero = {.exchange = EXCHANGE_INFORMATIONAL};

/* What either end uses twice (tests/sim/reuse.h), where that is looked at. */
static struct {
    struct reuse reuse;
    struct watch ends[2];
    struct shrike_provider *toys[2];
    const char *wrong;
    bool on;
} seen;

/* What waits for this side has left the other. */
static void look(const struct pair_side *to)
{
    for (unsigned i = 0; seen.on && !seen.wrong && i < to->count; i++) {
        const struct pair_datagram *d = &to->queue[(to->head + i) % PAIR_QUEUE];
        seen.wrong = reuse_sent(&seen.reuse, bytes_of(d->data, d->len));
    }
}

/* Of all that the victim has sent. */
static void hear_first(struct forger *f)
{
    struct pair_side *to = &f->pair->side[1 - f->victim];
    look(to);
    while (to->count > 1)
        free(to->queue[(to->head + --to->count) % PAIR_QUEUE].data);
    overhear(f, &h);
}

/* What is in the chain, as such a request; is it answered, and with what? */
static bool say(struct forger *f, u32 nonce, struct ids *answer)
{
    struct notify n;
    struct forgery request = with_zero;
    request.first = c.first;
    request.inner = written_bytes(&c.w);
    forge(f, &request);
    settle_side(f->pair, f->victim);
    hear_first(f);
    if (!h.any || h.m.header.message_id != 0 || !(h.m.header.flags & FLAG_RESPONSE) ||
        only_notify(&h) != NOTIFY_IKEV2_MESSAGE_ID_SYNC ||
        !notify_read(message_body(&h.m, PAYLOAD_NOTIFY), &n))
        return false;
    struct reader r = reader_of(n.data);
    bool same = read_u32(&r) == nonce && n.protocol == 0 && n.spi.len == 0;
    *answer = (struct ids){.next = read_u32(&r), .expects = read_u32(&r)};
    return same && read_ended(&r) && h.m.header.exchange == EXCHANGE_INFORMATIONAL;
}

static bool sync_with(struct forger *f, u32 nonce, struct ids said, struct ids *answer)
{
    chain_begin(&c);
    add_sync(nonce, said, WHOLE);
    return say(f, nonce, answer);
}

static void ask_alive(struct pair *p, unsigned side)
{
    struct shrike_command ask = {.kind = SHRIKE_LIVENESS, .reference = COMMAND, .conn = "pair"};
    shrike_command(p->side[side].engine, p->now, &ask);
}

/* Both ends have asked so often beside the handshake; `victim` has the initiator's IDs when it is
 * 0.
 */
static struct pair *begin(struct forger *f, unsigned victim, unsigned asked)
{
    struct pair *p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    for (unsigned i = 0; i < 2 * asked; i++) {
        ask_alive(p, i % 2);
        pair_run(p);
    }
    if (!forger_init(f, p, victim))
        abort();
    return p;
}

static void end(struct forger *f, struct pair *p)
{
    forger_free(f);
    toy_end(p);
}

/* RFC 6311 5.1: of each pair the higher one. */
TEST(the_higher_of_each_is_agreed_upon)
{
    /* As the victim stands: of the initiator (2 + 3, 3), of the responder (3, 2 + 3). */
    static const struct {
        unsigned victim;
        struct ids said, answer;
    } cases[] = {
        {0, {3, 5}, {5, 3}}, {0, {3, 2}, {5, 3}}, {0, {9, 77}, {77, 9}},
        {1, {5, 3}, {3, 5}}, {1, {6, 0}, {3, 6}}, {1, {1000000, 4}, {4, 1000000}},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct forger f;
        struct ids answer = {0};
        struct pair *p = begin(&f, cases[i].victim, 3);
        CHECK(sync_with(&f, NONCE + i, cases[i].said, &answer));
        CHECK_EQ(answer.next, cases[i].answer.next);
        CHECK_EQ(answer.expects, cases[i].answer.expects);
        /* What was before is void; the member's next request is answered. */
        chain_begin(&c);
        if (answer.expects > 5) {
            tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL, .message_id = 5}, &c, &h);
            CHECK(!h.any);
        }
        struct forgery next = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = answer.expects};
        tell(&f, next, &c, &h);
        CHECK(h.any && h.m.header.message_id == answer.expects && h.m.count == 0);
        /* And the victim asks with the ID that it has said. */
        ask_alive(p, cases[i].victim);
        settle_side(p, cases[i].victim);
        shrike_tick(p->side[cases[i].victim].engine, p->now);
        settle_side(p, cases[i].victim);
        overhear(&f, &h);
        CHECK(h.any && h.m.header.message_id == answer.next);
        end(&f, p);
    }
}

/* RFC 6311 5.1, 11: nothing that is not higher than all that was heard of; then no ID is any other
 * than before. */
TEST(what_is_not_new_is_dropped)
{
    static const struct ids old[] = {{0, 0}, {4, 90}, {20, 31}, {19, 99}};
    for (unsigned victim = 0; victim < 2; victim++) {
        struct forger f;
        struct ids answer;
        struct pair *p = begin(&f, victim, 3);
        CHECK(!sync_with(&f, 1, (struct ids){2, 3}, &answer));
        CHECK(!sync_with(&f, 1, (struct ids){2, 3000}, &answer));
        CHECK(sync_with(&f, 1, (struct ids){20, 31}, &answer));
        uint64_t received = stats_of(p, victim).dropped;
        for (unsigned i = 0; i < ARRAY_LEN(old); i++)
            CHECK(!sync_with(&f, i + 1, old[i], &answer));
        CHECK_EQ(stats_of(p, victim).dropped, received + ARRAY_LEN(old));
        CHECK(sync_with(&f, 5, (struct ids){21, 0}, &answer));
        CHECK(answer.next == 31 && answer.expects == 21);
        end(&f, p);
    }
}

/* IDs never wrap (RFC 7296 2.2): the last ones are not jumped to. */
TEST(none_are_left_behind_the_last)
{
    struct forger f;
    struct ids answer;
    struct pair *p = begin(&f, 1, 0);
    CHECK(!sync_with(&f, 1, (struct ids){UINT32_MAX, 5}, &answer));
    CHECK(!sync_with(&f, 1, (struct ids){5, UINT32_MAX}, &answer));
    CHECK(!sync_with(&f, 1, (struct ids){UINT32_MAX - WINDOW_MAX, 5}, &answer));
    CHECK(sync_with(&f, 1, (struct ids){5, 5}, &answer));
    CHECK(p->side[1].ike_down == 0);
    end(&f, p);
}

/* RFC 6311 5.1: nothing else is in it; 6.3: of twelve octets. */
TEST(what_is_malformed_is_dropped)
{
    struct forger f;
    struct ids answer, said = {50, 60};
    struct pair *p = begin(&f, 1, 1);
    for (size_t len = 0; len <= WHOLE + 4; len += 4) {
        if (len == WHOLE)
            continue;
        chain_begin(&c);
        add_sync(NONCE, said, len);
        CHECK(!say(&f, NONCE, &answer));
    }
    chain_begin(&c);
    add_sync(NONCE, said, WHOLE);
    add_sync(NONCE, said, WHOLE);
    CHECK(!say(&f, NONCE, &answer));
    chain_begin(&c);
    add_sync(NONCE, said, WHOLE);
    chain_notify(&c, NOTIFY_MOBIKE_SUPPORTED);
    CHECK(!say(&f, NONCE, &answer));
    chain_begin(&c);
    add_sync(NONCE, said, WHOLE);
    chain_delete(&c, PROTOCOL_IKE, NULL, 0);
    CHECK(!say(&f, NONCE, &answer));
    CHECK(p->side[1].ike_down == 0);
    /* Replay counters are the data plane's: message IDs are agreed upon all the same. */
    chain_begin(&c);
    add_sync(NONCE, said, WHOLE);
    notify_add(&c.b, NOTIFY_IPSEC_REPLAY_COUNTER_SYNC, bytes_of("\0\0\1", 4));
    CHECK(say(&f, NONCE, &answer) && answer.expects == 50);
    end(&f, p);
}

/* With another message ID it is a request like others, and its notify means nothing. */
TEST(with_another_id_it_is_none)
{
    struct forger f;
    struct ids answer;
    struct pair *p = begin(&f, 1, 0);
    chain_begin(&c);
    add_sync(NONCE, (struct ids){50, 60}, WHOLE);
    tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2}, &c, &h);
    CHECK(h.any && h.m.header.message_id == 2 && h.m.count == 0);
    CHECK(sync_with(&f, NONCE, (struct ids){3, 0}, &answer));
    CHECK(answer.next == 0 && answer.expects == 3);
    end(&f, p);
}

/* An ordinary first request has ID 0, too: of a responder, and of each after a rekey. It is
 * answered as ever, and its answer is remembered. */
TEST(an_ordinary_request_may_have_id_zero)
{
    struct forger f;
    struct ids answer;
    struct pair *p = begin(&f, 0, 0);
    chain_begin(&c);
    for (unsigned i = 0; i < 2; i++) {
        tell(&f, with_zero, &c, &h);
        CHECK(h.any && h.m.header.message_id == 0 && h.m.count == 0);
    }
    CHECK_EQ(stats_of(p, 0).replays, 1);
    CHECK(!sync_with(&f, NONCE, (struct ids){0, 0}, &answer));
    CHECK(sync_with(&f, NONCE, (struct ids){1, 0}, &answer));
    CHECK(answer.next == 2 && answer.expects == 1);
    end(&f, p);
}

/* ---- requests of ours under way ---- */

struct asked {
    unsigned count, deletes, creates;
    u32 ids[16], spi;
    u8 nonce[NONCE_LEN];
};

/* All that side 1 has sent to the other. */
static void collect(struct forger *f, struct asked *out)
{
    struct pair_side *to = &f->pair->side[0];
    static struct pair_datagram all[PAIR_QUEUE];
    static u8 octets[PAIR_QUEUE][2000];
    unsigned count = 0;
    *out = (struct asked){0};
    for (; to->count && count < PAIR_QUEUE; count++, pair_lose(to)) {
        all[count] = to->queue[to->head];
        memcpy(octets[count], all[count].data, all[count].len);
        all[count].data = octets[count];
    }
    for (unsigned i = 0; i < count; i++) {
        pair_post(to, &all[i]);
        overhear(f, &h);
        if (!h.any || h.m.header.flags & FLAG_RESPONSE)
            continue;
        out->ids[out->count++ % ARRAY_LEN(out->ids)] = h.m.header.message_id;
        out->deletes += count_of(&h, PAYLOAD_DELETE);
        if (h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA) {
            struct bytes sa = message_body(&h.m, PAYLOAD_SA);
            out->creates++;
            memcpy(&out->spi, sa.at + 8, sizeof(out->spi)); /* of the first proposal */
            memcpy(out->nonce, message_body(&h.m, PAYLOAD_NONCE).at, NONCE_LEN);
        }
    }
}

static void act(struct pair *p, unsigned side)
{
    enum { ROUNDS = 40 };
    for (unsigned n = 0; n < ROUNDS; n++) {
        if (shrike_deadline(p->side[side].engine) <= p->now)
            shrike_tick(p->side[side].engine, p->now);
        settle_side(p, side);
    }
}

/* RFC 6311 9: no response to them is waited for. They are asked anew, by new IDs; a Child SA with
 * another SPI and nonce, as the member before may have made one with those. */
TEST(requests_under_way_are_asked_anew)
{
    struct forger f;
    struct asked before, after;
    struct pair *p = toy_pair((struct pair_options){.children = 4, .window = 4});
    struct shrike_command down = {.kind = SHRIKE_DOWN, .conn = "pair", .child = "net0"};
    struct shrike_command up = {.kind = SHRIKE_UP, .conn = "pair", .child = "net1"};
    pair_up(p, NULL);
    struct shrike_command gone = {.kind = SHRIKE_DOWN, .conn = "pair", .child = "net1"};
    shrike_command(p->side[1].engine, p->now, &gone);
    pair_run(p);
    pair_wait(p, p->now + SHRIKE_SECOND);
    CHECK(forger_init(&f, p, 1));
    ask_alive(p, 1);
    shrike_command(p->side[1].engine, p->now, &down);
    shrike_command(p->side[1].engine, p->now, &up);
    act(p, 1);
    collect(&f, &before);
    CHECK(before.count == 3 && before.deletes == 1 && before.creates == 1);
    chain_begin(&c);
    add_sync(NONCE, (struct ids){40, 30}, WHOLE);
    struct forgery sync = with_zero;
    sync.first = c.first;
    sync.inner = written_bytes(&c.w);
    forge(&f, &sync);
    act(p, 1);
    collect(&f, &after);
    CHECK(after.count == 3 && after.deletes == 1 && after.creates == 1);
    u32 set = 0;
    for (unsigned i = 0; i < after.count; i++)
        set |= 1u << (after.ids[i] - 30);
    CHECK_EQ(set, 7);
    CHECK(before.spi != after.spi && memcmp(before.nonce, after.nonce, NONCE_LEN) != 0);
    /* By the old IDs nothing is taken any more; by the new ones it is. */
    chain_begin(&c);
    for (unsigned i = 0; i < 3; i++) {
        unsigned done = p->side[1].done;
        struct forgery r = {.exchange = EXCHANGE_INFORMATIONAL, .response = true};
        r.message_id = before.ids[i];
        tell(&f, r, &c, &h);
        CHECK_EQ(p->side[1].done, done);
    }
    unsigned done = p->side[1].done;
    for (u32 id = 30; id < 33; id++)
        tell(&f,
             (struct forgery){
                 .exchange = EXCHANGE_INFORMATIONAL, .response = true, .message_id = id},
             &c, &h);
    CHECK_EQ(p->side[1].done, done + 2); /* the peer is there, and net0 is gone */
    CHECK_EQ(p->side[1].ike_down, 0);
    end(&f, p);
}

/* A rekey of the IKE SA that was under way is begun once more, a little later. */
TEST(a_rekey_of_the_ike_sa_is_begun_anew)
{
    struct forger f;
    struct asked before, after;
    struct ids answer;
    struct shrike_command rekey = {.kind = SHRIKE_REKEY, .conn = "pair"};
    struct pair *p = begin(&f, 1, 0);
    shrike_command(p->side[1].engine, p->now, &rekey);
    act(p, 1);
    collect(&f, &before);
    CHECK(before.count == 1 && before.creates == 1);
    CHECK_EQ(stats_of(p, 1).ike_sas, 2);
    CHECK(sync_with(&f, NONCE, (struct ids){40, 30}, &answer));
    CHECK_EQ(stats_of(p, 1).ike_sas, 1);
    p->now += 10 * SHRIKE_SECOND;
    act(p, 1);
    collect(&f, &after);
    CHECK(after.count == 1 && after.creates == 1 && after.ids[0] == 30);
    CHECK(memcmp(before.nonce, after.nonce, NONCE_LEN) != 0);
    CHECK_EQ(p->side[1].ike_down, 0);
    end(&f, p);
}

/* ---- requests of the peer under way ---- */

/* The ID that is waited for, as the record says. */
static u32 theirs_in_record(size_t len)
{
    enum { WINDOW_THEIRS = 18 }; /* lib/engine/record.def */
    struct reader fields;
    u16 version;
    u32 id = 0;
    if (!record_open(bytes_of(record, len), &fields, &version))
        return 0;
    for (struct field ike; record_next(&fields, &ike);) {
        for (struct field f; ike.number == RECORD_IKE && record_next(&ike.value, &f);) {
            if (f.number == WINDOW_THEIRS)
                id = read_u32(&f.value);
        }
    }
    return id;
}

/* One that is being answered is answered to the end, by its old ID; then comes what is new. A
 * record made meanwhile does not wait for it again. */
TEST(what_is_being_answered_does_not_come_again)
{
    for (u8 window = 1; window <= 4; window = (u8)(window + 3)) {
        struct forger f;
        struct ids answer = {0};
        struct pair *p = toy_pair((struct pair_options){.children = 2, .window = window});
        struct shrike_command down = {.kind = SHRIKE_DOWN, .conn = "pair", .child = "net1"};
        struct forgery next = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 40};
        pair_up(p, NULL);
        shrike_command(p->side[0].engine, p->now, &down);
        pair_run(p);
        CHECK(forger_init(&f, p, 1));
        p->side[1].hold_ops = true;
        pair_up(p, "net1");
        CHECK_EQ(p->side[1].op_count, 1);
        CHECK(sync_with(&f, NONCE, (struct ids){40, 0}, &answer));
        CHECK_EQ(answer.expects, 40);
        if (window == 1) { /* there is no place to answer in */
            chain_begin(&c);
            tell(&f, next, &c, &h);
            CHECK(!h.any);
        }
        size_t len = shrike_export(p->side[1].engine, p->side[1].ike, record, sizeof(record));
        CHECK_EQ(theirs_in_record(len), 40);
        CHECK(pair_answer(p, 1));
        settle_side(p, 1);
        overhear(&f, &h);
        CHECK(h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA);
        chain_begin(&c);
        for (u32 id = 40; id < 50; id++) {
            next.message_id = id;
            tell(&f, next, &c, &h);
            CHECK(h.any && h.m.header.message_id == id);
        }
        CHECK_EQ(p->side[1].ike_down, 0);
        end(&f, p);
    }
}

/* ---- a member that takes over ---- */

static struct shrike_env env_of(const struct pair *p, u8 seed)
{
    return (struct shrike_env){.provider = p->side[0].provider,
                               .pages = page_cache(),
                               .limits = {.ike_sas = 8, .half_open = 4, .child_sas = 16},
                               .seed = {seed},
                               .incarnation = seed,
                               .shards = 1};
}

/* The record of side 0, with other message IDs; 0: it is none. */
static size_t with_ids(const struct pair *p, size_t len, u32 ours, u32 theirs)
{
    static struct shard s;
    struct shrike_env env = env_of(p, 7);
    bool good = shard_init(&s, &env, p->now) && shard_conf(&s, &t[0].conf) &&
                import_ike(&s, p->now, bytes_of(record, len));
    struct ike_sa *sa = good ? shard_sa_by_spi(&s, p->side[0].spi_i) : NULL;
    if (sa) {
        sa->window.ours = ours;
        sa->window.theirs = theirs;
        len = export_ike(&s, sa, record, sizeof(record));
    }
    shard_free(&s);
    return sa ? len : 0;
}

static void take_over(struct pair *p, size_t len)
{
    struct shrike_env env = env_of(p, 9);
    struct shrike *e = shrike_new(&env, p->now);
    CHECK(e && shrike_conf(e, &t[0].conf) && shrike_import(e, p->now, record, len));
    shrike_free(p->side[0].engine);
    p->side[0].engine = e;
}

/* Like pair_run() and pair_wait(), but all that is sent is looked at. */
static void run(struct pair *p)
{
    enum { ROUNDS = 1000 };
    bool any = true;
    for (unsigned n = 0; n < ROUNDS && any; n++) {
        any = false;
        for (unsigned i = 0; i < 2; i++) {
            look(&p->side[i]);
            any = pair_deliver(p, i) || any;
            any = pair_drain(p, i) || any;
            if (shrike_deadline(p->side[i].engine) > p->now)
                continue;
            shrike_tick(p->side[i].engine, p->now);
            any = true;
        }
    }
}

static void pass(struct pair *p, unsigned seconds)
{
    for (unsigned i = 0; i < 10 * seconds; i++, run(p))
        p->now += SHRIKE_SECOND / 10;
}

static struct pair *watched_pair(u8 window)
{
    struct pair_options o = {.algorithms = pair_usual, .children = 2, .window = window};
    for (unsigned i = 0; i < 2; i++) {
        seen.toys[i] = provider_toy_new(i + 1);
        watch_init(&seen.ends[i], &seen.reuse, seen.toys[i]);
    }
    seen.on = true;
    struct pair *p = pair_new(&seen.ends[0].provider, &seen.ends[1].provider, &o);
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        tune_end(p, i, &t[i]);
    }
    struct shrike_command up = {.kind = SHRIKE_UP, .reference = COMMAND, .conn = "pair"};
    shrike_command(p->side[0].engine, p->now, &up);
    run(p);
    return p;
}

static void end_watched(struct pair *p)
{
    pair_free(p);
    for (unsigned i = 0; i < 2; i++)
        provider_toy_free(seen.toys[i]);
    reuse_free(&seen.reuse);
    seen.wrong = NULL;
    seen.on = false;
}

/* Each end asks whether the other is there, rekeys a Child SA, and the IKE SA. Do both agree? */
static bool works(struct pair *p)
{
    bool good = true;
    for (unsigned i = 0; i < 6; i++) {
        unsigned before = p->side[i % 2].done;
        ask_alive(p, i % 2);
        run(p);
        good = good && p->side[i % 2].done == before + 1;
    }
    for (unsigned i = 0; i < 4; i++) {
        struct shrike_command rekey = {.kind = SHRIKE_REKEY, .conn = "pair"};
        rekey.child = i < 2 ? "net0" : NULL;
        shrike_command(p->side[i % 2].engine, p->now, &rekey);
        pass(p, 1);
        good = good && pair_agrees(p);
    }
    return good && p->side[0].ike_rekeyed == 2 && p->side[1].ike_rekeyed == 2;
}

/* Side 0 is a cluster whose new member has an old record; with a window of one, and of four.
 * Nothing is used twice with one key. */
TEST(both_go_on)
{
    for (u8 window = 1; window <= 4; window = (u8)(window + 3)) {
        struct forger f;
        struct ids answer = {0};
        struct pair *p = watched_pair(window);
        size_t len = shrike_export(p->side[0].engine, p->side[0].ike, record, sizeof(record));
        for (unsigned i = 0; i < 12; i++) {
            ask_alive(p, i % 2);
            run(p);
        }
        CHECK(forger_init(&f, p, 1));
        take_over(p, len);
        /* What the peer asks is beyond what the member waits for. */
        unsigned done = p->side[1].done;
        ask_alive(p, 1);
        pass(p, 1);
        CHECK_EQ(p->side[1].done, done);
        CHECK(sync_with(&f, NONCE, (struct ids){30, 1}, &answer));
        CHECK(answer.next == 7 && answer.expects == 30);
        take_over(p, with_ids(p, len, answer.expects, answer.next));
        pass(p, 5);
        CHECK_EQ(p->side[1].done, done + 1);
        CHECK(pair_agrees(p) && works(p));
        CHECK(p->side[0].ike_down == 0 && p->side[1].ike_down == 0 && p->side[1].child_down == 0);
        if (seen.wrong)
            printf("# %s\n", seen.wrong);
        CHECK(!seen.wrong && seen.reuse.used.count > 80);
        forger_free(&f);
        end_watched(p);
    }
}

int main(void)
{
    return RUN(who_says_so) | RUN(who_is_believed) | RUN(the_higher_of_each_is_agreed_upon) |
           RUN(what_is_not_new_is_dropped) | RUN(none_are_left_behind_the_last) |
           RUN(what_is_malformed_is_dropped) | RUN(with_another_id_it_is_none) |
           RUN(an_ordinary_request_may_have_id_zero) | RUN(requests_under_way_are_asked_anew) |
           RUN(a_rekey_of_the_ike_sa_is_begun_anew) |
           RUN(what_is_being_answered_does_not_come_again) | RUN(both_go_on);
}
