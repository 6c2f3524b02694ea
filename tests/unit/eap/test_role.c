/* The eap role at its seat: between net, which brings messages, and keys, which knows passwords. */
#include "../certs/pki.h"
#include "crypto/scheme.h"
#include "eap/tunnel.h"
#include "keys/password.h"
#include "keys/signer.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include "proc/seat.h"
#include "test.h"
#include "wire/codes.h"
#include "wire/payload.h"
#include <unistd.h>

#define SEEN_MAX 16
#define TEXT(s)  bytes_of((s), sizeof(s) - 1)

/* One of the others, who notes what he is sent. */
struct other {
    struct channel channel;
    u32 count;
    struct seen {
        u16 kind;
        size_t len;
        u8 body[8192];
    } seen[SEEN_MAX];
};

static struct table {
    struct loop *loop;
    struct seat seat;
    struct other parent, control, net, keys, certs;
} t;

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

static void tell(struct other *o, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    if (!channel_send(&o->channel, &m))
        abort();
    for (int i = 0; i < 4; i++)
        loop_turn(t.loop, 0);
}

static void introduce(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who};
    int fd = meet(o);
    tell(&t.parent, MAIL_PEER, bytes_of(body, sizeof(body)), fd);
    close(fd);
}

static void dismiss(struct other *o, enum role who)
{
    u8 body[9] = {(u8)who};
    tell(&t.parent, MAIL_PEER, bytes_of(body, sizeof(body)), -1);
    channel_close(&o->channel);
}

static void begin(void)
{
    t.loop = loop_new();
    t.seat = (struct seat){.type = &eap_role, .loop = t.loop};
    if (!t.loop || !seat_open(&t.seat, meet(&t.parent)))
        abort();
    introduce(&t.control, ROLE_CONTROL);
    introduce(&t.net, ROLE_NET);
    introduce(&t.keys, ROLE_KEYS);
    introduce(&t.certs, ROLE_CERTS);
}

static void end(void)
{
    seat_close(&t.seat);
    channel_close(&t.parent.channel);
    channel_close(&t.control.channel);
    channel_close(&t.net.channel);
    channel_close(&t.keys.channel);
    channel_close(&t.certs.channel);
    loop_free(t.loop);
}

static void take(u32 session, u32 serial, struct bytes message)
{
    u8 body[8192];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = {.kind = SHRIKE_EAP,
                           .token = {1, serial, 3, 4},
                           .eap = {.session = session,
                                   .conn = "home",
                                   .rule.methods = TEXT("\4"),
                                   .local = {ID_FQDN, TEXT("alice")},
                                   .message = message}};
    t.net.count = t.keys.count = 0;
    op_write(&w, &op);
    tell(&t.net, MAIL_EAP, written_bytes(&w), -1);
}

static void over(u32 session)
{
    u8 body[64];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = {.kind = SHRIKE_EAP_OVER, .session_over = session};
    op_write(&w, &op);
    tell(&t.net, MAIL_EAP_OVER, written_bytes(&w), -1);
}

/* What net was answered; its octets are those of what net has seen. */
static bool answered(u32 serial, struct shrike_answer *a)
{
    struct shrike_token token;
    if (t.net.count != 1 || t.net.seen[0].kind != MAIL_ANSWER)
        return false;
    struct reader r = reader_of(bytes_of(t.net.seen[0].body, t.net.seen[0].len));
    return answer_read(&r, &token, a) && token.serial == serial;
}

static bool asked(struct mail_password *ask)
{
    if (t.keys.count != 1 || t.keys.seen[0].kind != MAIL_PASSWORD)
        return false;
    struct reader r = reader_of(bytes_of(t.keys.seen[0].body, t.keys.seen[0].len));
    return password_read(&r, ask);
}

static void answer_password(const struct mail_password *ask, const char *password)
{
    u8 body[512];
    struct writer w = writer_of(body, sizeof(body));
    struct password_room room;
    struct password p = {bytes_of(password, strlen(password)), false};
    struct mail_password_is is = password_answer(&p, ask, &room);
    password_is_write(&w, &is);
    tell(&t.keys, MAIL_PASSWORD_IS, written_bytes(&w), -1);
}

