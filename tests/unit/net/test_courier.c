/* Tests of net/courier.c: a seat with keys and esp by hand. */
#include "net/courier.h"
#include "ops/mail.h"
#include "ops/seam.h"
#include "test.h"
#include "wire/codes.h"
#include <sys/socket.h>
#include <unistd.h>

#define SEEN_MAX 20000

static struct loop *loop;
static struct seat seat;
static struct courier courier;
static int keys, esp; /* the other ends; nobody reads there but caught() */

static void *start(struct seat *s)
{
    return s;
}

static void mail(void *self, enum role from, struct mail *m)
{
    (void)self, (void)from, (void)m;
}

static void peer(void *self, enum role who, bool there)
{
    (void)self;
    courier_peer(&courier, who, there);
}

static void stop(void *self)
{
    (void)self;
}

static const struct role_type net = {ROLE_NET, start, mail, peer, stop};
static struct channel parent;

static u32 parent_adds, parent_removes; /* that came there */

static void parent_got(void *ctx, struct mail *m)
{
    (void)ctx;
    parent_adds += m->kind == MAIL_ADDRESS_ADD;
    parent_removes += m->kind == MAIL_ADDRESS_REMOVE;
}

static void parent_lost(void *ctx)
{
    channel_close(ctx);
}

static void turns(void)
{
    for (int i = 0; i < 4; i++)
        loop_turn(loop, 0);
}

static void tell_peer(enum role who, int fd)
{
    u8 body[9] = {(u8)who}; /* and the number of a life */
    struct mail m = {.kind = MAIL_PEER, .body = bytes_of(body, sizeof(body)), .fd = fd};
    if (!channel_send(&parent, &m))
        abort();
    if (fd >= 0)
        close(fd);
    turns();
}

/* That role is there; the other end of its channel. */
static int come(enum role who)
{
    int fd[2];
    if (!channel_pair(fd))
        abort();
    tell_peer(who, fd[0]);
    return fd[1];
}

static void go(enum role who, int *end)
{
    tell_peer(who, -1);
    close(*end);
    *end = -1;
}

static void begin(void)
{
    int fd[2];
    loop = loop_new();
    seat = (struct seat){.type = &net, .loop = loop};
    courier_init(&courier, &seat);
    parent = (struct channel){.got = parent_got, .lost = parent_lost, .ctx = &parent};
    if (!channel_pair(fd) || !channel_open(&parent, loop, fd[0]) || !seat_open(&seat, fd[1]))
        abort();
    keys = come(ROLE_KEYS);
    esp = come(ROLE_ESP);
}

static void end(void)
{
    courier_free(&courier);
    seat_close(&seat);
    channel_close(&parent);
    loop_free(loop);
    close(keys);
    close(esp);
}

/* The next op that came to this end: its token's serial, and its kind; 0: nothing. */
static u32 caught(int fd, u16 *kind)
{
    static u8 octets[MAIL_BODY_MAX + 2];
    struct shrike_op op;
    struct seam_box box;
    ssize_t n = recv(fd, octets, sizeof octets, MSG_DONTWAIT);
    if (n < 2)
        return 0;
    struct reader r = reader_of(bytes_of(octets + 2, (size_t)n - 2));
    if (!op_read(&r, &op, &box))
        abort();
    *kind = (u16)(octets[0] << 8 | octets[1]);
    return op.token.serial;
}

static struct shrike_token token(u32 serial)
{
    return (struct shrike_token){.incarnation = 1, .serial = serial, .index = 2, .slot = 3};
}

