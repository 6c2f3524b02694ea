/* Certificates of this host: see x509.h. */
#include "config/x509.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_END   "-----END "

static const char no_certificate[] = "holds no certificate: PEM or DER is wanted";
static const char no_key[] = "holds no public key: PEM or DER is wanted";
static const char broken[] = "is broken";
static const char too_many[] = "holds too many";
static const char other_passphrase[] = "cannot be opened with its passphrase of section `secrets`";

/* ---- one of them ---- */

static struct shrike_bytes keep(struct pool *p, const uint8_t *at, size_t len)
{
    return (struct shrike_bytes){(uint8_t *)pool_text(p, (const char *)at, len), len};
}

static bool key_id(const uint8_t *spki, size_t len, struct shrike_key_id *out)
{
    static_assert(sizeof(out->octets) == SHA_DIGEST_LENGTH, "a name is a SHA-1");
    return EVP_Q_digest(NULL, "SHA1", NULL, spki, len, out->octets, NULL) == 1;
}

static bool id_of_string(struct pool *p, uint8_t type, const ASN1_STRING *s, struct shrike_id *out)
{
    int len = ASN1_STRING_length(s);
    if (len <= 0 || len > SHRIKE_ID_MAX)
        return false;
    *out = (struct shrike_id){type, keep(p, ASN1_STRING_get0_data(s), (size_t)len)};
    return true;
}

static bool id_of_name(struct pool *p, const X509_NAME *name, struct shrike_id *out)
{
    const uint8_t *der;
    size_t len;
    if (X509_NAME_entry_count(name) == 0 || X509_NAME_get0_der(name, &der, &len) != 1 ||
        len > SHRIKE_ID_MAX)
        return false;
    *out = (struct shrike_id){ID_DER_ASN1_DN, keep(p, der, len)};
    return true;
}

static bool id_of_general(struct pool *p, const GENERAL_NAME *name, struct shrike_id *out)
{
    int kind;
    const void *value = GENERAL_NAME_get0_value(name, &kind);
    if (kind == GEN_DNS)
        return id_of_string(p, ID_FQDN, value, out);
    if (kind == GEN_EMAIL)
        return id_of_string(p, ID_RFC822_ADDR, value, out);
    if (kind == GEN_DIRNAME)
        return id_of_name(p, value, out);
    if (kind != GEN_IPADD)
        return false;
    int len = ASN1_STRING_length(value);
    return (len == 4 || len == 16) &&
           id_of_string(p, len == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR, value, out);
}

static void take_names(struct pool *p, struct x509_item *out)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(out->x509, NID_subject_alt_name, NULL, NULL);
    int count = all ? sk_GENERAL_NAME_num(all) : 0;
    struct shrike_id *names;
    if (count > X509_NAMES_MAX)
        count = X509_NAMES_MAX;
    out->names = names = pool_take(p, ((size_t)count + 1) * sizeof(*names));
    out->name_count = id_of_name(p, X509_get_subject_name(out->x509), names);
    for (int i = 0; i < count; i++)
        out->name_count += id_of_general(p, sk_GENERAL_NAME_value(all, i), &names[out->name_count]);
    GENERAL_NAMES_free(all);
}

static bool time_of(const ASN1_TIME *at, time_t *out)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(at, &tm) != 1)
        return false;
    *out = timegm(&tm);
    return true;
}

/* The certificate is the item's, which is freed by the caller in any case. */
static bool fill_certificate(struct pool *p, struct x509_item *out)
{
    uint8_t *der = NULL, *spki = NULL;
    int len = i2d_X509(out->x509, &der);
    int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(out->x509), &spki);
    bool good = len > 0 && spki_len > 0 && key_id(spki, (size_t)spki_len, &out->key) &&
                X509_check_purpose(out->x509, -1, 0) == 1 &&
                time_of(X509_get0_notBefore(out->x509), &out->from) &&
                time_of(X509_get0_notAfter(out->x509), &out->until);
    if (good)
        out->der = keep(p, der, (size_t)len);
    OPENSSL_free(der);
    OPENSSL_free(spki);
    if (!good)
        return false;
    out->authority = X509_check_ca(out->x509) == 1; /* RFC 5280 4.2.1.9 */
    out->self_signed = X509_self_signed(out->x509, 1) == 1;
    take_names(p, out);
    return true;
}

