/* The model data plane. */
#include "sim/kernel.h"
#include "base/ct.h"
#include <stdio.h>
#include <stdlib.h>

#define PAIRS_MAX 100000

void kernel_init(struct kernel *k)
{
    memset(k, 0, sizeof *k);
}

void kernel_free(struct kernel *k)
{
    for (size_t i = 0; i < k->count; i++)
        free(k->pairs[i]);
    free(k->pairs);
    kernel_init(k);
}

static bool copy_keys(struct esp_key *out, const struct shrike_sa_keys *in)
{
    if (in->encr_key.len > ESP_KEY_MAX || in->integ_key.len > ESP_KEY_MAX)
        return false;
    out->encr_len = (u8)in->encr_key.len;
    out->integ_len = (u8)in->integ_key.len;
    if (out->encr_len > 0)
        memcpy(out->encr, in->encr_key.at, out->encr_len);
    if (out->integ_len > 0)
        memcpy(out->integ, in->integ_key.at, out->integ_len);
    return true;
}

static struct esp_pair *pair_new(struct kernel *k)
{
    if (k->count == k->room) {
        k->room = k->room ? 2 * k->room : 16;
        k->pairs = realloc(k->pairs, k->room * sizeof *k->pairs);
        ensure(k->pairs != NULL);
    }
    k->pairs[k->count] = calloc(1, sizeof **k->pairs);
    ensure(k->pairs[k->count] != NULL);
    return k->pairs[k->count++];
}

static void copy_facts(struct esp_pair *pair, const struct shrike_install_op *op)
{
    pair->child_serial = op->child_serial;
    pair->reqid = op->reqid;
    pair->spi_in = op->in.spi;
    pair->spi_out = op->out.spi;
    pair->local = op->local;
    pair->remote = op->remote;
    pair->mode = op->mode;
    pair->encap = op->encap;
    pair->esn = op->esn;
    pair->initiator = op->initiator;
    pair->nat_here = op->nat_here;
    pair->rank = op->outbound_later ? -1 : 1;
    pair->life = op->life;
    pair->protocol = op->protocol;
    pair->encr = op->encr;
    pair->encr_key_bits = op->encr_key_bits;
    pair->integ = op->integ;
    pair->cpi_in = op->cpi_in;
    pair->cpi_out = op->cpi_out;
    snprintf(pair->child, sizeof pair->child, "%s", op->child);
}

const char *kernel_note(struct kernel *k, const struct shrike_install_op *op, size_t *place)
{
    struct esp_pair *pair;

    if (k->count >= PAIRS_MAX)
        return "too many Child SAs for one seed";
    if (op->in.spi < 256 || op->out.spi < 256)
        return "a reserved ESP SPI (RFC 4303 2.1)";
    if (!op->cpi_in != !op->cpi_out || (op->cpi_in && (op->cpi_in < 256 || op->cpi_out < 256)))
        return "compression in one direction, or by a reserved CPI (RFC 3173 3.3)";
    if (op->local_ts_count == 0 || op->local_ts_count > SHRIKE_TS_MAX || op->remote_ts_count == 0 ||
        op->remote_ts_count > SHRIKE_TS_MAX)
        return "a Child SA without selectors or with too many";
    pair = pair_new(k);
    pair->asked = true;
    copy_facts(pair, op);
    pair->local_count = op->local_ts_count;
    pair->remote_count = op->remote_ts_count;
    memcpy(pair->local_ts, op->local_ts, pair->local_count * sizeof *op->local_ts);
    memcpy(pair->remote_ts, op->remote_ts, pair->remote_count * sizeof *op->remote_ts);
    *place = k->count - 1;
    return copy_keys(&pair->in, &op->in) && copy_keys(&pair->out, &op->out)
               ? NULL
               : "an ESP key that is too long";
}

static const struct esp_pair *by_cpi_in(const struct kernel *k, u16 cpi)
{
    size_t cursor = 0;
    const struct esp_pair *pair;

    while ((pair = kernel_next(k, &cursor)) != NULL)
        if (pair->cpi_in == cpi)
            return pair;
    return NULL;
}

const char *kernel_install(struct kernel *k, size_t place, bool ok)
{
    struct esp_pair *pair = k->pairs[place];

    pair->asked = false;
    if (!ok)
        return NULL;
    if (kernel_by_spi_in(k, pair->spi_in))
        return "an inbound ESP SPI is installed twice";
    if (pair->cpi_in && by_cpi_in(k, pair->cpi_in))
        return "an inbound CPI is installed twice";
    pair->installed = true;
    pair->rank *= ++k->ranks;
    k->installed++;
    k->changed = true;
    return NULL;
}

const char *kernel_remove(struct kernel *k, const struct shrike_remove_op *op)
{
    for (size_t i = k->count; i-- > 0;) {
        struct esp_pair *pair = k->pairs[i];
        /* What was asked for later is another one, of an engine that began anew. */
        if (pair->child_serial != op->child_serial || pair->asked)
            continue;
        if (pair->spi_in != op->spi_in || pair->spi_out != op->spi_out)
            return "the removal of a Child SA with other SPIs than it was installed with";
        if (pair->removed)
            return "a Child SA is removed twice";
        if (pair->lost) {
            pair->removed = true;
            return NULL;
        }
        if (!pair->installed)
            return pair->refused ? NULL : "the removal of a Child SA that is not installed";
        pair->installed = false;
        pair->removed = true;
        k->installed--;
        k->changed = true;
        return NULL;
    }
    return "the removal of a Child SA that was never installed";
}

