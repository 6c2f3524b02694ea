/* Values of the seam: every field that is read is the one that was written. */
#include "samples.h"
#include "test.h"

static u8 room[65536];
static struct seam_box box;

static struct reader of(enum recode kind, unsigned n)
{
    return reader_of(sample(kind, n, room, sizeof(room)));
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? a != b && strcmp(a, b) == 0 : a == b;
}

static bool same_id(const struct shrike_id *a, const struct shrike_id *b)
{
    return a->type == b->type && bytes_equal(a->data, b->data);
}

static bool same_origin(struct shrike_origin a, struct shrike_origin b)
{
    return same_text(a.file, b.file) && a.line == b.line;
}

static bool same_keys(const struct shrike_sa_keys *a, const struct shrike_sa_keys *b)
{
    return a->spi == b->spi && bytes_equal(a->encr_key, b->encr_key) &&
           bytes_equal(a->integ_key, b->integ_key);
}

static bool same_ts(const struct shrike_ts *a, const struct shrike_ts *b, unsigned count)
{
    return a != b && memcmp(a, b, count * sizeof(*a)) == 0;
}

/* Plain fields are compared all at once: what points is looked at first, and then made equal. */
#define SAME_REST(a, b) (memcmp((a), (b), sizeof(*(a))) == 0)

TEST(a_check_comes_back)
{
    const struct shrike_auth_op *a = &sample_check.auth;
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 0);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_CHECK);
    struct shrike_auth_op *b = &got.auth;
    CHECK(memcmp(&got.token, &sample_check.token, sizeof(got.token)) == 0);
    CHECK(b->method == a->method && b->prf == a->prf && same_text(a->conn, b->conn));
    CHECK(b->kind == a->kind && b->hashes == a->hashes && b->schemes == a->schemes);
    CHECK_EQ(b->wished, a->wished);
    CHECK(memcmp(&a->key, &b->key, sizeof(a->key)) == 0 && b->cert_count == a->cert_count);
    for (unsigned i = 0; i < a->cert_count; i++)
        CHECK(b->certs[i].encoding == a->certs[i].encoding &&
              bytes_equal(b->certs[i].data, a->certs[i].data));
    CHECK(same_id(&a->local, &b->local) && same_id(&a->remote, &b->remote));
    CHECK(bytes_equal(a->octets, b->octets) && bytes_equal(a->value, b->value));
    CHECK(same_origin(a->origin, b->origin));
}

TEST(an_install_comes_back)
{
    const struct shrike_install_op *a = &sample_install.install;
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 1);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_CHILD_INSTALL);
    struct shrike_install_op *b = &got.install;
    CHECK(memcmp(&got.token, &sample_install.token, sizeof(got.token)) == 0);
    CHECK(same_text(a->conn, b->conn) && same_text(a->child, b->child));
    CHECK(same_keys(&a->in, &b->in) && same_keys(&a->out, &b->out));
    CHECK(b->local_ts_count == 1 && b->remote_ts_count == 2);
    CHECK(same_ts(a->local_ts, b->local_ts, 1) && same_ts(a->remote_ts, b->remote_ts, 2));
    b->conn = a->conn;
    b->child = a->child;
    b->in = a->in;
    b->out = a->out;
    b->local_ts = a->local_ts;
    b->remote_ts = a->remote_ts;
    CHECK(SAME_REST(a, b));
}

TEST(a_remove_comes_back)
{
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 2);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_CHILD_REMOVE);
    CHECK(memcmp(&got.token, &sample_remove.token, sizeof(got.token)) == 0);
    CHECK(SAME_REST(&sample_remove.remove, &got.remove));
}

TEST(a_switch_comes_back)
{
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 3);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_CHILD_SWITCH);
    CHECK_EQ(got.change.child_serial, sample_switch.change.child_serial);
}

TEST(a_move_comes_back)
{
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 8);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_CHILD_MOVE && got.move.child_count == 2);
    CHECK(got.move.children[0] == 0x55 && got.move.children[1] == 0x56);
    got.move.children = sample_move.move.children;
    CHECK(SAME_REST(&sample_move.move, &got.move));
}