static bool fill_key(struct pool *p, struct bytes der, struct x509_item *out)
{
    const uint8_t *at = der.at;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);
    bool good = key && at == der.at + der.len && key_id(der.at, der.len, &out->key);
    EVP_PKEY_free(key);
    if (good)
        out->der = keep(p, der.at, der.len);
    return good;
}

static const char *add(struct pool *p, struct x509_items *out, const struct x509_item *item,
                       struct bytes der)
{
    struct x509_item one = *item;
    if (out->count == X509_ITEMS_MAX ||
        !(one.x509 ? fill_certificate(p, &one) : fill_key(p, der, &one))) {
        X509_free(one.x509);
        return out->count == X509_ITEMS_MAX ? too_many : broken;
    }
    if ((out->count & (out->count - 1)) == 0) { /* full: it holds 1, 2, 4 ... */
        struct x509_item *more = pool_take(p, (2 * (size_t)out->count + 1) * sizeof(*more));
        if (out->count)
            memcpy(more, out->at, out->count * sizeof(*more));
        out->at = more;
    }
    out->at[out->count++] = one;
    return NULL;
}

static const char *add_der(struct pool *p, enum x509_kind kind, struct bytes der,
                           struct x509_items *out)
{
    const uint8_t *at = der.at;
    struct x509_item one = {.x509 = NULL};
    if (kind == X509_PUBLIC_KEYS)
        return add(p, out, &one, der);
    one.x509 = d2i_X509(NULL, &at, (long)der.len);
    if (one.x509 && at == der.at + der.len)
        return add(p, out, &one, der);
    X509_free(one.x509);
    return broken;
}

/* ---- PEM (RFC 7468) ---- */

/* The next block from *at on: where it begins, and what stands behind BEGIN. */
static bool next_block(struct bytes file, size_t *at, struct bytes *block, struct bytes *label)
{
    const uint8_t *from = memmem(file.at + *at, file.len - *at, PEM_BEGIN, strlen(PEM_BEGIN));
    if (!from)
        return false;
    size_t left = (size_t)(file.at + file.len - from);
    const uint8_t *name = from + strlen(PEM_BEGIN);
    const uint8_t *end = memmem(name, left - strlen(PEM_BEGIN), "-----", 5);
    const uint8_t *last =
        end ? memmem(end, (size_t)(file.at + file.len - end), PEM_END, strlen(PEM_END)) : NULL;
    const uint8_t *stop = last ? memchr(last, '\n', (size_t)(file.at + file.len - last)) : NULL;
    *label = bytes_of(name, end ? (size_t)(end - name) : 0);
    *block = bytes_of(from, stop ? (size_t)(stop + 1 - from) : left);
    *at = (size_t)(from - file.at) + block->len;
    return true;
}

static bool is_label(struct bytes label, const char *text)
{
    return bytes_equal(label, bytes_of(text, strlen(text)));
}

static bool is_wanted(enum x509_kind kind, struct bytes label)
{
    if (kind == X509_PUBLIC_KEYS)
        return is_label(label, PEM_STRING_PUBLIC);
    return is_label(label, PEM_STRING_X509) || is_label(label, PEM_STRING_X509_OLD);
}

static const char *add_block(struct pool *p, enum x509_kind kind, struct bytes block,
                             struct x509_items *out)
{
    char *label = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    BIO *bio = BIO_new_mem_buf(block.at, (int)block.len);
    const char *why = broken;
    if (bio && PEM_read_bio(bio, &label, &header, &der, &len) == 1)
        why = add_der(p, kind, bytes_of(der, (size_t)len), out);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return why;
}

static const char *read_pem(struct pool *p, enum x509_kind kind, struct bytes file,
                            struct x509_items *out)
{
    struct bytes block, label;
    const char *why = NULL;
    size_t at = 0;
    while (!why && next_block(file, &at, &block, &label))
        if (is_wanted(kind, label))
            why = add_block(p, kind, block, out);
    if (!why && out->count == 0)
        why = kind == X509_PUBLIC_KEYS ? no_key : no_certificate;
    return why;
}

