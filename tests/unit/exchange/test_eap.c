/* EAP in IKE_AUTH (RFC 7296 2.16, 3.16, RFC 5998): with the toy method of tests/pair, between two
 * engines, and against peers that have the right keys and say what they like. */
#include "proofs.h"

/* Side 0 calls and proves itself by EAP; side 1 in this way. */
static void begin_with(struct pair_options o, enum shrike_auth_kind responder)
{
    tuned_begin(o);
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_auth *caller = i ? &t[i].conn.remote : &t[i].conn.local;
        struct shrike_auth *called = i ? &t[i].conn.local : &t[i].conn.remote;
        caller->kind = SHRIKE_AUTH_EAP;
        called->kind = responder;
        called->schemes = scheme_defaults();
        called->credentials = credential();
        called->credential_count = i;
        t[i].conn.send_cert = SHRIKE_CERT_ALWAYS;
    }
}

static void begin(enum shrike_auth_kind responder)
{
    begin_with((struct pair_options){0}, responder);
}

/* ---- what goes well ---- */

/* RFC 7296 2.16 (1, 2, 3, 4, 7, 10), 3.16 (1, 3, 4): the responder signs, EAP goes to and fro, then
 * both prove that they have its key, which goes with the handshake, and what the first request
 * asked for is there. */
