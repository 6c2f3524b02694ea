/* Certificates, CRLs and public keys of this host: those of the folders beside its configuration,
 * those that connections name, and those that came over the control socket. */
#ifndef DAEMON_CONFIG_WALLET_H
#define DAEMON_CONFIG_WALLET_H

#include "config/config.h"
#include "config/file.h"
#include "config/x509.h"

#define WALLET_FILES_MAX  4096u
#define WALLET_OCTETS_MAX (16u << 20) /* of one file */
#define WALLET_CRL_MAX    (64u << 20) /* of a CRL: those of large authorities are */

enum wallet_kind {
    WALLET_CERTIFICATE, /* folder x509: ours, and those of peers */
    WALLET_AUTHORITY,   /* folder x509ca */
    WALLET_CRL,         /* folder x509crl: as they are, others read them */
    WALLET_KEY,         /* folder pubkey */
    WALLET_CONTAINER,   /* folder pkcs12 */
    WALLET_KINDS,
};

struct wallet_file {
    enum wallet_kind kind;
    char *name; /* its path; or what names one of the control socket */
    bool named; /* by a connection; else it stands in a folder, or is loaded */
    bool ours;  /* and shows it to peers; and wants it of them: */
    bool theirs;
    bool loaded;                 /* it came over the control socket */
    struct config_object object; /* it lies on a token, and is brought by wallet_bring(): */
    struct pool place;           /* of the object's memory */
    uint32_t asked;              /* for who asks for it; 0: nobody has */
    bool told;                   /* likewise: that it could not be had */
    bool seen;                   /* in this look */
    struct stat stat;
    struct pool pool; /* of the items */
    struct x509_items items;
    struct shrike_bytes octets; /* of one that is in no file: as it came */
};

struct wallet {
    struct wallet_file **files;
    uint32_t count, room;
};

void wallet_init(struct wallet *s);
void wallet_free(struct wallet *s);

/* Read the folders beside this configuration (again): what is as it was, is not read; what has gone
 * goes; what cannot be read any more stays as it was. The report has a line for each file of no
 * use. true: something has changed. */
bool wallet_look(struct wallet *s, const struct config *c, struct config_report *report);
/* Read what connections name, likewise. */
bool wallet_look_named(struct wallet *s, const struct config *c, struct config_report *report);

/* Add one of the control socket, unless it is there already. NULL: done; else why not. */
const char *wallet_put(struct wallet *s, enum wallet_kind kind, const char *name,
                       struct bytes octets);
/* What lies on the token. NULL: done; else why not. *changed: it is another
 * one than before. */
const char *wallet_bring(struct wallet_file *f, struct bytes octets, bool *changed);
/* Forget this one of them. */
void wallet_drop(struct wallet *s, enum wallet_kind kind, struct bytes octets);
/* Forget all of these. */
void wallet_clear(struct wallet *s);

/* What a connection names; NULL: it could never be read. */
const struct wallet_file *wallet_find(const struct wallet *s, enum wallet_kind kind,
                                      const struct config_cert *named);

/* Who ends soon, or has ended, or has not begun: a warning each. */
void wallet_warn(const struct wallet *s, time_t now, struct config_report *report);

#endif
