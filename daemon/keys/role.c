/* The role that holds private keys and shared secrets: it proves and checks for net, and shows them
 * to nobody. */
#include "base/ct.h"
#include "base/text.h"
#include "keys/keeper.h"
#include "keys/password.h"
#include "keys/ppk.h"
#include "keys/psk.h"
#include "keys/rights.h"
#include "keys/steward.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "proc/seat.h"
#include "wire/print.h"
#include <assert.h>
#include <stdlib.h>

#define VALUE_MAX      SIGNER_VALUE_MAX    /* octets of AUTH data */
#define ANSWER_MAX     (VALUE_MAX + 128)   /* octets of an answer as octets */
#define STATS_MAX      4096                /* octets of our numbers as octets */
#define IDENT_MAX      200                 /* characters of an identity in the log */
#define TOLD_MAX       (MAIL_WHY_MAX + 64) /* octets of what became of a key */
#define LINES_PER_SPAN 10                  /* lines that peers can cause */
#define PASSWORD_MAX   4400                /* octets of what is done with a password as octets */
#define LINES_SPAN     SHRIKE_SECOND
#define HELD_MAX       64                  /* proofs that wait for a token to be opened */
#define PATIENCE       (2 * SHRIKE_SECOND) /* until we are ready though a token is not */

struct keys {
    struct seat *seat;
    struct shrike_provider *provider;
    struct keeper keeper;
    struct rights rights; /* of eap */
    bool vault_came, ready;
    struct alarm patience; /* set when private keys came, rings once */
    bool impatient;
    struct {
        enum role from;
        u8 *body; /* of PROVE */
        size_t len;
    } held[HELD_MAX];
    u32 held_count;
    shrike_time span; /* of the log: when it began, and what was said in it */
    u32 lines;
    struct {
        u64 proved, checked, mixed, no_ppk, no_secret, no_key, no_token, wrong, failed, refused,
            lost, silent, forbidden;
    } count;
};

/* Ready once an earlier life's vault or the files have told which secrets there are, and tokens are
 * open, if they do not take long: net would refuse its peers without need. */