static void post(enum shrike_op_kind kind, u32 serial)
{
    static u8 octets[1000];
    static const struct shrike_ts ts = {.family = 4, .port_to = 65535};
    struct shrike_op op = {.kind = kind, .token = token(serial)};
    if (kind == SHRIKE_CHILD_INSTALL) {
        op.install = (struct shrike_install_op){.conn = "c",
                                                .child = "d",
                                                .protocol = PROTOCOL_ESP,
                                                .local_ts = &ts,
                                                .remote_ts = &ts,
                                                .local_ts_count = 1,
                                                .remote_ts_count = 1};
    } else if (kind == SHRIKE_ADDRESS_ADD) {
        op.address = (struct shrike_address_op){.conn = "c", .lease = serial};
    } else if (kind == SHRIKE_RESOLVE) {
        op.resolve = (struct shrike_resolve_op){.conn = "c", .name = bytes_of("gw", 2)};
    } else if (kind == SHRIKE_ADDRESS_REMOVE) {
        op.lease_over = serial;
    } else if (kind == SHRIKE_EAP) {
        op.eap = (struct shrike_eap_op){.session = serial, .conn = "c"};
    } else if (kind == SHRIKE_MIX) {
        op.mix = (struct shrike_mix_op){.conn = "c", .keys = bytes_of("keys", 4)};
    } else if (kind == SHRIKE_EAP_OVER) {
        op.session_over = serial;
    } else if (kind == SHRIKE_CHILD_REMOVE) {
        op.remove = (struct shrike_remove_op){.child_serial = serial};
    } else {
        op.auth = (struct shrike_auth_op){
            .kind = SHRIKE_AUTH_PSK, .conn = "c", .octets = bytes_of(octets, sizeof octets)};
    }
    courier_post(&courier, loop_now(loop), &op);
}

/* The serial of the next op that has failed; 0: none. */
static u32 failure(enum shrike_reason_code *reason)
{
    struct shrike_token t;
    struct shrike_answer a;
    if (!courier_done(&courier, &t, &a) || a.ok)
        return 0;
    *reason = a.reason;
    return t.serial;
}

static bool answered(enum role from, u32 serial)
{
    struct shrike_token t = token(serial);
    return courier_answered(&courier, from, &t);
}

TEST(an_answer_is_taken_once_and_only_from_who_was_asked)
{
    u16 kind;
    begin();
    post(SHRIKE_PROVE, 1);
    post(SHRIKE_CHECK, 2);
    post(SHRIKE_CHILD_INSTALL, 3);
    CHECK(caught(keys, &kind) == 1 && kind == MAIL_PROVE);
    CHECK(caught(keys, &kind) == 2 && kind == MAIL_CHECK);
    CHECK(caught(esp, &kind) == 3 && kind == MAIL_INSTALL);
    CHECK(!answered(ROLE_ESP, 1) && !answered(ROLE_KEYS, 3) && !answered(ROLE_CONTROL, 1));
    CHECK(!answered(ROLE_KEYS, 7));
    CHECK(answered(ROLE_KEYS, 2) && answered(ROLE_KEYS, 1) && answered(ROLE_ESP, 3));
    CHECK(!answered(ROLE_KEYS, 1) && !answered(ROLE_ESP, 3));
    CHECK_EQ(courier.keys.count + courier.esp.count + courier.keys.octets, 0);
    end();
}

/* EAP: who has its methods is asked in order; what is there dies with it. */
TEST(eap_goes_to_who_has_its_methods)
{
    u16 kind;
    enum shrike_reason_code reason = SHRIKE_REASON_NONE;
    begin();
    post(SHRIKE_EAP, 1);
    CHECK(failure(&reason) == 1 && reason == SHRIKE_REASON_EAP_NOBODY);
    post(SHRIKE_EAP_OVER, 1); /* there is nothing to be ended */
    int eap = come(ROLE_EAP);
    post(SHRIKE_EAP, 2);
    post(SHRIKE_EAP, 3);
    post(SHRIKE_EAP_OVER, 2);
    turns();
    CHECK(caught(eap, &kind) == 2 && kind == MAIL_EAP);
    CHECK(caught(eap, &kind) == 3 && kind == MAIL_EAP);
    CHECK(caught(eap, &kind) == 2 && kind == MAIL_EAP_OVER && caught(eap, &kind) == 0);
    CHECK(!answered(ROLE_KEYS, 2) && answered(ROLE_EAP, 2) && !answered(ROLE_EAP, 2));
    go(ROLE_EAP, &eap);
    CHECK(failure(&reason) == 3 && reason == SHRIKE_REASON_EAP_NOBODY);
    CHECK(!courier_has_done(&courier) && courier.eap.count == 0);
    end();
}