static bool same_addrs(const struct shrike_addr *a, const struct shrike_addr *b, unsigned count)
{
    return a != b && memcmp(a, b, count * sizeof(*a)) == 0;
}

TEST(a_lease_comes_back)
{
    const struct shrike_lease_op *a = &sample_lease.lease;
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 4);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_LEASE);
    struct shrike_lease_op *b = &got.lease;
    CHECK(same_text(a->conn, b->conn) && same_id(&a->remote, &b->remote));
    CHECK(b->wish_count == 2 && same_addrs(a->wishes, b->wishes, 2));
    CHECK(b->pool_count == 2 && same_text(a->pools[0], b->pools[0]) &&
          same_text(a->pools[1], b->pools[1]));
    CHECK(b->lease == 0x55 && b->held && bytes_equal(a->grant, b->grant));
    r = of(RECODE_OP, 6);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_LEASE_FREE && got.lease_over == 0x57);
}

TEST(addresses_come_back)
{
    const struct shrike_address_op *a = &sample_address.address;
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 5);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_ADDRESS_ADD);
    struct shrike_address_op *b = &got.address;
    CHECK(same_text(a->conn, b->conn) && memcmp(&a->local, &b->local, sizeof(a->local)) == 0);
    CHECK(b->address_count == 2 && same_addrs(a->addresses, b->addresses, 2));
    CHECK(b->dns_count == 1 && same_addrs(a->dns, b->dns, 1));
    CHECK(b->lease == 0x56 && b->held);
    r = of(RECODE_OP, 7);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_ADDRESS_REMOVE && got.lease_over == 0x58);
}

TEST(eap_comes_back)
{
    const struct shrike_eap_op *a = &sample_eap.eap;
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 10);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_EAP);
    struct shrike_eap_op *b = &got.eap;
    CHECK(b->session == a->session && b->server && b->only && same_text(a->conn, b->conn));
    CHECK(same_id(&a->local, &b->local) && same_id(&a->remote, &b->remote));
    CHECK(bytes_equal(a->rule.methods, b->rule.methods) && same_id(&a->rule.id, &b->rule.id));
    CHECK(b->rule.asks && bytes_equal(a->rule.groups, b->rule.groups));
    CHECK(bytes_equal(a->rule.inside, b->rule.inside) && same_id(&a->rule.server, &b->rule.server));
    CHECK(b->credential && b->credential->encoding == 4 && b->credential->cert_count == 2 &&
          memcmp(&b->credential->key, &sample_shown.key, sizeof(sample_shown.key)) == 0);
    CHECK(bytes_equal(b->credential->certs[0], shown_certs[0]) &&
          bytes_equal(b->credential->certs[1], shown_certs[1]));
    CHECK(memcmp(&a->local_end, &b->local_end, sizeof(a->local_end)) == 0 &&
          memcmp(&a->remote_end, &b->remote_end, sizeof(a->remote_end)) == 0);
    CHECK(bytes_equal(a->message, b->message) && same_origin(a->origin, b->origin));
    r = of(RECODE_OP, 11);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_EAP_OVER && got.session_over == 0x5a);
}

TEST(keys_to_be_stirred_come_back)
{
    const struct shrike_mix_op *a = &sample_mix.mix;
    struct shrike_op got;
    struct reader r = of(RECODE_OP, 12);
    CHECK(op_read(&r, &got, &box) && got.kind == SHRIKE_MIX);
    struct shrike_mix_op *b = &got.mix;
    CHECK(b->prf == a->prf && same_text(a->conn, b->conn) && same_origin(a->origin, b->origin));
    CHECK(bytes_equal(a->id, b->id) && bytes_equal(a->keys, b->keys));
}

TEST(an_answer_comes_back)
{
    struct shrike_token whose;
    struct shrike_answer got;
    struct reader r = of(RECODE_ANSWER, 0);
    CHECK(answer_read(&r, &whose, &got) && SAME_REST(&token, &whose));
    CHECK(got.ok && got.reason == SHRIKE_REASON_AUTH_NO_SECRET);
    CHECK(bytes_equal(got.value, sample_answer.value) && got.mutual);
    CHECK(bytes_equal(got.secret, sample_answer.secret));
    CHECK(bytes_equal(got.identity, sample_answer.identity));
    CHECK(bytes_equal(got.grant, sample_answer.grant));
}

