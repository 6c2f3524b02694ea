/* Where a certificate may send us. */
#include "certs/target.h"
#include "test.h"
#include <arpa/inet.h>
#include <string.h>

static struct shrike_addr addr(const char *text)
{
    struct shrike_addr a = {.family = strchr(text, ':') ? 6 : 4};
    ensure(inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.octets) == 1);
    return a;
}

TEST(addresses_of_everybody)
{
    static const char *const good[] = {
        "1.1.1.1",       "9.255.255.255", "11.0.0.0",        "100.63.255.255",   "100.128.0.0",
        "126.0.0.1",     "172.15.0.1",    "172.32.0.1",      "192.167.0.1",      "198.17.0.1",
        "223.255.255.1", "2606:4700::1",  "2001:4860::8888", "64:ff9b::101:101", "2002:101:101::1"};
    static const char *const bad[] = {"0.0.0.0",
                                      "10.0.0.1",
                                      "100.64.0.1",
                                      "100.127.255.255",
                                      "127.0.0.1",
                                      "169.254.0.1",
                                      "172.16.0.1",
                                      "172.31.255.255",
                                      "192.0.0.1",
                                      "192.0.2.1",
                                      "192.168.1.1",
                                      "198.18.0.1",
                                      "198.19.0.1",
                                      "198.51.100.1",
                                      "203.0.113.1",
                                      "224.0.0.1",
                                      "255.255.255.255",
                                      "::",
                                      "::1",
                                      "::ffff:1.1.1.1",
                                      "fe80::1",
                                      "fc00::1",
                                      "fd00::1",
                                      "ff02::1",
                                      "2001:db8::1",
                                      "2001::1",
                                      "3fff::1",
                                      "64:ff9b::a00:1",
                                      "2002:7f00:1::1",
                                      "2002:c0a8:101::1"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct shrike_addr a = addr(good[i]);
        if (!target_is_public(&a))
            printf("# %s\n", good[i]);
        CHECK(target_is_public(&a));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct shrike_addr a = addr(bad[i]);
        if (target_is_public(&a))
            printf("# %s\n", bad[i]);
        CHECK(!target_is_public(&a));
    }
    CHECK(!target_is_public(&(struct shrike_addr){.family = 0}));
}

TEST(urls_are_taken_apart)
{
    struct target t;
    CHECK(target_read("http://CA.Example.org/ca.crl", &t));
    CHECK(strcmp(t.host, "ca.example.org") == 0 && t.port == 80 && !t.is_addr);
    CHECK(target_read("HTTP://h:8080", &t) && t.port == 8080);
    CHECK(target_read("http://h:?x", &t) && t.port == 80);
    CHECK(target_read("http://192.0.2.7:81/", &t) && t.is_addr && t.addr.family == 4);
    CHECK(t.addr.octets[3] == 7 && t.port == 81);
    CHECK(target_read("http://[2001:db8::7]/x", &t) && t.is_addr && t.addr.family == 6);
    CHECK(t.addr.octets[15] == 7 && strcmp(t.host, "2001:db8::7") == 0);
    CHECK(target_read("http://[::1]:9", &t) && t.port == 9);
}

/* RFC 7296 3.6 (5) */
TEST(others_are_none)
{
    static const char *const bad[] = {"",
                                      "http://",
                                      "https://h/",
                                      "ldap://h/x",
                                      "ftp://h/",
                                      "h/x",
                                      "file:///etc/x",
                                      "http://u@h/",
                                      "http://u:p@h/",
                                      "http://h:0/",
                                      "http://h:65536/",
                                      "http://h:4294967376/",
                                      "http://h:x/",
                                      "http://h:80x/",
                                      "http://[::1/",
                                      "http://[x]/",
                                      "http://[::1]x/",
                                      "http://::1/",
                                      "http:///x",
                                      "http://h/ x",
                                      "http://h/\n",
                                      "http://h\x7f/",
                                      "http://:80/"};
    char longest[TARGET_URL_MAX + 1];
    struct target t;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (target_read(bad[i], &t))
            printf("# %s\n", bad[i]);
        CHECK(!target_read(bad[i], &t));
    }
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "http://h/", 9);
    longest[TARGET_URL_MAX - 1] = '\0';
    CHECK(target_read(longest, &t));
    longest[TARGET_URL_MAX - 1] = 'a';
    longest[TARGET_URL_MAX] = '\0';
    CHECK(!target_read(longest, &t));
    memset(longest + 7, 'a', 300);
    longest[307] = '\0';
    CHECK(!target_read(longest, &t));
}

int main(void)
{
    return RUN(addresses_of_everybody) | RUN(urls_are_taken_apart) | RUN(others_are_none);
}
