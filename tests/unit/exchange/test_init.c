/* IKE_SA_INIT: what is said again and what is not, and whom the initiator believes. */
#include "tools.h"
#include "wire/proposal.h"

static struct tuned t[2];

/* The first datagram that waits for a side, copied. */
struct caught {
    u8 octets[4096];
    size_t len;
    struct message m;
};

static bool catch_one(struct pair *p, unsigned side, struct caught *out)
{
    struct pair_side *to = &p->side[side];
    u8 bad;
    if (to->count == 0 || to->queue[to->head].len > sizeof(out->octets))
        return false;
    out->len = to->queue[to->head].len;
    memcpy(out->octets, to->queue[to->head].data, out->len);
    pair_lose(to);
    return header_read(bytes_of(out->octets, out->len), &out->m.header) == HEADER_OK &&
           message_read(&out->m, out->octets,
                        bytes_of(out->octets + HEADER_SIZE, out->len - HEADER_SIZE),
                        out->octets[16], &bad) == MESSAGE_OK;
}

/* What side 0 says when it is let do what it wants. */
static bool next_of(struct pair *p, struct caught *out)
{
    do {
        while (pair_drain(p, 0))
            continue;
        shrike_tick(p->side[0].engine, p->now);
        while (pair_drain(p, 0))
            continue;
    } while (shrike_deadline(p->side[0].engine) <= p->now);
    return catch_one(p, 1, out);
}

/* An unprotected response with one notify, as anybody could send it who saw the request. */
static void answer(struct pair *p, const struct caught *to, u16 type, struct bytes data)
{
    u8 octets[512];
    struct writer w = writer_of(octets, sizeof(octets));
    struct header h = {.spi_i = to->m.header.spi_i,
                       .version = VERSION_2_0,
                       .exchange = EXCHANGE_IKE_SA_INIT,
                       .flags = FLAG_RESPONSE};
    struct builder b = builder_message(&w, &h);
    notify_add(&b, type, data);
    builder_end(&b);
    struct pair_datagram d = {p->side[0].here, p->side[1].here, octets, written(&w), false};
    pair_post(&p->side[0], &d);
    pair_deliver(p, 0);
}

static struct bytes body(const struct caught *c, u8 type)
{
    return message_body(&c->m, type);
}

static struct pair *calling(struct pair_options o, struct caught *first)
{
    struct pair *p = toy_pair(o);
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    if (!next_of(p, first))
        abort();
    return p;
}

/* Nobody answers: the same octets once more. */
static bool sent_again(struct pair *p, struct caught *out)
{
    p->now = shrike_deadline(p->side[0].engine);
    return next_of(p, out);
}

/* RFC 7296 2.6 (4): the cookie stands first, all the rest is the same, octet for octet. */
TEST(a_cookie_changes_nothing_else)
{
    struct caught first, second, third;
    struct pair *p = calling((struct pair_options){0}, &first);
    struct notify n;
    answer(p, &first, NOTIFY_COOKIE, bytes_of("cookie one", 10));
    CHECK(next_of(p, &second));
    CHECK_EQ(second.m.payloads[0].type, PAYLOAD_NOTIFY);
    CHECK(notify_find(&second.m, NOTIFY_COOKIE, &n));
    CHECK(bytes_equal(n.data, bytes_of("cookie one", 10)));
    size_t more = second.len - first.len;
    CHECK_EQ(more, 8 + 10);
    CHECK_BYTES(second.octets + HEADER_SIZE + more, first.octets + HEADER_SIZE,
                first.len - HEADER_SIZE);
    CHECK_BYTES(second.octets, first.octets, 16); /* both SPIs */
    CHECK_EQ(second.m.header.message_id, 0);
    CHECK(sent_again(p, &third));
    CHECK_EQ(third.len, second.len);
    answer(p, &first, NOTIFY_COOKIE, bytes_of("another cookie", 14));
    CHECK(next_of(p, &third));
    CHECK_EQ(third.len, first.len + 8 + 14);
    CHECK_BYTES(third.octets + HEADER_SIZE + 8 + 14, first.octets + HEADER_SIZE,
                first.len - HEADER_SIZE);
    toy_end(p);
}

