/* The role that trusts: checks wait until it knows whom, and come to nothing when net ends. */
#include "certs/fetch.h"
#include "certs/pki.h"
#include "certs/trust.h"
#include "ops/mail.h"
#include "ops/parts.h"
#include "ops/seam.h"
#include "proc/seat.h"
#include "wire/codes.h"
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEEN_MAX 1100

/* Another role, played by the test. */
struct other {
    struct channel channel;
    struct seen {
        u16 kind;
        size_t len;
        u8 body[2048];
    } seen[SEEN_MAX];
    u32 count;
};

static struct {
    struct loop *loop;
    struct seat seat;
    struct other parent, control, net;
} t;
static struct node root, peer;

/* ---- a server of CRLs, or one that never answers ---- */

static struct {
    struct source calls, client;
    u16 port;
    struct bytes crl; /* empty: it is silent */
    u32 asked;
} server = {.calls = {.fd = -1}, .client = {.fd = -1}};

static void hang_up(struct source *s)
{
    if (s->fd < 0)
        return;
    loop_watch(t.loop, s, 0);
    close(s->fd);
    s->fd = -1;
}

static void heard(void *ctx, u32 events)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    char text[2048];
    (void)ctx, (void)events;
    ssize_t n = recv(server.client.fd, text, sizeof(text), 0);
    if (n > 0 && server.crl.len == 0)
        return;
    if (n > 0) {
        ensure(send(server.client.fd, head, sizeof(head) - 1, MSG_NOSIGNAL) > 0);
        ensure(send(server.client.fd, server.crl.at, server.crl.len, MSG_NOSIGNAL) > 0);
    }
    hang_up(&server.client);
}

static void called(void *ctx, u32 events)
{
    (void)ctx, (void)events;
    hang_up(&server.client);
    int fd = accept4(server.calls.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    server.client = (struct source){.fd = fd, .ready = heard};
    server.asked++;
    ensure(fd >= 0 && loop_watch(t.loop, &server.client, EPOLLIN));
}

static void server_bind(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    server.calls =
        (struct source){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .ready = called};
    ensure(bind(server.calls.fd, (struct sockaddr *)&at, len) == 0);
    ensure(listen(server.calls.fd, 8) == 0);
    ensure(getsockname(server.calls.fd, (struct sockaddr *)&at, &len) == 0);
    server.port = ntohs(at.sin_port);
}

static void server_open(struct bytes crl)
{
    server.crl = crl;
    server.asked = 0;
    ensure(loop_watch(t.loop, &server.calls, EPOLLIN));
}

static void server_close(void)
{
    hang_up(&server.client);
    loop_watch(t.loop, &server.calls, 0);
}

static void got(void *ctx, struct mail *m)
{
    struct other *o = ctx;
    ensure(o->count < SEEN_MAX && m->body.len <= sizeof(o->seen[0].body));
    struct seen *s = &o->seen[o->count++];
    s->kind = m->kind;
    s->len = m->body.len;
    if (m->body.len)
        memcpy(s->body, m->body.at, m->body.len);
}

static void lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

static void turns(void)
{
    for (int i = 0; i < 6; i++)
        loop_turn(t.loop, 0);
}

static int meet(struct other *o)
{
    int fd[2];
    ensure(channel_pair(fd));
    o->count = 0;
    o->channel = (struct channel){.got = got, .lost = lost, .ctx = o};
    ensure(channel_open(&o->channel, t.loop, fd[0]));
    return fd[1];
}

static void tell(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    ensure(channel_send(&o->channel, &m));
    turns();
}

static void introduce(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who}; /* and the number of a life */
    int fd = meet(o);
    tell(&t.parent, MAIL_PEER, bytes_of(body, sizeof(body)), fd);
    close(fd);
}

static void begin(void)
{
    memset(&t, 0, sizeof(t));
    t.loop = loop_new();
    t.seat = (struct seat){.type = &certs_role, .loop = t.loop};
    ensure(t.loop && seat_open(&t.seat, meet(&t.parent)));
    introduce(&t.net, ROLE_NET);
    introduce(&t.control, ROLE_CONTROL);
}

static void end(void)
{
    seat_close(&t.seat);
    channel_close(&t.parent.channel);
    channel_close(&t.control.channel);
    channel_close(&t.net.channel);
    loop_free(t.loop);
}

