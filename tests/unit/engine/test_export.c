/* State as a value: records say all there is, are whole or refused, and stay readable. */
#include "../exchange/tools.h"
#include "engine/export.h"
#include "engine/import.h"
#include "engine/record.h"
#include "page_cache.h"
#include "sa/again.h"
#include "sa/child.h"
#include "sa/keys.h"
#include "shrike/view.h"

enum { RECORD_ROOM = 65536, HASH = 8, HEAD = 12, FIELD_HEAD = 5 };

static struct tuned t[2];
static u8 record[RECORD_ROOM];
static size_t record_len;

/* ---- every field ---- */

/* Values that the fields of a table can have, all different. */
static void fill(const struct record_table *table, void *at, u8 salt)
{
    for (u32 i = 0; i < table->count; i++) {
        const struct record_row *row = &table->rows[i];
        u8 *to = (u8 *)at + row->offset;
        u64 time = (i + 2) * SHRIKE_SECOND;
        switch ((enum record_kind)row->kind) {
        case RECORD_BOOL:
            *to = (i + salt) % 2;
            break;
        case RECORD_APART:
            break;
        case RECORD_INT:
        case RECORD_OCTETS:
            memset(to, (int)(i + salt), row->size);
            break;
        case RECORD_ENDPOINT: {
            struct shrike_endpoint e = {.octets = {10, salt, (u8)i}, .port = 4500, .family = 4};
            memcpy(to, &e, sizeof(e));
            break;
        }
        case RECORD_LEFT:
        case RECORD_WHEN:
            time += 1000 * SHRIKE_SECOND;
            memcpy(to, &time, 8);
            break;
        case RECORD_AGE:
            memcpy(to, &time, 8);
            break;
        }
    }
}

static bool same(const struct record_table *table, const void *a, const void *b)
{
    for (u32 i = 0; i < table->count; i++) {
        const struct record_row *row = &table->rows[i];
        if (row->kind == RECORD_APART ||
            memcmp((const u8 *)a + row->offset, (const u8 *)b + row->offset, row->size) == 0)
            continue;
        printf("# field %u differs\n", row->number);
        return false;
    }
    return true;
}

static const struct shrike_child_conf child_conf = {.name = "net"};
static const struct shrike_conn conn_conf = {
    .name = "site", .hash = 77, .children = &child_conf, .child_count = 1};
static const struct shrike_conf conf = {.conns = &conn_conf, .conn_count = 1};

static struct shard *new_shard(struct shrike_provider *provider, u8 seed)
{
    struct shrike_env env = {.provider = provider,
                             .pages = page_cache(),
                             .limits = {.ike_sas = 8, .half_open = 4, .child_sas = 16},
                             .seed = {seed},
                             .incarnation = seed,
                             .shards = 1};
    struct shard *s = calloc(1, sizeof(*s));
    if (!s || !shard_init(s, &env, 500 * SHRIKE_SECOND) || !shard_conf(s, &conf))
        abort();
    return s;
}

static void end_shard(struct shard *s)
{
    shard_free(s);
    free(s);
}

static struct child_sa *full_child(struct shard *s, struct ike_sa *sa, u8 salt)
{
    struct ts_list ts[2] = {{.count = 2}, {.count = 1}};
    struct child_sa *c = child_new(s, sa, &child_conf);
    u32 serial = c->serial;
    for (unsigned i = 0; i < 3; i++)
        ts[i / 2].ts[i % 2] = (struct shrike_ts){.from = {10, (u8)i, salt},
                                                 .to = {10, (u8)i, 255},
                                                 .port_from = 10,
                                                 .port_to = (u16)(1000 + i),
                                                 .protocol = 17,
                                                 .family = 4};
    fill(&record_child, c, salt);
    c->serial = serial;
    c->state = CHILD_UP;
    c->wants_delete = false;
    c->mode = SHRIKE_TRANSPORT;
    c->protocol = PROTOCOL_AH;
    c->ke = KE_ECP256;
    c->lowest.len = 32;
    c->plane = s->plane;
    if (!map_put(&s->by_esp, c->spi_in, c->index) || !child_keep_ts(s, c, &ts[0], &ts[1]))
        abort();
    return c;
}

