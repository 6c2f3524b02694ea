/* eap/guests: who is here by RADIUS, with net and a server of RADIUS as the test plays them, by a
 * socket on loopback. */
#include "eap/guests.h"
#include "ops/radiusfile.h"
#include "test.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NUMBER  0x6500000100000007
#define TEXT(s) bytes_of((s), sizeof(s) - 1)

static struct loop *loop;
static struct seat seat;
static struct channel net;
static struct servers servers;
static struct guests guests;
static struct md5 *md5;
static int server = -1;
static struct sockaddr_in client;
static u8 octets[RADIUS_MAX];
static struct radius_packet question;
static struct mail_account_ask wish;
static u32 wishes;
static struct settings_radius set;

static void got(void *ctx, struct mail *m)
{
    struct reader r = reader_of(m->body);
    (void)ctx;
    if (m->kind != MAIL_ACCOUNT_ASK || !account_ask_read(&r, &wish))
        abort();
    wishes += wish.wish != ACCOUNT_READY;
}

static void lost(void *ctx)
{
    channel_close(ctx);
}

static void told(void *ctx, const struct radius_output *what)
{
    (void)ctx;
    if (what->kind == RADIUS_ANSWERED || what->kind == RADIUS_UNANSWERED)
        guests_told(&guests, what);
}

static u16 free_port(int *fd)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    *fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (*fd < 0 || bind(*fd, (struct sockaddr *)&name, len) < 0 ||
        getsockname(*fd, (struct sockaddr *)&name, &len) < 0)
        abort();
    return ntohs(name.sin_port);
}

static void give_settings(void)
{
    bool anew;
    int fd = radius_seal_file(&set);
    if (fd < 0 || !servers_take(&servers, fd, &anew))
        abort();
    close(fd);
    guests_servers(&guests);
}

static void begin(void)
{
    struct channel *to = &seat.channels[ROLE_NET];
    int fd[2], spare;
    loop = loop_new();
    seat = (struct seat){.type = &eap_role, .loop = loop};
    net = (struct channel){.got = got, .lost = lost, .ctx = &net};
    *to = (struct channel){.got = got, .lost = lost, .ctx = to};
    if (!channel_pair(fd) || !channel_open(&net, loop, fd[0]) || !channel_open(to, loop, fd[1]) ||
        !servers_open(&servers, loop, told, NULL) || !guests_open(&guests, &seat, &servers))
        abort();
    md5 = md5_new();
    wishes = 0;
    u16 port = free_port(&server);
    set = (struct settings_radius){.server_count = 1,
                                   .tries = 1,
                                   .backoff = 100,
                                   .first = 300 * SHRIKE_MS,
                                   .accounting = true,
                                   .dae_secret_len = 3,
                                   .dae_secret = "dae",
                                   .dae = {{127, 0, 0, 1}, free_port(&spare), 4, 0}};
    close(spare);
    set.servers[0] = (struct settings_radius_server){
        .name = "a", .nas_identifier = "gate", .sockets = 1, .secret_len = 3, .secret = "key"};
    set.servers[0].ends[0] = (struct shrike_endpoint){{127, 0, 0, 1}, port, 4, 0};
    set.servers[0].ends[1] = set.servers[0].ends[0];
}

static void end(void)
{
    guests_close(&guests);
    servers_close(&servers);
    channel_close(&net);
    channel_close(&seat.channels[ROLE_NET]);
    md5_free(md5);
    loop_free(loop);
    close(server);
}

static void turns(int count)
{
    for (int i = 0; i < count; i++)
        loop_turn(loop, 10 * SHRIKE_MS);
}

static bool tell(const struct mail_account *m)
{
    u8 body[4096];
    struct writer w = writer_of(body, sizeof(body));
    account_write(&w, m);
    bool right =
        guests_got(&guests, &(struct mail){.kind = MAIL_ACCOUNT, .body = written_bytes(&w)});
    turns(3);
    return right;
}

/* anna, who may stay for so long. */
static bool comes(u8 what, u64 number, u32 session_s)
{
    u8 attributes[128], grant[256];
    struct writer a = writer_of(attributes, sizeof(attributes));
    struct writer w = writer_of(grant, sizeof(grant));
    radius_put_text(&a, RADIUS_USER_NAME, "anna");
    radius_put_u32(&a, RADIUS_NAS_PORT, 9);
    radius_put_u32(&a, RADIUS_SESSION_TIMEOUT, session_s);
    radius_put_text(&a, RADIUS_CLASS, "staff");
    grant_write(&w, &(struct mail_grant){.account = number, .attributes = written_bytes(&a)});
    return tell(&(struct mail_account){.what = what,
                                       .number = number,
                                       .conn = "home",
                                       .address_count = 1,
                                       .addresses = {{{10, 3, 0, 77}, 4}},
                                       .grant = written_bytes(&w)});
}

