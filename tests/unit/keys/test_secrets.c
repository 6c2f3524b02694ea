/* Which secret is for whom, and what the store takes. */
#include "keys/secrets.h"
#include "test.h"
#include "wire/codes.h"

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static struct shrike_id fqdn(const char *name)
{
    return (struct shrike_id){ID_FQDN, text(name)};
}

/* A secret of this name whose octets are its name too; ids end with NULL, "*" is everybody. */
static struct mail_secret one(const char *name, const char *const *ids)
{
    struct mail_secret m = {.name = text(name), .secret = text(name)};
    for (; *ids; ids++)
        m.ids[m.id_count++] = strcmp(*ids, "*") == 0 ? (struct shrike_id){0} : fqdn(*ids);
    return m;
}

static bool put(struct secrets *s, enum secret_source source, const char *name,
                const char *const *ids)
{
    struct mail_secret m = one(name, ids);
    return secrets_put(s, source, &m);
}
#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOBODY   ((const char *const[]){NULL})

static bool finds(const struct secrets *s, const char *local, const char *remote, const char *name)
{
    struct shrike_id l = fqdn(local), r = fqdn(remote);
    struct bytes found;
    if (!secrets_find(s, &l, &r, &found))
        return name == NULL;
    return name && bytes_equal(found, text(name));
}

/* The rows of the rule in secrets.h, best first: whichever are there, the best is found. */
TEST(the_best_is_found)
{
    static const char *const rows[][4] = {
        {"both", "gw", "alice", NULL},
        {"remote and everybody", "*", "alice", NULL},
        {"remote", "alice", "bob", NULL},
        {"everybody and local", "*", "gw", NULL},
        {"everybody", NULL},
        {"local", "gw", "bob", NULL},
    };
    for (u32 have = 0; have < 1u << ARRAY_LEN(rows); have++) {
        struct secrets *s = secrets_new();
        const char *best = NULL;
        CHECK(s != NULL);
        for (size_t i = ARRAY_LEN(rows); i-- > 0;) { /* the worst is put first */
            if (!(have >> i & 1))
                continue;
            CHECK(put(s, SECRET_FILES, rows[i][0], rows[i] + 1));
            best = rows[i][0];
        }
        CHECK(put(s, SECRET_CONTROL, "stranger", IDS("carol", "dave")));
        CHECK(finds(s, "gw", "alice", best));
        secrets_free(s);
    }
}

/* Between a listed identity and everybody stand those that list it by a wildcard: a closer one
 * before a wider one, the remote one before the local one. */
TEST(wildcards_in_between)
{
    static const char *const rows[][4] = {
        {"both", "gw.x.org", "alice.sea.x.org", NULL},
        {"listed", "alice.sea.x.org", "nobody", NULL},
        {"close and listed", "*.sea.x.org", "gw.x.org", NULL},
        {"close and close", "*.sea.x.org", "*.x.net", NULL},
        {"wide and listed", "*.org", "gw.x.org", NULL},
        {"everybody", NULL},
        {"local", "gw.x.org", "nobody", NULL},
    };
    for (u32 have = 0; have < 1u << ARRAY_LEN(rows); have++) {
        struct secrets *s = secrets_new();
        const char *best = NULL;
        CHECK(s != NULL);
        for (size_t i = ARRAY_LEN(rows); i-- > 0;) {
            if (!(have >> i & 1))
                continue;
            CHECK(put(s, SECRET_FILES, rows[i][0], rows[i] + 1));
            best = rows[i][0];
        }
        CHECK(finds(s, "gw.x.org", "alice.sea.x.org", best));
        secrets_free(s);
    }
}

TEST(a_local_wildcard_is_of_use_at_last)
{
    struct secrets *s = secrets_new();
    CHECK(put(s, SECRET_FILES, "mine", IDS("*.x.org", "nobody")));
    CHECK(finds(s, "gw.x.org", "alice", "mine"));
    CHECK(finds(s, "gw.y.org", "alice", NULL));
    CHECK(put(s, SECRET_FILES, "first", IDS("*.a.org")) &&
          put(s, SECRET_FILES, "second", IDS("*.A.org")));
    CHECK(finds(s, "gw", "b.a.org", "first"));
    CHECK(put(s, SECRET_CONTROL, "third", IDS("*.a.org")));
    CHECK(finds(s, "gw", "b.a.org", "third"));
    secrets_remove(s, SECRET_CONTROL, text("third"));
    secrets_remove(s, SECRET_FILES, text("first"));
    CHECK(finds(s, "gw", "b.a.org", "second"));
    secrets_remove(s, SECRET_FILES, text("second"));
    CHECK(finds(s, "gw", "b.a.org", NULL));
    secrets_free(s);
}

