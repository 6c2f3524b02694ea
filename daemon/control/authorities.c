/* Authorities of the control socket: see authorities.h. */
#include "control/authorities.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/control.h"
#include "wire/print.h"
#include <stdlib.h>

#define VAULT_NAME "authority:"
#define NAME_LEN   10

static enum vici_reply good(struct vici_writer *w)
{
    vici_put_text(w, "success", "yes");
    return VICI_REPLY_NOW;
}

static struct bytes octets_of(const struct authority *a)
{
    return bytes_of(a->octets, a->len);
}

static u32 place_of(const struct authorities *s, struct bytes name)
{
    u32 i = 0;
    while (i < s->count && !bytes_equal(bytes_of(s->at[i].name, strlen(s->at[i].name)), name))
        i++;
    return i;
}

static struct bytes vault_key(char at[NAME_LEN + AUTHORITY_NAME_MAX], struct bytes name)
{
    memcpy(at, VAULT_NAME, NAME_LEN);
    memcpy(at + NAME_LEN, name.at, name.len);
    return bytes_of(at, NAME_LEN + name.len);
}

static void drop(struct authorities *s, u32 at)
{
    free(s->at[at].name);
    free(s->at[at].octets);
    s->at[at] = s->at[--s->count];
}

/* NULL: it is there. */
static const char *keep(struct control *c, struct bytes name, struct bytes octets)
{
    struct authorities *s = &c->authorities;
    struct authority one = {.len = octets.len};
    if (s->count == AUTHORITIES_LOADED_MAX)
        return "there are 256 authorities already: unload some";
    const char *why = wallet_put(&c->creds.wallet, WALLET_AUTHORITY, "load-authority", octets);
    if (why)
        return why;
    one.name = strndup((const char *)name.at, name.len);
    one.octets = malloc(octets.len);
    if (!one.name || !one.octets) {
        free(one.name);
        free(one.octets);
        return "there is no memory for it";
    }
    memcpy(one.octets, octets.at, octets.len);
    s->at[s->count++] = one;
    return NULL;
}

/* The wallet's goes, unless another authority has the same. */
static void forget(struct control *c, u32 at)
{
    char key[NAME_LEN + AUTHORITY_NAME_MAX];
    struct authorities *s = &c->authorities;
    struct authority *one = &s->at[at];
    bool shared = false;
    for (u32 i = 0; i < s->count; i++)
        shared |= i != at && bytes_equal(octets_of(&s->at[i]), octets_of(one));
    model_touch(&c->model); /* it points to what goes */
    if (!shared)
        wallet_drop(&c->creds.wallet, WALLET_AUTHORITY, octets_of(one));
    vault_drop(&c->model.vault, vault_key(key, bytes_of(one->name, strlen(one->name))));
    drop(s, at);
}

static const char *load(struct control *c, const struct vici_item *section)
{
    char key[NAME_LEN + AUTHORITY_NAME_MAX];
    struct bytes cert = vici_value(section->value, "cacert"), name = section->name;
    struct file file = {.at = NULL};
    char path[256];
    struct text t = text_of(path, sizeof path);
    const char *why = NULL;
    if (name.len == 0 || name.len > AUTHORITY_NAME_MAX || memchr(name.at, 0, name.len))
        return "the name of an authority has at most 200 characters";
    if (!cert.len) {
        text_safe(&t, vici_value(section->value, "file"));
        why = path[0] == '/' ? file_read(path, WALLET_OCTETS_MAX, &file)
                             : "cacert, or file with an absolute path, is wanted";
        cert = file_bytes(&file);
    }
    u32 before = place_of(&c->authorities, name);
    if (!why && before < c->authorities.count)
        forget(c, before);
    if (!why)
        why = keep(c, name, cert);
    if (!why && c->model.vault.fd >= 0)
        (void)vault_put(&c->model.vault, vault_key(key, name), cert);
    file_free(&file);
    model_touch(&c->model);
    publish_soon(c);
    return why;
}

enum vici_reply authorities_load(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer)
{
    struct vici_reader reader = vici_reader_of(r->message);
    struct vici_item section;
    bool any = false;
    while (vici_read_whole(&reader, &section) != VICI_END) {
        const char *why = section.type == VICI_SECTION_START ? load(ctx, &section) : NULL;
        any |= section.type == VICI_SECTION_START;
        if (why)
            return vici_refuse(answer, why);
    }
    return any ? good(answer) : vici_refuse(answer, "the message holds no authority");
}

enum vici_reply authorities_unload(void *ctx, const struct vici_request *r,
                                   struct vici_writer *answer)
{
    struct control *c = ctx;
    u32 at = place_of(&c->authorities, vici_value(r->message, "name"));
    if (at == c->authorities.count)
        return vici_refuse(answer, "no authority of this name was loaded");
    forget(c, at);
    publish_soon(c);
    return good(answer);
}

enum vici_reply authorities_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    const struct control *c = ctx;
    (void)r;
    vici_list_begin(answer, "authorities");
    for (u32 i = 0; i < c->authorities.count; i++)
        vici_list_put(answer,
                      bytes_of(c->authorities.at[i].name, strlen(c->authorities.at[i].name)));
    vici_list_end(answer);
    return VICI_REPLY_NOW;
}

static void put(struct vici_writer *w, const struct authority *a)
{
    char subject[SHRIKE_ID_MAX + 1];
    struct text t = text_of(subject, sizeof subject);
    struct pool p = {0};
    struct x509_items items;
    vici_begin(w, a->name);
    if (!x509_read(&p, X509_CERTIFICATES, octets_of(a), &items)) {
        if (items.at[0].name_count)
            print_ident(&t, items.at[0].names[0].type, items.at[0].names[0].data);
        vici_put_text(w, "cacert", subject);
        x509_free(&items);
    }
    pool_free(&p);
    vici_end(w);
}

/* There are few of them: what a client does not read of these, it does not get. */
enum vici_reply authorities_list(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer)
{
    struct control *c = ctx;
    struct bytes name = vici_value(r->message, "name"), message;
    (void)answer;
    for (u32 i = 0; i < c->authorities.count; i++) {
        u8 octets[4096];
        struct vici_writer w = vici_writer_of(octets, sizeof octets);
        if (name.len && place_of(&c->authorities, name) != i)
            continue;
        put(&w, &c->authorities.at[i]);
        if (vici_written(&w, &message))
            (void)vici_server_stream(&c->clients.server, r->ticket, SERVED_LIST_AUTHORITY, message);
    }
    return VICI_REPLY_NOW;
}

void authorities_restore(struct control *c, struct bytes key, struct bytes value)
{
    if (key.len > NAME_LEN && key.len <= NAME_LEN + AUTHORITY_NAME_MAX &&
        memcmp(key.at, VAULT_NAME, NAME_LEN) == 0)
        (void)keep(c, bytes_of(key.at + NAME_LEN, key.len - NAME_LEN), value);
}

void authorities_stay(struct control *c)
{
    for (u32 i = 0; i < c->authorities.count; i++)
        (void)wallet_put(&c->creds.wallet, WALLET_AUTHORITY, "load-authority",
                         octets_of(&c->authorities.at[i]));
}

void authorities_close(struct control *c)
{
    while (c->authorities.count)
        drop(&c->authorities, c->authorities.count - 1);
}
