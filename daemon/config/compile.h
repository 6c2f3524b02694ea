/* What the parts of the compiler share: where they are, and reading a key with its complaint. */
#ifndef DAEMON_CONFIG_COMPILE_H
#define DAEMON_CONFIG_COMPILE_H

#include "config/config.h"
#include "config/keys.h"
#include "config/tree.h"

#define CONNS_MAX 10000
/* RFC 4303 3.4.3, and what the data plane keeps. */
#define REPLAY_MIN   32
#define REPLAY_MAX   4096
#define CHILDREN_MAX 256 /* of one connection */
#define NAME_MAX_LEN 200 /* octets of a name: it goes into messages with others */
/* Numbers above are given to children that name none. */
#define REQID_FIXED_MAX 0x3fffffff

struct compile {
    struct config *config;
    struct pool *pool;    /* of the snapshot */
    struct pool *scratch; /* of the tree, gone when compiling is over */
    struct config_report *report;
    const struct section *root, *shrike; /* NULL: there is none */
    const char *kind, *name;             /* what is compiled: "connection", "gw" */
    const struct section *conn;          /* of which it is a child */
    bool strict;             /* what cannot be used is an error: of one connection from elsewhere */
    bool left_out;           /* what is compiled cannot be used */
    struct config_left left; /* why */
    const char *file_from, *file; /* the newest file name of an origin, and its copy */
};

/* Grows by all names and texts of a section as written, inherited ones too (FNV-1a); the order of
 * its keys counts for nothing. */
uint64_t compile_hash(uint64_t hash, const struct section *s);

/* Every key of a section is known, and what is not built is said. */
void compile_keys(struct compile *c, const struct section *s, enum key_scope scope);
/* What is compiled is left out, as long as something of it is not built: a warning says so. It may
 * not be ignored, since the rest would do less than was asked for. */
void compile_leave(struct compile *c, struct shrike_origin origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An origin whose file name lives as long as the snapshot. */
struct shrike_origin compile_origin(struct compile *c, struct shrike_origin origin);
char *compile_text(struct compile *c, const char *text);

/* The value of a key when it is there; *out stays as it is when not, or when it is wrong. */
void compile_bool(struct compile *c, const struct section *s, const char *key, bool *out);
void compile_number(struct compile *c, const struct section *s, const char *key, uint64_t max,
                    uint64_t *out);
void compile_time(struct compile *c, const struct section *s, const char *key, shrike_time *out);
void compile_seconds(struct compile *c, const struct section *s, const char *key, shrike_time *out);
/* Where the key stands, else where its section does. */
struct shrike_origin compile_place(struct compile *c, const struct section *s, const char *key);

#endif
