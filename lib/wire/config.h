/* What configuration payloads say of addresses (RFC 7296 2.19, 2.20, 3.15.1). Their shape is in
 * wire/payload.h. */
#ifndef WIRE_CONFIG_H
#define WIRE_CONFIG_H

#include "wire/payload.h"

struct config_list {
    struct shrike_addr addrs[SHRIKE_ADDRESSES_MAX]; /* octets all zero: any of the family */
    struct shrike_addr dns[SHRIKE_ADDRESSES_MAX];   /* servers for names */
    u8 addr_count, dns_count;
    bool version;   /* APPLICATION_VERSION is there */
    bool supported; /* SUPPORTED_ATTRIBUTES is there */
};

/* Read all attributes. Those of other types are passed over, and addresses beyond the cap. false:
 * they do not end where they should, or an address has a length that it cannot have. */
bool config_read(struct bytes attributes, struct config_list *out) must_use;

/* Attributes of addresses; without a value where any of the family will do. */
void config_write_addrs(struct writer *w, const struct shrike_addr *list, unsigned count);
/* Ask for servers for names of each family that is in the list. */
void config_write_ask_dns(struct writer *w, const struct shrike_addr *list, unsigned count);
/* APPLICATION_VERSION: we decline to say (RFC 7296 2.20). */
void config_write_version(struct writer *w);
/* SUPPORTED_ATTRIBUTES: those that a responder of ours may send. */
void config_write_supported(struct writer *w);

/* An address that stands for any of its family? */
bool config_is_any(const struct shrike_addr *a);

#endif
