/* Keys of an IKE SA: see keys.h. */
#include "sa/keys.h"
#include "base/ct.h"

static size_t len_of(const struct ike_suite *suite, enum sa_key which)
{
    switch (which) {
    case SK_D:
        return suite->prf->key_len;
    case SK_AI:
    case SK_AR:
        return suite->integ ? suite->integ->key_len : 0;
    case SK_EI:
    case SK_ER:
        return (size_t)suite->encr->key_len + suite->encr->salt_len;
    case SK_COUNT:
        break;
    }
    return 0;
}

static u8 *place_of(struct ike_keys *keys, enum sa_key which)
{
    u8 *const places[SK_COUNT] = {keys->d, keys->a[0], keys->a[1], keys->e[0], keys->e[1]};
    return places[which];
}

struct bytes keys_get(const struct ike_sa *sa, enum sa_key which)
{
    size_t at = 0;
    for (int i = 0; i < (int)which; i++)
        at += len_of(&sa->suite, (enum sa_key)i);
    return bytes_of(sa->keys->data + at, len_of(&sa->suite, which));
}

bool keys_keep(struct shard *s, struct ike_sa *sa, const struct ike_keys *keys)
{
    struct ike_keys from = *keys;
    size_t len = 0, at = 0;
    for (int i = 0; i < SK_COUNT; i++)
        len += len_of(&sa->suite, (enum sa_key)i);
    struct packet *k = packet_new(&s->packets, len);
    for (int i = 0; k && i < SK_COUNT; i++) {
        size_t one = len_of(&sa->suite, (enum sa_key)i);
        memcpy(k->data + at, place_of(&from, (enum sa_key)i), one);
        at += one;
    }
    wipe(&from, sizeof(from));
    if (!k)
        return false;
    packet_drop(&s->packets, sa->keys);
    sa->keys = k;
    return true;
}

void keys_change_d(struct ike_sa *sa, struct bytes d)
{
    ensure(d.len == len_of(&sa->suite, SK_D));
    memcpy(sa->keys->data, d.at, d.len); /* the first of them */
}

void keys_spread(const struct ike_sa *sa, struct ike_keys *out)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; sa->keys && i < SK_COUNT; i++) {
        struct bytes one = keys_get(sa, (enum sa_key)i);
        memcpy(place_of(out, (enum sa_key)i), one.at, one.len);
    }
}