TEST(a_peer_is_carried_through)
{
    struct shrike_answer a;
    struct mail_password ask;
    begin();
    CHECK(t.parent.count >= 1 && t.parent.seen[0].kind == MAIL_READY);
    take(5, 1, TEXT("\1\1\0\5\1"));
    CHECK(answered(1, &a) && a.ok && a.value.len == 10);
    take(5, 2, TEXT("\1\2\0\7\4\1x"));
    CHECK(t.net.count == 0 && asked(&ask) && bytes_equal(ask.user, TEXT("alice")));
    answer_password(&ask, "sesame");
    CHECK(answered(2, &a) && a.ok && a.value.len == 27 && a.value.at[0] == EAP_RESPONSE);
    take(5, 3, TEXT("\3\2\0\4"));
    CHECK(answered(3, &a) && a.ok && a.value.len == 0 && a.secret.len == 0);
    over(5);
    take(5, 4, TEXT("\3\2\0\4")); /* another session has this number now */
    CHECK(answered(4, &a) && !a.ok && a.reason == SHRIKE_REASON_EAP_EARLY);
    end();
}

static struct node ours, theirs;

/* The server's end, with a certificate. */
static void serve(u32 serial, struct bytes message)
{
    u8 body[16384];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_credential shown = {
        .key = {{7}}, .encoding = CERT_X509_SIGNATURE, .cert_count = 1, .certs = &ours.der};
    struct shrike_op op = {.kind = SHRIKE_EAP,
                           .token = {1, serial, 3, 4},
                           .eap = {.session = 9,
                                   .server = true,
                                   .conn = "home",
                                   .rule.methods = TEXT("\15"),
                                   .credential = serial == 1 ? &shown : NULL,
                                   .remote = {ID_FQDN, TEXT("alice")},
                                   .message = message}};
    t.net.count = t.keys.count = t.certs.count = 0;
    op_write(&w, &op);
    tell(&t.net, MAIL_EAP, written_bytes(&w), -1);
}

static void reply(struct other *o, u32 serial, const struct shrike_answer *a)
{
    u8 body[2048];
    struct writer w = writer_of(body, sizeof(body));
    answer_write(&w, (struct shrike_token){.serial = serial}, a);
    t.net.count = t.keys.count = t.certs.count = 0;
    tell(o, MAIL_ANSWER, written_bytes(&w), -1);
}

static bool asked_op(const struct other *o, u16 kind, struct shrike_op *op)
{
    static struct seam_box box;
    if (o->count != 1 || o->seen[0].kind != kind)
        return false;
    struct reader r = reader_of(bytes_of(o->seen[0].body, o->seen[0].len));
    return op_read(&r, op, &box) && op->auth.kind == SHRIKE_AUTH_PUBKEY;
}

/* keys: by the key that was named. */
static void sign_for_role(const struct shrike_op *op)
{
    u8 value[SIGNER_VALUE_MAX];
    struct signer signer = {.key = ours.key};
    ensure(signature_ability(ours.key, &signer.ability) && op->auth.key.octets[0] == 7);
    struct shrike_answer a = signer_answer(&signer, &op->auth, value);
    reply(&t.keys, op->token.serial, &a);
}

/* A message of EAP-TLS from the client, whole. */
static struct bytes from_client(struct tunnel *c, u8 identifier, u8 room[4096])
{
    u8 data[3000] = {0};
    size_t len = tunnel_take(c, data + 1, sizeof(data) - 1);
    struct writer w = writer_of(room, 4096);
    eap_write(&w, &(struct eap){.code = EAP_RESPONSE,
                                .identifier = identifier,
                                .type = EAP_TYPE_TLS,
                                .data = bytes_of(data, 1 + len)});
    return written_bytes(&w);
}

