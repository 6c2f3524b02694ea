/* Commands about certificates and private keys: see certs.h. */
#include "control/certs.h"
#include "base/ct.h"
#include "base/text.h"
#include "config/value.h"
#include "control/control.h"
#include "wire/print.h"
#include <openssl/x509.h>
#include <stdio.h>
#include <strings.h>

#define VAULT_NAME "key:"
#define NAME_LEN   4

static const char not_there[] = "the process that holds private keys is not there; try again";

static enum vici_reply good(struct vici_writer *w)
{
    vici_put_text(w, "success", "yes");
    return VICI_REPLY_NOW;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.at, word, text.len) == 0;
}

/* ---- certificates ---- */

enum vici_reply certs_load(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    struct bytes type = vici_value(r->message, "type"), flag = vici_value(r->message, "flag");
    struct bytes data = vici_value(r->message, "data");
    enum wallet_kind kind = WALLET_KINDS;
    if (is_word(type, "X509") && (!flag.len || is_word(flag, "NONE")))
        kind = WALLET_CERTIFICATE;
    else if (is_word(type, "X509") && is_word(flag, "CA"))
        kind = WALLET_AUTHORITY;
    else if (is_word(type, "X509_CRL"))
        kind = WALLET_CRL;
    else if (is_word(type, "PUBKEY"))
        kind = WALLET_KEY;
    if (kind == WALLET_KINDS)
        return vici_refuse(answer, "what is taken is type X509 with flag NONE or CA, X509_CRL and "
                                   "PUBKEY");
    const char *why = creds_load(ctx, kind, data);
    return why ? vici_refuse(answer, why) : good(answer);
}

enum vici_reply certs_flush(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r; /* what certs keeps of certificates is keyed by what they say */
    return good(answer);
}

/* ---- private keys ---- */

static u32 place_of(const struct certs_commands *k, const struct shrike_key_id *id)
{
    u32 i = 0;
    while (i < k->key_count && memcmp(k->keys[i].octets, id->octets, sizeof id->octets) != 0)
        i++;
    return i;
}

static struct bytes vault_key(u8 at[NAME_LEN + SHRIKE_KEY_ID], const struct shrike_key_id *id)
{
    memcpy(at, VAULT_NAME, NAME_LEN);
    memcpy(at + NAME_LEN, id->octets, SHRIKE_KEY_ID);
    return bytes_of(at, NAME_LEN + SHRIKE_KEY_ID);
}

static void note(struct control *c, const struct shrike_key_id *id)
{
    u8 key[NAME_LEN + SHRIKE_KEY_ID];
    struct certs_commands *k = &c->certs;
    if (place_of(k, id) < k->key_count || k->key_count == CERTS_KEYS_MAX)
        return;
    k->keys[k->key_count++] = *id;
    if (c->model.vault.fd >= 0)
        (void)vault_put(&c->model.vault, vault_key(key, id), bytes_of(NULL, 0));
}

static void forget(struct control *c, const struct shrike_key_id *id)
{
    u8 key[NAME_LEN + SHRIKE_KEY_ID];
    struct certs_commands *k = &c->certs;
    u32 at = place_of(k, id);
    if (at == k->key_count)
        return;
    vault_drop(&c->model.vault, vault_key(key, id));
    k->keys[at] = k->keys[--k->key_count];
}

void certs_restore(struct control *c, struct bytes key)
{
    struct shrike_key_id id;
    struct certs_commands *k = &c->certs;
    if (key.len != NAME_LEN + SHRIKE_KEY_ID || memcmp(key.at, VAULT_NAME, NAME_LEN) != 0 ||
        k->key_count == CERTS_KEYS_MAX)
        return;
    memcpy(id.octets, key.at + NAME_LEN, SHRIKE_KEY_ID);
    if (place_of(k, &id) == k->key_count)
        k->keys[k->key_count++] = id;
}

static bool send(struct control *c, u32 reference, const struct mail_private *m)
{
    static u8 body[MAIL_BODY_MAX];
    struct writer w = writer_of(body, sizeof body);
    write_u32(&w, reference);
    private_mail_write(&w, m);
    bool sent = !w.full && seat_send(c->seat, ROLE_KEYS, MAIL_PRIVATE, written_bytes(&w));
    wipe(body, written(&w));
    return sent;
}

static enum vici_reply ask(struct control *c, const struct vici_request *r,
                           const struct mail_private *m, struct vici_writer *answer)
{
    struct certs_ask *a = NULL;
    for (u32 i = 0; i < CERTS_ASKS_MAX && !a; i++)
        if (!c->certs.asks[i].ticket)
            a = &c->certs.asks[i];
    if (!a)
        return vici_refuse(answer, "too many private keys at a time; try again");
    *a = (struct certs_ask){r->ticket, control_reference(c, REFERENCE_KEYS), m->remove};
    if (send(c, a->reference, m))
        return VICI_REPLY_LATER;
    a->ticket = 0;
    return vici_refuse(answer, not_there);
}