/* Whom to trust: this authority, without its last octets; and whether hosts of ours are asked. */
static void trust(size_t cut)
{
    static const u8 fetch = TRUST_FETCH_ON | TRUST_FETCH_PRIVATE | TRUST_FETCH_BY_HASH;
    u8 octets[4096];
    char base[64];
    struct writer w = writer_of(octets, sizeof(octets));
    trust_record_write(&w,
                       &(struct trust_record){.kind = TRUST_FETCH, .octets = bytes_of(&fetch, 1)});
    snprintf(base, sizeof(base), "http://127.0.0.1:%u/", server.port);
    trust_record_write(
        &w, &(struct trust_record){.name = bytes_of(base, strlen(base)), .kind = TRUST_BASE});
    trust_record_write(&w, &(struct trust_record){.name = bytes_of("ca", 2), .octets = root.der});
    int fd = memfd_create("trust", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ensure(fd >= 0 && write(fd, octets, written(&w) - cut) == (ssize_t)(written(&w) - cut));
    ensure(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
    tell(&t.control, MAIL_TRUST, bytes_of(NULL, 0), fd);
    close(fd);
}

/* What net asks about a peer with our certificate. */
static const struct node *who = &peer;
static const char *called_at; /* NULL: the certificate itself is sent; else it is to be had there */

static struct bytes check(enum shrike_auth_kind kind, u32 serial, u8 octets[8192])
{
    static u8 value[300];
    const struct scheme *s = scheme_at(SCHEME_ECDSA_SHA256);
    size_t len = 200;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    value[0] = (u8)s->oid.len;
    memcpy(value + 1, s->oid.at, s->oid.len);
    ensure(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, who->key, NULL) == 1);
    ensure(EVP_DigestSign(ctx, value + 1 + s->oid.len, &len, (const u8 *)"signed", 6) == 1);
    EVP_MD_CTX_free(ctx);
    struct shrike_cert cert = {CERT_X509_SIGNATURE, who->der};
    u8 name[128];
    if (called_at) {
        ensure(EVP_Digest(who->der.at, who->der.len, name, NULL, EVP_sha1(), NULL) == 1);
        int n = snprintf((char *)name + 20, sizeof(name) - 20, "http://127.0.0.1:%u/%s",
                         server.port, called_at);
        cert = (struct shrike_cert){CERT_X509_HASH_AND_URL, bytes_of(name, 20 + (size_t)n)};
    }
    struct shrike_op op = {.kind = SHRIKE_CHECK, .token = {7, serial, 3, 4}};
    op.auth = (struct shrike_auth_op){.kind = kind,
                                      .method = AUTH_DIGITAL_SIGNATURE,
                                      .schemes = scheme_defaults(),
                                      .conn = "c",
                                      .certs = &cert,
                                      .cert_count = 1,
                                      .octets = bytes_of("signed", 6),
                                      .value = bytes_of(value, 1 + s->oid.len + len),
                                      .remote = {ID_FQDN, bytes_of("peer.example.org", 16)}};
    struct writer w = writer_of(octets, 8192);
    op_write(&w, &op);
    ensure(!w.full);
    return written_bytes(&w);
}

static void ask(u32 serial)
{
    u8 octets[8192];
    tell(&t.net, MAIL_CHECK, check(SHRIKE_AUTH_PUBKEY, serial, octets), -1);
}

/* The reason in the answer to this check; -1: there is none. */
static int answer_to(u32 serial)
{
    for (u32 i = 0; i < t.net.count; i++) {
        const struct seen *s = &t.net.seen[i];
        struct reader r = reader_of(bytes_of(s->body, s->len));
        struct shrike_token token;
        struct shrike_answer a;
        if (s->kind != MAIL_ANSWER || !answer_read(&r, &token, &a) || !read_ended(&r))
            return -2;
        if (token.serial == serial)
            return a.ok ? 0 : (int)a.reason;
    }
    return -1;
}

static u32 count_of(const struct other *o, u16 kind)
{
    u32 n = 0;
    for (u32 i = 0; i < o->count; i++)
        n += o->seen[i].kind == kind;
    return n;
}

static u64 stat_of(const char *name)
{
    static struct mail_stats stats;
    u8 body[4] = {0, 0, 0, 9};
    u32 before = t.control.count;
    tell(&t.control, MAIL_STATS, bytes_of(body, 4), -1);
    ensure(t.control.count == before + 1 && t.control.seen[before].kind == MAIL_STATS_ARE);
    struct reader r = reader_of(bytes_of(t.control.seen[before].body, t.control.seen[before].len));
    ensure(read_u32(&r) == 9 && stats_read(&r, &stats) && read_ended(&r));
    for (u16 i = 0; i < stats.count; i++)
        if (strcmp(stats.stats[i].name, name) == 0)
            return stats.stats[i].value;
    return UINT64_MAX;
}

TEST(checks_wait_until_it_is_known_whom_to_trust)
{
    begin();
    ask(1);
    ask(2);
    CHECK_EQ(t.net.count, 0);
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 0);
    CHECK_EQ(stat_of("waiting"), 2);
    trust(0);
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1);
    CHECK_EQ(answer_to(1), 0);
    CHECK_EQ(answer_to(2), 0);
    CHECK_EQ(stat_of("waiting"), 0);
    ask(3);
    CHECK_EQ(answer_to(3), 0);
    CHECK_EQ(stat_of("checked"), 3);
    CHECK_EQ(stat_of("trusted"), 1);
    end();
}

