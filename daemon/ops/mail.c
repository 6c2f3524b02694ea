/* Kinds of mail and the plain bodies: see mail.h. */
#include "ops/mail.h"
#include "ops/parts.h"

CARRIES(struct mail_socket, 4);
CARRIES(struct mail_route, 2576);
CARRIES(struct mail_numbers, 28);
CARRIES(struct mail_stat, 40);
CARRIES(struct mail_carried, 40);
CARRIES(struct mail_stats, 8 + 40 * MAIL_STATS_MAX);
CARRIES(struct mail_count, 56);
CARRIES(struct mail_heir, 4 + 4 * MAIL_HEIR_MAX);
CARRIES(struct mail_tally, 66);
CARRIES(struct shrike_counts, 64 + 8 * SHRIKE_COUNT_COUNT);
CARRIES(struct mail_secret, 48 + 24 * MAIL_SECRET_IDS);
CARRIES(struct mail_private, 24 + 48 + 40);
CARRIES(struct mail_private_is, 24 + MAIL_WHY_MAX);
CARRIES(struct mail_stray, 64);

const char *mail_name(u16 kind)
{
    static const char *const names[] = {
        "NONE",
#define MAIL(name, from, to, body) #name,
#include "ops/mail.def"
#undef MAIL
    };
    return kind < ARRAY_LEN(names) ? names[kind] : "?";
}

void socket_write(struct writer *w, const struct mail_socket *m)
{
    write_choice(w, m->kind, SOCKET_ESP + 1);
    write_u8(w, m->family);
    write_u16(w, m->port);
}

bool socket_read(struct reader *r, struct mail_socket *m)
{
    m->kind = (u8)read_choice(r, SOCKET_ESP + 1);
    m->family = read_u8(r);
    m->port = read_u16(r);
    return read_ended(r) && (m->family == 4 || m->family == 6);
}

void route_write(struct writer *w, const struct mail_route *m)
{
    write_flag(w, m->add);
    write_u32(w, m->reqid);
    write_selectors(w, m->local, m->local_count);
    write_selectors(w, m->remote, m->remote_count);
}

bool route_read(struct reader *r, struct mail_route *m)
{
    m->add = read_flag(r);
    m->reqid = read_u32(r);
    m->local_count = read_selectors(r, m->local);
    m->remote_count = read_selectors(r, m->remote);
    m->link = 0;
    return read_ended(r);
}

void numbers_write(struct writer *w, const struct mail_numbers *m)
{
    write_u32(w, m->child_serial);
    write_u32(w, m->mark_in);
    write_u32(w, m->mask_in);
    write_u32(w, m->mark_out);
    write_u32(w, m->mask_out);
    write_u32(w, m->if_in);
    write_u32(w, m->if_out);
}

bool numbers_read(struct reader *r, struct mail_numbers *m)
{
    m->child_serial = read_u32(r);
    m->mark_in = read_u32(r);
    m->mask_in = read_u32(r);
    m->mark_out = read_u32(r);
    m->mask_out = read_u32(r);
    m->if_in = read_u32(r);
    m->if_out = read_u32(r);
    return read_ended(r);
}

void stats_add(struct mail_stats *m, const char *name, u64 value)
{
    if (m->count >= MAIL_STATS_MAX)
        return;
    struct mail_stat *s = &m->stats[m->count++];
    size_t len = MIN(strlen(name), sizeof(s->name) - 1);
    memset(s->name, 0, sizeof(s->name));
    memcpy(s->name, name, len);
    s->value = value;
}

void stats_write(struct writer *w, const struct mail_stats *m)
{
    write_choice(w, m->count, MAIL_STATS_MAX + 1);
    for (u16 i = 0; i < m->count && !w->full; i++) {
        write_text(w, m->stats[i].name, sizeof(m->stats[i].name));
        write_u64(w, m->stats[i].value);
    }
}

bool stats_read(struct reader *r, struct mail_stats *m)
{
    u16 count = read_choice(r, MAIL_STATS_MAX + 1);
    m->count = 0;
    for (u16 i = 0; i < count; i++) {
        const char *name = read_text_here(r, sizeof(m->stats[i].name));
        u64 value = read_u64(r);
        if (!name)
            return false;
        stats_add(m, name, value);
    }
    return read_ended(r);
}

void carried_write(struct writer *w, const struct mail_carried *m)
{
    write_u32(w, m->reqid);
    write_u32(w, m->children);
    write_u64(w, m->bytes_in);
    write_u64(w, m->packets_in);
    write_u64(w, m->bytes_out);
    write_u64(w, m->packets_out);
}

