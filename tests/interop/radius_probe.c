/* A gateway as far as RADIUS is concerned, and its client: it logs in by EAP-MD5, is accounted for,
 * and waits to be put out. What happens is printed, a line each.
 *
 *     radius_probe USER PASSWORD PORT:PORT...   servers on loopback: authentication, accounting */
#include "base/text.h"
#include "radius/accounting.h"
#include "radius/dynamic.h"
#include "radius/link.h"
#include "radius/pass.h"
#include "wire/codes.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define SECRET   "testing123"
#define NAME     "shrike.example"
#define LONGEST  (40 * SHRIKE_SECOND) /* of all of it */
#define DAE_PORT 3799

static struct radius_server servers[RADIUS_SERVERS_MAX];
static struct radius_link_conf conf;
static struct loop *loop;
static struct radius_link *wire;
static struct md5 *md5;
static struct radius_sessions *sessions;
static struct radius_session *session;
static struct radius_dynamic *dynamic;
static struct radius_pass pass;
static const char *user, *password;
static struct source dae;
static bool over;

static void ask(u8 door, const struct writer *w)
{
    struct radius_question q = {door, door == RADIUS_AUTHENTICATION ? pass.server : RADIUS_ANY,
                                door, written_bytes(w)};
    if (w->full || !radius_link_ask(wire, &q))
        printf("cannot ask\n"), over = true;
}

static void ask_eap(struct bytes eap)
{
    u8 at[RADIUS_MAX];
    struct writer w = writer_of(at, sizeof(at));
    write_bytes(&w, session->attributes);
    ensure(radius_pass_ask(&pass, eap, &w));
    ask(RADIUS_AUTHENTICATION, &w);
}

static void account(u8 status)
{
    u8 at[RADIUS_ACCOUNTING_MAX];
    struct writer w = writer_of(at, sizeof(at));
    struct radius_record r = {.status = status,
                              .cause = RADIUS_CAUSE_ADMIN,
                              .time_of_day = (u32)time(NULL),
                              .now = loop_now(loop),
                              .usage = {(3ull << 32) + 1000, 2000, 30, 40}};
    radius_accounting_put(&w, session, &r);
    ask(RADIUS_ACCOUNTING, &w);
}

/* The client's part of EAP-MD5 (RFC 3748 5.4, RFC 1994 4.1). */
static void respond(const u8 *eap, size_t len)
{
    u8 at[64];
    struct writer w = writer_of(at, sizeof(at));
    struct reader r = reader_of(bytes_of(eap + 4, len - 4));
    u8 type = read_u8(&r), digest[MD5_LEN];
    struct bytes challenge = read_bytes(&r, read_u8(&r));
    const struct bytes parts[] = {bytes_of(eap + 1, 1), bytes_of(password, strlen(password)),
                                  challenge};
    printf("asked for method %u\n", type);
    if (type != EAP_TYPE_MD5 || r.bad || !md5_hash(md5, parts, 3, digest)) {
        over = true;
        return;
    }
    write_bytes(&w, bytes_of("\2", 1));
    write_u8(&w, eap[1]);
    write_u16(&w, 6 + MD5_LEN);
    write_u8(&w, EAP_TYPE_MD5);
    write_u8(&w, MD5_LEN);
    write_bytes(&w, bytes_of(digest, MD5_LEN));
    ask_eap(written_bytes(&w));
}

static void let_in(const struct radius_grant *g)
{
    char line[600];
    struct text t = text_of(line, sizeof(line));
    text_str(&t, "in, addresses");
    for (u8 i = 0; i < g->address_count; i++) {
        text_char(&t, ' ');
        text_addr(&t, g->addresses[i].octets, g->addresses[i].family);
    }
    text_str(&t, ", classes");
    for (u8 i = 0; i < g->class_count; i++) {
        text_char(&t, ' ');
        text_safe(&t, g->classes[i]);
    }
    text_str(&t, ", key ");
    text_bytes(&t, bytes_of(g->msk, g->msk_len));
    printf("%s\n", line);
    const struct radius_lease lease = {g->addresses, g->address_count, 0};
    ensure(radius_sessions_start(sessions, session, g, &lease, loop_now(loop)));
    account(RADIUS_START);
}

static void answered(const struct radius_output *what)
{
    static struct radius_pass_said said;
    static u8 accounted;
    struct radius_secret secret =
        radius_client_secret(radius_link_client(wire), what->place.server);
    if (what->about == RADIUS_ACCOUNTING) {
        static const char *const names[] = {"start", "meanwhile", "stop"};
        printf("accounted for: %s\n", names[accounted]);
        over = ++accounted == 3;
        if (accounted == 1)
            account(RADIUS_INTERIM);
        return;
    }
    radius_pass_take(&pass, what, &secret, &said);
    if (said.step == RADIUS_PASS_SAY)
        respond(said.eap, said.len);
    else if (said.step == RADIUS_PASS_OVER)
        let_in(&said.grant);
    else
        printf("%s\n", said.step == RADIUS_PASS_FAIL ? "refused" : "no sense"), over = true;
    radius_grant_wipe(&said.grant);
}

