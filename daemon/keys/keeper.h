/* Secrets and private keys, and the vault that holds them when the process ends. */
#ifndef KEYS_KEEPER_H
#define KEYS_KEEPER_H

#include "keys/secrets.h"
#include "keys/signers.h"
#include "keys/tokens.h"
#include "proc/vault.h"

#define SECRETS_FILE_MAX (128u * 1024 * 1024) /* octets of a memory file with all secrets */

struct keeper {
    struct secrets *secrets;
    struct signers signers;
    struct tokens tokens;
    struct vault vault;
    bool held;        /* there is a vault */
    bool files_known; /* the secrets of the files have come, in this life or an earlier one */
    u32 lost;         /* records of the vault that could not be taken over */
};

bool keeper_init(struct keeper *k) must_use; /* false: no memory */
void keeper_close(struct keeper *k);         /* wipes all of it */

/* All of these say what went wrong, as static text, or NULL. */

/* Take over the vault of the process before us; the descriptor is the keeper's from then on. To be
 * called before secrets come from elsewhere: what came earlier is not put into the vault. */
const char *keeper_restore(struct keeper *k, int fd);
/* Add, replace or remove one. */
const char *keeper_one(struct keeper *k, enum secret_source source, const struct mail_secret *m);
/* Replace all of a source by those of a sealed memory file (u32 length and the octets of
 * secret_write(), over and over). The descriptor stays the caller's. When something is wrong with
 * the file, nothing has changed. */
const char *keeper_all(struct keeper *k, enum secret_source source, int fd);

/* Add, replace or remove a private key; *id is what it goes by. In the vault it is without its
 * passphrase, so that the next process need not be told. */
const char *keeper_private(struct keeper *k, enum secret_source source,
                           const struct mail_private *m, struct shrike_key_id *id);

/* Likewise one on a token; what becomes of it is told later, see tokens_put(). */
const char *keeper_token(struct keeper *k, enum secret_source source, const struct mail_private *m,
                         u32 reference);

/* Replace all private keys of a source by those of a sealed memory file (u32 length and the octets
 * of private_mail_write(), over and over). When the file is not whole, nothing has changed. A key
 * that cannot be taken is left out, and named. */
#define KEEPER_LEFT_OUT_MAX 16
struct keeper_left_out {
    u32 count; /* the first of them are named */
    struct {
        char name[SIGNER_NAME_MAX + 1];
        const char *why;
    } some[KEEPER_LEFT_OUT_MAX];
};
const char *keeper_privates(struct keeper *k, enum secret_source source, int fd,
                            struct keeper_left_out *out);

#endif
