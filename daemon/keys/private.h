/* Private keys: out of files, into the vault and back, and the names that they go by. */
#ifndef KEYS_PRIVATE_H
#define KEYS_PRIVATE_H

#include "base/bytes.h"
#include "shrike/conf.h"
#include <openssl/types.h>

#define PRIVATE_FILE_MAX       49152 /* octets of a file; one with a chain of certificates fits */
#define PRIVATE_PASSPHRASE_MAX 1023  /* octets, as the library takes them */

/* The first private key of a file: PEM of PKCS #1, SEC 1 or PKCS #8, encrypted or not, or the same
 * in DER, or PKCS #12. Free it with EVP_PKEY_free(), which wipes it. NULL: *why says what is wrong,
 * as static text that fits behind "private key NAME ". */
EVP_PKEY *private_read(struct bytes file, struct bytes passphrase, const char **why) must_use;

/* As PKCS #8 in DER, not encrypted, for those who hold it as well as we. NULL: no memory; else
 * wiped by private_free(). */
u8 *private_write(const EVP_PKEY *key, size_t *len) must_use;
void private_free(u8 *der, size_t len);

/* What the key is known by. false: no memory. */
bool private_id(const EVP_PKEY *key, struct shrike_key_id *id) must_use;

#endif
