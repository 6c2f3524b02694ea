/* Both sides of a refusal, and what follows from them. */
#include "control/advice.h"
#include "control/compare.h"
#include "test.h"
#include "wire/codes.h"

static const struct shrike_transform gcm[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 256},
                                              {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                              {TRANSFORM_KE, KE_CURVE25519, 0}};
static const struct shrike_transform esp[] = {{TRANSFORM_ENCR, ENCR_AES_CBC, 128},
                                              {TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128, 0},
                                              {TRANSFORM_SN, SN_32, 0}};
static const struct shrike_proposal ike_rule = {
    .protocol = PROTOCOL_IKE, .transform_count = 3, .transforms = gcm};
static const struct shrike_proposal esp_rule = {
    .protocol = PROTOCOL_ESP, .transform_count = 3, .transforms = esp};
static const struct shrike_ts net1 = {
    .from = {10, 1}, .to = {10, 1, 255, 255}, .port_to = 65535, .family = 4};
static const struct shrike_ts dynamic = {.port_to = 65535};
static struct shrike_child_conf child = {.name = "net",
                                         .proposals = &esp_rule,
                                         .proposal_count = 1,
                                         .local_ts = &net1,
                                         .local_ts_count = 1,
                                         .remote_ts = &dynamic,
                                         .remote_ts_count = 1};
static struct shrike_conn conn = {.name = "gw", .proposals = &ike_rule, .proposal_count = 1};
static struct compare both;
static char change[1024];

/* one proposal each: AES-CBC-128, HMAC-SHA2-256-128, PRF_HMAC_SHA2_256, MODP 2048 */
static const u8 cbc[] = {0,  0,    0,  44, 1,   1, 0, 4, 3, 0, 0, 12, 1,  0, 0,
                         12, 0x80, 14, 0,  128, 3, 0, 0, 8, 3, 0, 0,  12, 3, 0,
                         0,  8,    2,  0,  0,   5, 0, 0, 0, 8, 4, 0,  0,  14};
/* ESP: AES-CBC-128, HMAC-SHA2-256-128, MODP 2048, 32-bit sequence numbers, and an SPI */
static const u8 pfs[] = {0, 0, 0, 48, 1,    3,  4, 4,   1, 2, 3, 4, 3, 0, 0, 12,
                         1, 0, 0, 12, 0x80, 14, 0, 128, 3, 0, 0, 8, 3, 0, 0, 12,
                         3, 0, 0, 8,  4,    0,  0, 14,  0, 0, 0, 8, 5, 0, 0, 0};

static void look(const struct shrike_event *e)
{
    struct text t = text_of(change, sizeof change);
    compare_event(&both, e, &conn, e->child_conf ? &child : NULL);
    advice_change(&t, e, &conn, e->child_conf ? &child : NULL, &both);
}

/* The row of this name: what stands there, and whether it is marked. */
static bool row(const char *what, const char *here, const char *there, bool differs)
{
    for (unsigned i = 0; i < both.count; i++) {
        const struct compare_row *r = &both.rows[i];
        if (strcmp(r->what, what) != 0)
            continue;
        bool good =
            strcmp(r->here, here) == 0 && strcmp(r->there, there) == 0 && r->differs == differs;
        if (!good)
            printf("# %s: %s | %s | %d\n", what, r->here, r->there, r->differs);
        return good;
    }
    printf("# no row %s\n", what);
    return false;
}

TEST(proposals_kind_by_kind)
{
    struct shrike_event e = {.reason = {.code = SHRIKE_REASON_NO_IKE_PROPOSAL,
                                        .exchange = EXCHANGE_IKE_SA_INIT,
                                        .detail = TRANSFORM_ENCR,
                                        .offered = bytes_of(cbc, sizeof cbc)}};
    look(&e);
    CHECK_EQ(both.count, 4);
    CHECK(row("encryption", "AES_GCM_16_256", "AES_CBC_128", true));
    CHECK(row("integrity", "none", "HMAC_SHA2_256_128", true));
    CHECK(row("prf", "PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_256", false));
    CHECK(row("key exchange", "CURVE25519", "MODP2048", true));
    CHECK(strstr(change,
                 "add aes128-sha256-modp2048 to proposals, or let the peer allow aes256gcm16"));
    e.reason.theirs = true;
    e.reason.offered = bytes_of(NULL, 0);
    look(&e);
    CHECK(row("encryption", "AES_GCM_16_256", "", false)); /* the peer has not said what it wants */
    CHECK(change[0] == 0);
}