/* The client hears what the server has said, in as many pieces as that takes. */
static void to_client(struct tunnel *c, struct shrike_answer *a)
{
    enum { LENGTH = 0x80, MORE = 0x40, ACKNOWLEDGED = 20 /* a number for an op */ };
    struct eap eap;
    u8 flags, room[64];
    do {
        ensure(eap_read(a->value, &eap) && eap.data.len > 1);
        flags = eap.data.at[0];
        size_t head = flags & LENGTH ? 5 : 1;
        ensure(eap.data.len > head &&
               tunnel_give(c, bytes_of(eap.data.at + head, eap.data.len - head)));
        if (!(flags & MORE))
            continue;
        struct writer w = writer_of(room, sizeof(room));
        eap_write(&w, &(struct eap){.code = EAP_RESPONSE,
                                    .identifier = eap.identifier,
                                    .type = EAP_TYPE_TLS,
                                    .data = TEXT("\0")});
        serve(ACKNOWLEDGED, written_bytes(&w));
        ensure(answered(ACKNOWLEDGED, a) && a->ok);
    } while (flags & MORE);
}

/* The client signs with its key by itself. */
static enum tunnel_step shake(struct tunnel *c)
{
    u8 value[SIGNER_VALUE_MAX];
    struct bytes signature;
    enum tunnel_step step = tunnel_shake(c);
    if (step != TUNNEL_SIGN)
        return step;
    const struct farkey *wanted = tunnel_wanted(c);
    const struct scheme *scheme = scheme_at((enum scheme_id)wanted->scheme);
    struct signer signer = {.key = theirs.key};
    struct shrike_auth_op op = {.schemes = SCHEME_BIT(scheme->id),
                                .hashes = (u16)HASH_BIT(scheme->hash),
                                .octets = wanted->octets};
    ensure(signature_ability(theirs.key, &signer.ability));
    struct shrike_answer a = signer_answer(&signer, &op, value);
    ensure(scheme_read(a.method, a.value, &signature) == scheme);
    tunnel_signed(c, signature);
    return tunnel_shake(c);
}

/* Up to the question to certs, which is in *op. */
static struct tunnel *up_to_certs(struct tunnel_own **own, struct shrike_op *op)
{
    u8 room[4096];
    struct shrike_answer a;
    struct shrike_credential shown = {
        .encoding = CERT_X509_SIGNATURE, .cert_count = 1, .certs = &theirs.der};
    *own = tunnel_own_copy(&shown);
    struct tunnel *c = tunnel_new(false, true, *own);
    begin();
    serve(1, bytes_of(NULL, 0));
    ensure(c && answered(1, &a) && a.ok && shake(c) == TUNNEL_MORE);
    serve(2, from_client(c, a.value.at[1], room));
    ensure(t.net.count == 0 && asked_op(&t.keys, MAIL_PROVE, op));
    sign_for_role(op);
    ensure(answered(2, &a) && a.ok);
    to_client(c, &a);
    ensure(shake(c) == TUNNEL_OPEN);
    serve(3, from_client(c, a.value.at[1], room));
    ensure(t.net.count == 0 && asked_op(&t.certs, MAIL_CHECK, op));
    return c;
}

TEST(tls_asks_keys_and_certs)
{
    struct tunnel_own *own;
    struct shrike_op op;
    struct shrike_answer a, yes = {.ok = true}, no = {.reason = SHRIKE_REASON_CERT_REVOKED};
    struct tunnel *c = up_to_certs(&own, &op);
    CHECK(strcmp(op.auth.conn, "home") == 0 && op.auth.cert_count == 1);
    CHECK(bytes_equal(op.auth.certs[0].data, theirs.der));
    CHECK(op.auth.remote.type == ID_FQDN && bytes_equal(op.auth.remote.data, TEXT("alice")));
    u32 serial = op.token.serial;
    reply(&t.certs, serial + 1, &yes); /* of another question */
    CHECK_EQ(t.net.count, 0);
    reply(&t.certs, serial, &yes);
    CHECK(answered(3, &a) && a.ok && a.value.len > 6);
    reply(&t.certs, serial, &no); /* it was answered */
    CHECK_EQ(t.net.count, 0);
    end();
    tunnel_free(c);
    free(own);
    c = up_to_certs(&own, &op);
    reply(&t.certs, op.token.serial, &no);
    CHECK(answered(3, &a) && !a.ok && a.reason == SHRIKE_REASON_CERT_REVOKED);
    end();
    tunnel_free(c);
    free(own);
}

