/* The values of libshrike's seam as octets: ops, answers, events, commands, kernel events, views.
 * Reading allocates nothing: what has no place in the value itself stands in the box. */
#ifndef OPS_SEAM_H
#define OPS_SEAM_H

#include "base/cursor.h"
#include "shrike/action.h"
#include "shrike/shrike.h"
#include "shrike/view.h"

#define SEAM_NAME_MAX  256  /* characters of a name or file name, NUL included */
#define SEAM_OFFER_MAX 8192 /* octets of an offer in a reason; what is longer is cut */

/* Room for what a value read points to. It must outlive the value. Slices of octets point into the
 * reader's own octets. */
struct seam_box {
    char names[4][SEAM_NAME_MAX];
    struct shrike_ts ts[2][SHRIKE_TS_MAX];
};

void op_write(struct writer *w, const struct shrike_op *op);
bool op_read(struct reader *r, struct shrike_op *op, struct seam_box *box) must_use;

void answer_write(struct writer *w, struct shrike_token token, const struct shrike_answer *a);
bool answer_read(struct reader *r, struct shrike_token *token, struct shrike_answer *a) must_use;

void kernel_write(struct writer *w, const struct shrike_kernel_event *k);
bool kernel_read(struct reader *r, struct shrike_kernel_event *k) must_use;

void command_write(struct writer *w, const struct shrike_command *c);
bool command_read(struct reader *r, struct shrike_command *c, struct seam_box *box) must_use;

/* The list `allowed` of the reason is not carried; its origin is, and control has the proposals. */
void event_write(struct writer *w, const struct shrike_event *e);
bool event_read(struct reader *r, struct shrike_event *e, struct seam_box *box) must_use;

void ike_view_write(struct writer *w, const struct shrike_ike_view *v);
bool ike_view_read(struct reader *r, struct shrike_ike_view *v, struct seam_box *box) must_use;
void child_view_write(struct writer *w, const struct shrike_child_view *v);
bool child_view_read(struct reader *r, struct shrike_child_view *v, struct seam_box *box) must_use;

#endif