static struct ike_sa *full_sa(struct shard *s)
{
    struct ike_sa *sa = sa_new_restored(s, true, 0x1122334455667788, shard_serial(s));
    u32 serial = sa->serial;
    fill(&record_ike, sa, 3);
    sa->spi_i = 0x1122334455667788;
    sa->serial = serial;
    sa->state = IKE_UP;
    sa->initiator = sa->authenticated = true;
    sa->spare = false;
    sa->wants = WANT_LIVENESS;
    sa->window.allowed = 3;
    sa->window.kept = 4;
    sa->window.early = 5; /* of the three that may come early, the first and the third */
    sa->ousts = OUST_DELETE;
    sa->lowest.len = 31;
    sa->lost = LOST_CLOSED;
    sa->rekey_group = KE_CURVE25519;
    sa->iv_end = 3 * IV_RANGE;
    sa->suite = (struct ike_suite){suite_encr(ENCR_AES_CBC, 256), suite_prf(PRF_HMAC_SHA2_384),
                                   suite_integ(INTEG_HMAC_SHA2_256_128), suite_ke(KE_MODP2048)};
    struct ike_keys keys;
    memset(&keys, 0x7e, sizeof(keys));
    sa->peer_id = packet_copy(&s->packets, bytes_of("\2peer", 5));
    sa->grant = packet_copy(&s->packets, bytes_of("granted", 7));
    if (!keys_keep(s, sa, &keys))
        abort();
    sa_use_conn(s, sa, &conn_conf, s->current);
    return sa;
}

static struct packet *octets(struct shard *s, u8 value, size_t len)
{
    u8 message[900];
    memset(message, value, sizeof(message));
    return packet_copy(&s->packets, bytes_of(message, len));
}

static void full_request(struct shard *s, struct slot *slot, u8 salt, struct child_sa *child)
{
    fill(&record_slot, slot, salt);
    slot->exchange = EXCHANGE_INFORMATIONAL;
    slot->want = 0;
    slot->child = child;
    slot->message = octets(s, salt, 100 + salt);
}

/* Three requests of ours, a CREATE_CHILD_SA among them, and two replies; with gaps between them. */
static void full_slots(struct shard *s, struct ike_sa *sa, struct child_sa *first,
                       struct child_sa *second)
{
    CHECK(slots_open(s, sa));
    struct slot *ours = slot_ours(sa, 2);
    full_request(s, slot_ours(sa, 0), 20, NULL);
    full_request(s, ours, 5, second);
    full_request(s, slot_ours(sa, 3), 30, first);
    ours->exchange = EXCHANGE_CREATE_CHILD_SA;
    ours->message->next = octets(s, 0x5a, 900);
    struct work *work = slot_work(s, ours);
    fill(&record_work, work, 7);
    work->group = KE_CURVE25519;
    work->gone_count = 3;
    for (unsigned i = 0; i < 2; i++) {
        struct slot *theirs = slot_theirs(sa, i ? WINDOW_MAX - 1 : 1);
        fill(&record_slot, theirs, (u8)(9 + i));
        theirs->exchange = 0;
        theirs->message = octets(s, (u8)(9 + i), 80 + i);
    }
}

static void check_slot(const struct slot *a, const struct slot *b)
{
    const struct packet *x = a->message, *y = b->message;
    CHECK(same(&record_slot, a, b) && !a->work == !b->work && !a->child == !b->child);
    for (; x && y; x = x->next, y = y->next)
        CHECK(bytes_equal(packet_bytes(x), packet_bytes(y)));
    CHECK(!x && !y);
    if (a->work && b->work)
        CHECK(same(&record_work, a->work, b->work));
    if (a->child && b->child)
        CHECK_EQ(a->child->serial, b->child->serial);
}