void kernel_switch(struct kernel *k, u32 child_serial)
{
    for (size_t i = 0; i < k->count; i++) {
        if (k->pairs[i]->installed && k->pairs[i]->child_serial == child_serial)
            k->pairs[i]->rank = ++k->ranks;
    }
    k->changed = true;
}

static bool moves(const struct kernel_move *move, u32 child_serial)
{
    for (unsigned i = 0; i < move->count; i++)
        if (move->children[i] == child_serial)
            return true;
    return false;
}

void kernel_move(struct kernel *k, const struct kernel_move *move)
{
    for (size_t i = 0; i < k->count; i++) {
        struct esp_pair *pair = k->pairs[i];
        if (!pair->installed || !moves(move, pair->child_serial))
            continue;
        pair->local = move->local;
        pair->remote = move->remote;
        pair->encap = move->encap;
        pair->nat_here = move->nat_here;
    }
    k->changed = true;
}

const struct esp_pair *kernel_outbound(const struct kernel *k, u32 reqid)
{
    size_t cursor = 0;
    const struct esp_pair *best = NULL, *pair;

    while ((pair = kernel_next(k, &cursor)) != NULL)
        if (pair->reqid == reqid && (!best || pair->rank > best->rank))
            best = pair;
    return best;
}

void kernel_lose(struct kernel *k)
{
    for (size_t i = 0; i < k->count; i++) {
        struct esp_pair *pair = k->pairs[i];
        pair->lost = pair->lost || pair->installed;
        pair->installed = false;
    }
    k->installed = 0;
    k->changed = true;
}

void kernel_forget(struct kernel *k)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->count; i++) {
        if (k->pairs[i]->asked || k->pairs[i]->installed) {
            k->pairs[kept++] = k->pairs[i];
            continue;
        }
        wipe(k->pairs[i], sizeof *k->pairs[i]);
        free(k->pairs[i]);
    }
    k->count = kept;
}

const struct esp_pair *kernel_next(const struct kernel *k, size_t *cursor)
{
    while (*cursor < k->count) {
        const struct esp_pair *pair = k->pairs[(*cursor)++];
        if (pair->installed)
            return pair;
    }
    return NULL;
}

const struct esp_pair *kernel_by_spi_in(const struct kernel *k, u32 spi)
{
    size_t cursor = 0;
    const struct esp_pair *pair;

    while ((pair = kernel_next(k, &cursor)) != NULL)
        if (pair->spi_in == spi)
            return pair;
    return NULL;
}

unsigned kernel_count_child(const struct kernel *k, const char *child)
{
    size_t cursor = 0;
    unsigned n = 0;
    const struct esp_pair *pair;

    while ((pair = kernel_next(k, &cursor)) != NULL)
        n += strcmp(pair->child, child) == 0;
    return n;
}

bool esp_is_mirror(const struct esp_pair *a, const struct esp_pair *b)
{
    return a->spi_in == b->spi_out && a->spi_out == b->spi_in;
}

static bool keys_equal(const struct esp_key *a, const struct esp_key *b)
{
    return a->encr_len == b->encr_len && a->integ_len == b->integ_len &&
           memcmp(a->encr, b->encr, a->encr_len) == 0 &&
           memcmp(a->integ, b->integ, a->integ_len) == 0;
}

static bool selectors_equal(const struct shrike_ts *a, unsigned a_count, const struct shrike_ts *b,
                            unsigned b_count)
{
    return a_count == b_count && memcmp(a, b, a_count * sizeof *a) == 0;
}

/* RFC 7296 2.23.1: in transport mode through a NAT each end has the addresses that it sees. */
static bool selectors_seen(const struct esp_pair *p)
{
    for (unsigned i = 0; i < p->local_count; i++)
        if (memcmp(p->local_ts[i].from, p->local.octets, 16) != 0 ||
            memcmp(p->local_ts[i].to, p->local.octets, 16) != 0)
            return false;
    for (unsigned i = 0; i < p->remote_count; i++)
        if (memcmp(p->remote_ts[i].from, p->remote.octets, 16) != 0 ||
            memcmp(p->remote_ts[i].to, p->remote.octets, 16) != 0)
            return false;
    return true;
}

const char *esp_difference(const struct esp_pair *a, const struct esp_pair *b, bool encap)
{
    if (!keys_equal(&a->in, &b->out) || !keys_equal(&a->out, &b->in))
        return "the ESP keys of the two ends differ";
    if (a->in.encr_len > 0 && a->in.encr_len == a->out.encr_len &&
        memcmp(a->in.encr, a->out.encr, a->in.encr_len) == 0)
        return "both directions have one ESP key";
    if (a->protocol != b->protocol || a->encr != b->encr || a->encr_key_bits != b->encr_key_bits ||
        a->integ != b->integ || a->esn != b->esn)
        return "the ESP algorithms of the two ends differ";
    if (a->cpi_in != b->cpi_out || a->cpi_out != b->cpi_in)
        return "the CPIs of the two ends differ";
    if (a->mode != b->mode)
        return "the modes of the two ends differ";
    if (encap && a->encap != b->encap)
        return "one end encapsulates in UDP, the other does not";
    if (a->initiator == b->initiator)
        return "both ends think they are the initiator, or none";
    if (a->mode == SHRIKE_TRANSPORT && a->encap)
        return selectors_seen(a) && selectors_seen(b) ? NULL
                                                      : "selectors are not of the hosts as seen";
    if (!selectors_equal(a->local_ts, a->local_count, b->remote_ts, b->remote_count) ||
        !selectors_equal(a->remote_ts, a->remote_count, b->local_ts, b->local_count))
        return "the traffic selectors of the two ends differ";
    return NULL;
}
