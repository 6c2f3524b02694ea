/* Distinguished names from text: their octets, what is escaped, and what is none. */
#include "config/dn.h"
#include "tools.h"

static struct pool pool;

static bool is(const char *text, const char *octets, size_t len)
{
    struct shrike_bytes b;
    return dn_read(&pool, text, &b) && b.len == len && memcmp(b.at, octets, len) == 0;
}

#define CH "\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02"
#define CN "\x31\x0a\x30\x08\x06\x03\x55\x04\x03"

TEST(octets)
{
    CHECK(is("C=CH", "\x30\x0d" CH "CH", 15));
    CHECK(is("c = CH ", "\x30\x0d" CH "CH", 15));
    CHECK(is("/C=CH", "\x30\x0d" CH "CH", 15));
    CHECK(is("C=CH, CN=*", "\x30\x19" CH "CH" CN "\x0c\x01*", 27)); /* no PrintableString has * */
    CHECK(is("/C=CH/CN=a",
             "\x30\x19" CH "CH" CN "\x13\x01"
             "a",
             27));
    CHECK(is("E=a",
             "\x30\x12\x31\x10\x30\x0e\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01\x16\x01"
             "a",
             20));
    CHECK(is("CN=\\,", "\x30\x0c" CN "\x13\x01,", 14));
    CHECK(is("CN=a/",
             "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x13\x02"
             "a/",
             15));
}

TEST(long_values)
{
    char text[400] = "O=";
    struct shrike_bytes b;
    memset(text + 2, 'x', 200);
    CHECK(dn_read(&pool, text, &b) && b.len == 200 + 3 + 5 + 3 + 3 + 3);
    CHECK(b.at[1] == 0x81 && b.at[2] == b.len - 3);
    memset(text + 2, 'x', 300);
    CHECK(!dn_read(&pool, text, &b));
}

TEST(what_is_none)
{
    static const char *const texts[] = {"",  "=",     "C", "C=",      "C=,CN=x", "X=y",
                                        ",", "C=CH,", "/", "C=CH,CN", "/C=CH/",  "CH=C"};
    struct shrike_bytes b;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bool read = dn_read(&pool, texts[i], &b);
        if (read && strcmp(texts[i], "C=CH,") != 0 && strcmp(texts[i], "/C=CH/") != 0)
            printf("# read: %s\n", texts[i]);
        CHECK(!read || strcmp(texts[i], "C=CH,") == 0 || strcmp(texts[i], "/C=CH/") == 0);
    }
}

int main(void)
{
    int bad = RUN(octets) | RUN(long_values) | RUN(what_is_none);
    pool_free(&pool);
    return bad;
}
