/* The keys role at its seat: what the parent, control and net send, and what comes back. */
#include "certs/signature.h"
#include "crypto/keymat.h"
#include "file.h"
#include "key.h"
#include "keys/password.h"
#include "keys/private.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "proc/seat.h"
#include "proc/vault.h"
#include "test.h"

#define SEEN_MAX 64

/* One of the others, who notes what he is sent. */
struct other {
    struct channel channel;
    u32 count;
    struct seen {
        u16 kind;
        size_t len;
        u8 body[4096];
    } seen[SEEN_MAX];
};

struct table {
    struct loop *loop;
    struct seat seat;
    struct other parent, control, net, eap;
    int vault;
};

static struct table t;

static void got(void *ctx, struct mail *m)
{
    struct other *o = ctx;
    if (o->count == SEEN_MAX || m->body.len > sizeof(o->seen[0].body))
        abort();
    struct seen *s = &o->seen[o->count++];
    s->kind = m->kind;
    s->len = m->body.len;
    memcpy(s->body, m->body.at, m->body.len);
}

static void lost(void *ctx)
{
    channel_close(&((struct other *)ctx)->channel);
}

static int meet(struct other *o)
{
    int fd[2];
    if (!channel_pair(fd))
        abort();
    o->count = 0;
    o->channel = (struct channel){.got = got, .lost = lost, .ctx = o};
    if (!channel_open(&o->channel, t.loop, fd[0]))
        abort();
    return fd[1];
}

static void turns(void)
{
    for (int i = 0; i < 4; i++)
        loop_turn(t.loop, 0);
}

static void tell(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    if (!channel_send(&o->channel, &m))
        abort();
    turns();
}

static void introduce(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who}; /* and the number of a life */
    int fd = meet(o);
    tell(&t.parent, MAIL_PEER, bytes_of(body, sizeof(body)), fd);
    close(fd);
}

static void sit_down(void)
{
    t.seat = (struct seat){.type = &keys_role, .loop = t.loop};
    if (!seat_open(&t.seat, meet(&t.parent)))
        abort();
    tell(&t.parent, MAIL_VAULT, bytes_of(NULL, 0), t.vault);
    introduce(&t.control, ROLE_CONTROL);
    introduce(&t.net, ROLE_NET);
}

static void leave(void)
{
    seat_close(&t.seat);
    channel_close(&t.parent.channel);
    channel_close(&t.control.channel);
    channel_close(&t.net.channel);
}

static void begin(void)
{
    t.loop = loop_new();
    t.vault = vault_make();
    if (!t.loop || t.vault < 0)
        abort();
    sit_down();
}

static void end(void)
{
    leave();
    loop_free(t.loop);
    close(t.vault);
}

static void send_files(const struct mail_secret *all, size_t count)
{
    u8 source = SECRET_FILES;
    int fd = file_of(all, count);
    tell(&t.control, MAIL_SECRETS, bytes_of(&source, 1), fd);
    close(fd);
}

static void send_secret(const struct mail_secret *m)
{
    u8 body[4096];
    struct writer w = writer_of(body, sizeof(body));
    secret_write(&w, m);
    tell(&t.control, MAIL_SECRET, written_bytes(&w), -1);
}

/* The last thing of this kind that one of the others saw. */
static const struct seen *last(const struct other *o, u16 kind)
{
    for (u32 i = o->count; i-- > 0;)
        if (o->seen[i].kind == kind)
            return &o->seen[i];
    return NULL;
}

static u32 count_of(const struct other *o, u16 kind)
{
    u32 n = 0;
    for (u32 i = 0; i < o->count; i++)
        n += o->seen[i].kind == kind;
    return n;
}

static struct shrike_op op_of(enum shrike_op_kind kind, const char *remote, struct bytes value)
{
    static u32 serial;
    struct shrike_op op = {.kind = kind, .token = {7, ++serial, 3, 4}};
    op.auth = (struct shrike_auth_op){.kind = SHRIKE_AUTH_PSK,
                                      .prf = PRF_HMAC_SHA2_256,
                                      .conn = "home",
                                      .local = {ID_FQDN, text_bytes_of("gw")},
                                      .remote = {ID_FQDN, text_bytes_of(remote)},
                                      .octets = text_bytes_of("signed"),
                                      .value = value};
    return op;
}

