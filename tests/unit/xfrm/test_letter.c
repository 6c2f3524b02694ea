/* Messages to the kernel. */
#include "fake_kernel.h"
#include "wire/codes.h"
#include "xfrm/letter.h"
#include <netinet/udp.h>

static struct batch batch;
static const u8 key[LETTER_KEY_MAX] = {1, 2, 3};

static struct letter_sa sa(void)
{
    struct letter_sa s = {.protocol = IPPROTO_ESP,
                          .mode = XFRM_MODE_TUNNEL,
                          .spi = 0x11223344,
                          .reqid = 77,
                          .from = {{192, 0, 2, 1}, 4500, 4, 0},
                          .to = {{192, 0, 2, 2}, 4501, 4, 0},
                          .inbound = true,
                          .encr = ENCR_AES_GCM_16,
                          .encr_key = {key, 20},
                          .replay_window = 1000};
    batch_clear(&batch);
    return s;
}

/* The attribute of the only letter; NULL: it has none. */
static const struct nlattr *attribute(u16 type, size_t head)
{
    const struct nlattr *at;
    mnl_attr_for_each(at, (struct nlmsghdr *)(void *)batch.octets, head)
    {
        if (mnl_attr_get_type(at) == type)
            return at;
    }
    return NULL;
}
#define OF_SA(type) attribute(type, sizeof(struct xfrm_usersa_info))

static struct xfrm_usersa_info info(void)
{
    struct xfrm_usersa_info is;
    memcpy(&is, mnl_nlmsg_get_payload((void *)batch.octets), sizeof is);
    return is;
}

static struct xfrm_replay_state_esn window(void)
{
    struct xfrm_replay_state_esn is = {.bmp_len = 0};
    const struct nlattr *at = OF_SA(XFRMA_REPLAY_ESN_VAL);
    if (at)
        memcpy(&is, mnl_attr_get_payload(at), sizeof is);
    return is;
}

TEST(an_sa_of_an_aead)
{
    struct letter_sa s = sa();
    struct xfrm_algo_aead a;
    CHECK(letter_sa(&batch, &s) && batch.count == 1);
    struct xfrm_usersa_info is = info();
    CHECK(ntohl(is.id.spi) == 0x11223344 && is.reqid == 77 && is.mode == XFRM_MODE_TUNNEL);
    CHECK(ntohl(is.saddr.a4) == 0xc0000201 && ntohl(is.id.daddr.a4) == 0xc0000202);
    CHECK(is.flags == XFRM_STATE_AF_UNSPEC && is.replay_window == 0);
    CHECK(is.lft.hard_byte_limit == XFRM_INF && is.lft.soft_packet_limit == XFRM_INF);
    const struct nlattr *at = OF_SA(XFRMA_ALG_AEAD);
    CHECK(at && mnl_attr_get_payload_len(at) == sizeof a + 20);
    memcpy(&a, mnl_attr_get_payload(at), sizeof a);
    CHECK(strcmp(a.alg_name, "rfc4106(gcm(aes))") == 0);
    CHECK(a.alg_key_len == 160 && a.alg_icv_len == 128);
    CHECK_BYTES((u8 *)mnl_attr_get_payload(at) + sizeof a, key, 20);
    CHECK(!OF_SA(XFRMA_ALG_CRYPT) && !OF_SA(XFRMA_ENCAP) && !OF_SA(XFRMA_MARK));
    CHECK_EQ(window().replay_window, 1024); /* as many as there are in whole words */
    CHECK_EQ(window().bmp_len, 32);
}

TEST(a_cipher_and_its_integrity)
{
    struct letter_sa s = sa();
    struct xfrm_algo_auth a;
    s.encr = ENCR_AES_CBC;
    s.encr_key.len = 16;
    CHECK(!letter_sa(&batch, &s)); /* alone it protects nothing */
    s.integ = INTEG_HMAC_SHA2_256_128;
    s.integ_key = bytes_of(key, 32);
    CHECK(letter_sa(&batch, &s));
    CHECK(OF_SA(XFRMA_ALG_CRYPT) && !OF_SA(XFRMA_ALG_AEAD));
    const struct nlattr *at = OF_SA(XFRMA_ALG_AUTH_TRUNC);
    CHECK(at);
    memcpy(&a, mnl_attr_get_payload(at), sizeof a);
    CHECK(a.alg_key_len == 256 && a.alg_trunc_len == 128);
}

