/* A role's seat at the table: its channels to the parent and to the other roles. In processes of
 * their own or all in one loop, a role sees the same. */
#ifndef PROC_SEAT_H
#define PROC_SEAT_H

#include "proc/channel.h"
#include "proc/options.h"

enum role {
    ROLE_PARENT,  /* opens what needs rights, starts and watches the others */
    ROLE_CONTROL, /* configuration, control socket, logs */
    ROLE_KEYS,    /* private keys and shared secrets: prove and check */
    ROLE_ESP,     /* the data plane: in user space, or ROLE_XFRM */
    ROLE_NET,     /* the engine and its sockets */
    ROLE_CERTS,   /* certificates: whose signatures hold */
    ROLE_EAP,     /* EAP, as server and as peer */
    ROLE_COUNT,
    ROLE_XFRM, /* no seat of its own: the data plane of the kernel, in the seat of ROLE_ESP */
    ROLE_PROGRAMS,
};
const char *role_name(enum role r); /* "net" */

struct seat;

/* What a role is made of. */
struct role_type {
    enum role role;
    /* NULL: it cannot be; it said why with seat_log(). */
    void *(*start)(struct seat *seat);
    /* Mail of another role, the parent's included. */
    void (*mail)(void *self, enum role from, struct mail *m);
    /* That role can be reached now: its channel is new, and it knows nothing of before; or no
     * longer (it has ended, and will come back). */
    void (*peer)(void *self, enum role who, bool there);
    void (*stop)(void *self);
};

/* The roles, each in the folder of its name. */
extern const struct role_type control_role, keys_role, esp_role, net_role, certs_role, eap_role,
    xfrm_role;
/* What keys can only have while it sees the file system. */
void keys_prepare(void);
void certs_prepare(void);

struct seat {
    const struct role_type *type;
    struct loop *loop;
    const struct options *options;
    void *self;
    struct channel channels[ROLE_COUNT]; /* [ROLE_PARENT] is there from the start */
    u64 lives[ROLE_COUNT]; /* of those that are there, or were: no two lives have one number */
    enum role plane; /* ROLE_XFRM: that is who was last heard to sit in the seat of ROLE_ESP */
    struct seat_link {
        struct seat *seat;
        enum role who;
    } links[ROLE_COUNT];
    bool ending;
};

/* Sit down: s->type, loop and options are set by the caller, `parent` is the channel to the parent.
 * type->start() is called. false: it could not be. */
bool seat_open(struct seat *s, int parent) must_use;
void seat_close(struct seat *s);

/* Send a message to a role. false: it is not there, or its queue is full. */
bool seat_send(struct seat *s, enum role to, u16 kind, struct bytes body);
bool seat_send_fd(struct seat *s, enum role to, u16 kind, struct bytes body, int fd);
size_t seat_room(const struct seat *s, enum role to);
bool seat_has(const struct seat *s, enum role to);
/* Who sits there, as far as is known here. */
enum role seat_program(const struct seat *s, enum role r);

/* What `first` has said is heard before what `then` says. */
void seat_hear_first(struct seat *s, enum role first, enum role then);

/* A line for the log, carried to control; without one it goes to stderr. */
void seat_log(struct seat *s, enum shrike_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