/* Ask, and read the answer; its value is valid until the next question. false: none that fits. */
static bool ask(const struct shrike_op *op, struct shrike_answer *a)
{
    u8 body[4096];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_token token;
    op_write(&w, op);
    u32 before = count_of(&t.net, MAIL_ANSWER);
    tell(&t.net, op->kind == SHRIKE_PROVE ? MAIL_PROVE : MAIL_CHECK, written_bytes(&w), -1);
    const struct seen *s = last(&t.net, MAIL_ANSWER);
    if (!s || count_of(&t.net, MAIL_ANSWER) != before + 1)
        return false;
    struct reader r = reader_of(bytes_of(s->body, s->len));
    return answer_read(&r, &token, a) && memcmp(&token, &op->token, sizeof(token)) == 0;
}

/* Does the role prove with this secret to this peer? */
static bool proves(const char *peer, const char *secret)
{
    u8 want[PRF_MAX];
    struct shrike_answer a;
    struct shrike_op op = op_of(SHRIKE_PROVE, peer, bytes_of(NULL, 0));
    struct shrike_provider *p = provider_openssl_new();
    bool done =
        keymat_psk_auth(p, suite_prf(op.auth.prf), text_bytes_of(secret), op.auth.octets, want);
    provider_openssl_free(p);
    return done && ask(&op, &a) && a.ok && bytes_equal(a.value, bytes_of(want, 32));
}

TEST(it_is_ready_when_it_knows_the_files)
{
    begin();
    CHECK(!last(&t.parent, MAIL_READY));
    send_files(NULL, 0);
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1);
    send_files(NULL, 0);
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1);
    tell(&t.parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK_EQ(count_of(&t.parent, MAIL_DONE), 1);
    end();
}

