/* The records of IKE SAs (shrike_export()), in a file that the parent holds: what the next process
 * of net goes on from when one ends. It is a memory file, or one that a restart of all processes
 * finds again. It holds secrets.
 *
 * The file is a log between two places that its header names in one word: what is written behind
 * counts when journal_commit() has moved that word, all of it or nothing, whenever the process
 * ends. A later record of a place makes an earlier one void, and its octets are wiped. When too
 * much is void, the log is written anew elsewhere in the file. */
#ifndef PROC_JOURNAL_H
#define PROC_JOURNAL_H

#include "base/bytes.h"
#include "shrike/types.h"

#define JOURNAL_MAX        (1ull << 30) /* octets of the file */
#define JOURNAL_PLACES_MAX (1u << 20)   /* places that a record may have */
#define JOURNAL_BUILD      32           /* octets of the name of a build, with a zero */
#define JOURNAL_BOOT       16           /* octets of what differs in each life of the host */

/* What is said of the whole file. */
struct journal_about {
    u8 boot[JOURNAL_BOOT];     /* clocks of another life of the host are not ours */
    char build[JOURNAL_BUILD]; /* that made it: for people */
};

struct journal {
    int fd;          /* -1: not open */
    u8 *at;          /* the file, mapped */
    u64 mapped;      /* octets of that */
    u64 reserved;    /* up to here the file has its memory */
    u32 start, end;  /* of the log; places in the file in units of 8 octets */
    u32 committed;   /* where what does not count yet begins */
    u32 *places;     /* where the record of a place begins; 0: there is none */
    u32 place_count; /* of the table */
    u64 live;        /* units of records that are not void */
    u32 *old;        /* what was found, until the first commit makes it void */
    u32 old_count;
    u64 plane; /* the data plane that the records speak of */
};

/* A record that was found. */
struct journal_record {
    u32 place;
    shrike_time made;    /* when it was written */
    struct bytes octets; /* until the next call for this journal */
};

/* ---- the parent: the file ---- */

/* An empty memory file that cannot shrink. -1: the system refuses. */
int journal_make(const struct journal_about *about) must_use;
/* Use a file that was opened for reading and writing. What it holds stays there if it was written
 * in this life of the host; else it is emptied. *kept tells which. false: the system refuses; errno
 * says why. */
bool journal_adopt(int fd, const struct journal_about *about, bool *kept) must_use;

/* ---- net: the records ---- */

/* Use the file, which belongs to the journal from then on; what it holds is found by journal_old().
 * false: it is not a journal, or there is no memory; the descriptor is closed. */
bool journal_open(struct journal *j, int fd) must_use;
void journal_close(struct journal *j);
/* How often it was opened since journal_well() said that all is well, this time included: records
 * that end whoever reads them must not do so for ever. */
u32 journal_tries(const struct journal *j);
void journal_well(struct journal *j);
/* The next record that was found, from *at = 0 on. Only before the first commit. */
bool journal_old(struct journal *j, u32 *at, struct journal_record *out);

/* Room for a record of at least `want` octets; *size is how much there is. Good until the next
 * call. NULL: there is none; the journal is not to be used any more (journal_void()). */
u8 *journal_room(struct journal *j, size_t want, size_t *size) must_use;
/* What was written there is the record of this place. false: no memory; see above. */
bool journal_put(struct journal *j, u32 place, shrike_time made, size_t len) must_use;
/* This place has no record any more. false: as above. */
bool journal_drop(struct journal *j, u32 place) must_use;
/* From now on what was put and dropped counts, and nothing of what was found. `plane` is kept with
 * it for the next process: the life of the data plane that the records speak of. */
void journal_commit(struct journal *j, u64 plane);
/* Nothing counts any more: a record that could not be written is worse than none. */
void journal_void(struct journal *j);

#endif
