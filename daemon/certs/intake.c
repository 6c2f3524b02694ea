/* Trust out of a memory file: see intake.h. */
#include "certs/intake.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SEALED (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

const char *intake_begin(struct intake *i, int fd, struct certificates *cache, u64 serial)
{
    struct stat st;
    *i = (struct intake){.broken = true};
    int seals = fcntl(fd, F_GET_SEALS); /* -1 has all bits */
    if (seals < 0 || (seals & SEALED) != SEALED || fstat(fd, &st) != 0)
        return "is not in a sealed memory file";
    if (st.st_size > INTAKE_MAX)
        return "is too large";
    size_t size = (size_t)st.st_size;
    void *map = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (map == MAP_FAILED)
        return "cannot be read: there is no memory";
    *i = (struct intake){trust_new(cache, serial),       map,   size,
                         reader_of(bytes_of(map, size)), false, false};
    i->broken = !i->trust;
    return i->trust ? NULL : "cannot be kept: there is no memory";
}

static const char *take_fetch(struct intake *i, const struct trust_record *r)
{
    if (r->octets.len != 1)
        return "makes no sense";
    u8 bits = r->octets.at[0];
    trust_set_fetch(i->trust, &(struct trust_fetch){.on = bits & TRUST_FETCH_ON,
                                                    .allows_private = bits & TRUST_FETCH_PRIVATE,
                                                    .by_hash = bits & TRUST_FETCH_BY_HASH});
    return NULL;
}

static const char *take_where(struct intake *i, const struct trust_record *r)
{
    struct trust_where where;
    return trust_where_read(r->octets, &where) ? trust_where_add(i->trust, &where, r->name)
                                               : "makes no sense";
}

static const char *take_file(struct intake *i, const struct trust_record *r)
{
    if (r->kind == TRUST_FETCH)
        return take_fetch(i, r);
    if (r->kind == TRUST_WHERE)
        return take_where(i, r);
    u32 number;
    if (r->kind == TRUST_BASE)
        return trust_base_add(i->trust, r->name);
    const char *fault = trust_file(i->trust, r->kind, r->octets, &number);
    /* Without a number those behind it would have another one than the rules say. */
    i->broken |= number == TRUST_NO_NUMBER;
    return fault;
}

static const char *take_rule(struct intake *i, const struct trust_record *r)
{
    char conn[TRUST_NAME_MAX + 1];
    struct trust_rule rule = {conn,           r->revocation, r->authority_count, r->peer_count,
                              r->authorities, r->peers,      r->demands};
    const char *fault = NULL;
    if (r->name.len > 0)
        memcpy(conn, r->name.at, r->name.len);
    conn[r->name.len] = '\0';
    if (strlen(conn) != r->name.len)
        fault = "is no name of a connection";
    if (!fault)
        fault = trust_rule_add(i->trust, &rule);
    i->broken |= fault != NULL;
    return fault;
}

bool intake_step(struct intake *i, struct intake_said *said)
{
    struct trust_record r;
    if (i->broken || read_left(&i->rest) == 0)
        return false;
    if (!trust_record_read(&i->rest, &r) || (i->rules && !r.is_rule)) {
        i->broken = true;
        return false;
    }
    i->rules = r.is_rule;
    *said = (struct intake_said){r.is_rule, r.name, NULL};
    said->fault = r.is_rule ? take_rule(i, &r) : take_file(i, &r);
    return true;
}

struct trust *intake_end(struct intake *i)
{
    struct trust *t = i->trust;
    if (i->map)
        munmap(i->map, i->size);
    if (t && (i->broken || read_left(&i->rest) > 0 || !trust_seal(t))) {
        trust_free(t);
        t = NULL;
    }
    *i = (struct intake){0};
    return t;
}
