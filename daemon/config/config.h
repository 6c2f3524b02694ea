/* swanctl.conf to the snapshot the engine reads, and what the daemon needs beside it. Connections
 * come from files, all at once, and from messages, one at a time; config/merge.h joins them. */
#ifndef DAEMON_CONFIG_CONFIG_H
#define DAEMON_CONFIG_CONFIG_H

#include "config/pool.h"
#include "config/report.h"
#include "config/settings.h"
#include "shrike/conf.h"

/* What was written, to tell two configurations apart: a key of a section by the hash of its value;
 * a section below the topmost has a mark of its own, with the key "". */
struct config_mark {
    const char *section; /* "", "remote", "children.net" */
    const char *key;
    uint64_t value;
};

/* A key or certificate on a token. */
struct config_object {
    struct shrike_bytes handle; /* as octets; none: it is on no token */
    const char *module;         /* "": it is looked for in all of them */
    bool has_slot;
    uint32_t slot;
};

/* A certificate, or a public key, that a connection names. */
struct config_cert {
    const char *path;            /* absolute; or words for the object; NULL: */
    struct shrike_bytes octets;  /* the file as it came over the control socket */
    struct config_object object; /* it is on a token */
    struct shrike_origin origin;
};
struct config_certs {
    const struct config_cert *at;
    uint16_t count;
};

/* When it cannot be found out whether a certificate of the peer is revoked: it is not; it is good
 * only if it does not say where to find out; it is not good. */
enum config_revocation { CONFIG_RELAXED, CONFIG_IFURI, CONFIG_STRICT };

#define CONFIG_POLICIES_MAX 8 /* policies that one section demands */

/* What certificates of the peer, and those behind them, have to be like beyond what holds for all;
 * zero: like anything. */
struct config_demands {
    uint32_t schemes;           /* set of crypto/scheme.h, by which they are signed */
    uint16_t rsa_bits, ec_bits; /* of their keys, at least */
    struct shrike_id ca_id;     /* of an authority */
    uint16_t policy_count;
    const char *policies[CONFIG_POLICIES_MAX]; /* of the peer's own: numbers with dots between */
};

/* What conf.h has no place for, of the connection with the same index. */
struct config_conn {
    const char *const *local_names;  /* of the DNS, to be resolved; 0.0.0.0/32 keeps the place of */
    const char *const *remote_names; /* each in the connection's addresses: it fits nobody */
    uint16_t local_name_count, remote_name_count;
    uint32_t keyingtries; /* 0: for ever */
    const struct config_mark *marks;
    uint32_t mark_count;
    /* What the sections local and remote name: credentials_fill() makes conf.h's of it. */
    struct config_certs local_certs, local_keys;
    struct config_certs remote_certs, remote_keys, remote_authorities;
    enum config_revocation revocation;
    struct config_demands demands;
    struct shrike_id local_id; /* as it is written; type 0: it is not */
    struct shrike_origin local_id_origin;
    bool asks; /* CERTREQ payloads are sent */
    /* Of further rounds (conf.h), by their number, local and remote ones side by side: of each what
     * its sections name, and no more; as many as the side with more of them has. */
    const struct config_conn *rounds;
    uint16_t round_count;
};

#define CONFIG_WHERES_MAX 256 /* of all authorities */

/* What is to be had of what an authority has signed, and where: */
enum config_place {
    CONFIG_RESPONDER, /* of OCSP */
    CONFIG_CRLS,
    CONFIG_BASE, /* certificates, each by its hash behind the URL (RFC 7296 3.6) */
};
struct config_where {
    struct config_cert authority;
    enum config_place place;
    const char *url;
};
/* Beside those of the configuration. */
struct config_more {
    const struct config_where *wheres;
    uint32_t where_count;
};

/* A shared secret, for the keeper of keys alone. */
struct config_secret {
    const char *name;
    uint8_t kind; /* enum secret_kind */
    struct shrike_bytes secret;
    const struct shrike_id *ids; /* none: for everybody */
    uint16_t id_count;
    struct shrike_origin origin;
};

/* The passphrase of a private key, likewise. */
struct config_passphrase {
    const char *folder, *file; /* "pkcs12", "gw.p12" */
    struct shrike_bytes secret;
};

/* A private key on a token, likewise. */
struct config_token {
    const char *name; /* of its section */
    const char *pin;  /* "": none */
    struct config_object object;
};

/* A connection that cannot be used yet: what of it, and where that is written. */
struct config_left {
    const char *name, *why;
    struct shrike_origin origin;
};

struct config {
    struct shrike_conf conf;
    uint32_t left_out;                /* connections that cannot be used yet */
    struct config_left left;          /* the first of them */
    const struct config_left *lefts;  /* all of them */
    struct config_conn written;       /* marks of the section `shrike` and of the pools */
    const struct config_conn *beside; /* conf.conn_count of them */
    struct config_secret *secrets;
    uint32_t secret_count;
    struct config_passphrase *passphrases;
    uint32_t passphrase_count;
    struct config_token *tokens;
    uint32_t token_count;
    struct config_certs authorities; /* of the section `authorities` */
    const struct config_where *wheres;
    uint16_t where_count;
    const char *folder;             /* in which the file stands, with a slash behind; "" */
    struct settings_radius *radius; /* with secrets; NULL when they are forgotten */
    struct settings settings;
    struct shrike_conn base;       /* what the shrike section says of every connection */
    uint64_t base_hash;            /* of it */
    struct pool pool, secret_pool; /* secret_pool may be given back before the rest */
};

struct section;

struct config_files {
    const char *config;             /* in the language of swanctl.conf */
    const char *foreign;            /* settings in the language of strongswan.conf; NULL: none */
    const struct settings *running; /* what cannot be changed any more is an error; NULL: nothing */
    uint8_t kernel;                 /* what the kernel can do, of enum settings_plane */
};

/* NULL when the report has errors: nothing is half-loaded. report is emptied first. */
struct config *config_load(const struct config_files *from, struct config_report *report);
/* One connection from elsewhere, with the settings of files. Its children have reqid 0 where none
 * is written: config_merge() gives them. NULL and report as above; free with config_free(). */
struct config *config_load_conn(const struct section *conn, const struct config *files,
                                struct config_report *report);
/* One pool of virtual addresses from elsewhere: it stands alone in the settings. NULL as above. */
struct config *config_load_pool(const struct section *pool, const struct config *files,
                                struct config_report *report);
/* Gives back what only the keeper of keys needs, wiped. */
void config_forget_secrets(struct config *c);
/* Wipes the secrets and gives everything back. NULL is fine. */
void config_free(struct config *c);

#endif