enum vici_reply certs_load_key(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    const struct mail_private m = {.name = bytes_of("load-key", 8),
                                   .file = vici_value(r->message, "data")};
    if (m.file.len == 0 || m.file.len > CREDS_PRIVATE_MAX)
        return vici_refuse(answer, "data is to be a private key, of at most 48 KiB");
    return ask(ctx, r, &m, answer);
}

/* -1: it is none. */
static int hex_digit(u8 letter)
{
    static const char digits[] = "0123456789abcdef";
    u8 small = letter >= 'A' && letter <= 'F' ? (u8)(letter | 0x20) : letter;
    const char *digit = small ? strchr(digits, small) : NULL;
    return digit ? (int)(digit - digits) : -1;
}

/* 40 hex digits. */
static bool read_id(struct bytes text, struct shrike_key_id *id)
{
    if (text.len != 2 * sizeof id->octets)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.at[i]);
        if (digit < 0)
            return false;
        id->octets[i / 2] = (u8)(id->octets[i / 2] << 4 | digit);
    }
    return true;
}

/* ---- tokens ---- */

/* Octets out of hex digits, of which there may be a zero too few. */
static bool read_handle(struct bytes text, u8 out[MAIL_HANDLE_MAX], struct bytes *handle)
{
    size_t odd = text.len % 2;
    bool good = text.len > 0 && text.len <= 2 * MAIL_HANDLE_MAX;
    out[0] = 0; /* half of it may be missing */
    for (size_t i = 0; good && i < text.len; i++) {
        u8 *at = &out[(i + odd) / 2];
        int digit = hex_digit(text.at[i]);
        good = digit >= 0;
        *at = (u8)((i + odd) % 2 ? *at << 4 | digit : digit);
    }
    *handle = bytes_of(out, (text.len + odd) / 2);
    return good;
}

/* In decimal, or in hex behind 0x. */
static bool read_slot(struct bytes text, struct mail_handle *out)
{
    char word[12] = "";
    uint64_t number;
    out->has_slot = text.len > 0;
    if (text.len >= sizeof word || memchr(text.at, 0, text.len))
        return false;
    memcpy(word, text.at, text.len);
    if (!out->has_slot || !value_number(word, UINT32_MAX, &number))
        return !out->has_slot;
    out->slot = (u32)number;
    return true;
}

enum vici_reply certs_load_token(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer)
{
    u8 octets[MAIL_HANDLE_MAX];
    char name[64];
    struct bytes text = vici_value(r->message, "handle");
    struct mail_private m = {.passphrase = vici_value(r->message, "pin"),
                             .handle = {.module = vici_value(r->message, "module")}};
    if (!read_handle(text, octets, &m.handle.octets))
        return vici_refuse(answer, "handle is to be the number of a key on a token, in hex");
    if (!read_slot(vici_value(r->message, "slot"), &m.handle))
        return vici_refuse(answer, "slot is to be a number");
    if (m.handle.module.len > MAIL_HANDLE_MAX || m.passphrase.len > MAIL_HANDLE_MAX ||
        (m.handle.module.len && memchr(m.handle.module.at, 0, m.handle.module.len)))
        return vici_refuse(answer, "module and pin have at most 255 characters");
    int len = snprintf(name, sizeof name, "load-token %.*s", (int)MIN(text.len, (size_t)40),
                       (const char *)text.at);
    m.name = bytes_of(name, (size_t)len);
    return ask(ctx, r, &m, answer);
}

/* ---- what goes ---- */

enum vici_reply certs_unload_key(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer)
{
    struct control *c = ctx;
    struct mail_private m = {.remove = true};
    if (!read_id(vici_value(r->message, "id"), &m.id) ||
        place_of(&c->certs, &m.id) == c->certs.key_count)
        return vici_refuse(answer, "no private key of this id was loaded");
    return ask(c, r, &m, answer);
}

static struct bytes hex_of(char at[2 * SHRIKE_KEY_ID + 1], const struct shrike_key_id *id)
{
    struct text t = text_of(at, 2 * SHRIKE_KEY_ID + 1);
    text_bytes(&t, bytes_of(id->octets, sizeof id->octets));
    return bytes_of(at, strlen(at));
}

enum vici_reply certs_get_keys(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    const struct control *c = ctx;
    char hex[2 * SHRIKE_KEY_ID + 1];
    (void)r;
    vici_list_begin(answer, "keys");
    for (u32 i = 0; i < c->certs.key_count; i++)
        vici_list_put(answer, hex_of(hex, &c->certs.keys[i]));
    vici_list_end(answer);
    return VICI_REPLY_NOW;
}

