/* Messages as they were sent and received: see ladder.h. */
#include "sa/ladder.h"
#include "sa/shard.h"
#include "wire/payload.h"

enum { PAYLOAD_HEADER = 4 };

static struct shrike_rung *add(struct shard *s, const struct ike_sa *sa, struct bytes first)
{
    struct ladder *l = &s->ladder;
    struct header h;
    if (header_read(first, &h) == HEADER_SHORT)
        h = (struct header){0};
    if (l->count == SHRIKE_RUNGS_MAX)
        l->first++;
    else
        l->count++;
    struct shrike_rung *r = &l->rungs[(l->first + l->count - 1) % SHRIKE_RUNGS_MAX];
    *r = (struct shrike_rung){
        .when = s->now,
        .spi_i = h.spi_i,
        .spi_r = h.spi_r,
        .ike = sa->serial,
        .message_id = h.message_id,
        .octets = (u32)first.len,
        .exchange = h.exchange,
        .response = (h.flags & FLAG_RESPONSE) != 0,
        .stranger = !sa->initiator && !sa->authenticated,
        .conn = sa->conn ? sa->conn->name : NULL,
        .local = sa->local,
        .remote = sa->remote,
    };
    return r;
}

static void put_payloads(struct shrike_rung *r, const struct message *m)
{
    struct notify n;
    r->payloads = m->count;
    for (unsigned i = 0; i < m->count && i < SHRIKE_RUNG_PAYLOADS; i++) {
        const struct payload *p = &m->payloads[i];
        r->of[i].type = p->type;
        r->of[i].octets = (u16)(p->body.len + PAYLOAD_HEADER);
        if (p->type == PAYLOAD_NOTIFY && notify_read(bytes_at(m->base, p->body), &n))
            r->of[i].notify = n.type;
    }
}

void ladder_in(struct shard *s, const struct ike_sa *sa, const struct ring_path *path,
               struct bytes datagram, const struct message *m)
{
    struct shrike_rung *r = add(s, sa, datagram);
    r->local = path->local; /* the SA may not have followed yet */
    r->remote = path->remote;
    r->again = m == NULL;
    if (m)
        put_payloads(r, m);
}

static struct shrike_rung *sent(struct shard *s, const struct ike_sa *sa,
                                const struct packet *chain)
{
    struct shrike_rung *r = add(s, sa, packet_bytes(chain));
    r->sent = true;
    r->octets = 0;
    for (; chain; chain = chain->next) {
        r->octets += (u32)packet_bytes(chain).len;
        r->datagrams++;
    }
    return r;
}

void ladder_out(struct shard *s, const struct ike_sa *sa, const struct packet *chain,
                struct bytes plain, u8 first)
{
    struct message m;
    u8 payload;
    struct shrike_rung *r = sent(s, sa, chain);
    if (message_read(&m, plain.at, plain, first, &payload) == MESSAGE_OK)
        put_payloads(r, &m);
}

void ladder_again(struct shard *s, const struct ike_sa *sa, const struct packet *chain)
{
    sent(s, sa, chain)->again = true;
}

bool ladder_next(struct ladder *l, struct shrike_rung *out)
{
    if (l->count == 0)
        return false;
    *out = l->rungs[l->first++ % SHRIKE_RUNGS_MAX];
    l->count--;
    return true;
}
