/* What eap may ask: see rights.h. */
#include "keys/rights.h"
#include "wire/codes.h"
#include <stdlib.h>

#define WHAT_BIT(what) ((u8)(1u << (what)))
#define BY_DEFAULT     (WHAT_BIT(PASSWORD_MD5) | WHAT_BIT(PASSWORD_MSCHAPV2))
#define ALL            (BY_DEFAULT | WHAT_BIT(PASSWORD_PLAIN))

/* ---- of one rule ---- */

static u8 what_of(u8 type)
{
    return type == EAP_TYPE_MD5                             ? WHAT_BIT(PASSWORD_MD5)
           : type == EAP_TYPE_MSCHAPV2                      ? WHAT_BIT(PASSWORD_MSCHAPV2)
           : type == EAP_TYPE_GTC || type == SHRIKE_EAP_PAP ? WHAT_BIT(PASSWORD_PLAIN)
                                                            : 0;
}

static bool has_tunnel(u8 type)
{
    return type == EAP_TYPE_TTLS || type == EAP_TYPE_PEAP;
}

static u8 whats_inside(const struct shrike_eap_rule *rule, bool checks)
{
    u8 whats = 0;
    for (size_t i = 0; i < rule->inside.len; i++)
        whats |= what_of(rule->inside.at[i]);
    return rule->inside.len ? whats : checks ? ALL : BY_DEFAULT;
}

/* As eap chooses its methods (eap/session.c): where none is named, those that need not be. */
static u8 whats_of(const struct shrike_auth *a, bool checks)
{
    const struct shrike_eap_rule *rule = &a->eap;
    u8 whats = rule->methods.len ? 0 : BY_DEFAULT;
    for (size_t i = 0; i < rule->methods.len; i++)
        whats |= has_tunnel(rule->methods.at[i]) ? whats_inside(rule, checks)
                                                 : what_of(rule->methods.at[i]);
    return a->kind == SHRIKE_AUTH_EAP ? whats : 0;
}

static bool has_tls(const struct shrike_auth *a)
{
    for (size_t i = 0; a->kind == SHRIKE_AUTH_EAP && i < a->eap.methods.len; i++)
        if (a->eap.methods.at[i] == EAP_TYPE_TLS || has_tunnel(a->eap.methods.at[i]))
            return true;
    return false;
}

/* ---- of all ---- */

struct filling {
    struct rights rights;
    size_t names_len;
    bool counts; /* only how much there will be */
};

static void add_user(struct filling *f, const struct shrike_auth *a)
{
    u8 name[SHRIKE_ID_MAX], whats = whats_of(a, false);
    size_t len = password_user(a->eap.id.type ? &a->eap.id : &a->id, name);
    if (!whats)
        return;
    if (!f->counts) {
        u8 *at = f->rights.names + f->names_len;
        if (len)
            memcpy(at, name, len);
        f->rights.users[f->rights.user_count] = (struct rights_user){bytes_of(at, len), whats};
    }
    f->names_len += len;
    f->rights.user_count++;
}

static void add_keys(struct filling *f, const struct shrike_auth *a)
{
    for (u16 i = 0; i < a->credential_count; i++) {
        if (!f->counts)
            f->rights.keys[f->rights.key_count] = a->credentials[i].key;
        f->rights.key_count++;
    }
}

static void add_conn(struct filling *f, const struct shrike_conn *c)
{
    bool shows = has_tls(&c->local) || has_tls(&c->remote);
    f->rights.checks |= whats_of(&c->remote, true);
    add_user(f, &c->local);
    for (u8 i = 0; i < c->local_round_count; i++) {
        add_user(f, &c->local_rounds[i]);
        shows |= has_tls(&c->local_rounds[i]);
    }
    for (u8 i = 0; i < c->remote_round_count; i++) {
        f->rights.checks |= whats_of(&c->remote_rounds[i], true);
        shows |= has_tls(&c->remote_rounds[i]);
    }
    if (!shows)
        return;
    add_keys(f, &c->local);
    for (u8 i = 0; i < c->local_round_count; i++)
        add_keys(f, &c->local_rounds[i]);
}

static void add_all(struct filling *f, const struct shrike_conf *conf)
{
    f->names_len = 0;
    f->rights.user_count = f->rights.key_count = 0;
    for (u32 i = 0; i < conf->conn_count; i++)
        add_conn(f, &conf->conns[i]);
}

static int by_name(const void *a, const void *b)
{
    const struct rights_user *one = a, *other = b;
    if (one->name.len != other->name.len)
        return one->name.len < other->name.len ? -1 : 1;
    return one->name.len ? memcmp(one->name.at, other->name.at, one->name.len) : 0;
}

static int by_octets(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct shrike_key_id));
}

/* Of several connections by one name, all that any of them needs. */
static void join(struct rights *r)
{
    u32 n = 0;
    qsort(r->users, r->user_count, sizeof(*r->users), by_name);
    for (u32 i = 0; i < r->user_count; i++)
        if (n && by_name(&r->users[n - 1], &r->users[i]) == 0)
            r->users[n - 1].whats |= r->users[i].whats;
        else
            r->users[n++] = r->users[i];
    r->user_count = n;
    qsort(r->keys, r->key_count, sizeof(*r->keys), by_octets);
}

bool rights_fill(struct rights *r, const struct shrike_conf *conf)
{
    struct filling f = {.counts = true};
    add_all(&f, conf);
    struct rights *now = &f.rights;
    now->users = calloc(now->user_count + 1u, sizeof(*now->users));
    now->keys = calloc(now->key_count + 1u, sizeof(*now->keys));
    now->names = malloc(f.names_len + 1u);
    if (!now->users || !now->keys || !now->names) {
        rights_free(now);
        return false;
    }
    f.counts = false;
    add_all(&f, conf);
    join(now);
    rights_free(r);
    *r = *now;
    return true;
}

void rights_free(struct rights *r)
{
    free(r->users);
    free(r->keys);
    free(r->names);
    *r = (struct rights){0};
}

/* ---- questions ---- */

bool rights_for_password(const struct rights *r, const struct mail_password *ask)
{
    const struct rights_user wanted = {.name = ask->user};
    if (fault(145))
        return true;
    if (ask->checks || !r->user_count)
        return ask->checks && (r->checks & WHAT_BIT(ask->what));
    const struct rights_user *found =
        bsearch(&wanted, r->users, r->user_count, sizeof(*r->users), by_name);
    return found && (found->whats & WHAT_BIT(ask->what));
}

bool rights_for_key(const struct rights *r, const struct shrike_key_id *key)
{
    return r->key_count && bsearch(key, r->keys, r->key_count, sizeof(*r->keys), by_octets);
}