static void tell_ready(struct keys *k)
{
    if (k->ready || !k->vault_came || !k->keeper.files_known)
        return;
    if (tokens_opening(&k->keeper.tokens) && !k->impatient)
        return;
    k->ready = seat_send(k->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
}

/* Peers choose how often they fail; they must not fill the log. */
static bool may_say(struct keys *k)
{
    shrike_time now = loop_now(k->seat->loop);
    if (now - k->span >= LINES_SPAN) {
        k->span = now;
        k->lines = 0;
    }
    if (k->lines++ < LINES_PER_SPAN)
        return true;
    k->count.silent++;
    return false;
}

static void say_no_secret(struct keys *k, const struct shrike_auth_op *a)
{
    char local[IDENT_MAX], remote[IDENT_MAX];
    struct text l = text_of(local, sizeof(local)), r = text_of(remote, sizeof(remote));
    if (!may_say(k))
        return;
    print_ident(&l, a->local.type, a->local.data);
    print_ident(&r, a->remote.type, a->remote.data);
    seat_log(k->seat, SHRIKE_WARNING,
             "connection %s: no secret for local identity %s and remote identity %s: add a secret "
             "with id = %s",
             a->conn ? a->conn : "?", a->local.type ? local : "%any",
             a->remote.type ? remote : "%any", a->remote.type ? remote : "(that of the peer)");
}

static void say_no_key(struct keys *k, const struct shrike_auth_op *a)
{
    char id[2 * sizeof(a->key.octets) + 1];
    struct text t = text_of(id, sizeof(id));
    if (!may_say(k))
        return;
    text_bytes(&t, bytes_of(a->key.octets, sizeof(a->key.octets)));
    seat_log(
        k->seat, SHRIKE_WARNING,
        "connection %s: no private key %s, which its certificate is for: put it into the folder "
        "private",
        a->conn ? a->conn : "?", id);
}

static void say_no_scheme(struct keys *k, const struct shrike_auth_op *a, const struct signer *s)
{
    if (!may_say(k))
        return;
    seat_log(k->seat, SHRIKE_WARNING, "connection %s: private key %s, of %u bits, %s",
             a->conn ? a->conn : "?", signers_name(&k->keeper.signers, &a->key), s->ability.bits,
             signature_too_short(&s->ability, a->schemes)
                 ? "is too short: it is to have 2048 bits, or to be named in auth"
                 : "can sign in no way that is allowed by auth and that the peer takes");
}

/* ---- keys on tokens ---- */

static void say_no_token(struct keys *k, const struct shrike_auth_op *a, const struct token *one)
{
    if (may_say(k))
        seat_log(k->seat, SHRIKE_WARNING, "connection %s: private key %s %s",
                 a->conn ? a->conn : "?", one->name,
                 tokens_why(one) ? tokens_why(one) : "has too many signatures to make");
}

/* false: the answer is there already, and says why it cannot be. */
static bool sign_by_token(struct keys *k, const struct shrike_op *op, const struct token *one,
                          enum role from, struct shrike_answer *a)
{
    struct tokens *t = &k->keeper.tokens;
    a->reason = tokens_sign(t, one, &op->auth, (struct token_caller){from, op->token});
    if (a->reason == SHRIKE_REASON_NONE)
        return true;
    if (a->reason == SHRIKE_REASON_AUTH_TOKEN || a->reason == SHRIKE_REASON_AUTH_PIN) {
        k->count.no_token++;
        say_no_token(k, &op->auth, one);
        if (!one->open)
            tokens_again(t);
    }
    return false;
}

/* It may be on a token that is just being opened. */
static bool hold(struct keys *k, enum role from, struct bytes body)
{
    u8 *copy = k->held_count < HELD_MAX && body.len ? malloc(body.len) : NULL;
    if (!copy)
        return false;
    memcpy(copy, body.at, body.len);
    k->held[k->held_count].from = from;
    k->held[k->held_count].body = copy;
    k->held[k->held_count++].len = body.len;
    return true;
}

/* PROVE by a key on a token: true when it will be answered later. */
static bool goes_to_token(struct keys *k, const struct shrike_op *op, enum role from,
                          struct bytes body, struct shrike_answer *a)
{
    struct tokens *t = &k->keeper.tokens;
    *a = (struct shrike_answer){.reason = SHRIKE_REASON_NONE};
    if (op->kind != SHRIKE_PROVE || op->auth.kind != SHRIKE_AUTH_PUBKEY ||
        signers_find(&k->keeper.signers, &op->auth.key))
        return false;
    const struct token *one = tokens_find(t, &op->auth.key);
    if ((!one || one->opening) && tokens_opening(t) && hold(k, from, body))
        return true;
    if (one)
        return sign_by_token(k, op, one, from, a);
    if (!tokens_unknown(t))
        return false;
    tokens_again(t);
    k->count.no_token++;
    a->reason = SHRIKE_REASON_AUTH_TOKEN;
    return false;
}

/* ---- proofs ---- */

/* PROVE by a private key. That of a peer, others check: we read nothing of strangers' keys. */
static struct shrike_answer sign(struct keys *k, const struct shrike_auth_op *op,
                                 u8 value[VALUE_MAX])
{
    const struct signer *s = signers_find(&k->keeper.signers, &op->key);
    if (!s) {
        k->count.no_key++;
        say_no_key(k, op);
        return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_KEY};
    }
    struct shrike_answer a = signer_answer(s, op, value);
    if (a.reason == SHRIKE_REASON_AUTH_SCHEME)
        say_no_scheme(k, op, s);
    return a;
}

static void say_no_ppk(struct keys *k, const struct shrike_mix_op *m)
{
    char name[IDENT_MAX];
    struct text t = text_of(name, sizeof(name));
    if (!may_say(k))
        return;
    text_safe(&t, m->id);
    seat_log(
        k->seat, SHRIKE_WARNING,
        "connection %s: no post-quantum preshared key of the name %s: add a secret ppk with id "
        "= %s",
        m->conn ? m->conn : "?", name, name);
}

