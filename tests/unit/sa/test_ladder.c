/* The ladder of messages: kinds and sizes, and which are forgotten. */
#include "sa/ladder.h"
#include "tools.h"
#include "wire/payload.h"

static const struct shrike_conn office = {.name = "office"};
static const struct ring_path path = {.local = {{192, 0, 2, 1}, 4500, 4, 0},
                                      .remote = {{192, 0, 2, 9}, 4501, 4, 0}};
static u8 octets[512];

/* A message of a nonce of 20 octets and a notify, as octets. */
static struct bytes message_of(u32 id, u8 flags)
{
    static const u8 nonce[20];
    struct writer w = writer_of(octets, sizeof octets);
    struct header h = {.spi_i = 7, .spi_r = 8, .version = VERSION_2_0, .message_id = id};
    h.exchange = EXCHANGE_IKE_SA_INIT;
    h.flags = flags;
    struct builder b = builder_message(&w, &h);
    size_t mark = payload_begin(&b, PAYLOAD_NONCE, false);
    write_bytes(&w, bytes_of(nonce, sizeof nonce));
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_NOTIFY, false);
    notify_write(&w, &(struct notify){.type = NOTIFY_INITIAL_CONTACT});
    payload_end(&b, mark);
    builder_end(&b);
    return written_bytes(&w);
}

static struct ike_sa *begin(void)
{
    if (!shard_begin())
        abort();
    struct ike_sa *sa = sa_new(&shard, true);
    sa->conn = &office;
    return sa;
}

static struct bytes behind_header(struct bytes b)
{
    return bytes_of(b.at + HEADER_SIZE, b.len - HEADER_SIZE);
}

static bool is_known(const struct shrike_rung *r)
{
    return r->payloads == 2 && r->of[0].type == PAYLOAD_NONCE && r->of[0].octets == 24 &&
           r->of[0].notify == 0 && r->of[1].type == PAYLOAD_NOTIFY && r->of[1].octets == 8 &&
           r->of[1].notify == NOTIFY_INITIAL_CONTACT;
}

TEST(what_comes_and_what_goes)
{
    struct shrike_rung r;
    struct message m;
    u8 payload;
    struct ike_sa *sa = begin();
    struct bytes b = message_of(0, FLAG_RESPONSE);
    CHECK(message_read(&m, b.at, behind_header(b), PAYLOAD_NONCE, &payload) == MESSAGE_OK);
    ladder_in(&shard, sa, &path, b, &m);
    struct packet *k = packet_copy(&shard.packets, message_of(5, FLAG_INITIATOR));
    k->next = packet_copy(&shard.packets, bytes_of(octets, 50));
    ladder_out(&shard, sa, k, behind_header(b), PAYLOAD_NONCE);
    CHECK(ladder_next(&shard.ladder, &r) && is_known(&r));
    CHECK(!r.sent && r.response && !r.again && r.octets == 60 && r.spi_i == 7 && r.spi_r == 8);
    CHECK(r.local.port == 4500 && r.remote.port == 4501 && r.remote.octets[3] == 9);
    CHECK(r.ike == sa->serial && r.when == shard.now && strcmp(r.conn, "office") == 0);
    CHECK(ladder_next(&shard.ladder, &r) && is_known(&r));
    CHECK(r.sent && !r.response && r.octets == 110 && r.datagrams == 2 && r.message_id == 5);
    CHECK(!ladder_next(&shard.ladder, &r));
    packet_drop(&shard.packets, k);
    CHECK(shard_end());
}

TEST(once_more_without_payloads)
{
    struct shrike_rung r;
    struct ike_sa *sa = begin();
    struct packet *k = packet_copy(&shard.packets, message_of(5, FLAG_INITIATOR));
    ladder_again(&shard, sa, k);
    ladder_in(&shard, sa, &path, packet_bytes(k), NULL);
    CHECK(ladder_next(&shard.ladder, &r) && r.sent && r.again && r.payloads == 0);
    CHECK(ladder_next(&shard.ladder, &r) && !r.sent && r.again && r.payloads == 0);
    packet_drop(&shard.packets, k);
    CHECK(shard_end());
}

TEST(the_oldest_are_lost)
{
    struct shrike_rung r;
    struct ike_sa *sa = begin();
    for (u32 i = 0; i < SHRIKE_RUNGS_MAX + 3; i++)
        ladder_in(&shard, sa, &path, message_of(i, 0), NULL);
    for (u32 i = 3; i < SHRIKE_RUNGS_MAX + 3; i++)
        CHECK(ladder_next(&shard.ladder, &r) && r.message_id == i);
    CHECK(!ladder_next(&shard.ladder, &r));
    CHECK(shard_end());
}

int main(void)
{
    return RUN(what_comes_and_what_goes) | RUN(once_more_without_payloads) |
           RUN(the_oldest_are_lost);
}