/* Each kind has something in common, but no two proposals fit: the kind that failed is marked. */
TEST(the_nearest_kind_is_marked)
{
    static const struct shrike_transform same[] = {{TRANSFORM_ENCR, ENCR_AES_CBC, 128},
                                                   {TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128, 0},
                                                   {TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0},
                                                   {TRANSFORM_KE, KE_MODP2048, 0}};
    static const struct shrike_proposal rule = {
        .protocol = PROTOCOL_IKE, .transform_count = 4, .transforms = same};
    const struct shrike_event e = {.reason = {.code = SHRIKE_REASON_NO_IKE_PROPOSAL,
                                              .detail = TRANSFORM_KE,
                                              .offered = bytes_of(cbc, sizeof cbc)}};
    conn.proposals = &rule;
    look(&e);
    conn.proposals = &ike_rule;
    CHECK(row("encryption", "AES_CBC_128", "AES_CBC_128", false));
    CHECK(row("key exchange", "MODP2048", "MODP2048", true));
}

/* RFC 7296 1.2: with IKE_AUTH no group is spoken of; it shows when the first rekey comes. */
TEST(forward_secrecy_shows_at_the_rekey)
{
    struct shrike_event e = {.child_conf = "net",
                             .reason = {.code = SHRIKE_REASON_NO_CHILD_PROPOSAL,
                                        .exchange = EXCHANGE_CREATE_CHILD_SA,
                                        .detail = TRANSFORM_KE,
                                        .offered = bytes_of(pfs, sizeof pfs)}};
    look(&e);
    CHECK(row("key exchange", "none", "MODP2048", true));
    CHECK(row("encryption", "AES_CBC_128", "AES_CBC_128", false));
    CHECK(row("sequence numbers", "32_BIT", "32_BIT", false));
    CHECK(strstr(change, "add aes128-sha256-modp2048 to esp_proposals, or let the peer allow "));
    e.reason.exchange = EXCHANGE_IKE_AUTH;
    look(&e);
    for (unsigned i = 0; i < both.count; i++)
        CHECK(strcmp(both.rows[i].what, "key exchange") != 0);
}

TEST(what_is_weak_is_not_to_be_added)
{
    const struct shrike_event e = {.reason = {.code = SHRIKE_REASON_WEAK_PROPOSAL,
                                              .detail = TRANSFORM_ENCR,
                                              .offered = bytes_of(cbc, sizeof cbc)}};
    look(&e);
    CHECK(both.count == 4 && strstr(change, "let the peer allow aes256gcm16"));
}

TEST(selectors_of_both_ends)
{
    static const u8 tsi[] = {1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 0xff, 0xff, 192, 0, 2, 2, 192, 0, 2, 2};
    static const u8 tsr[] = {1,    0,    0,  0, 7, 0, 0,  16, 0,    0,
                             0xff, 0xff, 10, 9, 0, 0, 10, 9,  0xff, 0xff};
    struct shrike_event e = {.child_conf = "net",
                             .remote = {{192, 0, 2, 2}, 500, 4, 0},
                             .reason = {.code = SHRIKE_REASON_TS_MISMATCH,
                                        .notify = NOTIFY_TS_UNACCEPTABLE,
                                        .offered = bytes_of(tsr, sizeof tsr),
                                        .beside = bytes_of(tsi, sizeof tsi)}};
    look(&e);
    CHECK(row("traffic here", "10.1.0.0/16", "10.9.0.0/16", true));
    CHECK(row("traffic there", "dynamic", "192.0.2.2/32", false)); /* the peer itself */
    CHECK(strcmp(change, "local_ts = 10.9.0.0/16, or the mirror of ours at the peer") == 0);
    e.reason.notify = 0; /* it is the answer to what we asked for */
    look(&e);
    CHECK(row("traffic here", "10.1.0.0/16", "192.0.2.2/32", true));
    e.reason.offered = bytes_of("\x01\0\0", 3);
    e.reason.notify = NOTIFY_TS_UNACCEPTABLE;
    look(&e);
    CHECK(row("traffic here", "10.1.0.0/16", "malformed", true));
}