static void got_mix(struct keys *k, const struct mail *m)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    u8 value[KEYMAT_MIXED * KEY_MAX], body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    if (!op_read(&r, &op, &box) || op.kind != SHRIKE_MIX) {
        k->count.refused++;
        return;
    }
    struct shrike_answer a = ppk_answer(k->provider, k->keeper.secrets, &op.mix, value);
    k->count.mixed += a.ok;
    k->count.no_ppk += a.reason == SHRIKE_REASON_PPK_UNKNOWN;
    if (a.reason == SHRIKE_REASON_PPK_UNKNOWN)
        say_no_ppk(k, &op.mix);
    answer_write(&w, op.token, &a);
    if (w.full || !seat_send(k->seat, ROLE_NET, MAIL_ANSWER, written_bytes(&w)))
        k->count.lost++;
    wipe(value, sizeof(value));
    wipe(body, sizeof(body));
}

static struct shrike_answer answer(struct keys *k, const struct shrike_op *op, u8 value[VALUE_MAX])
{
    struct bytes secret;
    struct shrike_answer a;
    if (op->kind == SHRIKE_PROVE && op->auth.kind == SHRIKE_AUTH_PUBKEY)
        return sign(k, &op->auth, value);
    enum shrike_reason_code fault = psk_fault(op);
    if (fault != SHRIKE_REASON_NONE)
        return (struct shrike_answer){.reason = fault};
    if (secrets_find(k->keeper.secrets, &op->auth.local, &op->auth.remote, &secret)) {
        a = psk_answer(k->provider, secret, op, value);
        if (a.reason == SHRIKE_REASON_AUTH_MAC) /* which one it was, is no secret */
            a.value = secrets_name(k->keeper.secrets, &op->auth.local, &op->auth.remote);
        return a;
    }
    k->count.no_secret++;
    say_no_secret(k, &op->auth);
    return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_SECRET};
}

/* eap reads what strangers send: it has done with keys and passwords what connections need. */
static void say_no_right(struct keys *k, const char *what)
{
    k->count.forbidden++;
    if (may_say(k))
        seat_log(k->seat, SHRIKE_WARNING, "eap has asked for %s that no connection needs there",
                 what);
}

static bool may_ask(struct keys *k, enum role from, const struct shrike_op *op,
                    struct shrike_answer *a)
{
    *a = (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_KEY};
    if (from != ROLE_EAP || (op->kind == SHRIKE_PROVE && op->auth.kind == SHRIKE_AUTH_PUBKEY &&
                             rights_for_key(&k->rights, &op->auth.key)))
        return true;
    say_no_right(k, "a signature by a key");
    return false;
}

static void got_op(struct keys *k, enum role from, const struct mail *m, enum shrike_op_kind kind)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    u8 value[VALUE_MAX], body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    if (!op_read(&r, &op, &box) || !read_ended(&r) || op.kind != kind) {
        k->count.refused++;
        return;
    }
    struct shrike_answer a;
    if (may_ask(k, from, &op, &a)) {
        if (goes_to_token(k, &op, from, m->body, &a))
            return;
        if (a.reason == SHRIKE_REASON_NONE)
            a = answer(k, &op, value);
    }
    if (a.ok)
        *(kind == SHRIKE_PROVE ? &k->count.proved : &k->count.checked) += 1;
    else if (a.reason == SHRIKE_REASON_AUTH_MAC)
        k->count.wrong++;
    else if (a.reason != SHRIKE_REASON_AUTH_NO_SECRET && a.reason != SHRIKE_REASON_AUTH_NO_KEY)
        k->count.failed++;
    answer_write(&w, op.token, &a);
    if (w.full || !seat_send(k->seat, from, MAIL_ANSWER, written_bytes(&w)))
        k->count.lost++;
    wipe(value, sizeof(value));
    wipe(body, sizeof(body));
}

