/* eap/servers, relay and role: EAP that a server of RADIUS does, by its own socket on loopback. */
#include "eap/servers.h"
#include "ops/grant.h"
#include "ops/radiusfile.h"
#include "test.h"
#include "wire/codes.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT(s) bytes_of((s), sizeof(s) - 1)

static struct loop *loop;
static struct servers servers;
static struct sessions sessions;
static struct eap_place *place;
static struct eap_turn turn;
static struct md5 *md5;
static struct sockaddr_in client;
static u8 octets[RADIUS_MAX];
static struct radius_packet question;
static int server = -1;
static unsigned news, answers;
static struct bytes groups_wanted;

/* As the role does it. */
static void told(void *ctx, const struct radius_output *what)
{
    (void)ctx;
    if (what->kind == RADIUS_SILENT || what->kind == RADIUS_IS_BACK) {
        news++;
        return;
    }
    struct eap_place *p = sessions_find(&sessions, (u32)what->about);
    if (!p || !servers_is_for(p, what))
        return;
    servers_answer(&servers, p, what, &turn);
    answers++;
}

static void listen_here(struct settings_radius *set)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    server = socket(AF_INET, SOCK_DGRAM, 0);
    if (server < 0 || bind(server, (struct sockaddr *)&name, len) < 0 ||
        getsockname(server, (struct sockaddr *)&name, &len) < 0)
        abort();
    struct settings_radius_server *s = &set->servers[0];
    *s = (struct settings_radius_server){
        .name = "a", .nas_identifier = "gate", .sockets = 1, .secret_len = 3, .secret = "key"};
    s->ends[0] = (struct shrike_endpoint){{127, 0, 0, 1}, ntohs(name.sin_port), 4, 0};
    s->ends[1] = s->ends[0];
}

static bool take_settings(const struct settings_radius *set, bool *anew)
{
    int fd = radius_seal_file(set);
    bool done = fd >= 0 && servers_take(&servers, fd, anew);
    close(fd);
    return done;
}

/* A session of a peer that IKE knows as alice. asks: EAP asks for the name. */
static bool begin(bool eap_start, bool asks)
{
    struct settings_radius set = {.server_count = 1,
                                  .tries = 2,
                                  .backoff = 100,
                                  .first = 500 * SHRIKE_MS,
                                  .eap_start = eap_start,
                                  .id_prefix = "0"};
    const struct shrike_eap_op op = {
        .session = 5,
        .server = true,
        .conn = "home",
        .rule = {.methods = TEXT("\377"), .asks = asks, .groups = groups_wanted},
        .remote = {ID_FQDN, TEXT("alice")}};
    bool anew;
    listen_here(&set);
    loop = loop_new();
    md5 = md5_new();
    news = answers = 0;
    if (!loop || !md5 || !servers_open(&servers, loop, told, NULL) || !sessions_init(&sessions) ||
        !take_settings(&set, &anew) || !anew || !take_settings(&set, &anew) || anew)
        return false;
    place = sessions_add(&sessions, 5, loop_now(loop));
    if (!place)
        return false;
    place->remote = (struct shrike_endpoint){{203, 0, 113, 9}, 1024, 4, 0};
    session_init(&place->session, &op);
    session_take(&place->session, &turn, TEXT(""));
    return true;
}

static void end(void)
{
    servers_close(&servers);
    sessions_free(&sessions);
    md5_free(md5);
    loop_free(loop);
    close(server);
}

/* What the server is asked; the EAP message in it is in eap. */
static bool asked(struct bytes *eap)
{
    static u8 message[RADIUS_MAX];
    socklen_t len = sizeof(client);
    struct bytes name;
    if (turn.step != EAP_PASS || !servers_ask(&servers, place, &turn))
        return false;
    ssize_t n =
        recvfrom(server, octets, sizeof(octets), MSG_DONTWAIT, (struct sockaddr *)&client, &len);
    if (n < 0 || !radius_packet_read(bytes_of(octets, (size_t)n), &question))
        return false;
    *eap = radius_eap(&question, message);
    return radius_find(&question, RADIUS_CALLING_STATION_ID, &name) &&
           bytes_equal(name, TEXT("203.0.113.9")) &&
           radius_find(&question, RADIUS_USER_NAME, &name) && name.at[0] == '0';
}

/* What stands in an Accept besides. */
static const u8 *extra;
static size_t extra_len;

