/* Chains: what is good is trusted, and each thing that is wrong is refused for its own reason. */
#include "certs/chain.h"
#include "certs/pki.h"
#include "wire/codes.h"

#define GIVEN_MAX 8

static struct certificates *cache;
static u64 serial;
static char about_octets[200];
static struct text about;

/* What a test sets up: authorities, CRLs, a rule for "c". */
struct house {
    const struct node *authorities[4];
    const struct node *peers[4]; /* of the folder x509 */
    struct bytes crls[4];
    enum trust_revocation revocation;
    u16 rule_authorities; /* the first so many are the rule's */
    struct trust_demands demands;
    const char *responder; /* of what the first authority has signed */
};

static struct trust *furnish(const struct house *h)
{
    struct trust *t = trust_new(cache, ++serial);
    static const u32 numbers[] = {0, 1, 2, 3};
    u32 number;
    for (size_t i = 0; i < 4 && h->authorities[i]; i++)
        ensure(!trust_file(t, TRUST_AUTHORITY, h->authorities[i]->der, &number));
    for (size_t i = 0; i < 4 && h->peers[i]; i++)
        ensure(!trust_file(t, TRUST_PEER, h->peers[i]->der, &number));
    for (size_t i = 0; i < 4 && h->crls[i].len; i++)
        ensure(!trust_file(t, TRUST_CRL, h->crls[i], &number));
    if (h->responder)
        ensure(!trust_where_add(t, &(struct trust_where){0, false},
                                bytes_of(h->responder, strlen(h->responder))));
    struct trust_rule rule = {.conn = "c",
                              .revocation = h->revocation,
                              .authority_count = h->rule_authorities,
                              .authorities = numbers,
                              .demands = h->demands};
    ensure(!trust_rule_add(t, &rule) && trust_seal(t));
    return t;
}

struct visit {
    struct node end, given[GIVEN_MAX];
    size_t count;
    u32 schemes;
    time_t now;
    struct bytes told; /* a response that the peer has brought along */
    struct known *known;
    struct chain_waits *waits;
};

static enum shrike_reason_code visit(const struct trust *t, const struct visit *v)
{
    struct certificate *end = certificate_get(cache, v->end.der), *given[GIVEN_MAX];
    ensure(end);
    for (size_t i = 0; i < v->count; i++)
        ensure((given[i] = certificate_get(cache, v->given[i].der)));
    struct chain_ask ask = {.trust = t,
                            .rule = trust_rule_of(t, "c"),
                            .end = end,
                            .given = given,
                            .given_count = v->count,
                            .schemes = v->schemes,
                            .now = v->now ? v->now : NOW,
                            .told = &v->told,
                            .told_count = v->told.len > 0,
                            .known = v->known,
                            .waits = v->waits};
    if (v->waits)
        v->waits->count = 0;
    about = text_of(about_octets, sizeof(about_octets));
    enum shrike_reason_code reason = chain_verify(&ask, &about);
    for (size_t i = 0; i < v->count; i++)
        certificate_put(cache, given[i]);
    certificate_put(cache, end);
    return reason;
}

static enum shrike_reason_code ask(const struct house *h, const struct visit *v)
{
    struct trust *t = furnish(h);
    enum shrike_reason_code reason = visit(t, v);
    trust_free(t);
    return reason;
}

#define HOUSE(...) (&(struct house){__VA_ARGS__})
#define VISIT(...) (&(struct visit){__VA_ARGS__})
#define IS(code)   SHRIKE_REASON_##code

static struct node root, sub, low, peer;

static void build(void)
{
    root = pki_authority("root", NULL);
    sub = pki_authority("sub", &root);
    low = pki_authority("low", &sub);
    peer = PKI(.cn = "peer", .by = &low, .basic = "critical,CA:FALSE", .usage = "digitalSignature");
}

TEST(two_links_given_in_any_order)
{
    struct house *h = HOUSE(.authorities = {&root});
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {low, sub}, .count = 2)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {sub, root, low}, .count = 3)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {low}, .count = 1)), IS(CERT_ISSUER));
    CHECK(strcmp(about_octets, "O=Example, CN=low") == 0);
    CHECK_EQ(ask(h, VISIT(.end = peer)), IS(CERT_ISSUER));
    CHECK(strcmp(about_octets, "O=Example, CN=peer") == 0);
}