static void say_no_password(struct keys *k, struct bytes user)
{
    char name[IDENT_MAX];
    struct text t = text_of(name, sizeof(name));
    if (!may_say(k))
        return;
    text_safe(&t, user);
    seat_log(k->seat, SHRIKE_WARNING, "no password for user %s: add a secret eap with id = %s",
             name, name);
}

/* Whose domain stands in front, may be known without it. */
static bool find_password(struct keys *k, const struct mail_password *ask, struct password *out)
{
    struct bytes names[2] = {ask->user, ask->user};
    for (size_t i = 0; i < ask->user.len; i++)
        if (ask->user.at[i] == '\\')
            names[1] = bytes_of(ask->user.at + i + 1, ask->user.len - i - 1);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        out->is_hash = false;
        if (secrets_user(k->keeper.secrets, SECRET_EAP, names[i], &out->octets))
            return true;
        out->is_hash = ask->what == PASSWORD_MSCHAPV2;
        if (out->is_hash && secrets_user(k->keeper.secrets, SECRET_NTLM, names[i], &out->octets))
            return true;
    }
    return false;
}

static struct mail_password_is answer_password(struct keys *k, const struct mail_password *ask,
                                               struct password_room *room)
{
    struct password password;
    struct mail_password_is a = {.reference = ask->reference,
                                 .reason = SHRIKE_REASON_AUTH_NO_SECRET};
    if (!rights_for_password(&k->rights, ask)) {
        say_no_right(k, ask->checks                   ? "a check of a password"
                        : ask->what == PASSWORD_PLAIN ? "a password"
                                                      : "a proof by a password");
        return a;
    }
    if (!find_password(k, ask, &password)) {
        k->count.no_secret++;
        say_no_password(k, ask->user);
        return a;
    }
    a = password_answer(&password, ask, room);
    if (a.reason == SHRIKE_REASON_NONE)
        *(ask->checks ? &k->count.checked : &k->count.proved) += 1;
    else
        *(a.reason == SHRIKE_REASON_EAP_FAILED ? &k->count.wrong : &k->count.failed) += 1;
    if (a.reason == SHRIKE_REASON_CRYPTO && !password_open() && may_say(k))
        seat_log(k->seat, SHRIKE_ERROR,
                 "EAP-MSCHAPv2 needs MD4, which OpenSSL's legacy provider has, and it is not "
                 "there: install openssl-provider-legacy");
    return a;
}

static void got_password(struct keys *k, const struct mail *m)
{
    u8 body[PASSWORD_MAX];
    struct password_room room;
    struct mail_password ask;
    struct reader r = reader_of(m->body);
    struct writer w = writer_of(body, sizeof(body));
    if (!password_read(&r, &ask)) {
        k->count.refused++;
        return;
    }
    struct mail_password_is a = answer_password(k, &ask, &room);
    password_is_write(&w, &a);
    if (w.full || !seat_send(k->seat, ROLE_EAP, MAIL_PASSWORD_IS, written_bytes(&w)))
        k->count.lost++;
    wipe(&room, sizeof(room));
    wipe(body, written(&w));
}

/* A configuration: of it, what eap may ask. */
static void got_snapshot(struct keys *k, const struct mail *m)
{
    struct snapshot_copy *s = m->fd >= 0 ? snapshot_load(m->fd) : NULL;
    if (!s || !rights_fill(&k->rights, &s->conf)) {
        k->count.refused++;
        seat_log(k->seat, SHRIKE_ERROR,
                 "a configuration cannot be read: eap may ask what it could before");
    }
    snapshot_free(s);
}

static void got_secrets(struct keys *k, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u8 source = read_u8(&r);
    if (!read_ended(&r) || source > SECRET_CONTROL || m->fd < 0) {
        k->count.refused++;
        return;
    }
    const char *said = keeper_all(&k->keeper, (enum secret_source)source, m->fd);
    if (said)
        seat_log(k->seat, SHRIKE_ERROR, "secrets %s", said);
    seat_log(k->seat, SHRIKE_INFO, "%u secrets from files, %u from the control socket",
             secrets_count(k->keeper.secrets, SECRET_FILES),
             secrets_count(k->keeper.secrets, SECRET_CONTROL));
    tell_ready(k);
}

