/* Compression of what a Child SA carries: see ipcomp.h. */
#include "exchange/ipcomp.h"

enum {
    IPCOMP_LEN = 3
}; /* RFC 7296 3.10.1: CPI and transform; attributes of DEFLATE there are none */

struct ipcomp {
    u16 cpi;
    u8 transform; /* enum ipcomp */
};

/* RFC 3173 3.3: smaller CPIs are well-known or reserved. */
static bool ipcomp_read(struct bytes data, struct ipcomp *out)
{
    struct reader r = reader_of(data);
    out->cpi = read_u16(&r);
    out->transform = read_u8(&r);
    return !r.bad && out->cpi >= CPI_MIN;
}

static void add(struct turn *t, u16 cpi)
{
    u8 octets[IPCOMP_LEN];
    struct writer w = writer_of(octets, sizeof(octets));
    write_u16(&w, cpi);
    write_u8(&w, IPCOMP_DEFLATE);
    notify_add(t->out, NOTIFY_IPCOMP_SUPPORTED, written_bytes(&w));
}

/* How often the peer names it; of DEFLATE the first stands in *deflate, if there is one. */
static unsigned named(const struct turn *t, struct ipcomp *deflate)
{
    const struct payload *p = message_find(t->in, PAYLOAD_NOTIFY);
    unsigned count = 0;
    deflate->cpi = 0;
    for (; p; p = message_find_after(t->in, p)) {
        struct notify n;
        struct ipcomp one;
        if (!notify_read(bytes_at(t->in->base, p->body), &n) || n.type != NOTIFY_IPCOMP_SUPPORTED)
            continue;
        count++;
        if (ipcomp_read(n.data, &one) && one.transform == IPCOMP_DEFLATE && !deflate->cpi)
            *deflate = one;
    }
    return count;
}

void ipcomp_ask(struct turn *t, struct child_sa *child)
{
    if (!child->conf->ipcomp)
        return;
    if (child->cpi_in || child_draw_cpi(t->shard, child)) /* RFC 7296 2.22 (1, 3) */
        add(t, child->cpi_in);
}

void ipcomp_choose(const struct turn *t, struct child_sa *child)
{
    struct ipcomp theirs;
    if (child->conf->ipcomp && named(t, &theirs) && theirs.cpi && child_draw_cpi(t->shard, child))
        child->cpi_out = theirs.cpi;
}

void ipcomp_reply(struct turn *t, const struct child_sa *child)
{
    if (child->cpi_out) /* RFC 7296 2.22 (2, 3): one of those that were offered */
        add(t, child->cpi_in);
}

bool ipcomp_accept(const struct turn *t, struct child_sa *child)
{
    struct ipcomp theirs;
    unsigned count = named(t, &theirs);
    if (count == 0) {
        child_drop_cpi(t->shard, child);
        return true;
    }
    child->cpi_out = theirs.cpi;
    /* RFC 7296 2.22 (4): the one that was proposed, and no other. */
    return count == 1 && child->cpi_in && child->cpi_out;
}