/* The handshake holds its keys after such a detour. */
TEST(a_handshake_with_a_cookie_comes_up)
{
    struct caught first;
    struct pair *p = calling((struct pair_options){0}, &first);
    answer(p, &first, NOTIFY_COOKIE, bytes_of("12345678", 8));
    pair_run(p);
    CHECK_EQ(p->side[0].ike_up, 1);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* A network that doubles datagrams must not end a handshake. */
TEST(the_same_cookie_again_is_no_news)
{
    struct caught first, second;
    struct pair *p = calling((struct pair_options){0}, &first);
    answer(p, &first, NOTIFY_COOKIE, bytes_of("12345678", 8));
    CHECK(next_of(p, &second));
    for (unsigned i = 0; i < 20; i++) {
        struct caught none;
        answer(p, &first, NOTIFY_COOKIE, bytes_of("12345678", 8));
        CHECK(!next_of(p, &none));
    }
    CHECK_EQ(p->side[0].failed, 0);
    toy_end(p);
}

/* A responder whose cookies change while copies of the first request are under way answers each of
 * them with another one. What it says to the request with the first of these may be on its way. */
TEST(another_cookie_waits_until_the_first_has_had_its_time)
{
    struct caught first, second, none;
    struct notify n;
    struct pair *p = calling((struct pair_options){0}, &first);
    answer(p, &first, NOTIFY_COOKIE, bytes_of("12345678", 8));
    CHECK(next_of(p, &second));
    answer(p, &first, NOTIFY_COOKIE, bytes_of("23456789", 8));
    CHECK(!next_of(p, &none));
    CHECK(sent_again(p, &second));
    CHECK(notify_find(&second.m, NOTIFY_COOKIE, &n));
    CHECK(bytes_equal(n.data, bytes_of("12345678", 8)));
    answer(p, &first, NOTIFY_COOKIE, bytes_of("23456789", 8));
    CHECK(next_of(p, &second));
    CHECK(notify_find(&second.m, NOTIFY_COOKIE, &n));
    CHECK(bytes_equal(n.data, bytes_of("23456789", 8)));
    CHECK_EQ(p->side[0].failed, 0);
    toy_end(p);
}

TEST(cookies_without_end)
{
    struct caught first, more;
    struct pair *p = calling((struct pair_options){0}, &first);
    unsigned asked = 0;
    for (u8 i = 0; i < 20; i++) {
        answer(p, &first, NOTIFY_COOKIE, bytes_of(&i, 1));
        if (!next_of(p, &more))
            break;
        asked++;
        CHECK(sent_again(p, &more));
    }
    CHECK_EQ(asked, 4);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_COOKIE_LOOP);
    CHECK(empty_side(p, 0));
    toy_end(p);
}

/* RFC 7296 2.6 (3) */
TEST(cookies_of_a_wrong_size)
{
    static const u8 long_one[65];
    struct caught first, more;
    struct pair *p = calling((struct pair_options){0}, &first);
    answer(p, &first, NOTIFY_COOKIE, bytes_of(NULL, 0));
    CHECK(!next_of(p, &more));
    answer(p, &first, NOTIFY_COOKIE, bytes_of(long_one, 65));
    CHECK(!next_of(p, &more));
    answer(p, &first, NOTIFY_COOKIE, bytes_of(long_one, 64));
    CHECK(next_of(p, &more));
    toy_end(p);
}

/* Both sides allow three groups, in another order. */
static struct pair *with_groups(struct shrike_transform own[2][5], struct shrike_proposal prop[2])
{
    static const u16 groups[2][3] = {{KE_CURVE25519, KE_ECP256, KE_ECP384},
                                     {KE_ECP256, KE_ECP384, KE_NONE}};
    struct pair *p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        own[i][0] = (struct shrike_transform){TRANSFORM_ENCR, ENCR_AES_GCM_16, 256};
        own[i][1] = (struct shrike_transform){TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0};
        for (unsigned n = 0; n < 3 && groups[i][n]; n++)
            own[i][2 + n] = (struct shrike_transform){TRANSFORM_KE, groups[i][n], 0};
        prop[i] = (struct shrike_proposal){PROTOCOL_IKE, i ? 4 : 5, own[i], {NULL, 0}};
        t[i].conn.proposals = &prop[i];
        tune_end(p, i, &t[i]);
    }
    return p;
}

/* RFC 7296 1.2 (4, 5), 2.6.1 (1), 3.3.6 (8), 3.4 (2): the retry repeats the full offer, so that
 * nobody can talk us into a weak group. */