/* control knows by this whose certificates are of no use; while a token is being opened, nobody
 * knows. */
static void tell_privates(struct keys *k)
{
    static struct mail_privates_are are;
    static u8 body[2 + sizeof(are.ids)];
    struct writer w = writer_of(body, sizeof(body));
    static_assert(SIGNERS_MAX <= MAIL_PRIVATES_MAX, "all of them can be told");
    if (tokens_opening(&k->keeper.tokens))
        return;
    u32 count = signers_list(&k->keeper.signers, are.ids, MAIL_PRIVATES_MAX);
    count += tokens_list(&k->keeper.tokens, are.ids + count, MAIL_PRIVATES_MAX - count);
    are.count = (u16)count;
    privates_are_write(&w, &are);
    (void)seat_send(k->seat, ROLE_CONTROL, MAIL_PRIVATES_ARE, written_bytes(&w));
}

static void got_privates(struct keys *k, const struct mail *m)
{
    static struct keeper_left_out out;
    struct reader r = reader_of(m->body);
    u8 source = read_u8(&r);
    if (!read_ended(&r) || source > SECRET_CONTROL || m->fd < 0) {
        k->count.refused++;
        return;
    }
    const char *said = keeper_privates(&k->keeper, (enum secret_source)source, m->fd, &out);
    if (said)
        seat_log(k->seat, SHRIKE_ERROR, "private keys %s", said);
    for (u32 i = 0; i < MIN(out.count, (u32)KEEPER_LEFT_OUT_MAX); i++)
        seat_log(k->seat, SHRIKE_ERROR, "private key %s %s", out.some[i].name, out.some[i].why);
    if (out.count > KEEPER_LEFT_OUT_MAX)
        seat_log(k->seat, SHRIKE_ERROR, "and %u more private keys",
                 out.count - KEEPER_LEFT_OUT_MAX);
    seat_log(k->seat, SHRIKE_INFO, "%u private keys from files, %u from the control socket",
             signers_count(&k->keeper.signers, SECRET_FILES),
             signers_count(&k->keeper.signers, SECRET_CONTROL));
    loop_alarm(k->seat->loop, &k->patience, loop_now(k->seat->loop) + PATIENCE);
    tell_privates(k);
}

/* Whoever brought it is told what became of it. */
static void tell_private(struct keys *k, u32 reference, const struct shrike_key_id *id,
                         const char *why)
{
    u8 body[TOLD_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct mail_private_is is = {.reference = reference, .id = *id};
    struct text t = text_of(is.why, sizeof(is.why));
    text_str(&t, why ? why : "");
    private_is_write(&w, &is);
    if (!seat_send(k->seat, ROLE_CONTROL, MAIL_PRIVATE_IS, written_bytes(&w)))
        k->count.lost++;
}

static void got_private(struct keys *k, const struct mail *m)
{
    struct mail_private one;
    struct shrike_key_id id = {{0}};
    const char *why;
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!private_mail_read(&r, &one) || !read_ended(&r)) {
        k->count.refused++;
        return;
    }
    bool on_token = !one.remove && one.handle.octets.len > 0;
    if (on_token)
        why = keeper_token(&k->keeper, SECRET_CONTROL, &one, reference);
    else
        why = keeper_private(&k->keeper, SECRET_CONTROL, &one, &id);
    if (!on_token || why)
        tell_private(k, reference, &id, why);
    tell_privates(k);
}