/* The same in the same order; no gaps come back. */
static void check_slots(const struct ike_sa *a, const struct ike_sa *b)
{
    const struct slot *slot, *back;
    unsigned ours = 0, theirs = 0;
    for (unsigned i = 0; (slot = slot_ours(a, i)) != NULL; i++) {
        if (slot->exchange && (back = slot_ours(b, ours++)) != NULL)
            check_slot(slot, back);
    }
    for (unsigned i = 0; (slot = slot_theirs(a, i)) != NULL; i++) {
        if (slot->message && (back = slot_theirs(b, theirs++)) != NULL)
            check_slot(slot, back);
    }
    CHECK(ours == 3 && slots_asking(b) == 3);
    CHECK(theirs == 2 && slot_theirs(b, 1)->message && !slot_theirs(b, 2)->message);
}

static void check_child(const struct child_sa *a, const struct child_sa *b)
{
    CHECK(same(&record_child, a, b));
    CHECK_EQ(a->local_ts_count, b->local_ts_count);
    CHECK(bytes_equal(packet_bytes(a->selectors), packet_bytes(b->selectors)));
    CHECK(b->conf == &child_conf);
}

TEST(every_field_comes_back)
{
    struct shrike_provider *toy = provider_toy_new(1);
    struct shard *a = new_shard(toy, 1), *b = new_shard(toy, 2);
    struct ike_sa *sa = full_sa(a);
    struct child_sa *first = full_child(a, sa, 1), *second = full_child(a, sa, 2);
    second->state = CHILD_NEGOTIATED;
    full_slots(a, sa, first, second);
    record_len = export_ike(a, sa, record, sizeof(record));
    CHECK(record_len > 0 && record_len < sizeof(record));
    CHECK(import_ike(b, 500 * SHRIKE_SECOND, bytes_of(record, record_len)));
    struct ike_sa *back = shard_sa_by_spi(b, sa->spi_i);
    CHECK(back && same(&record_ike, sa, back));
    CHECK_EQ(back->iv, sa->iv_end); /* the rest of the range may have been used since */
    CHECK(memcmp(&sa->suite, &back->suite, sizeof(sa->suite)) == 0);
    CHECK(bytes_equal(packet_bytes(sa->peer_id), packet_bytes(back->peer_id)));
    CHECK(bytes_equal(packet_bytes(back->grant), bytes_of("granted", 7)));
    CHECK(bytes_equal(packet_bytes(sa->keys), packet_bytes(back->keys)));
    CHECK_EQ(keys_get(back, SK_ER).at[31], 0x7e);
    CHECK(back->conn == &conn_conf && back->snapshot == b->current);
    CHECK_EQ(back->child_count, 2);
    check_child(first, child_first(back));
    check_child(second, child_after(back, child_first(back)));
    check_slots(sa, back);
    CHECK(shard_serial(b) > second->serial);
    end_shard(a);
    end_shard(b);
    provider_toy_free(toy);
}

/* ---- whole engines ---- */

/* A pair whose configurations are ours, so that another engine can be given them. */
static struct pair *new_pair(struct pair_options o)
{
    struct pair *p = toy_pair(o);
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        for (unsigned k = 0; k < t[i].conn.child_count; k++)
            t[i].children[k].ipcomp = true;
        tune_end(p, i, &t[i]);
    }
    return p;
}

static struct pair *begin_with(struct pair_options o)
{
    struct pair *p = new_pair(o);
    pair_up(p, NULL);
    return p;
}

static struct pair *begin(unsigned children)
{
    return begin_with((struct pair_options){.children = children});
}

/* Does the engine know the CPIs that its data plane has? */
static bool knows_cpis(const struct pair *p, unsigned side)
{
    const struct pair_side *s = &p->side[side];
    struct shrike_child_view v = {0};
    unsigned known = 0;
    while (shrike_view_child(s->engine, pair_place(s), s->ike, v.serial, &v)) {
        for (unsigned i = 0; i < s->child_count; i++)
            known += s->children[i].serial == v.serial && v.cpi_in &&
                     s->children[i].cpi_in == v.cpi_in && s->children[i].cpi_out == v.cpi_out;
    }
    return known == s->child_count;
}

