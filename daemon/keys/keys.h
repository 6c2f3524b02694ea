/* What the parts of this role share: the role itself, what it says in the log, and its proofs by
 * keys on tokens. */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

#include "keys/keeper.h"
#include "keys/rights.h"
#include "proc/seat.h"

#define KEYS_HELD_MAX 64 /* proofs that wait for a token to be opened */

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
    } held[KEYS_HELD_MAX];
    u32 held_count;
    shrike_time span; /* of the log: when it began, and what was said in it */
    u32 lines;
    struct {
        u64 proved, checked, mixed, no_ppk, no_secret, no_key, no_token, wrong, failed, refused,
            lost, silent, forbidden;
    } count;
};

/* ---- role.c ---- */

/* Once it is so, and no key is just being looked for on a token, unless that takes long. */
void keys_tell_ready(struct keys *k);
/* Which private keys there are. */
void keys_tell_privates(struct keys *k);
/* What became of the one that was brought with this reference; `why` is NULL: it is there. */
void keys_tell_private(struct keys *k, u32 reference, const struct shrike_key_id *id,
                       const char *why);
/* A PROVE or CHECK, of which there is the body. */
void keys_got_op(struct keys *k, enum role from, struct bytes body, enum shrike_op_kind kind);
void keys_answer(struct keys *k, enum role to, struct shrike_token token,
                 const struct shrike_answer *a);

/* ---- say.c: in the log, what peers have failed in; so many lines in a second ---- */

void keys_say_no_secret(struct keys *k, const struct shrike_auth_op *a);
void keys_say_no_key(struct keys *k, const struct shrike_auth_op *a);
void keys_say_no_scheme(struct keys *k, const struct shrike_auth_op *a, const struct signer *s);
void keys_say_no_token(struct keys *k, const struct shrike_auth_op *a, const struct token *one);
void keys_say_no_ppk(struct keys *k, const struct shrike_mix_op *m);
void keys_say_no_password(struct keys *k, struct bytes user);
void keys_say_no_md4(struct keys *k);
void keys_say_no_right(struct keys *k, const char *what);

/* ---- bearer.c ---- */

/* With the steward at this descriptor; -1: there is none. */
void bearer_start(struct keys *k, int steward);
void bearer_stop(struct keys *k);
/* PROVE by a key on a token: true when it will be answered later; if not, and there is a reason in
 * the answer, that is all. */
bool bearer_proves(struct keys *k, const struct shrike_op *op, enum role from, struct bytes body,
                   struct shrike_answer *a);
/* OBJECT: a certificate of ours on a token; control reads what is in it. */
void bearer_got_object(struct keys *k, const struct mail *m);

#endif