TEST(what_the_kernel_lacks_is_refused)
{
    struct letter_sa s = sa();
    s.encr = ENCR_CAMELLIA_CCM_16;
    CHECK(!letter_sa(&batch, &s) && batch.count == 0);
    s = sa();
    s.encr_key.len = LETTER_KEY_MAX + 1;
    CHECK(!letter_sa(&batch, &s) && batch.count == 0);
}

TEST(ah_and_compression)
{
    struct letter_sa s = sa();
    s.protocol = IPPROTO_AH;
    CHECK(!letter_sa(&batch, &s));
    s.integ = INTEG_HMAC_SHA1_96;
    s.integ_key = bytes_of(key, 20);
    CHECK(letter_sa(&batch, &s));
    CHECK(OF_SA(XFRMA_ALG_AUTH_TRUNC) && !OF_SA(XFRMA_ALG_AEAD) && !OF_SA(XFRMA_ALG_CRYPT));
    CHECK(info().flags & XFRM_STATE_ALIGN4); /* over IPv4, and not over IPv6 */
    batch_clear(&batch);
    s.from.family = s.to.family = 6;
    CHECK(letter_sa(&batch, &s) && !(info().flags & XFRM_STATE_ALIGN4));
    s = sa();
    CHECK(letter_sa(&batch, &s) && !(info().flags & XFRM_STATE_ALIGN4));
    s = sa();
    s.protocol = IPPROTO_COMP;
    CHECK(letter_sa(&batch, &s));
    CHECK(OF_SA(XFRMA_ALG_COMP) && !OF_SA(XFRMA_ALG_AEAD) && !OF_SA(XFRMA_REPLAY_ESN_VAL));
}

TEST(numbers_of_64_bits)
{
    struct letter_sa s = sa();
    s.esn = true;
    s.inbound = false;
    CHECK(letter_sa(&batch, &s));
    CHECK(info().flags & XFRM_STATE_ESN);
    CHECK_EQ(window().replay_window, 32); /* the kernel wants one here, too */
    s = sa();
    s.inbound = false;
    CHECK(letter_sa(&batch, &s) && !OF_SA(XFRMA_REPLAY_ESN_VAL) && info().replay_window == 0);
    s = sa();
    s.replay_window = 32;
    CHECK(letter_sa(&batch, &s) && !OF_SA(XFRMA_REPLAY_ESN_VAL) && info().replay_window == 32);
    s = sa();
    s.replay_window = 100000;
    CHECK(letter_sa(&batch, &s) && window().replay_window == LETTER_WINDOW);
}

/* Linux wants to know it, and then no window of what is sent. */
TEST(ip_tfs_says_its_direction)
{
    static _Alignas(8) u8 seen[LETTER_MAX];
    struct letter_ends ends = {.from = {{10, 0, 0, 1}, 500, 4, 0},
                               .to = {{10, 0, 0, 2}, 501, 4, 0}};
    struct letter_sa s = sa();
    CHECK(letter_sa(&batch, &s) && !OF_SA(LETTER_SA_DIR));
    s = sa();
    s.mode = LETTER_MODE_IPTFS;
    s.whole = true; /* which is said of what is sent */
    CHECK(letter_sa(&batch, &s) && info().mode == 5 && info().flags & XFRM_STATE_AF_UNSPEC);
    CHECK(mnl_attr_get_u8(OF_SA(33)) == 1 && window().replay_window == 1024);
    CHECK(!OF_SA(38));
    for (int esn = 0; esn < 2; esn++) {
        s = sa();
        s.mode = LETTER_MODE_IPTFS;
        s.whole = true;
        s.inbound = false;
        s.esn = esn == 1;
        CHECK(letter_sa(&batch, &s) && mnl_attr_get_u8(OF_SA(33)) == 2);
        CHECK(info().replay_window == 0 && (OF_SA(XFRMA_REPLAY_ESN_VAL) != NULL) == s.esn);
        CHECK(window().replay_window == 0 && window().bmp_len == 0);
        CHECK(OF_SA(38) && mnl_attr_get_payload_len(OF_SA(38)) == 0);
    }
    memcpy(seen, batch.octets, batch.len); /* between other ends it is the same */
    batch_clear(&batch);
    CHECK(letter_sa_again(&batch, (void *)seen, &ends));
    CHECK(mnl_attr_get_u8(OF_SA(33)) == 2 && OF_SA(38) && window().oseq == LETTER_LEAP);
    s = sa();
    s.mode = LETTER_MODE_IPTFS;
    s.inbound = false;
    CHECK(letter_sa(&batch, &s) && !OF_SA(38));
}