TEST(inputs_come_back)
{
    struct shrike_kernel_event k;
    struct shrike_command c;
    struct reader r = of(RECODE_KERNEL, 0);
    CHECK(kernel_read(&r, &k, &box) && k.address_count == 2);
    for (u16 i = 0; i < k.address_count; i++)
        CHECK(SAME_REST(&sample_kernel.addresses[i], &k.addresses[i]));
    k.addresses = sample_kernel.addresses;
    CHECK(SAME_REST(&sample_kernel, &k));
    r = of(RECODE_COMMAND, 0);
    CHECK(command_read(&r, &c, &box));
    CHECK(same_text(sample_command.conn, c.conn) && same_text(sample_command.child, c.child));
    CHECK(c.kind == SHRIKE_REKEY && c.reference == 0x71 && c.ike == 0x72 &&
          c.child_serial == 0x73 && c.reauth);
}

TEST(an_event_comes_back)
{
    const struct shrike_event *a = &sample_event;
    struct shrike_event b;
    struct reader r = of(RECODE_EVENT, 0);
    CHECK(event_read(&r, &b, &box));
    CHECK(same_text(a->conn, b.conn) && same_text(a->child_conf, b.child_conf));
    CHECK(bytes_equal(a->reason.offered, b.reason.offered));
    CHECK(bytes_equal(a->reason.beside, b.reason.beside));
    CHECK(same_origin(a->reason.origin, b.reason.origin));
    const struct shrike_seen *s = b.seen;
    CHECK(s && s->ike.serial == 0x8c && same_text(s->ike.conn, "home"));
    CHECK(same_id(&s->ike.remote_id, &sample_seen.ike.remote_id) && s->ike.remote_vip_count == 1);
    CHECK(same_addrs(vips, s->ike.remote_vips, 1));
    CHECK(s->child.serial == 0x8d && same_ts(nets, s->child.local_ts, 1));
    CHECK(same_ts(nets + 1, s->child.remote_ts, 2));
    CHECK(s->child_was.serial == 0x8e && same_ts(nets, s->child_was.local_ts, 2));
    CHECK(same_text(s->child_was.child, "lan") && !s->ike_was.serial);
    b.seen = a->seen;
    b.conn = a->conn;
    b.child_conf = a->child_conf;
    b.reason.offered = a->reason.offered;
    b.reason.beside = a->reason.beside;
    b.reason.origin = a->reason.origin;
    CHECK(SAME_REST(a, &b));
}

TEST(the_allowed_are_left_out_and_a_long_offer_is_cut)
{
    static u8 offer[SEAM_OFFER_MAX + 1];
    struct shrike_event a = sample_event, b;
    struct writer w = writer_of(room, sizeof(room));
    offer[SEAM_OFFER_MAX - 1] = 7;
    a.reason.offered = a.reason.beside = bytes_of(offer, sizeof(offer));
    a.reason.allowed = ike_proposals;
    a.reason.allowed_count = 2;
    event_write(&w, &a);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(!w.full && event_read(&r, &b, &box));
    CHECK(bytes_equal(b.reason.offered, bytes_of(offer, SEAM_OFFER_MAX)));
    CHECK(bytes_equal(b.reason.beside, bytes_of(offer, SEAM_OFFER_MAX)));
    CHECK(!b.reason.allowed && b.reason.allowed_count == 0);
}

TEST(names_that_are_not_there_stay_so)
{
    struct shrike_command c = {.kind = SHRIKE_UP, .reference = 1}, got;
    struct writer w = writer_of(room, sizeof(room));
    command_write(&w, &c);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(command_read(&r, &got, &box) && !got.conn && !got.child);
}

