/* Identities: whom a configured one stands for, and how well it fits. */
#include "../test.h"
#include "wire/codes.h"
#include "wire/der.h"
#include "wire/ident.h"

static struct shrike_id id(u8 type, const char *text)
{
    return (struct shrike_id){type, bytes_of(text, strlen(text))};
}

static unsigned fits(u8 type, const char *pattern, const char *name)
{
    struct shrike_id a = id(type, pattern), b = id(type, name);
    return id_score(&a, &b);
}

#define FQDN ID_FQDN
#define MAIL ID_RFC822_ADDR

TEST(any_identity_fits_type_0)
{
    struct shrike_id any = {0}, name = id(FQDN, "moon.example.org"), empty = {0};
    CHECK(id_matches(&any, &name));
    CHECK(id_matches(&any, &empty));
    CHECK(!id_matches(&name, &empty));
    CHECK(id_score(&any, &name) < fits(FQDN, "*.org", "a.org"));
    CHECK(fits(FQDN, "*.org", "a.org") < fits(FQDN, "a.org", "a.org"));
}

TEST(types_are_not_mixed)
{
    struct shrike_id name = id(FQDN, "moon"), key = id(ID_KEY_ID, "moon");
    CHECK(!id_matches(&name, &key));
    CHECK(!id_matches(&key, &name));
    CHECK(id_matches(&key, &key));
}

/* RFC 7296 3.5 (4) */
TEST(names_have_no_case_and_wildcards)
{
    CHECK(fits(FQDN, "AZ.Moon.Example.ORG", "az.mOON.eXAMPLE.org"));
    CHECK(!fits(FQDN, "moon.example.org", "moon.example.com"));
    CHECK(!fits(FQDN, "moon.example.org", "amoon.example.org"));
    CHECK(!fits(FQDN, "amoon.example.org", "moon.example.org"));
    CHECK(!fits(FQDN, "@[\\]^_", "`{|}~\x7f")); /* letters only */
    CHECK(fits(FQDN, "*.example.org", "moon.example.org"));
    CHECK(fits(FQDN, "*.example.org", "sea.moon.EXAMPLE.org"));
    CHECK(!fits(FQDN, "*.example.org", "example.org"));
    CHECK(!fits(FQDN, "*.example.org", ".example.org"));
    CHECK(!fits(FQDN, "*.example.org", "moonexample.org"));
    CHECK(!fits(FQDN, "*.example.org", "moon.example.org.evil.net"));
    CHECK(!fits(FQDN, "moon.example.org", "*.example.org")); /* a name is no pattern */
    struct shrike_id a = {FQDN, bytes_of("moonA", 4)}, b = {FQDN, bytes_of("moonB", 4)};
    CHECK(id_matches(&a, &b)); /* nothing behind the end counts */
    CHECK(!fits(FQDN, "*", "moon"));
    CHECK(!fits(FQDN, "*.", "moon."));
    CHECK(!fits(FQDN, "moon.*", "moon.org"));
    CHECK(!fits(FQDN, "", "moon"));
    CHECK(!fits(FQDN, "moon", ""));
    CHECK(fits(FQDN, "*.sea.example.org", "a.sea.example.org") >
          fits(FQDN, "*.example.org", "a.sea.example.org"));
    CHECK(fits(FQDN, "a.sea.example.org", "a.sea.example.org") >
          fits(FQDN, "*.sea.example.org", "a.sea.example.org"));
}

