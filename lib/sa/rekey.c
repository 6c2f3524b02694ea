/* Rules of rekeying: see rekey.h. */
#include "sa/rekey.h"

static int compare(struct bytes a, struct bytes b)
{
    size_t both = MIN(a.len, b.len);
    int order = both ? memcmp(a.at, b.at, both) : 0;
    /* RFC 7296 2.8.1: octet by octet; one that ends first is the lower one. */
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

void lowest_of(struct bytes ni, struct bytes nr, struct lowest *out)
{
    struct bytes low = compare(ni, nr) < 0 ? ni : nr;
    *out = (struct lowest){.len = (u8)MIN(low.len, (size_t)LOWEST_LEN)};
    memcpy(out->octets, low.at, out->len);
}

int lowest_compare(const struct lowest *a, const struct lowest *b)
{
    return compare(bytes_of(a->octets, a->len), bytes_of(b->octets, b->len));
}

enum rekey_move rekey_move(const struct rekey_view *v)
{
    if (v->ours == REKEY_PENDING || v->theirs == REKEY_PENDING)
        return REKEY_WAIT;
    if (v->ours == REKEY_NONE)
        return v->theirs == REKEY_NONE ? REKEY_WAIT : REKEY_THEIRS_STAYS;
    if (v->theirs == REKEY_NONE || fault(34))
        return REKEY_OURS_STAYS;
    /* RFC 7296 2.8.1 (3): the one with the lowest of the four nonces is closed by who made it. */
    return lowest_compare(v->ours_lowest, v->theirs_lowest) < 0 ? REKEY_THEIRS_STAYS
                                                                : REKEY_OURS_STAYS;
}

enum rekey_answer rekey_answer(const struct rekey_request *q)
{
    /* RFC 7296 2.25 (1, 5): what is not there cannot be rekeyed; what ends, or is in the way of an
     * exchange of ours, is to be asked for later. */
    if (!q->known)
        return REKEY_GONE;
    return (q->ending && !fault(36)) || q->replaced || q->barred ? REKEY_NOT_NOW : REKEY_TAKE;
}