TEST(names_have_a_cap)
{
    char name[SEAM_NAME_MAX + 1];
    struct shrike_command c = {.kind = SHRIKE_UP, .child = name}, got;
    memset(name, 'n', sizeof(name));
    name[SEAM_NAME_MAX - 1] = 0;
    struct writer w = writer_of(room, sizeof(room));
    command_write(&w, &c);
    struct reader r = reader_of(written_bytes(&w));
    CHECK(!w.full && command_read(&r, &got, &box) && same_text(name, got.child));
    name[SEAM_NAME_MAX - 1] = 'n';
    name[SEAM_NAME_MAX] = 0;
    w = writer_of(room, sizeof(room));
    command_write(&w, &c);
    CHECK(w.full);
}

TEST(an_ike_view_comes_back)
{
    const struct shrike_ike_view *a = &sample_ike;
    struct shrike_ike_view b;
    struct reader r = of(RECODE_IKE_VIEW, 0);
    memset(&b, 0, sizeof(b));
    CHECK(ike_view_read(&r, &b, &box));
    CHECK(same_text(a->conn, b.conn));
    CHECK(same_id(&a->local_id, &b.local_id) && same_id(&a->remote_id, &b.remote_id));
    b.conn = a->conn;
    CHECK(b.local_vip_count == 1 && same_addrs(a->local_vips, b.local_vips, 1));
    CHECK(b.remote_vip_count == 2 && same_addrs(a->remote_vips, b.remote_vips, 2));
    b.local_id = a->local_id;
    b.remote_id = a->remote_id;
    b.local_vips = a->local_vips;
    b.remote_vips = a->remote_vips;
    CHECK(SAME_REST(a, &b));
}

TEST(a_child_view_comes_back)
{
    const struct shrike_child_view *a = &sample_child;
    struct shrike_child_view b;
    struct reader r = of(RECODE_CHILD_VIEW, 0);
    memset(&b, 0, sizeof(b));
    CHECK(child_view_read(&r, &b, &box));
    CHECK(same_text(a->child, b.child) && b.local_ts_count == 1 && b.remote_ts_count == 2);
    CHECK(same_ts(a->local_ts, b.local_ts, 1) && same_ts(a->remote_ts, b.remote_ts, 2));
    b.child = a->child;
    b.local_ts = a->local_ts;
    b.remote_ts = a->remote_ts;
    CHECK(SAME_REST(a, &b));
}

/* The first two octets of these are a choice: one beyond its last value is refused. */
TEST(kinds_beyond_the_last_are_refused)
{
    const struct {
        enum recode kind;
        u8 at;
        unsigned beyond;
    } choices[] = {
        {RECODE_SOCKET, 0, SOCKET_ESP + 1},
        {RECODE_OP, 0, SHRIKE_EAP_OVER + 1},
        {RECODE_ANSWER, 17, SHRIKE_REASON_COUNT},
        {RECODE_KERNEL, 0, SHRIKE_ADDRESSES + 1},
        {RECODE_COMMAND, 0, SHRIKE_REDIRECT + 1},
        {RECODE_EVENT, 0, SHRIKE_EVENT_COUNT},
        {RECODE_IKE_VIEW, 4, SHRIKE_IKE_DELETING + 1},
        {RECODE_CHILD_VIEW, 8, SHRIKE_CHILD_DELETING + 1},
    };
    static u8 again[4096];
    for (unsigned i = 0; i < ARRAY_LEN(choices); i++)
        for (unsigned less = 0; less < 2; less++) {
            struct bytes b =
                sample(choices[i].kind, 3 * (choices[i].kind == RECODE_OP), room, 4096);
            struct writer w = writer_of(again, sizeof(again));
            room[choices[i].at] = 0;
            room[choices[i].at + 1] = (u8)(choices[i].beyond - less);
            CHECK(recode(choices[i].kind, b, &w) == (less == 1));
        }
}

TEST(an_install_is_of_esp_or_ah)
{
    const u8 protocols[] = {PROTOCOL_IKE, PROTOCOL_AH, PROTOCOL_ESP, 4};
    for (unsigned i = 0; i < 4; i++) {
        struct shrike_op op = sample_install, got;
        struct writer w = writer_of(room, sizeof(room));
        op.install.protocol = protocols[i];
        op_write(&w, &op);
        struct reader r = reader_of(written_bytes(&w));
        CHECK(op_read(&r, &got, &box) == (i == 1 || i == 2));
    }
}

