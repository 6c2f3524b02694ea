/* The role that holds private keys and shared secrets: it proves and checks for net, and shows them
 * to nobody. */
#include "base/ct.h"
#include "base/text.h"
#include "keys/keys.h"
#include "keys/password.h"
#include "keys/ppk.h"
#include "keys/psk.h"
#include "keys/steward.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include <assert.h>
#include <stdlib.h>

#define VALUE_MAX    SIGNER_VALUE_MAX    /* octets of AUTH data */
#define ANSWER_MAX   (VALUE_MAX + 128)   /* octets of an answer as octets */
#define STATS_MAX    4096                /* octets of our numbers as octets */
#define IDENT_MAX    200                 /* characters of a name in the log */
#define TOLD_MAX     (MAIL_WHY_MAX + 64) /* octets of what became of a key */
#define PASSWORD_MAX 4400                /* octets of what is done with a password as octets */
#define PATIENCE     (2 * SHRIKE_SECOND) /* until we are ready though a token is not */

/* Ready once an earlier life's vault or the files have told which secrets there are, and tokens are
 * open, if they do not take long: net would refuse its peers without need. */
void keys_tell_ready(struct keys *k)
{
    if (k->ready || !k->vault_came || !k->keeper.files_known)
        return;
    if (tokens_opening(&k->keeper.tokens) && !k->impatient)
        return;
    k->ready = seat_send(k->seat, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
}

void keys_answer(struct keys *k, enum role to, struct shrike_token token,
                 const struct shrike_answer *a)
{
    u8 body[ANSWER_MAX];
    struct writer w = writer_of(body, sizeof(body));
    answer_write(&w, token, a);
    if (w.full || !seat_send(k->seat, to, MAIL_ANSWER, written_bytes(&w)))
        k->count.lost++;
    wipe(body, sizeof(body));
}

/* ---- proofs ---- */

/* PROVE by a private key. That of a peer, others check: we read nothing of strangers' keys. */
static struct shrike_answer sign(struct keys *k, const struct shrike_auth_op *op,
                                 u8 value[VALUE_MAX])
{
    const struct signer *s = signers_find(&k->keeper.signers, &op->key);
    if (!s) {
        k->count.no_key++;
        keys_say_no_key(k, op);
        return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_KEY};
    }
    struct shrike_answer a = signer_answer(s, op, value);
    if (a.reason == SHRIKE_REASON_AUTH_SCHEME)
        keys_say_no_scheme(k, op, s);
    return a;
}

static void got_mix(struct keys *k, const struct mail *m)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(m->body);
    u8 value[KEYMAT_MIXED * KEY_MAX];
    if (!op_read(&r, &op, &box) || op.kind != SHRIKE_MIX) {
        k->count.refused++;
        return;
    }
    struct shrike_answer a = ppk_answer(k->provider, k->keeper.secrets, &op.mix, value);
    k->count.mixed += a.ok;
    k->count.no_ppk += a.reason == SHRIKE_REASON_PPK_UNKNOWN;
    if (a.reason == SHRIKE_REASON_PPK_UNKNOWN)
        keys_say_no_ppk(k, &op.mix);
    keys_answer(k, ROLE_NET, op.token, &a);
    wipe(value, sizeof(value));
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
    keys_say_no_secret(k, &op->auth);
    return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_SECRET};
}

static bool may_ask(struct keys *k, enum role from, const struct shrike_op *op,
                    struct shrike_answer *a)
{
    *a = (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_NO_KEY};
    if (from != ROLE_EAP || (op->kind == SHRIKE_PROVE && op->auth.kind == SHRIKE_AUTH_PUBKEY &&
                             rights_for_key(&k->rights, &op->auth.key)))
        return true;
    k->count.forbidden++;
    keys_say_no_right(k, "a signature by a key");
    return false;
}

void keys_got_op(struct keys *k, enum role from, struct bytes body, enum shrike_op_kind kind)
{
    struct shrike_op op;
    struct seam_box box;
    struct reader r = reader_of(body);
    u8 value[VALUE_MAX];
    if (!op_read(&r, &op, &box) || !read_ended(&r) || op.kind != kind) {
        k->count.refused++;
        return;
    }
    struct shrike_answer a;
    if (may_ask(k, from, &op, &a)) {
        if (bearer_proves(k, &op, from, body, &a))
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
    keys_answer(k, from, op.token, &a);
    wipe(value, sizeof(value));
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
        k->count.forbidden++;
        keys_say_no_right(k, ask->checks                   ? "a check of a password"
                             : ask->what == PASSWORD_PLAIN ? "a password"
                                                           : "a proof by a password");
        return a;
    }
    if (!find_password(k, ask, &password)) {
        k->count.no_secret++;
        keys_say_no_password(k, ask->user);
        return a;
    }
    a = password_answer(&password, ask, room);
    if (a.reason == SHRIKE_REASON_NONE)
        *(ask->checks ? &k->count.checked : &k->count.proved) += 1;
    else
        *(a.reason == SHRIKE_REASON_EAP_FAILED ? &k->count.wrong : &k->count.failed) += 1;
    if (a.reason == SHRIKE_REASON_CRYPTO && !password_open())
        keys_say_no_md4(k);
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
    keys_tell_ready(k);
}

/* control knows by this whose certificates are of no use; while a token is being opened, nobody
 * knows. */
void keys_tell_privates(struct keys *k)
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
    keys_tell_privates(k);
}

/* Whoever brought it is told what became of it. */
void keys_tell_private(struct keys *k, u32 reference, const struct shrike_key_id *id,
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
        keys_tell_private(k, reference, &id, why);
    keys_tell_privates(k);
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
    keys_tell_ready(k);
}

static void keys_mail(void *self, enum role from, struct mail *m)
{
    struct keys *k = self;
    if ((from == ROLE_NET || from == ROLE_EAP) && m->kind == MAIL_PROVE)
        keys_got_op(k, from, m->body, SHRIKE_PROVE);
    else if (from == ROLE_NET && m->kind == MAIL_CHECK)
        keys_got_op(k, from, m->body, SHRIKE_CHECK);
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
        bearer_got_object(k, m);
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
        keys_tell_privates(k);
}

static int steward = -1; /* until keys_start() takes it */

static void lose_patience(void *ctx)
{
    struct keys *k = ctx;
    k->impatient = true;
    keys_tell_ready(k);
}

static void keys_stop(void *self)
{
    struct keys *k = self;
    loop_disarm(k->seat->loop, &k->patience);
    bearer_stop(k);
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
        k->patience = (struct alarm){.ring = lose_patience, .ctx = k};
        bearer_start(k, steward);
        steward = -1;
        return k;
    }
    seat_log(seat, SHRIKE_ERROR, "keys cannot start: no memory, or no cryptographic library");
    if (k->provider)
        provider_openssl_free(k->provider);
    free(k);
    return NULL;
}

const struct role_type keys_role = {ROLE_KEYS, keys_start, keys_mail, keys_peer, keys_stop};
