/* Messages of the control protocol (VICI): a tree of sections, keys with values and lists of
 * values. One reader that walks a message, finders on top of it, one bounded writer. */
#ifndef VICI_MESSAGE_H
#define VICI_MESSAGE_H

#include "base/cursor.h"

#define VICI_SEGMENT_MAX  (512u * 1024) /* octets of a packet: the protocol's own limit */
#define VICI_DEPTH_MAX    16            /* sections in sections; configurations need five */
#define VICI_ELEMENTS_MAX 65536         /* so that octets of one message cost bounded time */
#define VICI_NAME_MAX     255
#define VICI_VALUE_MAX    65535

/* The numbers are those on the wire; VICI_END and VICI_BAD are never there. */
enum vici_type {
    VICI_END = 0,
    VICI_SECTION_START = 1,
    VICI_SECTION_END = 2,
    VICI_KEY_VALUE = 3,
    VICI_LIST_START = 4,
    VICI_LIST_ITEM = 5,
    VICI_LIST_END = 6,
    VICI_BAD = 7,
};

/* One element. Slices point into the message. */
struct vici_item {
    enum vici_type type;
    struct bytes name;  /* of a section, key or list */
    struct bytes value; /* of a key or item; from vici_find(): also what a section or list holds */
};

struct vici_reader {
    struct reader r;
    u32 elements;
    unsigned depth, base; /* open sections and lists, now and at the end */
    bool in_list;
    const char *why; /* after VICI_BAD: what is wrong */
};

struct vici_reader vici_reader_of(struct bytes message);
/* A reader of the items of a list that vici_find() found. */
struct vici_reader vici_list_of(struct bytes items);
/* The next element: VICI_END after the last, VICI_BAD for ever after a fault. */
enum vici_type vici_read_next(struct vici_reader *v, struct vici_item *item);
/* The same with what a section or list holds as its value, and the reader behind its end: a walk
 * over the elements of one section, or with vici_list_of() over the items of a list. */
enum vici_type vici_read_whole(struct vici_reader *v, struct vici_item *item);
/* Is the whole message sound? NULL, or what is wrong. Whoever takes a message from outside asks
 * once; the finders below then never meet a fault. */
const char *vici_fault_of(struct bytes message);

/* The first element of this name in a section, not below it. A name twice: the first counts. */
bool vici_get(struct bytes section, struct bytes name, struct vici_item *out) must_use;
/* The same by path, "ike.children.net": for names without dots. */
bool vici_find(struct bytes message, const char *path, struct vici_item *out) must_use;
/* The value of a key by path; {NULL, 0} when it is not there or not a key. */
struct bytes vici_value(struct bytes message, const char *path);
bool vici_value_is(struct bytes message, const char *path, const char *text);

/* A message being built. What does not fit, or breaks a limit, sets w.full and no more is written;
 * ends without a beginning are faults of ours. */
struct vici_writer {
    struct writer w;
    u32 elements;
    unsigned depth;
    bool in_list;
};

struct vici_writer vici_writer_of(void *at, size_t size);
void vici_begin(struct vici_writer *v, const char *section);
void vici_begin_named(struct vici_writer *v, struct bytes section);
void vici_end(struct vici_writer *v);
void vici_put(struct vici_writer *v, const char *key, struct bytes value);
void vici_put_named(struct vici_writer *v, struct bytes key, struct bytes value);
void vici_put_text(struct vici_writer *v, const char *key, const char *value);
void vici_put_u64(struct vici_writer *v, const char *key, u64 value);
void vici_list_begin(struct vici_writer *v, const char *name);
void vici_list_begin_named(struct vici_writer *v, struct bytes name);
void vici_list_put(struct vici_writer *v, struct bytes item);
void vici_list_end(struct vici_writer *v);
/* The message; false when it did not fit. Everything must be closed. */
bool vici_written(const struct vici_writer *v, struct bytes *message) must_use;

#endif