/* Secrets of EAP and others are kept, and are no preshared keys. */
TEST(other_kinds_are_apart)
{
    struct secrets *s = secrets_new();
    struct mail_secret eap = one("eap", IDS("alice", "*", "*.x.org"));
    eap.kind = SECRET_EAP;
    CHECK(secrets_put(s, SECRET_FILES, &eap));
    CHECK(finds(s, "gw", "alice", NULL) && finds(s, "gw", "b.x.org", NULL));
    CHECK(put(s, SECRET_FILES, "ike", IDS("alice")));
    CHECK(finds(s, "gw", "alice", "ike"));
    CHECK_EQ(secrets_count(s, SECRET_FILES), 2);
    eap.kind = SECRET_KINDS;
    CHECK(!secrets_put(s, SECRET_FILES, &eap));
    secrets_free(s);
}

TEST(the_first_among_equals_and_the_control_socket_before_files)
{
    struct secrets *s = secrets_new();
    CHECK(put(s, SECRET_FILES, "a", IDS("alice")) && put(s, SECRET_FILES, "b", IDS("alice")));
    CHECK(finds(s, "gw", "alice", "a"));
    CHECK(put(s, SECRET_CONTROL, "c", IDS("alice")) && put(s, SECRET_CONTROL, "d", IDS("alice")));
    CHECK(finds(s, "gw", "alice", "c"));
    CHECK(put(s, SECRET_CONTROL, "c", IDS("alice"))); /* put again, so behind d */
    CHECK(finds(s, "gw", "alice", "d"));
    CHECK(put(s, SECRET_FILES, "e", IDS("alice", "gw"))); /* fits better than any of control */
    CHECK(finds(s, "gw", "alice", "e"));
    secrets_free(s);
}

TEST(names_of_hosts_have_no_case)
{
    struct secrets *s = secrets_new();
    struct bytes found;
    struct shrike_id gw = fqdn("GW.example"), mail = {ID_RFC822_ADDR, text("Me@Example.ORG")},
                     key = {ID_KEY_ID, text("KeyId")}, small = {ID_KEY_ID, text("keyid")};
    struct mail_secret m = {.name = text("m"), .secret = text("m"), .id_count = 1, .ids = {mail}};
    struct mail_secret k = {.name = text("k"), .secret = text("k"), .id_count = 1, .ids = {key}};
    CHECK(put(s, SECRET_FILES, "host", IDS("gw.EXAMPLE")));
    CHECK(secrets_put(s, SECRET_FILES, &m) && secrets_put(s, SECRET_FILES, &k));
    CHECK(finds(s, "x", "Gw.Example", "host"));
    CHECK(finds(s, "x", "gw.example.", NULL) && finds(s, "x", "gw-example", NULL));
    mail.data = text("mE@eXample.org");
    CHECK(secrets_find(s, &key, &mail, &found) && bytes_equal(found, text("m")));
    CHECK(secrets_find(s, &small, &key, &found) && bytes_equal(found, text("k")));
    CHECK(!secrets_find(s, &small, &small, &found));
    mail.type = ID_FQDN; /* same octets, another type */
    CHECK(!secrets_find(s, &small, &mail, &found));
    CHECK(secrets_find(s, &small, &gw, &found));
    secrets_free(s);
}

TEST(addresses_are_compared_as_octets)
{
    struct secrets *s = secrets_new();
    struct bytes found;
    struct shrike_id a = {ID_IPV4_ADDR, bytes_of("A\0\2\1", 4)};
    struct shrike_id b = {ID_IPV4_ADDR, bytes_of("a\0\2\1", 4)};
    struct mail_secret m = {.name = text("m"), .secret = text("m"), .id_count = 1, .ids = {a}};
    CHECK(secrets_put(s, SECRET_FILES, &m));
    CHECK(secrets_find(s, &b, &a, &found));
    CHECK(!secrets_find(s, &b, &b, &found));
    secrets_free(s);
}

/* An initiator that takes any peer does not know its identity yet. */
TEST(an_unknown_peer_gets_what_is_for_everybody_or_of_this_host)
{
    struct secrets *s = secrets_new();
    struct shrike_id gw = fqdn("gw"), other = fqdn("other"), unknown = {0};
    struct bytes found;
    CHECK(put(s, SECRET_FILES, "a", IDS("alice")));
    CHECK(!secrets_find(s, &gw, &unknown, &found));
    CHECK(put(s, SECRET_FILES, "g", IDS("gw")));
    CHECK(secrets_find(s, &gw, &unknown, &found) && bytes_equal(found, text("g")));
    CHECK(put(s, SECRET_FILES, "e", NOBODY));
    CHECK(secrets_find(s, &gw, &unknown, &found) && bytes_equal(found, text("e")));
    CHECK(secrets_find(s, &other, &unknown, &found) && bytes_equal(found, text("e")));
    secrets_free(s);
}

