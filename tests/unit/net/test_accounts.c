/* net/accounts: who is here by RADIUS, as eap hears it: what each carries, counted by an esp that
 * the test plays, over rekeys and over the lives of the others. */
#include "../exchange/tools.h"
#include "crypto/scheme.h"
#include "net/accounts.h"

#define NUMBER 0x6500000100000007
#define SEEN   16

static struct pair *p;
static struct tuned t[2];
static struct loop *loop;
static struct seat seat;
static struct accounts a;
static struct channel eap, esp;
static struct mail_account seen[SEEN];
static u8 seen_octets[SEEN][4096];
static u32 seen_count, counts_asked;
static u8 grant[256];
static struct shrike_ike_view ike;

static void eap_got(void *ctx, struct mail *m)
{
    (void)ctx;
    if (m->kind != MAIL_ACCOUNT || seen_count == SEEN || m->body.len > sizeof(seen_octets[0]))
        abort();
    memcpy(seen_octets[seen_count], m->body.at, m->body.len);
    struct reader r = reader_of(bytes_of(seen_octets[seen_count], m->body.len));
    CHECK(account_read(&r, &seen[seen_count]));
    seen_count++;
}

static void esp_got(void *ctx, struct mail *m)
{
    (void)ctx;
    struct reader r = reader_of(m->body);
    CHECK(m->kind == MAIL_COUNT);
    read_u32(&r);
    counts_asked += read_u16(&r);
}

static void lost(void *ctx)
{
    channel_close(ctx);
}

static void join(enum role who, struct channel *other, void (*got)(void *ctx, struct mail *m))
{
    struct channel *to = &seat.channels[who];
    int fd[2];
    *other = (struct channel){.got = got, .lost = lost, .ctx = other};
    *to = (struct channel){.got = got, .lost = lost, .ctx = to};
    if (!channel_pair(fd) || !channel_open(other, loop, fd[0]) || !channel_open(to, loop, fd[1]))
        abort();
}

static void turns(void)
{
    accounts_settle(&a);
    for (int i = 0; i < 4; i++)
        loop_turn(loop, 0);
}

static void event(enum shrike_event_id id, u32 of, u32 child, u32 number)
{
    struct shrike_event e = {.id = id,
                             .ike = of,
                             .child = child,
                             .number = number,
                             .spi_i = ike.spi_i,
                             .spi_r = ike.spi_r,
                             .reason.code = SHRIKE_REASON_PEER_DELETED};
    accounts_event(&a, p->side[1].engine, &e);
}

static u32 asked(enum account_wish wish, u64 number)
{
    u8 body[16];
    u32 out = 0;
    struct writer w = writer_of(body, sizeof(body));
    account_ask_write(&w, &(struct mail_account_ask){number, (u8)wish});
    struct mail m = {.kind = MAIL_ACCOUNT_ASK, .body = written_bytes(&w)};
    if (!accounts_asked(&a, &m, &out))
        abort();
    return out;
}

/* An IKE SA whose peer a server of RADIUS has let in, and which has an address. */
static void begin(void)
{
    static const struct shrike_key_id key = {{1}};
    static const u8 give[] = {0, 1, 0, 4, 10, 3, 0, 77};
    struct shrike_bytes cert = bytes_of(key.octets, sizeof(key.octets));
    struct shrike_credential credential = {
        .key = key, .encoding = CERT_X509_SIGNATURE, .cert_count = 1, .certs = &cert};
    struct writer w = writer_of(grant, sizeof(grant));
    grant_write(&w, &(struct mail_grant){.account = NUMBER, .attributes = bytes_of("\1\3a", 3)});
    p = toy_pair((struct pair_options){.internal = true});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        struct shrike_auth *caller = i ? &t[i].conn.remote : &t[i].conn.local;
        struct shrike_auth *called = i ? &t[i].conn.local : &t[i].conn.remote;
        caller->kind = SHRIKE_AUTH_EAP;
        called->kind = SHRIKE_AUTH_PUBKEY;
        called->schemes = scheme_defaults();
        called->credentials = &credential;
        called->credential_count = (u16)i;
        t[i].conn.send_cert = SHRIKE_CERT_ALWAYS;
        tune_end(p, i, &t[i]);
    }
    p->side[1].eap.grant = written_bytes(&w);
    p->side[1].give = bytes_of(give, sizeof(give));
    loop = loop_new();
    seat = (struct seat){.loop = loop};
    seen_count = counts_asked = 0;
    accounts_open(&a, &seat);
    accounts_import(&a, p->side[1].engine); /* nothing */
    join(ROLE_EAP, &eap, eap_got);
    join(ROLE_ESP, &esp, esp_got);
    asked(ACCOUNT_READY, 0);
    pair_up(p, NULL);
    u32 at = 0;
    CHECK(shrike_view_ike(p->side[1].engine, &at, &ike));
}

