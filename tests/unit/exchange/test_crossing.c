/* Exchanges that meet (RFC 7296 2.25): what each side answers while its own request is under way.
 * That everything ends well whatever comes first, tests/proof/collide shows. */
#include "tools.h"

static struct pair *p;
static struct forger ears[2]; /* what a side says over the first IKE SA */
static struct heard h;

static bool begin(unsigned children, const char *up)
{
    p = toy_pair((struct pair_options){.children = children});
    pair_up(p, up);
    return forger_init(&ears[0], p, 0) && forger_init(&ears[1], p, 1);
}

static void end(void)
{
    forger_free(&ears[0]);
    forger_free(&ears[1]);
    toy_end(p);
}

/* A side begins an exchange; its request waits for the other one. */
static void order(unsigned side, enum shrike_command_kind kind, const char *child)
{
    struct shrike_command c = {.kind = kind, .reference = 7, .conn = "pair", .child = child};
    shrike_command(p->side[side].engine, p->now, &c);
    shrike_tick(p->side[side].engine, p->now);
    settle_side(p, side);
}

/* What a side has said first of what waits for the other one; nothing is taken away. */
static const struct heard *said(unsigned side)
{
    const struct pair_side *to = &p->side[1 - side];
    const struct pair_datagram *d = &to->queue[to->head];
    struct forger *f = &ears[side];
    struct header header;
    struct opened o;
    u8 copy[4096], bad;
    h.any = false;
    if (to->count == 0 || d->len > sizeof(copy))
        return &h;
    memcpy(copy, d->data, d->len);
    struct bytes octets = bytes_of(copy, d->len);
    if (header_read(octets, &header) == HEADER_OK &&
        protect_open(&f->shard, &f->sa, octets, &header, &o) == OPEN_OK) {
        memcpy(h.octets, o.inner.at, o.inner.len);
        h.any = message_read(&h.m, h.octets, bytes_of(h.octets, o.inner.len), o.first, &bad) ==
                MESSAGE_OK;
        h.m.header = header;
    }
    arena_reset(&f->shard.scratch);
    return &h;
}

/* The error that a side answers with; 0: none. */
static unsigned error_of(unsigned side)
{
    struct notify n;
    const struct heard *answer = said(side);
    bool response = answer->any && answer->m.header.flags & FLAG_RESPONSE;
    return !response ? UINT16_MAX : notify_error(&answer->m, &n) ? n.type : 0;
}

/* What waits for this side first gets there, and is answered. */
static void meet_one(unsigned side)
{
    pair_deliver(p, side);
    settle_side(p, side);
}

/* Both requests are under way: each gets there, and is answered. */
static void meet(void)
{
    meet_one(1);
    meet_one(0);
}

/* RFC 7296 2.25.1 (2), 2.8.1 (3): both are made, and the nonces decide which one goes. */
TEST(both_rekey_a_child)
{
    CHECK(begin(1, NULL));
    order(0, SHRIKE_REKEY, "net0");
    order(1, SHRIKE_REKEY, "net0");
    meet();
    CHECK(error_of(0) == 0 && error_of(1) == 0);
    CHECK_EQ(p->side[1].child_count, 2); /* the old one, and the one that it has answered */
    pair_run(p);
    CHECK(pair_agrees(p));
    for (unsigned side = 0; side < 2; side++)
        CHECK(p->side[side].child_count == 1 && p->side[side].child_down == 0);
    end();
}

/* RFC 7296 2.8.2 (1): the same with the IKE SA; the one that stays has the children. */
TEST(both_rekey_the_ike_sa)
{
    CHECK(begin(2, NULL));
    order(0, SHRIKE_REKEY, NULL);
    order(1, SHRIKE_REKEY, NULL);
    meet();
    CHECK(error_of(0) == 0 && error_of(1) == 0);
    pair_run(p);
    CHECK(pair_agrees(p));
    for (unsigned side = 0; side < 2; side++) {
        CHECK_EQ(p->side[side].ike_rekeyed, 1);
        CHECK(p->side[side].ike_down == 0 && p->side[side].child_count == 2);
    }
    end();
}