/* demands.h; whatever else there is, comes first. */
TEST(what_the_connection_demands)
{
    struct bytes name = bytes_of("sub.example.org", 15);
    struct node named =
        PKI(.cn = "named", .by = &root, .basic = "critical,CA:TRUE", .san = "DNS:sub.example.org");
    struct node good = PKI(.cn = "good", .by = &named);
    struct house *h = HOUSE(.authorities = {&root}, .demands = {.ca_id = {ID_FQDN, name}});
    CHECK_EQ(ask(h, VISIT(.end = good, .given = {named}, .count = 1)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {low, sub}, .count = 2)), IS(CERT_AUTHORITY));
    CHECK(strcmp(about_octets, "O=Example, CN=peer") == 0);
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {low}, .count = 1)), IS(CERT_ISSUER));
    h->demands = (struct trust_demands){.schemes = SCHEME_BIT(SCHEME_ED25519)};
    CHECK_EQ(ask(h, VISIT(.end = good, .given = {named}, .count = 1)), IS(CERT_WEAK));
    h->demands = (struct trust_demands){.policy_count = 1, .policies = {bytes_of("1.2.3", 5)}};
    CHECK_EQ(ask(h, VISIT(.end = good, .given = {named}, .count = 1)), IS(CERT_POLICY));
}

TEST(our_own_links_fill_the_gap)
{
    CHECK_EQ(ask(HOUSE(.authorities = {&root, &sub}, .peers = {&low}), VISIT(.end = peer)),
             IS(NONE));
    /* What has not signed itself is no end of a chain. */
    CHECK_EQ(ask(HOUSE(.authorities = {&sub, &low}), VISIT(.end = peer)), IS(CERT_ISSUER));
}

TEST(nobody_is_trusted_by_what_a_peer_brings)
{
    struct house *h = HOUSE(.authorities = {&root});
    struct node evil = pki_authority("root", NULL), wrong = PKI(.cn = "peer", .by = &evil);
    CHECK_EQ(ask(h, VISIT(.end = wrong, .given = {evil}, .count = 1)), IS(CERT_ISSUER));
    CHECK_EQ(ask(h, VISIT(.end = evil)), IS(CERT_ISSUER)); /* itself */
    /* The name and the key's identifier are the root's, the signature is not. */
    struct node forger = {root.x, pki_key("EC", "P-256", 0), root.der};
    struct node forged = PKI(.cn = "peer", .by = &forger);
    CHECK_EQ(ask(h, VISIT(.end = forged)), IS(CERT_ISSUER));
    CHECK_EQ(ask(HOUSE(.revocation = TRUST_RELAXED), VISIT(.end = peer)), IS(CERT_ISSUER));
}

TEST(who_is_no_authority_signs_nothing)
{
    struct house *h = HOUSE(.authorities = {&root});
    struct node none = PKI(.cn = "none", .by = &root, .basic = "critical,CA:FALSE");
    struct node silent = PKI(.cn = "silent", .by = &root);
    struct node usage_only = PKI(.cn = "usage", .by = &root, .usage = "keyCertSign");
    struct node unsigning = PKI(.cn = "unsigning", .by = &root, .basic = "critical,CA:TRUE",
                                .usage = "digitalSignature");
    struct node *all[] = {&none, &silent, &usage_only, &unsigning};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct node end = PKI(.cn = "end", .by = all[i]);
        CHECK_EQ(ask(h, VISIT(.end = end, .given = {*all[i]}, .count = 1)), IS(CERT_USAGE));
    }
}

TEST(the_length_of_the_path)
{
    struct node top = PKI(.cn = "top", .basic = "critical,CA:TRUE,pathlen:0");
    struct node one = PKI(.cn = "one", .by = &top), mid = pki_authority("mid", &top);
    struct node two = PKI(.cn = "two", .by = &mid);
    CHECK_EQ(ask(HOUSE(.authorities = {&top}), VISIT(.end = one)), IS(NONE));
    CHECK_EQ(ask(HOUSE(.authorities = {&top}), VISIT(.end = two, .given = {mid}, .count = 1)),
             IS(CERT_USAGE));
}

