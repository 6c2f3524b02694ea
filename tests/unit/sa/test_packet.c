/* Packets: every size, chains, references, caps; what is dropped is wiped. */
#include "tools.h"

static struct packets ks;
static struct page_source source;

static bool begin(u32 live_max)
{
    source = (struct page_source){.from = test_pages, .bytes_max = 64u << 20};
    return packets_init(&ks, &source, live_max);
}

static bool end(void)
{
    packets_free(&ks);
    return pages_out == 0 && source.bytes == 0;
}

TEST(every_size_is_whole)
{
    static u8 octets[MESSAGE_MAX];
    CHECK(begin(10));
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (u8)(i * 7 + 1);
    for (size_t len = 0; len <= MESSAGE_MAX; len += len < 9000 ? 1 : 97) {
        struct packet *k = packet_copy(&ks, bytes_of(octets, len));
        CHECK(k != NULL);
        CHECK_EQ(k->len, len);
        CHECK_EQ(packet_bytes(k).len, len);
        CHECK_BYTES(k->data, octets, len);
        CHECK(k->next == NULL);
        packet_drop(&ks, k);
        struct packet *z = packet_new(&ks, len); /* the same place, wiped */
        for (size_t n = 0; n < len; n++)
            CHECK(z->data[n] == 0);
        packet_drop(&ks, z);
    }
    struct packet *whole = packet_copy(&ks, bytes_of(octets, MESSAGE_MAX));
    CHECK(whole != NULL);
    packet_drop(&ks, whole);
    CHECK(packet_new(&ks, 70000) == NULL);
    CHECK_EQ(packets_live(&ks), 0);
    CHECK(end());
}

TEST(references)
{
    CHECK(begin(10));
    struct packet *k = packet_new(&ks, 100);
    CHECK(packet_ref(k) == k);
    packet_drop(&ks, k);
    CHECK_EQ(packets_live(&ks), 1);
    packet_drop(&ks, k);
    CHECK_EQ(packets_live(&ks), 0);
    packet_drop(&ks, NULL);
    CHECK_EQ(packet_bytes(NULL).len, 0);
    CHECK(end());
}

/* The first holds the second, and so on; one held elsewhere stays with all behind it. */
TEST(chains)
{
    CHECK(begin(10));
    struct packet *a = packet_new(&ks, 10), *b = packet_new(&ks, 200), *c = packet_new(&ks, 3000);
    a->next = b;
    b->next = c;
    packet_ref(b);
    packet_drop(&ks, a);
    CHECK_EQ(packets_live(&ks), 2);
    packet_drop(&ks, b);
    CHECK_EQ(packets_live(&ks), 0);
    CHECK(end());
}

TEST(caps)
{
    struct packet *k[16];
    CHECK(begin(5));
    for (unsigned i = 0; i < 5; i++)
        CHECK((k[i] = packet_new(&ks, 30)) != NULL);
    CHECK(packet_new(&ks, 30) == NULL);
    struct packet *other = packet_new(&ks, 300); /* of another size */
    CHECK(other != NULL);
    packet_drop(&ks, other);
    packet_drop(&ks, k[2]);
    CHECK((k[2] = packet_new(&ks, 30)) != NULL);
    for (unsigned i = 0; i < 5; i++)
        packet_drop(&ks, k[i]);
    for (unsigned i = 0; i < 16; i++)
        CHECK((k[i] = packet_new(&ks, 60000)) != NULL);
    CHECK(packet_new(&ks, 60000) == NULL);
    for (unsigned i = 0; i < 16; i++)
        packet_drop(&ks, k[i]);
    CHECK(end());
}

int main(void)
{
    return RUN(every_size_is_whole) | RUN(references) | RUN(chains) | RUN(caps);
}
