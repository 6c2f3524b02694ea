/* Slots: what they keep, who finds them, how many there may be. */
#include "sa/child.h"
#include "tools.h"

/* A message that waits for an op stays readable when its datagram is gone. */
TEST(slots_keep_messages)
{
    u8 octets[] = {0, 0, 0, 8, 1, 2, 3, 4}, bad;
    struct message m;
    CHECK(shard_begin());
    struct ike_sa *sa = sa_new(&shard, true);
    CHECK(message_read(&m, octets, bytes_of(octets, 8), PAYLOAD_NONCE, &bad) == MESSAGE_OK);
    CHECK(slot_keep(&shard, &sa->theirs, &m));
    memset(octets, 0xff, sizeof(octets));
    struct message *kept = &sa->theirs.work->in;
    CHECK(bytes_equal(message_body(kept, PAYLOAD_NONCE), bytes_of("\1\2\3\4", 4)));
    CHECK(slot_keep(&shard, &sa->theirs, kept)); /* a second time */
    CHECK_EQ(packets_live(&shard.packets), 1);
    CHECK(slot_work(&shard, &sa->theirs) == sa->theirs.work);
    sa->theirs.message = packet_copy(&shard.packets, bytes_of("reply", 5));
    sa->theirs.message_id = 9;
    sa->theirs.hash = 8;
    sa->theirs.exchange = EXCHANGE_INFORMATIONAL;
    slot_rest(&shard, &sa->theirs);
    CHECK_EQ(sa->theirs.exchange, 0);
    CHECK_EQ(sa->theirs.message_id, 9);
    CHECK_EQ(sa->theirs.hash, 8);
    CHECK(sa->theirs.message != NULL && sa->theirs.work == NULL);
    CHECK_EQ(shard.works.live, 0);
    slot_free(&shard, &sa->theirs);
    CHECK_EQ(packets_live(&shard.packets), 0);
    sa_free(&shard, sa);
    CHECK(shard_end());
}

/* An SA with windows of this size each way. */
static struct ike_sa *begin(u8 size)
{
    struct ike_sa *sa = sa_new(&shard, true);
    if (!sa || (size > 1 && !slots_open(&shard, sa)))
        abort();
    sa->window = (struct window){.ours = 10, .theirs = 20, .allowed = size, .kept = size};
    return sa;
}

static void end(struct ike_sa *sa)
{
    sa_free(&shard, sa);
    CHECK_EQ(shard.source.bytes_live, 0);
    CHECK(shard_end());
}

/* A request of ours goes out. */
static struct slot *ask(struct ike_sa *sa, u8 want)
{
    struct slot *slot = slot_idle(sa);
    if (!slot)
        return NULL;
    slot->exchange = EXCHANGE_INFORMATIONAL;
    slot->want = want;
    slot->message_id = sa->window.ours++;
    slot->message = packet_copy(&shard.packets, bytes_of("ask", 3));
    return slot;
}

/* A request of the peer is taken. */
static struct slot *take(struct ike_sa *sa, u32 id)
{
    struct slot *slot =
        window_request(&sa->window, id) == WINDOW_NEW ? slot_for_request(sa, id) : NULL;
    if (!slot)
        return NULL;
    slot_free(&shard, slot);
    slot->exchange = EXCHANGE_INFORMATIONAL;
    slot->message_id = id;
    window_accept(&sa->window, id);
    return slot;
}

static void answer(struct slot *slot)
{
    slot->message = packet_copy(&shard.packets, bytes_of("reply", 5));
    slot_rest(&shard, slot);
}

/* RFC 7296 2.3 (2, 5, 6): as many as the peer allows, and none beyond the oldest one that waits. */
TEST(requests_of_ours)
{
    for (u8 size = 1; size <= WINDOW_MAX; size++) {
        struct slot *out[WINDOW_MAX];
        CHECK(shard_begin());
        struct ike_sa *sa = begin(size);
        for (unsigned i = 0; i < size; i++) {
            CHECK((out[i] = ask(sa, 0)) != NULL);
            CHECK(slot_is_ours(sa, out[i]));
            CHECK_EQ(slots_asking(sa), i + 1);
        }
        CHECK(slot_idle(sa) == NULL);
        for (unsigned i = 1; i < size; i++)
            slot_free(&shard, out[i]);
        CHECK(slot_idle(sa) == NULL);
        slot_free(&shard, out[0]);
        CHECK(slot_idle(sa) != NULL);
        end(sa);
    }
}

/* Some go alone: nothing beside them. */
TEST(some_go_alone)
{
    CHECK(shard_begin());
    struct ike_sa *sa = begin(4);
    struct slot *first = ask(sa, WANT_REKEY);
    CHECK(first && slot_idle(sa) == NULL);
    CHECK(slot_of_want(sa, WANT_REKEY) == first && !slot_of_want(sa, WANT_LIVENESS));
    slot_free(&shard, first);
    struct slot *second = ask(sa, WANT_LIVENESS);
    CHECK(second && slot_idle(sa) != NULL);
    slot_free(&shard, second);
    second = slot_idle(sa); /* its message ID is not known yet */
    second->exchange = EXCHANGE_INFORMATIONAL;
    CHECK(slot_idle(sa) == NULL);
    end(sa);
}

