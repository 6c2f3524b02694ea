/* What the roles of the daemon say to each other: kinds of mail, and the plain bodies. The bodies
 * that are values of libshrike's seam have files of their own. Whatever comes in is read with a
 * bounded reader and refused when it is not whole: a process does not trust another.
 *
 * A read gives false when the octets are no such value; what was read then is not to be used. All
 * but count_read(), secret_read() and private_mail_read(), whose values come in series, take all
 * that is left and refuse a rest. A write makes the writer full when the value is above a cap:
 * nothing is sent then. */
#ifndef OPS_MAIL_H
#define OPS_MAIL_H

#include "base/cursor.h"
#include "config/settings.h"
#include "shrike/conf.h"
#include "shrike/count.h"
#include "shrike/types.h"

enum mail_kind {
    MAIL_NONE,
#define MAIL(name, from, to, body) MAIL_##name,
#include "ops/mail.def"
#undef MAIL
    MAIL_KIND_COUNT
};
const char *mail_name(u16 kind); /* "INSTALL"; "?" */

/* A socket handed on. */
enum mail_socket_kind {
    SOCKET_IKE,    /* UDP, port 500 */
    SOCKET_NAT_T,  /* UDP, port 4500: IKE behind a non-ESP marker, ESP */
    SOCKET_LOOKUP, /* UDP, not bound, with the mark of the others: net asks the system with it which
                    * source address leads to a peer; one of each family */
    SOCKET_ESP,    /* raw, protocol 50 */
};
struct mail_socket {
    u8 kind;   /* enum mail_socket_kind */
    u8 family; /* 4 or 6 */
    u16 port;  /* 0 for SOCKET_LOOKUP and SOCKET_ESP */
};
void socket_write(struct writer *w, const struct mail_socket *m);
bool socket_read(struct reader *r, struct mail_socket *m) must_use;

/* Route these remote selectors into the tunnel, with a source among the local ones. */
struct mail_route {
    bool add; /* else: no longer needed; each add is undone by one of these */
    u32 reqid;
    u16 local_count, remote_count;
    struct shrike_ts local[SHRIKE_TS_MAX], remote[SHRIKE_TS_MAX];
    u32 link; /* into which, as the parent finds: not of the letter. 0: that of tunnels */
};
void route_write(struct writer *w, const struct mail_route *m);
bool route_read(struct reader *r, struct mail_route *m) must_use;

/* By what the kernel tells the packets of a Child SA from others. */
struct mail_numbers {
    u32 child_serial;
    u32 mark_in, mask_in, mark_out, mask_out; /* masks 0: none */
    u32 if_in, if_out;                        /* 0: none */
};
void numbers_write(struct writer *w, const struct mail_numbers *m);
bool numbers_read(struct reader *r, struct mail_numbers *m) must_use;

/* Numbers with names, for people and metrics. */
#define MAIL_STATS_MAX 128
struct mail_stats {
    u16 count;
    struct mail_stat {
        char name[32];
        u64 value;
    } stats[MAIL_STATS_MAX];
};
void stats_add(struct mail_stats *m, const char *name, u64 value); /* not beyond the cap */
void stats_write(struct writer *w, const struct mail_stats *m);
bool stats_read(struct reader *r, struct mail_stats *m) must_use;

/* What one Child SA has carried. */
#define MAIL_COUNTS_MAX 256
struct mail_count {
    u32 child_serial;
    u64 bytes_in, packets_in, bytes_out, packets_out;
    shrike_time used_in, used_out; /* when last; 0: never */
};
void count_write(struct writer *w, const struct mail_count *m);
bool count_read(struct reader *r, struct mail_count *m) must_use; /* leaves what follows */

/* What all Child SAs of one reqid have carried, those that are gone too. reqid 0: all that there
 * was no room for. */
#define MAIL_TRAFFIC_MAX 256
struct mail_carried {
    u32 reqid;
    u32 children; /* Child SAs that are there now */
    u64 bytes_in, packets_in, bytes_out, packets_out;
};
void carried_write(struct writer *w, const struct mail_carried *m);
bool carried_read(struct reader *r, struct mail_carried *m) must_use; /* leaves what follows */

/* The Child SAs that net goes on with, from the records of the one before it, in one mail or more.
 */
#define MAIL_HEIR_MAX 4096
struct mail_heir {
    bool last; /* of these mails */
    u16 count;
    u32 serials[MAIL_HEIR_MAX];
};
void heir_write(struct writer *w, const struct mail_heir *m);
bool heir_read(struct reader *r, struct mail_heir *m) must_use;

