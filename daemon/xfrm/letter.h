/* Messages to the kernel about IPsec (XFRM, over netlink), as octets: several of them in one batch,
 * which is sent by one system call. */
#ifndef XFRM_LETTER_H
#define XFRM_LETTER_H

#include "base/bytes.h"
#include <linux/netlink.h>
#include <linux/xfrm.h>

#define BATCH_SIZE     32768 /* octets */
#define BATCH_LETTERS  128
#define LETTER_MAX     1536 /* octets of one letter */
#define LETTER_KEY_MAX 128  /* octets of a key with its salt */
#define LETTER_WINDOW  4096 /* the largest replay window */

/* include/uapi/linux/xfrm.h of Linux 6.14: headers before it have none of IP-TFS. What is in
 * brackets the kernel tells of an SA of that direction. */
enum {
    LETTER_MODE_IPTFS = 5,
    LETTER_SA_DIR = 33,               /* u8: LETTER_DIR_...; with IP-TFS it must be there */
    LETTER_IPTFS_DROP_TIME = 36,      /* u32, microseconds [in] */
    LETTER_IPTFS_REORDER_WINDOW = 37, /* u16, packets [in] */
    LETTER_IPTFS_DONT_FRAG = 38,      /* empty [out] */
    LETTER_IPTFS_INIT_DELAY = 39,     /* u32, microseconds [out] */
    LETTER_IPTFS_MAX_QSIZE = 40,      /* u32, octets [out] */
    LETTER_IPTFS_PKT_SIZE = 41,       /* u32, octets; 0: as large as the path takes [out] */
    LETTER_DIR_IN = 1,
    LETTER_DIR_OUT = 2,
};

/* What goes out at once, and what became of each. */
struct batch {
    _Alignas(8) u8 octets[BATCH_SIZE];
    u32 len;
    u16 count;
    u16 errors[BATCH_LETTERS];  /* set by kernel_send(): 0, or an errno */
    bool *holds[BATCH_LETTERS]; /* made false when the letter is refused; NULL: nothing */
};
/* Nothing in it; keys that were in it are wiped. */
void batch_clear(struct batch *b);
/* Is there room for so many letters more? */
bool batch_has_room(const struct batch *b, u16 letters);

struct letter_mark {
    u32 value, mask; /* mask 0: none */
};

/* One SA, in one direction. */
struct letter_sa {
    u8 protocol; /* IPPROTO_ESP, IPPROTO_AH, IPPROTO_COMP */
    u8 mode;     /* XFRM_MODE_... */
    u32 spi, reqid;
    struct shrike_endpoint from, to; /* as its packets go */
    bool inbound;
    bool encap; /* in UDP, between the ports of from and to */
    bool esn;
    bool whole; /* in IP-TFS, outbound: each packet in one piece */
    bool noecn, copy_dscp_in, no_dscp_out, no_pmtu;
    bool offload;    /* to the device, where it can */
    bool packet;     /* that too which is not encryption; else there is none of it */
    u16 encr, integ; /* IANA numbers; IPPROTO_COMP: neither */
    struct bytes encr_key, integ_key;
    u32 replay_window; /* packets; of an outbound one it is not looked at */
    u32 sent;          /* with 64-bit numbers: the last one that was sent by it */
    u32 tfc_padding;
    u64 bytes_soft, bytes_hard, packets_soft, packets_hard; /* 0: no limit */
    u64 life_s;                                             /* after so many seconds it goes */
    struct letter_mark mark, set_mark;
    u32 if_id;
    const struct xfrm_selector *selector; /* NULL: any packets */
};
/* false: there are no such algorithms, keys are too long, or there is no room. */
bool letter_sa(struct batch *b, const struct letter_sa *s) must_use;

/* The SA that this message of the kernel tells of, keys and numbers included, between other ends.
 * What it sends goes on with numbers that are LETTER_LEAP further: it may have sent since. false:
 * it tells of none, or not of its keys, or there is no room. */
#define LETTER_LEAP 4096
struct letter_ends {
    struct shrike_endpoint from, to;
    bool encap, inbound;
};
bool letter_sa_again(struct batch *b, const struct nlmsghdr *seen,
                     const struct letter_ends *e) must_use;

struct letter_sa_id {
    u8 protocol;
    u32 spi;
    struct shrike_endpoint to;
    struct letter_mark mark;
};
void letter_sa_delete(struct batch *b, const struct letter_sa_id *id);
void letter_sa_get(struct batch *b, const struct letter_sa_id *id);
void letter_sa_list(struct batch *b);

#define LETTER_TEMPLATES 2
struct letter_template {
    u8 protocol, mode;
    u32 reqid;
    struct shrike_endpoint from, to; /* family 0: any */
    bool optional;
};
struct letter_policy {
    struct xfrm_selector selector;
    u8 dir; /* XFRM_POLICY_... */
    bool block;
    u32 priority, index;
    bool spare; /* of who wants the same with the same priority, others come first. Not for the
                 * kernel */
    struct letter_mark mark;
    u32 if_id;
    u32 device;        /* that looks at packets by it; 0: the kernel does */
    u8 template_count; /* 0: packets pass as they are */
    struct letter_template templates[LETTER_TEMPLATES];
};
/* change: in place of the one that has its selector, direction, mark and interface; else it must be
 * new. */
void letter_policy(struct batch *b, const struct letter_policy *p, bool change);
void letter_policy_delete(struct batch *b, const struct letter_policy *p);

/* The SA of this policy, which has one template, goes from the ends that it has to others, with all
 * that the kernel knows of it; so does the template. That there is no such SA is no error. */
void letter_migrate(struct batch *b, const struct letter_policy *p, const struct letter_ends *was,
                    const struct letter_ends *is);
void letter_policy_list(struct batch *b);

/* Addresses as the kernel has them. */
u16 letter_family(u8 family);
void letter_address(xfrm_address_t *out, const struct shrike_endpoint *e);
void letter_endpoint(struct shrike_endpoint *out, const xfrm_address_t *a, u16 family);

#endif