static struct shrike *engine_like(const struct pair *p, unsigned side)
{
    struct shrike_env env = {.provider = p->side[side].provider,
                             .pages = page_cache(),
                             .limits = {.ike_sas = 8, .half_open = 4, .child_sas = 16},
                             .seed = {9},
                             .incarnation = 9,
                             .shards = 1};
    struct shrike *e = shrike_new(&env, p->now);
    if (!e || !shrike_conf(e, &t[side].conf))
        abort();
    return e;
}

static void take_record(const struct pair *p, unsigned side)
{
    const struct pair_side *s = &p->side[side];
    record_len = shrike_export(s->engine, s->ike, record, sizeof(record));
}

static bool import_into(struct shrike *e, const struct pair *p, size_t len)
{
    /* Of its very size, so that an overrun shows. */
    u8 *copy = malloc(MAX(len, 1));
    if (!copy)
        abort();
    memcpy(copy, record, len);
    bool good = shrike_import(e, p->now, copy, len);
    free(copy);
    return good;
}

static void restart(struct pair *p, unsigned side)
{
    struct shrike *fresh = engine_like(p, side);
    take_record(p, side);
    shrike_free(p->side[side].engine);
    p->side[side].engine = fresh;
    CHECK(import_into(fresh, p, record_len));
    pair_run(p);
}

TEST(the_peer_does_not_notice)
{
    struct pair *p = begin(2);
    struct shrike_command alive = {.kind = SHRIKE_LIVENESS, .reference = 5, .conn = "pair"};
    for (unsigned i = 0; i < 6; i++) {
        unsigned done = p->side[i % 2].done;
        restart(p, i % 2);
        CHECK(pair_agrees(p) && knows_cpis(p, i % 2));
        shrike_command(p->side[i % 2].engine, p->now, &alive);
        pair_run(p);
        CHECK_EQ(p->side[i % 2].done, done + 1);
    }
    CHECK(p->side[0].ike_down == 0 && p->side[1].child_down == 0);
    pair_down(p, 0, NULL);
    CHECK_EQ(p->side[1].child_count, 0);
    toy_end(p);
}

TEST(a_request_in_flight_is_sent_again_as_it_was)
{
    struct pair *p = begin(2);
    struct shrike_command down = {.kind = SHRIKE_DOWN, .conn = "pair", .child = "net0"};
    p->side[0].mute = true;
    shrike_command(p->side[0].engine, p->now, &down);
    pair_run(p);
    p->side[0].mute = false;
    restart(p, 0);
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK(pair_agrees(p));
    CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1);
    toy_end(p);
}

/* What a side wants done at once. */
static void act(struct pair *p, unsigned side)
{
    enum { ROUNDS = 20 };
    for (unsigned n = 0; n < ROUNDS; n++) {
        bool due = shrike_deadline(p->side[side].engine) <= p->now;
        if (due)
            shrike_tick(p->side[side].engine, p->now);
        if (!pair_drain(p, side) && !due)
            return;
    }
}

/* Three requests at once, to delete Child SAs. */
static void ask_thrice(struct pair *p)
{
    static const char *const names[] = {"net0", "net1", "net2"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        struct shrike_command down = {.kind = SHRIKE_DOWN, .conn = "pair", .child = names[i]};
        shrike_command(p->side[0].engine, p->now, &down);
    }
    act(p, 0);
}

static bool one_child_left(const struct pair *p)
{
    return pair_agrees(p) && p->side[0].child_count == 1 && p->side[1].child_count == 1 &&
           p->side[0].ike_down == 0 && p->side[1].ike_down == 0;
}

TEST(several_requests_in_flight_are_sent_again)
{
    struct pair *p = begin_with((struct pair_options){.children = 4, .window = 4});
    ask_thrice(p);
    CHECK_EQ(p->side[1].count, 3);
    pair_lose_all(&p->side[1]);
    restart(p, 0);
    CHECK(p->side[1].child_count == 4);
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK_EQ(stats_of(p, 0).retransmits, 3);
    CHECK(one_child_left(p));
    toy_end(p);
}

/* It answers again what it has answered, with what it has said; and what has come early, no more
 * than once. */
