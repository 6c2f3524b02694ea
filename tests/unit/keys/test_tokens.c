/* Keys on tokens, seen from keys; the test stands in for the steward. */
#include "key.h"
#include "keys/private.h"
#include "keys/tokens.h"
#include "test.h"
#include "wire/codes.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    struct loop *loop;
    struct tokens tokens;
    int steward;
    u32 opened, settled, signed_by, seen, reference;
    size_t seen_len;
    const char *why;
    struct shrike_answer answer;
    struct token_caller caller;
    EVP_PKEY *key;
    struct shrike_key_id id;
    u8 *spki, octets[LETTER_MAX];
    int spki_len;
} t;

static void opened(void *ctx, u32 reference, const char *name, const struct shrike_key_id *id,
                   const char *why)
{
    (void)ctx, (void)name, (void)id;
    t.opened++;
    t.reference = reference;
    t.why = why;
}

static void settled(void *ctx)
{
    (void)ctx;
    t.settled++;
}

static void seen(void *ctx, u32 reference, struct bytes octets, const char *why)
{
    (void)ctx;
    t.seen++;
    t.reference = reference;
    t.seen_len = octets.len;
    t.why = why;
}

static void signed_by(void *ctx, struct token_caller caller, const struct shrike_answer *a)
{
    (void)ctx;
    t.signed_by++;
    t.caller = caller;
    t.answer = *a;
}