TEST(mail_addresses_have_case_before_the_at)
{
    CHECK(fits(MAIL, "carol@Example.org", "carol@eXample.ORG"));
    CHECK(!fits(MAIL, "carol@example.org", "Carol@example.org"));
    CHECK(!fits(MAIL, "carol@example.org", "carol@example.com"));
    CHECK(!fits(MAIL, "carol@example.org", "dave@example.org"));
    CHECK(fits(MAIL, "*@example.org", "carol@EXAMPLE.org"));
    CHECK(!fits(MAIL, "*@example.org", "@example.org"));
    CHECK(!fits(MAIL, "*@example.org", "carol@sea.example.org"));
    CHECK(!fits(MAIL, "*@example.org", "example.org"));
    CHECK(!fits(MAIL, "*@example.org", "carol@example.org@evil.net"));
    CHECK(!fits(MAIL, "carol@example.org", "*@example.org"));
    CHECK(!fits(MAIL, "*@", "carol@"));
    CHECK(fits(MAIL, "Example.org", "example.org")); /* without an '@' all is domain */
    CHECK(!fits(MAIL, "*.example.org", "carol.example.org"));
    CHECK(fits(MAIL, "carol@example.org", "carol@example.org") >
          fits(MAIL, "*@example.org", "carol@example.org"));
}

/* RFC 7296 3.5 (4) */
TEST(other_identities_are_compared_as_octets)
{
    CHECK(fits(ID_KEY_ID, "Moon", "Moon"));
    CHECK(!fits(ID_KEY_ID, "Moon", "moon"));
    CHECK(!fits(ID_KEY_ID, "*.moon", "a.moon"));
    CHECK(!fits(ID_DER_ASN1_DN, "abc", "abd"));
    CHECK(fits(ID_IPV4_ADDR, "\xc0\1\2\1", "\xc0\1\2\1"));
    CHECK(!fits(ID_IPV4_ADDR, "\xc0\1\2\1", "\xc0\1\2\2"));
    struct shrike_id null = {.type = 13}; /* ID_NULL has no octets (RFC 7619 2.2) */
    CHECK(id_matches(&null, &null));
}

TEST(the_longest_identity_is_still_exact)
{
    static char wild[SHRIKE_ID_MAX + 1], name[SHRIKE_ID_MAX + 2];
    memset(wild, 'a', SHRIKE_ID_MAX);
    memset(name, 'a', SHRIKE_ID_MAX + 1);
    memcpy(wild, "*.", 2);
    memcpy(name, "aa.", 3);
    CHECK(fits(FQDN, wild, name));
    CHECK(fits(FQDN, wild, name) < fits(FQDN, "a", "a"));
}

TEST(patterns_are_known)
{
    struct shrike_id none = {0}, wild = id(FQDN, "*.example.org"), box = id(MAIL, "*@a");
    struct shrike_id name = id(FQDN, "a.example.org"), star = id(FQDN, "*"),
                     key = id(ID_KEY_ID, "*.a");
    struct shrike_id mail = id(MAIL, "a@b"), empty = id(FQDN, "");
    CHECK(id_is_pattern(&none));
    CHECK(id_is_pattern(&wild));
    CHECK(id_is_pattern(&box));
    CHECK(!id_is_pattern(&name));
    CHECK(!id_is_pattern(&star));
    CHECK(!id_is_pattern(&key));
    CHECK(!id_is_pattern(&mail));
    CHECK(!id_is_pattern(&empty));
}

/* ---- ranges of addresses ---- */