TEST(another_group_repeats_the_full_offer)
{
    static struct shrike_transform own[2][5];
    static struct shrike_proposal prop[2];
    struct caught first, second, third;
    static struct proposal was, is;
    struct pair *p = with_groups(own, prop);
    struct ke ke;
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    CHECK(next_of(p, &first));
    CHECK(ke_read(body(&first, PAYLOAD_KE), &ke));
    CHECK_EQ(ke.group, KE_CURVE25519);
    answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\0\24", 2)); /* 20: ECP384 */
    CHECK(next_of(p, &second));
    CHECK(ke_read(body(&second, PAYLOAD_KE), &ke));
    CHECK_EQ(ke.group, KE_ECP384);
    CHECK_EQ(ke.value.len, 96);
    struct reader a = reader_of(body(&first, PAYLOAD_SA));
    struct reader b = reader_of(body(&second, PAYLOAD_SA));
    CHECK(proposal_read(&a, &was));
    CHECK(proposal_read(&b, &is));
    CHECK_EQ(is.transform_count, was.transform_count);
    for (unsigned i = 0; i < was.transform_count; i++) {
        bool found = false;
        for (unsigned j = 0; j < is.transform_count; j++)
            found = found || (is.transforms[j].type == was.transforms[i].type &&
                              is.transforms[j].id == was.transforms[i].id &&
                              is.transforms[j].key_bits == was.transforms[i].key_bits);
        CHECK(found);
    }
    CHECK(bytes_equal(body(&first, PAYLOAD_NONCE), body(&second, PAYLOAD_NONCE)));
    /* The same again, groups that we did not offer, no group: nothing of it is an answer. */
    answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\0\24", 2));
    CHECK(!next_of(p, &third));
    answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\0\2", 2));
    CHECK(!next_of(p, &third));
    answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\0\24\0", 3));
    CHECK(!next_of(p, &third));
    answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of(NULL, 0));
    CHECK(!next_of(p, &third));
    CHECK_EQ(p->side[0].failed, 0);
    /* A cookie after that: the group stays, so does the key. */
    answer(p, &first, NOTIFY_COOKIE, bytes_of("12345678", 8));
    CHECK(next_of(p, &third));
    CHECK(bytes_equal(body(&third, PAYLOAD_KE), body(&second, PAYLOAD_KE)));
    CHECK(bytes_equal(body(&third, PAYLOAD_NONCE), body(&first, PAYLOAD_NONCE)));
    /* And a group after a cookie: the cookie is shown again. */
    struct notify n;
    answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of("\0\23", 2)); /* 19: ECP256 */
    CHECK(next_of(p, &third));
    CHECK_EQ(third.m.payloads[0].type, PAYLOAD_NOTIFY);
    CHECK(notify_find(&third.m, NOTIFY_COOKIE, &n));
    CHECK(ke_read(body(&third, PAYLOAD_KE), &ke));
    CHECK_EQ(ke.group, KE_ECP256);
    toy_end(p);
}

/* RFC 7296 1.3 (6) */
TEST(the_responder_names_its_group)
{
    static struct shrike_transform own[2][5];
    static struct shrike_proposal prop[2];
    struct pair *p = with_groups(own, prop);
    pair_up(p, NULL);
    CHECK_EQ(p->side[0].ike_up, 1);
    CHECK_EQ(p->datagrams, 6);
    CHECK(pair_agrees(p));
    toy_end(p);
}

TEST(groups_to_and_fro_end)
{
    static struct shrike_transform own[2][5];
    static struct shrike_proposal prop[2];
    struct caught first, more;
    struct pair *p = with_groups(own, prop);
    unsigned asked = 0;
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    CHECK(next_of(p, &first));
    for (unsigned i = 0; i < 20; i++) {
        answer(p, &first, NOTIFY_INVALID_KE_PAYLOAD, bytes_of(i % 2 ? "\0\23" : "\0\24", 2));
        asked += next_of(p, &more);
    }
    CHECK_EQ(asked, 4);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_GROUP_LOOP);
    toy_end(p);
}

/* RFC 7296 2.21.1: errors without protection may be forged. */
TEST(a_forged_error_does_not_end_the_attempt)
{
    static const u16 errors[] = {NOTIFY_NO_PROPOSAL_CHOSEN, NOTIFY_INVALID_SYNTAX,
                                 NOTIFY_AUTHENTICATION_FAILED, 9999};
    for (unsigned i = 0; i < ARRAY_LEN(errors); i++) {
        struct caught first;
        struct pair *p = calling((struct pair_options){0}, &first);
        answer(p, &first, errors[i], bytes_of(NULL, 0));
        while (pair_drain(p, 0))
            continue;
        CHECK_EQ(p->side[0].failed, 0);
        p->now += SHRIKE_SECOND + SHRIKE_SECOND / 2; /* later than a resend would be */
        answer(p, &first, errors[i], bytes_of(NULL, 0));
        struct pair_datagram genuine = {p->side[1].here, p->side[0].here, first.octets, first.len,
                                        false};
        pair_post(&p->side[1], &genuine);
        pair_run(p);
        CHECK_EQ(p->side[0].ike_up, 1);
        CHECK(pair_agrees(p));
        toy_end(p);
    }
}

TEST(an_error_without_a_better_answer_is_believed)
{
    struct caught first;
    struct pair *p = calling((struct pair_options){0}, &first);
    p->side[0].mute = true;
    for (unsigned i = 0; i < 5; i++) { /* saying it more often gives no more time */
        answer(p, &first, NOTIFY_NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
        pair_wait(p, p->now + SHRIKE_SECOND / 2);
    }
    CHECK_EQ(p->side[0].failed, 1);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_NO_IKE_PROPOSAL);
    CHECK(empty_side(p, 0));
    toy_end(p);
}

