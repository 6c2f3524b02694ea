/* EAP-TTLS between a server and a peer; and what a server does with what strangers say in its
 * tunnel. */
#include "both.h"
#include "eap/avp.h"

static const u8 pap[] = {SHRIKE_EAP_PAP}, mschapv2[] = {EAP_TYPE_MSCHAPV2}, md5[] = {EAP_TYPE_MD5},
                gtc[] = {EAP_TYPE_GTC};

static void begin(const u8 *inside)
{
    static const u8 method = EAP_TYPE_TTLS;
    begin_inside(&method, bytes_of(inside, inside ? 1 : 0));
}

TEST(each_method_inside)
{
    static const u8 *const rows[] = {pap, mschapv2, md5, gtc};
    for (unsigned i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        const u8 *inside = rows[i / 2];
        bool newer = i % 2;
        tunnel_limit(newer ? 0 : 12);
        begin(inside);
        CHECK(is_proved_inside());
        CHECK_EQ(tunnel_is_newer(b.sessions[PEER].tunnel), newer);
        CHECK(b.asked[SERVER] == 1 && b.asked[PEER] == 1);
        begin(inside);
        b.passwords[PEER] = "another";
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_FAILED);
        CHECK(b.answer[SERVER].secret.len == 0);
        begin(inside);
        b.passwords[SERVER] = NULL;
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_AUTH_NO_SECRET);
        begin(inside);
        b.passwords[PEER] = NULL;
        CHECK(!run());
        CHECK_EQ(why(PEER), SHRIKE_REASON_AUTH_NO_SECRET);
    }
    tunnel_limit(0);
    end();
}

/* A peer says its password to nobody whom certs does not know, and as it is only where it is
 * named. */
TEST(passwords_are_not_said_to_strangers)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin(pap);
        b.no_vouch[PEER] = SHRIKE_REASON_CERT_ISSUER;
        CHECK(!run());
        CHECK(why(PEER) == SHRIKE_REASON_CERT_ISSUER && b.asked[PEER] == 0);
        begin(pap);
        b.strange = true;
        CHECK(!run());
        CHECK(why(PEER) == SHRIKE_REASON_EAP_FAILED && b.asked[PEER] == 0);
        begin(NULL);
        b.ops[SERVER].rule.inside = bytes_of(pap, 1);
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_METHOD);
        begin(NULL);
        b.ops[SERVER].rule.inside = bytes_of(gtc, 1);
        CHECK(!run());
        CHECK(why(SERVER) == SHRIKE_REASON_EAP_METHOD && b.asked[PEER] == 0);
        begin(pap);
        b.ops[SERVER].rule.inside = bytes_of(md5, 1);
        CHECK(!run());
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_METHOD);
    }
    tunnel_limit(0);
    begin(NULL);
    b.ops[SERVER].credential = NULL;
    CHECK(!run());
    CHECK_EQ(why(SERVER), SHRIKE_REASON_AUTH_NO_KEY);
    begin(NULL);
    b.ops[PEER].rule.server = (struct shrike_id){ID_FQDN, TEXT("aaa.example")};
    CHECK(!run());
    CHECK_EQ(why(PEER), SHRIKE_REASON_CERT_IDENTITY);
    begin(NULL);
    b.ops[PEER].remote.data = TEXT("10.0.0.1"); /* in IKE it is called otherwise */
    b.ops[PEER].rule.server = (struct shrike_id){ID_FQDN, TEXT("gate.example")};
    CHECK(is_proved_inside());
    end();
}

/* It is who it says inside that it is; what it says outside counts for nothing. */
TEST(names_are_said_inside)
{
    static const u8 *const rows[] = {pap, mschapv2};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(rows[i]);
        b.ops[SERVER].rule.asks = true;
        b.ops[SERVER].remote.data = b.ops[PEER].local.data = TEXT("10.0.0.2");
        b.ops[PEER].rule.id = (struct shrike_id){ID_FQDN, TEXT("alice")};
        CHECK(is_proved_inside());
        CHECK(bytes_equal(b.answer[SERVER].identity, TEXT("alice")));
        begin(rows[i]);
        b.ops[SERVER].rule.id = (struct shrike_id){ID_FQDN, TEXT("alice")};
        CHECK(is_proved_inside());
        begin(rows[i]);
        b.ops[SERVER].rule.id = (struct shrike_id){ID_FQDN, TEXT("bob")};
        CHECK(!run());
        CHECK(why(SERVER) == SHRIKE_REASON_EAP_FAILED && b.asked[SERVER] == 0);
        begin(rows[i]); /* in IKE it was somebody else */
        b.ops[SERVER].remote.data = TEXT("bob");
        CHECK(!run());
        CHECK(why(SERVER) == SHRIKE_REASON_EAP_FAILED && b.asked[SERVER] == 0);
    }
    end();
}