TEST(it_proves_and_checks)
{
    const struct mail_secret files[] = {file_secret("a", "sa", "alice"),
                                        file_secret("b", "sb", "bob")};
    struct shrike_answer a;
    u8 proof[32];
    begin();
    send_files(files, 2);
    CHECK(proves("alice", "sa") && proves("bob", "sb") && proves("ALICE", "sa"));
    struct shrike_op prove = op_of(SHRIKE_PROVE, "alice", bytes_of(NULL, 0));
    CHECK(ask(&prove, &a) && a.ok && a.value.len == 32);
    memcpy(proof, a.value.at, sizeof(proof));
    struct shrike_op check = op_of(SHRIKE_CHECK, "alice", bytes_of(proof, sizeof(proof)));
    CHECK(ask(&check, &a) && a.ok && a.value.len == 0);
    check = op_of(SHRIKE_CHECK, "bob", bytes_of(proof, sizeof(proof)));
    CHECK(ask(&check, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_MAC);
    CHECK(bytes_equal(a.value, bytes_of("b", 1))); /* what it is called, for those who mend it */
    check.auth.kind = SHRIKE_AUTH_PUBKEY;
    CHECK(ask(&check, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_METHOD);
    end();
}

TEST(without_a_secret_it_says_what_to_add)
{
    struct shrike_answer a;
    begin();
    struct shrike_op op = op_of(SHRIKE_CHECK, "carol", bytes_of("x", 1));
    CHECK(ask(&op, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    const struct seen *s = last(&t.control, MAIL_LOG);
    CHECK(s && s->body[0] == SHRIKE_WARNING);
    CHECK(memmem(s->body, s->len, "id = carol", 10) && memmem(s->body, s->len, " gw ", 4));
    for (int i = 0; i < 30; i++)
        CHECK(ask(&op, &a));
    CHECK(count_of(&t.control, MAIL_LOG) <= 20); /* bounded, over two spans at most */
    end();
}

static struct mail_secret user_secret(u8 kind, const char *name, const char *secret,
                                      const char *user)
{
    struct mail_secret m = file_secret(name, secret, user);
    m.kind = kind;
    return m;
}

static bool ask_password(const struct mail_password *ask, struct mail_password_is *is)
{
    u8 body[4096];
    struct writer w = writer_of(body, sizeof(body));
    password_write(&w, ask);
    t.eap.count = 0;
    tell(&t.eap, MAIL_PASSWORD, written_bytes(&w), -1);
    if (t.eap.count != 1 || t.eap.seen[0].kind != MAIL_PASSWORD_IS)
        return false;
    struct reader r = reader_of(bytes_of(t.eap.seen[0].body, t.eap.seen[0].len));
    return password_is_read(&r, is) && is->reference == ask->reference;
}

static struct shrike_auth client(const char *user, const char *method)
{
    return (struct shrike_auth){.kind = SHRIKE_AUTH_EAP,
                                .id = {ID_KEY_ID, text_bytes_of(user)},
                                .eap.methods = bytes_of(method, 1)};
}

/* Connections of clients by EAP, each by this method, of this user. */
static void send_conns(const struct shrike_auth *all, u32 count)
{
    struct shrike_conn conns[4] = {0};
    struct settings settings = {0};
    struct shrike_conf conf = {.conns = conns, .conn_count = count};
    const struct shrike_proposal proposal = {.protocol = PROTOCOL_IKE};
    const struct shrike_auth md5 = client("", "\4"); /* of those who call */
    for (u32 i = 0; i < count; i++)
        conns[i] = (struct shrike_conn){.name = "a",
                                        .proposals = &proposal,
                                        .proposal_count = 1,
                                        .local = all[i],
                                        .remote = md5};
    int fd = snapshot_seal(&conf, &settings);
    if (fd < 0)
        abort();
    tell(&t.control, MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
    close(fd);
}

TEST(eap_may_ask_what_connections_need)
{
    const struct mail_secret files[] = {user_secret(SECRET_EAP, "eap-a", "sesame", "alice")};
    const struct shrike_auth plain = client("alice", "\6"), other = client("bob", "\6");
    struct mail_password ask = {
        .reference = 9, .what = PASSWORD_PLAIN, .user = text_bytes_of("alice")};
    struct mail_password_is is;
    struct shrike_answer a;
    struct shrike_op op = op_of(SHRIKE_PROVE, "alice", bytes_of(NULL, 0));
    u8 body[4096];
    begin();
    send_files(files, 1);
    introduce(&t.eap, ROLE_EAP);
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    CHECK(!is.proof.len);
    send_conns(&other, 1);
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    const struct seen *s = last(&t.control, MAIL_LOG);
    CHECK(s && memmem(s->body, s->len, "no connection needs", 19));
    send_conns(&plain, 1);
    CHECK(ask_password(&ask, &is) && bytes_equal(is.proof, text_bytes_of("sesame")));
    ask.checks = true; /* of nobody else's */
    ask.proof = text_bytes_of("sesame");
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    /* By secrets of IKE it has nothing to do at all. */
    struct shrike_token token;
    struct writer w = writer_of(body, sizeof(body));
    op_write(&w, &op);
    t.eap.count = 0;
    tell(&t.eap, MAIL_PROVE, written_bytes(&w), -1);
    CHECK(t.eap.count == 1 && t.eap.seen[0].kind == MAIL_ANSWER);
    struct reader r = reader_of(bytes_of(t.eap.seen[0].body, t.eap.seen[0].len));
    CHECK(answer_read(&r, &token, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_KEY);
    tell(&t.control, MAIL_SNAPSHOT, bytes_of(NULL, 0), -1); /* none: all as it was */
    ask.checks = false;
    CHECK(ask_password(&ask, &is) && bytes_equal(is.proof, text_bytes_of("sesame")));
    channel_close(&t.eap.channel);
    end();
}

TEST(eap_gets_proofs_by_passwords)
{
    struct shrike_auth conns[] = {client("HOME\\Alice", "\4"), client("bob", "\4"),
                                  client("carol", "\4"), client("bob", "\32")};
    const struct mail_secret files[] = {
        user_secret(SECRET_EAP, "eap-a", "sesame", "alice"),
        user_secret(SECRET_NTLM, "ntlm-b", "0123456789abcdef", "bob"),
        user_secret(SECRET_IKE, "ike-c", "shared", "carol"),
    };
    struct mail_password ask = {.reference = 9,
                                .what = PASSWORD_MD5,
                                .user = text_bytes_of("HOME\\Alice"),
                                .challenge = text_bytes_of("challenge")};
    struct mail_password_is is;
    u8 proof[16];
    begin();
    send_files(files, 3);
    introduce(&t.eap, ROLE_EAP);
    send_conns(conns, ARRAY_LEN(conns));
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_NONE && is.proof.len == 16);
    memcpy(proof, is.proof.at, sizeof(proof));
    ask.checks = true;
    ask.proof = bytes_of(proof, sizeof(proof));
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_NONE && is.proof.len == 0);
    proof[0] ^= 1;
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_EAP_FAILED);
    /* A secret for IKE is no password, and a hash is none for MD5. */
    ask.user = text_bytes_of("carol");
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    ask.user = text_bytes_of("bob");
    CHECK(ask_password(&ask, &is) && is.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    const struct seen *s = last(&t.control, MAIL_LOG);
    CHECK(s && memmem(s->body, s->len, "id = bob", 8));
    ask = (struct mail_password){.what = PASSWORD_MSCHAPV2,
                                 .user = text_bytes_of("bob"),
                                 .spelling = text_bytes_of("bob"),
                                 .challenge = text_bytes_of("0123456789abcdef"),
                                 .own = text_bytes_of("0123456789abcdef")};
    CHECK(ask_password(&ask, &is));
    CHECK_EQ(is.reason, SHRIKE_REASON_NONE);
    CHECK(!password_open() || (is.proof.len == 24 && is.key.len == 64));
    /* Nobody else may ask. */
    u8 body[512];
    struct writer w = writer_of(body, sizeof(body));
    password_write(&w, &ask);
    u32 before = t.net.count;
    tell(&t.net, MAIL_PASSWORD, written_bytes(&w), -1);
    CHECK_EQ(t.net.count, before);
    channel_close(&t.eap.channel);
    end();
}

TEST(the_control_socket_adds_and_removes)
{
    struct mail_secret m = file_secret("a", "sa", "alice");
    struct shrike_answer a;
    begin();
    send_secret(&m);
    CHECK(proves("alice", "sa"));
    m.secret = text_bytes_of("sA");
    send_secret(&m);
    CHECK(proves("alice", "sA"));
    m.secret.len = 0;
    send_secret(&m); /* refused, and said */
    CHECK(last(&t.control, MAIL_LOG) && proves("alice", "sA"));
    m.remove = true;
    send_secret(&m);
    struct shrike_op op = op_of(SHRIKE_PROVE, "alice", bytes_of(NULL, 0));
    CHECK(ask(&op, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    end();
}

TEST(the_next_process_knows_the_secrets)
{
    const struct mail_secret files[] = {file_secret("a", "sa", "alice")};
    begin();
    send_files(files, 1);
    leave();
    sit_down();
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1); /* before control has said anything */
    CHECK(proves("alice", "sa"));
    end();
}

/* A key of ours, and how it is named. */
static EVP_PKEY *our_key(struct mail_private *m, u8 **der, struct shrike_key_id *id)
{
    size_t len;
    EVP_PKEY *key = key_make("RSA", NULL, 2048);
    *der = private_write(key, &len);
    if (!*der || !private_id(key, id))
        abort();
    *m = (struct mail_private){.name = text_bytes_of("moon.pem"), .file = bytes_of(*der, len)};
    return key;
}

static void send_privates(const struct mail_private *all, size_t count)
{
    u8 source = SECRET_FILES;
    int fd = file_of_privates(all, count);
    tell(&t.control, MAIL_PRIVATES, bytes_of(&source, 1), fd);
    close(fd);
}

static struct shrike_op signing_op(const struct shrike_key_id *id)
{
    struct shrike_op op = op_of(SHRIKE_PROVE, "alice", bytes_of(NULL, 0));
    op.auth.kind = SHRIKE_AUTH_PUBKEY;
    op.auth.schemes = scheme_defaults();
    op.auth.hashes = HASH_BIT(HASH_SHA2_256);
    op.auth.key = *id;
    return op;
}

/* Does the role sign as this key does? */
static bool signs(EVP_PKEY *key, const struct shrike_key_id *id)
{
    struct shrike_answer a;
    struct shrike_op op = signing_op(id);
    if (!ask(&op, &a) || !a.ok)
        return false;
    op.auth.method = a.method;
    op.auth.value = a.value;
    return signature_check(key, &op.auth) == SHRIKE_REASON_NONE;
}

TEST(it_signs)
{
    u8 *der;
    struct mail_private m;
    struct shrike_key_id id;
    struct shrike_answer a;
    EVP_PKEY *key = our_key(&m, &der, &id);
    begin();
    struct shrike_op op = signing_op(&id);
    CHECK(ask(&op, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_KEY);
    const struct seen *s = last(&t.control, MAIL_LOG);
    CHECK(s && memmem(s->body, s->len, "home: no private key", 20));
    send_privates(&m, 1);
    CHECK(signs(key, &id));
    op.auth.hashes = HASH_BIT(HASH_IDENTITY);
    CHECK(ask(&op, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_SCHEME);
    s = last(&t.control, MAIL_LOG);
    CHECK(s && memmem(s->body, s->len, "moon.pem, of 2048 bits, can sign in no way", 42));
    CHECK(!last(&t.parent, MAIL_READY)); /* before it knows the secrets */
    send_files(NULL, 0);
    leave();
    sit_down(); /* the next process */
    CHECK_EQ(count_of(&t.parent, MAIL_READY), 1);
    CHECK(signs(key, &id));
    op.kind = SHRIKE_CHECK; /* not by who holds keys */
    CHECK(ask(&op, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_METHOD);
    send_privates(NULL, 0);
    op = signing_op(&id);
    CHECK(ask(&op, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_KEY);
    end();
    private_free(der, m.file.len);
    EVP_PKEY_free(key);
}

/* Brings a key, or takes it away; what came of it. */
static bool bring(const struct mail_private *m, struct mail_private_is *is)
{
    static u8 body[MAIL_BODY_MAX];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, 77);
    private_mail_write(&w, m);
    tell(&t.control, MAIL_PRIVATE, written_bytes(&w), -1);
    const struct seen *s = last(&t.control, MAIL_PRIVATE_IS);
    struct reader r = reader_of(s ? bytes_of(s->body, s->len) : bytes_of(NULL, 0));
    return private_is_read(&r, is) && is->reference == 77;
}

TEST(the_control_socket_brings_keys)
{
    u8 *der;
    struct mail_private m;
    struct mail_private_is is;
    struct shrike_key_id id;
    EVP_PKEY *key = our_key(&m, &der, &id);
    struct bytes whole = m.file;
    begin();
    CHECK(bring(&m, &is) && is.why[0] == 0 && memcmp(&is.id, &id, sizeof(id)) == 0);
    CHECK(signs(key, &id));
    m.file.len--;
    CHECK(bring(&m, &is) && strstr(is.why, "is none"));
    m.remove = true;
    m.id = id;
    CHECK(bring(&m, &is) && is.why[0] == 0);
    CHECK(!signs(key, &id));
    end();
    private_free(der, whole.len);
    EVP_PKEY_free(key);
}

TEST(files_that_hold_no_key_are_named)
{
    struct mail_private none = {.name = text_bytes_of("a.pem"), .file = text_bytes_of("rubbish")};
    begin();
    send_privates(&none, 1);
    bool named = false;
    for (u32 i = 0; i < t.control.count; i++)
        named |= memmem(t.control.seen[i].body, t.control.seen[i].len, "a.pem is none", 13) != NULL;
    CHECK(named);
    end();
}

TEST(rubbish_and_strangers_are_refused)
{
    struct mail_secret m = file_secret("a", "sa", "alice");
    u8 body[4096], source = 9;
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = op_of(SHRIKE_PROVE, "alice", bytes_of(NULL, 0));
    begin();
    send_secret(&m);
    op_write(&w, &op);
    for (size_t len = 0; len < written(&w); len++)
        tell(&t.net, MAIL_PROVE, bytes_of(body, len), -1);
    tell(&t.net, MAIL_CHECK, written_bytes(&w), -1);     /* another kind than it says */
    tell(&t.control, MAIL_PROVE, written_bytes(&w), -1); /* not net */
    CHECK_EQ(count_of(&t.net, MAIL_ANSWER), 0);
    CHECK_EQ(count_of(&t.control, MAIL_ANSWER), 0);
    w = writer_of(body, sizeof(body));
    m.remove = true;
    secret_write(&w, &m);
    tell(&t.net, MAIL_SECRET, written_bytes(&w), -1); /* not control */
    tell(&t.control, MAIL_SECRET, bytes_of(body, written(&w) - 1), -1);
    tell(&t.control, MAIL_SECRETS, bytes_of(&source, 1), t.vault);
    source = SECRET_CONTROL;
    tell(&t.control, MAIL_SECRETS, bytes_of(&source, 1), -1);
    tell(&t.control, MAIL_SECRETS, bytes_of(&source, 1), t.vault); /* not sealed */
    tell(&t.control, MAIL_PRIVATES, bytes_of(&source, 1), -1);
    tell(&t.control, MAIL_PRIVATES, bytes_of(&source, 1), t.vault);
    tell(&t.control, MAIL_PRIVATE, bytes_of("\0\0\0\1\0", 5), -1);
    CHECK(!last(&t.control, MAIL_PRIVATE_IS));
    tell(&t.parent, MAIL_VAULT, bytes_of(NULL, 0), -1);
    CHECK(proves("alice", "sa"));
    end();
}

TEST(it_counts)
{
    struct mail_secret m = file_secret("a", "sa", "alice");
    struct mail_stats stats;
    struct shrike_answer a;
    begin();
    send_secret(&m);
    CHECK(proves("alice", "sa"));
    struct shrike_op check = op_of(SHRIKE_CHECK, "alice", bytes_of("x", 1));
    CHECK(ask(&check, &a));
    tell(&t.control, MAIL_STATS, bytes_of("\0\0\0\5", 4), -1);
    const struct seen *s = last(&t.control, MAIL_STATS_ARE);
    CHECK(s != NULL);
    struct reader r = reader_of(bytes_of(s->body, s->len));
    CHECK_EQ(read_u32(&r), 5);
    CHECK(stats_read(&r, &stats));
    u64 seen = 0;
    for (u16 i = 0; i < stats.count; i++)
        if (strcmp(stats.stats[i].name, "secrets_control") == 0 ||
            strcmp(stats.stats[i].name, "proved") == 0 ||
            strcmp(stats.stats[i].name, "wrong_proofs") == 0)
            seen += stats.stats[i].value == 1;
    CHECK_EQ(seen, 3);
    end();
}

int main(void)
{
    return RUN(it_is_ready_when_it_knows_the_files) | RUN(it_proves_and_checks) |
           RUN(without_a_secret_it_says_what_to_add) | RUN(eap_may_ask_what_connections_need) |
           RUN(eap_gets_proofs_by_passwords) | RUN(the_control_socket_adds_and_removes) |
           RUN(the_next_process_knows_the_secrets) | RUN(rubbish_and_strangers_are_refused) |
           RUN(it_counts) | RUN(it_signs) | RUN(the_control_socket_brings_keys) |
           RUN(files_that_hold_no_key_are_named);
}
