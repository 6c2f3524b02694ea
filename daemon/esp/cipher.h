/* What encrypts and authenticates one direction of one ESP SA: a keyed context, made once, that
 * takes only an IV per packet. Behind the table of operations stand OpenSSL and libipsec-mb. */
#ifndef ESP_CIPHER_H
#define ESP_CIPHER_H

#include "crypto/suite.h"

#define ESP_HEADER_LEN 8 /* SPI and sequence number (RFC 4303 2) */

/* One packet as it lies in memory: SPI, sequence number, IV, text, ICV. */
struct cipher_job {
    u8 *esp;
    size_t text_len; /* payload, padding, pad length and next header */
    u64 seq;         /* all of it; the packet carries the low half */
};

struct cipher;

struct cipher_ops {
    const char *library; /* its name, for logs */
    /* Writes IV and ICV and encrypts the text where it stands. */
    bool (*seal)(struct cipher *c, const struct cipher_job *j);
    /* Checks the ICV, then decrypts; false: it does not hold, and the text is worth nothing. */
    bool (*open)(struct cipher *c, const struct cipher_job *j);
    void (*free)(struct cipher *c);
};

/* What every library's context begins with. */
struct cipher {
    const struct cipher_ops *ops;
    u8 iv_len, icv_len;
    u8 align; /* of the text when sealing: RFC 4303 2.4 asks for 4 at least */
    u8 block; /* of the text when opening */
    bool esn;
};

/* What an SA was negotiated with: IANA numbers and keys (the salt behind the encryption key). */
struct cipher_spec {
    u16 encr, encr_bits, integ;
    bool esn;
    bool sealing;
    struct bytes encr_key, integ_key;
};

enum cipher_preference {
    CIPHER_FASTEST, /* libipsec-mb where it was built in, runs here and has the suite; else OpenSSL
                     */
    CIPHER_OPENSSL, /* always OpenSSL, to compare */
};
/* For all ciphers that this process makes from now on. [CIPHER_FASTEST] */
void cipher_prefer(enum cipher_preference p);

/* Once, while files may still be opened: OpenSSL looks for its configuration at its first call. */
void cipher_begin(void);

/* NULL: we do not have it, the library has not, or a key's length is wrong. The first chooses the
 * library. All ciphers of a process are used by one thread at a time. */
struct cipher *cipher_new(const struct cipher_spec *spec) must_use;
struct cipher *cipher_new_openssl(const struct cipher_spec *spec) must_use;
struct cipher *cipher_new_ipsecmb(const struct cipher_spec *spec) must_use;

const char *cipher_library(const struct cipher *c); /* "OpenSSL", "libipsec-mb"; static */

bool cipher_seal(struct cipher *c, const struct cipher_job *j) must_use;
bool cipher_open(struct cipher *c, const struct cipher_job *j) must_use;
void cipher_free(struct cipher *c); /* NULL is fine */

#endif