TEST(several_replies_are_remembered)
{
    struct pair *p = begin_with((struct pair_options){.children = 4, .window = 4});
    ask_thrice(p);
    struct pair_side *victim = &p->side[1];
    struct pair_datagram first = victim->queue[victim->head];
    u8 copy[2000];
    CHECK(first.len <= sizeof(copy));
    memcpy(copy, first.data, first.len);
    first.data = copy;
    pair_lose(victim); /* for now */
    while (pair_deliver(p, 1))
        act(p, 1);
    CHECK_EQ(victim->child_count, 2);
    CHECK_EQ(p->side[0].count, 2);
    pair_lose_all(&p->side[0]);
    restart(p, 1);
    pair_post(victim, &first);
    pair_run(p);
    CHECK_EQ(victim->child_count, 1);
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK_EQ(stats_of(p, 1).replays, 2);
    CHECK(one_child_left(p));
    toy_end(p);
}

TEST(what_is_half_open_is_no_record)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command up = {.kind = SHRIKE_UP, .conn = "pair"};
    struct shrike_change c;
    shrike_command(p->side[0].engine, p->now, &up);
    CHECK(shrike_changed(p->side[0].engine, &c));
    CHECK(c.ike != 0 && shrike_export(p->side[0].engine, c.ike, record, sizeof(record)) == 0);
    CHECK(!shrike_changed(p->side[0].engine, &c));
    pair_run(p);
    unsigned told = 0;
    for (; shrike_changed(p->side[0].engine, &c); told++)
        CHECK(c.ike == p->side[0].ike);
    CHECK_EQ(told, 1); /* however much has happened to it */
    CHECK(shrike_export(p->side[0].engine, c.ike + 50, record, sizeof(record)) == 0);
    toy_end(p);
}

/* ---- what is not whole ---- */

TEST(each_prefix_is_refused)
{
    struct pair *p = begin(2);
    struct shrike *e = engine_like(p, 0);
    take_record(p, 0);
    CHECK(shrike_export(p->side[0].engine, p->side[0].ike, NULL, 0) == record_len);
    for (size_t len = 0; len < record_len; len++)
        CHECK(!import_into(e, p, len));
    record[record_len] = 0;
    CHECK(!import_into(e, p, record_len + 1));
    CHECK(import_into(e, p, record_len));
    CHECK(!import_into(e, p, record_len)); /* it is taken now */
    shrike_free(e);
    toy_end(p);
}

TEST(a_wrong_hash_is_refused)
{
    struct pair *p = begin(1);
    struct shrike *e = engine_like(p, 0);
    take_record(p, 0);
    for (size_t at = record_len - HASH; at < record_len; at++) {
        record[at] ^= 1;
        CHECK(!import_into(e, p, record_len));
        record[at] ^= 1;
    }
    CHECK(import_into(e, p, record_len));
    shrike_free(e);
    toy_end(p);
}

static void hash_again(void)
{
    struct pen p = {.at = record, .size = sizeof(record), .len = record_len - HASH};
    pen_end_record(&p);
}

/* Import what may be anything, let some time go by, and end it. */
static bool survives(const struct pair *p, bool stale)
{
    struct shrike *e = engine_like(p, 0);
    struct shrike_action a;
    bool good = stale ? shrike_import_stale(e, record, record_len) : import_into(e, p, record_len);
    for (unsigned i = 0; i < 20 && good && shrike_deadline(e) != SHRIKE_NEVER; i++) {
        shrike_tick(e, MAX(p->now, shrike_deadline(e)));
        while (shrike_next(e, &a))
            continue;
    }
    shrike_free(e);
    return good;
}

TEST(a_changed_record_is_refused_or_does_no_harm)
{
    enum { TRIES = 1500 };
    struct pair *p = begin(2);
    unsigned refused = 0;
    u32 seed = 12345;
    for (unsigned i = 0; i < TRIES; i++) {
        take_record(p, 0);
        seed = seed * 1664525 + 1013904223;
        size_t at = HEAD + (seed >> 8) % (record_len - HEAD - HASH);
        record[at] ^= (u8)(1u << (seed >> 4) % 8);
        CHECK(!import_into(p->side[1].engine, p, record_len)); /* its hash is wrong */
        hash_again();
        refused += !survives(p, i % 4 == 0);
    }
    CHECK(refused > TRIES / 4 && refused < TRIES);
    toy_end(p);
}

