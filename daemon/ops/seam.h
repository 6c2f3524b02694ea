/* The values of libshrike's seam as octets: ops, answers, events, commands, kernel events, views.
 * Reading allocates nothing: what has no place in the value itself stands in the box. A read takes
 * all that is left: false when that is not exactly one such value, with every number in its range
 * and every count within its cap; what was read then is not to be used.
 *
 * All fit into MAIL_BODY_MAX, but for one: a PROVE or CHECK holds the first message of one side and
 * the peer's proof, about 35 KB when the peer is honest (our messages end at OUT_MAX), and 130 KB
 * when it fills its messages with nonsense. Then the writer is full, nothing can be sent, and the
 * op is answered with `ok` false. Next come an event with 28 KB and an install with 4 KB. */
#ifndef OPS_SEAM_H
#define OPS_SEAM_H

#include "base/cursor.h"
#include "shrike/action.h"
#include "shrike/shrike.h"
#include "shrike/view.h"

/* Characters of a name or file name, NUL included. A longer name makes the writer full (no snapshot
 * has one); of a longer file name the end is carried. */
#define SEAM_NAME_MAX  256
#define SEAM_OFFER_MAX 8192 /* octets of an offer in a reason; what is longer is cut */

/* Room for what one view points to. */
struct seam_view_box {
    char name[SEAM_NAME_MAX];
    struct shrike_ts ts[2][SHRIKE_TS_MAX];
    struct shrike_addr addrs[2][SHRIKE_ADDRESSES_MAX];
};

/* Room for what a value read points to. It must outlive the value. Slices of octets point into the
 * reader's own octets. */
struct seam_box {
    char names[4][SEAM_NAME_MAX];
    struct shrike_ts ts[2][SHRIKE_TS_MAX];
    struct shrike_addr addrs[2][SHRIKE_ADDRESSES_MAX];
    char pools[SHRIKE_ADDRESSES_MAX][SEAM_NAME_MAX];
    const char *pool[SHRIKE_ADDRESSES_MAX];
    struct shrike_cert certs[SHRIKE_CERTS_MAX];
    struct shrike_credential shown;
    struct shrike_bytes shown_certs[SHRIKE_CERTS_MAX];
    u32 serials[SHRIKE_MOVE_MAX];
    struct shrike_addr hosts[SHRIKE_HOST_ADDRESSES_MAX];
    struct shrike_seen seen;
    struct seam_view_box views[4]; /* of a view; those of an event */
};

void op_write(struct writer *w, const struct shrike_op *op);
bool op_read(struct reader *r, struct shrike_op *op, struct seam_box *box) must_use;

void answer_write(struct writer *w, struct shrike_token token, const struct shrike_answer *a);
bool answer_read(struct reader *r, struct shrike_token *token, struct shrike_answer *a) must_use;

void kernel_write(struct writer *w, const struct shrike_kernel_event *k);
bool kernel_read(struct reader *r, struct shrike_kernel_event *k, struct seam_box *box) must_use;

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