bool carried_read(struct reader *r, struct mail_carried *m)
{
    m->reqid = read_u32(r);
    m->children = read_u32(r);
    m->bytes_in = read_u64(r);
    m->packets_in = read_u64(r);
    m->bytes_out = read_u64(r);
    m->packets_out = read_u64(r);
    return !r->bad;
}

void count_write(struct writer *w, const struct mail_count *m)
{
    write_u32(w, m->child_serial);
    write_u64(w, m->bytes_in);
    write_u64(w, m->packets_in);
    write_u64(w, m->bytes_out);
    write_u64(w, m->packets_out);
    write_u64(w, m->used_in);
    write_u64(w, m->used_out);
}

bool count_read(struct reader *r, struct mail_count *m)
{
    m->child_serial = read_u32(r);
    m->bytes_in = read_u64(r);
    m->packets_in = read_u64(r);
    m->bytes_out = read_u64(r);
    m->packets_out = read_u64(r);
    m->used_in = read_u64(r);
    m->used_out = read_u64(r);
    return !r->bad;
}

void heir_write(struct writer *w, const struct mail_heir *m)
{
    write_flag(w, m->last);
    write_choice(w, m->count, MAIL_HEIR_MAX + 1);
    for (u16 i = 0; i < m->count && !w->full; i++)
        write_u32(w, m->serials[i]);
}

bool heir_read(struct reader *r, struct mail_heir *m)
{
    m->last = read_flag(r);
    m->count = read_choice(r, MAIL_HEIR_MAX + 1);
    for (u16 i = 0; i < m->count; i++)
        m->serials[i] = read_u32(r);
    return read_ended(r);
}

void pool_view_write(struct writer *w, const struct mail_pool *m)
{
    write_slice(w, m->name);
    write_addr(w, &m->base);
    write_u32(w, m->size);
    write_u32(w, m->online);
    write_u32(w, m->offline);
}

bool pool_view_read(struct reader *r, struct mail_pool *m)
{
    m->name = read_slice(r);
    m->base = read_addr(r);
    m->size = read_u32(r);
    m->online = read_u32(r);
    m->offline = read_u32(r);
    return read_ended(r);
}

void lease_view_write(struct writer *w, const struct mail_lease *m)
{
    write_addr(w, &m->address);
    write_id(w, &m->client);
    write_flag(w, m->online);
}

bool lease_view_read(struct reader *r, struct mail_lease *m)
{
    m->address = read_addr(r);
    m->client = read_id(r);
    m->online = read_flag(r);
    return read_ended(r);
}

static void write_conn(struct writer *w, const char *conn)
{
    write_text(w, conn, SHRIKE_COUNTED_NAME);
}

static void read_conn(struct reader *r, char conn[SHRIKE_COUNTED_NAME])
{
    memset(conn, 0, SHRIKE_COUNTED_NAME);
    r->bad |= !read_text(r, conn, SHRIKE_COUNTED_NAME);
}

void tally_write(struct writer *w, const struct mail_tally *m)
{
    write_flag(w, m->reset);
    write_flag(w, m->all);
    write_conn(w, m->conn);
}

bool tally_read(struct reader *r, struct mail_tally *m)
{
    m->reset = read_flag(r);
    m->all = read_flag(r);
    read_conn(r, m->conn);
    return read_ended(r);
}

void tallies_write(struct writer *w, const struct mail_tallies *m)
{
    write_flag(w, m->last);
    write_choice(w, m->count, MAIL_TALLIES_MAX + 1);
    for (u16 i = 0; i < m->count && !w->full; i++) {
        write_conn(w, m->all[i].conn);
        for (unsigned k = 0; k < SHRIKE_COUNT_COUNT; k++)
            write_u64(w, m->all[i].of[k]);
    }
}

bool tallies_read(struct reader *r, struct mail_tallies *m)
{
    m->last = read_flag(r);
    m->count = read_choice(r, MAIL_TALLIES_MAX + 1);
    for (u16 i = 0; i < m->count && !r->bad; i++) {
        read_conn(r, m->all[i].conn);
        for (unsigned k = 0; k < SHRIKE_COUNT_COUNT; k++)
            m->all[i].of[k] = read_u64(r);
    }
    return read_ended(r);
}

