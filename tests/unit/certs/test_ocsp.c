/* What responders say, and who may say it. */
#include "certs/ocsp.h"
#include "certs/pki.h"

static struct node root, other, peer, sibling;

static enum ocsp_says says(struct bytes response)
{
    time_t until;
    return ocsp_read(response, peer.x, root.x, NOW, &until);
}

#define GOOD    V_OCSP_CERTSTATUS_GOOD
#define REVOKED V_OCSP_CERTSTATUS_REVOKED

TEST(the_issuer_may_say_it)
{
    time_t until = 0;
    CHECK_EQ(
        ocsp_read(OCSP(.of = &peer, .issuer = &root, .status = GOOD), peer.x, root.x, NOW, &until),
        OCSP_SAYS_GOOD);
    CHECK_EQ(until, NOW + 3600);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .status = REVOKED)), OCSP_SAYS_REVOKED);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .status = V_OCSP_CERTSTATUS_UNKNOWN)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(ocsp_read(OCSP(.of = &peer, .issuer = &root, .status = GOOD, .without_end = true),
                       peer.x, root.x, NOW, &until),
             OCSP_SAYS_GOOD);
    CHECK_EQ(until, NOW - 3600 + OCSP_NO_END_S);
}

TEST(who_is_made_a_responder_may_too)
{
    struct node made = PKI(.cn = "responder", .by = &root, .purpose = "OCSPSigning");
    struct node old = PKI(.cn = "old", .by = &root, .purpose = "OCSPSigning", .until = NOW - DAY);
    struct node mere = PKI(.cn = "mere", .by = &root, .purpose = "clientAuth");
    struct node none = PKI(.cn = "none", .by = &root);
    struct node of_other = PKI(.cn = "of other", .by = &other, .purpose = "OCSPSigning");
    struct node liar = PKI(.cn = "root", .purpose = "OCSPSigning"); /* has signed itself */
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &made, .status = GOOD)),
             OCSP_SAYS_GOOD);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &made, .status = REVOKED)),
             OCSP_SAYS_REVOKED);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &old, .status = GOOD)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &mere, .status = GOOD)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &none, .status = GOOD)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &peer, .status = GOOD)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &other, .status = GOOD)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &of_other, .status = GOOD)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .signer = &liar, .status = GOOD)),
             OCSP_SAYS_NOTHING);
}

TEST(it_must_be_of_this_certificate_and_of_now)
{
    CHECK_EQ(says(OCSP(.of = &sibling, .issuer = &root, .status = GOOD)), OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &other, .status = GOOD)), OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .status = GOOD, .from = NOW - 2 * DAY,
                       .until = NOW - DAY)),
             OCSP_SAYS_NOTHING);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .status = GOOD, .from = NOW + DAY,
                       .until = NOW + 2 * DAY)),
             OCSP_SAYS_NOTHING);
    /* clocks differ a little */
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .status = GOOD, .from = NOW + 60,
                       .until = NOW + DAY)),
             OCSP_SAYS_GOOD);
    CHECK_EQ(says(OCSP(.of = &peer, .issuer = &root, .status = GOOD, .from = NOW - DAY,
                       .until = NOW - 60)),
             OCSP_SAYS_GOOD);
}

/* No octet of it can be changed so that it says something else. */
TEST(changed_octets_say_nothing_new)
{
    struct bytes good = OCSP(.of = &peer, .issuer = &root, .status = REVOKED);
    for (size_t i = 0; i < good.len; i++) {
        u8 octets[4096];
        memcpy(octets, good.at, good.len);
        octets[i] ^= 1;
        CHECK(says(bytes_of(octets, good.len)) != OCSP_SAYS_GOOD);
    }
    CHECK_EQ(says(bytes_of(good.at, good.len - 1)), OCSP_SAYS_NOTHING);
    CHECK_EQ(says(bytes_of(NULL, 0)), OCSP_SAYS_NOTHING);
    CHECK_EQ(says(bytes_of("\x30\x03\x0a\x01\x03", 5)), OCSP_SAYS_NOTHING); /* try later */
}

TEST(a_request_names_the_certificate)
{
    struct bytes ask = ocsp_ask(peer.x, root.x);
    const u8 *at = ask.at;
    OCSP_REQUEST *r = d2i_OCSP_REQUEST(NULL, &at, (long)ask.len);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), peer.x, root.x);
    CHECK(r && at == ask.at + ask.len && OCSP_request_onereq_count(r) == 1);
    CHECK(r && OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(r, 0)), id) == 0);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(r);
    OPENSSL_free((void *)(uintptr_t)ask.at);
}

int main(void)
{
    root = pki_authority("root", NULL);
    other = pki_authority("other", NULL);
    peer = PKI(.cn = "peer", .by = &root);
    sibling = PKI(.cn = "sibling", .by = &root);
    int bad = RUN(the_issuer_may_say_it) | RUN(who_is_made_a_responder_may_too) |
              RUN(it_must_be_of_this_certificate_and_of_now) | RUN(changed_octets_say_nothing_new) |
              RUN(a_request_names_the_certificate);
    pki_free();
    return bad;
}