static void told(void *ctx, const struct radius_output *what)
{
    (void)ctx;
    if (what->kind == RADIUS_SILENT || what->kind == RADIUS_IS_BACK)
        printf("server %u, door %u is %s\n", what->place.server, what->place.door,
               what->kind == RADIUS_SILENT ? "silent" : "back");
    else if (what->kind == RADIUS_ANSWERED)
        answered(what);
    else
        printf("unanswered\n"), over = true;
}

/* A request of RFC 5176. */
static void put_out(void *ctx, u32 events)
{
    static u8 at[RADIUS_MAX];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    (void)ctx, (void)events;
    ssize_t got = recvfrom(dae.fd, at, sizeof(at), 0, (struct sockaddr *)&from, &len);
    if (got < 0)
        return;
    struct radius_request r = {.datagram = bytes_of(at, (size_t)got),
                               .now = loop_now(loop),
                               .time_of_day = (u32)time(NULL)};
    r.from = (struct shrike_endpoint){.port = ntohs(from.sin_port), .family = 4};
    memcpy(r.from.octets, &from.sin_addr, 4);
    struct radius_verdict v = radius_dynamic_heard(dynamic, sessions, &r);
    printf("request %u: why %d, error %u\n", v.packet.code, (int)v.why, v.error);
    if (v.answer.len > 0)
        (void)!sendto(dae.fd, v.answer.at, v.answer.len, 0, (struct sockaddr *)&from, len);
    if (v.wish == RADIUS_WISH_OUT) {
        printf("out\n");
        account(RADIUS_STOP);
    }
}

static bool listen_dae(void)
{
    static const struct shrike_addr clients[] = {{{127, 0, 0, 1}, 4}};
    static const char *const names[] = {NAME};
    static const struct radius_dynamic_conf rules = {
        {(const u8 *)SECRET, sizeof(SECRET) - 1}, clients, 1, names, 1, false};
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons(DAE_PORT),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    dae = (struct source){.fd = fd, .ready = put_out};
    dynamic = radius_dynamic_new(&rules, md5);
    return fd >= 0 && dynamic && bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0 &&
           loop_watch(loop, &dae, EPOLLIN);
}

static bool read_servers(char **ports, int count)
{
    for (int i = 0; i < count && i < RADIUS_SERVERS_MAX; i++) {
        unsigned auth, acct;
        if (sscanf(ports[i], "%u:%u", &auth, &acct) != 2)
            return false;
        servers[i] = (struct radius_server){"server", NAME, bytes_of(SECRET, strlen(SECRET)),
                                            (u32)(count - i), 1};
        const struct shrike_endpoint end = {.octets = {127, 0, 0, 1}, .family = 4};
        conf.ends[i][0] = conf.ends[i][1] = end;
        conf.ends[i][RADIUS_AUTHENTICATION].port = (u16)auth;
        conf.ends[i][RADIUS_ACCOUNTING].port = (u16)acct;
    }
    conf.client = (struct radius_client_conf){servers, (u16)count,        4,
                                              140,     SHRIKE_SECOND / 2, 60 * SHRIKE_SECOND};
    conf.told = told;
    return count > 0;
}

int main(int argc, char **argv)
{
    u8 first[RADIUS_EAP_MAX];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 4 || !read_servers(argv + 3, argc - 3))
        return 2;
    user = argv[1];
    password = argv[2];
    md5 = md5_new();
    loop = loop_new();
    sessions = radius_sessions_new();
    conf.md5 = md5;
    conf.provider = provider_openssl_new();
    wire = loop && md5 && conf.provider ? radius_link_new(loop, &conf) : NULL;
    if (!md5 || !sessions || !wire || !listen_dae())
        return 2;
    struct radius_who who = {
        .sa = (u64)time(NULL) << 32 | 1, .user_name = bytes_of(user, strlen(user)), .conn = "rw"};
    session = radius_sessions_add(sessions, &who, loop_now(loop));
    ensure(session);
    radius_pass_begin(&pass);
    ask_eap(radius_pass_identity(who.user_name, first));
    shrike_time began = loop_now(loop);
    while (!over && loop_now(loop) - began < LONGEST)
        loop_turn(loop, SHRIKE_SECOND);
    radius_link_free(wire);
    provider_openssl_free(conf.provider);
    radius_dynamic_free(dynamic);
    radius_sessions_free(sessions);
    loop_free(loop);
    md5_free(md5);
    return over ? 0 : 1;
}
