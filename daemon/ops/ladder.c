/* The last messages of one IKE SA: see ladder.h. */
#include "ops/ladder.h"
#include "ops/parts.h"

CARRIES(struct shrike_rung, 216);
CARRIES(struct mail_ladder, 80 + LADDER_IDENTITY + 216 * LADDER_RUNGS);
CARRIES(struct mail_trace, 2 + LADDER_PEER);
CARRIES(struct mail_datagram, 72);

static u16 told(u8 payloads)
{
    return MIN(payloads, SHRIKE_RUNG_PAYLOADS);
}

static void write_rung(struct writer *w, const struct shrike_rung *m)
{
    write_u64(w, m->when);
    write_u64(w, m->spi_i);
    write_u64(w, m->spi_r);
    write_u32(w, m->message_id);
    write_u32(w, m->octets);
    write_u16(w, m->datagrams);
    write_u8(w, m->exchange);
    write_flag(w, m->sent);
    write_flag(w, m->again);
    write_flag(w, m->response);
    write_endpoint(w, &m->local);
    write_endpoint(w, &m->remote);
    write_u8(w, m->payloads);
    for (u16 i = 0; i < told(m->payloads); i++) {
        write_u8(w, m->of[i].type);
        write_u16(w, m->of[i].notify);
        write_u16(w, m->of[i].octets);
    }
}

static void read_rung(struct reader *r, struct shrike_rung *m)
{
    *m = (struct shrike_rung){.when = read_u64(r)};
    m->spi_i = read_u64(r);
    m->spi_r = read_u64(r);
    m->message_id = read_u32(r);
    m->octets = read_u32(r);
    m->datagrams = read_u16(r);
    m->exchange = read_u8(r);
    m->sent = read_flag(r);
    m->again = read_flag(r);
    m->response = read_flag(r);
    m->local = read_endpoint(r);
    m->remote = read_endpoint(r);
    m->payloads = read_u8(r);
    for (u16 i = 0; i < told(m->payloads); i++) {
        m->of[i].type = read_u8(r);
        m->of[i].notify = read_u16(r);
        m->of[i].octets = read_u16(r);
    }
}

void ladder_write(struct writer *w, const struct mail_ladder *m)
{
    write_text(w, m->conn, sizeof m->conn);
    write_flag(w, m->stranger);
    write_u32(w, m->ike);
    write_u32(w, m->lost);
    write_text(w, m->identity, sizeof m->identity);
    write_choice(w, m->count, LADDER_RUNGS + 1);
    for (u16 i = 0; i < m->count && !w->full; i++)
        write_rung(w, &m->rungs[i]);
}

bool ladder_read(struct reader *r, struct mail_ladder *m)
{
    if (!read_text(r, m->conn, sizeof m->conn))
        return false;
    m->stranger = read_flag(r);
    m->ike = read_u32(r);
    m->lost = read_u32(r);
    if (!read_text(r, m->identity, sizeof m->identity))
        return false;
    m->count = read_choice(r, LADDER_RUNGS + 1);
    for (u16 i = 0; i < m->count && !r->bad; i++)
        read_rung(r, &m->rungs[i]);
    return read_ended(r);
}

void trace_write(struct writer *w, const struct mail_trace *m)
{
    write_flag(w, m->follow);
    write_flag(w, m->octets);
    write_text(w, m->peer, sizeof m->peer);
}

bool trace_read(struct reader *r, struct mail_trace *m)
{
    m->follow = read_flag(r);
    m->octets = read_flag(r);
    return read_text(r, m->peer, sizeof m->peer) && read_ended(r);
}

void datagram_write(struct writer *w, const struct mail_datagram *m)
{
    write_u64(w, m->when);
    write_flag(w, m->sent);
    write_u32(w, m->lost);
    write_endpoint(w, &m->local);
    write_endpoint(w, &m->remote);
    write_bytes(w, m->data);
}

bool datagram_read(struct reader *r, struct mail_datagram *m)
{
    m->when = read_u64(r);
    m->sent = read_flag(r);
    m->lost = read_u32(r);
    m->local = read_endpoint(r);
    m->remote = read_endpoint(r);
    m->data = read_rest(r);
    return read_ended(r) && m->data.len <= LADDER_DATAGRAM_MAX;
}
