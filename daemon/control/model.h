/* What the files and the control socket have brought: kept apart, and joined to one configuration.
 * Connections and pools of the control socket outlive this process in its vault. */
#ifndef CONTROL_MODEL_H
#define CONTROL_MODEL_H

#include "config/merge.h"
#include "proc/vault.h"
#include "vici/message.h"

#define MODEL_LOADED_MAX 10000 /* connections and pools of the control socket */

enum model_kind { MODEL_CONN, MODEL_POOL };

/* One connection or pool that the control socket brought. */
struct model_loaded {
    enum model_kind kind;
    char *name;
    u8 *message; /* the section as it came */
    size_t len;
    struct config *config; /* compiled; NULL while the files cannot be used */
};

struct model {
    struct config *files; /* NULL until they could be read once */
    struct model_loaded *loaded;
    u32 loaded_count, loaded_max;
    struct config *merged; /* of both; NULL after a change, until model_merge() */
    struct vault vault;
    bool ppks;  /* the control socket has brought a post-quantum preshared key */
    bool dirty; /* something has changed; set here, cleared by whoever has told it */
};

void model_init(struct model *m);
void model_free(struct model *m);

/* Read the files (again); false: the report has errors, and all stays as it is. */
bool model_read(struct model *m, const struct config_files *from,
                struct config_report *report) must_use;
/* The same in two steps: what would be there, then that it is. What was there before it goes. */
struct config *model_look(const struct model *m, const struct config_files *from,
                          struct config_report *report) must_use;
void model_take(struct model *m, struct config *files);
/* Use this vault, which is the model's from then on, and load the connections it holds; other
 * records go to `others`. The report has what was wrong with that. false: it is no vault. */
bool model_restore(struct model *m, int fd, const struct vault_reader *others,
                   struct config_report *report) must_use;
/* Add a connection or pool, or replace that of this name: the section of a message that is sound.
 * false: the report has errors, and all stays as it is. */
bool model_load(struct model *m, enum model_kind kind, const struct vici_item *section,
                struct config_report *report) must_use;
/* false: the control socket has brought none of this name. */
bool model_unload(struct model *m, enum model_kind kind, struct bytes name) must_use;
/* merged is made anew at the next model_merge(): what it was made from beside the parts, the
 * addresses of names, has changed. */
void model_touch(struct model *m);
/* Join the parts when something has changed. Nothing without files. */
void model_merge(struct model *m, struct config_report *report);

/* Of what is merged; NULL: there is none. */
const struct shrike_conn *model_conn(const struct model *m, struct bytes name, u32 *index);
/* A child, or a shunt. */
const struct shrike_child_conf *model_child(const struct shrike_conn *c, struct bytes name);

#endif