/* What the server is told, if anything. */
static u32 heard(void)
{
    socklen_t len = sizeof(client);
    ssize_t n =
        recvfrom(server, octets, sizeof(octets), MSG_DONTWAIT, (struct sockaddr *)&client, &len);
    if (n < 0 || !radius_packet_read(bytes_of(octets, (size_t)n), &question) ||
        !radius_is_request(&question, &(struct radius_secret){md5, TEXT("key")}))
        return 0;
    return radius_find_u32(&question, RADIUS_ACCT_STATUS_TYPE, 0);
}

static void thank(void)
{
    u8 at[64];
    struct writer w = writer_of(at, sizeof(at));
    radius_begin(&w, RADIUS_ACCOUNTING_RESPONSE, question.id, false);
    if (!radius_seal(&w, &(struct radius_secret){md5, TEXT("key")}, RADIUS_ANSWER,
                     question.authenticator) ||
        sendto(server, at, written(&w), 0, (struct sockaddr *)&client, sizeof(client)) < 0)
        abort();
    turns(3);
}

static bool says(u8 type, const char *text)
{
    struct bytes value;
    return radius_find(&question, type, &value) && bytes_equal(value, bytes_of(text, strlen(text)));
}

static bool ends(enum shrike_reason_code reason, bool theirs)
{
    return tell(&(struct mail_account){.what = ACCOUNT_OVER,
                                       .number = NUMBER,
                                       .used = {(1ull << 32) + 5, 6, 7, 8},
                                       .reason = reason,
                                       .theirs = theirs});
}

TEST(start_meanwhile_and_stop)
{
    struct bytes value;
    begin();
    set.accounting_class = true;
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 0) && heard() == RADIUS_START);
    CHECK(says(RADIUS_USER_NAME, "anna") && says(RADIUS_ACCT_SESSION_ID, "65000001-7"));
    CHECK(says(RADIUS_CLASS, "staff") && says(RADIUS_NAS_PORT_ID, "home"));
    CHECK_EQ(radius_find_u32(&question, RADIUS_FRAMED_IP_ADDRESS, 0), 0x0a03004d);
    CHECK_EQ(radius_find_u32(&question, RADIUS_NAS_PORT, 0), 9);
    CHECK(comes(ACCOUNT_HELD, NUMBER, 0) && heard() == 0); /* known */
    CHECK(tell(&(struct mail_account){
        .what = ACCOUNT_USED, .number = NUMBER, .used = {.bytes_in = 100, .packets_out = 3}}));
    CHECK(heard() == 0 && !guests_quiet(&guests)); /* one after the other */
    thank();
    CHECK(heard() == RADIUS_INTERIM);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_INPUT_OCTETS, 0), 100);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_OUTPUT_PACKETS, 0), 3);
    thank();
    CHECK(ends(SHRIKE_REASON_PEER_DELETED, true) && heard() == RADIUS_STOP);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_INPUT_OCTETS, 0), 5);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_INPUT_GIGAWORDS, 0), 1);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_TERMINATE_CAUSE, 0), RADIUS_CAUSE_USER);
    CHECK(radius_find(&question, RADIUS_ACCT_SESSION_TIME, &value));
    CHECK_EQ(radius_sessions_count(guests.sessions), 1);
    thank();
    CHECK(radius_sessions_count(guests.sessions) == 0 && guests_quiet(&guests));
    CHECK(ends(SHRIKE_REASON_PEER_DELETED, true) && heard() == 0);
    end();
}

/* With a server that says nothing: nobody is kept for ever, and who is here stays. */
TEST(nobody_listens)
{
    begin();
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 0) && heard() == RADIUS_START);
    CHECK(ends(SHRIKE_REASON_TIMEOUT, false));
    for (int i = 0; i < 40 && heard() != RADIUS_STOP; i++)
        turns(5);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_TERMINATE_CAUSE, 0), RADIUS_CAUSE_LOST_SERVICE);
    for (int i = 0; i < 40 && radius_sessions_count(guests.sessions); i++)
        turns(5);
    CHECK(radius_sessions_count(guests.sessions) == 0 && guests_quiet(&guests));
    CHECK(wishes == 0 && guests.untold == 2);
    end();
}

TEST(who_cannot_be_accounted_for_goes)
{
    begin();
    set.close_on_timeout = true;
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 0) && heard() == RADIUS_START);
    thank();
    CHECK(tell(&(struct mail_account){.what = ACCOUNT_USED, .number = NUMBER}));
    for (int i = 0; i < 40 && wishes == 0; i++)
        turns(5);
    CHECK(wishes == 1 && wish.wish == ACCOUNT_OUT && wish.number == NUMBER);
    end();
}

/* Without accounting, and of who has no address. */
TEST(who_is_not_accounted_for)
{
    begin();
    set.accounting = false;
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 0) && ends(SHRIKE_REASON_COMMAND, false));
    CHECK(heard() == 0 && radius_sessions_count(guests.sessions) == 0);
    end();
}

