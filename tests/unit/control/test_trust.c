/* Whom connections trust, as the file that certs takes. */
#include "../config/pki.h"
#include "control/trust.h"
#include "ops/trustfile.h"

#define RECORDS_MAX 16

static struct wallet w;
static struct config *config;
static u8 octets[65536];
static struct trust_record records[RECORDS_MAX], rules[RECORDS_MAX];
static u32 file_count, rule_count; /* files are those with a number */
static struct config_more more;
static struct trust_record last_where;
static struct trust_record last_base;
static u32 where_count, base_count;
static u8 fetch_bits;

/* Load, look, and read what is sealed. */
static u64 make(const char *text, const char *gone)
{
    u64 hash;
    config_free(config);
    config = load_file(file(0, "swanctl.conf", text));
    ensure(config);
    if (gone)
        pki_remove(gone);
    wallet_look(&w, config, &report);
    wallet_look_named(&w, config, &report);
    int fd = trust_make(&w, config, &more, &hash);
    ssize_t len = pread(fd, octets, sizeof octets, 0);
    ensure(fd >= 0 && len > 0);
    close(fd);
    struct reader r = reader_of(bytes_of(octets, (size_t)len));
    file_count = rule_count = where_count = base_count = 0;
    while (read_left(&r) > 0) {
        struct trust_record one;
        ensure(trust_record_read(&r, &one) && file_count + rule_count < RECORDS_MAX);
        if (one.is_rule)
            rules[rule_count++] = one;
        else if (one.kind == TRUST_WHERE && ++where_count)
            last_where = one;
        else if (one.kind == TRUST_BASE && ++base_count)
            last_base = one;
        else if (one.kind == TRUST_FETCH)
            fetch_bits = one.octets.at[0];
        else
            records[file_count++] = one;
    }
    return hash;
}

static bool is_named(u32 number, enum trust_kind kind, const char *end)
{
    const struct trust_record *f = &records[number];
    size_t len = strlen(end);
    return number < file_count && f->kind == kind && f->name.len >= len &&
           memcmp(f->name.at + f->name.len - len, end, len) == 0;
}

#define CONN(local, remote)                                                                        \
    "connections { a { local_addrs = 192.0.2.1\n local {\n " local "\n }\n remote {\n " remote     \
    "\n } } }"
#define STRICT CONN("auth = psk\n id = x", "cacerts = ca.pem\n revocation = strict")

TEST(files_and_rules)
{
    u64 first = make(STRICT, NULL);
    CHECK_EQ(rule_count, 1);
    CHECK(rules[0].authority_count == 1 && rules[0].peer_count == 0);
    CHECK(rules[0].revocation == TRUST_STRICT && rules[0].name.at[0] == 'a');
    CHECK(is_named(rules[0].authorities[0], TRUST_AUTHORITY, "x509ca/ca.pem"));
    CHECK(make(STRICT, NULL) == first);
    CHECK(make(CONN("auth = psk\n id = x", "cacerts = ca.pem"), NULL) != first);
    make(CONN("auth = psk\n id = x", "id = y"), NULL); /* all that is trusted */
    CHECK(rule_count == 0 && file_count == 2);
    make(CONN("auth = psk\n id = x", "auth = psk\n revocation = strict"), NULL);
    CHECK_EQ(rule_count, 0);
}

/* What is demanded makes a rule, of whatever kind the authorities are. */
TEST(demands)
{
    make(CONN("auth = psk\n id = x", "auth = ecdsa-384-sha384\n cert_policy = 1.2.3\n "
                                     "ca_id = ca.example.org"),
         NULL);
    CHECK_EQ(rule_count, 1);
    const struct trust_demands *d = &rules[0].demands;
    CHECK(d->ec_bits == 384 && d->rsa_bits == 0 && d->schemes != 0);
    CHECK(d->policy_count == 1 && bytes_equal(d->policies[0], bytes_of("1.2.3", 5)));
    CHECK(d->ca_id.type == 2 && bytes_equal(d->ca_id.data, bytes_of("ca.example.org", 14)));
    make(CONN("auth = psk\n id = x", "auth = psk\n ca_id = ca.example.org"), NULL);
    CHECK_EQ(rule_count, 0);
}