static void tell_object(struct keys *k, u32 reference, struct bytes octets, const char *why)
{
    static u8 body[MAIL_OBJECT_MAX + TOLD_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct mail_object_is is = {.reference = reference, .octets = octets};
    struct text t = text_of(is.why, sizeof(is.why));
    text_str(&t, why ? why : "");
    object_is_write(&w, &is);
    if (w.full || !seat_send(k->seat, ROLE_CONTROL, MAIL_OBJECT_IS, written_bytes(&w)))
        k->count.lost++;
}

/* A certificate of ours on a token: control reads what is in it. */
static void got_object(struct keys *k, const struct mail *m)
{
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    const struct mail_handle handle = handle_read(&r);
    if (!read_ended(&r) || !handle.octets.len) {
        k->count.refused++;
        return;
    }
    const char *why = tokens_look(&k->keeper.tokens, &handle, reference);
    if (why)
        tell_object(k, reference, bytes_of(NULL, 0), why);
}

static void got_secret(struct keys *k, const struct mail *m)
{
    struct mail_secret one;
    struct reader r = reader_of(m->body);
    if (!secret_read(&r, &one) || !read_ended(&r)) {
        k->count.refused++;
        return;
    }
    const char *said = keeper_one(&k->keeper, SECRET_CONTROL, &one);
    if (!said)
        return;
    char name[IDENT_MAX];
    struct text t = text_of(name, sizeof(name));
    text_safe(&t, one.name);
    seat_log(k->seat, SHRIKE_ERROR, "secret '%s' %s", name, said);
}

static void got_stats(struct keys *k, const struct mail *m)
{
    u8 body[STATS_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct reader r = reader_of(m->body);
    struct mail_stats stats = {.count = 0};
    u32 reference = read_u32(&r);
    if (!read_ended(&r)) {
        k->count.refused++;
        return;
    }
    stats_add(&stats, "secrets_files", secrets_count(k->keeper.secrets, SECRET_FILES));
    stats_add(&stats, "secrets_control", secrets_count(k->keeper.secrets, SECRET_CONTROL));
    stats_add(&stats, "private_files", signers_count(&k->keeper.signers, SECRET_FILES));
    stats_add(&stats, "private_control", signers_count(&k->keeper.signers, SECRET_CONTROL));
    stats_add(&stats, "proved", k->count.proved);
    stats_add(&stats, "checked", k->count.checked);
    stats_add(&stats, "mixed", k->count.mixed);
    stats_add(&stats, "no_ppk", k->count.no_ppk);
    stats_add(&stats, "no_secret", k->count.no_secret);
    stats_add(&stats, "no_key", k->count.no_key);
    stats_add(&stats, "tokens_files", tokens_count(&k->keeper.tokens, SECRET_FILES));
    stats_add(&stats, "tokens_control", tokens_count(&k->keeper.tokens, SECRET_CONTROL));
    stats_add(&stats, "no_token", k->count.no_token);
    stats_add(&stats, "wrong_proofs", k->count.wrong);
    stats_add(&stats, "failed", k->count.failed);
    stats_add(&stats, "forbidden", k->count.forbidden);
    stats_add(&stats, "mail_refused", k->count.refused);
    stats_add(&stats, "answers_lost", k->count.lost);
    stats_add(&stats, "lines_left_out", k->count.silent);
    write_u32(&w, reference);
    stats_write(&w, &stats);
    if (!w.full)
        seat_send(k->seat, ROLE_CONTROL, MAIL_STATS_ARE, written_bytes(&w));
}

static void got_vault(struct keys *k, struct mail *m)
{
    if (m->fd < 0) {
        k->count.refused++;
        return;
    }
    const char *said = keeper_restore(&k->keeper, mail_take_fd(m));
    if (said)
        seat_log(k->seat, SHRIKE_ERROR, "%s", said);
    k->vault_came = true; /* without one we work all the same */
    tell_ready(k);
}

static void keys_mail(void *self, enum role from, struct mail *m)
{
    struct keys *k = self;
    if ((from == ROLE_NET || from == ROLE_EAP) && m->kind == MAIL_PROVE)
        got_op(k, from, m, SHRIKE_PROVE);
    else if (from == ROLE_NET && m->kind == MAIL_CHECK)
        got_op(k, from, m, SHRIKE_CHECK);
    else if (from == ROLE_EAP && m->kind == MAIL_PASSWORD)
        got_password(k, m);
    else if (from == ROLE_NET && m->kind == MAIL_MIX)
        got_mix(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_SNAPSHOT)
        got_snapshot(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_SECRETS)
        got_secrets(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_SECRET)
        got_secret(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_PRIVATES)
        got_privates(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_PRIVATE)
        got_private(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_OBJECT)
        got_object(k, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_STATS)
        got_stats(k, m);
    else if (from == ROLE_PARENT && m->kind == MAIL_VAULT)
        got_vault(k, m);
    else if (from == ROLE_PARENT && (m->kind == MAIL_QUIT || m->kind == MAIL_YIELD))
        seat_send(k->seat, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
    else
        k->count.refused++;
}

static void keys_peer(void *self, enum role who, bool there)
{
    struct keys *k = self; /* the others ask anew when they come anew */
    if (who == ROLE_CONTROL && there && k->keeper.files_known)
        tell_privates(k);
}

/* ---- what the steward tells ---- */

static void token_opened(void *ctx, u32 reference, const char *name, const struct shrike_key_id *id,
                         const char *why)
{
    struct keys *k = ctx;
    if (reference)
        tell_private(k, reference, id, why);
    else if (why)
        seat_log(k->seat, SHRIKE_ERROR, "private key %s %s", name, why);
    else
        seat_log(k->seat, SHRIKE_INFO, "private key %s can be used, on its token", name);
}

static void tokens_settled(void *ctx)
{
    struct keys *k = ctx;
    u32 count = k->held_count;
    k->held_count = 0;
    for (u32 i = 0; i < count; i++) {
        u8 *body = k->held[i].body;
        const struct mail m = {
            .kind = MAIL_PROVE, .body = bytes_of(body, k->held[i].len), .fd = -1};
        got_op(k, k->held[i].from, &m, SHRIKE_PROVE);
        free(body);
    }
    tell_privates(k);
    tell_ready(k);
}

static void token_seen(void *ctx, u32 reference, struct bytes octets, const char *why)
{
    tell_object(ctx, reference, octets, why);
}

static void token_signed(void *ctx, struct token_caller caller, const struct shrike_answer *a)
{
    struct keys *k = ctx;
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    k->count.proved += a->ok;
    k->count.failed += !a->ok;
    answer_write(&w, caller.token, a);
    if (w.full || !seat_send(k->seat, caller.role, MAIL_ANSWER, written_bytes(&w)))
        k->count.lost++;
}

static void lose_patience(void *ctx)
{
    struct keys *k = ctx;
    k->impatient = true;
    tell_ready(k);
}

static int steward = -1; /* until keys_start() takes it */

static void start_tokens(struct keys *k)
{
    const struct tokens_use use = {k, token_opened, tokens_settled, token_seen, token_signed};
    k->patience = (struct alarm){.ring = lose_patience, .ctx = k};
    tokens_join(&k->keeper.tokens, k->seat->loop, steward, &use);
    steward = -1;
}

static void keys_stop(void *self)
{
    struct keys *k = self;
    loop_disarm(k->seat->loop, &k->patience);
    for (u32 i = 0; i < k->held_count; i++)
        free(k->held[i].body);
    keeper_close(&k->keeper);
    rights_free(&k->rights);
    provider_openssl_free(k->provider);
    free(k);
}

void keys_prepare(void)
{
    (void)password_open(); /* without, it is said when it is missed */
    if (steward < 0)
        steward = steward_start(); /* likewise */
}

static void *keys_start(struct seat *seat)
{
    struct keys *k = calloc(1, sizeof(*k));
    if (!k)
        return NULL;
    k->seat = seat;
    keys_prepare(); /* where nobody has */
    k->provider = provider_openssl_new();
    if (k->provider && keeper_init(&k->keeper)) {
        start_tokens(k);
        return k;
    }
    seat_log(seat, SHRIKE_ERROR, "keys cannot start: no memory, or no cryptographic library");
    if (k->provider)
        provider_openssl_free(k->provider);
    free(k);
    return NULL;
}

const struct role_type keys_role = {ROLE_KEYS, keys_start, keys_mail, keys_peer, keys_stop};
