/* Views: what a listing shows, and what it must not show. */
#include "../exchange/tools.h"
#include "sa/child.h"
#include "shrike/view.h"

static struct tuned t[2];

static bool ike_of(const struct pair *p, unsigned side, struct shrike_ike_view *out)
{
    u32 at = 0;
    return shrike_view_ike(p->side[side].engine, &at, out);
}

static bool child_of(const struct pair *p, unsigned side, u32 after, struct shrike_child_view *out)
{
    struct shrike_ike_view ike;
    u32 at = 0;
    return shrike_view_ike(p->side[side].engine, &at, &ike) &&
           shrike_view_child(p->side[side].engine, at, ike.serial, after, out);
}

static bool is_id(const struct shrike_id *id, const char *name)
{
    return id->type == ID_FQDN && bytes_equal(id->data, bytes_of(name, strlen(name)));
}

TEST(nothing_is_shown_of_nothing)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_ike_view ike;
    struct shrike_child_view child;
    CHECK(!ike_of(p, 0, &ike));
    CHECK(!shrike_view_child(p->side[0].engine, 0, 1, 0, &child));
    CHECK(!shrike_view_child(p->side[0].engine, 1, 1, 0, &child));
    pair_up(p, NULL);
    CHECK(ike_of(p, 0, &ike));
    CHECK(shrike_view_child(p->side[0].engine, 1, ike.serial, 0, &child));
    CHECK(!shrike_view_child(p->side[0].engine, 0, ike.serial, 0, &child));
    CHECK(!shrike_view_child(p->side[0].engine, 2, ike.serial, 0, &child));
    CHECK(!shrike_view_child(p->side[0].engine, 1, ike.serial + 50, 0, &child));
    pair_down(p, 0, NULL);
    CHECK_EQ(stats_of(p, 1).ike_sas, 1); /* it answers late copies still, but it is gone */
    CHECK(!ike_of(p, 0, &ike) && !ike_of(p, 1, &ike));
    toy_end(p);
}

/* Of a handshake under way both know what they have been told, and no more. */
TEST(a_handshake_is_connecting)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_ike_view a, b;
    struct shrike_child_view child;
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    CHECK(ike_of(p, 0, &a));
    CHECK_EQ(a.state, SHRIKE_IKE_CONNECTING);
    CHECK(a.initiator && a.spi_i != 0 && a.spi_r == 0);
    CHECK(a.encr == 0 && a.prf == 0 && a.ke == 0 && a.established == 0);
    CHECK(strcmp(a.conn, "pair") == 0 && is_id(&a.local_id, "a.test"));
    CHECK(is_id(&a.remote_id, "b.test")); /* as configured */
    CHECK_EQ(a.children, 1);
    CHECK(child_of(p, 0, 0, &child));
    CHECK_EQ(child.state, SHRIKE_CHILD_CREATING);
    CHECK(child.installed == 0 && child.encr == 0 && child.spi_in == 0 && !child.local_ts);
    CHECK(pair_deliver(p, 1));
    (void)pair_drain(p, 1);
    CHECK(ike_of(p, 1, &b));
    CHECK_EQ(b.state, SHRIKE_IKE_CONNECTING);
    CHECK(!b.initiator && b.conn == NULL && b.local_id.type == 0 && b.remote_id.type == 0);
    CHECK_EQ(b.encr, ENCR_AES_GCM_16);
    CHECK(b.spi_i == a.spi_i && b.spi_r != 0 && b.established == 0 && b.children == 0);
    toy_end(p);
}

