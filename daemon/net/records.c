/* Records in the journal: see records.h. */
#include "net/records.h"

#define LIKELY 4096 /* octets that most records do with */

void records_init(struct records *r)
{
    *r = (struct records){.journal = {.fd = -1}};
}

bool records_open(struct records *r, int fd)
{
    journal_close(&r->journal);
    r->reading = journal_open(&r->journal, fd);
    return r->reading;
}

void records_close(struct records *r)
{
    journal_close(&r->journal);
}

bool records_doubtful(const struct records *r)
{
    return r->journal.at && journal_tries(&r->journal) > RECORDS_TRIES;
}

bool records_import(struct records *r, u32 *at, struct shrike *engine)
{
    struct journal_record found;
    if (!r->reading || !journal_old(&r->journal, at, &found))
        return false;
    if (shrike_import(engine, found.made, found.octets.at, found.octets.len))
        r->taken++;
    else
        r->refused++;
    return true;
}

void records_read(struct records *r)
{
    r->reading = false;
}

/* One that could not be written must not be found as it was before. */
static void give_up(struct records *r)
{
    journal_void(&r->journal);
    r->failed = true;
}

static bool write_one(struct records *r, struct shrike *engine, const struct shrike_change *c,
                      shrike_time now)
{
    struct journal *j = &r->journal;
    size_t size = 0, len = 0;
    u8 *at = c->ike ? journal_room(j, LIKELY, &size) : NULL;
    if (at)
        len = shrike_export(engine, c->ike, at, size);
    else if (c->ike)
        return false;
    if (len > size) {
        at = journal_room(j, len, &size);
        len = at ? shrike_export(engine, c->ike, at, size) : 0;
        if (!at)
            return false;
    }
    r->octets += len;
    r->written += len > 0;
    return len ? journal_put(j, c->place, now, len) : journal_drop(j, c->place);
}

void records_write(struct records *r, struct shrike *engine, shrike_time now, u64 plane)
{
    struct shrike_change c;
    while (shrike_changed(engine, &c))
        if (r->journal.at && !write_one(r, engine, &c, now))
            give_up(r);
    if (!r->reading)
        journal_commit(&r->journal, plane);
}