TEST(broken_trust_is_told_and_trusts_nobody)
{
    begin();
    trust(1);
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1); /* the others need not wait for better */
    CHECK_EQ(count_of(&t.control, MAIL_LOG), 2);
    ask(1);
    CHECK_EQ(answer_to(1), SHRIKE_REASON_CERT_ISSUER);
    trust(0);
    ask(2);
    CHECK_EQ(answer_to(2), 0);
    trust(1);
    ask(3);
    CHECK_EQ(answer_to(3), 0); /* as it was */
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1);
    CHECK_EQ(stat_of("refused"), 1);
    end();
}

TEST(what_a_net_has_asked_ends_with_it)
{
    u8 gone[9] = {ROLE_NET};
    begin();
    ask(1);
    CHECK_EQ(stat_of("waiting"), 1);
    channel_close(&t.net.channel);
    tell(&t.parent, MAIL_PEER, bytes_of(gone, sizeof(gone)), -1);
    CHECK_EQ(stat_of("waiting"), 0);
    introduce(&t.net, ROLE_NET);
    ask(2);
    trust(0);
    CHECK_EQ(t.net.count, 1);
    CHECK_EQ(answer_to(2), 0);
    end();
}

TEST(others_are_not_heard)
{
    u8 octets[8192];
    begin();
    trust(0);
    tell(&t.control, MAIL_CHECK, check(SHRIKE_AUTH_PUBKEY, 1, octets), -1);
    tell(&t.net, MAIL_TRUST, bytes_of(NULL, 0), -1);
    tell(&t.control, MAIL_TRUST, bytes_of(NULL, 0), -1); /* without a descriptor */
    tell(&t.net, MAIL_CHECK, bytes_of("no op", 5), -1);
    tell(&t.net, MAIL_CHECK, check(SHRIKE_AUTH_PSK, 2, octets), -1); /* for keys */
    CHECK_EQ(answer_to(2), SHRIKE_REASON_AUTH_METHOD);
    CHECK_EQ(t.net.count, 1);
    CHECK_EQ(stat_of("mail_refused"), 4);
    end();
}

static bool answered_within(u32 serial, shrike_time time)
{
    shrike_time late = loop_clock(t.loop) + time;
    while (answer_to(serial) == -1 && loop_clock(t.loop) < late)
        loop_turn(t.loop, 20 * SHRIKE_MS);
    return answer_to(serial) != -1;
}

/* One that says where to look up whether it is revoked. */
static struct node tells_where(const char *host)
{
    char where[128];
    snprintf(where, sizeof(where), "URI:http://%s:%u/ca.crl", host, server.port);
    return PKI(.cn = "peer", .by = &root, .san = "DNS:peer.example.org", .from = DAY,
               .until = NOW + 100 * YEAR, .crl_from = where);
}

TEST(what_is_revoked_is_asked_meanwhile_others_are_answered)
{
    struct node one = tells_where("127.0.0.1"), two = tells_where("127.0.0.1");
    begin();
    server_open(pki_crl(&root, NOW + 100 * YEAR, &two));
    trust(0);
    if (stat_of("fetches") == 0 && !fetch_load()) {
        printf("skip what_is_revoked_is_asked_meanwhile_others_are_answered: no libcurl\n");
        server_close();
        end();
        return;
    }
    who = &one;
    ask(1);
    who = &two;
    ask(2);
    who = &peer;
    ask(3);
    CHECK_EQ(answer_to(3), 0);
    CHECK(answered_within(1, 3 * SHRIKE_SECOND) && answered_within(2, SHRIKE_SECOND));
    CHECK_EQ(answer_to(1), 0);
    CHECK_EQ(answer_to(2), SHRIKE_REASON_CERT_REVOKED);
    CHECK_EQ(server.asked, 1);
    CHECK_EQ(stat_of("fetched"), 1);
    CHECK_EQ(stat_of("waiting"), 0);
    who = &peer;
    server_close();
    end();
}

