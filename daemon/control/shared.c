/* Shared secrets of the control socket: see shared.h. */
#include "control/shared.h"
#include "base/ct.h"
#include "base/text.h"
#include "config/eap.h"
#include "config/value.h"
#include "control/control.h"
#include "ops/mail.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SECRET_LEN_MAX 4096 /* octets, as keys takes them */

struct shared_place {
    const char *name; /* NULL: behind the last */
    struct shrike_origin origin;
};

static enum vici_reply good(struct vici_writer *w)
{
    vici_put_text(w, "success", "yes");
    return VICI_REPLY_NOW;
}

static u32 place_of(const struct shared *s, struct bytes name)
{
    u32 i = 0;
    while (i < s->count && !bytes_equal(bytes_of(s->names[i], strlen(s->names[i])), name))
        i++;
    return i;
}

static bool keep_name(struct shared *s, struct bytes name)
{
    if (place_of(s, name) < s->count)
        return true;
    if (s->count == SHARED_MAX)
        return false;
    if (s->count == s->max) {
        u32 max = MAX(16u, 2 * s->max);
        char **more = reallocarray(s->names, max, sizeof *more);
        if (!more)
            return false;
        s->names = more;
        s->max = max;
    }
    char *copy = malloc(name.len + 1);
    if (!copy)
        return false;
    memcpy(copy, name.at, name.len);
    copy[name.len] = 0;
    s->names[s->count++] = copy;
    return true;
}

static void drop_name(struct shared *s, u32 at)
{
    free(s->names[at]);
    s->count--;
    memmove(&s->names[at], &s->names[at + 1], (s->count - at) * sizeof s->names[0]);
}

/* "shared:NAME" in the vault; its value is the kind. */
static struct bytes vault_key(char at[SHARED_NAME_MAX + 8], struct bytes name)
{
    memcpy(at, "shared:", 7);
    memcpy(at + 7, name.at, MIN(name.len, SHARED_NAME_MAX));
    return bytes_of(at, 7 + MIN(name.len, SHARED_NAME_MAX));
}

void shared_restore(struct control *c, struct bytes name, struct bytes kind)
{
    c->model.ppks |= kind.len == 1 && kind.at[0] == SECRET_PPK;
    if (name.len && name.len <= SHARED_NAME_MAX && !memchr(name.at, 0, name.len))
        (void)keep_name(&c->shared, name);
}

void shared_close(struct control *c)
{
    while (c->shared.count)
        drop_name(&c->shared, c->shared.count - 1);
    free(c->shared.names);
    pool_free(&c->shared.pool);
    c->shared = (struct shared){0};
}

/* ---- those in the files ---- */

void shared_note(struct control *c, const struct config *files)
{
    struct shared *s = &c->shared;
    pool_free(&s->pool);
    s->pool = (struct pool){0};
    s->places = pool_take(&s->pool, (files->secret_count + 1) * sizeof s->places[0]);
    for (u32 i = 0; i < files->secret_count; i++) {
        const struct config_secret *one = &files->secrets[i];
        const char *file = one->origin.file ? one->origin.file : "";
        s->places[i].name = pool_text(&s->pool, one->name, strlen(one->name));
        s->places[i].origin.file = pool_text(&s->pool, file, strlen(file));
        s->places[i].origin.line = one->origin.line;
    }
}

struct shrike_origin shared_origin(const struct control *c, struct bytes name)
{
    const struct shared *s = &c->shared;
    const struct shared_place *p = place_of(s, name) < s->count ? NULL : s->places;
    while (p && p->name && !bytes_equal(bytes_of(p->name, strlen(p->name)), name))
        p++;
    return p && p->name ? p->origin : (struct shrike_origin){0};
}

/* ---- to keys ---- */

static bool send_secret(struct control *c, const struct mail_secret *m)
{
    static u8 body[MAIL_BODY_MAX];
    struct writer w = writer_of(body, sizeof body);
    secret_write(&w, m);
    bool sent = !w.full && seat_send(c->seat, ROLE_KEYS, MAIL_SECRET, written_bytes(&w));
    wipe(body, written(&w));
    return sent;
}

/* The identities whose secret it is; NULL, or what is wrong. */
static const char *read_owners(struct pool *p, struct bytes message, struct mail_secret *m)
{
    struct vici_item list, item;
    if (!vici_find(message, "owners", &list) || list.type != VICI_LIST_START)
        return NULL;
    struct vici_reader r = vici_list_of(list.value);
    while (vici_read_next(&r, &item) == VICI_LIST_ITEM) {
        const char *text = pool_text(p, (const char *)item.value.at, item.value.len);
        if (m->id_count == MAIL_SECRET_IDS)
            return "a secret has at most 64 owners";
        if (m->kind == SECRET_EAP || m->kind == SECRET_NTLM)
            eap_name(p, text, &m->ids[m->id_count++]);
        else if (strlen(text) != item.value.len ||
                 value_id(p, text, &m->ids[m->id_count++]) != VALUE_GOOD)
            return "an owner is an address, a name, user@name, keyid:text or a distinguished name";
    }
    return NULL;
}