void secret_write(struct writer *w, const struct mail_secret *m)
{
    write_u8(w, (u8)(m->remove | m->kind << 1));
    write_slice(w, m->name);
    write_slice(w, m->secret);
    write_choice(w, m->id_count, MAIL_SECRET_IDS + 1);
    for (u16 i = 0; i < m->id_count && !w->full; i++)
        write_id(w, &m->ids[i]);
}

bool secret_read(struct reader *r, struct mail_secret *m)
{
    u8 flags = read_u8(r);
    r->bad |= flags >= 2 * SECRET_KINDS;
    m->remove = flags & 1;
    m->kind = flags >> 1;
    m->name = read_slice(r);
    m->secret = read_slice(r);
    m->id_count = read_choice(r, MAIL_SECRET_IDS + 1);
    for (u16 i = 0; i < m->id_count; i++)
        m->ids[i] = read_id(r);
    return !r->bad;
}

void handle_write(struct writer *w, const struct mail_handle *m)
{
    w->full |= m->octets.len > MAIL_HANDLE_MAX || m->module.len > MAIL_HANDLE_MAX;
    write_slice(w, m->octets);
    write_slice(w, m->module);
    write_flag(w, m->has_slot);
    write_u32(w, m->slot);
}

struct mail_handle handle_read(struct reader *r)
{
    struct mail_handle m = {.octets = read_slice(r), .module = read_slice(r)};
    m.has_slot = read_flag(r);
    m.slot = read_u32(r);
    r->bad |= m.octets.len > MAIL_HANDLE_MAX || m.module.len > MAIL_HANDLE_MAX;
    return m;
}

void private_mail_write(struct writer *w, const struct mail_private *m)
{
    write_flag(w, m->remove);
    write_bytes(w, bytes_of(m->id.octets, sizeof(m->id.octets)));
    write_slice(w, m->name);
    write_slice(w, m->file);
    write_slice(w, m->passphrase);
    handle_write(w, &m->handle);
}

bool private_mail_read(struct reader *r, struct mail_private *m)
{
    m->remove = read_flag(r);
    read_copy(r, m->id.octets, sizeof(m->id.octets));
    m->name = read_slice(r);
    m->file = read_slice(r);
    m->passphrase = read_slice(r);
    m->handle = handle_read(r);
    return !r->bad;
}

void private_is_write(struct writer *w, const struct mail_private_is *m)
{
    write_u32(w, m->reference);
    write_bytes(w, bytes_of(m->id.octets, sizeof(m->id.octets)));
    write_text(w, m->why, sizeof(m->why));
}

bool private_is_read(struct reader *r, struct mail_private_is *m)
{
    m->reference = read_u32(r);
    read_copy(r, m->id.octets, sizeof(m->id.octets));
    bool good = read_text(r, m->why, sizeof(m->why)) != NULL;
    return good && read_ended(r);
}

void privates_are_write(struct writer *w, const struct mail_privates_are *m)
{
    w->full |= m->count > MAIL_PRIVATES_MAX;
    write_u16(w, m->count);
    for (u16 i = 0; i < m->count && !w->full; i++)
        write_bytes(w, bytes_of(m->ids[i].octets, sizeof(m->ids[i].octets)));
}

bool privates_are_read(struct reader *r, struct mail_privates_are *m)
{
    m->count = read_u16(r);
    r->bad |= m->count > MAIL_PRIVATES_MAX;
    for (u16 i = 0; i < m->count && !r->bad; i++)
        read_copy(r, m->ids[i].octets, sizeof(m->ids[i].octets));
    return read_ended(r);
}

void object_is_write(struct writer *w, const struct mail_object_is *m)
{
    w->full |= m->octets.len > MAIL_OBJECT_MAX;
    write_u32(w, m->reference);
    write_slice(w, m->octets);
    write_text(w, m->why, sizeof(m->why));
}

bool object_is_read(struct reader *r, struct mail_object_is *m)
{
    m->reference = read_u32(r);
    m->octets = read_slice(r);
    r->bad |= m->octets.len > MAIL_OBJECT_MAX;
    bool good = read_text(r, m->why, sizeof(m->why)) != NULL;
    return good && read_ended(r);
}

void stray_write(struct writer *w, const struct mail_stray *m)
{
    write_endpoint(w, &m->local);
    write_endpoint(w, &m->remote);
    write_u8(w, m->tos);
    write_bytes(w, m->data);
}

bool stray_read(struct reader *r, struct mail_stray *m)
{
    m->local = read_endpoint(r);
    m->remote = read_endpoint(r);
    m->tos = read_u8(r);
    m->data = read_rest(r);
    return read_ended(r);
}