/* RFC 7296 2.25.1 (1, 5), 2.25 (1): the delete is answered as ever, the rekey is put off. */
TEST(a_rekey_of_what_is_deleted)
{
    CHECK(begin(2, NULL));
    order(0, SHRIKE_REKEY, "net0");
    order(1, SHRIKE_DOWN, "net0");
    meet();
    CHECK_EQ(error_of(1), NOTIFY_TEMPORARY_FAILURE);
    CHECK(error_of(0) == 0 && count_of(said(0), PAYLOAD_DELETE) == 1);
    pair_run(p);
    CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
    CHECK(pair_agrees(p));
    end();
}

/* RFC 7296 2.25.1 (7), 2.25.2 (5), 2.25 (1, 2, 3), 1.3.2 (2): neither may be, for now; later both
 * are. */
TEST(a_new_child_and_a_rekey_of_the_ike_sa)
{
    CHECK(begin(2, "net0"));
    shrike_time start = p->now;
    order(0, SHRIKE_UP, "net1");
    order(1, SHRIKE_REKEY, NULL);
    meet();
    CHECK_EQ(error_of(0), NOTIFY_TEMPORARY_FAILURE);
    CHECK_EQ(error_of(1), NOTIFY_TEMPORARY_FAILURE);
    pair_run(p);
    CHECK(p->side[0].child_count == 1 && p->side[0].ike_rekeyed == 0);
    pair_wait(p, start + 60 * SHRIKE_SECOND);
    CHECK(p->side[0].child_count == 2 && p->side[0].ike_rekeyed == 1);
    CHECK(pair_agrees(p));
    end();
}

/* RFC 7296 2.25.1 (7), 2.25.2 (6): the delete is answered as ever. */
TEST(a_deleted_child_and_a_rekey_of_the_ike_sa)
{
    CHECK(begin(2, NULL));
    order(0, SHRIKE_DOWN, "net0");
    order(1, SHRIKE_REKEY, NULL);
    meet();
    CHECK_EQ(error_of(0), NOTIFY_TEMPORARY_FAILURE);
    CHECK(error_of(1) == 0 && count_of(said(1), PAYLOAD_DELETE) == 1);
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(p->side[0].child_count == 1 && p->side[1].ike_rekeyed == 1);
    CHECK(pair_agrees(p));
    end();
}

/* Side 1 waits for an answer to its own rekey; the first that comes by the one of side 0 is the end
 * of a child. That is with the new one now. */
TEST(a_child_is_deleted_over_one_that_was_not_used_yet)
{
    CHECK(begin(2, NULL));
    order(1, SHRIKE_REKEY, NULL);
    pair_lose(&p->side[0]);
    order(0, SHRIKE_REKEY, NULL);
    for (unsigned i = 0; i < 2; i++) {
        pair_deliver(p, 1 - i);
        settle_side(p, 1 - i);
    }
    CHECK_EQ(p->side[1].count, 1); /* the Delete of the old one */
    pair_lose(&p->side[1]);
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[1].ike_rekeyed == 0);
    order(0, SHRIKE_DOWN, "net0");
    shrike_tick(p->side[0].engine, p->now);
    pair_run(p);
    CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(pair_agrees(p));
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[1].ike_rekeyed == 1);
    end();
}

/* RFC 7296 2.25.2 (2, 3): the end comes first. */
TEST(a_rekey_of_an_ike_sa_that_is_closed)
{
    CHECK(begin(1, NULL));
    order(0, SHRIKE_DOWN, NULL);
    order(1, SHRIKE_REKEY, NULL);
    meet();
    CHECK_EQ(error_of(0), NOTIFY_TEMPORARY_FAILURE);
    CHECK(error_of(1) == 0 && said(1)->m.count == 0);
    pair_wait(p, p->now + 300 * SHRIKE_SECOND);
    CHECK(p->side[0].ike_down == 1 && p->side[1].ike_down == 1);
    CHECK(empty(p));
    end();
}

/* RFC 7296 2.8.2 (2): side 1 has rekeyed it and closes it when the request of side 0 comes at last.
 */