TEST(the_responder_signs)
{
    begin(SHRIKE_AUTH_PUBKEY);
    run();
    CHECK(is_up() && sessions_over());
    CHECK_EQ(p->datagrams, 10); /* IKE_SA_INIT, IDi, two responses, AUTH */
    CHECK_EQ(p->side[0].eap.asked, 3);
    CHECK_EQ(p->side[1].eap.asked, 3);
    CHECK_EQ(p->side[0].proof.kind, SHRIKE_AUTH_NONE); /* nobody was asked to prove us */
    CHECK_EQ(p->side[0].check.kind, SHRIKE_AUTH_PUBKEY);
    CHECK_EQ(p->side[1].check.kind, SHRIKE_AUTH_NONE);
    CHECK(p->side[1].eap.last.server && !p->side[0].eap.last.server);
    CHECK(!p->side[0].eap.last.only && !p->side[1].eap.last.only);
    CHECK(p->side[1].eap.last.remote_end.port == p->side[0].eap.last.local_end.port);
    CHECK(p->side[1].eap.last.remote_end.family == 4 && p->side[0].eap.last.local_end.family == 4);
    CHECK_BYTES(p->side[1].eap.last.remote_end.octets, p->side[0].eap.last.local_end.octets, 4);
    CHECK_EQ(stats_of(p, 1).half_open, 0);
    CHECK_EQ(stats_of(p, 0).handshakes + stats_of(p, 1).handshakes, 0);
    pair_down(p, 0, NULL);
    pair_wait(p, p->now + 200 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* RFC 7296 3.16 (6): who we are may be asked, too. The peer is whom EAP has found it to be. */
TEST(the_peer_is_whom_eap_knows)
{
    static const char *const names[] = {"alice", "alice@example.org", "al ice"};
    static const u8 types[] = {ID_FQDN, ID_RFC822_ADDR, ID_KEY_ID};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        begin_with((struct pair_options){.internal = true}, SHRIKE_AUTH_PUBKEY);
        p->side[1].eap.asks_name = true;
        p->side[0].eap.name = names[i];
        run();
        CHECK(is_up() && sessions_over());
        CHECK_EQ(p->side[1].given, 1); /* asked for in the first request */
        CHECK_EQ(p->side[0].taken, 1);
        struct shrike_ike_view v = view_of(1);
        CHECK_EQ(v.remote_id.type, types[i]);
        CHECK(bytes_equal(v.remote_id.data, bytes_of(names[i], strlen(names[i]))));
        CHECK_EQ(view_of(0).remote_id.type, ID_FQDN);
        CHECK(bytes_equal(view_of(0).remote_id.data, bytes_of("b.test", 6)));
        toy_end(p);
    }
}

/* What EAP grants the peer is told to who gives out addresses, and goes with the IKE SA. */
TEST(what_is_granted_stays)
{
    struct shrike_grant_view g = {0};
    begin_with((struct pair_options){.internal = true, .ike_rekey = 100 * SHRIKE_SECOND},
               SHRIKE_AUTH_PUBKEY);
    p->side[1].eap.grant = bytes_of("an address, and a name", 22);
    run();
    CHECK(is_up() && p->side[1].given == 1);
    CHECK_EQ(p->side[1].granted, 22);
    struct shrike_ike_view v = view_of(1);
    CHECK(shrike_view_grant(p->side[1].engine, v.spi_i, v.spi_r, &g) && g.serial == v.serial);
    CHECK(bytes_equal(g.grant, p->side[1].eap.grant));
    shrike_time born = g.born;
    CHECK_EQ(born, v.established);
    pair_wait(p, p->now + 110 * SHRIKE_SECOND);
    CHECK(p->side[1].ike_rekeyed == 1);
    v = view_of(1);
    CHECK(shrike_view_grant(p->side[1].engine, v.spi_i, v.spi_r, &g) && g.serial == v.serial);
    CHECK(v.established > born && g.born == born);
    CHECK(bytes_equal(g.grant, p->side[1].eap.grant));
    CHECK(shrike_view_grant(p->side[0].engine, v.spi_i, v.spi_r, &g) && g.grant.len == 0);
    CHECK(!shrike_view_grant(p->side[0].engine, 1, 2, &g));
    pair_down(p, 0, NULL);
    pair_wait(p, p->now + 200 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* RFC 7296 2.16 (6): a method that makes no key. */
TEST(without_a_key)
{
    begin(SHRIKE_AUTH_PUBKEY);
    p->side[0].eap.keyless = p->side[1].eap.keyless = true;
    run();
    CHECK(is_up() && sessions_over());
    toy_end(p);
}

/* RFC 5998 3: neither signs, and nobody is asked for a signature. */
TEST(eap_alone)
{
    begin(SHRIKE_AUTH_EAP);
    run();
    CHECK(is_up() && sessions_over());
    for (unsigned i = 0; i < 2; i++) {
        CHECK(p->side[i].eap.last.only);
        CHECK_EQ(p->side[i].proof.kind, SHRIKE_AUTH_NONE);
        CHECK_EQ(p->side[i].check.kind, SHRIKE_AUTH_NONE);
    }
    CHECK_EQ(p->datagrams, 10);
    toy_end(p);
}

/* Larger windows and MOBIKE are agreed upon at the end, and every message may be lost. */
TEST(what_is_lost_is_said_again)
{
    for (unsigned lost = 0; lost < 10; lost++) {
        begin_with((struct pair_options){.window = 4, .mobike = true}, SHRIKE_AUTH_PUBKEY);
        run_without(lost);
        CHECK(is_up() && sessions_over());
        CHECK(p->side[0].eap.asked == 3 && p->side[1].eap.asked == 3);
        toy_end(p);
    }
}

/* Of two connections with the same identities the one that fits what is asked for. */
TEST(the_connection_is_one_by_eap)
{
    for (unsigned order = 0; order < 2; order++) {
        for (unsigned eap = 0; eap < 2; eap++) {
            static struct shrike_conn both[2];
            begin(SHRIKE_AUTH_PUBKEY);
            both[0] = both[1] = t[1].conn;
            both[1 - order].name = "psk";
            both[1 - order].hash = 2;
            both[1 - order].remote.kind = SHRIKE_AUTH_PSK;
            t[1].conf.conns = both;
            t[1].conf.conn_count = 2;
            t[0].conn.local.kind = eap ? SHRIKE_AUTH_EAP : SHRIKE_AUTH_PSK;
            run();
            CHECK(is_up());
            CHECK_EQ(p->side[1].eap.asked, eap ? 3 : 0);
            toy_end(p);
        }
    }
}

/* ---- what does not ---- */

/* RFC 7296 2.16 (8, 9): the end is a Failure, and both say why. */
TEST(a_wrong_word)
{
    begin(SHRIKE_AUTH_PUBKEY);
    p->side[0].eap.word = "open";
    run();
    CHECK(p->side[0].failure.theirs && !p->side[1].failure.theirs);
    CHECK(failed(SHRIKE_REASON_EAP_REFUSED, SHRIKE_REASON_EAP_FAILED));
    toy_end(p);
}

/* RFC 7296 2.16 (3): who has another key is somebody else: whoever sits between. */
TEST(keys_that_differ)
{
    for (unsigned way = 0; way < 3; way++) {
        begin(way < 2 ? SHRIKE_AUTH_PUBKEY : SHRIKE_AUTH_EAP);
        *(way ? &p->side[1].eap.other_key : &p->side[0].eap.keyless) = true;
        if (way == 2)
            p->side[0].eap.requests = 1;
        run();
        CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_EAP_KEY));
        toy_end(p);
    }
}

/* RFC 5998 3, 4: a method that proves one side only, or makes no key, cannot stand alone. */
TEST(methods_that_cannot_stand_alone)
{
    for (unsigned side = 0; side < 2; side++) {
        for (unsigned keyless = 0; keyless < 2; keyless++) {
            begin(SHRIKE_AUTH_EAP);
            *(keyless ? &p->side[side].eap.keyless : &p->side[side].eap.one_sided) = true;
            run();
            if (side) {
                CHECK(failed(SHRIKE_REASON_EAP_REFUSED, SHRIKE_REASON_EAP_ALONE));
            } else {
                CHECK_EQ(p->side[0].reason, SHRIKE_REASON_EAP_ALONE);
                CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
            }
            toy_end(p);
        }
    }
}

/* RFC 5998 3: one side alone does not decide that EAP stands alone. */
TEST(one_wants_it_alone)
{
    begin(SHRIKE_AUTH_PUBKEY);
    t[1].conn.local.kind = SHRIKE_AUTH_EAP;
    run();
    CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_EAP_ALONE));
    CHECK_EQ(p->side[1].eap.asked, 0);
    toy_end(p);
    begin(SHRIKE_AUTH_PUBKEY);
    t[0].conn.remote.kind = SHRIKE_AUTH_EAP;
    run();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_EAP_ALONE);
    CHECK_EQ(p->side[0].eap.asked, 0);
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    toy_end(p);
}

