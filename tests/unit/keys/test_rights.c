/* What eap may ask of keys follows from the connections, and nothing else does. */
#include "keys/rights.h"
#include "test.h"
#include "wire/codes.h"

#define TEXT(s)                                                                                    \
    {                                                                                              \
        (const u8 *)(s), sizeof(s) - 1                                                             \
    }

static struct rights r;
static struct shrike_conn conns[2];
static struct shrike_conf conf = {.conns = conns};

static const struct shrike_credential shown[2] = {{.key = {{1}}}, {.key = {{2}}}};

static struct shrike_auth by_eap(const char *user, const char *methods, const char *inside)
{
    return (struct shrike_auth){
        .kind = SHRIKE_AUTH_EAP,
        .id = {ID_FQDN, bytes_of(user, strlen(user))},
        .eap = {.methods = bytes_of(methods, strlen(methods)),
                .inside = bytes_of(inside, strlen(inside))},
    };
}

static void begin(struct shrike_auth local, struct shrike_auth remote)
{
    memset(conns, 0, sizeof(conns));
    conns[0] = (struct shrike_conn){.name = "a", .local = local, .remote = remote};
    conf.conn_count = 1;
}

static const struct shrike_auth by_key = {
    .kind = SHRIKE_AUTH_PUBKEY, .credentials = shown, .credential_count = 2};

/* As bits: what may be asked; of checks the user counts for nothing. */
static u8 asks(bool checks, const char *user)
{
    u8 all = 0;
    ensure(rights_fill(&r, &conf));
    for (u8 what = 0; what < PASSWORD_WHATS; what++) {
        struct mail_password ask = {
            .what = what, .checks = checks, .user = bytes_of(user, strlen(user))};
        all |= (u8)(rights_for_password(&r, &ask) << what);
    }
    return all;
}

static bool signs(u8 key)
{
    const struct shrike_key_id id = {{key}};
    ensure(rights_fill(&r, &conf));
    return rights_for_key(&r, &id);
}

enum { MD5 = 1 << PASSWORD_MD5, MSCHAPV2 = 1 << PASSWORD_MSCHAPV2, PLAIN = 1 << PASSWORD_PLAIN };

TEST(without_connections_nothing)
{
    conf.conn_count = 0;
    CHECK(asks(false, "alice") == 0 && asks(true, "alice") == 0 && !signs(1));
    begin(by_key, by_key); /* without EAP likewise */
    CHECK(asks(false, "alice") == 0 && asks(true, "alice") == 0 && !signs(1));
    struct shrike_auth psk = by_eap("alice", "\4", "");
    psk.kind = SHRIKE_AUTH_PSK; /* what is written of EAP beside it counts for nothing */
    begin(psk, psk);
    CHECK(asks(false, "alice") == 0 && asks(true, "alice") == 0);
}

TEST(each_method)
{
    static const struct {
        const char *methods, *inside;
        u8 client, server;
        bool signs;
    } rows[] = {
        {"", "", MD5 | MSCHAPV2, MD5 | MSCHAPV2, false},
        {"\4", "", MD5, MD5, false},
        {"\32", "", MSCHAPV2, MSCHAPV2, false},
        {"\6", "", PLAIN, PLAIN, false},
        {"\4\6", "", MD5 | PLAIN, MD5 | PLAIN, false},
        {"\15", "", 0, 0, true},
        {"\25", "", MD5 | MSCHAPV2, MD5 | MSCHAPV2 | PLAIN, true},
        {"\31", "", MD5 | MSCHAPV2, MD5 | MSCHAPV2 | PLAIN, true},
        {"\25", "\375", PLAIN, PLAIN, true},
        {"\31", "\32", MSCHAPV2, MSCHAPV2, true},
        {"\32", "\375", MSCHAPV2, MSCHAPV2, false},
        {"\377", "", 0, 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct shrike_auth eap = by_eap("alice", rows[i].methods, rows[i].inside);
        eap.credentials = shown;
        eap.credential_count = 1;
        begin(eap, by_key);
        CHECK_EQ(asks(false, "alice"), rows[i].client);
        CHECK_EQ(asks(true, "alice"), 0);
        CHECK(asks(false, "bob") == 0 && asks(false, "alic") == 0 && asks(false, "") == 0);
        CHECK_EQ(signs(1), rows[i].signs);
        CHECK(!signs(2));
        begin(by_key, eap);
        CHECK_EQ(asks(true, "whoever"), rows[i].server);
        CHECK_EQ(asks(false, "alice"), 0);
        CHECK_EQ(signs(1), rows[i].signs);
        CHECK_EQ(signs(2), rows[i].signs);
        CHECK(!signs(3));
    }
}

TEST(names_are_those_of_eap)
{
    struct shrike_auth eap = by_eap("alice", "\4", "");
    eap.eap.id = (struct shrike_id){ID_KEY_ID, TEXT("HOME\\carol")};
    begin(eap, by_key);
    CHECK(asks(false, "HOME\\carol") == MD5 && asks(false, "alice") == 0);
    eap = by_eap("", "\4", "");
    eap.id = (struct shrike_id){ID_IPV4_ADDR, TEXT("\12\0\0\1")};
    begin(eap, by_key);
    CHECK(asks(false, "10.0.0.1") == MD5);
    begin(by_eap("alice", "\4", ""), by_key); /* two connections of one user */
    conns[1] = conns[0];
    conns[1].local = by_eap("alice", "\6", "");
    conf.conn_count = 2;
    CHECK_EQ(asks(false, "alice"), MD5 | PLAIN);
    conns[1].local = by_eap("bob", "\6", "");
    CHECK(asks(false, "alice") == MD5 && asks(false, "bob") == PLAIN);
}

TEST(further_rounds_count)
{
    const struct shrike_auth second = by_eap("carol", "\4", ""), third = by_eap("x", "\25", "");
    begin(by_key, by_key);
    conns[0].local_rounds = &second;
    conns[0].local_round_count = 1;
    CHECK(asks(false, "carol") == MD5 && asks(true, "carol") == 0 && !signs(1));
    conns[0].remote_rounds = &third;
    conns[0].remote_round_count = 1;
    CHECK(asks(true, "carol") == (MD5 | MSCHAPV2 | PLAIN) && signs(1));
}

int main(void)
{
    int failed = RUN(without_connections_nothing) | RUN(each_method) | RUN(names_are_those_of_eap) |
                 RUN(further_rounds_count);
    rights_free(&r);
    return failed;
}
