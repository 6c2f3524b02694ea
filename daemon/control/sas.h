/* IKE and Child SAs in the words of the control protocol. */
#ifndef CONTROL_SAS_H
#define CONTROL_SAS_H

#include "ops/mail.h"
#include "shrike/event.h"
#include "shrike/view.h"
#include "vici/message.h"

/* Which SAs a command means: what is set must fit. */
struct sas_filter {
    char ike[VICI_NAME_MAX + 1], child[VICI_NAME_MAX + 1]; /* names; empty: any */
    u32 ike_id, child_id;                                  /* 0: any */
    bool up;                         /* only those that are established or installed */
    char peer_ip[VICI_NAME_MAX + 1]; /* an address, a subnet or a range; empty: any */
    char peer_id[VICI_NAME_MAX + 1]; /* an identity, `*` for any characters; empty: any */
};
/* From the keys ike, child, ike-id and child-id of a message. NULL, or what is wrong. */
const char *sas_filter_read(struct sas_filter *f, struct bytes message) must_use;
/* The keys peer-ip and peer-id beside these. NULL, or what is wrong. */
const char *sas_filter_read_peer(struct sas_filter *f, struct bytes message) must_use;
bool sas_filter_names_child(const struct sas_filter *f);
bool sas_filter_ike(const struct sas_filter *f, const struct shrike_ike_view *v);
bool sas_filter_child(const struct sas_filter *f, const struct shrike_child_view *v);

/* Begins the section of an IKE SA and writes its keys; the caller ends it. Times are shown as
 * seconds before now. */
void sas_begin_ike(struct vici_writer *w, const struct shrike_ike_view *v, shrike_time now);
/* One section below `child-sas`. counts may be NULL: they are not known. */
void sas_put_child(struct vici_writer *w, const struct shrike_child_view *v,
                   const struct mail_count *counts, shrike_time now);
/* The same section of an IKE SA as an event shows it, with the Child SA if it names one. counts: of
 * the one that has ended; may be NULL. */
void sas_put_event(struct vici_writer *w, const struct shrike_event *e,
                   const struct mail_count *counts, shrike_time now);
/* The same behind the addresses that it has now. */
void sas_put_update(struct vici_writer *w, const struct shrike_event *e, shrike_time now);
/* The section of an IKE SA with `old` and `new`: of itself, or of a Child SA of it. */
void sas_put_rekey(struct vici_writer *w, const struct shrike_event *e,
                   const struct mail_count *counts, shrike_time now);

/* "CURVE_25519", "MODP_3072": a key exchange as VICI calls it; NULL: not known. */
const char *sas_group_name(u16 ke, char at[32]);
const char *sas_mode_name(enum shrike_mode mode); /* as charon writes it */
void sas_put_selectors(struct vici_writer *w, const char *key, const struct shrike_ts *ts, u16 n);

#endif