/* RFC 7296 2.16 (1): a shared key is not enough for the responder, on neither side; and who calls
 * by a signature is not answered by EAP. */
TEST(connections_that_cannot_be)
{
    begin(SHRIKE_AUTH_PSK);
    run();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_EAP_ALONE);
    CHECK_EQ(p->side[0].failure.origin.line, 3);
    CHECK_EQ(stats_of(p, 1).half_open, 1);
    toy_end(p);
    begin(SHRIKE_AUTH_PUBKEY);
    t[1].conn.local.kind = SHRIKE_AUTH_PSK;
    run();
    CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_EAP_ALONE));
    toy_end(p);
    begin(SHRIKE_AUTH_EAP);
    t[0].conn.local.kind = t[1].conn.remote.kind = SHRIKE_AUTH_PSK;
    t[0].conn.remote.kind = SHRIKE_AUTH_PSK;
    run();
    CHECK(failed(SHRIKE_REASON_AUTH_FAILED, SHRIKE_REASON_EAP_ALONE));
    toy_end(p);
}

/* Whoever has the methods does not answer, on either side. */
TEST(nobody_answers)
{
    for (unsigned side = 0; side < 2; side++) {
        begin(SHRIKE_AUTH_PUBKEY);
        p->side[side].eap.lost = true;
        run();
        CHECK_EQ(p->side[side].eap.asked, 1);
        pair_wait(p, p->now + 400 * SHRIKE_SECOND);
        CHECK_EQ(p->side[0].reason, side ? SHRIKE_REASON_TIMEOUT : SHRIKE_REASON_OP_TIMEOUT);
        CHECK_EQ(p->side[1].reason,
                 side ? SHRIKE_REASON_OP_TIMEOUT : SHRIKE_REASON_HALF_OPEN_TIMEOUT);
        CHECK(sessions_over() && empty(p));
        toy_end(p);
    }
}

/* A method of ours that answers something else than it was asked. */
TEST(a_stray_response_of_ours)
{
    begin(SHRIKE_AUTH_PUBKEY);
    p->side[0].eap.stray = true;
    run();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_EAP_SYNTAX);
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    toy_end(p);
}

/* What is in the middle of EAP is not exported. */
TEST(not_exported_meanwhile)
{
    static u8 record[65536];
    begin(SHRIKE_AUTH_PUBKEY);
    p->side[0].eap.lost = true;
    run();
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_change change;
        unsigned seen = 0;
        while (shrike_changed(p->side[i].engine, &change)) {
            seen += change.ike != 0;
            if (change.ike)
                CHECK_EQ(shrike_export(p->side[i].engine, change.ike, record, sizeof(record)), 0);
        }
        CHECK_EQ(seen, 1);
    }
    toy_end(p);
}

/* ---- peers with the right keys that lie ---- */

static bool forge_begin(unsigned victim, enum shrike_auth_kind responder)
{
    begin(responder);
    return half_way(victim);
}