TEST(ranges_of_addresses)
{
    struct shrike_id net = {ID_IPV4_RANGE, bytes_of("\x0a\1\0\0\x0a\1\xff\xff", 8)};
    struct shrike_id close = {ID_IPV4_RANGE, bytes_of("\x0a\1\2\3\x0a\1\2\5", 8)};
    struct shrike_id first = {ID_IPV4_ADDR, bytes_of("\x0a\1\2\3", 4)};
    struct shrike_id before = {ID_IPV4_ADDR, bytes_of("\x0a\1\2\2", 4)};
    struct shrike_id last = {ID_IPV4_ADDR, bytes_of("\x0a\1\2\5", 4)};
    struct shrike_id after = {ID_IPV4_ADDR, bytes_of("\x0a\1\2\6", 4)};
    struct shrike_id outside = {ID_IPV4_ADDR, bytes_of("\x0a\2\0\0", 4)};
    struct shrike_id odd = {ID_IPV4_ADDR, bytes_of("\x0a\1\2", 3)}, name = id(FQDN, "moon");
    CHECK(id_matches(&close, &first) && id_matches(&close, &last));
    CHECK(!id_matches(&close, &before) && !id_matches(&close, &after));
    CHECK(id_matches(&net, &before) && !id_matches(&net, &outside));
    CHECK(!id_matches(&net, &odd) && !id_matches(&net, &name));
    CHECK(id_score(&close, &first) > id_score(&net, &first));
    CHECK(id_score(&first, &first) > id_score(&close, &first));
    CHECK(id_is_pattern(&net));
    struct shrike_id none = {0}, sent = net;
    CHECK(id_score(&net, &first) > id_score(&none, &first));
    CHECK(!id_matches(&net, &name) && id_matches(&sent, &first));
    static const u8 six[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                             0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
    struct shrike_id v6 = {ID_IPV6_RANGE, bytes_of(six, 32)};
    struct shrike_id in = {ID_IPV6_ADDR, bytes_of(six + 16, 16)};
    CHECK(id_matches(&v6, &in) && !id_matches(&v6, &first) && !id_matches(&net, &in));
}

/* ---- distinguished names ---- */

/* C=CH, O=<o>, CN=<cn>, with these kinds of strings. */
static struct shrike_id dn(u8 *at, const char *o, const char *cn, u8 tag)
{
    struct writer w = writer_of(at, 128);
    const char *texts[] = {"CH", o, cn};
    static const u8 types[] = {6, 10, 3};
    write_u8(&w, DER_SEQUENCE);
    write_u8(&w, 0);
    for (int i = 0; i < 3; i++) {
        u8 len = (u8)strlen(texts[i]);
        u8 start[] = {DER_SET, (u8)(len + 9), DER_SEQUENCE, (u8)(len + 7), DER_OID, 3, 0x55, 4};
        write_bytes(&w, bytes_of(start, sizeof start));
        write_u8(&w, types[i]);
        write_u8(&w, tag);
        write_u8(&w, len);
        write_bytes(&w, bytes_of(texts[i], len));
    }
    write_u8_at(&w, 1, (u8)(written(&w) - 2));
    return (struct shrike_id){ID_DER_ASN1_DN, written_bytes(&w)};
}

static unsigned dn_fits(const char *o, const char *cn, const char *of, const char *called)
{
    u8 a[128], b[128];
    struct shrike_id pattern = dn(a, o, cn, DER_PRINTABLE_STRING);
    struct shrike_id name = dn(b, of, called, DER_UTF8_STRING);
    return id_score(&pattern, &name);
}

TEST(distinguished_names_have_wildcards)
{
    CHECK(dn_fits("Example", "moon", "Example", "moon"));
    CHECK(dn_fits("Example", "moon", "example", "MOON")); /* RFC 5280 7.1 */
    CHECK(!dn_fits("Example", "moon", "Example", "sun"));
    CHECK(!dn_fits("Example", "moon", "Example", "moons"));
    CHECK(dn_fits("Example", "*", "Example", "moon"));
    CHECK(!dn_fits("Example", "*", "Other", "moon"));
    CHECK(dn_fits("*", "*", "Other", "moon"));
    CHECK(!dn_fits("Example", "moon", "Example", "*")); /* a name is no pattern */
    CHECK(dn_fits("Example", "moon", "Example", "moon") > dn_fits("*", "moon", "Example", "moon"));
    CHECK(dn_fits("*", "moon", "Example", "moon") > dn_fits("*", "*", "Example", "moon"));
    struct shrike_id none = {0};
    u8 a[128];
    struct shrike_id wild = dn(a, "*", "*", DER_UTF8_STRING);
    CHECK(id_is_pattern(&wild));
    CHECK(dn_fits("*", "*", "Example", "moon") > id_score(&none, &wild));
    struct shrike_id plain = dn(a, "Example", "x*", DER_UTF8_STRING);
    CHECK(!id_is_pattern(&plain));
}

/* Cut anywhere, or with any octet changed, it is refused or read, and never past its end. */
TEST(malformed_names_fit_nothing)
{
    u8 a[128], b[128];
    struct shrike_id wild = dn(a, "*", "*", DER_UTF8_STRING);
    struct shrike_id name = dn(b, "Example", "moon", DER_UTF8_STRING);
    CHECK(id_matches(&wild, &name));
    for (size_t len = 0; len < name.data.len; len++) {
        u8 *exact = malloc(len + 1);
        memcpy(exact, b, len);
        struct shrike_id cut = {ID_DER_ASN1_DN, bytes_of(exact, len)};
        CHECK(!id_matches(&wild, &cut));
        CHECK(!id_is_pattern(&cut));
        free(exact);
    }
    b[1]++; /* longer than what is there */
    CHECK(!id_matches(&wild, &name));
    b[1]--;
    b[0] = DER_SET;
    CHECK(!id_matches(&wild, &name));
    b[0] = DER_SEQUENCE;
    b[2] = DER_SEQUENCE;
    CHECK(!id_matches(&wild, &name));
    static const u8 nothing[] = {DER_SEQUENCE, 0};
    struct shrike_id empty = {ID_DER_ASN1_DN, bytes_of(nothing, 2)};
    CHECK(!id_matches(&wild, &empty) && !id_matches(&empty, &wild));
    CHECK(id_matches(&empty, &empty));
}

static struct shrike_id expression(u8 *at, u8 type, const char *text)
{
    at[0] = type;
    memcpy(at + 1, text, strlen(text));
    return (struct shrike_id){ID_EXPRESSION, bytes_of(at, 1 + strlen(text))};
}

/* Behind every wildcard, and before any; of its own type only. */
TEST(expressions)
{
    u8 at[600];
    struct shrike_id vpn = expression(at, FQDN, "^vpn[0-9]+\\.example\\.org$"), any = {0};
    struct shrike_id name = id(FQDN, "vpn7.Example.org"), mail = id(MAIL, "vpn7.example.org"),
                     other = id(FQDN, "vpn.example.org"), wild = id(FQDN, "*.example.org");
    CHECK(id_is_pattern(&vpn) && id_is_sound(&vpn) && !id_is_sound(&name));
    CHECK(id_score(&vpn, &name) > id_score(&any, &name));
    CHECK(id_score(&vpn, &name) < id_score(&wild, &name));
    CHECK(!id_matches(&vpn, &mail) && !id_matches(&vpn, &other) && !id_matches(&vpn, &vpn));
    vpn = expression(at, FQDN, "^vpn");
    CHECK(!id_is_sound(&vpn) && !id_matches(&vpn, &name));
    vpn.data.len = 1; /* a peer may say of itself what it likes */
    CHECK(!id_is_pattern(&vpn) && !id_matches(&vpn, &name) && id_matches(&vpn, &vpn));
}

/* C=CH, CN=moon */
TEST(expressions_for_distinguished_names)
{
    static const u8 dn[] = {0x30, 0x1c, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04,
                            0x06, 0x13, 0x02, 'C',  'H',  0x31, 0x0d, 0x30, 0x0b, 0x06,
                            0x03, 0x55, 0x04, 0x03, 0x13, 0x04, 'm',  'o',  'o',  'n'};
    u8 at[64];
    struct shrike_id moon = {ID_DER_ASN1_DN, bytes_of(dn, sizeof dn)};
    struct shrike_id e = expression(at, ID_DER_ASN1_DN, "^C=CH, CN=(moon|sun)$");
    CHECK(id_matches(&e, &moon));
    e = expression(at, ID_DER_ASN1_DN, "^C=CH, CN=(star|sun)$");
    CHECK(!id_matches(&e, &moon));
}

int main(void)
{
    return RUN(any_identity_fits_type_0) | RUN(types_are_not_mixed) |
           RUN(names_have_no_case_and_wildcards) | RUN(mail_addresses_have_case_before_the_at) |
           RUN(other_identities_are_compared_as_octets) | RUN(the_longest_identity_is_still_exact) |
           RUN(patterns_are_known) | RUN(ranges_of_addresses) |
           RUN(distinguished_names_have_wildcards) | RUN(malformed_names_fit_nothing) |
           RUN(expressions) | RUN(expressions_for_distinguished_names);
}