void x509_hide_keys(uint8_t *file, size_t len)
{
    struct bytes block, label, all = bytes_of(file, len);
    size_t at = 0;
    while (next_block(all, &at, &block, &label))
        if (memmem(label.at, label.len, "PRIVATE KEY", 11))
            memset(file + (block.at - all.at), '\n', block.len);
}

/* ---- files ---- */

static const char *ended(const char *why, struct x509_items *out)
{
    ERR_clear_error();
    if (why)
        x509_free(out);
    return why;
}

const char *x509_read(struct pool *p, enum x509_kind kind, struct bytes file,
                      struct x509_items *out)
{
    const char *why = kind == X509_PUBLIC_KEYS ? no_key : no_certificate;
    *out = (struct x509_items){0};
    if (file.len == 0 || file.len > INT32_MAX)
        return "is empty";
    if (memmem(file.at, file.len, PEM_BEGIN, strlen(PEM_BEGIN)))
        return ended(read_pem(p, kind, file, out), out);
    return ended(add_der(p, kind, file, out) ? why : NULL, out);
}

static const char *add_bags(struct pool *p, const STACK_OF(PKCS12_SAFEBAG) * bags,
                            struct x509_items *out)
{
    const char *why = NULL;
    for (int i = 0; !why && i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
        struct x509_item one = {.x509 = NULL};
        if (PKCS12_SAFEBAG_get_nid(bag) != NID_certBag ||
            PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
            continue;
        one.x509 = PKCS12_SAFEBAG_get1_cert(bag);
        why = one.x509 ? add(p, out, &one, bytes_of(NULL, 0)) : broken;
    }
    return why;
}

/* Bags of keys that are encrypted once more stand here, and stay so. */
static const char *add_safe(struct pool *p, PKCS7 *safe, struct bytes passphrase,
                            struct x509_items *out)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    if (OBJ_obj2nid(safe->type) == NID_pkcs7_data)
        bags = PKCS12_unpack_p7data(safe);
    else if (OBJ_obj2nid(safe->type) == NID_pkcs7_encrypted)
        bags = PKCS12_unpack_p7encdata(safe, (const char *)passphrase.at, (int)passphrase.len);
    const char *why = bags ? add_bags(p, bags, out) : other_passphrase;
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return why;
}

const char *x509_read_store(struct pool *p, struct bytes file, struct bytes passphrase,
                            struct x509_items *out)
{
    const uint8_t *at = file.at;
    *out = (struct x509_items){0};
    PKCS12 *store =
        file.len && file.len <= INT32_MAX ? d2i_PKCS12(NULL, &at, (long)file.len) : NULL;
    if (!store)
        return ended("is no PKCS #12 container", out);
    const char *why = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    const char *word = passphrase.len ? (const char *)passphrase.at : "";
    if (PKCS12_mac_present(store) && !PKCS12_verify_mac(store, word, (int)passphrase.len))
        why = other_passphrase;
    else
        safes = PKCS12_unpack_authsafes(store);
    if (!why && !safes)
        why = broken;
    for (int i = 0; !why && i < sk_PKCS7_num(safes); i++)
        why = add_safe(p, sk_PKCS7_value(safes, i), bytes_of(word, passphrase.len), out);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(store);
    return ended(why, out);
}

void x509_free(struct x509_items *items)
{
    for (uint32_t i = 0; i < items->count; i++)
        X509_free(items->at[i].x509);
    *items = (struct x509_items){0};
}

/* ---- what they say ---- */

bool x509_is_for(const struct x509_item *item, const struct shrike_id *id)
{
    if (id->type == ID_KEY_ID)
        return bytes_equal(id->data, bytes_of(item->key.octets, sizeof(item->key.octets)));
    for (uint16_t i = 0; i < item->name_count; i++)
        if (item->names[i].type == id->type && !id_is_pattern(&item->names[i]) &&
            id_matches(&item->names[i], id))
            return true;
    return false;
}

bool x509_signed_by(const struct x509_item *item, const struct x509_item *issuer)
{
    if (!item->x509 || !issuer->x509 || !issuer->authority)
        return false;
    bool good = X509_check_issued(issuer->x509, item->x509) == X509_V_OK &&
                X509_verify(item->x509, X509_get0_pubkey(issuer->x509)) == 1;
    ERR_clear_error();
    return good;
}