/* Rename each field, one after the other, so that it is missing. */
TEST(no_field_may_be_missing)
{
    struct pair *p = begin(2);
    struct shrike *e = engine_like(p, 0);
    unsigned fields = 0;
    take_record(p, 0);
    size_t at = HEAD + FIELD_HEAD, end = at + record[HEAD + 3] * 256u + record[HEAD + 4];
    while (at < end) {
        size_t len = record[at + 3] * 256u + record[at + 4];
        u8 number = record[at];
        if (number < RECORD_CONN) {
            record[at] = 99;
            hash_again();
            CHECK(!import_into(e, p, record_len));
            record[at] = number;
            fields++;
        }
        at += number == RECORD_CHILD ? FIELD_HEAD : FIELD_HEAD + len; /* those within too */
    }
    CHECK(fields >= record_ike.count + 2 * record_child.count);
    hash_again();
    CHECK(import_into(e, p, record_len));
    shrike_free(e);
    toy_end(p);
}

TEST(a_connection_is_found_by_its_name)
{
    struct pair *p = begin(1);
    struct shrike *e = engine_like(p, 0);
    take_record(p, 0);
    t[0].conn.hash++; /* it has changed: this one then */
    CHECK(import_into(e, p, record_len));
    shrike_free(e);
    t[0].conn.name = "another";
    e = engine_like(p, 0);
    CHECK(!import_into(e, p, record_len));
    t[0].conn.name = "pair";
    shrike_free(e);
    toy_end(p);
}

/* ---- what may not be the newest ---- */

static u64 spi_of(const struct pair *p, unsigned side)
{
    struct shrike_ike_view ike;
    u32 at = 0;
    return shrike_view_ike(p->side[side].engine, &at, &ike) ? ike.spi_i : 0;
}

/* Nothing of it is used but who the peer was and what was carried. */
TEST(a_stale_record_is_made_from_scratch)
{
    struct pair *p = begin(2);
    struct shrike_command alive = {.kind = SHRIKE_LIVENESS, .reference = 5, .conn = "pair"};
    struct shrike *fresh = engine_like(p, 0);
    u64 spi = spi_of(p, 0);
    take_record(p, 0);
    shrike_command(p->side[0].engine, p->now, &alive); /* an ID and an IV more */
    pair_run(p);
    shrike_free(p->side[0].engine);
    p->side[0].engine = fresh;
    p->side[0].child_count = 0; /* the data plane is a new one */
    unsigned downs = p->side[0].ike_down, ups = p->side[0].ike_up;
    CHECK(!shrike_import_stale(fresh, record, record_len - 1));
    CHECK(shrike_import_stale(fresh, record, record_len));
    pair_run(p);
    CHECK_EQ(p->side[0].ike_down, downs + 1);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1); /* which waits for its time */
    CHECK_EQ(stats_of(p, 0).sent, 0);
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].ike_up, ups + 1);
    CHECK(spi_of(p, 0) != spi && spi_of(p, 0) != 0);
    CHECK_EQ(stats_of(p, 0).child_sas, 2);
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK_EQ(p->side[1].ike_down, 1); /* INITIAL_CONTACT */
    CHECK_EQ(p->side[1].child_count, 2);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* What was being closed is not wanted again, and what was to replace it goes with it. */
TEST(a_stale_record_of_what_ends_leaves_nothing)
{
    struct pair *p = begin(1);
    struct shrike_command down = {.kind = SHRIKE_DOWN, .conn = "pair"};
    struct shrike *fresh = engine_like(p, 0);
    p->side[0].mute = true;
    shrike_command(p->side[0].engine, p->now, &down);
    pair_run(p);
    take_record(p, 0);
    CHECK(shrike_import_stale(fresh, record, record_len));
    shrike_free(p->side[0].engine);
    p->side[0].engine = fresh;
    p->side[0].child_count = 0;
    pair_run(p);
    CHECK(empty_side(p, 0));
    toy_end(p);
}