static void add_eap(struct eap eap)
{
    u8 octets[SHRIKE_EAP_MAX + 64];
    struct writer w = writer_of(octets, sizeof(octets));
    eap_write(&w, &eap);
    chain_add(&c, PAYLOAD_EAP, false, written_bytes(&w));
}

static const struct eap request = {EAP_REQUEST, 9, EAP_TYPE_TOY, {(const u8 *)"?", 1}};
static const struct eap success = {.code = EAP_SUCCESS, .identifier = 9};
static const char idr[] = "\2\0\0\0b.test", idi[] = "\2\0\0\0a.test";
static const char proof[] = "\16\0\0\0................................";

/* No message of EAP gets to our method before its sender has proved who it is. */
TEST(eap_before_the_proof)
{
    static const enum shrike_reason_code reasons[] = {
        SHRIKE_REASON_MISSING_PAYLOAD, SHRIKE_REASON_CERT_NONE, SHRIKE_REASON_MISSING_PAYLOAD,
        SHRIKE_REASON_AUTH_METHOD};
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        CHECK(forge_begin(0, SHRIKE_AUTH_PUBKEY));
        if (i != 2)
            add_text(PAYLOAD_IDR, idr, 10);
        if (i == 1)
            add_text(PAYLOAD_AUTH, proof, sizeof(proof) - 1);
        if (i == 3)
            add_text(PAYLOAD_AUTH, "\2\0\0\0................................", 36);
        add_eap(request);
        say(1);
        CHECK_EQ(p->side[0].reason, reasons[i]);
        CHECK_EQ(p->side[0].eap.asked, 0);
        CHECK_EQ(p->side[0].ike_up, 0);
        /* RFC 7296 2.21.2: and is told that it is not believed */
        CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
        forge_end();
    }
}

/* The responder has signed. What it says then. */
static bool forge_signed(void)
{
    bool good = forge_begin(0, SHRIKE_AUTH_PUBKEY);
    p->side[0].believe = true;
    add_text(PAYLOAD_IDR, idr, 10);
    add_text(PAYLOAD_AUTH, proof, sizeof(proof) - 1);
    return good;
}

TEST(responders_that_lie)
{
    static const enum shrike_reason_code reasons[] = {
        SHRIKE_REASON_EAP_EARLY,       SHRIKE_REASON_EAP_EARLY,  SHRIKE_REASON_EAP_SYNTAX,
        SHRIKE_REASON_MISSING_PAYLOAD, SHRIKE_REASON_EAP_KEY,    SHRIKE_REASON_EAP_SYNTAX,
        SHRIKE_REASON_MISSING_PAYLOAD, SHRIKE_REASON_AUTH_METHOD};
    static const u8 long_one[SHRIKE_EAP_MAX];
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        CHECK(forge_signed());
        p->side[0].eap.trusting = true; /* even then */
        if (i == 0) {                   /* at once */
            add_eap(success);
        } else if (i == 1) { /* once it knows our name */
            add_eap((struct eap){EAP_REQUEST, 9, EAP_TYPE_IDENTITY, {NULL, 0}});
            say(1);
            CHECK_EQ(count_of(&h, PAYLOAD_EAP), 1);
            add_eap(success);
        } else if (i == 2) { /* it answers instead of asking */
            add_eap((struct eap){EAP_RESPONSE, 9, EAP_TYPE_TOY, {NULL, 0}});
        } else if (i == 3) { /* nothing */
            chain_notify(&c, NOTIFY_MOBIKE_SUPPORTED);
        } else if (i == 5) { /* more than we take */
            add_eap((struct eap){EAP_REQUEST, 9, EAP_TYPE_TOY, bytes_of(long_one, SHRIKE_EAP_MAX)});
        } else { /* all goes well, but for the proof at the end */
            add_eap(request);
            say(1);
            add_eap(success);
            say(2);
            CHECK_EQ(count_of(&h, PAYLOAD_AUTH), 1);
            if (i == 4)
                add_text(PAYLOAD_AUTH, "\2\0\0\0................................", 36);
            if (i == 7)
                add_text(PAYLOAD_AUTH, proof, sizeof(proof) - 1);
        }
        say(i == 1 ? 2 : i == 4 || i > 5 ? 3 : 1);
        CHECK_EQ(p->side[0].reason, reasons[i]);
        CHECK_EQ(p->side[0].failed, 1);
        CHECK_EQ(p->side[0].ike_up, 0);
        CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
        CHECK(p->side[0].eap.begun == p->side[0].eap.over && !p->side[0].eap.wrong);
        forge_end();
    }
}

