/* The SAs of the data plane: inbound ones by SPI, outbound ones by selectors.
 *
 * One thread writes, one worker reads without a lock. What the writer takes out is freed only when
 * the worker has said that it holds no pointer any more: sadb_rest() between two batches, or
 * sadb_leave() before it sleeps and sadb_enter() when it goes on. */
#ifndef ESP_SADB_H
#define ESP_SADB_H

#include "esp/sa.h"

#define SADB_SAS_MAX      65536 /* inbound SAs of one table */
#define SADB_POLICIES_MAX 4096  /* outbound SAs and traps: a look-up walks a list of them */

struct sadb;
struct sadb *sadb_new(u32 sas_max) must_use;
void sadb_free(struct sadb *db); /* with all SAs; the worker is gone */

/* The writer. The SA belongs to the table from then on; false: full, or its SPI is taken. */
bool sadb_add(struct sadb *db, struct esp_sa *sa) must_use;
/* This outbound SA, which is in the table, stands in front of its equals from now on. false: no
 * memory. */
bool sadb_prefer(struct sadb *db, struct esp_sa *sa) must_use;
/* Take it out; it is freed when the worker cannot hold it any more. false: it is not there. */
bool sadb_remove(struct sadb *db, struct esp_sa *sa);
/* Free what may be freed; how many wait still. */
size_t sadb_collect(struct sadb *db);
/* By the number of the Child SA, in one direction: the writer's own look-up. */
struct esp_sa *sadb_find(struct sadb *db, u32 child_serial, bool inbound);
/* The outbound SAs and traps, as sadb_out() walks them. */
u32 sadb_out_count(const struct sadb *db);
const struct esp_sa *sadb_out_at(const struct sadb *db, u32 n);

/* The worker. Pointers are good until the next sadb_rest() or sadb_leave(). */
struct esp_sa *sadb_in(struct sadb *db, u32 spi);
/* The most specific that takes it (by the widest of its selectors, the remote ones first), the
 * newest of equals but for those that stand behind (esp_sa.later), SAs before traps; NULL: none. */
struct esp_sa *sadb_out(struct sadb *db, const struct inner *p);
/* Changes, and never comes again, whenever sadb_out() may say something else; never 0. To be read
 * before what is remembered with it. */
u64 sadb_version(const struct sadb *db);
void sadb_enter(struct sadb *db);
void sadb_rest(struct sadb *db);
void sadb_leave(struct sadb *db);

#endif
