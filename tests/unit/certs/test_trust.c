/* Trust from files: what may stand in which, and what counts for which connection. */
#include "certs/pki.h"
#include "certs/trust.h"
#include "wire/codes.h"

static struct certificates *cache;
static u32 number;

static const char *take(struct trust *t, enum trust_kind kind, struct bytes octets)
{
    return trust_file(t, kind, octets, &number);
}

TEST(der_and_pem_and_several_in_one)
{
    struct trust *t = trust_new(cache, 1);
    struct node root = pki_authority("root", NULL), sub = pki_authority("sub", &root);
    struct node peer = PKI(.cn = "peer", .by = &sub);
    struct bytes both[] = {root.der, sub.der}, key = pki_spki(peer.key);
    struct bytes crls[] = {pki_crl(&root, NOW + DAY, NULL), pki_crl(&sub, NOW + DAY, NULL)};
    CHECK(!take(t, TRUST_AUTHORITY, pki_pem("CERTIFICATE", both, 2)));
    CHECK_EQ(number, 0);
    CHECK(!take(t, TRUST_PEER, peer.der));
    CHECK_EQ(number, 1);
    CHECK(!take(t, TRUST_CRL, pki_pem("X509 CRL", crls, 2)));
    CHECK(!take(t, TRUST_CRL, crls[0]));
    CHECK(!take(t, TRUST_KEY, key));
    CHECK(!take(t, TRUST_KEY, pki_pem("PUBLIC KEY", &key, 1)));
    CHECK_EQ(number, 5);
    CHECK_EQ(trust_count(t), 5);
    CHECK_EQ(sk_X509_CRL_num(trust_crls(t)), 3);
    CHECK_EQ(sk_X509_num(trust_anchors(t)), 1);
    CHECK_EQ(sk_X509_num(trust_links(t)), 1);
    CHECK(trust_at(t, 0)->anchor && !trust_at(t, 0)->link && trust_at(t, 0)->file == 0);
    CHECK(!trust_at(t, 1)->anchor && trust_at(t, 1)->link && trust_at(t, 1)->file == 0);
    CHECK(!trust_at(t, 2)->anchor && !trust_at(t, 2)->link && trust_at(t, 2)->file == 1);
    CHECK(bytes_equal(trust_at(t, 4)->spki, key) && trust_at(t, 4)->file == 5);
    trust_free(t);
    CHECK_EQ(certificates_count(cache), certificates_idle(cache)); /* all were put back */
}

TEST(what_does_not_belong_into_a_file)
{
    struct trust *t = trust_new(cache, 1);
    struct node root = pki_authority("root", NULL), peer = PKI(.cn = "peer", .by = &root);
    struct node liar = PKI(.cn = "liar", .usage = "keyCertSign");
    struct bytes mixed[] = {root.der, peer.der}, junk = bytes_of("junk", 4);
    CHECK(strstr(take(t, TRUST_AUTHORITY, peer.der), "basicConstraints"));
    CHECK(take(t, TRUST_AUTHORITY, liar.der));
    CHECK(take(t, TRUST_AUTHORITY, pki_pem("CERTIFICATE", mixed, 2)));
    CHECK_EQ(trust_count(t), 1); /* what stood in front */
    for (enum trust_kind kind = TRUST_AUTHORITY; kind <= TRUST_KEY; kind++) {
        CHECK(take(t, kind, junk));
        CHECK(take(t, kind, bytes_of(NULL, 0)));
        CHECK(take(t, kind, pki_pem("PRIVATE KEY", &junk, 1)));
        CHECK(take(t, kind, pki_pem("PRIVATE KEY", &root.der, 1))); /* whatever is in it */
        CHECK(take(t, kind, bytes_of("-----BEGIN CERTIFICATE-----\nAAAA\n", 33)));
        CHECK(take(t, kind, bytes_of("-----BEGIN ", 11)));
    }
    CHECK(take(t, TRUST_CRL, root.der));
    CHECK(take(t, TRUST_KEY, root.der));
    CHECK(take(t, TRUST_PEER, pki_crl(&root, NOW + DAY, NULL)));
    CHECK(take(t, TRUST_PEER, pki_spki(root.key)));
    CHECK_EQ(trust_count(t), 1);
    trust_free(t);
}