TEST(limits_marks_and_ports)
{
    struct letter_sa s = sa();
    struct xfrm_encap_tmpl e;
    struct xfrm_mark m;
    s.encap = true;
    s.inbound = false;
    s.tfc_padding = 900;
    s.bytes_soft = 10;
    s.packets_hard = 20;
    s.life_s = 30;
    s.mark = (struct letter_mark){5, 0xff};
    s.set_mark = (struct letter_mark){6, 0xf};
    s.if_id = 9;
    CHECK(letter_sa(&batch, &s));
    struct xfrm_usersa_info is = info();
    CHECK(is.lft.soft_byte_limit == 10 && is.lft.hard_packet_limit == 20);
    CHECK(is.lft.hard_byte_limit == XFRM_INF && is.lft.hard_add_expires_seconds == 30);
    memcpy(&e, mnl_attr_get_payload(OF_SA(XFRMA_ENCAP)), sizeof e);
    CHECK(e.encap_type == UDP_ENCAP_ESPINUDP && ntohs(e.encap_sport) == 4500);
    CHECK_EQ(ntohs(e.encap_dport), 4501);
    memcpy(&m, mnl_attr_get_payload(OF_SA(XFRMA_MARK)), sizeof m);
    CHECK(m.v == 5 && m.m == 0xff);
    CHECK_EQ(mnl_attr_get_u32(OF_SA(XFRMA_TFCPAD)), 900);
    CHECK_EQ(mnl_attr_get_u32(OF_SA(XFRMA_SET_MARK)), 6);
    CHECK_EQ(mnl_attr_get_u32(OF_SA(XFRMA_IF_ID)), 9);
}

/* Between other ends, with the same keys; what it sends goes on behind what it may have sent. */
TEST(the_same_again)
{
    static _Alignas(8) u8 seen[LETTER_MAX];
    struct letter_sa s = sa();
    struct letter_ends ends = {.from = {{10, 0, 0, 1}, 500, 4, 0},
                               .to = {{10, 0, 0, 2}, 501, 4, 0}};
    struct xfrm_replay_state_esn w = {.bmp_len = 1, .replay_window = 32, .oseq = UINT32_MAX - 1};
    s.esn = true;
    s.inbound = false;
    s.encap = true;
    CHECK(letter_sa(&batch, &s));
    memcpy(seen, batch.octets, batch.len);
    memcpy(mnl_attr_get_payload(OF_SA(XFRMA_REPLAY_ESN_VAL)), &w, sizeof w);
    memcpy(seen, batch.octets, batch.len);
    batch_clear(&batch);
    CHECK(letter_sa_again(&batch, (void *)seen, &ends));
    CHECK(ntohl(info().id.daddr.a4) == 0x0a000002 && info().id.spi == htonl(0x11223344));
    CHECK(OF_SA(XFRMA_ALG_AEAD) && OF_SA(XFRMA_LTIME_VAL) && !OF_SA(XFRMA_ENCAP));
    CHECK(window().oseq == LETTER_LEAP - 2 && window().oseq_hi == 1);
    ends.inbound = ends.encap = true;
    batch_clear(&batch);
    CHECK(letter_sa_again(&batch, (void *)seen, &ends));
    CHECK(OF_SA(XFRMA_ENCAP) && window().oseq == UINT32_MAX - 1 && window().oseq_hi == 0);
    ((struct nlmsghdr *)(void *)seen)->nlmsg_type = XFRM_MSG_EXPIRE;
    CHECK(!letter_sa_again(&batch, (void *)seen, &ends));
}