/* Whoever answers our first request as version 1 does: with a notification of this type. */
static void answer_as_old(struct pair *p, const struct caught *to, u16 type, u8 exchange, u8 host)
{
    u8 octets[64];
    struct writer w = writer_of(octets, sizeof octets);
    header_write(&w, &(struct header){.spi_i = to->m.header.spi_i,
                                      .next_payload = 11,
                                      .version = 0x10,
                                      .exchange = exchange,
                                      .length = HEADER_SIZE + 12});
    write_u32(&w, 12); /* no payload behind it, its length */
    write_u32(&w, 1);  /* IPsec */
    write_u16(&w, 0x0100);
    write_u16(&w, type);
    struct pair_datagram d = {p->side[0].here, p->side[1].here, octets, written(&w), false};
    d.remote.octets[3] ^= host;
    pair_post(&p->side[0], &d);
    pair_deliver(p, 0);
    while (pair_drain(p, 0))
        continue;
}

/* RFC 7296 2.5, 2.21.1: what says that it knows version 1 only is believed when nothing else comes
 * for a moment; it ends nothing. */
TEST(version_1_is_a_hint)
{
    struct caught first;
    for (unsigned genuine = 0; genuine < 2; genuine++) {
        struct pair *p = calling((struct pair_options){0}, &first);
        answer_as_old(p, &first, NOTIFY_INVALID_MAJOR_VERSION, 5, 0);
        CHECK_EQ(p->side[0].failed, 0);
        if (genuine) {
            struct pair_datagram d = {p->side[1].here, p->side[0].here, first.octets, first.len,
                                      false};
            pair_post(&p->side[1], &d);
            pair_run(p);
            CHECK(p->side[0].ike_up == 1 && pair_agrees(p));
        } else {
            p->side[0].mute = true;
            pair_wait(p, p->now + 3 * SHRIKE_SECOND);
            CHECK_EQ(p->side[0].failed, 1);
            CHECK_EQ(p->side[0].failure.notify, NOTIFY_INVALID_MAJOR_VERSION);
            CHECK(p->side[0].failure.theirs && p->side[0].reason == SHRIKE_REASON_PEER_REFUSED);
        }
        toy_end(p);
    }
}

/* Of another type or exchange, from elsewhere, or cut short: nothing. */
TEST(what_is_no_such_hint)
{
    struct caught first;
    struct pair *p = calling((struct pair_options){0}, &first);
    p->side[0].mute = true;
    answer_as_old(p, &first, NOTIFY_INVALID_SYNTAX, 5, 0);
    answer_as_old(p, &first, NOTIFY_INVALID_MAJOR_VERSION, 4, 0);
    answer_as_old(p, &first, NOTIFY_INVALID_MAJOR_VERSION, 5, 1);
    first.m.header.spi_i ^= 1;
    answer_as_old(p, &first, NOTIFY_INVALID_MAJOR_VERSION, 5, 0);
    pair_wait(p, p->now + 3 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].failed, 0);
    pair_wait(p, p->now + 300 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_TIMEOUT);
    toy_end(p);
}

/* A forged error is forgotten with the genuine response; who answers IKE_AUTH with INVALID_IKE_SPI
 * is another than who has answered IKE_SA_INIT, and that is told in the end. */
TEST(a_hint_belongs_to_its_exchange)
{
    for (unsigned lost = 0; lost < 2; lost++) {
        struct caught first;
        struct pair *p = calling((struct pair_options){0}, &first);
        answer(p, &first, NOTIFY_NO_PROPOSAL_CHOSEN, bytes_of(NULL, 0));
        struct pair_datagram genuine = {p->side[1].here, p->side[0].here, first.octets, first.len,
                                        false};
        pair_post(&p->side[1], &genuine);
        (void)pair_deliver(p, 1);
        while (pair_drain(p, 1))
            continue;
        (void)pair_deliver(p, 0);
        while (pair_drain(p, 0))
            continue;
        CHECK(p->side[1].count == 1);
        const struct pair_datagram *auth = &p->side[1].queue[p->side[1].head];
        u8 octets[64];
        struct writer w = writer_of(octets, sizeof octets);
        struct header h;
        CHECK(header_read(bytes_of(auth->data, auth->len), &h) == HEADER_OK);
        struct header said = {.spi_i = h.spi_i,
                              .spi_r = h.spi_r,
                              .version = VERSION_2_0,
                              .exchange = EXCHANGE_IKE_AUTH,
                              .flags = FLAG_RESPONSE,
                              .message_id = h.message_id};
        struct builder b = builder_message(&w, &said);
        notify_add(&b, NOTIFY_INVALID_IKE_SPI, bytes_of(NULL, 0));
        builder_end(&b);
        struct pair_datagram d = {auth->remote, auth->local, octets, written(&w), auth->marker};
        if (lost) {
            pair_post(&p->side[0], &d);
            (void)pair_deliver(p, 0);
        }
        pair_lose_all(&p->side[1]);
        p->side[0].mute = true;
        pair_wait(p, p->now + 5 * SHRIKE_SECOND);
        CHECK_EQ(p->side[0].failed, 0); /* a hint ends nothing */
        pair_wait(p, p->now + 300 * SHRIKE_SECOND);
        const struct shrike_reason *why = &p->side[0].failure;
        CHECK(why->code == SHRIKE_REASON_TIMEOUT && why->exchange == EXCHANGE_IKE_AUTH);
        CHECK(!why->theirs && why->notify == (lost ? NOTIFY_INVALID_IKE_SPI : 0));
        toy_end(p);
    }
}