/* What the peer may say at any time: it ends there, and nothing is said back. */
TEST(responders_that_refuse)
{
    for (unsigned i = 0; i < 4; i++) {
        CHECK(forge_signed());
        if (i % 2) {
            add_eap(request);
            say(1);
        }
        if (i < 2)
            add_eap((struct eap){.code = EAP_FAILURE, .identifier = 9});
        else
            chain_notify(&c, NOTIFY_AUTHENTICATION_FAILED);
        say(1 + i % 2);
        CHECK_EQ(p->side[0].reason, i < 2 ? SHRIKE_REASON_EAP_REFUSED : SHRIKE_REASON_AUTH_FAILED);
        CHECK(p->side[0].failure.theirs && !h.any);
        CHECK(empty_side(p, 0));
        forge_end();
    }
}

/* One that never ends. */
TEST(endless_rounds)
{
    CHECK(forge_signed());
    u32 id = 1;
    for (; id < 200 && p->side[0].failed == 0; id++) {
        struct eap again = request;
        again.identifier = (u8)id;
        add_eap(again);
        say(id);
    }
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_EAP_ROUNDS);
    CHECK_EQ(id, 66);
    CHECK_EQ(p->side[0].eap.asked, 64);
    forge_end();
    CHECK(forge_begin(1, SHRIKE_AUTH_PUBKEY));
    p->side[1].eap.requests = 1000;
    add_text(PAYLOAD_IDI, idi, 10);
    say(1);
    for (id = 2; id < 200 && p->side[1].failed == 0; id++) {
        struct eap eap;
        CHECK(eap_read(message_body(&h.m, PAYLOAD_EAP), &eap) && eap.code == EAP_REQUEST);
        eap.code = EAP_RESPONSE;
        eap.data = bytes_of("sesame", 6);
        add_eap(eap);
        say(id);
    }
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_EAP_ROUNDS);
    CHECK_EQ(p->side[1].eap.asked, 65);
    CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
    CHECK(p->side[1].eap.over == 1 && stats_of(p, 1).half_open == 0);
    forge_end();
}

/* One that takes its time, and one whose messages all come late: both end. */
TEST(a_time_for_all_of_it)
{
    CHECK(forge_signed());
    for (u32 id = 1; id < 60 && p->side[0].failed == 0; id++) {
        add_eap(request);
        say(id);
        p->side[0].mute = true;
        pair_wait(p, p->now + 20 * SHRIKE_SECOND);
        p->side[0].mute = false;
    }
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_HALF_OPEN_TIMEOUT);
    CHECK(p->side[0].eap.asked == 15 && p->side[0].eap.over == 1);
    forge_end();
    CHECK(forge_begin(1, SHRIKE_AUTH_PUBKEY));
    add_text(PAYLOAD_IDI, idi, 10);
    say(1);
    CHECK(count_of(&h, PAYLOAD_AUTH) == 1 && count_of(&h, PAYLOAD_EAP) == 1);
    p->side[0].mute = true;
    pair_wait(p, p->now + 31 * SHRIKE_SECOND);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_HALF_OPEN_TIMEOUT);
    CHECK(p->side[1].eap.over == 1 && stats_of(p, 1).half_open == 0 && empty_side(p, 1));
    forge_end();
}

/* RFC 7296 3.16 (1, 3, 4): responses that are none to what was asked. */
TEST(initiators_that_lie)
{
    for (unsigned i = 0; i < 8; i++) {
        enum shrike_reason_code reason = SHRIKE_REASON_EAP_SYNTAX;
        struct eap eap = {EAP_RESPONSE, 7, EAP_TYPE_TOY, bytes_of("sesame", 6)};
        CHECK(forge_begin(1, SHRIKE_AUTH_PUBKEY));
        add_text(PAYLOAD_IDI, idi, 10);
        say(1);
        CHECK_EQ(p->side[1].eap.asked, 1);
        if (i == 0) { /* the proof before EAP has ended */
            add_text(PAYLOAD_AUTH, "\2\0\0\0................................", 36);
            reason = SHRIKE_REASON_MISSING_PAYLOAD;
        } else if (i == 1) { /* another identifier */
            eap.identifier = 8;
        } else if (i == 2) { /* another type */
            eap.type = EAP_TYPE_MD5;
        } else if (i == 3) { /* it asks */
            eap.code = EAP_REQUEST;
        } else if (i == 4) { /* it says that all is well */
            eap = (struct eap){.code = EAP_SUCCESS, .identifier = 7};
        } else if (i == 5) { /* Success with something behind it */
            add_text(PAYLOAD_EAP, "\3\7\0\5.", 5);
        } else if (i == 6) { /* not even that */
            add_text(PAYLOAD_EAP, "\2\7", 2);
        } else { /* it does not want this type: that is for the method */
            eap.type = EAP_TYPE_NAK;
            reason = SHRIKE_REASON_EAP_FAILED;
        }
        if (i && i != 5 && i != 6)
            add_eap(eap);
        say(2);
        CHECK_EQ(p->side[1].reason, reason);
        CHECK_EQ(p->side[1].ike_up, 0);
        CHECK_EQ(p->side[1].eap.asked, i == 7 ? 2 : 1);
        CHECK(p->side[1].eap.over == 1 && stats_of(p, 1).half_open == 0);
        CHECK_EQ(i == 7 ? count_of(&h, PAYLOAD_EAP) : only_notify(&h),
                 i == 7 ? 1 : NOTIFY_AUTHENTICATION_FAILED);
        forge_end();
    }
}