/* The server answers; true when the session has heard it. */
static bool reply(u8 code, struct bytes eap)
{
    const struct radius_secret secret = {md5, TEXT("key")};
    u8 out[RADIUS_MAX];
    struct writer w = writer_of(out, sizeof(out));
    unsigned before = answers;
    radius_begin(&w, code, question.id, true);
    radius_put_eap(&w, eap);
    radius_put_text(&w, RADIUS_STATE, "state");
    write_bytes(&w, bytes_of(extra, extra_len));
    if (!radius_seal(&w, &secret, RADIUS_ANSWER, question.authenticator) ||
        sendto(server, out, written(&w), 0, (struct sockaddr *)&client, sizeof(client)) < 0)
        return false;
    for (int i = 0; i < 100 && answers == before; i++)
        loop_turn(loop, 10 * SHRIKE_MS);
    return answers == before + 1;
}

TEST(a_session_of_a_server)
{
    struct bytes eap, state;
    CHECK(begin(false, false));
    CHECK(asked(&eap) && bytes_equal(eap, TEXT("\2\0\0\13\1"
                                               "0alice")));
    CHECK(reply(RADIUS_ACCESS_CHALLENGE, TEXT("\1\7\0\6\4x")));
    CHECK(turn.step == EAP_SAY && turn.len == 6 && turn.octets[1] == 7);
    session_take(&place->session, &turn, TEXT("\2\7\0\6\4y"));
    CHECK(asked(&eap) && bytes_equal(eap, TEXT("\2\7\0\6\4y")));
    CHECK(radius_find(&question, RADIUS_STATE, &state) && bytes_equal(state, TEXT("state")));
    CHECK(reply(RADIUS_ACCESS_ACCEPT, TEXT("\3\7\0\4")));
    struct shrike_answer a = session_answer(&place->session, &turn);
    CHECK(turn.step == EAP_OVER && a.ok && a.secret.len == 0 && !a.mutual);
    end();
}

/* As the server knows it, and as net and the next eap read it. */
TEST(what_is_granted)
{
    static const u8 granted[] = {8,   6,  10, 3, 0, 77, 25, 7, 's', 't', 'a', 'f',
                                 'f', 27, 6,  0, 0, 14, 16, 1, 5,   'a', 'n', 'n',
                                 26,  12, 0,  0, 1, 55, 28, 6, 10,  3,   0,   1};
    struct bytes eap, user;
    struct mail_grant g;
    struct radius_packet p = {0};
    u64 account = 0;
    for (int i = 0; i < 2; i++) {
        CHECK(begin(false, false) && asked(&eap));
        extra = granted;
        extra_len = sizeof(granted);
        CHECK(reply(RADIUS_ACCESS_ACCEPT, TEXT("\3\7\0\4")));
        extra_len = 0;
        struct shrike_answer a = session_answer(&place->session, &turn);
        CHECK(turn.step == EAP_OVER && a.ok && grant_read(a.grant, &g) && g.account != account);
        account = g.account;
        CHECK(g.gift.address_count == 1 && g.gift.addresses[0].octets[3] == 77);
        CHECK(g.gift.dns_count == 1 && g.gift.dns[0].octets[3] == 1);
        p.attributes = g.attributes;
        CHECK(radius_find(&p, RADIUS_USER_NAME, &user) && bytes_equal(user, TEXT("ann")));
        CHECK(radius_find(&p, RADIUS_CLASS, &user) && bytes_equal(user, TEXT("staff")));
        CHECK_EQ(radius_find_u32(&p, RADIUS_SESSION_TIMEOUT, 0), 3600);
        end();
    }
}

