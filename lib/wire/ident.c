/* Identities: see ident.h. */
#include "wire/ident.h"
#include "wire/codes.h"
#include "wire/der.h"
#include "wire/expression.h"
#include "wire/print.h"

/* A wildcard adds its length. */
enum { SCORE_ANY = 1, SCORE_EXACT = SCORE_ANY + SHRIKE_ID_MAX + 1 };

/* ---- names and mail addresses ---- */

static u8 lower(u8 c)
{
    return c >= 'A' && c <= 'Z' ? (u8)(c + ('a' - 'A')) : c;
}

/* Without regard to the case of ASCII letters. */
static bool same_name(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    }
    return true;
}

/* Octets up to the last '@', itself included; 0 without one. */
static size_t mailbox_len(struct bytes b)
{
    size_t len = b.len;
    while (len > 0 && b.at[len - 1] != '@')
        len--;
    return len;
}

static struct bytes from(struct bytes b, size_t start)
{
    return start ? bytes_of(b.at + start, b.len - start) : b;
}

static bool fqdn_is_wildcard(struct bytes name)
{
    return name.len > 2 && name.at[0] == '*' && name.at[1] == '.';
}

static bool mail_is_wildcard(struct bytes mail)
{
    return mail.len > 2 && mail.at[0] == '*' && mailbox_len(mail) == 2;
}

/* "*.example.org" stands for every name below it, at any depth. */
static unsigned fqdn_score(struct bytes pattern, struct bytes name)
{
    if (same_name(pattern, name))
        return SCORE_EXACT;
    if (!fqdn_is_wildcard(pattern))
        return 0;
    size_t tail = pattern.len - 1; /* with its dot */
    if (name.len <= tail || !same_name(from(pattern, 1), from(name, name.len - tail)))
        return 0;
    return SCORE_ANY + (unsigned)pattern.len;
}

/* RFC 5321 2.4: only the owner of a domain knows whether case matters in front of the '@'. */
static unsigned mail_score(struct bytes pattern, struct bytes mail)
{
    size_t box = mailbox_len(pattern), mail_box = mailbox_len(mail);
    if (!same_name(from(pattern, box), from(mail, mail_box)))
        return 0;
    if (bytes_equal(bytes_of(pattern.at, box), bytes_of(mail.at, mail_box)))
        return SCORE_EXACT;
    return mail_is_wildcard(pattern) && mail_box > 1 ? SCORE_ANY + (unsigned)pattern.len : 0;
}

/* ---- addresses ---- */

/* What of a range is the same in all of its addresses. */
static unsigned common_bits(const u8 *first, const u8 *last, size_t len)
{
    unsigned n = 0;
    while (n < 8 * len && !((first[n / 8] ^ last[n / 8]) >> (7 - n % 8) & 1))
        n++;
    return n;
}

static unsigned range_score(struct bytes range, struct bytes address)
{
    size_t len = range.len / 2;
    const u8 *first = range.at, *last = range.at + len;
    if (address.len != len || memcmp(address.at, first, len) < 0 ||
        memcmp(address.at, last, len) > 0)
        return 0;
    return SCORE_ANY + 1 + common_bits(first, last, len);
}

static bool is_range(const struct shrike_id *id)
{
    return (id->type == ID_IPV4_RANGE && id->data.len == 8) ||
           (id->type == ID_IPV6_RANGE && id->data.len == 32);
}

static bool range_is_of(const struct shrike_id *range, const struct shrike_id *id)
{
    return is_range(range) &&
           id->type == (range->type == ID_IPV4_RANGE ? ID_IPV4_ADDR : ID_IPV6_ADDR);
}

/* ---- distinguished names ---- */

static bool is_star(const struct dn_attribute *a)
{
    return a->value.len == 1 && a->value.at[0] == '*';
}

/* RFC 5280 7.1: strings of any kind, without regard to the case of ASCII letters. */
static bool same_attribute(const struct dn_attribute *a, const struct dn_attribute *b)
{
    if (!bytes_equal(a->oid, b->oid))
        return false;
    if (der_is_string(a->tag) && der_is_string(b->tag))
        return is_star(a) || same_name(a->value, b->value);
    return a->tag == b->tag && bytes_equal(a->value, b->value);
}

/* The same attributes in the same order, where "*" is any value. */
static unsigned dn_score(struct bytes pattern, struct bytes name)
{
    struct dn_reader p = dn_reader_of(pattern), n = dn_reader_of(name);
    struct dn_attribute a, b;
    unsigned stars = 0;
    if (bytes_equal(pattern, name))
        return SCORE_EXACT;
    while (dn_next(&p, &a)) {
        if (!dn_next(&n, &b) || !same_attribute(&a, &b))
            return 0;
        stars += is_star(&a);
    }
    if (dn_next(&n, &b) || !dn_ended(&p) || !dn_ended(&n))
        return 0;
    return stars ? SCORE_ANY + SHRIKE_ID_MAX - stars : SCORE_EXACT;
}

static bool dn_is_wildcard(struct bytes name)
{
    struct dn_reader r = dn_reader_of(name);
    struct dn_attribute a;
    bool star = false;
    while (dn_next(&r, &a))
        star |= is_star(&a);
    return star && dn_ended(&r);
}

/* ---- regular expressions ---- */

static bool is_expression(const struct shrike_id *id)
{
    return id->type == ID_EXPRESSION && id->data.len > 1;
}

bool id_is_sound(const struct shrike_id *expression)
{
    return is_expression(expression) && expression_is_sound(from(expression->data, 1));
}

static unsigned expression_score(const struct shrike_id *expression, const struct shrike_id *id)
{
    char at[4 * SHRIKE_ID_MAX + 1];
    struct text t = text_of(at, sizeof(at));
    struct bytes said = id->data;
    if (id->type != expression->data.at[0] || said.len > SHRIKE_ID_MAX)
        return 0;
    if (id->type == ID_DER_ASN1_DN) {
        print_ident(&t, id->type, id->data);
        said = bytes_of(at, t.len);
    }
    return !t.cut && expression_fits(from(expression->data, 1), said) ? SCORE_ANY + 1 : 0;
}

/* ---- any of them ---- */

bool id_is_pattern(const struct shrike_id *id)
{
    return id->type == 0 || is_range(id) || is_expression(id) ||
           (id->type == ID_FQDN && fqdn_is_wildcard(id->data)) ||
           (id->type == ID_RFC822_ADDR && mail_is_wildcard(id->data)) ||
           (id->type == ID_DER_ASN1_DN && dn_is_wildcard(id->data));
}

unsigned id_score(const struct shrike_id *pattern, const struct shrike_id *id)
{
    if (pattern->type == 0)
        return SCORE_ANY;
    if (range_is_of(pattern, id))
        return range_score(pattern->data, id->data);
    if (is_expression(pattern))
        return expression_score(pattern, id);
    if (pattern->type != id->type || pattern->data.len > SHRIKE_ID_MAX)
        return 0;
    /* RFC 7296 3.5 (4): whatever type it is. */
    if (pattern->type == ID_FQDN)
        return fqdn_score(pattern->data, id->data);
    if (pattern->type == ID_RFC822_ADDR)
        return mail_score(pattern->data, id->data);
    if (pattern->type == ID_DER_ASN1_DN)
        return dn_score(pattern->data, id->data);
    return bytes_equal(pattern->data, id->data) ? SCORE_EXACT : 0;
}

bool id_matches(const struct shrike_id *pattern, const struct shrike_id *id)
{
    return id_score(pattern, id) != 0;
}