static void end(void)
{
    accounts_close(&a);
    channel_close(&eap);
    channel_close(&esp);
    channel_close(&seat.channels[ROLE_EAP]);
    channel_close(&seat.channels[ROLE_ESP]);
    loop_free(loop);
    toy_end(p);
}

static bool counted(u32 reference, u32 child, u64 bytes_in, u64 bytes_out)
{
    u8 body[128];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, reference);
    write_u16(&w, 1);
    count_write(&w, &(struct mail_count){.child_serial = child,
                                         .bytes_in = bytes_in,
                                         .packets_in = bytes_in / 10,
                                         .bytes_out = bytes_out,
                                         .packets_out = bytes_out / 10});
    return accounts_counted(&a, &(struct mail){.kind = MAIL_COUNTED, .body = written_bytes(&w)});
}

TEST(from_the_beginning_to_the_end)
{
    begin();
    event(SHRIKE_EVENT_IKE_UP, ike.serial, 0, 0);
    event(SHRIKE_EVENT_CHILD_UP, ike.serial, 101, 0);
    turns();
    CHECK_EQ(seen_count, 2);
    CHECK(seen[0].what == ACCOUNT_BEGINS && seen[0].number == NUMBER);
    CHECK(bytes_equal(seen[0].grant, p->side[1].eap.grant) && strcmp(seen[0].conn, ike.conn) == 0);
    CHECK(seen[0].address_count == 1 && seen[0].addresses[0].octets[3] == 77);
    CHECK(seen[0].remote.port == ike.remote.port && seen[1].what == ACCOUNT_ALL);
    CHECK_EQ(asked(ACCOUNT_WANTED, NUMBER), 0);
    turns();
    CHECK(counts_asked == 1 && seen_count == 2);
    CHECK(counted(ike.serial, 101, 1000, 2000));
    turns();
    CHECK(seen_count == 3 && seen[2].what == ACCOUNT_USED);
    CHECK(seen[2].used.bytes_in == 1000 && seen[2].used.packets_out == 200);
    /* a rekey of the Child SA, then of the IKE SA */
    event(SHRIKE_EVENT_CHILD_REKEYED, ike.serial, 102, 101);
    CHECK(counted(0, 101, 1500, 2000));
    event(SHRIKE_EVENT_IKE_REKEYED, 900, 0, ike.serial);
    CHECK_EQ(asked(ACCOUNT_OUT, NUMBER), 900);
    CHECK_EQ(asked(ACCOUNT_OUT, NUMBER + 1), 0);
    event(SHRIKE_EVENT_CHILD_DOWN, 900, 102, 0);
    event(SHRIKE_EVENT_IKE_DOWN, 900, 0, 0);
    turns();
    CHECK(seen_count == 3 && !accounts_said(&a)); /* esp has not counted */
    CHECK_EQ(asked(ACCOUNT_OUT, NUMBER), 0);
    CHECK(counted(0, 102, 10, 20));
    turns();
    CHECK(seen_count == 4 && seen[3].what == ACCOUNT_OVER && seen[3].theirs);
    CHECK(seen[3].used.bytes_in == 1510 && seen[3].used.bytes_out == 2020);
    CHECK(seen[3].used.packets_in == 151 && seen[3].used.packets_out == 202);
    CHECK(accounts_said(&a) && a.count == 0);
    CHECK(counted(0, 102, 10, 20)); /* of nobody */
    end();
}

