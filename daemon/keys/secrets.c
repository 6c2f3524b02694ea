/* The store of shared secrets: by name, and by each identity that one lists. */
#include "keys/secrets.h"
#include "base/ct.h"
#include "base/list.h"
#include "base/siphash.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include <stdlib.h>

#define BUCKETS      16384 /* a power of two */
#define SOURCE_COUNT (SECRET_CONTROL + 1)
#define CANON_MAX    (2 + SHRIKE_ID_MAX)

/* An identity and the secrets of a kind that list it. */
struct owner {
    struct list bucket;
    struct list pattern;                /* among those that stand for many; else by itself */
    struct list listings[SOURCE_COUNT]; /* of struct listing, first put first */
    size_t canon_len;
    u8 canon[]; /* kind, type and data, letters small where case does not count */
};

struct secret {
    struct list all;    /* of its source, first put first */
    struct list bucket; /* by name */
    enum secret_source source;
    u64 serial; /* which one was put first */
    size_t name_len, len;
    u8 *name, *octets; /* in one piece, the name first */
    u16 count;
    struct listing {
        struct list link;
        struct secret *secret;
        struct owner *owner;
    } listings[];
};

struct secrets {
    struct list all[SOURCE_COUNT];
    u32 counts[SOURCE_COUNT];
    u32 id_count;
    u64 serial;
    struct list patterns; /* owners that stand for many identities, but not for all */
    struct list names[BUCKETS], owners[BUCKETS];
};

struct secrets *secrets_new(void)
{
    struct secrets *s = calloc(1, sizeof(*s));
    for (size_t i = 0; s && i < SOURCE_COUNT; i++)
        list_init(&s->all[i]);
    if (s)
        list_init(&s->patterns);
    for (size_t i = 0; s && i < BUCKETS; i++) {
        list_init(&s->names[i]);
        list_init(&s->owners[i]);
    }
    return s;
}

static size_t bucket_of(struct bytes b)
{
    static const u8 key[16]; /* what stands in the table is ours */
    return siphash(key, b) & (BUCKETS - 1);
}

/* Names inside EAP, and those of PPKs, have no type: whatever text looked like in the configuration
 * is a name. Those of PPKs are octets and no more. */
static u8 type_of(enum secret_kind kind, const struct shrike_id *id)
{
    if (kind == SECRET_PPK && id->type)
        return ID_KEY_ID;
    bool name = id->type == ID_FQDN || id->type == ID_RFC822_ADDR || id->type == ID_KEY_ID;
    return name && (kind == SECRET_EAP || kind == SECRET_NTLM) ? ID_FQDN : id->type;
}

/* Identities that are one have one canon. RFC 4343 3: case does not count in domain names. */
static struct bytes canon_of(enum secret_kind kind, const struct shrike_id *id, u8 out[CANON_MAX])
{
    size_t len = MIN(id->data.len, (size_t)SHRIKE_ID_MAX);
    out[0] = (u8)kind;
    out[1] = type_of(kind, id);
    if (id->type == 0 || len == 0)
        return bytes_of(out, 2);
    memcpy(out + 2, id->data.at, len);
    if (out[1] == ID_FQDN || out[1] == ID_RFC822_ADDR)
        for (size_t i = 2; i < len + 2; i++)
            if (out[i] >= 'A' && out[i] <= 'Z')
                out[i] |= 0x20;
    return bytes_of(out, 2 + len);
}

static struct shrike_id id_of(const struct owner *o)
{
    return (struct shrike_id){o->canon[1], bytes_of(o->canon + 2, o->canon_len - 2)};
}

static struct owner *owner_find(const struct secrets *s, enum secret_kind kind,
                                const struct shrike_id *id)
{
    u8 buffer[CANON_MAX];
    struct bytes canon = canon_of(kind, id, buffer);
    const struct list *head = &s->owners[bucket_of(canon)];
    for (struct list *l = head->next; l != head; l = l->next) {
        struct owner *o = list_item(l, struct owner, bucket);
        if (bytes_equal(bytes_of(o->canon, o->canon_len), canon))
            return o;
    }
    return NULL;
}

static struct owner *owner_get(struct secrets *s, enum secret_kind kind, const struct shrike_id *id)
{
    u8 buffer[CANON_MAX];
    struct bytes canon = canon_of(kind, id, buffer);
    struct owner *o = owner_find(s, kind, id);
    if (o)
        return o;
    o = calloc(1, sizeof(*o) + canon.len);
    if (!o)
        return NULL;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        list_init(&o->listings[i]);
    o->canon_len = canon.len;
    memcpy(o->canon, canon.at, canon.len);
    list_append(&s->owners[bucket_of(canon)], &o->bucket);
    list_init(&o->pattern);
    if (id->type && id_is_pattern(id))
        list_append(&s->patterns, &o->pattern);
    return o;
}

