/* The command `shrike-upgrade`: another program takes over from this one. */
#ifndef CONTROL_UPGRADE_H
#define CONTROL_UPGRADE_H

#include "proc/seat.h"
#include "vici/server.h"

struct control;

enum vici_reply upgrade_command(void *ctx, const struct vici_request *r, struct vici_writer *w);
/* UPGRADE_SAID; false: it makes no sense. */
bool upgrade_said(struct control *c, const struct mail *m);
void upgrade_cancel(struct control *c, vici_ticket ticket);

#endif