TEST(a_peer_that_has_signed_itself_is_no_authority)
{
    struct trust *t = trust_new(cache, 1);
    struct node own = pki_authority("own", NULL);
    CHECK(!take(t, TRUST_PEER, own.der));
    CHECK_EQ(sk_X509_num(trust_anchors(t)) + sk_X509_num(trust_links(t)), 0);
    trust_free(t);
}

/* Who only has the name of an authority, and no signature of its key, has not signed itself. */
TEST(an_anchor_has_signed_itself)
{
    struct trust *t = trust_new(cache, 1);
    struct node real = pki_authority("root", NULL);
    struct node other = {real.x, pki_key("EC", "P-256", 0), real.der};
    struct node fake = PKI(.cn = "root", .by = &other, .basic = "critical,CA:TRUE");
    CHECK(!take(t, TRUST_AUTHORITY, fake.der));
    CHECK_EQ(sk_X509_num(trust_anchors(t)), 0);
    trust_free(t);
}

TEST(rules_are_found_by_the_connection)
{
    struct trust *t = trust_new(cache, 7);
    struct node root = pki_authority("root", NULL);
    CHECK(!take(t, TRUST_AUTHORITY, root.der));
    char name[16];
    for (u32 i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "conn%u", (i * 7919) % 1000);
        struct trust_rule r = {.conn = name,
                               .revocation = i % 3,
                               .authority_count = i % 2,
                               .authorities = (u32[]){0},
                               .peer_count = 1,
                               .peers = (u32[]){0},
                               .demands = {.ca_id = {ID_FQDN, bytes_of(name, strlen(name))},
                                           .policy_count = 1,
                                           .policies = {bytes_of(name + 4, strlen(name) - 4)}}};
        CHECK(!trust_rule_add(t, &r));
    }
    memset(name, 0, sizeof(name));             /* all of it was copied */
    CHECK_EQ(trust_rule_of(t, "conn5"), 1000); /* not sealed yet */
    CHECK(trust_seal(t));
    for (u32 i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "conn%u", (i * 7919) % 1000);
        const struct trust_rule *r = trust_rule_at(t, trust_rule_of(t, name));
        CHECK(strcmp(r->conn, name) == 0);
        CHECK(bytes_equal(r->demands.ca_id.data, bytes_of(name, strlen(name))));
        CHECK(bytes_equal(r->demands.policies[0], bytes_of(name + 4, strlen(name) - 4)));
        CHECK_EQ(r->revocation, i % 3);
        CHECK_EQ(r->authority_count, i % 2);
        CHECK(r->peer_count == 1 && trust_names(r->peers, 1, 0) && !trust_names(r->peers, 1, 1));
    }
    CHECK_EQ(trust_rule_of(t, "nobody"), 1000);
    CHECK_EQ(trust_rule_of(t, NULL), 1000);
    const struct trust_rule *none = trust_rule_at(t, 1000);
    CHECK(none->revocation == TRUST_RELAXED && none->authority_count + none->peer_count == 0);
    CHECK_EQ(trust_serial(t), 7);
    trust_free(t);
}

static const char *add_place(struct trust *t, u32 file, bool crl, const char *url)
{
    return trust_where_add(t, &(struct trust_where){file, crl}, bytes_of(url, strlen(url)));
}

TEST(where_authorities_are_looked_up)
{
    struct trust *t = trust_new(cache, 1);
    struct node one = pki_authority("one", NULL), two = pki_authority("two", NULL);
    struct where w = {.crl_count = 0};
    CHECK(!take(t, TRUST_AUTHORITY, one.der) && !take(t, TRUST_AUTHORITY, two.der));
    CHECK(!add_place(t, 0, true, "http://one/crl") && !add_place(t, 1, false, "http://two/"));
    CHECK(!add_place(t, 0, false, "http://one/"));
    CHECK(add_place(t, 2, false, "http://nobody/")); /* there is no such file */
    CHECK(add_place(t, 0, false, "ldap://one/") && add_place(t, 0, false, ""));
    CHECK(trust_where_add(t, &(struct trust_where){0, true}, bytes_of("http://a/\0b", 11)));
    trust_where_of(t, one.x, &w);
    CHECK(w.crl_count == 1 && w.responder_count == 1);
    CHECK(strcmp(w.crls[0], "http://one/crl") == 0);
    CHECK(strcmp(w.responders[0], "http://one/") == 0);
    for (u32 i = 3; i < TRUST_WHERES_MAX; i++)
        CHECK(!add_place(t, 1, true, "http://two/crl"));
    CHECK(add_place(t, 1, true, "http://two/crl"));
    trust_free(t);
}

