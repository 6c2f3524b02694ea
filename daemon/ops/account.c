/* Accounting between net and eap: see account.h. */
#include "ops/account.h"
#include "ops/parts.h"
#include "ops/seam.h"

CARRIES(struct mail_account, 272);
CARRIES(struct mail_account_ask, 16);

static bool tells_who(u8 what)
{
    return what == ACCOUNT_BEGINS || what == ACCOUNT_HELD;
}

void account_write(struct writer *w, const struct mail_account *m)
{
    write_choice(w, m->what, ACCOUNT_WHATS);
    write_u64(w, m->number);
    if (tells_who(m->what)) {
        write_u64(w, m->age);
        write_text(w, m->conn, SEAM_NAME_MAX);
        write_endpoint(w, &m->local);
        write_endpoint(w, &m->remote);
        write_addrs(w, m->addresses, m->address_count);
        w->full |= m->grant.len > SHRIKE_GRANT_MAX;
        write_slice(w, m->grant);
        return;
    }
    write_u64(w, m->used.bytes_in);
    write_u64(w, m->used.bytes_out);
    write_u64(w, m->used.packets_in);
    write_u64(w, m->used.packets_out);
    write_choice(w, m->reason, SHRIKE_REASON_COUNT);
    write_flag(w, m->theirs);
}

static void read_who(struct reader *r, struct mail_account *m)
{
    m->age = read_u64(r);
    m->conn = read_text_here(r, SEAM_NAME_MAX);
    m->local = read_endpoint(r);
    m->remote = read_endpoint(r);
    m->address_count = read_addrs(r, m->addresses);
    m->grant = read_slice(r);
    r->bad |= m->grant.len > SHRIKE_GRANT_MAX || !m->conn;
}

bool account_read(struct reader *r, struct mail_account *m)
{
    *m = (struct mail_account){.what = (u8)read_choice(r, ACCOUNT_WHATS)};
    m->number = read_u64(r);
    r->bad |= (m->number == 0) != (m->what == ACCOUNT_ALL);
    if (tells_who(m->what)) {
        read_who(r, m);
        return read_ended(r);
    }
    m->used.bytes_in = read_u64(r);
    m->used.bytes_out = read_u64(r);
    m->used.packets_in = read_u64(r);
    m->used.packets_out = read_u64(r);
    m->reason = (enum shrike_reason_code)read_choice(r, SHRIKE_REASON_COUNT);
    m->theirs = read_flag(r);
    return read_ended(r);
}

void account_ask_write(struct writer *w, const struct mail_account_ask *m)
{
    write_u64(w, m->number);
    write_choice(w, m->wish, ACCOUNT_WISHES);
}

bool account_ask_read(struct reader *r, struct mail_account_ask *m)
{
    m->number = read_u64(r);
    m->wish = (u8)read_choice(r, ACCOUNT_WISHES);
    return read_ended(r) && (m->number == 0) == (m->wish == ACCOUNT_READY);
}