static void begin(void)
{
    static const struct tokens_use use = {NULL, opened, settled, seen, signed_by};
    int fd[2];
    memset(&t, 0, sizeof t);
    t.loop = loop_new();
    if (!t.loop || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
        abort();
    t.steward = fd[1];
    t.key = key_make("EC", "P-256", 0);
    t.spki_len = i2d_PUBKEY(t.key, &t.spki);
    if (!private_id(t.key, &t.id))
        abort();
    tokens_init(&t.tokens);
    tokens_join(&t.tokens, t.loop, fd[0], &use);
}

static void end(void)
{
    tokens_close(&t.tokens);
    close(t.steward);
    loop_free(t.loop);
    OPENSSL_free(t.spki);
    EVP_PKEY_free(t.key);
}

static const char *put(const char *name, const char *pin, u32 reference)
{
    const struct mail_private m = {.name = bytes_of(name, strlen(name)),
                                   .passphrase = bytes_of(pin, strlen(pin)),
                                   .handle = {.octets = bytes_of("\x01", 1)}};
    return tokens_put(&t.tokens, SECRET_FILES, &m, reference);
}

/* The next letter to the steward; false: there is none. */
static bool told(struct letter *m)
{
    ssize_t n = recv(t.steward, t.octets, sizeof t.octets, MSG_DONTWAIT);
    struct reader r = reader_of(bytes_of(t.octets, n > 0 ? (size_t)n : 0));
    return n > 0 && letter_read(&r, m);
}

static bool told_to(enum letter_kind kind, struct letter *m)
{
    return told(m) && m->kind == kind;
}

static void say(const struct letter *m)
{
    u8 octets[LETTER_MAX];
    struct writer w = writer_of(octets, sizeof octets);
    letter_write(&w, m);
    if (send(t.steward, octets, written(&w), 0) < 0)
        abort();
    loop_turn(t.loop, SHRIKE_SECOND);
}

static void say_opened(u32 token, enum letter_verdict v, bool shown)
{
    const struct letter m = {.kind = LETTER_OPENED,
                             .token = token,
                             .verdict = v,
                             .ways = 1u << WAY_ECDSA,
                             .octets = bytes_of(t.spki, shown ? (size_t)t.spki_len : 0)};
    say(&m);
}

static const struct shrike_auth_op prove = {.kind = SHRIKE_AUTH_PUBKEY,
                                            .schemes = UINT32_MAX >> 1,
                                            .hashes = HASH_BIT(HASH_SHA2_256),
                                            .octets = {(const u8 *)"octets", 6}};

static const struct token_caller nobody = {.role = ROLE_NET};

TEST(a_key_is_opened_and_signs)
{
    struct letter m;
    const struct token_caller caller = {ROLE_EAP, {1, 2, 3, 4}};
    begin();
    CHECK(!put("one", "1234", 7));
    CHECK(tokens_opening(&t.tokens) && tokens_unknown(&t.tokens));
    CHECK(told_to(LETTER_OPEN, &m) && bytes_equal(m.pin, bytes_of("1234", 4)));
    CHECK(bytes_equal(m.handle.octets, bytes_of("\x01", 1)));
    u32 number = m.token;
    say_opened(number, VERDICT_GOOD, true);
    CHECK(t.opened == 1 && t.reference == 7 && !t.why && t.settled == 1);
    CHECK(!tokens_opening(&t.tokens) && tokens_count(&t.tokens, SECRET_FILES) == 1);
    struct token *one = tokens_find(&t.tokens, &t.id);
    CHECK(one && one->open);
    CHECK_EQ(tokens_sign(&t.tokens, one, &prove, caller), SHRIKE_REASON_NONE);
    CHECK(told_to(LETTER_SIGN, &m) && m.token == number && m.way == WAY_ECDSA);
    CHECK(m.octets.len == 32 && t.signed_by == 0);
    u8 pair[64] = {[0] = 1, [32] = 2};
    struct letter s = {.kind = LETTER_SIGNED, .token = number, .reference = m.reference};
    s.octets = bytes_of(pair, sizeof pair);
    say(&s);
    CHECK(t.signed_by == 1 && t.answer.ok);
    CHECK(t.caller.role == ROLE_EAP && t.caller.token.slot == 4);
    CHECK(t.answer.method == AUTH_DIGITAL_SIGNATURE);
    say(&s); /* nobody waits for a second one */
    CHECK_EQ(t.signed_by, 1);
    end();
}

TEST(a_wrong_pin_is_told_once)
{
    struct letter m;
    begin();
    CHECK(!put("one", "0000", 0) && told_to(LETTER_OPEN, &m));
    say_opened(m.token, VERDICT_PIN_WRONG, true);
    CHECK(t.why && strstr(t.why, "PIN is wrong"));
    struct token *one = tokens_find(&t.tokens, &t.id);
    CHECK(one && !one->open && tokens_count(&t.tokens, SECRET_FILES) == 0);
    CHECK_EQ(tokens_sign(&t.tokens, one, &prove, nobody), SHRIKE_REASON_AUTH_PIN);
    tokens_again(&t.tokens);
    CHECK(!told(&m));
    tokens_mark(&t.tokens, SECRET_FILES); /* the files are read again, and say the same */
    CHECK(!put("one", "0000", 0) && !told(&m));
    tokens_sweep(&t.tokens);
    CHECK(!told(&m) && t.opened == 2 && t.why);
    say(&(struct letter){.kind = LETTER_DIED});
    CHECK(!told(&m));
    tokens_mark(&t.tokens, SECRET_FILES);
    CHECK(!put("one", "1234", 0) && told_to(LETTER_OPEN, &m));
    CHECK(bytes_equal(m.pin, bytes_of("1234", 4)));
    u32 number = m.token;
    tokens_sweep(&t.tokens);
    CHECK(told_to(LETTER_CLOSE, &m) && m.token != number && !told(&m));
    end();
}

TEST(what_fails_is_tried_again)
{
    struct letter m;
    begin();
    CHECK(!put("one", "1234", 0) && told_to(LETTER_OPEN, &m));
    say_opened(m.token, VERDICT_NO_TOKEN, false);
    CHECK(t.why && strstr(t.why, "not there") && tokens_unknown(&t.tokens));
    tokens_again(&t.tokens);
    CHECK(told_to(LETTER_OPEN, &m));
    say_opened(m.token, VERDICT_NO_TOKEN, false);
    tokens_again(&t.tokens); /* not so soon */
    CHECK(!told(&m));
    end();
}

/* Who asked is told; what was open is opened anew, what may be the cause once more only. */
TEST(the_process_with_tokens_dies)
{
    struct letter m;
    begin();
    CHECK(!put("one", "1234", 0) && told_to(LETTER_OPEN, &m));
    say_opened(m.token, VERDICT_GOOD, true);
    struct token *one = tokens_find(&t.tokens, &t.id);
    CHECK_EQ(tokens_sign(&t.tokens, one, &prove, nobody), SHRIKE_REASON_NONE);
    CHECK(told_to(LETTER_SIGN, &m));
    say(&(struct letter){.kind = LETTER_DIED});
    CHECK(t.signed_by == 1 && t.answer.reason == SHRIKE_REASON_AUTH_TOKEN);
    CHECK(told_to(LETTER_OPEN, &m) && tokens_opening(&t.tokens));
    say(&(struct letter){.kind = LETTER_DIED});
    CHECK(told_to(LETTER_OPEN, &m));
    say(&(struct letter){.kind = LETTER_DIED});
    CHECK(!told(&m) && !tokens_opening(&t.tokens) && t.why);
    CHECK_EQ(tokens_sign(&t.tokens, one, &prove, nobody), SHRIKE_REASON_AUTH_TOKEN);
    end();
}

TEST(there_are_caps)
{
    char name[] = "a";
    struct letter m;
    begin();
    for (unsigned i = 0; i < TOKENS_MAX; i++, name[0]++)
        CHECK(!put(name, "1234", 0) && told_to(LETTER_OPEN, &m));
    CHECK(put(name, "1234", 0) && !told(&m));
    say_opened(m.token, VERDICT_GOOD, true);
    const struct token *one = tokens_find(&t.tokens, &t.id);
    CHECK(one && one->open);
    for (unsigned i = 0; i < TOKEN_ASKS_MAX; i++)
        CHECK(tokens_sign(&t.tokens, one, &prove, nobody) == SHRIKE_REASON_NONE &&
              told_to(LETTER_SIGN, &m));
    CHECK_EQ(tokens_sign(&t.tokens, one, &prove, nobody), SHRIKE_REASON_AUTH_TOKEN);
    end();
}

TEST(certificates_are_looked_for)
{
    struct letter m;
    const struct mail_handle handle = {.octets = bytes_of("\x07", 1)};
    begin();
    CHECK(!tokens_look(&t.tokens, &handle, 70) && told_to(LETTER_LOOK, &m));
    CHECK(bytes_equal(m.handle.octets, handle.octets) && t.seen == 0);
    struct letter s = {.kind = LETTER_SEEN, .reference = m.reference, .octets = {t.octets, 5}};
    say(&s);
    CHECK(t.seen == 1 && t.reference == 70 && t.seen_len == 5 && !t.why);
    say(&s); /* nobody waits for a second one */
    CHECK_EQ(t.seen, 1);
    CHECK(!tokens_look(&t.tokens, &handle, 71) && told_to(LETTER_LOOK, &m));
    s = (struct letter){.kind = LETTER_SEEN, .reference = m.reference};
    say(&s); /* good, with nothing in it */
    CHECK(t.seen == 2 && t.reference == 71 && t.seen_len == 0 && t.why);
    for (u32 i = 0; i < TOKEN_LOOKS_MAX; i++)
        CHECK(!tokens_look(&t.tokens, &handle, i));
    CHECK(tokens_look(&t.tokens, &handle, 99) != NULL);
    const struct letter died = {.kind = LETTER_DIED};
    say(&died);
    CHECK(t.seen == 2 + TOKEN_LOOKS_MAX && t.why && !tokens_look(&t.tokens, &handle, 1));
    end();
}

TEST(rubbish_is_no_letter)
{
    struct letter m;
    begin();
    CHECK(!put("one", "1234", 0) && told_to(LETTER_OPEN, &m));
    CHECK(send(t.steward, "rubbish", 7, 0) == 7);
    loop_turn(t.loop, SHRIKE_SECOND);
    CHECK(t.opened == 0 && tokens_opening(&t.tokens));
    u8 bad[] = {0x30, 3, 1, 2, 3};
    struct letter s = {.kind = LETTER_OPENED, .token = m.token, .octets = bytes_of(bad, 5)};
    say(&s); /* good, with a key that is none */
    CHECK(t.opened == 1 && t.why && tokens_count(&t.tokens, SECRET_FILES) == 0);
    end();
}

TEST(without_a_steward_nothing_waits)
{
    struct letter m;
    begin();
    CHECK(!put("one", "1234", 0) && told_to(LETTER_OPEN, &m));
    shutdown(t.steward, SHUT_RDWR);
    loop_turn(t.loop, SHRIKE_SECOND);
    CHECK(!tokens_opening(&t.tokens) && t.why && t.settled > 0);
    CHECK(put("two", "1234", 0) != NULL);
    end();
}

int main(void)
{
    return RUN(a_key_is_opened_and_signs) | RUN(a_wrong_pin_is_told_once) |
           RUN(what_fails_is_tried_again) | RUN(the_process_with_tokens_dies) |
           RUN(there_are_caps) | RUN(certificates_are_looked_for) | RUN(rubbish_is_no_letter) |
           RUN(without_a_steward_nothing_waits);
}
