/* Letters of keys and its steward as octets: see letter.h. */
#include "keys/letter.h"
#include "ops/parts.h"

void letter_write(struct writer *w, const struct letter *m)
{
    write_choice(w, m->kind, LETTER_KINDS);
    write_u32(w, m->token);
    write_u32(w, m->reference);
    handle_write(w, &m->handle);
    write_slice(w, m->pin);
    write_choice(w, m->verdict, VERDICT_COUNT);
    write_u8(w, m->ways);
    write_choice(w, m->way, WAY_COUNT);
    write_u8(w, m->hash);
    write_slice(w, m->octets);
}

bool letter_read(struct reader *r, struct letter *m)
{
    m->kind = (enum letter_kind)read_choice(r, LETTER_KINDS);
    m->token = read_u32(r);
    m->reference = read_u32(r);
    m->handle = handle_read(r);
    m->pin = read_slice(r);
    m->verdict = (enum letter_verdict)read_choice(r, VERDICT_COUNT);
    m->ways = read_u8(r);
    m->way = (enum letter_way)read_choice(r, WAY_COUNT);
    m->hash = read_u8(r);
    m->octets = read_slice(r);
    return read_ended(r);
}