TEST(identities)
{
    static const u8 body[] = {ID_FQDN, 0, 0, 0, 'w', 'e', 's', 't'};
    struct shrike_event e = {.reason = {.code = SHRIKE_REASON_NO_IDENTITY,
                                        .detail = PAYLOAD_IDI,
                                        .notify = NOTIFY_AUTHENTICATION_FAILED,
                                        .offered = bytes_of(body, sizeof body)}};
    conn.local.id = (struct shrike_id){ID_FQDN, bytes_of("east", 4)};
    conn.remote.id = (struct shrike_id){ID_FQDN, bytes_of("north", 5)};
    look(&e);
    CHECK(row("identity there", "north", "west", true) && row("identity here", "east", "", false));
    CHECK(strstr(change, "remote { id = west }, or local { id = north } at the peer"));
    e.reason.detail = PAYLOAD_IDR;
    look(&e);
    CHECK(row("identity here", "east", "west", true) && row("identity there", "north", "", false));
    e.reason.code = SHRIKE_REASON_AUTH_NO_SECRET;
    e.reason.detail = PAYLOAD_IDI;
    look(&e);
    CHECK(row("identity there", "north", "west", false));
    CHECK(strcmp(change, "secrets {\n    ike-gw {\n        id-1 = east\n        id-2 = west\n      "
                         "  secret = ...\n    }\n}") == 0);
    e.reason.code = SHRIKE_REASON_AUTH_MAC;
    e.reason.beside = bytes_of("ike-1", 5);
    look(&e);
    CHECK(row("identity there", "north", "west", false) &&
          row("secret", "ike-1", "another one", true));
    e.reason.code = SHRIKE_REASON_AUTH_METHOD;
    e.reason.method = AUTH_RSA;
    conn.remote.kind = SHRIKE_AUTH_PSK;
    look(&e);
    CHECK(row("authentication", "PSK", "RSA", true));
}

/* Whom the connections are for, and who came. */
TEST(addresses_of_all)
{
    static const struct shrike_net here = {{{192, 0, 2, 1}, 4}, 32};
    static const struct shrike_net there[] = {{{{198, 51, 100}, 4}, 24}, {{{0}, 0}, 0}};
    const struct shrike_conn conns[] = {{.local_addrs = &here, .local_addr_count = 1},
                                        {.remote_addrs = there, .remote_addr_count = 2}};
    struct shrike_conf conf = {.conns = conns, .conn_count = 2};
    const struct shrike_event e = {.local = {{192, 0, 2, 9}, 500, 4, 0},
                                   .remote = {{203, 0, 113, 5}, 500, 4, 0}};
    compare_addresses(&both, &e, &conf);
    CHECK_EQ(both.count, 2);
    CHECK(row("address here", "192.0.2.1 any", "192.0.2.9", false));
    CHECK(row("address there", "any 198.51.100.0/24 any", "203.0.113.5", false));
}

static bool lacks(const struct shrike_conf *conf, const char *should)
{
    const struct shrike_event e = {.reason.code = SHRIKE_REASON_NO_CONNECTION,
                                   .local = {{192, 0, 2, 1}, 500, 4, 0},
                                   .remote = {{198, 51, 100, 7}, 500, 4, 0}};
    struct text t = text_of(change, sizeof change);
    advice_address(&t, &e, conf);
    return strcmp(change, should) == 0;
}

/* Where one connection has one of both addresses, the other is what it lacks. */
TEST(addresses_that_lack)
{
    static const struct shrike_net here = {{{192, 0, 2, 1}, 4}, 32};
    static const struct shrike_net near = {{{198, 51, 100, 8}, 4}, 29}; /* up to .15 */
    static const struct shrike_net far = {{{203, 0, 113, 1}, 4}, 32};
    struct shrike_conn conns[] = {{.name = "gw",
                                   .local_addrs = &here,
                                   .local_addr_count = 1,
                                   .remote_addrs = &near,
                                   .remote_addr_count = 1},
                                  {.name = "other",
                                   .local_addrs = &far,
                                   .local_addr_count = 1,
                                   .remote_addrs = &far,
                                   .remote_addr_count = 1}};
    struct shrike_conf conf = {.conns = conns, .conn_count = 2};
    CHECK(lacks(&conf, "remote_addrs = 198.51.100.7 in connection gw, beside what is there"));
    CHECK(compare_holds(&near, 1, &(struct shrike_endpoint){{198, 51, 100, 15}, 500, 4, 0}));
    CHECK(!compare_holds(&near, 1, &(struct shrike_endpoint){{198, 51, 100, 16}, 500, 4, 0}));
    conns[1].remote_addrs = NULL; /* anybody, at another address of ours */
    conns[1].remote_addr_count = 0;
    CHECK(lacks(&conf, "")); /* who knows which is meant */
    conns[0].local_addrs = &far;
    CHECK(lacks(&conf, "local_addrs = 192.0.2.1 in connection other, beside what is there"));
    conf.conn_count = 0;
    CHECK(lacks(&conf, ""));
    compare_addresses(&both, &(struct shrike_event){.remote = {{1}, 500, 4, 0}}, &conf);
    CHECK(row("address there", "no connections", "1.0.0.0", true));
}