/* RFC 7296 3.3.6 (5): Octets changed in the genuine response: none makes us go on with what we did
 * not offer; those that we cannot use are waited out. */
TEST(a_changed_response_is_waited_out)
{
    struct caught first, answered;
    struct pair *p = calling((struct pair_options){0}, &first);
    struct pair_datagram d = {p->side[1].here, p->side[0].here, first.octets, first.len, false};
    pair_post(&p->side[1], &d);
    pair_deliver(p, 1);
    pair_drain(p, 1);
    CHECK(catch_one(p, 0, &answered));
    for (size_t at = 0; at < body(&answered, PAYLOAD_SA).len; at++) {
        struct caught bad = answered;
        bad.octets[answered.m.payloads[0].body.off + at] ^= 0x40;
        static struct proposal was, is;
        struct reader a = reader_of(body(&answered, PAYLOAD_SA));
        struct reader b = reader_of(bytes_of(bad.octets + answered.m.payloads[0].body.off,
                                             body(&answered, PAYLOAD_SA).len));
        CHECK(proposal_read(&a, &was));
        if (proposal_read(&b, &is) && memcmp(&was, &is, sizeof(was)) == 0)
            continue; /* a reserved octet */
        struct pair_datagram e = {p->side[0].here, p->side[1].here, bad.octets, bad.len, false};
        pair_post(&p->side[0], &e);
        pair_deliver(p, 0);
        while (pair_drain(p, 0))
            continue;
        CHECK_EQ(p->side[0].failed, 0);
        CHECK_EQ(p->side[1].count, 0); /* no IKE_AUTH */
    }
    struct pair_datagram good = {p->side[0].here, p->side[1].here, answered.octets, answered.len,
                                 false};
    pair_post(&p->side[0], &good);
    pair_run(p);
    CHECK_EQ(p->side[0].ike_up, 1);
    toy_end(p);
}

/* RFC 7296 2.23 (7): SHA-1 of both SPIs, address and port; here by the provider's own hash, with
 * the octets put together by hand. */
TEST(nat_detection_hashes)
{
    struct caught first, answered;
    struct notify source, destination;
    u8 text[8 + 8 + 4 + 2], hash[20];
    struct pair *p = calling((struct pair_options){0}, &first);
    struct shrike_provider *provider = p->side[0].provider;
    struct pair_datagram d = {p->side[1].here, p->side[0].here, first.octets, first.len, false};
    pair_post(&p->side[1], &d);
    pair_deliver(p, 1);
    pair_drain(p, 1);
    CHECK(catch_one(p, 0, &answered));
    const struct caught *both[2] = {&first, &answered};
    for (unsigned i = 0; i < 2; i++) {
        CHECK(notify_find(&both[i]->m, NOTIFY_NAT_DETECTION_SOURCE_IP, &source));
        CHECK(notify_find(&both[i]->m, NOTIFY_NAT_DETECTION_DESTINATION_IP, &destination));
        memcpy(text, both[i]->octets, 16); /* the SPIs as they stand in the header */
        memcpy(text + 16, i ? "\300\0\2\2\1\364" : "\300\0\2\1\1\364", 6);
        CHECK(provider->sha1(provider->ctx, bytes_of(text, sizeof(text)), hash));
        CHECK(bytes_equal(source.data, bytes_of(hash, 20)));
        memcpy(text + 16, i ? "\300\0\2\1\1\364" : "\300\0\2\2\1\364", 6);
        CHECK(provider->sha1(provider->ctx, bytes_of(text, sizeof(text)), hash));
        CHECK(bytes_equal(destination.data, bytes_of(hash, 20)));
    }
    toy_end(p);
}

/* ---- what our messages are made of, and what theirs may be ---- */

static const struct pair_datagram *waiting_for(struct pair *p, unsigned side)
{
    return &p->side[side].queue[p->side[side].head];
}

/* The types of a message's payloads, one after the other; notifies and vendor IDs left out. */
static size_t types_of(const struct message *m, u8 *out)
{
    size_t n = 0;
    for (unsigned i = 0; i < m->count; i++)
        if (m->payloads[i].type != PAYLOAD_NOTIFY && m->payloads[i].type != PAYLOAD_VENDOR)
            out[n++] = m->payloads[i].type;
    return n;
}