TEST(dates)
{
    struct node old = PKI(.cn = "old", .by = &root, .until = NOW - 1);
    struct node young = PKI(.cn = "young", .by = &root, .from = NOW + 1);
    struct node dead =
        PKI(.cn = "dead", .by = &root, .basic = "critical,CA:TRUE", .until = NOW - 1);
    struct node below = PKI(.cn = "below", .by = &dead);
    struct house *h = HOUSE(.authorities = {&root});
    CHECK_EQ(ask(h, VISIT(.end = old)), IS(CERT_EXPIRED));
    CHECK(strcmp(about_octets, "O=Example, CN=old") == 0);
    CHECK_EQ(ask(h, VISIT(.end = old, .now = NOW - 2)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = young)), IS(CERT_NOT_YET));
    CHECK_EQ(ask(h, VISIT(.end = young, .now = NOW + 2)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = below, .given = {dead}, .count = 1)), IS(CERT_EXPIRED));
    CHECK(strcmp(about_octets, "O=Example, CN=dead") == 0);
    CHECK_EQ(ask(h, VISIT(.end = young, .now = NOW + 20 * YEAR)), IS(CERT_EXPIRED));
    /* First what is sure, whoever has signed it. */
    CHECK_EQ(ask(HOUSE(.authorities = {&sub}), VISIT(.end = old)), IS(CERT_EXPIRED));
}

TEST(what_a_key_is_for)
{
    static const struct {
        const char *usage, *purpose;
        enum shrike_reason_code reason;
    } rows[] = {
        {NULL, NULL, IS(NONE)},
        {"digitalSignature", NULL, IS(NONE)},
        {"nonRepudiation", NULL, IS(NONE)},
        {"keyEncipherment", NULL, IS(CERT_USAGE)},
        {NULL, "serverAuth", IS(NONE)},
        {NULL, "clientAuth", IS(NONE)},
        {NULL, "anyExtendedKeyUsage", IS(NONE)},
        {NULL, "ipsecIKE", IS(NONE)},
        {NULL, "1.3.6.1.5.5.8.2.2", IS(NONE)},
        {NULL, "codeSigning,serverAuth", IS(NONE)},
        {NULL, "codeSigning", IS(CERT_USAGE)},
        {NULL, "emailProtection,OCSPSigning", IS(CERT_USAGE)},
        {NULL, "1.3.6.1.5.5.8.2.22", IS(CERT_USAGE)},
        {"digitalSignature", "codeSigning", IS(CERT_USAGE)},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct node end =
            PKI(.cn = "end", .by = &root, .usage = rows[i].usage, .purpose = rows[i].purpose);
        CHECK_EQ(ask(HOUSE(.authorities = {&root}), VISIT(.end = end)), rows[i].reason);
    }
}

/* An authority for something else signs nothing of ours. */
TEST(what_an_authority_is_for)
{
    struct node mail =
        PKI(.cn = "mail", .by = &root, .basic = "critical,CA:TRUE", .purpose = "emailProtection");
    struct node end = PKI(.cn = "end", .by = &mail);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}), VISIT(.end = end, .given = {mail}, .count = 1)),
             IS(CERT_USAGE));
}

TEST(names_that_an_authority_may_sign)
{
    struct node limited = PKI(.cn = "limited", .by = &root, .basic = "critical,CA:TRUE",
                              .constraints = "critical,permitted;DNS:.example.org");
    struct node in = PKI(.cn = "in", .by = &limited, .san = "DNS:moon.example.org");
    struct node out = PKI(.cn = "out", .by = &limited, .san = "DNS:moon.example.com");
    struct house *h = HOUSE(.authorities = {&root});
    CHECK_EQ(ask(h, VISIT(.end = in, .given = {limited}, .count = 1)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = out, .given = {limited}, .count = 1)), IS(CERT_USAGE));
}

TEST(a_critical_extension_that_nobody_knows)
{
    struct node odd = PKI(.cn = "odd", .by = &root, .unknown = "\x05");
    CHECK_EQ(ask(HOUSE(.authorities = {&root}), VISIT(.end = odd)), IS(CERT_USAGE));
}

