/* Identities against certificates: see identity.h. */
#include "certs/identity.h"
#include "base/text.h"
#include "wire/codes.h"
#include "wire/ident.h"
#include "wire/print.h"
#include <openssl/x509v3.h>

/* Names that stand for one only, so that what is claimed can be no pattern either. */
static bool is_same(u8 type, struct bytes name, const struct shrike_id *claimed)
{
    struct shrike_id other = {type, name};
    return type == claimed->type && name.len > 0 && name.len <= SHRIKE_ID_MAX &&
           !id_is_pattern(&other) && id_matches(&other, claimed);
}

static struct bytes string_bytes(const ASN1_STRING *s)
{
    int len = ASN1_STRING_length(s);
    return bytes_of(ASN1_STRING_get0_data(s), len > 0 ? (size_t)len : 0);
}

static struct bytes name_bytes(const X509_NAME *name)
{
    const u8 *der = NULL;
    size_t len = 0;
    if (X509_NAME_get0_der(name, &der, &len) != 1)
        len = 0;
    return bytes_of(der, len);
}

static bool is_name(const GENERAL_NAME *name, const struct shrike_id *claimed)
{
    int kind;
    const void *value = GENERAL_NAME_get0_value(name, &kind);
    switch (kind) {
    case GEN_DNS:
        return is_same(ID_FQDN, string_bytes(value), claimed);
    case GEN_EMAIL:
        return is_same(ID_RFC822_ADDR, string_bytes(value), claimed);
    case GEN_DIRNAME:
        return is_same(ID_DER_ASN1_DN, name_bytes(value), claimed);
    case GEN_IPADD: {
        struct bytes address = string_bytes(value);
        u8 type = address.len == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR;
        return (address.len == 4 || address.len == 16) && is_same(type, address, claimed);
    }
    default:
        return false;
    }
}

static bool is_alternative(const struct shrike_id *claimed, const X509 *x)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
        found = is_name(sk_GENERAL_NAME_value(names, i), claimed);
    GENERAL_NAMES_free(names);
    return found;
}

static bool is_key(struct bytes claimed, const struct certificate *cert)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(cert->x509);
    return bytes_equal(claimed, bytes_of(cert->key.octets, SHRIKE_KEY_ID)) ||
           (claimed.len > 0 && id && bytes_equal(claimed, string_bytes(id)));
}

bool identity_is_named(const struct shrike_id *wanted, const X509 *x)
{
    return is_same(ID_DER_ASN1_DN, name_bytes(X509_get_subject_name(x)), wanted) ||
           is_alternative(wanted, x);
}

bool identity_is_of(const struct shrike_id *claimed, const struct certificate *cert)
{
    return claimed->type == ID_KEY_ID ? is_key(claimed->data, cert)
                                      : identity_is_named(claimed, cert->x509);
}

bool identity_print_subject(struct text *t, const X509 *x)
{
    struct bytes name = name_bytes(X509_get_subject_name(x));
    if (X509_NAME_entry_count(X509_get_subject_name(x)) == 0)
        return false;
    print_ident(t, ID_DER_ASN1_DN, name);
    return true;
}