/* ---- what others have written ---- */

static FILE *open_fixture(unsigned version, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/record-%u", FIXTURES, version);
    return fopen(path, mode);
}

static void read_fixture(unsigned version)
{
    FILE *f = open_fixture(version, "rb");
    CHECK(f != NULL);
    record_len = f ? fread(record, 1, sizeof(record), f) : 0;
    if (f)
        (void)fclose(f);
    CHECK(record_len > HEAD && record[5] == version);
}

TEST(version_1_can_be_read)
{
    struct pair *p = begin(2);
    read_fixture(1);
    CHECK(survives(p, false));
    toy_end(p);
}

/* A pair with all that a record can hold: an internal address, further addresses of the peer, and a
 * window of four. */
static struct pair *begin_whole(void)
{
    static const struct shrike_addr both[] = {{{192, 0, 2, 2}, 4}, {{192, 0, 2, 77}, 4}};
    struct pair *p = new_pair(
        (struct pair_options){.children = 4, .window = 4, .mobike = true, .internal = true});
    pair_addresses(p, 1, both, ARRAY_LEN(both));
    pair_up(p, NULL);
    return p;
}

static void whole_can_be_read(unsigned version)
{
    struct pair *p = begin_whole();
    struct shrike *e = engine_like(p, 0);
    struct shrike_ike_view ike;
    u32 at = 0;
    read_fixture(version);
    CHECK(import_into(e, p, record_len));
    CHECK(shrike_view_ike(e, &at, &ike));
    CHECK_EQ(ike.children, 4);
    CHECK(ike.local_vip_count == 1 && ike.local_vips[0].octets[3] == 1);
    struct shrike *before = p->side[0].engine;
    p->side[0].engine = e;
    pair_wait(p, p->now + 2 * SHRIKE_SECOND);
    CHECK_EQ(stats_of(p, 0).retransmits, 3);
    shrike_free(before);
    toy_end(p);
}

TEST(version_2_can_be_read)
{
    whole_can_be_read(2);
}

TEST(version_3_can_be_read)
{
    whole_can_be_read(3);
}

TEST(version_4_can_be_read)
{
    whole_can_be_read(4);
}

TEST(version_5_can_be_read)
{
    whole_can_be_read(5);
}

TEST(version_6_can_be_read)
{
    whole_can_be_read(6);
}

TEST(version_7_can_be_read)
{
    whole_can_be_read(7);
}

/* Once for each version, while it is the newest. */
static int write_fixture(void)
{
    struct pair *p = begin_whole();
    FILE *f = open_fixture(RECORD_VERSION, "wb");
    ask_thrice(p);
    take_record(p, 0);
    bool good = f && fwrite(record, 1, record_len, f) == record_len;
    if (f)
        good = fclose(f) == 0 && good;
    toy_end(p);
    return !good;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--write") == 0)
        return write_fixture();
    return RUN(every_field_comes_back) | RUN(the_peer_does_not_notice) |
           RUN(a_request_in_flight_is_sent_again_as_it_was) |
           RUN(several_requests_in_flight_are_sent_again) | RUN(several_replies_are_remembered) |
           RUN(what_is_half_open_is_no_record) | RUN(each_prefix_is_refused) |
           RUN(a_wrong_hash_is_refused) | RUN(a_changed_record_is_refused_or_does_no_harm) |
           RUN(no_field_may_be_missing) | RUN(a_connection_is_found_by_its_name) |
           RUN(a_stale_record_is_made_from_scratch) |
           RUN(a_stale_record_of_what_ends_leaves_nothing) | RUN(version_1_can_be_read) |
           RUN(version_2_can_be_read) | RUN(version_3_can_be_read) | RUN(version_4_can_be_read) |
           RUN(version_5_can_be_read) | RUN(version_6_can_be_read) | RUN(version_7_can_be_read);
}
