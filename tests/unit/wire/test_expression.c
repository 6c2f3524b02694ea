/* Regular expressions: what they fit, what is none, and the same as the C library's say. */
#include "../test.h"
#include "wire/expression.h"
#include <regex.h>
#include <stdlib.h>

static struct bytes of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static bool fits(const char *expression, const char *text)
{
    return expression_fits(of(expression), of(text));
}

TEST(what_is_meant)
{
    CHECK(fits("^vpn[0-9]+\\.example\\.org$", "vpn17.example.org"));
    CHECK(fits("^vpn[0-9]+\\.example\\.org$", "VPN17.Example.ORG"));
    CHECK(!fits("^vpn[0-9]+\\.example\\.org$", "vpn.example.org"));
    CHECK(!fits("^vpn[0-9]+\\.example\\.org$", "vpn17.example.org."));
    CHECK(!fits("^vpn[0-9]+\\.example\\.org$", "xvpn17.example.org"));
    CHECK(!fits("^vpn[0-9]+\\.example\\.org$", "vpn17xexample.org"));
    CHECK(fits("^(alice|bob)@(a|b)\\.example$", "bob@a.example"));
    CHECK(!fits("^(alice|bob)@(a|b)\\.example$", "bobb@a.example"));
    CHECK(fits("^(a|b)$", "b") && fits("^(a|b)$", "a") && !fits("^(a|b)$", "ab"));
    CHECK(fits("^a{2,3}$", "aa") && fits("^a{2,3}$", "aaa") && !fits("^a{2,3}$", "aaaa"));
    CHECK(!fits("^a{2,3}$", "a") && fits("^(ab){2}$", "abab") && fits("^a{0,1}b$", "b"));
    CHECK(fits("^a{2,}$", "aaaaa") && !fits("^a{2,}$", "a") && fits("^a{0,}b$", "aaab"));
    CHECK(fits("^x(a|bc?)*y$", "xabcbay") && !fits("^x(a|bc?)*y$", "xcy"));
    CHECK(fits("^C=CH, O=Example, CN=.*$", "C=CH, O=Example, CN=moon"));
    CHECK(fits("^\\^\\$\\\\$", "^$\\"));
    CHECK(fits("^.$", "x") && !fits("^.$", "") && !fits("^.$", "xy"));
    CHECK(expression_fits(of("^a.b$"), bytes_of("a\0b", 3)));
    CHECK(!fits("^a$", "") && fits("^a?$", ""));
}

TEST(sets)
{
    CHECK(fits("^[]a-c-]+$", "]-b") && !fits("^[]a-c-]+$", "d"));
    CHECK(fits("^[^]a]$", "b") && !fits("^[^]a]$", "a") && !fits("^[^]a]$", "A"));
    CHECK(fits("^[\\.]$", "\\") && fits("^[a^]$", "^") && fits("^[$]$", "$"));
    CHECK(fits("^[[:alpha:]_][[:alnum:]_]*$", "_Ab9") && !fits("^[[:alpha:]]$", "9"));
    CHECK(fits("^[[:upper:]]$", "a")); /* case does not count */
    CHECK(fits("^[[:digit:].-]+$", "1-2.3") && fits("^[^[:space:]]$", "x"));
    CHECK(!fits("^[^[:space:]]$", "\t") && fits("^[[:xdigit:]]{2}$", "fF"));
    CHECK(fits("^[[:punct:]]$", "@") && fits("^[[:blank:]]$", " ") && fits("^[[:graph:]]$", "~"));
    CHECK(!fits("^[[:graph:]]$", " ") && fits("^[[:print:]]$", " "));
}

TEST(what_is_none)
{
    static const char *const wrong[] = {
        "",        "^",         "^$",        "a",          "^a",       "a$",
        "^a\\$",   "^*a$",      "^a|b$",     "^(a|)$",     "^(|a)$",   "^(a||b)$",
        "^()$",    "^(a$",      "^a)$",      "^[a$",       "^[]$",     "^a{$",
        "^a{}$",   "^a{2$",     "^a{3,2}$",  "^a{0}$",     "^a{256}$", "^a{,2}$",
        "^{2}$",   "^(*a)$",    "^(|a)$",    "^a^b$",      "^a$b$",    "^\\1$",
        "^a\\w$",  "^[[.a.]]$", "^[[=a=]]$", "^[[:no:]]$", "^[z-a]$",  "^[a-[:digit:]]$",
        "^(a)(b$", "^a(|)$"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        if (expression_is_sound(of(wrong[i])))
            printf("# %s\n", wrong[i]);
        CHECK(!expression_is_sound(of(wrong[i])) && !fits(wrong[i], "a"));
    }
    CHECK(expression_is_sound(of("^a\\\\$"))); /* a backslash, and the end */
    CHECK(!expression_is_sound(bytes_of("^a\0$", 2)));
}