TEST(what_is_up_is_shown_in_full)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    struct shrike_ike_view v[2];
    struct shrike_child_view c[2];
    pair_up(p, "net0");
    shrike_time began = p->now;
    pair_wait(p, p->now + 10 * SHRIKE_SECOND);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(ike_of(p, i, &v[i]));
        CHECK_EQ(v[i].state, SHRIKE_IKE_ESTABLISHED);
        CHECK_EQ(v[i].initiator, i == 0);
        CHECK_EQ(v[i].established, began);
        CHECK(is_id(&v[i].local_id, i ? "b.test" : "a.test"));
        CHECK(is_id(&v[i].remote_id, i ? "a.test" : "b.test"));
        CHECK(v[i].encr == ENCR_AES_GCM_16 && v[i].encr_key_bits == 256);
        CHECK(v[i].integ == INTEG_NONE && v[i].prf == PRF_HMAC_SHA2_256);
        CHECK_EQ(v[i].ke, KE_CURVE25519);
        CHECK(!v[i].nat_here && !v[i].nat_there && !v[i].encap_forced);
        CHECK_EQ(v[i].remote.octets[3], 2 - i);
        CHECK_EQ(v[i].children, 1);
        CHECK(child_of(p, i, 0, &c[i]));
        CHECK_EQ(c[i].state, SHRIKE_CHILD_INSTALLED);
        CHECK_EQ(c[i].installed, began);
        CHECK(strcmp(c[i].child, "net0") == 0 && c[i].reqid == 1);
        CHECK(c[i].mode == SHRIKE_TUNNEL && c[i].protocol == PROTOCOL_ESP && !c[i].encap);
        CHECK(c[i].encr == ENCR_AES_GCM_16 && c[i].encr_key_bits == 256 && c[i].ke == KE_NONE);
        CHECK(c[i].local_ts_count == 1 && c[i].remote_ts_count == 1);
        CHECK(c[i].local_ts->from[1] == 1 + i && c[i].remote_ts->from[1] == 2 - i);
        CHECK(!child_of(p, i, c[i].serial, &c[i]));
    }
    CHECK(v[0].spi_i == v[1].spi_i && v[0].spi_r == v[1].spi_r);
    CHECK(c[0].spi_in == c[1].spi_out && c[0].spi_out == c[1].spi_in && c[0].spi_in != 0);
    toy_end(p);
}

/* A key exchange of its own is shown at the Child SA that had one; not at the first. */
TEST(perfect_forward_secrecy_is_shown)
{
    struct pair_options o = {.children = 2, .algorithms = pair_usual};
    o.algorithms.esp_ke = KE_ECP256;
    struct pair *p = toy_pair(o);
    pair_up(p, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_child_view first, second;
        CHECK(child_of(p, i, 0, &first) && child_of(p, i, first.serial, &second));
        CHECK_EQ(first.ke, KE_NONE);
        CHECK_EQ(second.ke, KE_ECP256);
        CHECK(second.serial > first.serial);
    }
    toy_end(p);
}

TEST(any_number_of_children_is_shown)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command up = {SHRIKE_UP, 2, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_ike_view ike;
    struct shrike_child_view child = {0};
    unsigned shown = 0;
    tune_begin(p, 0, &t[0]);
    tune_children(&t[0], 100);
    tune_end(p, 0, &t[0]);
    shrike_command(p->side[0].engine, p->now, &up);
    CHECK(ike_of(p, 0, &ike));
    CHECK_EQ(ike.children, 100);
    for (u32 last = 0; child_of(p, 0, last, &child); last = child.serial, shown++)
        CHECK(child.serial > last && child.reqid == shown + 1);
    CHECK_EQ(shown, 100);
    toy_end(p);
}

TEST(an_end_under_way_is_deleting)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    struct shrike_command down = {SHRIKE_DOWN, 1, "pair", "net0", 0, 0, false, {0}, 0, false};
    struct shrike_ike_view ike;
    struct shrike_child_view child;
    pair_up(p, NULL);
    p->side[0].mute = true;
    shrike_command(p->side[0].engine, p->now, &down);
    pair_run(p);
    CHECK(child_of(p, 0, 0, &child));
    CHECK_EQ(child.state, SHRIKE_CHILD_DELETING);
    CHECK(child_of(p, 0, child.serial, &child));
    CHECK_EQ(child.state, SHRIKE_CHILD_INSTALLED);
    p->side[0].mute = false;
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK(ike_of(p, 0, &ike));
    CHECK_EQ(ike.children, 1);
    p->side[0].mute = true;
    pair_down(p, 0, NULL);
    CHECK(ike_of(p, 0, &ike));
    CHECK_EQ(ike.state, SHRIKE_IKE_DELETING);
    toy_end(p);
}