/* RFC 7296 2.5 (4, 6, 10, 11), 3.1 (4, 7, 10, 12, 13), 3.2 (4), 2.10 (1), 3.9 (2): version 2.0, the
 * flags of our role, no critical or reserved bit, payloads in order, nonces that nobody had before.
 */
TEST(messages_of_ours)
{
    static const u8 order[] = {PAYLOAD_SA, PAYLOAD_KE, PAYLOAD_NONCE};
    u8 nonces[4][32], types[PAYLOADS_MAX];
    for (unsigned round = 0; round < 2; round++) {
        struct caught both[2];
        struct pair *p = calling((struct pair_options){0}, &both[0]);
        struct pair_datagram d = {p->side[1].here, p->side[0].here, both[0].octets, both[0].len,
                                  false};
        if (round) { /* the second one of the same engine */
            struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
            pair_post(&p->side[1], &d);
            pair_run(p);
            pair_down(p, 0, NULL);
            shrike_command(p->side[0].engine, p->now, &up);
            CHECK(next_of(p, &both[0]));
            d.len = both[0].len;
        }
        pair_post(&p->side[1], &d);
        pair_deliver(p, 1);
        pair_drain(p, 1);
        CHECK(catch_one(p, 0, &both[1]));
        for (unsigned i = 0; i < 2; i++) {
            CHECK_EQ(both[i].octets[17], 0x20);
            CHECK_EQ(both[i].octets[19], i ? FLAG_RESPONSE : FLAG_INITIATOR);
            CHECK_EQ(types_of(&both[i].m, types), sizeof(order));
            CHECK_BYTES(types, order, sizeof(order));
            for (unsigned k = 0; k < both[i].m.count; k++)
                CHECK_EQ(both[i].octets[both[i].m.payloads[k].body.off - 3], 0);
            struct bytes nonce = body(&both[i], PAYLOAD_NONCE);
            CHECK_EQ(nonce.len, 32); /* half of the largest key of a PRF is 32 octets */
            memcpy(nonces[2 * round + i], nonce.at, 32);
        }
        toy_end(p);
    }
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < i; k++)
            CHECK(memcmp(nonces[i], nonces[k], 32) != 0);
}

/* RFC 7296 2.5 (11), 3.10.1 (3), 3.12 (4): the same payloads the other way round, with some that
 * nobody knows between. */
TEST(payloads_in_any_order)
{
    struct caught first, answered;
    struct pair *p = calling((struct pair_options){0}, &first);
    u8 octets[4096];
    struct writer w = writer_of(octets, sizeof(octets));
    struct builder b = builder_message(&w, &first.m.header);
    for (unsigned i = first.m.count; i-- > 0;) {
        size_t mark = payload_begin(&b, first.m.payloads[i].type, false);
        write_bytes(&w, bytes_at(first.octets, first.m.payloads[i].body));
        payload_end(&b, mark);
        notify_add(&b, 40000, bytes_of("?", 1));
        mark = payload_begin(&b, PAYLOAD_VENDOR, false);
        write_bytes(&w, bytes_of("somebody", 8));
        payload_end(&b, mark);
    }
    builder_end(&b);
    struct pair_datagram d = {p->side[1].here, p->side[0].here, octets, written(&w), false};
    pair_post(&p->side[1], &d);
    pair_deliver(p, 1);
    pair_drain(p, 1);
    CHECK(catch_one(p, 0, &answered));
    CHECK(body(&answered, PAYLOAD_SA).at && body(&answered, PAYLOAD_KE).at);
    CHECK(answered.m.header.spi_r != 0);
    toy_end(p);
}

/* ---- a NAT between ---- */

enum { OUTSIDE = 99 };

/* Carry what waits, through a NAT in front of side 0 that shows this port. */
static void carry(struct pair *p, u16 shown)
{
    static u16 inside = 500;
    for (bool any = true; any;) {
        any = false;
        if (p->side[1].count) {
            struct pair_datagram *d = &p->side[1].queue[p->side[1].head];
            inside = d->remote.port;
            d->remote.octets[3] = OUTSIDE;
            d->remote.port = shown;
            any = pair_deliver(p, 1);
        }
        if (p->side[0].count) {
            struct pair_datagram *d = &p->side[0].queue[p->side[0].head];
            if (d->local.octets[3] == OUTSIDE && d->local.port == shown) {
                d->local = p->side[0].here;
                d->local.port = inside;
                any = pair_deliver(p, 0) || any;
            } else {
                pair_lose(&p->side[0]); /* nobody has that port any more */
            }
        }
        for (unsigned i = 0; i < 2; i++)
            while (pair_drain(p, i))
                any = true;
    }
}