TEST(an_offer_is_not_too_long)
{
    static u8 again[SEAM_OFFER_MAX + 1024], offer[SEAM_OFFER_MAX];
    struct shrike_event e = {.reason = {.offered = bytes_of(offer, sizeof(offer))}}, got;
    struct writer w = writer_of(room, sizeof(room)), v = writer_of(again, sizeof(again));
    event_write(&w, &e);
    /* the same with one octet more: behind the offer are six octets of no origin */
    size_t at = written(&w) - 6;
    write_bytes(&v, bytes_of(room, at));
    write_u8(&v, 0);
    write_zero(&v, 6);
    struct reader r = reader_of(written_bytes(&w)), s = reader_of(written_bytes(&v));
    CHECK(event_read(&r, &got, &box));
    write_u32_at(&v, at - SEAM_OFFER_MAX - 4, SEAM_OFFER_MAX + 1);
    CHECK(!v.full && !event_read(&s, &got, &box));
}

/* The largest that mail.h and seam.h promise to carry. */
TEST(the_largest_fit_into_a_body)
{
    static u8 big[40000];
    static struct shrike_ts ts[SHRIKE_TS_MAX];
    char name[SEAM_NAME_MAX] = {0};
    struct shrike_op op = sample_check;
    memset(name, 'n', sizeof(name) - 1);
    op.auth.conn = op.auth.origin.file = name;
    op.auth.octets = bytes_of(big, 32768 + 256 + 64);
    op.auth.value = bytes_of(big, 64);
    op.auth.local.data = op.auth.remote.data = bytes_of(big, SHRIKE_ID_MAX);
    struct writer w = writer_of(room, 36000);
    op_write(&w, &op);
    CHECK(!w.full);

    op = sample_install;
    for (unsigned i = 0; i < SHRIKE_TS_MAX; i++)
        ts[i].family = 6;
    op.install.conn = op.install.child = name;
    op.install.local_ts = op.install.remote_ts = ts;
    op.install.local_ts_count = op.install.remote_ts_count = SHRIKE_TS_MAX;
    w = writer_of(room, 4096);
    op_write(&w, &op);
    CHECK(!w.full);

    struct shrike_event e = sample_event;
    e.conn = e.child_conf = e.reason.origin.file = name;
    e.reason.offered = e.reason.beside = bytes_of(big, sizeof(big));
    struct shrike_seen seen = {.ike = {.serial = 1,
                                       .conn = name,
                                       .local_id = {ID_KEY_ID, bytes_of(big, SHRIKE_ID_MAX)},
                                       .remote_id = {ID_KEY_ID, bytes_of(big, SHRIKE_ID_MAX)}},
                               .child = {.serial = 1,
                                         .child = name,
                                         .local_ts = ts,
                                         .remote_ts = ts,
                                         .local_ts_count = SHRIKE_TS_MAX,
                                         .remote_ts_count = SHRIKE_TS_MAX}};
    seen.child_was = seen.child;
    e.seen = &seen;
    w = writer_of(room, 28672);
    event_write(&w, &e);
    CHECK(!w.full);
}

int main(void)
{
    return RUN(a_check_comes_back) | RUN(an_install_comes_back) | RUN(a_remove_comes_back) |
           RUN(a_switch_comes_back) | RUN(a_move_comes_back) | RUN(a_lease_comes_back) |
           RUN(addresses_come_back) | RUN(eap_comes_back) | RUN(keys_to_be_stirred_come_back) |
           RUN(an_answer_comes_back) | RUN(inputs_come_back) | RUN(an_event_comes_back) |
           RUN(the_allowed_are_left_out_and_a_long_offer_is_cut) |
           RUN(names_that_are_not_there_stay_so) | RUN(names_have_a_cap) |
           RUN(an_ike_view_comes_back) | RUN(a_child_view_comes_back) |
           RUN(kinds_beyond_the_last_are_refused) | RUN(an_install_is_of_esp_or_ah) |
           RUN(an_offer_is_not_too_long) | RUN(the_largest_fit_into_a_body);
}
