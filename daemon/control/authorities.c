/* Authorities of the control socket: see authorities.h. */
#include "control/authorities.h"
#include "base/text.h"
#include "config/credentials.h"
#include "control/commands.h"
#include "control/control.h"
#include "wire/print.h"
#include <stdlib.h>

/* Records of the vault: the certificate, and behind it, where there are any, its places: of each a
 * letter, the URL and a newline. */
static const char vault_cert[] = "authority:", vault_places[] = "authority-places:";
#define KEY_ROOM       (sizeof(vault_places) + AUTHORITY_NAME_MAX)
#define VAULT_URLS_MAX (AUTHORITY_PLACES_MAX * (URL_MAX + 2))
#define URL_MAX        1000 /* octets; certs takes no more */

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

static struct bytes vault_key(char at[KEY_ROOM], const char *prefix, struct bytes name)
{
    size_t len = strlen(prefix);
    memcpy(at, prefix, len);
    memcpy(at + len, name.at, name.len);
    return bytes_of(at, len + name.len);
}

static void drop(struct authorities *s, u32 at)
{
    for (u8 i = 0; i < s->at[at].place_count; i++)
        free(s->at[at].places[i].url);
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

/* ---- what is to be had of what they have signed ---- */

static const struct {
    const char *key;
    char letter; /* in the vault */
} kinds[] = {[CONFIG_RESPONDER] = {"ocsp_uris", 'o'},
             [CONFIG_CRLS] = {"crl_uris", 'c'},
             [CONFIG_BASE] = {"cert_uri_base", 'b'}};

u32 authorities_wheres(const struct control *c,
                       struct config_where out[AUTHORITIES_LOADED_MAX * AUTHORITY_PLACES_MAX])
{
    u32 count = 0;
    for (u32 i = 0; i < c->authorities.count; i++) {
        const struct authority *a = &c->authorities.at[i];
        for (u8 k = 0; k < a->place_count; k++)
            out[count++] = (struct config_where){.authority.octets = {a->octets, a->len},
                                                 .place = a->places[k].kind,
                                                 .url = a->places[k].url};
    }
    return count;
}

/* NULL: done. */
static const char *add_place(struct authority *a, enum config_place kind, struct bytes url)
{
    static const char http[] = "http://";
    if (a->place_count == AUTHORITY_PLACES_MAX)
        return "there are at most 8 URLs of one authority";
    if (url.len < sizeof(http) || url.len > URL_MAX ||
        memcmp(url.at, http, sizeof(http) - 1) != 0 || memchr(url.at, 0, url.len) ||
        memchr(url.at, '\n', url.len))
        return "of crl_uris and ocsp_uris only http:// is built";
    char *copy = malloc(url.len + 1);
    if (!copy)
        return "there is no memory for it";
    memcpy(copy, url.at, url.len);
    copy[url.len] = '\0';
    if (kind == CONFIG_BASE && !credentials_is_base(copy)) {
        free(copy);
        return "of cert_uri_base http://host/path/ is wanted, of at most 900 characters";
    }
    a->places[a->place_count++] = (struct authority_place){kind, copy};
    return NULL;
}

static const char *add_places(struct authority *a, struct bytes section, enum config_place kind)
{
    struct vici_item all, one;
    const char *why = NULL;
    if (!vici_find(section, kinds[kind].key, &all))
        return NULL;
    if (all.type == VICI_KEY_VALUE)
        return all.value.len ? add_place(a, kind, all.value) : NULL;
    struct vici_reader r = vici_list_of(all.value);
    while (!why && vici_read_next(&r, &one) == VICI_LIST_ITEM)
        why = add_place(a, kind, one.value);
    return why;
}

static void keep_places(struct control *c, const struct authority *a)
{
    char key[KEY_ROOM], text[VAULT_URLS_MAX];
    struct text t = text_of(text, sizeof text);
    for (u8 i = 0; i < a->place_count; i++) {
        text_char(&t, kinds[a->places[i].kind].letter);
        text_str(&t, a->places[i].url);
        text_char(&t, '\n');
    }
    if (t.len && !t.cut && c->model.vault.fd >= 0)
        (void)vault_put(&c->model.vault,
                        vault_key(key, vault_places, bytes_of(a->name, strlen(a->name))),
                        bytes_of(text, t.len));
}

static void restore_places(struct authority *a, struct bytes text)
{
    struct bytes rest = text;
    for (const u8 *end; rest.len > 1 && (end = memchr(rest.at, '\n', rest.len)) != NULL;) {
        size_t len = (size_t)(end - rest.at);
        for (int k = CONFIG_RESPONDER; k <= CONFIG_BASE && len > 1; k++)
            if (rest.at[0] == (u8)kinds[k].letter)
                (void)!add_place(a, (enum config_place)k, bytes_of(rest.at + 1, len - 1));
        rest = bytes_of(end + 1, rest.len - len - 1);
    }
}

/* The wallet's goes, unless another authority has the same. */
static void forget(struct control *c, u32 at)
{
    char key[KEY_ROOM];
    struct authorities *s = &c->authorities;
    struct authority *one = &s->at[at];
    struct bytes name = bytes_of(one->name, strlen(one->name));
    bool shared = false;
    for (u32 i = 0; i < s->count; i++)
        shared |= i != at && bytes_equal(octets_of(&s->at[i]), octets_of(one));
    model_touch(&c->model); /* it points to what goes */
    if (!shared)
        wallet_drop(&c->creds.wallet, WALLET_AUTHORITY, octets_of(one));
    vault_drop(&c->model.vault, vault_key(key, vault_cert, name));
    vault_drop(&c->model.vault, vault_key(key, vault_places, name));
    drop(s, at);
}

/* Its certificate, or what is wrong. */
static const char *find_cert(struct bytes section, struct file *file, struct bytes *cert)
{
    char path[256];
    struct text t = text_of(path, sizeof path);
    *cert = vici_value(section, "cacert");
    if (cert->len)
        return NULL;
    text_safe(&t, vici_value(section, "file"));
    const char *why = path[0] == '/' ? file_read(path, WALLET_OCTETS_MAX, file)
                                     : "cacert, or file with an absolute path, is wanted";
    *cert = file_bytes(file);
    return why;
}

static const char *load(struct control *c, const struct vici_item *section)
{
    char key[KEY_ROOM];
    struct bytes cert, name = section->name;
    struct file file = {.at = NULL};
    if (name.len == 0 || name.len > AUTHORITY_NAME_MAX || memchr(name.at, 0, name.len))
        return "the name of an authority has at most 200 characters";
    const char *why = find_cert(section->value, &file, &cert);
    u32 before = place_of(&c->authorities, name);
    if (!why && before < c->authorities.count)
        forget(c, before);
    if (!why)
        why = keep(c, name, cert);
    if (!why) {
        struct authority *one = &c->authorities.at[c->authorities.count - 1];
        if (c->model.vault.fd >= 0)
            (void)vault_put(&c->model.vault, vault_key(key, vault_cert, name), cert);
        for (int k = CONFIG_RESPONDER; k <= CONFIG_BASE && !why; k++)
            why = add_places(one, section->value, (enum config_place)k);
        keep_places(c, one);
    }
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

static void put_places(struct vici_writer *w, const struct authority *a, enum config_place kind)
{
    vici_list_begin(w, kinds[kind].key);
    for (u8 i = 0; i < a->place_count; i++)
        if (a->places[i].kind == kind)
            vici_list_put(w, bytes_of(a->places[i].url, strlen(a->places[i].url)));
    vici_list_end(w);
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
    put_places(w, a, CONFIG_CRLS);
    put_places(w, a, CONFIG_RESPONDER);
    for (u8 i = 0; i < a->place_count; i++)
        if (a->places[i].kind == CONFIG_BASE) {
            vici_put_text(w, kinds[CONFIG_BASE].key, a->places[i].url);
            break;
        }
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
        u8 octets[4096 + VAULT_URLS_MAX];
        struct vici_writer w = vici_writer_of(octets, sizeof octets);
        if (name.len && place_of(&c->authorities, name) != i)
            continue;
        put(&w, &c->authorities.at[i]);
        if (vici_written(&w, &message))
            (void)vici_server_stream(&c->clients.server, r->ticket, SERVED_LIST_AUTHORITY, message);
    }
    return VICI_REPLY_NOW;
}

/* The name behind this prefix. */
static bool is_key(struct bytes key, const char *prefix, struct bytes *name)
{
    size_t len = strlen(prefix);
    *name = bytes_of(key.at + MIN(len, key.len), key.len - MIN(len, key.len));
    return key.len > len && key.len <= len + AUTHORITY_NAME_MAX && memcmp(key.at, prefix, len) == 0;
}

void authorities_restore(struct control *c, struct bytes key, struct bytes value)
{
    struct bytes name;
    if (is_key(key, vault_cert, &name))
        (void)!keep(c, name, value);
    if (!is_key(key, vault_places, &name))
        return;
    u32 at = place_of(&c->authorities, name);
    if (at < c->authorities.count)
        restore_places(&c->authorities.at[at], value);
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