TEST(keys_stirs_keys)
{
    u16 kind;
    begin();
    post(SHRIKE_MIX, 1);
    CHECK(caught(keys, &kind) == 1 && kind == MAIL_MIX);
    CHECK(!answered(ROLE_ESP, 1) && answered(ROLE_KEYS, 1));
    end();
}

TEST(a_token_of_another_life_is_not_ours)
{
    begin();
    post(SHRIKE_PROVE, 1);
    for (int i = 0; i < 4; i++) {
        struct shrike_token t = token(1);
        u32 *fields[] = {&t.incarnation, &t.serial, &t.index, &t.slot};
        *fields[i] += 1;
        CHECK(!courier_answered(&courier, ROLE_KEYS, &t));
    }
    CHECK(answered(ROLE_KEYS, 1));
    end();
}

TEST(keys_is_asked_again_what_it_has_not_answered)
{
    u16 kind;
    begin();
    post(SHRIKE_PROVE, 1);
    post(SHRIKE_PROVE, 2);
    post(SHRIKE_PROVE, 3);
    CHECK(answered(ROLE_KEYS, 2));
    go(ROLE_KEYS, &keys);
    post(SHRIKE_CHECK, 4);
    keys = come(ROLE_KEYS);
    CHECK_EQ(caught(keys, &kind), 1);
    CHECK_EQ(caught(keys, &kind), 3);
    CHECK(caught(keys, &kind) == 4 && kind == MAIL_CHECK);
    CHECK_EQ(caught(keys, &kind), 0);
    CHECK(answered(ROLE_KEYS, 4) && answered(ROLE_KEYS, 1) && answered(ROLE_KEYS, 3));
    CHECK(!courier_has_done(&courier));
    end();
}

/* A CHECK of a signature, by another kind of authentication than those of post(). */
static void post_signature(u32 serial)
{
    struct shrike_op op = {.kind = SHRIKE_CHECK, .token = token(serial)};
    op.auth = (struct shrike_auth_op){.kind = SHRIKE_AUTH_PUBKEY, .conn = "c"};
    courier_post(&courier, loop_now(loop), &op);
}

TEST(certs_checks_signatures_and_is_asked_again)
{
    u16 kind;
    int certs;
    begin();
    post_signature(1); /* it waits for who is to check it */
    CHECK_EQ(caught(keys, &kind), 0);
    certs = come(ROLE_CERTS);
    CHECK(caught(certs, &kind) == 1 && kind == MAIL_CHECK);
    post(SHRIKE_CHECK, 2);
    post_signature(3);
    CHECK(caught(certs, &kind) == 3 && caught(certs, &kind) == 0 && caught(keys, &kind) == 2);
    CHECK(!answered(ROLE_KEYS, 1) && !answered(ROLE_CERTS, 2) && answered(ROLE_CERTS, 3));
    go(ROLE_CERTS, &certs);
    certs = come(ROLE_CERTS);
    CHECK(caught(certs, &kind) == 1 && caught(certs, &kind) == 0 && caught(keys, &kind) == 0);
    CHECK(answered(ROLE_CERTS, 1) && answered(ROLE_KEYS, 2));
    CHECK(!courier_has_done(&courier));
    close(certs);
    end();
}

