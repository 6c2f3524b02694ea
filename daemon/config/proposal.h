/* Proposals from text: aes256gcm16-prfsha256-x25519 and the like, checked and made whole. */
#ifndef DAEMON_CONFIG_PROPOSAL_H
#define DAEMON_CONFIG_PROPOSAL_H

#include "config/pool.h"
#include "config/report.h"
#include "shrike/conf.h"

#define PROPOSALS_MAX  32 /* of one list */
#define TRANSFORMS_MAX 64 /* of one proposal */

struct proposal_list {
    struct shrike_proposal at[PROPOSALS_MAX];
    uint16_t count;
};

/* Add what the text says, a list with commas: "default" stands for our own choice. What is wrong
 * goes to the report. protocol: that of `like`. */
void proposals_read(struct pool *p, const struct shrike_proposal *like, const char *text,
                    struct proposal_list *out, struct config_report *report);

#endif