/* An IKE SA through it; side 1 may look as if it were behind another one. */
static void through_a_nat(struct pair *p, bool both)
{
    static struct tuned other;
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    if (both) {
        tune_begin(p, 1, &other);
        other.conn.force_encap = true;
        tune_end(p, 1, &other);
    }
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    while (pair_drain(p, 0))
        continue;
    CHECK(!waiting_for(p, 1)->marker && waiting_for(p, 1)->local.port == 500);
    p->side[1].queue[p->side[1].head].remote.octets[3] = OUTSIDE;
    p->side[1].queue[p->side[1].head].remote.port = 1000;
    pair_deliver(p, 1);
    while (pair_drain(p, 1))
        continue;
    p->side[0].queue[p->side[0].head].local = p->side[0].here;
    pair_deliver(p, 0);
    while (pair_drain(p, 0))
        continue;
    CHECK(waiting_for(p, 1)->marker && waiting_for(p, 1)->local.port == 4500);
    CHECK_EQ(waiting_for(p, 1)->remote.port, 4500);
    carry(p, 1001);
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
}

static void ask_alive(struct pair *p, unsigned side)
{
    struct shrike_command ask = {SHRIKE_LIVENESS, 3, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[side].engine, p->now, &ask);
    shrike_tick(p->side[side].engine, p->now);
    while (pair_drain(p, side))
        continue;
}

/* RFC 7296 2.11 (1), 2.23 (2, 5, 9, 12, 15): from IKE_AUTH on both use port 4500, ESP goes in UDP,
 * and who is not behind the NAT follows who is, to where an authentic message came from last. */
TEST(a_nat_is_found_and_followed)
{
    struct pair *p = toy_pair((struct pair_options){0});
    through_a_nat(p, false);
    CHECK(p->side[0].children[0].encap && p->side[1].children[0].encap);
    CHECK(p->side[0].children[0].nat_here && !p->side[1].children[0].nat_here);
    /* The mapping changes; side 0 says something, and side 1 knows where it is. */
    ask_alive(p, 0);
    carry(p, 1002);
    ask_alive(p, 1);
    CHECK_EQ(waiting_for(p, 0)->local.port, 1002);
    carry(p, 1002);
    CHECK_EQ(p->side[0].ike_down + p->side[1].ike_down, 0);
    toy_end(p);
}

/* RFC 7296 2.23 (16): it answers to where the request came from, and that is all. */
TEST(who_is_behind_a_nat_follows_nobody)
{
    struct pair *p = toy_pair((struct pair_options){0});
    through_a_nat(p, true);
    CHECK(p->side[0].children[0].nat_here && p->side[0].children[0].encap);
    ask_alive(p, 1);
    struct pair_datagram *d = &p->side[0].queue[p->side[0].head];
    d->local = p->side[0].here;
    d->local.port = 4500;
    d->remote.port = 4444;
    CHECK(pair_deliver(p, 0));
    while (pair_drain(p, 0))
        continue;
    CHECK_EQ(waiting_for(p, 1)->local.port, 4444);
    pair_lose(&p->side[1]);
    ask_alive(p, 0);
    CHECK_EQ(waiting_for(p, 1)->local.port, 4500);
    toy_end(p);
}

/* ---- what is drawn, and what is wiped ---- */

enum { DRAWS = 64, NONCE = 32 };

/* A provider that is watched: each of what it has drawn, and where its private keys were put. */
static struct spied {
    const struct shrike_provider *inner;
    struct shrike_provider provider;
    u8 drawn[DRAWS][NONCE];
    unsigned draws;
    const u8 *private_key;
    size_t private_len;
    bool blind; /* it has no randomness */
} spied[2];

static bool spy_random(unsigned side, void *ctx, u8 *out, size_t len)
{
    struct spied *s = &spied[side];
    if (s->blind || !s->inner->random(ctx, out, len))
        return false;
    if (len == NONCE && s->draws < DRAWS)
        memcpy(s->drawn[s->draws++], out, NONCE);
    return true;
}

static bool spy_generate(unsigned side, void *ctx, const struct ke_suite *ke, u8 *private_key,
                         u8 *public_value)
{
    spied[side].private_key = private_key;
    spied[side].private_len = ke->private_len;
    return spied[side].inner->ke_generate(ctx, ke, private_key, public_value);
}

static bool random_0(void *ctx, u8 *out, size_t len)
{
    return spy_random(0, ctx, out, len);
}

static bool random_1(void *ctx, u8 *out, size_t len)
{
    return spy_random(1, ctx, out, len);
}

static bool generate_0(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value)
{
    return spy_generate(0, ctx, ke, private_key, public_value);
}

static bool generate_1(void *ctx, const struct ke_suite *ke, u8 *private_key, u8 *public_value)
{
    return spy_generate(1, ctx, ke, private_key, public_value);
}

