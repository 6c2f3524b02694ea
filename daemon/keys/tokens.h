/* Private keys that lie on tokens: keys' side of it. Nothing here waits: keys asks its steward
 * (steward.h) by letters, and goes on. */
#ifndef KEYS_TOKENS_H
#define KEYS_TOKENS_H

#include "keys/secrets.h"
#include "keys/signers.h"
#include "proc/seat.h"
#include "shrike/action.h"

#define TOKENS_MAX      16  /* keys on tokens, as PKCS11_KEYS_MAX */
#define TOKEN_ASKS_MAX  64  /* signatures that are waited for: a token makes some in a second */
#define TOKEN_LOOKS_MAX 16  /* certificates that are waited for */
#define TOKEN_PIN_MAX   255 /* octets */
#define TOKEN_WAIT      (10 * SHRIKE_SECOND) /* for an answer; the steward waits for 8 s itself */
#define TOKEN_AGAIN     (10 * SHRIKE_SECOND) /* until a token that failed is asked for again */

/* Who is to have a signature. */
struct token_caller {
    enum role role;
    struct shrike_token token;
};

struct tokens_use {
    void *ctx;
    /* What became of one that was put, or is tried again: `why` is NULL, or text that fits behind
     * "private key NAME ". `reference` is that of tokens_put(), once. */
    void (*opened)(void *ctx, u32 reference, const char *name, const struct shrike_key_id *id,
                   const char *why);
    /* No one is being opened any more, or which there are has changed. */
    void (*settled)(void *ctx);
    /* What became of tokens_look(): the octets, or why there are none, as text that fits behind
     * "certificate NAME ". */
    void (*seen)(void *ctx, u32 reference, struct bytes octets, const char *why);
    void (*signed_by)(void *ctx, struct token_caller caller, const struct shrike_answer *a);
};

struct token {
    bool wanted;               /* it is there */
    bool marked;               /* and goes at tokens_sweep() */
    bool opening, open, named; /* named: `signer` and `id` are known */
    bool lost;                 /* who was opening it has died once */
    u32 number, reference;
    shrike_time when; /* it was asked for */
    enum secret_source source;
    enum letter_verdict verdict;
    struct shrike_key_id id;
    struct signer signer; /* by its public key */
    char name[SIGNER_NAME_MAX + 1];
    u8 *record; /* as private_mail_write() writes it, with the PIN */
    size_t len;
};

struct tokens {
    struct loop *loop;
    struct tokens_use use;
    struct source source; /* fd -1: there is no steward */
    struct alarm limit;   /* of what is waited for */
    struct token all[TOKENS_MAX];
    struct token_ask {
        u32 reference; /* 0: free */
        shrike_time when;
        struct token_caller caller;
        struct signer_part part;
    } asks[TOKEN_ASKS_MAX];
    struct token_look {
        u32 reference; /* of ours; 0: free */
        u32 caller;    /* and of who wants it */
        shrike_time when;
    } looks[TOKEN_LOOKS_MAX];
    u32 last_number, last_reference;
    shrike_time tried; /* those that failed, last */
};

void tokens_init(struct tokens *t);
void tokens_close(struct tokens *t); /* wipes them; the steward ends */
/* The steward is reached by this descriptor, which is ours from then on, or not at all (-1). What
 * was put before is opened now. */
void tokens_join(struct tokens *t, struct loop *loop, int fd, const struct tokens_use *use);

/* Put one, unless the same is there. NULL: opened() is told what became of it; or why not, as
 * text that fits behind "private key NAME ". */
const char *tokens_put(struct tokens *t, enum secret_source source, const struct mail_private *m,
                       u32 reference);
/* Those of the source go at the sweep, but those that are put meanwhile. */
void tokens_mark(struct tokens *t, enum secret_source source);
void tokens_sweep(struct tokens *t);
/* Of the source, the one that goes by this. */
struct token *tokens_of(struct tokens *t, enum secret_source source,
                        const struct shrike_key_id *id) must_use;
void tokens_remove(struct tokens *t, struct token *one);

/* The key of this name on a token that is open, or not; NULL: none. */
struct token *tokens_find(struct tokens *t, const struct shrike_key_id *id) must_use;
bool tokens_opening(const struct tokens *t);
/* Some could not be opened, and nobody knows which keys they have. */
bool tokens_unknown(const struct tokens *t);
u32 tokens_list(const struct tokens *t, struct shrike_key_id *ids, u32 room);
u32 tokens_count(const struct tokens *t, enum secret_source source);
/* What became of it last, as above; NULL: it is open. */
const char *tokens_why(const struct token *one);
/* Those that failed are tried again, but not too often, and none whose PIN is wrong. */
void tokens_again(struct tokens *t);

/* A certificate. NULL: seen() will be told; else why not, as above. */
const char *tokens_look(struct tokens *t, const struct mail_handle *handle, u32 caller) must_use;

/* PROVE. NONE: signed_by() will be called; else why not. */
enum shrike_reason_code tokens_sign(struct tokens *t, const struct token *one,
                                    const struct shrike_auth_op *op, struct token_caller caller);

#endif
