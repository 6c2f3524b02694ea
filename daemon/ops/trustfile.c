/* Trust as octets: see trustfile.h. */
#include "ops/trustfile.h"
#include "ops/parts.h"

static void write_numbers(struct writer *w, const u32 *numbers, u16 count)
{
    write_choice(w, count, TRUST_RULE_FILES_MAX + 1);
    for (u16 i = 0; i < count && !w->full; i++)
        write_u32(w, numbers[i]);
}

static u16 read_numbers(struct reader *r, u32 numbers[TRUST_RULE_FILES_MAX])
{
    u16 count = read_choice(r, TRUST_RULE_FILES_MAX + 1);
    for (u16 i = 0; i < count; i++)
        numbers[i] = read_u32(r);
    return count;
}

CARRIES(struct trust_demands, 168);

static void write_demands(struct writer *w, const struct trust_demands *d)
{
    write_u32(w, d->schemes);
    write_u16(w, d->rsa_bits);
    write_u16(w, d->ec_bits);
    write_id(w, &d->ca_id);
    write_choice(w, d->policy_count, TRUST_POLICIES_MAX + 1);
    for (u16 i = 0; i < d->policy_count && !w->full; i++) {
        w->full |= d->policies[i].len > TRUST_POLICY_MAX;
        write_slice(w, d->policies[i]);
    }
}

static void read_demands(struct reader *r, struct trust_demands *d)
{
    d->schemes = read_u32(r);
    d->rsa_bits = read_u16(r);
    d->ec_bits = read_u16(r);
    d->ca_id = read_id(r);
    d->policy_count = read_choice(r, TRUST_POLICIES_MAX + 1);
    for (u16 i = 0; i < d->policy_count; i++) {
        d->policies[i] = read_slice(r);
        r->bad |= d->policies[i].len > TRUST_POLICY_MAX;
    }
}

CARRIES(struct trust_where, 8);

void trust_where_write(struct writer *w, const struct trust_where *t)
{
    write_u32(w, t->authority);
    write_flag(w, t->crl);
}

bool trust_where_read(struct bytes octets, struct trust_where *t)
{
    struct reader r = reader_of(octets);
    t->authority = read_u32(&r);
    t->crl = read_flag(&r);
    return read_ended(&r);
}

void trust_record_write(struct writer *w, const struct trust_record *t)
{
    w->full |= t->name.len > TRUST_NAME_MAX || t->octets.len > TRUST_FILE_MAX;
    write_flag(w, t->is_rule);
    write_slice(w, t->name);
    if (t->is_rule) {
        write_choice(w, t->revocation, TRUST_STRICT + 1);
        write_numbers(w, t->authorities, t->authority_count);
        write_numbers(w, t->peers, t->peer_count);
        write_demands(w, &t->demands);
    } else {
        write_choice(w, t->kind, TRUST_BASE + 1);
        write_slice(w, t->octets);
    }
}

bool trust_record_read(struct reader *r, struct trust_record *t)
{
    *t = (struct trust_record){.is_rule = read_flag(r)};
    t->name = read_slice(r);
    if (t->is_rule) {
        t->revocation = (enum trust_revocation)read_choice(r, TRUST_STRICT + 1);
        t->authority_count = read_numbers(r, t->authorities);
        t->peer_count = read_numbers(r, t->peers);
        read_demands(r, &t->demands);
    } else {
        t->kind = (enum trust_kind)read_choice(r, TRUST_BASE + 1);
        t->octets = read_slice(r);
    }
    r->bad |= t->name.len > TRUST_NAME_MAX || t->octets.len > TRUST_FILE_MAX;
    return !r->bad;
}