TEST(weak_keys_and_signatures)
{
    const u32 short_keys = SCHEME_SHORT_KEYS, sha1 = SCHEME_BIT(SCHEME_RSA_SHA1);
    EVP_PKEY *rsa1024 = pki_key("RSA", NULL, 1024), *rsa = pki_key("RSA", NULL, 2048);
    EVP_PKEY *tiny = pki_key("RSA", NULL, 768);
    struct node small = PKI(.cn = "small", .by = &root, .key = rsa1024);
    struct node smaller = PKI(.cn = "smaller", .by = &root, .key = tiny);
    struct node hashed = PKI(.cn = "hashed", .by = &root, .key = rsa, .hash = EVP_sha1());
    struct node weak = PKI(.cn = "weak", .by = &root, .key = rsa1024, .basic = "critical,CA:TRUE");
    struct node below = PKI(.cn = "below", .by = &weak);
    struct node md5 = PKI(.cn = "md5", .key = rsa, .basic = "critical,CA:TRUE", .hash = EVP_md5());
    struct node of_md5 = PKI(.cn = "of md5", .by = &md5, .hash = EVP_md5());
    struct house *h = HOUSE(.authorities = {&root});
    CHECK_EQ(ask(h, VISIT(.end = small)), IS(CERT_WEAK));
    CHECK_EQ(ask(h, VISIT(.end = small, .schemes = short_keys)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = small, .schemes = sha1)), IS(CERT_WEAK));
    CHECK_EQ(ask(h, VISIT(.end = smaller, .schemes = short_keys)), IS(CERT_WEAK));
    CHECK_EQ(ask(h, VISIT(.end = hashed)), IS(CERT_WEAK));
    CHECK_EQ(ask(h, VISIT(.end = hashed, .schemes = sha1)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = hashed, .schemes = short_keys)), IS(CERT_WEAK));
    CHECK_EQ(ask(h, VISIT(.end = below, .given = {weak}, .count = 1)), IS(CERT_WEAK));
    CHECK(strcmp(about_octets, "O=Example, CN=weak") == 0);
    /* How an authority has signed itself is of no matter. */
    struct node fine = PKI(.cn = "fine", .by = &md5);
    CHECK_EQ(ask(HOUSE(.authorities = {&md5}), VISIT(.end = fine)), IS(NONE));
    CHECK_EQ(ask(HOUSE(.authorities = {&md5}), VISIT(.end = of_md5, .schemes = sha1 | short_keys)),
             IS(CERT_WEAK));
}

TEST(authorities_that_the_connection_names)
{
    struct node other = pki_authority("other", NULL);
    struct node theirs = PKI(.cn = "theirs", .by = &other);
    struct house *h = HOUSE(.authorities = {&root, &other}, .rule_authorities = 1);
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {low, sub}, .count = 2)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = theirs)), IS(CERT_ISSUER));
    h->rule_authorities = 0;
    CHECK_EQ(ask(h, VISIT(.end = theirs)), IS(NONE));
    /* One in the middle may be named as well; its own certificate is not one that it has signed. */
    struct node beside = PKI(.cn = "beside", .by = &root);
    h = HOUSE(.authorities = {&sub, &root}, .rule_authorities = 1);
    CHECK_EQ(ask(h, VISIT(.end = peer, .given = {low}, .count = 1)), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = beside)), IS(CERT_ISSUER));
    struct node named = PKI(.cn = "named", .by = &root, .basic = "critical,CA:TRUE");
    h = HOUSE(.authorities = {&named, &root}, .rule_authorities = 1);
    CHECK_EQ(ask(h, VISIT(.end = PKI(.cn = "end", .by = &named))), IS(NONE));
    CHECK_EQ(ask(h, VISIT(.end = named)), IS(CERT_ISSUER));
}