static const char *add_base(struct trust *t, const char *url)
{
    return trust_base_add(t, bytes_of(url, strlen(url)));
}

TEST(where_certificates_may_be_looked_up)
{
    static const char *const good[] = {"http://ca.example/c/0aF9", "http://ca.example/c/a-b_c.der",
                                       "http://[2001:db8::1]:8080/get?h=00"};
    static const char *const others[] = {
        "http://ca.example/c/",     "http://ca.example/c/a/b",  "http://ca.example/c/..",
        "http://ca.example/c/a?b",  "http://ca.example/c/%2e",  "http://ca.example/d/a",
        "http://ca.example.evil/c", "http://u@ca.example/c/a",  "http://ca.example/c/a#",
        "HTTP://ca.example/c/a",    "http://ca.example:81/c/a", "",
        "http://ca.example/c/.a",   "http://ca.example/c/a b"};
    struct trust *t = trust_new(cache, 1);
    CHECK(!add_base(t, "http://ca.example/c/") && !add_base(t, "http://[2001:db8::1]:8080/get?h="));
    CHECK(add_base(t, "http://ca.example") && add_base(t, "http://ca.example/#a"));
    CHECK(add_base(t, "https://ca.example/") && add_base(t, "") && add_base(t, "http:///"));
    CHECK(trust_base_add(t, bytes_of("http://a/\0b", 11)));
    CHECK(!trust_may_look_up(t, good[0])); /* it has to be switched on */
    trust_set_fetch(t, &(struct trust_fetch){.by_hash = true});
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CHECK(trust_may_look_up(t, good[i]));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        CHECK(!trust_may_look_up(t, others[i]));
    for (u32 i = 2; i < TRUST_BASES_MAX; i++)
        CHECK(!add_base(t, "http://two/"));
    CHECK(add_base(t, "http://two/"));
    trust_free(t);
}

TEST(rules_that_make_no_sense)
{
    struct trust *t = trust_new(cache, 1);
    u32 file = 0;
    struct trust_rule r = {.conn = "a", .peer_count = 1, .peers = &file};
    CHECK(trust_rule_add(t, &r)); /* there is no file */
    r.peer_count = 0;
    r.revocation = TRUST_STRICT + 1;
    CHECK(trust_rule_add(t, &r));
    r.revocation = TRUST_STRICT;
    r.demands.policy_count = TRUST_POLICIES_MAX + 1;
    CHECK(trust_rule_add(t, &r));
    r.demands.policy_count = 0;
    r.conn = NULL;
    CHECK(trust_rule_add(t, &r));
    r.conn = "a";
    CHECK(!trust_rule_add(t, &r) && !trust_rule_add(t, &r));
    CHECK(!trust_seal(t)); /* two of one */
    trust_free(t);
}

TEST(files_are_limited)
{
    struct trust *t = trust_new(cache, 1);
    struct node root = pki_authority("root", NULL);
    for (u32 i = 0; i < TRUST_FILES_MAX; i++)
        CHECK(!take(t, TRUST_PEER, root.der));
    CHECK(take(t, TRUST_PEER, root.der));
    CHECK_EQ(trust_count(t), TRUST_FILES_MAX);
    trust_free(t);
}

int main(void)
{
    cache = certificates_new();
    int bad = RUN(der_and_pem_and_several_in_one) | RUN(what_does_not_belong_into_a_file) |
              RUN(a_peer_that_has_signed_itself_is_no_authority) |
              RUN(an_anchor_has_signed_itself) | RUN(rules_are_found_by_the_connection) |
              RUN(where_authorities_are_looked_up) | RUN(where_certificates_may_be_looked_up) |
              RUN(rules_that_make_no_sense) | RUN(files_are_limited);
    certificates_free(cache);
    pki_free();
    return bad;
}