static void answer(struct control *c, struct certs_ask *a, const char *why,
                   const struct shrike_key_id *id)
{
    u8 octets[512];
    char hex[2 * SHRIKE_KEY_ID + 1];
    struct bytes message;
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    vici_put_text(&w, "success", why ? "no" : "yes");
    if (why)
        vici_put_text(&w, "errmsg", why);
    else if (!a->removes)
        vici_put(&w, "id", hex_of(hex, id));
    if (vici_written(&w, &message))
        (void)vici_server_answer(&c->clients.server, a->ticket, message);
    a->ticket = 0;
}

bool certs_got_key(struct control *c, const struct mail_private_is *is)
{
    char why[MAIL_WHY_MAX + 32];
    struct text t = text_of(why, sizeof why);
    for (u32 i = 0; i < CERTS_ASKS_MAX; i++) {
        struct certs_ask *a = &c->certs.asks[i];
        if (!a->ticket || a->reference != is->reference)
            continue;
        if (!is->why[0] && a->removes)
            forget(c, &is->id);
        else if (!is->why[0])
            note(c, &is->id);
        text_str(&t, "the private key ");
        text_str(&t, is->why);
        answer(c, a, is->why[0] ? why : NULL, &is->id);
        break;
    }
    return true; /* else nobody waits for it any more */
}

static bool is_held(const struct certs_commands *k, const struct shrike_key_id *id)
{
    for (u16 i = 0; i < k->held.count; i++)
        if (memcmp(k->held.ids[i].octets, id->octets, sizeof id->octets) == 0)
            return true;
    return false;
}

bool certs_lacks_key(const struct control *c, const struct shrike_key_id *id)
{
    return c->certs.known && !is_held(&c->certs, id);
}

bool certs_got_keys(struct control *c, struct reader *r)
{
    struct certs_commands *k = &c->certs;
    k->known = privates_are_read(r, &k->held);
    if (!k->known)
        k->held.count = 0;
    creds_say_keyless(c);
    return k->known;
}

void certs_keys_gone(struct control *c)
{
    for (u32 i = 0; i < CERTS_ASKS_MAX; i++)
        if (c->certs.asks[i].ticket)
            answer(c, &c->certs.asks[i], not_there, NULL);
}

void certs_cancel(struct control *c, vici_ticket ticket)
{
    for (u32 i = 0; i < CERTS_ASKS_MAX; i++)
        if (c->certs.asks[i].ticket == ticket)
            c->certs.asks[i].ticket = 0;
}

bool certs_clear(struct control *c)
{
    creds_clear(c);
    authorities_stay(c);
    while (c->certs.key_count) {
        const struct mail_private m = {.remove = true, .id = c->certs.keys[0]};
        if (!send(c, 0, &m))
            return false;
        forget(c, &m.id);
    }
    return true;
}

/* ---- lists ---- */

static void take_word(char *out, size_t size, struct bytes text)
{
    struct text t = text_of(out, size);
    if (!is_word(text, "ANY"))
        text_safe(&t, text);
}

void certs_filter_read(struct certs_filter *f, struct bytes message)
{
    *f = (struct certs_filter){.type = ""};
    take_word(f->type, sizeof f->type, vici_value(message, "type"));
    take_word(f->flag, sizeof f->flag, vici_value(message, "flag"));
}

static bool is_meant(const char *wanted, const char *is)
{
    return !*wanted || strcasecmp(wanted, is) == 0;
}

static bool is_listed(const struct certs_filter *f, const struct x509_item *item)
{
    return is_meant(f->type, item->x509 ? "X509" : "PUBKEY") &&
           (!item->x509 || is_meant(f->flag, item->authority ? "CA" : "NONE"));
}

static void put_item(const struct control *c, const struct x509_item *item, struct vici_writer *w)
{
    vici_put_text(w, "type", item->x509 ? "X509" : "PUBKEY");
    if (item->x509)
        vici_put_text(w, "flag", item->authority ? "CA" : "NONE");
    if (is_held(&c->certs, &item->key))
        vici_put_text(w, "has_privkey", "yes");
    vici_put(w, "data", item->der);
}

bool certs_put_next(struct control *c, const struct certs_filter *f, u32 *file, u32 *item,
                    struct vici_writer *w)
{
    const struct wallet *all = &c->creds.wallet;
    for (; *file < all->count; ++*file, *item = 0)
        for (; *item < all->files[*file]->items.count; ++*item)
            if (is_listed(f, &all->files[*file]->items.at[*item])) {
                put_item(c, &all->files[*file]->items.at[*item], w);
                return true;
            }
    return false;
}