TEST(what_is_removed_is_not_found)
{
    struct secrets *s = secrets_new();
    struct bytes name;
    CHECK(put(s, SECRET_FILES, "a", IDS("alice", "gw")) && put(s, SECRET_FILES, "e", NOBODY));
    CHECK(put(s, SECRET_CONTROL, "a", IDS("bob")));
    CHECK(secrets_first(s, SECRET_FILES, &name) && bytes_equal(name, text("a")));
    secrets_remove(s, SECRET_FILES, text("nobody"));
    secrets_remove(s, SECRET_FILES, text("a"));
    CHECK(finds(s, "gw", "alice", "e") && finds(s, "gw", "bob", "a"));
    CHECK(secrets_first(s, SECRET_FILES, &name) && bytes_equal(name, text("e")));
    secrets_clear(s, SECRET_FILES);
    CHECK(finds(s, "gw", "alice", NULL) && finds(s, "gw", "bob", "a"));
    CHECK(!secrets_first(s, SECRET_FILES, &name));
    CHECK_EQ(secrets_count(s, SECRET_FILES), 0);
    CHECK_EQ(secrets_count(s, SECRET_CONTROL), 1);
    CHECK(put(s, SECRET_CONTROL, "a", IDS("carol"))); /* replaced: bob no longer */
    CHECK(finds(s, "gw", "bob", NULL) && finds(s, "gw", "carol", "a"));
    CHECK_EQ(secrets_count(s, SECRET_CONTROL), 1);
    secrets_free(s);
}

TEST(faults_are_refused)
{
    static u8 long_one[SECRET_LEN_MAX + 1];
    struct secrets *s = secrets_new();
    struct mail_secret good = one("a", IDS("alice")), m = good;
    m.name.len = 0;
    CHECK(secret_fault(&m) && !secrets_put(s, SECRET_FILES, &m));
    m.name = bytes_of(long_one, SECRET_NAME_MAX + 1);
    CHECK(secret_fault(&m) && !secrets_put(s, SECRET_FILES, &m));
    m = good;
    m.secret.len = 0;
    CHECK(secret_fault(&m) && !secrets_put(s, SECRET_FILES, &m));
    m.secret = bytes_of(long_one, sizeof(long_one));
    CHECK(secret_fault(&m) && !secrets_put(s, SECRET_FILES, &m));
    m = good;
    m.ids[0].data = bytes_of(long_one, SHRIKE_ID_MAX + 1);
    CHECK(secret_fault(&m) && !secrets_put(s, SECRET_FILES, &m));
    m = good;
    m.id_count = MAIL_SECRET_IDS + 1;
    CHECK(secret_fault(&m) && !secrets_put(s, SECRET_FILES, &m));
    CHECK_EQ(secrets_count(s, SECRET_FILES), 0);
    m = good;
    m.name = bytes_of(long_one, SECRET_NAME_MAX);
    m.secret = bytes_of(long_one, SECRET_LEN_MAX);
    m.ids[0].data = bytes_of(long_one, SHRIKE_ID_MAX);
    CHECK(!secret_fault(&m) && secrets_put(s, SECRET_FILES, &m));
    secrets_free(s);
}

static struct mail_secret numbered(char buffer[16], u32 n, u16 ids)
{
    struct mail_secret m = {.id_count = ids};
    snprintf(buffer, 16, "n%u", n);
    m.name = m.secret = text(buffer);
    for (u16 i = 0; i < ids; i++)
        m.ids[i] = fqdn(buffer);
    return m;
}

TEST(there_is_a_limit)
{
    struct secrets *s = secrets_new();
    char buffer[16];
    for (u32 i = 0; i < SECRETS_MAX; i++) {
        struct mail_secret m = numbered(buffer, i, 1);
        CHECK(secrets_put(s, i & 1 ? SECRET_FILES : SECRET_CONTROL, &m));
    }
    struct mail_secret more = numbered(buffer, SECRETS_MAX, 1);
    CHECK(!secrets_put(s, SECRET_FILES, &more));
    CHECK(finds(s, "gw", "n777", "n777") && finds(s, "n776", "gw", "n776"));
    struct mail_secret again = numbered(buffer, 777, 2);
    CHECK(secrets_put(s, SECRET_FILES, &again));
    secrets_clear(s, SECRET_FILES);
    u32 ids = SECRETS_MAX / 2;
    for (u32 i = 0; ids + MAIL_SECRET_IDS <= SECRETS_IDS_MAX; i++, ids += MAIL_SECRET_IDS) {
        struct mail_secret m = numbered(buffer, i, MAIL_SECRET_IDS);
        CHECK(secrets_put(s, SECRET_FILES, &m));
    }
    more = numbered(buffer, SECRETS_MAX, MAIL_SECRET_IDS);
    CHECK(!secrets_put(s, SECRET_FILES, &more));
    secrets_free(s);
}

int main(void)
{
    return RUN(the_best_is_found) | RUN(wildcards_in_between) |
           RUN(a_local_wildcard_is_of_use_at_last) | RUN(other_kinds_are_apart) |
           RUN(the_first_among_equals_and_the_control_socket_before_files) |
           RUN(names_of_hosts_have_no_case) | RUN(addresses_are_compared_as_octets) |
           RUN(an_unknown_peer_gets_what_is_for_everybody_or_of_this_host) |
           RUN(what_is_removed_is_not_found) | RUN(faults_are_refused) | RUN(there_is_a_limit);
}
