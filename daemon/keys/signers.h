/* The private keys of this host, by their names. */
#ifndef KEYS_SIGNERS_H
#define KEYS_SIGNERS_H

#include "base/list.h"
#include "keys/signer.h"
#include "ops/mail.h"

#define SIGNERS_MAX     1024u /* keys of both sources: a handshake looks at each of them */
#define SIGNER_NAME_MAX 255   /* octets of what people call it: a path; the rest is cut off */

struct signers {
    struct list all;
    u32 counts[2]; /* by source */
};

void signers_init(struct signers *s);
void signers_close(struct signers *s); /* wipes them */

/* Add the key, which belongs to the signers in any case, or replace the same one of this source.
 * NULL, with what it goes by; or why not, as static text that fits behind "private key NAME ". */
const char *signers_put(struct signers *s, enum secret_source source, struct bytes name,
                        EVP_PKEY *key, struct shrike_key_id *id) must_use;
void signers_remove(struct signers *s, enum secret_source source, const struct shrike_key_id *id);

u32 signers_count(const struct signers *s, enum secret_source source);
/* One of the source; false: there is none. */
bool signers_first(const struct signers *s, enum secret_source source,
                   struct shrike_key_id *id) must_use;
/* The names of all, as many as there is room for; those of both sources may be there twice. */
u32 signers_list(const struct signers *s, struct shrike_key_id *ids, u32 room);
/* The key of this name, from either source, until something is put or removed. NULL: none. */
const struct signer *signers_find(const struct signers *s, const struct shrike_key_id *id) must_use;
/* What people call that one; NULL: there is none. */
const char *signers_name(const struct signers *s, const struct shrike_key_id *id) must_use;

#endif
