/* The settings language: sections and values from text, every one with the place it came from.
 *
 *     name { key = value }      name : other, another.one { }      include more.conf
 *
 * References are resolved when reading ends: what a section inherits stands behind its own. */
#ifndef DAEMON_CONFIG_TREE_H
#define DAEMON_CONFIG_TREE_H

#include "config/pool.h"
#include "config/report.h"

#define TREE_DEPTH         16       /* sections in sections */
#define TREE_SECTIONS      98304    /* inherited ones counted: 10,000 connections with 8 each */
#define TREE_FILE          16777216 /* octets of one file */
#define TREE_FILES         256      /* read in all */
#define TREE_INCLUDE_DEPTH 8
#define TREE_REFERENCES    16 /* of one section, and one after the other */
#define TREE_FEW           8  /* sections of one that are looked through one by one */

struct value {
    const char *key;
    const char *text; /* NULL: cleared, the default applies */
    struct shrike_origin origin;
    struct value *next;
};

struct reference {
    const char *path; /* section names with dots between */
    struct shrike_origin origin;
};

struct section {
    const char *name;
    struct shrike_origin origin;
    struct section *parent, *next, *sections, *last; /* last of its sections */
    struct section **places; /* of its sections by name, when they are many: open addressing */
    uint32_t count, mask;    /* of its sections; of places */
    struct value *values;
    struct reference *references; /* room for TREE_REFERENCES; NULL: none */
    uint16_t reference_count;
    bool referred; /* some section inherits from it */
};

/* Read a file and all that it includes. NULL: report has an error. The tree lives in p. */
struct section *tree_read(struct pool *p, const char *path, struct config_report *report);

/* A new section behind the others of its parent, which has none of this name. */
struct section *section_add(struct pool *p, struct section *parent, const char *name,
                            struct shrike_origin origin);
/* What is called so, or NULL. */
struct section *section_find(const struct section *s, const char *name, size_t len);
struct value *value_find(const struct section *s, const char *key);
/* The text of a key; NULL when it is not there or cleared. */
const char *section_text(const struct section *s, const char *key);

#endif
