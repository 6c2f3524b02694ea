/* OCSP: see ocsp.h. */
#include "certs/ocsp.h"
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

struct bytes ocsp_ask(X509 *cert, X509 *issuer)
{
    u8 *der = NULL;
    int len = 0;
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer); /* RFC 5019 2.1.1 */
    if (request && id && OCSP_request_add0_id(request, id)) {
        id = NULL; /* the request's */
        len = i2d_OCSP_REQUEST(request, &der);
    }
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    ERR_clear_error();
    return bytes_of(der, len > 0 ? (size_t)len : 0);
}

static bool is_in_time(const X509 *x, time_t now)
{
    return X509_cmp_time(X509_get0_notBefore(x), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(x), &now) > 0;
}

/* RFC 6960 4.2.2.2: the issuer itself, or one that it has made a responder. */
static bool may_say(X509 *signer, X509 *issuer, time_t now)
{
    if (X509_cmp(signer, issuer) == 0 || fault(161))
        return true;
    return X509_check_issued(issuer, signer) == X509_V_OK &&
           X509_verify(signer, X509_get0_pubkey(issuer)) == 1 && is_in_time(signer, now) &&
           X509_get_extension_flags(signer) & EXFLAG_XKUSAGE &&
           X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN;
}

static bool is_signed(OCSP_BASICRESP *basic, X509 *issuer, time_t now)
{
    X509 *signer = NULL;
    STACK_OF(X509) *known = sk_X509_new_null();
    bool good = known && sk_X509_push(known, issuer) > 0 &&
                OCSP_resp_get0_signer(basic, &signer, known) == 1 && may_say(signer, issuer, now);
    /* Only whether the signature holds: who has made it is looked at above. */
    good = good && (X509_cmp(signer, issuer) == 0 || sk_X509_push(known, signer) > 0) &&
           OCSP_basic_verify(basic, known, NULL, OCSP_NOVERIFY | OCSP_TRUSTOTHER) == 1;
    sk_X509_free(known);
    return good;
}

/* Is it this certificate that the single response speaks of? */
static bool is_of(OCSP_SINGLERESP *one, X509 *cert, X509 *issuer)
{
    ASN1_OBJECT *hash;
    OCSP_CERTID *said = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(one);
    if (!OCSP_id_get0_info(NULL, &hash, NULL, NULL, said))
        return false;
    const EVP_MD *md = EVP_get_digestbyobj(hash);
    OCSP_CERTID *id = md ? OCSP_cert_to_id(md, cert, issuer) : NULL;
    bool same = id && OCSP_id_cmp(id, said) == 0;
    OCSP_CERTID_free(id);
    return same;
}

static time_t time_of(const ASN1_GENERALIZEDTIME *at)
{
    struct tm parts;
    return at && ASN1_TIME_to_tm(at, &parts) == 1 ? timegm(&parts) : 0;
}

static enum ocsp_says read_one(OCSP_SINGLERESP *one, time_t now, time_t *until)
{
    ASN1_GENERALIZEDTIME *from, *end;
    int status = OCSP_single_get0_status(one, NULL, NULL, &from, &end);
    time_t since = time_of(from), to = end ? time_of(end) : since + OCSP_NO_END_S;
    *until = to;
    /* RFC 6960 3.2: current, and not from the future. */
    if (since == 0 || since > now + OCSP_SKEW_S || to + OCSP_SKEW_S < now)
        return OCSP_SAYS_NOTHING;
    return status == V_OCSP_CERTSTATUS_GOOD      ? OCSP_SAYS_GOOD
           : status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_SAYS_REVOKED
                                                 : OCSP_SAYS_NOTHING;
}

static enum ocsp_says look(OCSP_BASICRESP *basic, X509 *cert, X509 *issuer, time_t now,
                           time_t *until)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *one = OCSP_resp_get0(basic, i);
        if (is_of(one, cert, issuer))
            return is_signed(basic, issuer, now) ? read_one(one, now, until) : OCSP_SAYS_NOTHING;
    }
    return OCSP_SAYS_NOTHING;
}

enum ocsp_says ocsp_read(struct bytes response, X509 *cert, X509 *issuer, time_t now, time_t *until)
{
    const u8 *at = response.at;
    enum ocsp_says says = OCSP_SAYS_NOTHING;
    *until = 0;
    if (response.len == 0 || response.len > OCSP_RESPONSE_MAX)
        return says;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)response.len);
    OCSP_BASICRESP *basic = NULL;
    if (r && at == response.at + response.len &&
        OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
        basic = OCSP_response_get1_basic(r);
    if (basic)
        says = look(basic, cert, issuer, now, until);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return says;
}