/* RFC 7296 2.3 (8): as many replies are kept as were promised, whatever order the requests came in.
 */
TEST(requests_of_the_peer)
{
    enum { LAST = 200 };
    u32 random = 7;
    for (u8 size = 1; size <= WINDOW_MAX; size++) {
        u32 unanswered = 20; /* the peer waits for the reply to it */
        struct slot *busy[LAST + 16] = {0};
        bool heard[LAST + 16] = {0};
        CHECK(shard_begin());
        struct ike_sa *sa = begin(size);
        while (unanswered < LAST) {
            random = random * 1664525 + 1013904223;
            u32 id = unanswered + (random >> 8) % (size + 2u);
            u32 open = unanswered; /* the lowest that has had no reply */
            while (!busy[open] && (heard[open] || slot_of_reply(sa, open)))
                open++;
            if (id >=
                unanswered + size) { /* the peer would be beyond its window: can it be seen? */
                CHECK(id < open + size || take(sa, id) == NULL);
            } else if (busy[id]) {
                CHECK(slot_for_request(sa, id) != busy[id] && !slot_of_reply(sa, id));
                answer(busy[id]);
                busy[id] = NULL;
            } else if (slot_of_reply(sa, id)) {
                heard[id] = true; /* the peer has it now, in this order or another */
            } else if (!heard[id]) {
                CHECK((busy[id] = take(sa, id)) != NULL);
                CHECK(!slot_is_ours(sa, busy[id]));
            }
            while (heard[unanswered])
                unanswered++;
            for (u32 n = unanswered; n < sa->window.theirs; n++)
                CHECK(busy[n] || slot_of_reply(sa, n)); /* what it may ask for again is there */
        }
        end(sa);
    }
}

TEST(found_by_what_they_wait_for)
{
    CHECK(shard_begin());
    struct ike_sa *sa = begin(3);
    struct slot *a = ask(sa, 0), *b = ask(sa, WANT_LIVENESS), *c = take(sa, 21);
    struct header h = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 11};
    CHECK(slot_of_response(sa, &h) == b);
    b->awaiting = true;
    b->question = 5;
    c->awaiting = true;
    c->question = 6;
    b->due = 300;
    c->due = 200;
    a->due = 100;
    CHECK(slot_of_response(sa, &h) == NULL);
    h.message_id = 10;
    CHECK(slot_of_response(sa, &h) == a);
    h.exchange = EXCHANGE_CREATE_CHILD_SA;
    CHECK(slot_of_response(sa, &h) == NULL);
    CHECK(slot_of_question(sa, 5) == b && slot_of_question(sa, 6) == c);
    CHECK(slot_of_question(sa, 0) == NULL);
    CHECK_EQ(slots_due(sa), 100);
    slot_free(&shard, a);
    CHECK_EQ(slots_due(sa), 200);
    CHECK_EQ(slots_answering(sa), 1);
    slots_end(&shard, sa);
    CHECK_EQ(slots_due(sa), SHRIKE_NEVER);
    CHECK(slots_asking(sa) == 0 && slots_answering(sa) == 0 && !slots_remember(sa));
    end(sa);
}

/* A child, what replaces it and what stands for it are one thing. */
TEST(found_by_their_child)
{
    static const struct shrike_child_conf conf = {.name = "net"};
    CHECK(shard_begin());
    struct ike_sa *sa = begin(2);
    struct child_sa *old = child_new(&shard, sa, &conf), *fresh = child_new(&shard, sa, &conf);
    struct slot *slot = ask(sa, 0);
    CHECK(!slot_about(sa, old) && !slots_creating(sa));
    slot->exchange = EXCHANGE_CREATE_CHILD_SA;
    slot->child = fresh;
    CHECK(slot_about(sa, fresh) == slot && !slot_about(sa, old) && slots_creating(sa));
    fresh->replaces = old->serial;
    CHECK(slot_about(sa, old) == slot);
    fresh->replaces = 0;
    old->heir = fresh->serial;
    CHECK(slot_about(sa, old) == slot);
    struct slot *theirs = take(sa, 20);
    theirs->child = old;
    CHECK(slot_answers_about(sa, old) && !slot_answers_about(sa, fresh));
    slots_forget_child(sa, old);
    slots_forget_child(sa, fresh);
    CHECK(!slot->child && !theirs->child);
    end(sa);
}

TEST(replies_are_forgotten_together)
{
    CHECK(shard_begin());
    struct ike_sa *sa = begin(3);
    answer(take(sa, 20));
    answer(take(sa, 22));
    struct slot *busy = take(sa, 21);
    CHECK(slots_remember(sa) && slot_of_reply(sa, 20) && slot_of_reply(sa, 22));
    slots_forget_replies(&shard, sa);
    CHECK(!slots_remember(sa) && !slot_of_reply(sa, 20));
    CHECK_EQ(busy->exchange, EXCHANGE_INFORMATIONAL);
    end(sa);
}

int main(void)
{
    return RUN(slots_keep_messages) | RUN(requests_of_ours) | RUN(some_go_alone) |
           RUN(requests_of_the_peer) | RUN(found_by_what_they_wait_for) |
           RUN(found_by_their_child) | RUN(replies_are_forgotten_together);
}