TEST(what_esp_held_has_failed_when_it_ends)
{
    u16 kind;
    enum shrike_reason_code reason = SHRIKE_REASON_NONE;
    begin();
    post(SHRIKE_CHILD_INSTALL, 1);
    post(SHRIKE_CHILD_INSTALL, 2);
    CHECK(answered(ROLE_ESP, 1));
    go(ROLE_ESP, &esp);
    CHECK(failure(&reason) == 2 && reason == SHRIKE_REASON_KERNEL);
    post(SHRIKE_CHILD_INSTALL, 3);
    post(SHRIKE_CHILD_REMOVE, 4); /* there is nothing to remove */
    CHECK(failure(&reason) == 3 && reason == SHRIKE_REASON_KERNEL);
    CHECK(failure(&reason) == 0);
    esp = come(ROLE_ESP);
    courier_settle(&courier, loop_now(loop));
    CHECK_EQ(caught(esp, &kind), 0);
    CHECK_EQ(courier.esp.count, 0);
    end();
}

/* Fill a role's channel until it takes nothing more. */
static void stuff(enum role to)
{
    static u8 body[MAIL_BODY_MAX];
    while (seat_send(&seat, to, MAIL_STRAY, bytes_of(body, sizeof body)))
        ;
    while (seat_send(&seat, to, MAIL_STRAY, bytes_of(body, 1)))
        ;
}

/* Read all that is there, turn after turn; how many of this kind. */
static u32 empty(int fd, u16 kind)
{
    static u8 octets[MAIL_BODY_MAX + 2];
    u32 n = 0;
    for (int idle = 0; idle < 3; idle++) {
        while (recv(fd, octets, sizeof octets, MSG_DONTWAIT) > 0) {
            n += (u16)(octets[0] << 8 | octets[1]) == kind;
            idle = 0;
        }
        loop_turn(loop, 0);
        courier_settle(&courier, loop_now(loop));
    }
    return n;
}

TEST(a_full_channel_delays_proofs_and_removals_and_fails_installations)
{
    enum shrike_reason_code reason = SHRIKE_REASON_NONE;
    begin();
    stuff(ROLE_KEYS);
    stuff(ROLE_ESP);
    post(SHRIKE_PROVE, 1);
    post(SHRIKE_PROVE, 2);
    post(SHRIKE_CHILD_INSTALL, 3);
    post(SHRIKE_CHILD_REMOVE, 4);
    post(SHRIKE_CHILD_REMOVE, 5);
    CHECK(failure(&reason) == 3 && reason == SHRIKE_REASON_KERNEL);
    CHECK(failure(&reason) == 0);
    CHECK(!answered(ROLE_KEYS, 1)); /* it cannot have been asked yet */
    CHECK_EQ(empty(keys, MAIL_PROVE), 2);
    CHECK_EQ(empty(esp, MAIL_REMOVE), 2);
    CHECK_EQ(courier.esp.count, 0);
    CHECK_EQ(courier.keys.count, 2);
    CHECK(answered(ROLE_KEYS, 1) && answered(ROLE_KEYS, 2));
    end();
}

TEST(what_nobody_waits_for_is_dropped)
{
    begin();
    post(SHRIKE_PROVE, 1);
    post(SHRIKE_CHILD_INSTALL, 2);
    courier_settle(&courier, loop_now(loop) + COURIER_AGE - 1);
    CHECK_EQ(courier.keys.count + courier.esp.count, 2);
    courier_settle(&courier, loop_now(loop) + COURIER_AGE);
    CHECK_EQ(courier.keys.count + courier.esp.count, 0);
    go(ROLE_ESP, &esp);
    CHECK(!courier_has_done(&courier));
    end();
}

TEST(there_is_an_end_to_what_is_kept)
{
    enum shrike_reason_code reason = SHRIKE_REASON_NONE;
    begin();
    go(ROLE_KEYS, &keys);
    for (u32 i = 1; i <= SEEN_MAX; i++)
        post(SHRIKE_PROVE, i);
    CHECK_EQ(courier.keys.count, COURIER_KEPT_MAX);
    CHECK(courier.keys.octets <= COURIER_OCTETS);
    CHECK(failure(&reason) == COURIER_KEPT_MAX + 1 && reason == SHRIKE_REASON_LIMIT);
    u32 more = 0;
    while (failure(&reason))
        more++;
    CHECK_EQ(more, SEEN_MAX - COURIER_KEPT_MAX - 1);
    end();
}