/* eap was away while it ended; and esp, which took its counters along. */
TEST(lives_of_others)
{
    begin();
    event(SHRIKE_EVENT_IKE_UP, ike.serial, 0, 0);
    event(SHRIKE_EVENT_CHILD_UP, ike.serial, 101, 0);
    turns();
    asked(ACCOUNT_WANTED, NUMBER);
    turns();
    CHECK(counted(ike.serial, 101, 1000, 2000));
    turns();
    CHECK_EQ(seen_count, 3);
    channel_close(&eap);
    turns();
    accounts_peer(&a, ROLE_EAP, false);
    channel_close(&seat.channels[ROLE_ESP]);
    accounts_peer(&a, ROLE_ESP, false);
    event(SHRIKE_EVENT_IKE_DOWN, ike.serial, 0, 0);
    turns();
    CHECK(a.count == 1 && seen_count == 3);
    channel_close(&seat.channels[ROLE_EAP]);
    join(ROLE_EAP, &eap, eap_got);
    accounts_peer(&a, ROLE_EAP, true);
    turns();
    CHECK_EQ(seen_count, 3); /* it does not know its servers yet */
    asked(ACCOUNT_READY, 0);
    turns();
    CHECK(seen_count == 6 && a.count == 0);
    CHECK(seen[3].what == ACCOUNT_HELD && seen[3].number == NUMBER);
    CHECK(seen[4].what == ACCOUNT_OVER && seen[4].used.bytes_in == 1000);
    CHECK(seen[5].what == ACCOUNT_ALL);
    end();
}

/* As the next net finds it in its records; and who has no grant has no account. */
TEST(from_records)
{
    struct shrike_child_view c = {.serial = 0};
    begin();
    accounts_import(&a, p->side[0].engine);
    CHECK_EQ(a.count, 0);
    accounts_import(&a, p->side[1].engine);
    turns();
    CHECK(seen_count == 2 && seen[0].what == ACCOUNT_HELD && seen[0].address_count == 1);
    CHECK(shrike_view_child(p->side[1].engine, pair_place(&p->side[1]), ike.serial, 0, &c));
    event(SHRIKE_EVENT_IKE_DOWN, ike.serial, 0, 0);
    CHECK(counted(0, c.serial, 7, 8));
    turns();
    CHECK(seen_count == 3 && seen[2].what == ACCOUNT_OVER && seen[2].used.bytes_out == 8);
    end();
}

/* It is not waited for for ever. */
TEST(esp_never_counts)
{
    begin();
    event(SHRIKE_EVENT_IKE_UP, ike.serial, 0, 0);
    event(SHRIKE_EVENT_CHILD_UP, ike.serial, 101, 0);
    event(SHRIKE_EVENT_IKE_DOWN, ike.serial, 0, 0);
    turns();
    CHECK_EQ(seen_count, 2);
    for (int i = 0; i < 60 && seen_count < 3; i++)
        loop_turn(loop, 50 * SHRIKE_MS);
    CHECK(seen_count == 3 && seen[2].what == ACCOUNT_OVER && a.count == 0);
    end();
}

TEST(mail_that_makes_no_sense)
{
    u8 body[10] = {1};
    u32 out;
    begin();
    struct mail m = {.kind = MAIL_ACCOUNT_ASK, .body = bytes_of(body, 9)};
    CHECK(!accounts_asked(&a, &m, &out));
    m.body = bytes_of(body, 10);
    CHECK(accounts_asked(&a, &m, &out) && out == 0);
    body[9] = ACCOUNT_WISHES;
    CHECK(!accounts_asked(&a, &m, &out));
    body[5] = 1; /* one Child SA, which does not follow */
    CHECK(!accounts_counted(&a, &m));
    end();
}

int main(void)
{
    return RUN(from_the_beginning_to_the_end) | RUN(lives_of_others) | RUN(from_records) |
           RUN(esp_never_counts) | RUN(mail_that_makes_no_sense);
}