/* Gone with its last secret. */
static void owner_let(struct owner *o)
{
    if (!list_empty(&o->listings[SECRET_FILES]) || !list_empty(&o->listings[SECRET_CONTROL]))
        return;
    list_remove(&o->bucket);
    list_remove(&o->pattern);
    free(o);
}

static struct secret *secret_named(const struct secrets *s, enum secret_source source,
                                   struct bytes name)
{
    const struct list *head = &s->names[bucket_of(name)];
    for (struct list *l = head->next; l != head; l = l->next) {
        struct secret *one = list_item(l, struct secret, bucket);
        if (one->source == source && bytes_equal(bytes_of(one->name, one->name_len), name))
            return one;
    }
    return NULL;
}

/* Out of all lists and memory; it may be only half in. */
static void secret_free(struct secret *one)
{
    for (u16 i = 0; i < one->count; i++) {
        struct listing *l = &one->listings[i];
        list_remove(&l->link);
        if (l->owner)
            owner_let(l->owner);
    }
    list_remove(&one->all);
    list_remove(&one->bucket);
    if (one->name)
        wipe(one->name, one->name_len + one->len);
    free(one->name);
    free(one);
}

static struct secret *secret_new(enum secret_source source, const struct mail_secret *m)
{
    u16 count = MAX(m->id_count, 1); /* one that lists nothing is listed under everybody */
    struct secret *one = calloc(1, sizeof(*one) + count * sizeof(one->listings[0]));
    if (!one)
        return NULL;
    one->source = source;
    one->count = count;
    one->name_len = m->name.len;
    one->len = m->secret.len;
    one->name = malloc(m->name.len + m->secret.len);
    if (!one->name) {
        free(one);
        return NULL;
    }
    one->octets = one->name + m->name.len;
    memcpy(one->name, m->name.at, m->name.len);
    memcpy(one->octets, m->secret.at, m->secret.len);
    return one;
}

const char *secret_fault(const struct mail_secret *m)
{
    if (m->name.len == 0 || m->name.len > SECRET_NAME_MAX)
        return "has no name, or one that is too long";
    if (m->kind >= SECRET_KINDS)
        return "is of no known kind";
    if (m->secret.len == 0)
        return "is empty";
    if (m->secret.len > SECRET_LEN_MAX)
        return "is too long";
    if (m->id_count > MAIL_SECRET_IDS)
        return "lists too many identities";
    for (u16 i = 0; i < m->id_count; i++)
        if (m->ids[i].data.len > SHRIKE_ID_MAX)
            return "lists an identity that is too long";
    return NULL;
}

/* Enter it under each of its identities. */
static bool enlist(struct secrets *s, struct secret *one, const struct mail_secret *m)
{
    static const struct shrike_id everybody;
    for (u16 i = 0; i < one->count; i++) {
        struct listing *l = &one->listings[i];
        struct owner *o =
            owner_get(s, (enum secret_kind)m->kind, m->id_count > 0 ? &m->ids[i] : &everybody);
        if (!o)
            return false;
        l->secret = one;
        l->owner = o;
        list_append(&o->listings[one->source], &l->link);
    }
    return true;
}

static void forget(struct secrets *s, struct secret *one)
{
    s->counts[one->source]--;
    s->id_count -= one->count;
    secret_free(one);
}

bool secrets_put(struct secrets *s, enum secret_source source, const struct mail_secret *m)
{
    if (secret_fault(m))
        return false;
    struct secret *old = secret_named(s, source, m->name);
    u32 others = s->counts[SECRET_FILES] + s->counts[SECRET_CONTROL] - (old ? 1 : 0);
    u32 other_ids = s->id_count - (old ? old->count : 0);
    if (others >= SECRETS_MAX || other_ids + MAX(m->id_count, 1) > SECRETS_IDS_MAX)
        return false;
    struct secret *one = secret_new(source, m);
    if (!one || !enlist(s, one, m)) {
        if (one)
            secret_free(one);
        return false;
    }
    if (old)
        forget(s, old);
    one->serial = s->serial++;
    list_append(&s->all[source], &one->all);
    list_append(&s->names[bucket_of(m->name)], &one->bucket);
    s->counts[source]++;
    s->id_count += one->count;
    return true;
}

void secrets_remove(struct secrets *s, enum secret_source source, struct bytes name)
{
    struct secret *one = secret_named(s, source, name);
    if (one)
        forget(s, one);
}

void secrets_clear(struct secrets *s, enum secret_source source)
{
    while (!list_empty(&s->all[source]))
        forget(s, list_item(s->all[source].next, struct secret, all));
}

void secrets_free(struct secrets *s)
{
    for (int source = 0; s && source < SOURCE_COUNT; source++)
        secrets_clear(s, (enum secret_source)source);
    free(s);
}

