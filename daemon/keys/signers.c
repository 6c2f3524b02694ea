/* The private keys of this host: see signers.h. */
#include "keys/signers.h"
#include "keys/private.h"
#include <openssl/evp.h>
#include <stdlib.h>

struct held {
    struct list link;
    enum secret_source source;
    struct shrike_key_id id;
    struct signer signer;
    char name[SIGNER_NAME_MAX + 1];
};

void signers_init(struct signers *s)
{
    *s = (struct signers){.counts = {0}};
    list_init(&s->all);
}

static void forget(struct signers *s, struct held *h)
{
    s->counts[h->source]--;
    list_remove(&h->link);
    EVP_PKEY_free(h->signer.key);
    free(h);
}

void signers_close(struct signers *s)
{
    while (!list_empty(&s->all))
        forget(s, list_item(s->all.next, struct held, link));
}

static bool is_id(const struct held *h, const struct shrike_key_id *id)
{
    return memcmp(h->id.octets, id->octets, sizeof(id->octets)) == 0;
}

static struct held *find_of(const struct signers *s, enum secret_source source,
                            const struct shrike_key_id *id)
{
    for (struct list *l = s->all.next; l != &s->all; l = l->next) {
        struct held *h = list_item(l, struct held, link);
        if (h->source == source && is_id(h, id))
            return h;
    }
    return NULL;
}

static const struct held *find(const struct signers *s, const struct shrike_key_id *id)
{
    const struct held *h = find_of(s, SECRET_CONTROL, id);
    return h ? h : find_of(s, SECRET_FILES, id);
}

/* Enter it into a new one; NULL, or why not. */
static const char *examine(struct held *h, EVP_PKEY *key)
{
    if (!h || !private_id(key, &h->id))
        return "cannot be kept: there is no memory";
    h->signer.key = key;
    return signature_ability(key, &h->signer.ability)
               ? NULL
               : "cannot sign: it is to be of RSA, of ECDSA by P-256, P-384, P-521 or a curve of "
                 "brainpool, Ed25519, Ed448 or ML-DSA";
}

const char *signers_put(struct signers *s, enum secret_source source, struct bytes name,
                        EVP_PKEY *key, struct shrike_key_id *id)
{
    struct held *h = calloc(1, sizeof(*h));
    const char *why = examine(h, key);
    struct held *old = why ? NULL : find_of(s, source, &h->id);
    if (!why && !old && s->counts[SECRET_FILES] + s->counts[SECRET_CONTROL] >= SIGNERS_MAX)
        why = "cannot be kept: there are too many";
    if (why) {
        EVP_PKEY_free(key);
        free(h);
        return why;
    }
    if (old)
        forget(s, old);
    *id = h->id;
    h->source = source;
    if (name.len > 0)
        memcpy(h->name, name.at, MIN(name.len, (size_t)SIGNER_NAME_MAX));
    list_append(&s->all, &h->link);
    s->counts[source]++;
    return NULL;
}

void signers_remove(struct signers *s, enum secret_source source, const struct shrike_key_id *id)
{
    struct held *h = find_of(s, source, id);
    if (h)
        forget(s, h);
}

u32 signers_count(const struct signers *s, enum secret_source source)
{
    return s->counts[source];
}

bool signers_first(const struct signers *s, enum secret_source source, struct shrike_key_id *id)
{
    for (struct list *l = s->all.next; l != &s->all; l = l->next) {
        const struct held *h = list_item(l, struct held, link);
        if (h->source == source) {
            *id = h->id;
            return true;
        }
    }
    return false;
}

u32 signers_list(const struct signers *s, struct shrike_key_id *ids, u32 room)
{
    u32 count = 0;
    for (struct list *l = s->all.next; l != &s->all && count < room; l = l->next)
        ids[count++] = list_item(l, struct held, link)->id;
    return count;
}

const struct signer *signers_find(const struct signers *s, const struct shrike_key_id *id)
{
    const struct held *h = find(s, id);
    return h ? &h->signer : NULL;
}

const char *signers_name(const struct signers *s, const struct shrike_key_id *id)
{
    const struct held *h = find(s, id);
    return h ? h->name : NULL;
}
