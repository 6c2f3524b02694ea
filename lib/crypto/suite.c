/* The tables of suite.def, and from a code point to its row in one step. */
#include "crypto/suite.h"

static const struct encr_suite encr_rows[] = {
#define ENCR_SUITE(row, id, key_bits, key_len, salt_len, iv_len, block, icv_len, aead)             \
    {id, key_bits, key_len, salt_len, iv_len, block, icv_len, aead},
#include "crypto/suite.def"
};

static const struct prf_suite prf_rows[] = {
#define PRF_SUITE(id, len, key_len, key_fixed) {id, len, key_len, key_fixed},
#include "crypto/suite.def"
};

static const struct integ_suite integ_rows[] = {
#define INTEG_SUITE(id, key_len, icv_len) {id, key_len, icv_len},
#include "crypto/suite.def"
};

static const struct ke_suite ke_rows[] = {
#define KE_SUITE(id, public_len, secret_len, private_len, slow)                                    \
    {id, public_len, secret_len, private_len, slow},
#include "crypto/suite.def"
};

/* What the arrays of others rely on. */
#define ENCR_SUITE(row, id, key_bits, key_len, salt_len, iv_len, block, icv_len, aead)             \
    _Static_assert(key_len + salt_len <= ENCR_KEY_MAX && iv_len <= IV_MAX && icv_len <= ICV_MAX,   \
                   #row);                                                                          \
    _Static_assert(key_bits == 0 || key_bits == 8 * key_len, #row);
#define PRF_SUITE(id, len, key_len, key_fixed)                                                     \
    _Static_assert(                                                                                \
        len <= PRF_MAX && key_len <= KEY_MAX && (key_fixed == 0 || key_fixed == key_len), #id);
#define INTEG_SUITE(id, key_len, icv_len)                                                          \
    _Static_assert(key_len <= KEY_MAX && icv_len <= ICV_MAX, #id);
#define KE_SUITE(id, public_len, secret_len, private_len, slow)                                    \
    _Static_assert(public_len <= KE_PUBLIC_MAX && secret_len <= KE_SECRET_MAX &&                   \
                       private_len <= KE_PRIVATE_MAX,                                              \
                   #id);
#include "crypto/suite.def"

/* The place of each row. */
enum {
#define ENCR_SUITE(row, id, key_bits, key_len, salt_len, iv_len, block, icv_len, aead)             \
    ENCR_ROW_##row,
#include "crypto/suite.def"
};
enum {
#define PRF_SUITE(id, len, key_len, key_fixed) ROW_##id,
#include "crypto/suite.def"
};
enum {
#define INTEG_SUITE(id, key_len, icv_len) ROW_##id,
#include "crypto/suite.def"
};
enum {
#define KE_SUITE(id, public_len, secret_len, private_len, slow) ROW_##id,
#include "crypto/suite.def"
};

/* By code point (and, for ciphers, by key length in units of 64 bits): one more than the place of
 * the row; 0 for none. */
#define KEY_UNIT  64
#define KEY_UNITS 5 /* none, 64, 128, 192 and 256 bits */

static const u8 encr_at[][KEY_UNITS] = {
#define ENCR_SUITE(row, id, key_bits, key_len, salt_len, iv_len, block, icv_len, aead)             \
    [id][key_bits / KEY_UNIT] = ENCR_ROW_##row + 1,
#include "crypto/suite.def"
};
static const u8 prf_at[] = {
#define PRF_SUITE(id, len, key_len, key_fixed) [id] = ROW_##id + 1,
#include "crypto/suite.def"
};
static const u8 integ_at[] = {
#define INTEG_SUITE(id, key_len, icv_len) [id] = ROW_##id + 1,
#include "crypto/suite.def"
};
static const u8 ke_at[] = {
#define KE_SUITE(id, public_len, secret_len, private_len, slow) [id] = ROW_##id + 1,
#include "crypto/suite.def"
};

const struct encr_suite *suite_encr(u16 id, u16 key_bits)
{
    if (id >= ARRAY_LEN(encr_at) || key_bits % KEY_UNIT != 0 || key_bits / KEY_UNIT >= KEY_UNITS)
        return NULL;
    /* RFC 7296 3 (1), 3.14 (2): there is no other one. */
    u8 at = encr_at[id][key_bits / KEY_UNIT];
    return at ? &encr_rows[at - 1] : NULL;
}

const struct prf_suite *suite_prf(u16 id)
{
    /* RFC 7296 3 (1), 5 (1): all of these are of 128 bits and more. */
    u8 at = id < ARRAY_LEN(prf_at) ? prf_at[id] : 0;
    return at ? &prf_rows[at - 1] : NULL;
}

const struct integ_suite *suite_integ(u16 id)
{
    u8 at = id < ARRAY_LEN(integ_at) ? integ_at[id] : 0;
    return at ? &integ_rows[at - 1] : NULL;
}

const struct ke_suite *suite_ke(u16 id)
{
    u8 at = id < ARRAY_LEN(ke_at) ? ke_at[id] : 0;
    return at ? &ke_rows[at - 1] : NULL;
}

const struct encr_suite *suite_encr_all(size_t *count)
{
    *count = ARRAY_LEN(encr_rows);
    return encr_rows;
}

const struct prf_suite *suite_prf_all(size_t *count)
{
    *count = ARRAY_LEN(prf_rows);
    return prf_rows;
}

const struct integ_suite *suite_integ_all(size_t *count)
{
    *count = ARRAY_LEN(integ_rows);
    return integ_rows;
}

const struct ke_suite *suite_ke_all(size_t *count)
{
    *count = ARRAY_LEN(ke_rows);
    return ke_rows;
}