/* Which attributes make groups, the configuration says. */
TEST(groups)
{
    static const u8 granted[] = {25,  7,   's', 't', 'a', 'f', 'f', 11, 8, 'g', 'u',
                                 'e', 's', 't', 's', 64,  6,   0,   0,  0, 9};
    struct bytes eap;
    static const struct {
        const char *wanted;
        size_t len;
        bool by_class, by_filter, in;
    } rows[] = {{"staff", 6, true, false, true},    {"staff", 6, false, true, false},
                {"a\0guests", 9, true, true, true}, {"guests", 7, true, false, false},
                {"staf", 5, true, true, false},     {"", 0, false, false, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        groups_wanted = bytes_of(rows[i].wanted, rows[i].len);
        CHECK(begin(false, false) && asked(&eap));
        servers.settings.class_group = rows[i].by_class;
        servers.settings.filter_id = rows[i].by_filter;
        extra = granted;
        extra_len = sizeof(granted);
        CHECK(reply(RADIUS_ACCESS_ACCEPT, TEXT("\3\7\0\4")));
        extra_len = 0;
        groups_wanted.len = 0;
        CHECK(turn.step == (rows[i].in ? EAP_OVER : EAP_FAIL));
        CHECK(rows[i].in || turn.reason == SHRIKE_REASON_EAP_GROUP);
        end();
    }
}

TEST(the_peer_is_asked_who_it_is)
{
    struct bytes eap;
    CHECK(begin(true, true));
    CHECK(turn.step == EAP_SAY && turn.octets[4] == EAP_TYPE_IDENTITY);
    u8 response[] = {2, turn.octets[1], 0, 8, 1, 'b', 'o', 'b'};
    session_take(&place->session, &turn, bytes_of(response, sizeof(response)));
    CHECK(asked(&eap) && bytes_equal(eap, TEXT("\2\0\0\11\1"
                                               "0bob")));
    CHECK(reply(RADIUS_ACCESS_REJECT, TEXT("\4\7\0\4")));
    CHECK(turn.step == EAP_FAIL && turn.reason == SHRIKE_REASON_EAP_FAILED);
    end();
}

TEST(the_server_begins)
{
    struct bytes eap;
    CHECK(begin(true, false));
    CHECK(asked(&eap) && eap.len == 0);
    struct bytes value;
    CHECK(radius_find(&question, RADIUS_EAP_MESSAGE, &value)); /* RFC 3579 2.1: an empty one */
    session_take(&place->session, &turn, TEXT("\2\7\0\6\4y")); /* not asked yet */
    CHECK(turn.step == EAP_FAIL && turn.reason == SHRIKE_REASON_EAP_SYNTAX);
    end();
}

TEST(nobody_answers)
{
    struct bytes eap;
    CHECK(begin(false, false) && asked(&eap));
    for (int i = 0; i < 400 && answers == 0; i++)
        loop_turn(loop, 10 * SHRIKE_MS);
    CHECK(turn.step == EAP_FAIL && turn.reason == SHRIKE_REASON_EAP_SERVER && news == 1);
    end();
}

static u32 sought;
static void seek(void *ctx, u32 number, const char *name)
{
    (void)ctx;
    sought += number == 0 && strcmp(name, "radius.example") == 0;
}

/* A server that has a name is asked when that is found, the same login still. */
TEST(a_server_with_a_name)
{
    static const struct shrike_addr at[] = {{{127, 0, 0, 1}, 4}, {{10}, 4}};
    struct bytes eap;
    bool anew;
    CHECK(begin(false, false));
    struct settings_radius set = servers.settings;
    struct settings_radius_server *s = &set.servers[0];
    snprintf(s->host, sizeof(s->host), "radius.example");
    s->ends[0] = s->ends[1] = (struct shrike_endpoint){.port = s->ends[0].port};
    servers.seek = seek;
    sought = 0;
    CHECK(take_settings(&set, &anew) && anew);
    servers_look(&servers);
    CHECK(sought == 1 && servers_address(&servers, 0).family == 0);
    CHECK(!asked(&eap)); /* nowhere */
    CHECK(!servers_found(&servers, 0, at, 0) && !servers_found(&servers, 1, at, 2));
    CHECK(servers_found(&servers, 0, at, 2) && !servers_found(&servers, 0, at, 2));
    CHECK(servers_address(&servers, 0).octets[0] == 127);
    ssize_t n = -1;
    socklen_t len = sizeof(client);
    for (int i = 0; i < 100 && n < 0; i++) {
        loop_turn(loop, 10 * SHRIKE_MS);
        n = recvfrom(server, octets, sizeof(octets), MSG_DONTWAIT, (struct sockaddr *)&client,
                     &len);
    }
    CHECK(n > 0 && radius_packet_read(bytes_of(octets, (size_t)n), &question));
    CHECK(reply(RADIUS_ACCESS_CHALLENGE, TEXT("\1\7\0\6\4x")) && turn.step == EAP_SAY);
    end();
}

TEST(who_has_ended_hears_nothing)
{
    struct bytes eap;
    CHECK(begin(false, false) && asked(&eap));
    servers_drop(&servers, place);
    sessions_drop(&sessions, place);
    CHECK(!reply(RADIUS_ACCESS_REJECT, TEXT("\4\7\0\4")));
    end();
}

TEST(other_servers)
{
    struct bytes eap;
    struct settings_radius none = {.server_count = 0};
    bool anew;
    CHECK(begin(false, false) && asked(&eap));
    CHECK(take_settings(&none, &anew) && anew);
    turn.step = EAP_PASS;
    CHECK(!servers_ask(&servers, place, &turn));
    CHECK(!servers_take(&servers, -1, &anew) && !anew);
    end();
}

int main(void)
{
    return RUN(a_session_of_a_server) | RUN(what_is_granted) | RUN(groups) |
           RUN(the_peer_is_asked_who_it_is) | RUN(the_server_begins) | RUN(nobody_answers) |
           RUN(a_server_with_a_name) | RUN(who_has_ended_hears_nothing) | RUN(other_servers);
}
