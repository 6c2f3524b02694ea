/* Where certificates say that their revocation can be looked up. */
#include "certs/pki.h"
#include "certs/where.h"

static struct node root;

TEST(urls_of_both_kinds)
{
    struct where w = {.crl_count = 0};
    struct node n =
        PKI(.cn = "n", .by = &root, .crl_from = "URI:http://a/1,URI:ldap://a/x,URI:http://b/2",
            .info = "OCSP;URI:http://o/,caIssuers;URI:http://i/,OCSP;URI:https://p/");
    where_of(n.x, &w);
    CHECK(w.crl_count == 2 && w.responder_count == 1);
    CHECK(strcmp(w.crls[0], "http://a/1") == 0 && strcmp(w.crls[1], "http://b/2") == 0);
    CHECK(strcmp(w.responders[0], "http://o/") == 0);
}

TEST(there_may_be_none_and_there_are_not_too_many)
{
    struct where w = {.crl_count = 0};
    struct node none = PKI(.cn = "none", .by = &root);
    struct node many = PKI(.cn = "many", .by = &root,
                           .crl_from = "URI:http://a/1,URI:http://a/2,"
                                       "URI:http://a/3,URI:http://a/4,URI:http://a/5",
                           .info = "OCSP;URI:http://o/1,OCSP;URI:http://o/2,OCSP;URI:http://o/3,"
                                   "OCSP;URI:http://o/4,OCSP;URI:http://o/5");
    where_of(none.x, &w);
    CHECK(w.crl_count == 0 && w.responder_count == 0);
    where_of(many.x, &w);
    CHECK(w.crl_count == WHERE_MAX && w.responder_count == WHERE_MAX);
    where_add(&w, true, "http://one/more");
    where_add(&w, false, "http://one/more");
    CHECK(w.crl_count == WHERE_MAX && w.responder_count == WHERE_MAX);
}

/* What is known from elsewhere comes first. */
TEST(others_stand_before)
{
    struct where w = {.crl_count = 0};
    struct node n = PKI(.cn = "n", .by = &root, .crl_from = "URI:http://a/1");
    where_add(&w, true, "http://first/");
    where_add(&w, true, "ldap://none/");
    where_add(&w, false, "http://responder/");
    where_of(n.x, &w);
    CHECK(w.crl_count == 2 && w.responder_count == 1);
    CHECK(strcmp(w.crls[0], "http://first/") == 0 && strcmp(w.crls[1], "http://a/1") == 0);
    CHECK(strcmp(w.responders[0], "http://responder/") == 0);
}

int main(void)
{
    root = pki_authority("root", NULL);
    int bad = RUN(urls_of_both_kinds) | RUN(there_may_be_none_and_there_are_not_too_many) |
              RUN(others_stand_before);
    pki_free();
    return bad;
}