/* RFC 7296 2.21.2: one that goes no further says so; nothing else is heard before its proof. */
TEST(initiators_that_give_up)
{
    static const char deleted[] = "\1\0\0\0";
    for (unsigned i = 0; i < 4; i++) {
        struct forgery what = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
        CHECK(forge_begin(1, SHRIKE_AUTH_PUBKEY));
        if (i == 3)
            what.message_id = 1; /* EAP has not even begun */
        if (i < 3) {
            add_text(PAYLOAD_IDI, idi, 10);
            say(1);
        }
        if (i == 0 || i == 3)
            add_text(PAYLOAD_NOTIFY, "\0\0\0\30", 4); /* AUTHENTICATION_FAILED */
        else if (i == 1)
            add_text(PAYLOAD_DELETE, deleted, 4);
        tell(&f, what, &c, &h);
        chain_begin(&c);
        CHECK_EQ(p->side[1].reason, i < 2 ? SHRIKE_REASON_EAP_GIVEN_UP : SHRIKE_REASON_NONE);
        CHECK_EQ(stats_of(p, 1).half_open, i < 2 ? 0 : 1);
        CHECK_EQ(p->side[1].eap.over, i < 2 ? 1 : 0);
        forge_end();
    }
}

/* The proof at the end: missing, of another kind, of another length, wrong. */
TEST(initiators_without_the_key)
{
    static const enum shrike_reason_code reasons[] = {SHRIKE_REASON_MISSING_PAYLOAD,
                                                      SHRIKE_REASON_AUTH_METHOD,
                                                      SHRIKE_REASON_EAP_KEY, SHRIKE_REASON_EAP_KEY};
    for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
        CHECK(forge_begin(1, SHRIKE_AUTH_PUBKEY));
        p->side[1].eap.requests = 1;
        add_text(PAYLOAD_IDI, idi, 10);
        say(1);
        add_eap((struct eap){EAP_RESPONSE, 7, EAP_TYPE_TOY, bytes_of("sesame", 6)});
        say(2);
        CHECK_EQ(count_of(&h, PAYLOAD_EAP), 1);
        if (i == 1)
            add_text(PAYLOAD_AUTH, proof, sizeof(proof) - 1);
        else if (i)
            add_text(PAYLOAD_AUTH, "\2\0\0\0................................", i == 2 ? 35 : 36);
        say(3);
        CHECK_EQ(p->side[1].reason, reasons[i]);
        CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
        CHECK(p->side[1].ike_up == 0 && stats_of(p, 1).half_open == 0);
        forge_end();
    }
}

int main(void)
{
    return RUN(the_responder_signs) | RUN(the_peer_is_whom_eap_knows) | RUN(what_is_granted_stays) |
           RUN(without_a_key) | RUN(eap_alone) | RUN(what_is_lost_is_said_again) |
           RUN(the_connection_is_one_by_eap) | RUN(a_wrong_word) | RUN(keys_that_differ) |
           RUN(methods_that_cannot_stand_alone) | RUN(one_wants_it_alone) |
           RUN(connections_that_cannot_be) | RUN(nobody_answers) | RUN(a_stray_response_of_ours) |
           RUN(not_exported_meanwhile) | RUN(eap_before_the_proof) | RUN(responders_that_lie) |
           RUN(responders_that_refuse) | RUN(endless_rounds) | RUN(a_time_for_all_of_it) |
           RUN(initiators_that_lie) | RUN(initiators_that_give_up) |
           RUN(initiators_without_the_key);
}
