/* What eap may ask: as much as the connections of the configuration need, and no more. */
#ifndef KEYS_RIGHTS_H
#define KEYS_RIGHTS_H

#include "ops/password.h"
#include "shrike/conf.h"

struct rights {
    struct rights_user {
        struct bytes name;      /* in names */
        u8 whats;               /* bits of enum password_what */
    } * users;                  /* sorted by name */
    struct shrike_key_id *keys; /* sorted */
    u8 *names;
    u32 user_count, key_count;
    u8 checks; /* bits of enum password_what */
};

/* As this configuration has it; nothing of it is kept. false: no memory, and all is as before. */
bool rights_fill(struct rights *r, const struct shrike_conf *conf) must_use;
void rights_free(struct rights *r);

/* May it check proofs of others, or have made a proof of ours? By this password, or this key. */
bool rights_for_password(const struct rights *r, const struct mail_password *ask);
bool rights_for_key(const struct rights *r, const struct shrike_key_id *key);

#endif