TEST(the_parent_sets_up_addresses)
{
    begin();
    parent_adds = parent_removes = 0;
    post(SHRIKE_ADDRESS_ADD, 1);
    post(SHRIKE_ADDRESS_ADD, 2);
    post(SHRIKE_ADDRESS_REMOVE, 1);
    turns();
    CHECK(parent_adds == 2 && parent_removes == 1);
    CHECK(!answered(ROLE_ESP, 1) && !answered(ROLE_KEYS, 1) && answered(ROLE_PARENT, 1));
    CHECK(!answered(ROLE_PARENT, 1) && courier.parent.count == 1);
    go(ROLE_ESP, &esp); /* is none of its business */
    CHECK(!courier_has_done(&courier));
    courier_settle(&courier, loop_now(loop) + COURIER_AGE);
    CHECK_EQ(courier.parent.count, 0);
    end();
}

/* Names of gateways: control looks, and when it is not there, nobody does. */
TEST(control_finds_names)
{
    u16 kind;
    enum shrike_reason_code reason;
    begin();
    post(SHRIKE_RESOLVE, 1);
    CHECK(failure(&reason) == 1 && reason == SHRIKE_REASON_REDIRECT_NAME);
    int control = come(ROLE_CONTROL);
    post(SHRIKE_RESOLVE, 2);
    post(SHRIKE_RESOLVE, 3);
    turns();
    CHECK(caught(control, &kind) == 2 && kind == MAIL_RESOLVE);
    CHECK(!answered(ROLE_KEYS, 2) && answered(ROLE_CONTROL, 2) && !answered(ROLE_CONTROL, 2));
    go(ROLE_CONTROL, &control);
    CHECK(failure(&reason) == 3 && reason == SHRIKE_REASON_REDIRECT_NAME);
    CHECK_EQ(courier.control.count, 0);
    end();
}

TEST(what_is_answered_here)
{
    struct shrike_op op = {.kind = SHRIKE_LEASE, .token = token(5)};
    struct shrike_answer a = {.ok = true, .value = bytes_of("octets", 6)};
    struct shrike_token t;
    enum shrike_reason_code reason = SHRIKE_REASON_NONE;
    begin();
    courier_answer(&courier, &op, &a);
    op.token = token(6);
    a = (struct shrike_answer){.ok = false, .reason = SHRIKE_REASON_POOL_EMPTY};
    courier_answer(&courier, &op, &a);
    CHECK(courier_has_done(&courier) && courier_done(&courier, &t, &a));
    CHECK(t.serial == 5 && a.ok && bytes_equal(a.value, bytes_of("octets", 6)));
    CHECK(failure(&reason) == 6 && reason == SHRIKE_REASON_POOL_EMPTY);
    CHECK(!courier_has_done(&courier) && !courier_done(&courier, &t, &a));
    a = (struct shrike_answer){.ok = true, .value = bytes_of("left", 4)};
    courier_answer(&courier, &op, &a);
    end();
}

int main(void)
{
    return RUN(an_answer_is_taken_once_and_only_from_who_was_asked) |
           RUN(eap_goes_to_who_has_its_methods) | RUN(keys_stirs_keys) |
           RUN(a_token_of_another_life_is_not_ours) |
           RUN(keys_is_asked_again_what_it_has_not_answered) |
           RUN(certs_checks_signatures_and_is_asked_again) |
           RUN(what_esp_held_has_failed_when_it_ends) |
           RUN(a_full_channel_delays_proofs_and_removals_and_fails_installations) |
           RUN(what_nobody_waits_for_is_dropped) | RUN(the_parent_sets_up_addresses) |
           RUN(control_finds_names) | RUN(what_is_answered_here) |
           RUN(there_is_an_end_to_what_is_kept);
}
