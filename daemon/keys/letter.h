/* Letters between keys and its steward (steward.h): of private keys on tokens. */
#ifndef KEYS_LETTER_H
#define KEYS_LETTER_H

#include "ops/mail.h"

#define LETTER_MAX (MAIL_OBJECT_MAX + 2048) /* octets of one */

enum letter_kind {
    LETTER_OPEN,   /* to the steward: find this key */
    LETTER_OPENED, /* what became of that */
    LETTER_CLOSE,  /* to the steward: it is not wanted any more; nobody answers */
    LETTER_SIGN,   /* to the steward: sign with a key that is open */
    LETTER_SIGNED,
    LETTER_LOOK, /* to the steward: the certificate with this handle */
    LETTER_SEEN,
    LETTER_DIED, /* what had the tokens has ended: nothing is open, and what was asked is lost */
    LETTER_KINDS,
};

/* What became of a key or a signature; the sentences are those of tokens.c. */
enum letter_verdict {
    VERDICT_GOOD,
    VERDICT_NO_LIBRARY,
    VERDICT_NO_MODULE,
    VERDICT_NO_TOKEN,
    VERDICT_NO_KEY,
    VERDICT_NO_PUBLIC,
    VERDICT_NO_CERT,
    VERDICT_PIN_MISSING,
    VERDICT_PIN_WRONG,
    VERDICT_PIN_LAST,
    VERDICT_PIN_LOCKED,
    VERDICT_FAILED,
    VERDICT_COUNT,
};

/* How a token signs. */
enum letter_way {
    WAY_RSA,   /* PKCS #1 v1.5, of a DigestInfo */
    WAY_PSS,   /* of a hash; mask and salt by the same hash, and as long */
    WAY_ECDSA, /* of a hash; r and s side by side */
    WAY_COUNT,
};

struct letter {
    enum letter_kind kind;
    u32 token;                   /* keys' number for the key; not of DIED, LOOK, SEEN */
    u32 reference;               /* SIGN, SIGNED, LOOK, SEEN */
    struct mail_handle handle;   /* OPEN, LOOK */
    struct bytes pin;            /* OPEN */
    enum letter_verdict verdict; /* OPENED, SIGNED, SEEN */
    u8 ways;                     /* OPENED: bits by enum letter_way */
    enum letter_way way;         /* SIGN */
    u8 hash;                     /* SIGN: IANA's number */
    struct bytes octets;         /* OPENED: the SubjectPublicKeyInfo, if it is known; SIGN: of what;
                                  * SIGNED: the signature; SEEN: the certificate */
};

void letter_write(struct writer *w, const struct letter *m);
/* Slices of r's octets. false: it is none. */
bool letter_read(struct reader *r, struct letter *m) must_use;

#endif