/* One without a name is named by its owners, so that loading it again replaces it. */
static struct bytes name_of(struct pool *p, struct bytes message)
{
    struct bytes name = vici_value(message, "id");
    struct vici_item list, item;
    if (name.len)
        return name;
    u64 hash = 0xcbf29ce484222325;
    if (vici_find(message, "owners", &list) && list.type == VICI_LIST_START) {
        struct vici_reader r = vici_list_of(list.value);
        while (vici_read_next(&r, &item) == VICI_LIST_ITEM)
            for (size_t i = 0; i <= item.value.len; i++)
                hash = (hash ^ (i < item.value.len ? item.value.at[i] : 0)) * 0x100000001b3;
    }
    char text[32];
    snprintf(text, sizeof text, "unnamed-%016llx", (unsigned long long)hash);
    return bytes_of(pool_text(p, text, strlen(text)), strlen(text));
}

/* -1: there is no such kind. */
static int kind_of(struct bytes type)
{
    static const struct {
        const char *name;
        enum secret_kind kind;
    } kinds[] = {{"ike", SECRET_IKE},
                 {"eap", SECRET_EAP},
                 {"xauth", SECRET_EAP},
                 {"ntlm", SECRET_NTLM},
                 {"ppk", SECRET_PPK}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (type.len == strlen(kinds[i].name) &&
            strncasecmp((const char *)type.at, kinds[i].name, type.len) == 0)
            return (int)kinds[i].kind;
    return -1;
}

static const char *fault_of(const struct mail_secret *m)
{
    if (m->name.len > SHARED_NAME_MAX || memchr(m->name.at, 0, m->name.len))
        return "the id has at most 250 characters, none of them zero";
    if (m->secret.len == 0 || m->secret.len > SECRET_LEN_MAX)
        return "data has from 1 to 4096 octets";
    return NULL;
}

/* The first one: peers are to know that there are such. */
static void note_ppk(struct control *c)
{
    if (c->model.ppks)
        return;
    c->model.ppks = true;
    model_touch(&c->model);
    publish_soon(c);
}

static const char *load(struct control *c, struct pool *p, struct bytes message)
{
    struct mail_secret m = {.name = name_of(p, message), .secret = vici_value(message, "data")};
    char key[SHARED_NAME_MAX + 8];
    const char *why = fault_of(&m);
    int kind = kind_of(vici_value(message, "type"));
    m.kind = (u8)MAX(kind, 0);
    if (!why)
        why = kind < 0 ? "the type of a secret is IKE, EAP, XAUTH, NTLM or PPK"
                       : read_owners(p, message, &m);
    if (why)
        return why;
    if (!keep_name(&c->shared, m.name))
        return "there are 10000 secrets already, or there is no memory: unload some";
    if (c->model.vault.fd >= 0)
        (void)vault_put(&c->model.vault, vault_key(key, m.name), bytes_of(&m.kind, 1));
    if (kind == SECRET_PPK)
        note_ppk(c);
    return send_secret(c, &m) ? NULL : "the process that holds secrets is not there; try again";
}

enum vici_reply shared_load(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct pool p = {0};
    const char *why = load(ctx, &p, r->message);
    pool_free(&p);
    return why ? vici_refuse(answer, why) : good(answer);
}

static bool unload(struct control *c, u32 at)
{
    const struct bytes name = bytes_of(c->shared.names[at], strlen(c->shared.names[at]));
    const struct mail_secret m = {.remove = true, .name = name};
    char key[SHARED_NAME_MAX + 8];
    if (!send_secret(c, &m))
        return false;
    vault_drop(&c->model.vault, vault_key(key, name));
    drop_name(&c->shared, at);
    return true;
}

enum vici_reply shared_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct control *c = ctx;
    u32 at = place_of(&c->shared, vici_value(r->message, "id"));
    if (at == c->shared.count)
        return vici_refuse(answer, "no secret of this id was loaded");
    return unload(c, at)
               ? good(answer)
               : vici_refuse(answer, "the process that holds secrets is not there; try again");
}

enum vici_reply shared_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    const struct control *c = ctx;
    (void)r;
    vici_list_begin(answer, "keys");
    for (u32 i = 0; i < c->shared.count; i++)
        vici_list_put(answer, bytes_of(c->shared.names[i], strlen(c->shared.names[i])));
    vici_list_end(answer);
    return VICI_REPLY_NOW;
}

enum vici_reply shared_clear(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct control *c = ctx;
    (void)r;
    while (c->shared.count)
        if (!unload(c, c->shared.count - 1))
            return vici_refuse(answer, "the process that holds secrets is not there; try again");
    return certs_clear(c)
               ? good(answer)
               : vici_refuse(answer, "the process that holds private keys is not there; try again");
}
