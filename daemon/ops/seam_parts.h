/* Parts of the seam's values that several of them have. */
#ifndef OPS_SEAM_PARTS_H
#define OPS_SEAM_PARTS_H

#include "ops/parts.h"
#include "ops/seam.h"

void write_token(struct writer *w, struct shrike_token t);
struct shrike_token read_token(struct reader *r);

/* The last SEAM_NAME_MAX - 1 characters of the file's name, and the line. */
void write_origin(struct writer *w, struct shrike_origin o);
struct shrike_origin read_origin(struct reader *r, char name[SEAM_NAME_MAX]);

void write_name(struct writer *w, const char *name);
const char *read_name(struct reader *r, char name[SEAM_NAME_MAX]);

/* Views; reading, `box` takes what they point to. */
void write_ike_view(struct writer *w, const struct shrike_ike_view *v);
void read_ike_view(struct reader *r, struct shrike_ike_view *v, struct seam_view_box *box);
void write_child_view(struct writer *w, const struct shrike_child_view *v);
void read_child_view(struct reader *r, struct shrike_child_view *v, struct seam_view_box *box);

#endif