TEST(a_rekey_of_an_ike_sa_that_is_replaced)
{
    struct late late, closing;
    CHECK(begin(1, NULL));
    order(0, SHRIKE_REKEY, NULL);
    take_away(&p->side[1], &late);
    order(1, SHRIKE_REKEY, NULL);
    pair_deliver(p, 0);
    settle_side(p, 0);
    pair_deliver(p, 1);
    settle_side(p, 1); /* its Delete is on its way */
    CHECK(said(1)->any && count_of(&h, PAYLOAD_DELETE) == 1);
    CHECK_EQ(p->side[0].count, 1);
    take_away(&p->side[0], &closing);
    pair_post(&p->side[1], &late.datagram);
    pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK_EQ(error_of(1), NOTIFY_TEMPORARY_FAILURE);
    pair_post(&p->side[0], &closing.datagram);
    pair_run(p);
    CHECK(pair_agrees(p));
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[0].ike_down == 0);
    end();
}

/* Side 1 has answered the rekey of side 0, whose own was refused then: it goes on with what there
 * is at once, and does not wait for the Delete of the old one, over which the peer has no children.
 */
TEST(a_rekey_that_is_refused_after_the_other_one)
{
    struct late late;
    CHECK(begin(2, NULL));
    order(1, SHRIKE_REKEY, NULL);
    take_away(&p->side[0], &late);
    order(0, SHRIKE_REKEY, NULL);
    meet_one(1);
    meet_one(0);
    CHECK_EQ(p->side[1].count, 1); /* the Delete */
    pair_lose(&p->side[1]);
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[1].ike_rekeyed == 0);
    pair_post(&p->side[0], &late.datagram);
    meet_one(0);
    CHECK_EQ(error_of(0), NOTIFY_TEMPORARY_FAILURE);
    meet_one(1);
    CHECK_EQ(p->side[1].ike_rekeyed, 1);
    order(1, SHRIKE_DOWN, "net0");
    pair_run(p);
    CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(pair_agrees(p));
    CHECK(p->side[0].ike_rekeyed == 1 && p->side[1].ike_rekeyed == 1);
    end();
}

/* RFC 7296 2.8 (6), 3.11 (3): what is wanted after the rekey goes over the new one; over the old
 * one goes its Delete, and then nothing. */
TEST(the_delete_is_the_last_over_the_old_one)
{
    struct delete d;
    CHECK(begin(2, "net0"));
    order(0, SHRIKE_REKEY, NULL);
    pair_deliver(p, 1);
    settle_side(p, 1);
    pair_deliver(p, 0);
    settle_side(p, 0);
    CHECK(delete_read(message_body(&said(0)->m, PAYLOAD_DELETE), &d));
    CHECK_EQ(d.protocol, PROTOCOL_IKE);
    CHECK_EQ(p->side[1].count, 1);
    order(0, SHRIKE_UP, "net1");
    for (unsigned i = 0; i < 2; i++)
        shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 2);
    pair_lose(&p->side[1]);
    struct header new;
    const struct pair_datagram *next = &p->side[1].queue[p->side[1].head];
    CHECK(header_read(bytes_of(next->data, next->len), &new) == HEADER_OK);
    CHECK(new.spi_i != h.m.header.spi_i &&new.exchange == EXCHANGE_CREATE_CHILD_SA);
    /* RFC 7296 2.18 (3): and it begins with 0. */
    CHECK_EQ(new.message_id, 0);
    pair_wait(p, p->now + 10 * SHRIKE_SECOND); /* the Delete is sent again */
    CHECK(pair_agrees(p) && p->side[0].child_count == 2);
    end();
}

int main(void)
{
    return RUN(both_rekey_a_child) | RUN(both_rekey_the_ike_sa) | RUN(a_rekey_of_what_is_deleted) |
           RUN(a_new_child_and_a_rekey_of_the_ike_sa) |
           RUN(a_deleted_child_and_a_rekey_of_the_ike_sa) |
           RUN(a_child_is_deleted_over_one_that_was_not_used_yet) |
           RUN(a_rekey_of_an_ike_sa_that_is_closed) | RUN(a_rekey_of_an_ike_sa_that_is_replaced) |
           RUN(a_rekey_that_is_refused_after_the_other_one) |
           RUN(the_delete_is_the_last_over_the_old_one);
}
