/* What eap asks keys about passwords: proofs that are made or checked with one. The password leaves
 * keys only where a method sends it as it is. */
#ifndef OPS_PASSWORD_H
#define OPS_PASSWORD_H

#include "base/cursor.h"
#include "shrike/types.h"

enum password_what {
    PASSWORD_MD5,      /* RFC 3748 5.4: MD5 of identifier, password, challenge */
    PASSWORD_MSCHAPV2, /* RFC 2759 */
    PASSWORD_PLAIN,    /* itself (RFC 3748 5.6) */
    PASSWORD_WHATS
};

#define PASSWORD_PROOF_MAX 4096 /* octets of a proof: of a password itself */

/* What a user is called by whom an identity of IKE is, as text: of some, that is octets. Returns
 * how many octets it has. */
size_t password_user(const struct shrike_id *id, u8 out[SHRIKE_ID_MAX]);

struct mail_password {
    u32 reference;
    u8 what;               /* enum password_what */
    bool checks;           /* is this proof right? else: make it */
    u8 identifier;         /* MD5: of the request */
    struct bytes user;     /* whose password; what stands in front of a \ need not be there */
    struct bytes spelling; /* MSCHAPV2: the name as the peer writes it */
    struct bytes challenge;
    struct bytes own;   /* MSCHAPV2: the challenge of the peer */
    struct bytes proof; /* to be checked */
};
void password_write(struct writer *w, const struct mail_password *m);
bool password_read(struct reader *r, struct mail_password *m) must_use; /* slices of r's octets */

struct mail_password_is {
    u32 reference;
    u16 reason;               /* enum shrike_reason_code; NONE: done, or right */
    struct bytes proof;       /* that was made */
    struct bytes server, key; /* MSCHAPV2: what proves the server; the MSK */
};
void password_is_write(struct writer *w, const struct mail_password_is *m);
bool password_is_read(struct reader *r, struct mail_password_is *m) must_use; /* likewise */

#endif
