/* The shared secrets of this host, and which of them is for whom. */
#ifndef KEYS_SECRETS_H
#define KEYS_SECRETS_H

#include "ops/mail.h"

#define SECRETS_MAX     65536u             /* secrets of both sources */
#define SECRETS_IDS_MAX (4u * SECRETS_MAX) /* identities that they list */
#define SECRET_NAME_MAX 500                /* octets */
#define SECRET_LEN_MAX  4096               /* octets */

struct secrets;

struct secrets *secrets_new(void) must_use; /* NULL: no memory */
void secrets_free(struct secrets *s);       /* wipes them; NULL is fine */

/* Why it cannot be kept: no or too long a name, an empty or too long secret, a bad identity. NULL
 * when it can. The text is static and fits behind "secret 'name' ". */
const char *secret_fault(const struct mail_secret *m);

/* Add it, or replace the one of this name and source. The octets are copied. false: it has a
 * fault, a limit is reached, or there is no memory; then nothing has changed. */
bool secrets_put(struct secrets *s, enum secret_source source,
                 const struct mail_secret *m) must_use;
void secrets_remove(struct secrets *s, enum secret_source source, struct bytes name);
void secrets_clear(struct secrets *s, enum secret_source source); /* all of this source */

u32 secrets_count(const struct secrets *s, enum secret_source source);
/* The name that was put first among those of the source; valid until it is removed. false: none. */
bool secrets_first(const struct secrets *s, enum secret_source source, struct bytes *name) must_use;

/* The preshared key for a pair of identities, valid until something is put or removed. Each of the
 * two is either listed by a secret, or taken by one that lists an identity which stands for many
 * (wire/ident.h), the closer the better, or by one for everybody (that lists nothing, or the
 * identity of type 0), or neither. The remote one decides, then the local one:
 *
 *     remote     local
 *     listed     listed, taken, everybody, neither
 *     taken      listed, taken, everybody, neither
 *     everybody  listed, taken, everybody, neither
 *     neither    listed, taken
 *
 * Among equals those from the control socket come first, then the one that was put first. Two
 * identities are one when type and data are; FQDN and RFC822_ADDR without regard to case (ASCII).
 * A remote identity of type 0, which is not known yet, is listed by nobody. Secrets of other kinds
 * are not found here. false: there is none. */
bool secrets_find(const struct secrets *s, const struct shrike_id *local,
                  const struct shrike_id *remote, struct bytes *secret) must_use;
/* The name of that one, as long; {NULL, 0}: there is none. */
struct bytes secrets_name(const struct secrets *s, const struct shrike_id *local,
                          const struct shrike_id *remote);

/* The password (SECRET_EAP) or NT hash (SECRET_NTLM) of a user, by a name that has no type and
 * whose case does not count: listed, taken or everybody's, as above. */
bool secrets_user(const struct secrets *s, enum secret_kind kind, struct bytes user,
                  struct bytes *secret) must_use;

/* The post-quantum preshared key that lists a name of these octets, those from the control socket
 * first, then the one that was put first; as long. false: there is none. */
bool secrets_find_ppk(const struct secrets *s, struct bytes name, struct bytes *secret) must_use;

#endif
