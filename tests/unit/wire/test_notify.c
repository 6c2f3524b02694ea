/* Notifies of a message: found, checked, added. */
#include "test.h"
#include "wire/notify.h"

#define SIZE 256

/* A chain of notifies, and other payloads with the same octets between them. */
struct sample {
    u8 octets[SIZE];
    struct writer w;
    struct builder b;
    u8 first;
};

static void begin(struct sample *s)
{
    s->w = writer_of(s->octets, SIZE);
    s->b = builder_chain(&s->w, &s->first);
}

static void add(struct sample *s, u8 type, const char *text)
{
    u8 body[64];
    size_t mark = payload_begin(&s->b, type, false);
    write_bytes(&s->w, bytes_of(body, hex(text, body, sizeof body)));
    payload_end(&s->b, mark);
}

static bool end(struct sample *s, struct message *m)
{
    u8 payload;
    return message_read(m, s->octets, written_bytes(&s->w), s->first, &payload) == MESSAGE_OK;
}

/* RFC 7296 3.10.1 (2) */
TEST(the_first_of_a_type_is_found)
{
    struct sample s;
    struct message m;
    struct notify n;
    begin(&s);
    add(&s, PAYLOAD_NONCE, "00004006 00"); /* not a notify */
    add(&s, PAYLOAD_NOTIFY, "00004004 11");
    add(&s, PAYLOAD_NOTIFY, "00004006 22");
    add(&s, PAYLOAD_NOTIFY, "00004006 33");
    CHECK(end(&s, &m));
    CHECK(notify_check(&m));
    CHECK(notify_find(&m, NOTIFY_COOKIE, &n));
    CHECK(n.type == NOTIFY_COOKIE && n.data.len == 1 && n.data.at[0] == 0x22);
    CHECK(notify_find(&m, NOTIFY_NAT_DETECTION_SOURCE_IP, &n));
    CHECK(n.data.len == 1 && n.data.at[0] == 0x11);
    CHECK(!notify_find(&m, NOTIFY_NAT_DETECTION_DESTINATION_IP, &n));
    CHECK(!notify_error(&m, &n));
}

/* RFC 7296 3.10.1 (1) */
TEST(the_first_error_is_found)
{
    struct sample s;
    struct message m;
    struct notify n;
    begin(&s);
    add(&s, PAYLOAD_NOTIFY, "00004000");
    add(&s, PAYLOAD_NOTIFY, "00003fff 01"); /* unknown, but an error: RFC 7296 3.10.1 */
    add(&s, PAYLOAD_NOTIFY, "0000000e 02");
    CHECK(end(&s, &m));
    CHECK(notify_error(&m, &n));
    CHECK_EQ(n.type, 16383);
    CHECK_EQ(n.data.at[0], 1);
}

TEST(fields_are_read)
{
    struct sample s;
    struct message m;
    struct notify n;
    begin(&s);
    add(&s, PAYLOAD_NOTIFY, "03044009 01020304 aabb");
    CHECK(end(&s, &m));
    CHECK(notify_find(&m, NOTIFY_REKEY_SA, &n));
    CHECK_EQ(n.protocol, PROTOCOL_ESP);
    CHECK(n.spi.len == 4 && n.spi.at[3] == 4);
    CHECK(n.data.len == 2 && n.data.at[1] == 0xbb);
}

TEST(one_malformed_notify_spoils_the_message)
{
    static const char *const malformed[] = {"", "000040", "03044009 010203"};
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct sample s;
        struct message m;
        struct notify n;
        begin(&s);
        add(&s, PAYLOAD_NOTIFY, "00004006");
        CHECK(end(&s, &m) && notify_check(&m));
        add(&s, PAYLOAD_NOTIFY, malformed[i]);
        add(&s, PAYLOAD_NOTIFY, "00000007");
        CHECK(end(&s, &m));
        CHECK(!notify_check(&m));
        /* the others are found all the same */
        CHECK(notify_find(&m, NOTIFY_COOKIE, &n));
        CHECK(notify_error(&m, &n) && n.type == NOTIFY_INVALID_SYNTAX);
    }
}

TEST(a_message_without_notifies_is_well_formed)
{
    struct sample s;
    struct message m;
    struct notify n;
    begin(&s);
    CHECK(end(&s, &m) && notify_check(&m));
    add(&s, PAYLOAD_NONCE, "01");
    CHECK(end(&s, &m) && notify_check(&m));
    CHECK(!notify_find(&m, 0, &n) && !notify_error(&m, &n));
}

/* RFC 7296 3.10 (2, 3) */
TEST(what_is_added_is_read)
{
    struct sample s;
    struct message m;
    struct notify n;
    u8 want[32];
    begin(&s);
    notify_add(&s.b, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\x00\x1f", 2));
    notify_add(&s.b, NOTIFY_COOKIE2, bytes_of(NULL, 0));
    size_t len = hex("2900000a 00000011 001f 00000008 00004011", want, sizeof want);
    CHECK_EQ(written(&s.w), len);
    CHECK_BYTES(s.octets, want, len);
    CHECK(end(&s, &m));
    CHECK_EQ(m.count, 2);
    CHECK(notify_error(&m, &n) && n.type == NOTIFY_INVALID_KE_PAYLOAD);
    CHECK(n.protocol == 0 && n.spi.len == 0 && n.data.len == 2);
    CHECK(notify_find(&m, NOTIFY_COOKIE2, &n) && n.data.len == 0);
}

int main(void)
{
    return RUN(the_first_of_a_type_is_found) | RUN(the_first_error_is_found) |
           RUN(fields_are_read) | RUN(one_malformed_notify_spoils_the_message) |
           RUN(a_message_without_notifies_is_well_formed) | RUN(what_is_added_is_read);
}