TEST(revoked)
{
    struct bytes of_low = pki_crl(&low, NOW + DAY, &peer);
    struct bytes of_root = pki_crl(&root, NOW + DAY, &sub);
    struct visit *v = VISIT(.end = peer, .given = {low, sub}, .count = 2);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {of_low}), v), IS(CERT_REVOKED));
    CHECK(strcmp(about_octets, "O=Example, CN=peer") == 0);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {of_root}), v), IS(CERT_REVOKED));
    CHECK(strcmp(about_octets, "O=Example, CN=sub") == 0);
    /* An old one's word holds, too. */
    struct bytes old = pki_crl(&low, NOW - DAY, &peer);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {old}), v), IS(CERT_REVOKED));
    /* That of another one with this name does not. */
    struct node forger = {low.x, pki_key("EC", "P-256", 0), low.der};
    struct bytes forged = pki_crl(&forger, NOW + DAY, &peer);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {forged}), v), IS(NONE));
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {forged}, .revocation = TRUST_STRICT), v),
             IS(CERT_UNKNOWN));
    /* What is sure weighs more than what is not known of another one. */
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {of_root}, .revocation = TRUST_STRICT), v),
             IS(CERT_REVOKED));
    /* CRLs are not looked at before all else is good. */
    struct node odd = PKI(.cn = "odd", .by = &root, .purpose = "codeSigning");
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {pki_crl(&root, NOW + DAY, &odd)}),
                 VISIT(.end = odd)),
             IS(CERT_USAGE));
    /* Expired and revoked: dates come first. */
    struct visit *late =
        VISIT(.end = peer, .given = {low, sub}, .count = 2, .now = NOW + 20 * YEAR);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}, .crls = {of_low}), late), IS(CERT_EXPIRED));
}

TEST(whether_it_is_revoked_is_not_known)
{
    struct bytes all[] = {pki_crl(&root, NOW + DAY, NULL), pki_crl(&sub, NOW + DAY, NULL),
                          pki_crl(&low, NOW + DAY, NULL), pki_crl(&low, NOW - DAY, NULL)};
    struct node says = PKI(.cn = "says", .by = &root, .crl_from = "URI:http://example.org/crl");
    struct node silent = PKI(.cn = "silent", .by = &root);
    struct visit *v = VISIT(.end = peer, .given = {low, sub}, .count = 2);
    struct visit *loud = VISIT(.end = says), *quiet = VISIT(.end = silent);
#define WITH(policy, ...) HOUSE(.authorities = {&root}, .crls = {__VA_ARGS__}, .revocation = policy)
    CHECK_EQ(ask(WITH(TRUST_STRICT, all[0], all[1], all[2]), v), IS(NONE));
    CHECK_EQ(ask(WITH(TRUST_STRICT, all[0], all[2]), v), IS(CERT_UNKNOWN));
    CHECK(strcmp(about_octets, "O=Example, CN=low") == 0);
    CHECK_EQ(ask(WITH(TRUST_STRICT, all[0], all[1]), v), IS(CERT_UNKNOWN));
    CHECK_EQ(ask(WITH(TRUST_STRICT, all[0], all[1], all[3]), v), IS(CERT_UNKNOWN)); /* too old */
    CHECK_EQ(ask(WITH(TRUST_STRICT, {0}), quiet), IS(CERT_UNKNOWN));
    CHECK_EQ(ask(WITH(TRUST_STRICT, all[0]), quiet), IS(NONE));
    CHECK_EQ(ask(WITH(TRUST_IFURI, {0}), quiet), IS(NONE));
    CHECK_EQ(ask(WITH(TRUST_IFURI, {0}), loud), IS(CERT_UNKNOWN));
    CHECK_EQ(ask(WITH(TRUST_IFURI, all[0]), loud), IS(NONE));
    CHECK_EQ(ask(WITH(TRUST_RELAXED, {0}), loud), IS(NONE));
    CHECK_EQ(ask(WITH(TRUST_RELAXED, all[3]), v), IS(NONE));
    /* Of whom the root's says nothing, of those nothing is known; of the root itself nobody asks.
     */
    struct bytes users = pki_crl_of(&root, NOW + DAY, NULL, "critical,onlyuser:TRUE");
    CHECK_EQ(ask(WITH(TRUST_STRICT, users), quiet), IS(NONE));
    CHECK_EQ(ask(WITH(TRUST_STRICT, users, all[1], all[2]), v), IS(CERT_UNKNOWN));
    CHECK(strcmp(about_octets, "O=Example, CN=sub") == 0);
}