/* A pool of virtual addresses, and one of its leases, as listings show them. */
struct mail_pool {
    struct bytes name;
    struct shrike_addr base; /* the first that is given out */
    u32 size, online, offline;
};
void pool_view_write(struct writer *w, const struct mail_pool *m);
bool pool_view_read(struct reader *r, struct mail_pool *m) must_use; /* a slice of r's octets */
struct mail_lease {
    struct shrike_addr address;
    struct shrike_id client;
    bool online;
};
void lease_view_write(struct writer *w, const struct mail_lease *m);
bool lease_view_read(struct reader *r, struct mail_lease *m) must_use; /* likewise */

/* What is counted of connections (shrike/count.h): the question, and the answer. */
struct mail_tally {
    bool reset, all;
    char conn[SHRIKE_COUNTED_NAME]; /* of what is begun anew; "": the sum */
};
void tally_write(struct writer *w, const struct mail_tally *m);
bool tally_read(struct reader *r, struct mail_tally *m) must_use;
#define MAIL_TALLIES_MAX 200
struct mail_tallies {
    bool last; /* of these mails */
    u16 count;
    struct shrike_counts all[MAIL_TALLIES_MAX];
};
void tallies_write(struct writer *w, const struct mail_tallies *m);
bool tallies_read(struct reader *r, struct mail_tallies *m) must_use;

/* A shared secret. source 0: from files (replaced all at once), 1: from the control socket. */
enum secret_source { SECRET_FILES, SECRET_CONTROL };
#define MAIL_SECRET_IDS 64
struct mail_secret {
    bool remove;       /* by name */
    u8 kind;           /* enum secret_kind */
    struct bytes name; /* unique among those of its source */
    struct bytes secret;
    u16 id_count; /* none: for everybody */
    struct shrike_id ids[MAIL_SECRET_IDS];
};
void secret_write(struct writer *w, const struct mail_secret *m);
/* Slices into r's octets; leaves what follows. */
bool secret_read(struct reader *r, struct mail_secret *m) must_use;

/* Where a private key lies on a token of PKCS #11. */
#define MAIL_HANDLE_MAX 255
struct mail_handle {
    struct bytes octets; /* its CKA_ID; none: it is on no token */
    struct bytes module; /* its name, or the path of its library; none: of all modules */
    bool has_slot;       /* else it is looked for in all of them */
    u32 slot;
};
void handle_write(struct writer *w, const struct mail_handle *m);
struct mail_handle handle_read(struct reader *r); /* slices of r's octets */

/* A private key, as the file that it stands in, or by its place on a token. */
struct mail_private {
    bool remove; /* the key of this name, without a file */
    struct shrike_key_id id;
    struct bytes name;             /* for people: the path */
    struct bytes file, passphrase; /* of a token: none, and the PIN */
    struct mail_handle handle;
};
void private_mail_write(struct writer *w, const struct mail_private *m);
/* Slices into r's octets; leaves what follows. */
bool private_mail_read(struct reader *r, struct mail_private *m) must_use;

/* What became of one. */
#define MAIL_WHY_MAX 256
struct mail_private_is {
    u32 reference;
    struct shrike_key_id id;
    char why[MAIL_WHY_MAX]; /* it was not taken; "": it was */
};
void private_is_write(struct writer *w, const struct mail_private_is *m);
bool private_is_read(struct reader *r, struct mail_private_is *m) must_use;

/* By which names they go, of both sources. */
#define MAIL_PRIVATES_MAX 1024
struct mail_privates_are {
    u16 count;
    struct shrike_key_id ids[MAIL_PRIVATES_MAX];
};
void privates_are_write(struct writer *w, const struct mail_privates_are *m);
bool privates_are_read(struct reader *r, struct mail_privates_are *m) must_use;

/* A certificate that lies on a token. */
#define MAIL_OBJECT_MAX 16384
struct mail_object_is {
    u32 reference;
    struct bytes octets;    /* DER; not looked at by keys */
    char why[MAIL_WHY_MAX]; /* there are none; "": there are */
};
void object_is_write(struct writer *w, const struct mail_object_is *m);
/* A slice of r's octets. */
bool object_is_read(struct reader *r, struct mail_object_is *m) must_use;

/* A datagram that came to the wrong one of the two sockets at port 4500. */
struct mail_stray {
    struct shrike_endpoint local, remote;
    u8 tos;
    struct bytes data; /* as received, with the marker if it has one; all that fits into a body */
};
void stray_write(struct writer *w, const struct mail_stray *m);
bool stray_read(struct reader *r, struct mail_stray *m) must_use;

#endif