/* However many there are, the cell is full at some time, and that is all. */
TEST(addresses_of_many)
{
    static const struct shrike_net net = {{{198, 51, 100, 200}, 4}, 32};
    static struct shrike_conn conns[1000];
    struct shrike_conf conf = {.conns = conns, .conn_count = 1000};
    for (size_t i = 0; i < ARRAY_LEN(conns); i++)
        conns[i] = (struct shrike_conn){.remote_addrs = &net, .remote_addr_count = 1};
    compare_addresses(&both, &(struct shrike_event){.remote.family = 4}, &conf);
    CHECK_EQ(strlen(both.rows[1].here), COMPARE_CELL - 1);
}

TEST(modes)
{
    struct shrike_event e = {.child_conf = "net", .reason.code = SHRIKE_REASON_MODE_MISMATCH};
    look(&e);
    CHECK(row("mode", "tunnel", "another", true));
    e.reason.theirs = true;
    look(&e);
    CHECK(row("mode", "tunnel", "", false) && change[0] == 0);
}

/* No reason makes more rows than there is room for, with or without the parts it is about. */
TEST(every_reason)
{
    for (unsigned code = 0; code < SHRIKE_REASON_COUNT; code++)
        for (unsigned how = 0; how < 8; how++) {
            struct shrike_event e = {.child_conf = how & 1 ? "net" : NULL,
                                     .reason = {.code = (enum shrike_reason_code)code,
                                                .theirs = how & 2,
                                                .exchange = EXCHANGE_IKE_AUTH}};
            if (how & 4)
                e.reason.offered = bytes_of(pfs, sizeof pfs);
            look(&e);
            CHECK(both.count <= COMPARE_ROWS);
            compare_event(&both, &e, NULL, NULL);
            CHECK_EQ(both.count, 0);
        }
}

static const struct shrike_conn *of; /* whose causes are asked for; NULL: it is not known */

static unsigned causes_of(const struct shrike_event *e, const char *first)
{
    struct advice_cause cause;
    unsigned at = 0, count = 0;
    while (advice_next(e, of, &at, &cause)) {
        if (count == 0 && strcmp(cause.name, first) != 0)
            printf("# the first is %s\n", cause.name);
        if (count == 0 && strcmp(cause.name, first) != 0)
            return 0;
        count += cause.text[0] != 0;
    }
    return count;
}

/* Only what the other side, or the path, decided has causes to guess at. */
TEST(causes_in_order)
{
    struct shrike_event e = {
        .remote.port = 4500,
        .reason = {.code = SHRIKE_REASON_TIMEOUT, .exchange = EXCHANGE_IKE_AUTH, .detail = 1400}};
    CHECK_EQ(causes_of(&e, "path-mtu"), 3);
    e.reason.detail = 300;
    CHECK_EQ(causes_of(&e, "port-4500"), 2);
    e.remote.port = 500;
    CHECK_EQ(causes_of(&e, "dropped"), 1);
    e.reason.parts = 1;
    e.reason.parts_all = 3;
    CHECK_EQ(causes_of(&e, "fragment-size"), 2); /* and nothing else */
    e.reason.code = SHRIKE_REASON_HALF_OPEN_TIMEOUT;
    CHECK_EQ(causes_of(&e, "fragment-size"), 2);
    e.reason.parts_all = 0;
    CHECK_EQ(causes_of(&e, "port-4500"), 4);
    e.reason.again = 1; /* that may be chance */
    CHECK_EQ(causes_of(&e, "port-4500"), 4);
    e.reason.again = 2;
    CHECK_EQ(causes_of(&e, "answer-lost"), 2);
    e.reason.code = SHRIKE_REASON_TIMEOUT;
    e.reason.notify = NOTIFY_INVALID_IKE_SPI;
    CHECK_EQ(causes_of(&e, "two-hosts"), 2);
    e.reason =
        (struct shrike_reason){.code = SHRIKE_REASON_AUTH_FAILED, .exchange = EXCHANGE_IKE_AUTH};
    CHECK_EQ(causes_of(&e, ""), 0);
    e.reason.theirs = true;
    CHECK_EQ(causes_of(&e, "certificate"), 7);
    e.reason = (struct shrike_reason){.code = SHRIKE_REASON_NO_CHILD_PROPOSAL,
                                      .exchange = EXCHANGE_CREATE_CHILD_SA,
                                      .theirs = true};
    CHECK_EQ(causes_of(&e, "pfs"), 3);
}