/* What was found good is not computed again, but never beyond what it stands on. */
TEST(a_good_one_is_known_again)
{
    struct trust *t = furnish(HOUSE(.authorities = {&root}));
    struct node brief = PKI(.cn = "brief", .by = &sub, .until = NOW + 60);
    struct visit *whole = VISIT(.end = brief, .given = {sub}, .count = 1);
    struct visit *part = VISIT(.end = brief);
    CHECK_EQ(visit(t, part), IS(CERT_ISSUER));
    CHECK_EQ(visit(t, whole), IS(NONE));
    CHECK_EQ(visit(t, part), IS(NONE)); /* without the link: so nothing was computed */
    part->schemes = SCHEME_SHORT_KEYS;
    CHECK_EQ(visit(t, part), IS(CERT_ISSUER)); /* other rules */
    part->schemes = 0;
    part->now = NOW - 1;
    CHECK_EQ(visit(t, part), IS(CERT_ISSUER)); /* the clock was set back */
    part->now = NOW + 61;
    CHECK_EQ(visit(t, part), IS(CERT_EXPIRED));
    trust_free(t);
    t = furnish(HOUSE(.authorities = {&root}));
    part->now = NOW;
    CHECK_EQ(visit(t, part), IS(CERT_ISSUER)); /* another trust */
    CHECK_EQ(visit(t, VISIT(.end = peer, .given = {low, sub}, .count = 2)), IS(NONE));
    CHECK_EQ(visit(t, VISIT(.end = peer, .now = NOW + CHAIN_GOOD_S - 1)), IS(NONE));
    CHECK_EQ(visit(t, VISIT(.end = peer, .now = NOW + CHAIN_GOOD_S)), IS(CERT_ISSUER));
    trust_free(t);
    t = furnish(HOUSE(.authorities = {&root}, .crls = {pki_crl(&low, NOW + 30, NULL)},
                      .revocation = TRUST_RELAXED));
    CHECK_EQ(visit(t, VISIT(.end = peer, .given = {low, sub}, .count = 2)), IS(NONE));
    CHECK_EQ(visit(t, VISIT(.end = peer, .now = NOW + 29)), IS(NONE));
    CHECK_EQ(visit(t, VISIT(.end = peer, .now = NOW + 30)), IS(CERT_ISSUER));
    trust_free(t);
}

TEST(a_long_chain_ends)
{
    struct node links[CHAIN_LINKS_MAX + 1], *by = &root;
    struct visit v = {.count = 0};
    struct trust *t;
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        char cn[16];
        snprintf(cn, sizeof(cn), "link %zu", i);
        links[i] = pki_authority(cn, by);
        by = &links[i];
    }
    for (size_t i = 0; i < GIVEN_MAX; i++)
        v.given[v.count++] = links[i];
    v.end = PKI(.cn = "end", .by = &links[CHAIN_LINKS_MAX - 1]);
    t = furnish(HOUSE(.authorities = {&root}));
    CHECK_EQ(visit(t, &v), IS(NONE));
    trust_free(t);
    v.end = PKI(.cn = "end", .by = &links[CHAIN_LINKS_MAX]);
    t = furnish(HOUSE(.authorities = {&root, &links[CHAIN_LINKS_MAX]}));
    CHECK_EQ(visit(t, &v), IS(CERT_ISSUER));
    trust_free(t);
}

/* ---- what others say of revocation ---- */