TEST(a_time_that_is_over)
{
    begin();
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 1) && heard() == RADIUS_START);
    thank();
    for (int i = 0; i < 60 && wishes == 0; i++)
        turns(5);
    CHECK(wishes == 1 && wish.wish == ACCOUNT_OUT && wish.number == NUMBER);
    CHECK(ends(SHRIKE_REASON_COMMAND, false) && heard() == RADIUS_STOP);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_TERMINATE_CAUSE, 0),
             RADIUS_CAUSE_SESSION_TIMEOUT);
    end();
}

TEST(what_is_carried_is_asked_for)
{
    begin();
    set.accounting_s = 1;
    CHECK(comes(ACCOUNT_HELD, NUMBER, 0)); /* before the servers are known: net does not do this */
    give_settings();
    turns(3);
    CHECK(wish.wish == ACCOUNT_READY && wish.number == 0);
    for (int i = 0; i < 60 && wishes == 0; i++)
        turns(5);
    CHECK(wishes == 1 && wish.wish == ACCOUNT_WANTED && wish.number == NUMBER);
    CHECK(tell(&(struct mail_account){.what = ACCOUNT_USED, .number = NUMBER}));
    CHECK_EQ(heard(), RADIUS_INTERIM);
    end();
}

/* Of another net those come again that are here. */
TEST(another_net)
{
    begin();
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 0) && heard() == RADIUS_START);
    thank();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER + 1, 0) && heard() == RADIUS_START);
    thank();
    guests_unsure(&guests);
    CHECK(comes(ACCOUNT_HELD, NUMBER + 1, 0) && heard() == 0);
    CHECK(tell(&(struct mail_account){.what = ACCOUNT_ALL}) && heard() == RADIUS_STOP);
    CHECK(says(RADIUS_ACCT_SESSION_ID, "65000001-7"));
    thank();
    CHECK(heard() == 0 && radius_sessions_count(guests.sessions) == 1);
    end();
}

/* RFC 5176: by name; the answer. */
static u8 demand(u8 code, const char *user, u32 session_s)
{
    const struct radius_secret secret = {md5, TEXT("dae")};
    static u8 id;
    u8 at[RADIUS_MAX];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(set.dae.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct writer w = writer_of(at, sizeof(at));
    struct radius_packet p;
    radius_begin(&w, code, ++id, true);
    radius_put_text(&w, RADIUS_USER_NAME, user);
    radius_put_u32(&w, RADIUS_EVENT_TIMESTAMP, (u32)time(NULL));
    if (session_s)
        radius_put_u32(&w, RADIUS_SESSION_TIMEOUT, session_s);
    if (!radius_seal(&w, &secret, RADIUS_PLAIN, NULL) ||
        sendto(server, at, written(&w), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
        abort();
    turns(3);
    ssize_t n = recv(server, at, sizeof(at), MSG_DONTWAIT);
    return n > 0 && radius_packet_read(bytes_of(at, (size_t)n), &p) ? p.code : 0;
}

TEST(a_server_wants_somebody_out)
{
    begin();
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 0) && heard() == RADIUS_START);
    thank();
    CHECK_EQ(demand(RADIUS_DISCONNECT_REQUEST, "carl", 0), RADIUS_DISCONNECT_NAK);
    CHECK_EQ(wishes, 0);
    CHECK_EQ(demand(RADIUS_DISCONNECT_REQUEST, "anna", 0), RADIUS_DISCONNECT_ACK);
    CHECK(wishes == 1 && wish.wish == ACCOUNT_OUT && wish.number == NUMBER);
    CHECK(ends(SHRIKE_REASON_COMMAND, false) && heard() == RADIUS_STOP);
    CHECK_EQ(radius_find_u32(&question, RADIUS_ACCT_TERMINATE_CAUSE, 0), RADIUS_CAUSE_ADMIN);
    thank();
    set.dae.family = 0;
    give_settings();
    CHECK_EQ(demand(RADIUS_DISCONNECT_REQUEST, "anna", 0), 0); /* nobody listens */
    end();
}

TEST(a_server_gives_somebody_less_time)
{
    begin();
    set.accounting = false;
    give_settings();
    CHECK(comes(ACCOUNT_BEGINS, NUMBER, 3600));
    CHECK_EQ(demand(RADIUS_COA_REQUEST, "anna", 1), RADIUS_COA_ACK);
    for (int i = 0; i < 60 && wishes == 0; i++)
        turns(5);
    CHECK(wishes == 1 && wish.wish == ACCOUNT_OUT);
    end();
}

int main(void)
{
    return RUN(start_meanwhile_and_stop) | RUN(nobody_listens) |
           RUN(who_cannot_be_accounted_for_goes) | RUN(who_is_not_accounted_for) |
           RUN(a_time_that_is_over) | RUN(what_is_carried_is_asked_for) | RUN(another_net) |
           RUN(a_server_wants_somebody_out) | RUN(a_server_gives_somebody_less_time);
}
