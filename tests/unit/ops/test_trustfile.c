/* Records of trust: what is written is read again, and nothing else is. */
#include "ops/trustfile.h"
#include "test.h"

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

TEST(files_and_rules)
{
    u8 octets[512];
    struct writer w = writer_of(octets, sizeof(octets));
    struct trust_record file = {.name = text("ca.pem"), .kind = TRUST_CRL, .octets = text("abc")};
    struct trust_record rule = {.is_rule = true,
                                .name = text("office"),
                                .peer_count = 1,
                                .revocation = TRUST_STRICT,
                                .authority_count = 2,
                                .authorities = {1, 7},
                                .peers = {9},
                                .demands = {.schemes = 0x80000005,
                                            .rsa_bits = 3072,
                                            .ec_bits = 384,
                                            .ca_id = {2, text("ca.example.org")},
                                            .policy_count = 2,
                                            .policies = {text("1.2.3"), text("1.2.4")}}};
    struct trust_record r;
    trust_record_write(&w, &file);
    trust_record_write(&w, &rule);
    CHECK(!w.full);
    struct reader in = reader_of(written_bytes(&w));
    CHECK(trust_record_read(&in, &r) && !r.is_rule && r.kind == TRUST_CRL);
    CHECK(bytes_equal(r.name, file.name) && bytes_equal(r.octets, file.octets));
    CHECK(trust_record_read(&in, &r) && r.is_rule && r.revocation == TRUST_STRICT);
    CHECK(bytes_equal(r.name, rule.name) && r.authority_count == 2 && r.peer_count == 1);
    CHECK(r.authorities[0] == 1 && r.authorities[1] == 7 && r.peers[0] == 9);
    const struct trust_demands *d = &r.demands;
    CHECK(d->schemes == 0x80000005 && d->rsa_bits == 3072 && d->ec_bits == 384);
    CHECK(d->ca_id.type == 2 && bytes_equal(d->ca_id.data, text("ca.example.org")));
    CHECK(d->policy_count == 2 && bytes_equal(d->policies[0], text("1.2.3")));
    CHECK(bytes_equal(d->policies[1], text("1.2.4")));
    CHECK(read_ended(&in));
    for (size_t len = 0; len < written(&w); len++) {
        in = reader_of(bytes_of(octets, len));
        CHECK(!trust_record_read(&in, &r) || !trust_record_read(&in, &r));
    }
}

TEST(where_to_look_up)
{
    u8 octets[TRUST_WHERE_SIZE];
    struct writer w = writer_of(octets, sizeof(octets));
    struct trust_where where = {.authority = 0x01020304, .crl = true}, read;
    trust_where_write(&w, &where);
    CHECK(!w.full && written(&w) == sizeof(octets));
    CHECK(trust_where_read(written_bytes(&w), &read) && read.authority == 0x01020304 && read.crl);
    CHECK(!trust_where_read(bytes_of(octets, sizeof(octets) - 1), &read));
    octets[4] = 2;
    CHECK(!trust_where_read(written_bytes(&w), &read));
}

TEST(what_is_out_of_range)
{
    u8 octets[256], name[TRUST_NAME_MAX + 1] = {0}, large[2 * sizeof(name)];
    struct writer w = writer_of(octets, sizeof(octets));
    struct trust_record r, many = {.is_rule = true, .peer_count = TRUST_RULE_FILES_MAX + 1};
    trust_record_write(&w, &many);
    CHECK(w.full);
    many = (struct trust_record){.is_rule = true, .demands.policy_count = TRUST_POLICIES_MAX + 1};
    w = writer_of(octets, sizeof(octets));
    trust_record_write(&w, &many);
    CHECK(w.full);
    many.demands = (struct trust_demands){.policy_count = 1,
                                          .policies = {bytes_of(name, TRUST_POLICY_MAX + 1)}};
    w = writer_of(octets, sizeof(octets));
    trust_record_write(&w, &many);
    CHECK(w.full);
    w = writer_of(large, sizeof(large));
    trust_record_write(&w, &(struct trust_record){.name = bytes_of(name, sizeof(name))});
    CHECK(w.full);
    w = writer_of(octets, sizeof(octets));
    trust_record_write(&w, &(struct trust_record){.kind = TRUST_KEY});
    for (unsigned value = 0; value < 256; value++) { /* of the flag, then of the kind */
        struct reader in = reader_of(written_bytes(&w));
        octets[0] = (u8)value;
        CHECK(value == 0 || !trust_record_read(&in, &r) || r.is_rule);
        octets[0] = 0;
    }
    struct reader in = reader_of(written_bytes(&w));
    CHECK(trust_record_read(&in, &r) && r.kind == TRUST_KEY);
}

int main(void)
{
    return RUN(files_and_rules) | RUN(where_to_look_up) | RUN(what_is_out_of_range);
}
