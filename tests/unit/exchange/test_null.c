/* NULL authentication (RFC 7619): of either side and of both, with and without a PPK; nobody gets
 * in by it where it is not asked for, and nobody is put out by it. */
#include "proofs.h"

/* Side 0 calls. */
static void begin(enum shrike_auth_kind caller, enum shrike_auth_kind called)
{
    tuned_begin((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_auth *own = &t[i].conn.local, *other = &t[i].conn.remote;
        own->kind = i ? called : caller;
        other->kind = i ? caller : called;
        if (own->kind == SHRIKE_AUTH_NULL)
            own->id = (struct shrike_id){.type = ID_NULL};
        if (other->kind == SHRIKE_AUTH_NULL)
            other->id = (struct shrike_id){0};
    }
}

#define NOBODY SHRIKE_AUTH_NULL
#define PSK    SHRIKE_AUTH_PSK

/* Each side for itself. Whoever proves nothing asks nobody for a proof. */
TEST(either_side_and_both)
{
    static const enum shrike_auth_kind kinds[][2] = {
        {NOBODY, PSK}, {PSK, NOBODY}, {NOBODY, NOBODY}};
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        begin(kinds[i][0], kinds[i][1]);
        run();
        CHECK(is_up());
        CHECK_EQ(p->datagrams, 4);
        for (unsigned k = 0; k < 2; k++) {
            CHECK_EQ(p->side[k].proofs, kinds[i][k] == PSK);
            CHECK_EQ(p->side[k].check.kind, kinds[i][1 - k] == PSK ? PSK : SHRIKE_AUTH_NONE);
            if (kinds[i][1 - k] == NOBODY)
                CHECK(view_of(k).remote_id.type == ID_NULL && view_of(k).remote_id.data.len == 0);
        }
        end();
    }
}

/* RFC 7619 2: who demands a proof does not do without. */
TEST(not_where_it_is_not_asked_for)
{
    begin(NOBODY, PSK);
    t[1].conn.remote.kind = PSK;
    run();
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_AUTH_METHOD);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_AUTH_FAILED);
    toy_end(p);

    begin(PSK, NOBODY);
    t[0].conn.remote.kind = PSK;
    run();
    CHECK_EQ(p->side[0].ike_up, 0);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_AUTH_METHOD);
    toy_end(p);
}

/* Nor is a proof taken where nothing is to be proved: it would be of no use. */
TEST(nor_a_proof_where_nobody_is_expected)
{
    begin(PSK, PSK);
    t[1].conn.remote.kind = NOBODY;
    t[1].conn.remote.id = (struct shrike_id){0};
    run();
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_AUTH_METHOD);
    toy_end(p);
}

/* A connection for nobody stands beside one for somebody: the method decides, not the name. */
TEST(the_method_chooses_the_connection)
{
    static struct shrike_conn both[2];
    for (unsigned i = 0; i < 2; i++) {
        begin(i ? PSK : NOBODY, PSK);
        both[0] = both[1] = t[1].conn;
        both[0].name = "nobody";
        both[0].hash = 7;
        both[0].remote.kind = NOBODY;
        both[0].remote.id = (struct shrike_id){0};
        both[1].remote.kind = PSK;
        both[1].remote.id = (struct shrike_id){ID_FQDN, bytes_of("a.test", 6)};
        t[0].conn.local.id = both[1].remote.id; /* whoever it says it is */
        t[1].conf.conns = both;
        t[1].conf.conn_count = 2;
        run();
        CHECK(is_up());
        CHECK_EQ(strcmp(view_of(1).conn, i ? "pair" : "nobody"), 0);
        end();
    }
}

/* RFC 7619 2.3: two of them may be two, whatever they are called; neither closes the other, or
 * somebody who has proved that name. */
TEST(nobody_is_put_out)
{
    static const enum shrike_unique policies[] = {SHRIKE_UNIQUE_NO, SHRIKE_UNIQUE_REPLACE,
                                                  SHRIKE_UNIQUE_KEEP};
    for (unsigned i = 0; i < ARRAY_LEN(policies); i++) {
        struct shrike_command again = {.kind = SHRIKE_UP, .reference = 9, .conn = "second"};
        static struct shrike_conn both[2];
        begin(NOBODY, PSK);
        t[1].conn.unique = policies[i];
        both[0] = both[1] = t[0].conn;
        both[1].name = "second";
        both[1].hash = 8;
        t[0].conf.conns = both;
        t[0].conf.conn_count = 2;
        run();
        CHECK(is_up());
        shrike_command(p->side[0].engine, p->now, &again);
        pair_run(p);
        pair_wait(p, p->now + 5 * SHRIKE_SECOND);
        CHECK_EQ(p->side[1].ike_up, 2);
        CHECK_EQ(p->side[1].ike_down, 0);
        CHECK_EQ(stats_of(p, 1).ike_sas, 2);
        toy_end(p);
    }
}

/* RFC 8784 5.2.3: then the PPK proves both, and is not done without. */
TEST(with_a_ppk)
{
    static const char *const ppks[] = {"its octets", NULL, "other octets"};
    static const enum shrike_reason_code reasons[] = {SHRIKE_REASON_NONE, SHRIKE_REASON_PPK_UNKNOWN,
                                                      SHRIKE_REASON_AUTH_PPK};
    for (unsigned i = 0; i < ARRAY_LEN(ppks); i++) {
        begin(NOBODY, NOBODY);
        for (unsigned k = 0; k < 2; k++)
            t[k].conf.ppks = true;
        t[0].conn.ppk_id = bytes_of("tomorrow", 8);
        p->side[0].ppk = "its octets";
        p->side[1].ppk = ppks[i];
        run();
        CHECK_EQ(p->side[1].ike_up, reasons[i] == SHRIKE_REASON_NONE);
        CHECK_EQ(p->side[1].reason, reasons[i]);
        CHECK_EQ(p->side[0].mixes, 1);
        CHECK_EQ(p->side[0].proofs, 0);
        if (!reasons[i])
            CHECK(is_up() && view_of(0).ppk && view_of(1).ppk);
        toy_end(p);
    }
}

/* ---- who stands between ---- */

TEST(what_is_not_of_both_messages_is_refused)
{
    static const char wrong[] = "\15\0\0\0................................";
    static const u8 lens[] = {4, 35, 36};
    for (unsigned victim = 0; victim < 2; victim++) {
        for (unsigned i = 0; i < ARRAY_LEN(lens); i++) {
            begin(NOBODY, NOBODY);
            CHECK(half_way(victim));
            add_text(victim ? PAYLOAD_IDI : PAYLOAD_IDR, "\15\0\0\0", 4);
            add_text(PAYLOAD_AUTH, wrong, lens[i]);
            say(1);
            CHECK_EQ(p->side[victim].ike_up, 0);
            CHECK_EQ(p->side[victim].reason, SHRIKE_REASON_AUTH_NULL);
            CHECK_EQ(only_notify(&h), NOTIFY_AUTHENTICATION_FAILED);
            forge_end();
        }
    }
}

int main(void)
{
    return RUN(either_side_and_both) | RUN(not_where_it_is_not_asked_for) |
           RUN(nor_a_proof_where_nobody_is_expected) | RUN(the_method_chooses_the_connection) |
           RUN(nobody_is_put_out) | RUN(with_a_ppk) | RUN(what_is_not_of_both_messages_is_refused);
}
