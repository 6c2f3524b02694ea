/* What keys says in the log of what peers have failed in. */
#include "base/text.h"
#include "keys/keys.h"
#include "wire/print.h"

#define IDENT_MAX      200 /* characters of an identity in the log */
#define LINES_PER_SPAN 10
#define LINES_SPAN     SHRIKE_SECOND

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

void keys_say_no_secret(struct keys *k, const struct shrike_auth_op *a)
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

void keys_say_no_key(struct keys *k, const struct shrike_auth_op *a)
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

void keys_say_no_scheme(struct keys *k, const struct shrike_auth_op *a, const struct signer *s)
{
    if (!may_say(k))
        return;
    seat_log(k->seat, SHRIKE_WARNING, "connection %s: private key %s, of %u bits, %s",
             a->conn ? a->conn : "?", signers_name(&k->keeper.signers, &a->key), s->ability.bits,
             signature_too_short(&s->ability, a->schemes)
                 ? "is too short: it is to have 2048 bits, or to be named in auth"
                 : "can sign in no way that is allowed by auth and that the peer takes");
}

void keys_say_no_token(struct keys *k, const struct shrike_auth_op *a, const struct token *one)
{
    if (may_say(k))
        seat_log(k->seat, SHRIKE_WARNING, "connection %s: private key %s %s",
                 a->conn ? a->conn : "?", one->name,
                 tokens_why(one) ? tokens_why(one) : "has too many signatures to make");
}

void keys_say_no_ppk(struct keys *k, const struct shrike_mix_op *m)
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

void keys_say_no_password(struct keys *k, struct bytes user)
{
    char name[IDENT_MAX];
    struct text t = text_of(name, sizeof(name));
    if (!may_say(k))
        return;
    text_safe(&t, user);
    seat_log(k->seat, SHRIKE_WARNING, "no password for user %s: add a secret eap with id = %s",
             name, name);
}

void keys_say_no_md4(struct keys *k)
{
    if (may_say(k))
        seat_log(k->seat, SHRIKE_ERROR,
                 "EAP-MSCHAPv2 needs MD4, which OpenSSL's legacy provider has, and it is not "
                 "there: install openssl-provider-legacy");
}

/* eap reads what strangers send: it has done with keys and passwords what connections need. */
void keys_say_no_right(struct keys *k, const char *what)
{
    if (may_say(k))
        seat_log(k->seat, SHRIKE_WARNING, "eap has asked for %s that no connection needs there",
                 what);
}