u32 secrets_count(const struct secrets *s, enum secret_source source)
{
    return s->counts[source];
}

bool secrets_first(const struct secrets *s, enum secret_source source, struct bytes *name)
{
    if (list_empty(&s->all[source]))
        return false;
    const struct secret *one = list_item(s->all[source].next, struct secret, all);
    *name = bytes_of(one->name, one->name_len);
    return true;
}

/* Identities that a secret is looked for, with those who list it exactly. */
struct search {
    enum secret_kind kind;
    const struct shrike_id *local;
    const struct owner *here; /* who lists the local one; NULL: nobody */
    const struct secret *best;
    unsigned best_fit;
};

enum { FIT_EXACT = UINT16_MAX }; /* above every id_score() */

/* How well a secret fits the local identity: by the closest one of those that it lists. */
static unsigned fit_of(const struct secret *one, const struct search *q)
{
    unsigned fit = 0;
    for (u16 i = 0; i < one->count; i++) {
        const struct owner *o = one->listings[i].owner;
        const struct shrike_id id = id_of(o);
        if (o == q->here)
            return FIT_EXACT;
        if (id.type == 0 || !list_empty(&o->pattern))
            fit = MAX(fit, id_score(&id, q->local));
    }
    return fit;
}

static bool is_before(const struct secret *a, const struct secret *b)
{
    return a->source != b->source ? a->source > b->source : a->serial < b->serial;
}

/* Those that are listed here. */
static void consider(struct search *q, const struct owner *o)
{
    for (int source = SOURCE_COUNT - 1; o && source >= 0; source--) {
        const struct list *head = &o->listings[source];
        for (struct list *l = head->next; l != head; l = l->next) {
            const struct secret *one = list_item(l, struct listing, link)->secret;
            unsigned fit = fit_of(one, q);
            if (!q->best || fit > q->best_fit || (fit == q->best_fit && is_before(one, q->best))) {
                q->best = one;
                q->best_fit = fit;
            }
        }
    }
}

/* Those of the closest ones among identities that stand for many, this one too. */
static void consider_patterns(const struct secrets *s, struct search *q,
                              const struct shrike_id *wanted)
{
    unsigned closest = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (struct list *l = s->patterns.next; l != &s->patterns; l = l->next) {
            const struct owner *o = list_item(l, struct owner, pattern);
            const struct shrike_id id = id_of(o);
            unsigned score = o->canon[0] == q->kind ? id_score(&id, wanted) : 0;
            if (pass == 1 && score && score == closest)
                consider(q, o);
            closest = MAX(closest, score);
        }
    }
}

/* The secret of this kind for two identities; NULL: there is none. */
static const struct secret *find(const struct secrets *s, enum secret_kind kind,
                                 const struct shrike_id *local, const struct shrike_id *remote)
{
    static const struct shrike_id any;
    struct search q = {.kind = kind, .local = local, .here = owner_find(s, kind, local)};
    consider(&q, owner_find(s, kind, remote));
    if (!q.best)
        consider_patterns(s, &q, remote);
    if (!q.best)
        consider(&q, owner_find(s, kind, &any));
    if (!q.best)
        consider(&q, q.here);
    if (!q.best)
        consider_patterns(s, &q, local);
    return q.best;
}

bool secrets_find(const struct secrets *s, const struct shrike_id *local,
                  const struct shrike_id *remote, struct bytes *secret)
{
    const struct secret *one = find(s, SECRET_IKE, local, remote);
    if (one)
        *secret = bytes_of(one->octets, one->len);
    return one != NULL;
}

bool secrets_find_ppk(const struct secrets *s, struct bytes name, struct bytes *secret)
{
    const struct shrike_id id = {ID_KEY_ID, name};
    const struct owner *o = owner_find(s, SECRET_PPK, &id);
    const struct secret *found = NULL;
    for (int source = SOURCE_COUNT - 1; o && !found && source >= 0; source--)
        if (!list_empty(&o->listings[source]))
            found = list_item(o->listings[source].next, struct listing, link)->secret;
    if (found)
        *secret = bytes_of(found->octets, found->len);
    return found != NULL;
}

struct bytes secrets_name(const struct secrets *s, const struct shrike_id *local,
                          const struct shrike_id *remote)
{
    const struct secret *one = find(s, SECRET_IKE, local, remote);
    return one ? bytes_of(one->name, one->name_len) : bytes_of(NULL, 0);
}

bool secrets_user(const struct secrets *s, enum secret_kind kind, struct bytes user,
                  struct bytes *secret)
{
    static const struct shrike_id any;
    const struct shrike_id id = {ID_FQDN, user};
    const struct secret *one = find(s, kind, &any, &id);
    if (one)
        *secret = bytes_of(one->octets, one->len);
    return one != NULL;
}