TEST(success_early)
{
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        begin(mschapv2);
        success_too_early(4);
    }
    tunnel_limit(0);
    end();
}

/* The tunnel is open, and the peer, which keys has no password for, has said nothing in it: this is
 * said instead. */
static bool server_hears(struct bytes inside)
{
    begin(pap);
    b.passwords[PEER] = NULL;
    run_for(ROUNDS_MAX);
    ensure(b.turn[PEER].step == EAP_FAIL);
    return hears_inside(SERVER, EAP_TYPE_TTLS, inside);
}

static struct avp name_is(const char *name)
{
    return (struct avp){.code = AVP_USER_NAME, .must = true, .data = bytes_of(name, strlen(name))};
}

static struct avp password_is(struct bytes password)
{
    return (struct avp){.code = AVP_USER_PASSWORD, .must = true, .data = password};
}

/* Up to three attributes. */
static bool server_reads(struct avp one, struct avp two, struct avp three)
{
    u8 octets[1024];
    const struct avp all[] = {one, two, three};
    struct writer w = writer_of(octets, sizeof(octets));
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].code)
            avp_write(&w, &all[i]);
    return server_hears(written_bytes(&w));
}

TEST(what_is_said_inside)
{
    static const struct avp none = {.code = 0};
    static const u8 alice[] = {EAP_RESPONSE, 77, 0, 10, EAP_TYPE_IDENTITY, 'a', 'l', 'i', 'c', 'e'};
    const struct avp name = name_is("alice"),
                     word = password_is(TEXT("sesame\0\0\0\0\0\0\0\0\0\0"));
    const struct avp strange = {.code = 4711, .data = TEXT("x")};
    struct avp eap = {.code = AVP_EAP_MESSAGE, .must = true}, rest = eap, needed = strange;
    needed.must = true;
    for (unsigned newer = 0; newer < 2; newer++) {
        tunnel_limit(newer ? 0 : 12);
        CHECK(!server_reads(name, word, none) && b.turn[SERVER].step == EAP_OVER);
        CHECK(!server_reads(word, strange, name) && b.turn[SERVER].step == EAP_OVER);
        CHECK(!server_reads(name, word, needed) && why(SERVER) == SHRIKE_REASON_EAP_SYNTAX);
        CHECK(!server_reads(name, none, none) && why(SERVER) == SHRIKE_REASON_EAP_SYNTAX);
        CHECK(!server_reads(word, none, none) && why(SERVER) == SHRIKE_REASON_EAP_SYNTAX);
        CHECK(!server_reads(strange, none, none) && why(SERVER) == SHRIKE_REASON_EAP_SYNTAX);
        CHECK(!server_reads(name, password_is(TEXT("sesam\0\0\0\0\0\0\0\0\0\0\0")), none));
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_FAILED);
        CHECK(!server_reads(name, password_is(TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")), none));
        CHECK(why(SERVER) == SHRIKE_REASON_EAP_FAILED && b.asked[SERVER] == 0);
        CHECK(!server_reads(name_is("bob"), word, none) && why(SERVER) == SHRIKE_REASON_EAP_FAILED);
        CHECK(!server_hears(TEXT("\0\0\0\1\100\0\0\7")));
        CHECK_EQ(why(SERVER), SHRIKE_REASON_EAP_SYNTAX);
        eap.data = bytes_of(alice, 6);
        rest.data = bytes_of(alice + 6, sizeof(alice) - 6);
        CHECK(server_reads(eap, rest, none)); /* in two: MSCHAPv2 is begun */
        CHECK(b.sessions[SERVER].inner && b.sessions[SERVER].inner->type == EAP_TYPE_MSCHAPV2);
        CHECK(!server_reads(eap, none, none) && why(SERVER) == SHRIKE_REASON_EAP_SYNTAX);
        eap.data = bytes_of(alice, sizeof(alice));
        CHECK(server_reads(eap, name, word)); /* the message counts */
        CHECK(b.asked[SERVER] == 0);
    }
    tunnel_limit(0);
    end();
}

int main(void)
{
    if (!prepare_inside("ttls"))
        return 0;
    int failed = RUN(each_method_inside) | RUN(passwords_are_not_said_to_strangers) |
                 RUN(names_are_said_inside) | RUN(success_early) | RUN(what_is_said_inside);
    pki_free();
    return failed;
}