TEST(ah_is_aligned_for_its_new_ends)
{
    static _Alignas(8) u8 seen[LETTER_MAX];
    struct letter_ends ends = {.from = {{1}, 500, 6, 0}, .to = {{2}, 501, 6, 0}};
    struct letter_sa s = sa();
    s.protocol = IPPROTO_AH;
    s.integ = INTEG_HMAC_SHA2_256_128;
    s.integ_key = bytes_of(key, 32);
    CHECK(letter_sa(&batch, &s));
    memcpy(seen, batch.octets, batch.len);
    batch_clear(&batch);
    CHECK(letter_sa_again(&batch, (void *)seen, &ends) && !(info().flags & XFRM_STATE_ALIGN4));
    ends.from.family = ends.to.family = 4;
    batch_clear(&batch);
    CHECK(letter_sa_again(&batch, (void *)seen, &ends) && info().flags & XFRM_STATE_ALIGN4);
}

TEST(policies_are_read_as_they_are_written)
{
    struct letter_policy p = {.dir = XFRM_POLICY_IN,
                              .priority = 1234,
                              .index = 0xc0000000,
                              .mark = {1, 2},
                              .if_id = 3,
                              .template_count = 2},
                         got;
    p.selector.family = AF_INET6;
    p.selector.prefixlen_s = 64;
    p.templates[0] =
        (struct letter_template){.protocol = IPPROTO_COMP, .mode = 1, .optional = true};
    p.templates[0].to.family = p.templates[0].from.family = 6;
    p.templates[1] = p.templates[0];
    p.templates[1].protocol = IPPROTO_ESP;
    p.templates[1].reqid = 99;
    batch_clear(&batch);
    letter_policy(&batch, &p, false);
    CHECK(policy_read((void *)batch.octets, &got));
    CHECK_BYTES(&got.selector, &p.selector, sizeof p.selector);
    CHECK(got.dir == p.dir && got.priority == 1234 && got.index == 0xc0000000 && !got.block);
    CHECK(got.mark.value == 1 && got.mark.mask == 2 && got.if_id == 3 && got.template_count == 2);
    CHECK(got.templates[0].optional && got.templates[1].reqid == 99);
    batch_clear(&batch);
    letter_policy(&batch, &p, true);
    CHECK_EQ(((struct nlmsghdr *)(void *)batch.octets)->nlmsg_type, XFRM_MSG_UPDPOLICY);
    CHECK(!policy_read((void *)batch.octets, &got));
}

TEST(a_batch_has_its_bounds_and_is_wiped)
{
    struct letter_sa s = sa();
    u16 n = 0;
    while (batch_has_room(&batch, 1)) {
        CHECK(letter_sa(&batch, &s));
        n++;
    }
    CHECK(n > 16 && n <= BATCH_LETTERS && !letter_sa(&batch, &s));
    u32 len = batch.len;
    batch_clear(&batch);
    for (u32 i = 0; i < len; i++)
        CHECK_EQ(batch.octets[i], 0);
    const struct letter_sa_id id = {.protocol = IPPROTO_ESP, .spi = 5, .to = s.to};
    for (n = 0; batch_has_room(&batch, 1); n++)
        letter_sa_get(&batch, &id);
    CHECK_EQ(n, BATCH_LETTERS);
}

int main(void)
{
    return RUN(an_sa_of_an_aead) | RUN(a_cipher_and_its_integrity) |
           RUN(what_the_kernel_lacks_is_refused) | RUN(ah_and_compression) |
           RUN(numbers_of_64_bits) | RUN(ip_tfs_says_its_direction) | RUN(limits_marks_and_ports) |
           RUN(the_same_again) | RUN(ah_is_aligned_for_its_new_ends) |
           RUN(policies_are_read_as_they_are_written) | RUN(a_batch_has_its_bounds_and_is_wiped);
}
