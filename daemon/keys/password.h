/* Proofs by passwords, as methods of EAP want them. */
#ifndef KEYS_PASSWORD_H
#define KEYS_PASSWORD_H

#include "ops/password.h"
#include "shrike/action.h"
#include "shrike/event.h"

enum {
    NT_HASH_LEN = 16,
    MSCHAPV2_CHALLENGE = 16,
    MSCHAPV2_RESPONSE = 24,
    MSCHAPV2_SERVER = 20,
    MSCHAPV2_MSK = 64,
};

/* MD4, which MSCHAPv2 is made of, stands in a module of the cryptographic library that is looked
 * for in the file system: call this while that can be seen. Again: it does nothing. false: there is
 * none, and MSCHAPv2 fails with SHRIKE_REASON_CRYPTO. */
bool password_open(void);

/* Of one user: the password, or its NT hash. */
struct password {
    struct bytes octets;
    bool is_hash;
};

/* Room for what an answer points to. */
struct password_room {
    u8 proof[MSCHAPV2_RESPONSE], server[MSCHAPV2_SERVER], key[MSCHAPV2_MSK];
};
struct mail_password_is password_answer(const struct password *p, const struct mail_password *ask,
                                        struct password_room *room);

#endif
