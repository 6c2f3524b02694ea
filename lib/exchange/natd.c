/* NAT detection: see natd.h. */
#include "exchange/natd.h"

enum { SHA1_LEN = 20 };

/* RFC 7296 2.23: SHA-1 of SPIi, SPIr, address and port. */
static bool natd_hash(const struct turn *t, u64 spi_r, const struct shrike_endpoint *end, u8 *out)
{
    u8 text[8 + 8 + 16 + 2];
    struct writer w = writer_of(text, sizeof(text));
    write_u64(&w, t->sa->spi_i);
    write_u64(&w, spi_r);
    write_bytes(&w, bytes_of(end->octets, end->family == 4 ? 4 : 16));
    write_u16(&w, end->port);
    return t->shard->provider->sha1(t->shard->provider->ctx, written_bytes(&w), out);
}

void natd_add(struct turn *t, const struct ring_path *path)
{
    const struct ike_sa *sa = t->sa;
    u8 source[SHA1_LEN], destination[SHA1_LEN];
    if (!natd_hash(t, sa->spi_r, &path->local, source) ||
        !natd_hash(t, sa->spi_r, &path->remote, destination))
        return;
    if (sa->conn && sa->conn->force_encap)
        source[0] ^= 0xff; /* looks translated, so both sides encapsulate */
    /* RFC 7296 2.23 (7): in both messages of IKE_SA_INIT. */
    notify_add(t->out, NOTIFY_NAT_DETECTION_SOURCE_IP, bytes_of(source, SHA1_LEN));
    notify_add(t->out, NOTIFY_NAT_DETECTION_DESTINATION_IP, bytes_of(destination, SHA1_LEN));
}

static u64 start_of(struct bytes hash)
{
    struct reader r = reader_of(hash);
    return read_u64(&r);
}

bool natd_read(const struct turn *t, struct natd *out)
{
    u8 there[SHA1_LEN], here[SHA1_LEN];
    u64 spi_r = t->in->header.spi_r; /* zero in the first request */
    bool sources = false, source_fits = false, destinations = false, destination_fits = false;
    *out = (struct natd){0};
    if (!natd_hash(t, spi_r, &t->path.remote, there) || !natd_hash(t, spi_r, &t->path.local, here))
        return false;
    /* There may be several source hashes, one for each address of the peer. */
    const struct payload *p = message_find(t->in, PAYLOAD_NOTIFY);
    for (; p; p = message_find_after(t->in, p)) {
        struct notify n;
        if (!notify_read(bytes_at(t->in->base, p->body), &n) || n.data.len != SHA1_LEN)
            continue;
        if (n.type == NOTIFY_NAT_DETECTION_SOURCE_IP) {
            sources = true;
            source_fits = source_fits || memcmp(n.data.at, there, SHA1_LEN) == 0;
        } else if (n.type == NOTIFY_NAT_DETECTION_DESTINATION_IP) {
            destinations = true;
            destination_fits = destination_fits || memcmp(n.data.at, here, SHA1_LEN) == 0;
            out->mapping = start_of(n.data);
        }
    }
    /* RFC 7296 2.23 (9, 12): what does not fit was translated. */
    out->nat_there = sources && !source_fits;
    out->nat_here = destinations && !destination_fits;
    return sources && destinations;
}

void natd_use(struct ike_sa *sa, const struct natd *n)
{
    sa->nat_there = n->nat_there;
    sa->nat_here = n->nat_here;
    sa->encap_forced = sa->conn && sa->conn->force_encap;
    sa->mapping = n->mapping;
}

bool natd_differs(const struct ike_sa *sa, const struct natd *n)
{
    return sa->nat_there != n->nat_there || sa->nat_here != n->nat_here;
}