/* keys judges nobody, and whoever waits for certs does not wait for keys. */
TEST(only_certs_vouches)
{
    struct tunnel_own *own;
    struct shrike_op op;
    struct shrike_answer a, yes = {.ok = true};
    struct tunnel *c = up_to_certs(&own, &op);
    dismiss(&t.keys, ROLE_KEYS);
    CHECK_EQ(t.net.count, 0);
    introduce(&t.keys, ROLE_KEYS);
    reply(&t.keys, op.token.serial, &yes);
    CHECK_EQ(t.net.count, 0);
    end();
    tunnel_free(c);
    free(own);
    c = up_to_certs(&own, &op);
    dismiss(&t.certs, ROLE_CERTS);
    CHECK(answered(3, &a) && !a.ok && a.reason == SHRIKE_REASON_EAP_NOBODY);
    end();
    tunnel_free(c);
    free(own);
}

TEST(what_is_over_is_not_answered)
{
    struct mail_password ask;
    begin();
    take(5, 1, TEXT("\1\2\0\7\4\1x"));
    CHECK(asked(&ask));
    over(5);
    answer_password(&ask, "sesame");
    CHECK_EQ(t.net.count, 0);
    end();
}

TEST(without_keys_it_fails)
{
    struct shrike_answer a;
    struct mail_password ask;
    begin();
    take(5, 1, TEXT("\1\2\0\7\4\1x"));
    CHECK(asked(&ask));
    dismiss(&t.keys, ROLE_KEYS);
    CHECK(answered(1, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    take(5, 2, TEXT("\1\2\0\7\4\1x"));
    CHECK(answered(2, &a) && !a.ok);
    take(6, 3, TEXT("\1\2\0\7\4\1x"));
    CHECK(answered(3, &a) && !a.ok && a.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    end();
}

TEST(another_net_begins_anew)
{
    struct shrike_answer a;
    begin();
    take(5, 1, TEXT("\3\2\0\4"));
    CHECK(answered(1, &a) && !a.ok);
    take(5, 2, TEXT("\1\1\0\5\1"));
    CHECK(answered(2, &a) && !a.ok);
    dismiss(&t.net, ROLE_NET);
    introduce(&t.net, ROLE_NET);
    take(5, 3, TEXT("\1\1\0\5\1"));
    CHECK(answered(3, &a) && a.ok);
    end();
}

TEST(rubbish_is_refused_and_counted)
{
    static struct mail_stats stats;
    u8 body[600];
    memset(body, 0xff, sizeof(body));
    begin();
    tell(&t.net, MAIL_EAP, bytes_of(body, 600), -1);
    tell(&t.net, MAIL_EAP_OVER, bytes_of(body, 3), -1);
    tell(&t.net, MAIL_PASSWORD_IS, bytes_of(body, 3), -1);
    tell(&t.keys, MAIL_PASSWORD_IS, bytes_of(body, 3), -1);
    tell(&t.control, MAIL_STATS, bytes_of(body, 3), -1);
    CHECK_EQ(t.net.count, 0);
    t.control.count = 0;
    tell(&t.control, MAIL_STATS, bytes_of(body, 4), -1);
    CHECK(t.control.count == 1 && t.control.seen[0].kind == MAIL_STATS_ARE);
    struct reader r = reader_of(bytes_of(t.control.seen[0].body, t.control.seen[0].len));
    CHECK(read_u32(&r) == 0xffffffff && stats_read(&r, &stats));
    for (u16 i = 0; i < stats.count; i++)
        if (strcmp(stats.stats[i].name, "mail_refused") == 0)
            CHECK_EQ(stats.stats[i].value, 5);
    u32 before = t.parent.count;
    tell(&t.parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK(t.parent.count == before + 1 && t.parent.seen[before].kind == MAIL_DONE);
    end();
}

int main(void)
{
    ours = PKI(.cn = "gate");
    theirs = PKI(.cn = "alice");
    int failed = RUN(tls_asks_keys_and_certs) | RUN(only_certs_vouches);
    pki_free();
    return failed | RUN(a_peer_is_carried_through) | RUN(what_is_over_is_not_answered) |
           RUN(without_keys_it_fails) | RUN(another_net_begins_anew) |
           RUN(rubbish_is_refused_and_counted);
}