/* What it may come to has a cap, and so have groups and sets. */
TEST(caps)
{
    char text[512];
    CHECK(expression_is_sound(of("^(a{255}){3}$")) && !expression_is_sound(of("^(a{255}){5}$")));
    CHECK(!expression_is_sound(of("^((((a{9}){9}){9}){9}){9}$")));
    for (unsigned depth = 1; depth < 100; depth += 14) { /* the whole is a group too */
        snprintf(
            text, sizeof text, "^%.*sa%.*s$", (int)depth,
            "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
            "(((((((((((((((((((",
            (int)depth,
            ")))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
            "))))))))))))))))))");
        CHECK_EQ(expression_is_sound(of(text)), depth < 16);
    }
    text[0] = 0;
    for (unsigned sets = 1; sets <= 40; sets++) {
        char at[512] = "^";
        for (unsigned i = 0; i < sets; i++)
            strcat(at, "[a]");
        strcat(at, "$");
        CHECK_EQ(expression_is_sound(of(at)), sets <= 32);
    }
}

/* Expressions that others take for ever for. */
TEST(time_is_bounded)
{
    char text[600];
    memset(text, 'a', sizeof text);
    CHECK(!expression_fits(of("^(a*)*b$"), bytes_of(text, 512)));
    CHECK(!expression_fits(of("^(a|a)*b$"), bytes_of(text, 512)));
    CHECK(!expression_fits(of("^((a?){100}){5}a{200}$"), bytes_of(text, 512)));
    CHECK(expression_fits(of("^(a|aa)+$"), bytes_of(text, 512)));
    CHECK(expression_fits(of("^(.*){20}$"), bytes_of(text, 512)));
}

/* ---- against the C library ---- */

static unsigned below(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % n;
}

/* A random expression over a and b, written without recursion: tokens that may follow each other.
 */
static void draw(unsigned *seed, char *out, size_t size)
{
    static const char *const atoms[] = {"a", "b", "B", ".", "[ab]", "[^a]", "[[:alpha:]]", "\\."};
    static const char *const repeats[] = {"*", "+", "?", "{2}", "{1,2}", "{0,2}", "{2,}", "{0,}"};
    unsigned open = 0, tokens = 1 + below(seed, 6);
    bool atom = false;
    strcpy(out, "^");
    for (unsigned i = 0; (i < tokens || open || !atom) && strlen(out) + 24 < size; i++) {
        unsigned how = below(seed, 10);
        if (how < 2 && open < 4 && i < tokens) {
            strcat(out, "(");
            open++;
            atom = false;
        } else if (how < 4 && open && atom) {
            strcat(out, ")");
            open--;
        } else if (how < 5 && atom && open && i < tokens) {
            strcat(out, "|");
            atom = false;
        } else if (how < 7 && atom && !strchr("*+?}|(", out[strlen(out) - 1])) {
            strcat(out, repeats[below(seed, ARRAY_LEN(repeats))]);
        } else {
            strcat(out, atoms[below(seed, ARRAY_LEN(atoms))]);
            atom = true;
        }
    }
    while (open--)
        strcat(out, ")");
    strcat(out, "$");
}

/* The C library's ^ and $ bind closer than its |. */
static bool theirs(const char *expression, const char *text)
{
    char whole[600];
    regex_t r;
    snprintf(whole, sizeof whole, "^(%.*s)$", (int)strlen(expression) - 2, expression + 1);
    if (regcomp(&r, whole, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
        abort();
    bool fit = regexec(&r, text, 0, NULL, 0) == 0;
    regfree(&r);
    return fit;
}

TEST(as_the_c_library_has_it)
{
    unsigned seed = 7, fit = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char expression[256], text[12];
        draw(&seed, expression, sizeof expression);
        unsigned len = below(&seed, 6);
        for (unsigned k = 0; k < len; k++)
            text[k] = "abAb.c"[below(&seed, 6)];
        text[len] = 0;
        bool ours = fits(expression, text);
        fit += ours;
        if (!expression_is_sound(of(expression)) || ours != theirs(expression, text)) {
            printf("# %s %s\n", expression, text);
            CHECK(false);
        }
    }
    CHECK(fit > 1000 && fit < 19000);
}

int main(void)
{
    return RUN(what_is_meant) | RUN(sets) | RUN(what_is_none) | RUN(caps) | RUN(time_is_bounded) |
           RUN(as_the_c_library_has_it);
}
