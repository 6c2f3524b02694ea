/* Events of the engine as lines for people: what happened to whom, and of a refusal the reason,
 * what was offered, what we allow, the rule that decides and what would mend it. */
#ifndef CONTROL_RENDER_H
#define CONTROL_RENDER_H

#include "base/text.h"
#include "config/config.h"
#include "shrike/event.h"

/* One line. conf, which may be NULL, is where what we allow is looked up. */
void render_event(struct text *t, const struct shrike_event *e, const struct shrike_conf *conf);
/* The connection that the event names, or whose rule decided; NULL: none that is there. */
const struct shrike_conn *render_conn(const struct shrike_event *e, const struct shrike_conf *conf);
/* The same of a child of it. */
const struct shrike_child_conf *render_child(const struct shrike_event *e,
                                             const struct shrike_conn *c);
/* What has failed, in a sentence. Why the peer refused, only the peer knows: then what it refused,
 * and what it said. */
void render_what(struct text *t, const struct shrike_reason *r);
const char *render_remedy(const struct shrike_reason *r); /* static */
/* Reason and remedy in one line, "why; what would mend it": what a command is answered. */
void render_reason(struct text *t, enum shrike_reason_code code);
/* "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE25519", as the offers of peers are shown. */
void render_proposals(struct text *t, const struct shrike_proposal *all, u16 count);
void render_selectors(struct text *t, const struct shrike_ts *all, u16 count);
/* "192.0.2.1:500", "[2001:db8::1]:500", "%any" */
void render_endpoint(struct text *t, const struct shrike_endpoint *e);
/* The NUL-terminated text in printable characters. */
void render_name(struct text *t, const char *name);

#endif
