/* Two engines with the OpenSSL provider negotiate every algorithm that suite.def has: they come up,
 * hold the same keys, and leave nothing when they go down. One line is printed for each. */
#include "tools.h"

static struct shrike_provider *providers[2];
static unsigned failures;

/* One whole life. Side 0 calls; who hangs up alternates, so that both roles do all they can. */
static bool lives(const struct pair_algorithms *a, unsigned children)
{
    static unsigned turn;
    struct pair_options o = {.algorithms = *a, .children = children};
    struct pair *p = pair_new(providers[0], providers[1], &o);
    pair_up(p, NULL);
    bool good = p->side[0].ike_up == 1 && p->side[1].ike_up == 1 &&
                p->side[0].child_up == children && p->side[1].child_up == children &&
                p->side[0].failed + p->side[1].failed == 0 && pair_agrees(p);
    for (unsigned i = 0; good && i < children; i++)
        good = p->side[0].children[i].esn == (a->esp_sn == SN_64);
    if (a->esp_ke) /* two public values in IKE_SA_INIT, two for the second Child SA */
        good = good && p->octets > 4 * (uint64_t)suite_ke(a->esp_ke)->public_len;
    turn++;
    pair_down(p, turn % 2, "net0"); /* a delete of one Child SA, then of the rest */
    good = good && p->side[0].child_count == children - 1 && pair_agrees(p);
    pair_down(p, turn / 2 % 2, NULL);
    good = good && p->side[0].ike_down == 1 && p->side[1].ike_down == 1;
    pair_wait(p, p->now + 300 * SHRIKE_SECOND);
    good = good && empty(p);
    pair_free(p);
    return good;
}

static void report(bool good, const char *what, const char *name, unsigned bits)
{
    char key[16] = "";
    if (bits)
        snprintf(key, sizeof(key), "-%u", bits);
    printf("%s %s %s%s\n", good ? "ok" : "not ok", what, name, key);
    failures += !good;
}

/* RFC 7296 5: an IKE SA is never without encryption. */
static void ike_ciphers(void)
{
    size_t n;
    const struct encr_suite *rows = suite_encr_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct pair_algorithms a = pair_usual;
        if (rows[i].id == ENCR_NULL)
            continue;
        a.encr = rows[i].id;
        a.encr_bits = rows[i].key_bits;
        a.integ = rows[i].aead ? INTEG_NONE : INTEG_HMAC_SHA2_256_128;
        report(lives(&a, 1), "ike", code_name(CODE_ENCR, a.encr), a.encr_bits);
    }
}

static void esp_ciphers(void)
{
    size_t n;
    const struct encr_suite *rows = suite_encr_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct pair_algorithms a = pair_usual;
        a.esp_encr = rows[i].id;
        a.esp_bits = rows[i].key_bits;
        a.esp_integ = rows[i].aead ? INTEG_NONE : INTEG_HMAC_SHA2_256_128;
        a.esp_sn = i % 2 ? SN_64 : SN_32;
        report(lives(&a, 2), i % 2 ? "esp, esn" : "esp", code_name(CODE_ENCR, a.esp_encr),
               a.esp_bits);
    }
}

static void prfs(void)
{
    size_t n;
    const struct prf_suite *rows = suite_prf_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct pair_algorithms a = pair_usual;
        a.prf = rows[i].id;
        report(lives(&a, 2), "prf", code_name(CODE_PRF, a.prf), 0);
    }
}

static void integrities(void)
{
    static const uint16_t ciphers[] = {ENCR_AES_CBC, ENCR_AES_CTR};
    size_t n;
    const struct integ_suite *rows = suite_integ_all(&n);
    for (size_t i = 0; i < 2 * n; i++) {
        struct pair_algorithms a = pair_usual;
        a.encr = a.esp_encr = ciphers[i % 2];
        a.encr_bits = a.esp_bits = 256;
        a.integ = a.esp_integ = rows[i / 2].id;
        a.esp_sn = i / 2 % 2 ? SN_64 : SN_32;
        report(lives(&a, 2), i % 2 ? "ike and esp, ctr" : "ike and esp, cbc",
               code_name(CODE_INTEG, a.integ), 0);
    }
}

/* AH has no cipher. */
static void ah(void)
{
    size_t n;
    const struct integ_suite *rows = suite_integ_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct pair_algorithms a = pair_usual;
        a.esp_encr = a.esp_bits = 0;
        a.esp_integ = rows[i].id;
        a.esp_sn = i % 2 ? SN_64 : SN_32;
        report(lives(&a, 2), i % 2 ? "ah, esn" : "ah", code_name(CODE_INTEG, a.esp_integ), 0);
    }
}

/* Each group in IKE_SA_INIT, and for the second Child SA with perfect forward secrecy. */
static void groups(void)
{
    size_t n;
    const struct ke_suite *rows = suite_ke_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct pair_algorithms a = pair_usual;
        a.ke = a.esp_ke = rows[i].id;
        report(lives(&a, 2), "ke and pfs", code_name(CODE_KE, a.ke), 0);
    }
}

int main(void)
{
    providers[0] = provider_openssl_new();
    providers[1] = provider_openssl_new();
    if (!providers[0] || !providers[1])
        return 1;
    ike_ciphers();
    esp_ciphers();
    prfs();
    integrities();
    ah();
    groups();
    provider_openssl_free(providers[0]);
    provider_openssl_free(providers[1]);
    return failures != 0;
}
