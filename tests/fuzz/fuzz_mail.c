/* What one role says to another: the first octet picks the kind of body, the rest is the body. It
 * is refused, or it is read and written again as it was, for a value has one encoding. */
#include "recode.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    /* In memory of its own size, so that a read or a write beyond the end is seen. */
    struct bytes in = bytes_of(data + 1, size - 1);
    u8 *out = malloc(size);
    require(out != NULL);
    struct writer w = writer_of(out, in.len);
    if (recode(data[0] % RECODE_KINDS, in, &w))
        require(!w.full && bytes_equal(in, written_bytes(&w)));
    free(out);
    return 0;
}
