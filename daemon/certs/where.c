/* Where revocation can be looked up: see where.h. */
#include "certs/where.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

static void add(char (*list)[TARGET_URL_MAX], u8 *count, const char *url, size_t len)
{
    struct target target;
    char *place = list[*count];
    if (*count >= WHERE_MAX || len >= TARGET_URL_MAX || memchr(url, 0, len))
        return;
    memcpy(place, url, len);
    place[len] = '\0';
    *count += target_read(place, &target);
}

static void add_point(struct where *out, const DIST_POINT *point)
{
    /* RFC 5280 4.2.1.13: with CRLissuer somebody else signs it; those we do not fetch. */
    if (!point->distpoint || point->distpoint->type != 0 || point->CRLissuer)
        return;
    const GENERAL_NAMES *names = point->distpoint->name.fullname;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && out->crl_count < WHERE_MAX; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI)
            add(out->crls, &out->crl_count,
                (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
                (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
    }
}

void where_add(struct where *out, bool crl, const char *url)
{
    if (crl)
        add(out->crls, &out->crl_count, url, strlen(url));
    else
        add(out->responders, &out->responder_count, url, strlen(url));
}

void where_of(X509 *x, struct where *out)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num(points); i++)
        add_point(out, sk_DIST_POINT_value(points, i));
    CRL_DIST_POINTS_free(points);
    STACK_OF(OPENSSL_STRING) *responders = X509_get1_ocsp(x);
    for (int i = 0; i < sk_OPENSSL_STRING_num(responders) && out->responder_count < WHERE_MAX;
         i++) {
        const char *url = sk_OPENSSL_STRING_value(responders, i);
        add(out->responders, &out->responder_count, url, strlen(url));
    }
    X509_email_free(responders);
    ERR_clear_error();
}
