/* In place of cipher_ipsecmb.c where the library is not there: another processor, or not installed.
 */
#include "esp/cipher.h"

struct cipher *cipher_new_ipsecmb(const struct cipher_spec *spec)
{
    (void)spec;
    return NULL;
}