/* What is dead and only waits to be taken down is not shown, nor counted. */
TEST(the_dead_are_not_shown)
{
    enum { CHILDREN = 3 * SWEEP_MAX };
    static struct chain c;
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_ike_view ike;
    struct shrike_child_view child;
    struct forger f;
    uint32_t spis[CHILDREN];
    tune_begin(p, 0, &t[0]);
    tune_children(&t[0], CHILDREN);
    tune_end(p, 0, &t[0]);
    pair_up(p, NULL);
    CHECK(forger_init(&f, p, 0));
    u32 last = 0;
    for (unsigned i = 0; i < CHILDREN; i++, last = child.serial) {
        CHECK(child_of(p, 0, last, &child));
        spis[i] = child.spi_out;
    }
    chain_begin(&c);
    chain_delete(&c, PROTOCOL_ESP, spis, CHILDREN - 1);
    forge(&f, &(struct forgery){.exchange = EXCHANGE_INFORMATIONAL,
                                .first = c.first,
                                .inner = written_bytes(&c.w)});
    CHECK_EQ(stats_of(p, 0).child_sas, CHILDREN - SWEEP_MAX);
    CHECK(ike_of(p, 0, &ike) && child_of(p, 0, 0, &child));
    CHECK_EQ(ike.children, 1);
    CHECK_EQ(child.serial, last);
    forger_free(&f);
    toy_end(p);
}

/* By the SPIs of any of its messages, also when it is closed. */
TEST(an_ike_sa_by_its_spis)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_ike_view v, w;
    pair_up(p, NULL);
    for (unsigned i = 0; i < 2; i++) {
        const struct shrike *e = p->side[i].engine;
        CHECK(ike_of(p, i, &v) && shrike_view_ike_of(e, v.spi_i, v.spi_r, &w));
        CHECK(w.serial == v.serial && w.established &&
              is_id(&w.remote_id, i ? "a.test" : "b.test"));
        CHECK(shrike_view_ike_of(e, i ? 0 : v.spi_i, i ? v.spi_r : 0, &w));
        CHECK(!shrike_view_ike_of(e, i ? v.spi_i : v.spi_r, 0, &w));
        CHECK(!shrike_view_ike_of(e, v.spi_i + 1, v.spi_r + 1, &w));
    }
    pair_down(p, 0, NULL);
    CHECK(!ike_of(p, 1, &w) && shrike_view_ike_of(p->side[1].engine, v.spi_i, v.spi_r, &w));
    CHECK(w.state == SHRIKE_IKE_DELETING && w.serial == v.serial);
    toy_end(p);
}

/* RFC 7296 2.23 (9): Encapsulation that is only asked for is no NAT: no keepalives, and both ends
 * say which it is. */
TEST(a_pretended_nat_is_told_from_a_real_one)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_ike_view v[2];
    struct shrike_child_view c[2];
    tune_begin(p, 0, &t[0]);
    t[0].conn.force_encap = true;
    tune_end(p, 0, &t[0]);
    pair_up(p, NULL);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(ike_of(p, i, &v[i]) && child_of(p, i, 0, &c[i]));
        CHECK(c[i].encap);
        CHECK_EQ(v[i].encap_forced, i == 0);
        CHECK(!v[i].nat_here && !p->side[i].children[0].nat_here);
        CHECK_EQ(v[i].local.port, 4500);
    }
    CHECK(v[1].nat_there && !v[0].nat_there);
    toy_end(p);
}

int main(void)
{
    return RUN(nothing_is_shown_of_nothing) | RUN(a_handshake_is_connecting) |
           RUN(what_is_up_is_shown_in_full) | RUN(perfect_forward_secrecy_is_shown) |
           RUN(any_number_of_children_is_shown) | RUN(the_dead_are_not_shown) |
           RUN(an_end_under_way_is_deleting) | RUN(an_ike_sa_by_its_spis) |
           RUN(a_pretended_nat_is_told_from_a_real_one);
}
