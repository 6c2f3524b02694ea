/* Records of a host's SAs, and beginning anew from them. */
#include "host_keep.h"
#include "engine/record.h"
#include "shrike/view.h"
#include <stdlib.h>

enum { TAIL = 8 + 9 }; /* of a record: its hash, and the greatest serial */

void host_keep_begin(struct host *h, bool keeps)
{
    if (!keeps)
        return;
    h->records = calloc(h->env.limits.ike_sas, sizeof *h->records);
    h->journal = calloc(h->env.limits.ike_sas, sizeof *h->journal);
    ensure(h->records != NULL && h->journal != NULL);
}

static void record_clear(struct host_record *r)
{
    free(r->octets);
    *r = (struct host_record){0};
}

void host_keep_lose(struct host *h)
{
    for (u32 i = 0; h->records && i < h->env.limits.ike_sas; i++)
        record_clear(&h->records[i]);
}

void host_keep_free(struct host *h)
{
    host_keep_lose(h);
    for (u32 i = 0; h->journal && i < h->env.limits.ike_sas; i++)
        record_clear(&h->journal[i]);
    free(h->records);
    free(h->journal);
    h->records = h->journal = NULL;
}

/* The record of an SA, in memory of its very size; empty when there is none. */
static struct host_record record_of(struct host *h, u32 ike)
{
    struct host_record r = {.ike = ike, .made = h->node.world->now};
    u8 none[1];

    r.len = shrike_export(h->engine, ike, none, 0);
    if (r.len == 0)
        return (struct host_record){0};
    r.octets = malloc(r.len);
    ensure(r.octets != NULL);
    if (shrike_export(h->engine, ike, r.octets, r.len) != r.len)
        world_fail(h->node.world, "%s writes a record of another size", h->node.name);
    return r;
}

void host_keep(struct host *h)
{
    struct shrike_change c;

    while (h->records && shrike_changed(h->engine, &c)) {
        struct host_record *r = &h->records[c.place];
        record_clear(r);
        if (c.ike != 0)
            *r = record_of(h, c.ike);
    }
}

/* Each SA that is to be seen and can be kept has a record. */
static void check_all_kept(struct host *h)
{
    struct shrike_ike_view ike;
    u8 none[1];

    for (u32 at = 0; shrike_view_ike(h->engine, &at, &ike);) {
        bool kept = false;
        for (u32 i = 0; i < h->env.limits.ike_sas; i++)
            kept |= h->records[i].ike == ike.serial;
        if (!kept && shrike_export(h->engine, ike.serial, none, 0) != 0)
            world_fail(h->node.world, "%s has no record of IKE SA %u", h->node.name, ike.serial);
    }
}

/* Does it wait for the data plane, or, on a host that moves, to be called? Then the one that is
 * imported differs from it: it calls from where the host will be. */
static bool is_undone(const struct host *h, const struct host_record *r)
{
    enum { FIELD_STATE = 4 };
    struct reader fields;
    u16 version;
    bool undone = !record_open(bytes_of(r->octets, r->len), &fields, &version);

    for (struct field ike; record_next(&fields, &ike);)
        for (struct field f; record_next(&ike.value, &f);)
            undone |= f.number == RECORD_UNDONE_OURS || f.number == RECORD_UNDONE_THEIRS ||
                      (h->uplink_count > 0 && f.number == FIELD_STATE && *f.value.at == 0);
    return undone;
}

/* What is imported is what there was now, though its record may be old. */
static void go_on(struct host *h, const struct host_record *was)
{
    const struct host_record *kept = NULL;
    struct host_record is;

    for (u32 i = 0; i < h->env.limits.ike_sas; i++)
        if (h->records[i].ike == was->ike)
            kept = &h->records[i];
    if (kept == NULL || !shrike_import(h->engine, kept->made, kept->octets, kept->len)) {
        world_fail(h->node.world, "%s cannot go on with IKE SA %u", h->node.name, was->ike);
        return;
    }
    is = record_of(h, was->ike);
    /* But for the greatest serial, which the newest record says. */
    if (!is_undone(h, kept) &&
        (is.len != was->len || memcmp(is.octets, was->octets, is.len - TAIL) != 0))
        world_fail(h->node.world, "%s goes on with another IKE SA %u than it had", h->node.name,
                   was->ike);
    record_clear(&is);
}

/* Who waited for a command, or looked at an old configuration, is gone. */
static void forget(struct host *h)
{
    for (u32 i = 1; i <= h->command_count; i++)
        h->commands[i] = MAX(h->commands[i], 1);
    h->commands_open = 0;
    for (unsigned i = 0; i < h->conf_count; i++)
        h->confs[i].unused = true;
}

static void check_up(struct host *h)
{
    u8 keys[SHRIKE_KEYS_MAX];
    size_t len[5];

    for (size_t i = 0; i < h->ike_count; i++)
        if (h->ikes[i].up && !shrike_unsafe_keys(h->engine, h->ikes[i].serial, keys, len))
            world_fail(h->node.world, "%s has lost IKE SA %u", h->node.name, h->ikes[i].serial);
}

void host_restart(struct host *h)
{
    const struct shrike_answer none = {0};
    struct host_record *was;

    if (h->node.world->failed || h->conf_count == HOST_CONFS_MAX)
        return;
    was = calloc(h->env.limits.ike_sas, sizeof *was);
    ensure(was != NULL);
    /* An answer that nobody asked for: the engine hears what time it is. */
    shrike_done(h->engine, h->node.world->now, (struct shrike_token){0}, &none);
    world_say(h->node.world, "%c   begins anew", h->letter);
    check_all_kept(h);
    for (u32 i = 0; i < h->env.limits.ike_sas; i++)
        if (h->records[i].ike != 0)
            was[i] = record_of(h, h->records[i].ike);
    shrike_free(h->engine);
    h->leased.count = h->used.count = 0; /* what is in use is told again */
    forget(h);
    ensure(host_begin(h));
    h->at_start = host_stats(h);
    for (u32 i = 0; i < h->env.limits.ike_sas; i++) {
        if (was[i].ike != 0 && !h->node.world->failed)
            go_on(h, &was[i]);
        record_clear(&was[i]);
    }
    free(was);
    host_keep_lose(h);
    check_up(h);
    host_drain(h);
}

void host_flush(struct host *h)
{
    for (u32 i = 0; i < h->env.limits.ike_sas; i++) {
        struct host_record *to = &h->journal[i];
        record_clear(to);
        *to = h->records[i];
        if (to->ike == 0)
            continue;
        to->octets = malloc(to->len);
        ensure(to->octets != NULL);
        memcpy(to->octets, h->records[i].octets, to->len);
    }
}

void host_restart_stale(struct host *h)
{
    struct world *w = h->node.world;

    if (w->failed || h->conf_count == HOST_CONFS_MAX)
        return;
    host_reboot(h);
    world_say(w, "%c   reads its journal", h->letter);
    for (u32 i = 0; i < h->env.limits.ike_sas && !w->failed; i++) {
        const struct host_record *r = &h->journal[i];
        if (r->ike != 0 && !shrike_import_stale(h->engine, r->octets, r->len))
            world_fail(w, "%s cannot read its journal about IKE SA %u", h->node.name, r->ike);
    }
    host_drain(h);
}