static struct pair *spied_pair(struct shrike_provider *toys[2])
{
    struct pair_options o = {.algorithms = pair_usual};
    for (unsigned i = 0; i < 2; i++) {
        toys[i] = provider_toy_new(i + 1);
        spied[i] = (struct spied){.inner = toys[i], .provider = *toys[i]};
        spied[i].provider.random = i ? random_1 : random_0;
        spied[i].provider.ke_generate = i ? generate_1 : generate_0;
    }
    return pair_new(&spied[0].provider, &spied[1].provider, &o);
}

static void spied_end(struct pair *p, struct shrike_provider *toys[2])
{
    pair_free(p);
    provider_toy_free(toys[0]);
    provider_toy_free(toys[1]);
}

static void call(struct pair *p)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
}

static bool was_drawn(unsigned side, struct bytes nonce)
{
    for (unsigned i = 0; i < spied[side].draws; i++) {
        if (bytes_equal(nonce, bytes_of(spied[side].drawn[i], NONCE)))
            return true;
    }
    return false;
}

/* RFC 7296 2.10 (1), 3.9 (2): of 32 octets, by both ends; without randomness there is no IKE SA. */
TEST(nonces_are_drawn)
{
    static struct caught c;
    struct shrike_provider *toys[2];
    struct pair *p = spied_pair(toys);
    call(p);
    struct pair_datagram d = p->side[1].queue[p->side[1].head];
    u8 octets[4096];
    CHECK(d.len <= sizeof(octets));
    memcpy(octets, d.data, d.len);
    d.data = octets;
    CHECK(catch_one(p, 1, &c) && was_drawn(0, body(&c, PAYLOAD_NONCE)));
    CHECK(!was_drawn(1, body(&c, PAYLOAD_NONCE)));
    pair_post(&p->side[1], &d);
    CHECK(pair_deliver(p, 1));
    settle_side(p, 1);
    CHECK(catch_one(p, 0, &c) && was_drawn(1, body(&c, PAYLOAD_NONCE)));
    spied_end(p, toys);
    for (unsigned side = 0; side < 2; side++) {
        p = spied_pair(toys);
        spied[side].blind = side == 1;
        if (side == 0) { /* it has an SPI already */
            struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
            shrike_command(p->side[0].engine, p->now, &up);
            spied[0].blind = true;
            shrike_tick(p->side[0].engine, p->now);
            settle_side(p, 0);
        } else {
            call(p);
            (void)pair_deliver(p, 1);
            settle_side(p, 1);
        }
        CHECK_EQ(p->side[1 - side].count, 0);
        spied_end(p, toys);
    }
}

/* RFC 7296 2.12 (1): with it the keys could be made again. */
TEST(the_private_key_goes)
{
    struct shrike_provider *toys[2];
    struct pair *p = spied_pair(toys);
    call(p);
    const struct spied *s = spied;
    u8 zero[KE_PRIVATE_MAX] = {0};
    CHECK(s[0].private_key && memcmp(s[0].private_key, zero, s[0].private_len) != 0);
    CHECK(pair_deliver(p, 1)); /* the responder makes its keys when IKE_AUTH comes */
    settle_side(p, 1);
    CHECK(s[1].private_key && memcmp(s[1].private_key, zero, s[1].private_len) != 0);
    CHECK(pair_deliver(p, 0)); /* the initiator has the response, and goes on */
    CHECK(memcmp(s[0].private_key, zero, s[0].private_len) == 0);
    settle_side(p, 0);
    p->side[1].believe = true;
    CHECK(pair_deliver(p, 1));
    CHECK(memcmp(s[1].private_key, zero, s[1].private_len) == 0);
    pair_run(p);
    CHECK_EQ(p->side[0].ike_up, 1);
    spied_end(p, toys);
}

int main(void)
{
    return RUN(a_cookie_changes_nothing_else) | RUN(a_handshake_with_a_cookie_comes_up) |
           RUN(the_same_cookie_again_is_no_news) |
           RUN(another_cookie_waits_until_the_first_has_had_its_time) | RUN(cookies_without_end) |
           RUN(cookies_of_a_wrong_size) | RUN(another_group_repeats_the_full_offer) |
           RUN(the_responder_names_its_group) | RUN(groups_to_and_fro_end) |
           RUN(a_forged_error_does_not_end_the_attempt) |
           RUN(an_error_without_a_better_answer_is_believed) | RUN(version_1_is_a_hint) |
           RUN(what_is_no_such_hint) | RUN(a_hint_belongs_to_its_exchange) |
           RUN(a_changed_response_is_waited_out) | RUN(nat_detection_hashes) |
           RUN(messages_of_ours) | RUN(payloads_in_any_order) | RUN(a_nat_is_found_and_followed) |
           RUN(who_is_behind_a_nat_follows_nobody) | RUN(nonces_are_drawn) |
           RUN(the_private_key_goes);
}