/* Of an authority that has a file: it stands before. */
TEST(where_to_look_up)
{
    struct trust_where where;
    make("authorities { ca {\n cacert = ca.pem\n crl_uris = http://a/1, http://a/2\n"
         "ocsp_uris = http://o/\n } }",
         NULL);
    CHECK_EQ(where_count, 3);
    CHECK(trust_where_read(last_where.octets, &where) && where.crl);
    CHECK(bytes_equal(last_where.name, bytes_of("http://a/2", 10)));
    CHECK(is_named(where.authority, TRUST_AUTHORITY, "x509ca/ca.pem"));
    /* and what the control socket brought */
    char path[256];
    snprintf(path, sizeof path, "%s", config->authorities.at[0].path);
    struct config_where sent = {.authority.path = path, .url = "http://b/"};
    struct config_where gone = {.authority.octets = bytes_of("x", 1), .url = "http://c/"};
    more = (struct config_more){(struct config_where[]){sent, gone}, 2};
    make(STRICT, NULL);
    CHECK(where_count == 1 && trust_where_read(last_where.octets, &where) && !where.crl);
    CHECK(bytes_equal(last_where.name, bytes_of("http://b/", 9)));
    more.where_count = 0;
}

TEST(where_certificates_are_by_their_hash)
{
    make("authorities { ca {\n cacert = ca.pem\n cert_uri_base = http://a/c/\n } }", NULL);
    CHECK_EQ(fetch_bits, TRUST_FETCH_ON);
    CHECK(where_count == 0 && base_count == 1 && last_base.octets.len == 0);
    CHECK(bytes_equal(last_base.name, bytes_of("http://a/c/", 11)));
    make("shrike { hash_and_url = yes }", NULL);
    CHECK_EQ(fetch_bits, TRUST_FETCH_ON | TRUST_FETCH_BY_HASH);
    CHECK_EQ(base_count, 0);
}

/* Of each round the authorities that its section names. */
TEST(a_rule_for_each_round)
{
    make(CONN("auth = psk\n id = x", "cacerts = ca.pem\n }\n remote-2 {\n certs = gw.pem\n "
                                     "revocation = ifuri\n }\n remote-3 {\n auth = psk"),
         NULL);
    CHECK_EQ(rule_count, 2);
    CHECK(bytes_equal(rules[0].name, bytes_of("a", 1)) && rules[0].authority_count == 1);
    CHECK(rules[0].peer_count == 0 && rules[0].revocation == TRUST_RELAXED);
    CHECK(bytes_equal(rules[1].name, bytes_of("a, round 2", 10)) && rules[1].peer_count == 1);
    CHECK(rules[1].authority_count == 0 && rules[1].revocation == TRUST_IFURI);
    CHECK(is_named(rules[1].peers[0], TRUST_PEER, "x509/gw.pem"));
    CHECK(strcmp(config->conf.conns->remote_rounds[0].rule, "a, round 2") == 0);
}

/* Nothing of a key that stands beside its certificate goes to who reads what strangers send. */
TEST(private_keys_stay)
{
    make(CONN("auth = psk\n id = x", "certs = gw.pem"), NULL);
    CHECK(rules[0].peer_count == 1 && is_named(rules[0].peers[0], TRUST_PEER, "x509/gw.pem"));
    CHECK(!memmem(octets, sizeof octets, "PRIVATE", 7));
    CHECK(memmem(octets, sizeof octets, "BEGIN CERTIFICATE", 17));
}

/* What one shows and another wants is there; what is only shown is trusted nowhere. */
TEST(ours_and_theirs)
{
    make(CONN("certs = gw.pem", "certs = gw.pem"), NULL);
    CHECK(is_named(rules[0].peers[0], TRUST_PEER, "x509/gw.pem"));
    u32 before = file_count;
    make(CONN("certs = gw.pem", "id = y"), NULL);
    CHECK_EQ(file_count, before - 1);
}

/* A file that went before it was read: nobody fits it, rather than everybody. */
TEST(what_is_not_there_opens_nothing)
{
    struct pki other = pki_make("Other", NULL, NULL, true, DAYS(-1, 30));
    pki_file("x509ca/other.pem", pki_pem(NULL, &other, NULL));
    make(CONN("auth = psk\n id = x", "cacerts = other.pem"), "x509ca/other.pem");
    CHECK(rule_count == 1 && rules[0].authority_count == 1);
    CHECK(rules[0].authorities[0] < file_count);
    CHECK_EQ(records[rules[0].authorities[0]].octets.len, 0);
    pki_free(&other);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    struct pki ca = pki_make("Root", NULL, NULL, true, DAYS(-1, 300));
    struct pki gw = pki_make("gw", &ca, "DNS:gw.example", false, DAYS(-1, 300));
    pki_file("x509ca/ca.pem", pki_pem(NULL, &ca, NULL));
    pki_file("x509/gw.pem", pki_pem(&gw, &gw, NULL));
    int bad = RUN(files_and_rules) | RUN(demands) | RUN(where_to_look_up) |
              RUN(where_certificates_are_by_their_hash) | RUN(a_rule_for_each_round) |
              RUN(private_keys_stay) | RUN(ours_and_theirs) | RUN(what_is_not_there_opens_nothing);
    config_free(config);
    wallet_free(&w);
    pki_free(&ca);
    pki_free(&gw);
    pki_folders_remove();
    folder_remove();
    return bad;
}