static u32 descriptors(void)
{
    u32 n = 0;
    DIR *d = opendir("/proc/self/fd");
    ensure(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* A thousand handshakes for one server that is silent: one question to it, one descriptor, others
 * are answered at once, and in the end all are. */
TEST(a_server_that_is_silent)
{
    enum { MANY = 1000 };
    struct node one = tells_where("127.0.0.1");
    begin();
    server_open(bytes_of(NULL, 0));
    trust(0);
    who = &one;
    u32 before = descriptors();
    for (u32 i = 1; i <= MANY; i++)
        ask(i);
    CHECK_EQ(stat_of("waiting"), MANY);
    CHECK(descriptors() <= before + 3); /* both ends are here, and what the library has */
    CHECK_EQ(stat_of("fetches"), 1);
    who = &peer;
    ask(MANY + 1);
    CHECK_EQ(answer_to(MANY + 1), 0); /* at once */
    for (int i = 0; i < 20 && server.asked == 0; i++)
        loop_turn(t.loop, 20 * SHRIKE_MS);
    CHECK_EQ(server.asked, 1);
    server_close(); /* the connection ends */
    CHECK(answered_within(MANY, 20 * SHRIKE_SECOND));
    for (u32 i = 1; i <= MANY; i++)
        CHECK_EQ(answer_to(i), 0); /* revocation is relaxed */
    CHECK_EQ(stat_of("waiting"), 0);
    CHECK_EQ(stat_of("fetch_failed"), 1);
    end();
}

TEST(names_are_for_control_to_look_up)
{
    struct node one = tells_where("crl.example.org");
    u8 body[32];
    struct writer w = writer_of(body, sizeof(body));
    begin();
    server_open(pki_crl(&root, NOW + 100 * YEAR, &one));
    trust(0);
    who = &one;
    ask(1);
    turns();
    CHECK_EQ(count_of(&t.control, MAIL_HOST), 1);
    const struct seen *s = &t.control.seen[t.control.count - 1];
    struct reader r = reader_of(bytes_of(s->body, s->len));
    write_u32(&w, read_u32(&r));
    CHECK(s->kind == MAIL_HOST && bytes_equal(read_rest(&r), bytes_of("crl.example.org", 15)));
    write_addr(&w, &(struct shrike_addr){{127, 0, 0, 1}, 4});
    tell(&t.control, MAIL_HOST_IS, written_bytes(&w), -1);
    CHECK(answered_within(1, 3 * SHRIKE_SECOND));
    CHECK_EQ(answer_to(1), SHRIKE_REASON_CERT_REVOKED);
    who = &peer;
    server_close();
    end();
}

TEST(certificates_that_are_named_are_fetched_once)
{
    begin();
    server_open(peer.der);
    trust(0);
    if (!fetch_load()) {
        printf("skip certificates_that_are_named_are_fetched_once: no libcurl\n");
        server_close();
        end();
        return;
    }
    called_at = "one";
    ask(1);
    ask(2);
    CHECK(answered_within(1, 3 * SHRIKE_SECOND) && answered_within(2, SHRIKE_SECOND));
    CHECK_EQ(answer_to(1), 0);
    CHECK_EQ(answer_to(2), 0);
    called_at = "two"; /* the same one */
    ask(3);
    CHECK_EQ(answer_to(3), 0);
    CHECK_EQ(server.asked, 1);
    called_at = "not/there";
    ask(4);
    CHECK_EQ(answer_to(4), SHRIKE_REASON_CERT_URL);
    server.crl = root.der;
    struct node other = PKI(.cn = "other", .by = &root, .san = "DNS:peer.example.org");
    who = &other;
    called_at = "other";
    ask(5);
    CHECK(answered_within(5, 3 * SHRIKE_SECOND));
    CHECK_EQ(answer_to(5), SHRIKE_REASON_CERT_HASH);
    CHECK_EQ(stat_of("lookups"), 2);
    CHECK_EQ(stat_of("waiting"), 0);
    who = &peer;
    called_at = NULL;
    server_close();
    end();
}

TEST(it_ends_when_it_is_asked_to)
{
    begin();
    tell(&t.parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK_EQ(count_of(&t.parent, MAIL_DONE), 1);
    end();
}

int main(void)
{
    /* By the clock of this host, whatever it says. */
    root = PKI(.cn = "root", .basic = "critical,CA:TRUE", .usage = "critical,keyCertSign,cRLSign",
               .from = DAY, .until = NOW + 100 * YEAR);
    peer = PKI(.cn = "peer", .by = &root, .san = "DNS:peer.example.org", .from = DAY,
               .until = NOW + 100 * YEAR);
    server_bind();
    int failed =
        RUN(checks_wait_until_it_is_known_whom_to_trust) |
        RUN(broken_trust_is_told_and_trusts_nobody) | RUN(what_a_net_has_asked_ends_with_it) |
        RUN(others_are_not_heard) | RUN(what_is_revoked_is_asked_meanwhile_others_are_answered) |
        RUN(a_server_that_is_silent) | RUN(names_are_for_control_to_look_up) |
        RUN(certificates_that_are_named_are_fetched_once) | RUN(it_ends_when_it_is_asked_to);
    pki_free();
    return failed;
}