/* Of EAP a password is missing, which has one name. */
TEST(passwords_that_lack)
{
    static const u8 offered[] = {ID_FQDN, 0, 0, 0, 'd', 'a', 'v', 'e'};
    const struct shrike_conn before = conn;
    struct shrike_event e = {
        .reason = {.code = SHRIKE_REASON_AUTH_NO_SECRET, .exchange = EXCHANGE_IKE_AUTH}};
    conn.local.kind = SHRIKE_AUTH_EAP;
    conn.local.id = (struct shrike_id){ID_FQDN, bytes_of("carol", 5)};
    look(&e);
    CHECK(strcmp(change, "secrets {\n    eap-1 {\n        id = carol\n        secret = ...\n    }\n"
                         "}") == 0);
    conn.local.eap.id = (struct shrike_id){ID_KEY_ID, bytes_of("erin", 4)};
    look(&e);
    CHECK(strstr(change, "id = erin\n"));
    conn.local = (struct shrike_auth){.kind = SHRIKE_AUTH_PUBKEY};
    conn.remote.kind = SHRIKE_AUTH_EAP;
    e.reason.offered = bytes_of(offered, sizeof offered);
    look(&e);
    CHECK(strstr(change, "id = dave\n"));
    conn.remote.eap.asks = true;
    look(&e);
    CHECK(strstr(change, "id = ...\n"));
    conn = before;
}

/* Nobody looks at secrets whose certificate was refused. */
TEST(causes_follow_how_we_prove_ourselves)
{
    static const u8 tls[] = {EAP_TYPE_TLS};
    struct shrike_auth further = {.kind = SHRIKE_AUTH_EAP};
    struct shrike_conn one = {.local.kind = SHRIKE_AUTH_PSK};
    struct shrike_event e = {.reason = {.code = SHRIKE_REASON_AUTH_FAILED,
                                        .exchange = EXCHANGE_IKE_AUTH,
                                        .theirs = true}};
    of = &one;
    CHECK_EQ(causes_of(&e, "secret"), 5);
    one.local.kind = SHRIKE_AUTH_PUBKEY;
    CHECK_EQ(causes_of(&e, "certificate"), 6);
    one.local.kind = SHRIKE_AUTH_EAP; /* nothing is proved before EAP */
    CHECK_EQ(causes_of(&e, "identity-here"), 4);
    e.reason.code = SHRIKE_REASON_EAP_REFUSED;
    CHECK_EQ(causes_of(&e, "password"), 3);
    one.local.eap.methods = bytes_of(tls, sizeof tls);
    CHECK_EQ(causes_of(&e, "certificate"), 3);
    one.local = (struct shrike_auth){.kind = SHRIKE_AUTH_PUBKEY}; /* and a password after it */
    CHECK_EQ(causes_of(&e, "certificate"), 3);
    one.local_rounds = &further;
    one.local_round_count = 1;
    CHECK_EQ(causes_of(&e, "password"), 4);
    of = NULL;
}

int main(void)
{
    return RUN(proposals_kind_by_kind) | RUN(the_nearest_kind_is_marked) |
           RUN(forward_secrecy_shows_at_the_rekey) | RUN(what_is_weak_is_not_to_be_added) |
           RUN(selectors_of_both_ends) | RUN(identities) | RUN(addresses_of_all) |
           RUN(addresses_that_lack) | RUN(addresses_of_many) | RUN(modes) | RUN(every_reason) |
           RUN(causes_in_order) | RUN(passwords_that_lack) |
           RUN(causes_follow_how_we_prove_ourselves);
}