#define CRL_URL  "http://ca.example.org/ca.crl"
#define OCSP_URL "http://ocsp.example.org/"
#define SAYS(who, status_)                                                                         \
    OCSP(.of = &(who), .issuer = &root, .status = V_OCSP_CERTSTATUS_##status_)

static struct known known;
static struct chain_waits waits;

static struct known_item *asked(void)
{
    return known_next(&known);
}

/* Whatever certificates say, or do not; of others' authorities nobody is asked there. */
TEST(a_responder_of_the_configuration)
{
    struct house *h = HOUSE(.authorities = {&root}, .revocation = TRUST_IFURI);
    struct node n = PKI(.cn = "n", .by = &root);
    struct visit *v = VISIT(.end = n, .known = &known, .waits = &waits);
    struct trust *t = furnish(h);
    known_open(&known);
    CHECK(visit(t, v) == IS(NONE) && waits.count == 0 && !asked());
    trust_free(t);
    h->responder = OCSP_URL;
    t = furnish(h);
    CHECK(visit(t, v) == IS(NONE) && waits.count == 1);
    struct known_item *i = asked();
    CHECK(i && i->kind == KNOWN_OCSP && strcmp(i->url, OCSP_URL) == 0);
    known_fail(i, NOW);
    CHECK_EQ(visit(t, v), IS(CERT_UNKNOWN));
    CHECK_EQ(waits.count, 0);
    struct visit *lower =
        VISIT(.end = peer, .given = {low, sub}, .count = 2, .known = &known, .waits = &waits);
    v->now = NOW + 2 * KNOWN_FAILED_S;
    lower->now = v->now;
    CHECK(visit(t, lower) == IS(NONE) && waits.count == 1); /* of sub, whom the root has signed */
    i = asked();
    CHECK(i && i->cert && X509_cmp(i->cert, sub.x) == 0 && !asked());
    trust_free(t);
    known_close(&known);
}

TEST(who_may_know_is_asked)
{
    struct house *strict = HOUSE(.authorities = {&root}, .revocation = TRUST_STRICT);
    struct node n =
        PKI(.cn = "n", .by = &root, .crl_from = "URI:" CRL_URL, .info = "OCSP;URI:" OCSP_URL);
    struct visit *v = VISIT(.end = n, .known = &known, .waits = &waits);
    struct trust *t = furnish(strict);
    known_open(&known);
    /* the responder first; when he says nothing, the CRL */
    CHECK_EQ(visit(t, v), IS(NONE));
    CHECK_EQ(waits.count, 1);
    struct known_item *i = asked();
    CHECK(i && i->kind == KNOWN_OCSP && i->number == waits.numbers[0] && !asked());
    CHECK_EQ(visit(t, v), IS(NONE)); /* the same once more: nobody else is asked */
    CHECK(waits.count == 1 && !asked());
    known_fail(i, NOW);
    CHECK_EQ(visit(t, v), IS(NONE));
    i = asked();
    CHECK(i && i->kind == KNOWN_CRL && waits.count == 1 && !asked());
    CHECK(!known_put(&known, i, pki_crl(&root, NOW + DAY, NULL), NOW));
    CHECK_EQ(visit(t, v), IS(NONE));
    CHECK(waits.count == 0 && !asked());
    known_close(&known);
    /* and when nobody says anything, that is told */
    known_open(&known);
    trust_free(t);
    t = furnish(strict);
    CHECK_EQ(visit(t, v), IS(NONE));
    known_fail(asked(), NOW);
    CHECK_EQ(visit(t, v), IS(NONE));
    known_fail(asked(), NOW);
    CHECK_EQ(visit(t, v), IS(CERT_UNKNOWN));
    CHECK_EQ(waits.count, 0);
    v->waits = NULL; /* too late to wait */
    v->now = NOW + 2 * KNOWN_FAILED_S;
    CHECK_EQ(visit(t, v), IS(CERT_UNKNOWN));
    CHECK(!asked());
    trust_free(t);
    known_close(&known);
}

TEST(what_they_say_counts)
{
    struct node n =
        PKI(.cn = "n", .by = &root, .crl_from = "URI:" CRL_URL, .info = "OCSP;URI:" OCSP_URL);
    struct visit *v = VISIT(.end = n, .known = &known, .waits = &waits);
    struct trust *t = furnish(HOUSE(.authorities = {&root}));
    known_open(&known);
    CHECK_EQ(visit(t, v), IS(NONE));
    CHECK(!known_put(&known, asked(), SAYS(n, REVOKED), NOW));
    CHECK_EQ(visit(t, v), IS(CERT_REVOKED)); /* though revocation is relaxed */
    known_close(&known);
    known_open(&known);
    CHECK_EQ(visit(t, v), IS(NONE));
    CHECK(!known_put(&known, asked(), SAYS(n, GOOD), NOW));
    CHECK_EQ(visit(t, v), IS(NONE));
    CHECK(waits.count == 0 && !asked()); /* no CRL is wanted any more */
    v->now = NOW + 2 * 3600;             /* it is too old */
    CHECK_EQ(visit(t, v), IS(NONE));
    struct known_item *i = asked();
    CHECK(waits.count == 1 && i && i->kind == KNOWN_OCSP);
    if (i)
        known_fail(i, v->now);
    CHECK_EQ(visit(t, v), IS(NONE));
    i = asked();
    CHECK(i && !known_put(&known, i, pki_crl(&root, NOW + DAY, &n), v->now));
    CHECK_EQ(visit(t, v), IS(CERT_REVOKED));
    trust_free(t);
    known_close(&known);
}

TEST(responses_that_a_peer_brings)
{
    struct house *strict = HOUSE(.authorities = {&root}, .revocation = TRUST_STRICT);
    struct node n = PKI(.cn = "n", .by = &root, .info = "OCSP;URI:" OCSP_URL);
    struct node m = PKI(.cn = "m", .by = &root);
    CHECK_EQ(ask(strict, VISIT(.end = n, .told = SAYS(n, GOOD))), IS(NONE));
    CHECK_EQ(ask(strict, VISIT(.end = n, .told = SAYS(n, REVOKED))), IS(CERT_REVOKED));
    CHECK_EQ(ask(strict, VISIT(.end = n, .told = SAYS(m, GOOD))), IS(CERT_UNKNOWN));
    /* he who says of himself that he is good */
    struct bytes own = OCSP(.of = &n, .issuer = &root, .signer = &n, .status = 0);
    CHECK_EQ(ask(strict, VISIT(.end = n, .told = own)), IS(CERT_UNKNOWN));
    known_open(&known);
    CHECK_EQ(ask(strict, VISIT(.end = n, .told = SAYS(n, GOOD), .known = &known, .waits = &waits)),
             IS(NONE));
    CHECK(waits.count == 0 && known.count == 0); /* nobody need be asked */
    known_close(&known);
}

TEST(nobody_is_asked_for_a_chain_that_is_not_ours)
{
    struct node stranger = pki_authority("stranger", NULL);
    struct node n = PKI(.cn = "n", .by = &stranger, .crl_from = "URI:" CRL_URL);
    struct node odd =
        PKI(.cn = "odd", .by = &root, .purpose = "codeSigning", .crl_from = "URI:" CRL_URL);
    known_open(&known);
    CHECK_EQ(ask(HOUSE(.authorities = {&root}), VISIT(.end = n, .known = &known, .waits = &waits)),
             IS(CERT_ISSUER));
    CHECK_EQ(
        ask(HOUSE(.authorities = {&root}), VISIT(.end = odd, .known = &known, .waits = &waits)),
        IS(CERT_USAGE));
    CHECK(waits.count == 0 && known.count == 0);
    known_close(&known);
}

int main(void)
{
    cache = certificates_new();
    build();
    int bad = RUN(two_links_given_in_any_order) | RUN(what_the_connection_demands) |
              RUN(our_own_links_fill_the_gap) | RUN(nobody_is_trusted_by_what_a_peer_brings) |
              RUN(who_is_no_authority_signs_nothing) | RUN(the_length_of_the_path) | RUN(dates) |
              RUN(what_a_key_is_for) | RUN(what_an_authority_is_for) |
              RUN(names_that_an_authority_may_sign) | RUN(a_critical_extension_that_nobody_knows) |
              RUN(weak_keys_and_signatures) | RUN(authorities_that_the_connection_names) |
              RUN(revoked) | RUN(whether_it_is_revoked_is_not_known) |
              RUN(a_good_one_is_known_again) | RUN(a_long_chain_ends) |
              RUN(a_responder_of_the_configuration) | RUN(who_may_know_is_asked) |
              RUN(what_they_say_counts) | RUN(responses_that_a_peer_brings) |
              RUN(nobody_is_asked_for_a_chain_that_is_not_ours);
    certificates_free(cache);
    pki_free();
    return bad;
}
