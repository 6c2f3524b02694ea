/* A client that follows a script: it has keys and SAs of its own and no engine, so that it can say
 * what an engine of ours never would. Its requests go out one after the other. */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

#include "channel.h"
#include "ident.h"
#include "pair/passwords.h"
#include "script.h"
#include "sim/kernel.h"
#include "sim/world.h"
#include "wire/message.h"

#define CLIENT_INBOX_MAX 64
#define CLIENT_NONCE     32
#define CLIENT_NONCE_MAX 256                 /* RFC 7296 2.10 */
#define CLIENT_PATIENCE  (5 * SHRIKE_SECOND) /* for an answer */

/* An IKE SA. */
struct client_sa {
    struct channel *channel; /* NULL: it has no keys yet */
    struct ike_suite suite;
    u64 spi_i, spi_r;
    bool initiator;   /* we have begun it */
    u32 ours, theirs; /* message IDs of the next requests */
};

/* Inbound SPIs of both ends; 0: there is none. */
struct client_child {
    u32 here, there;
};

/* One exchange. Pairs are of who asks, and of who answers. */
struct client_talk {
    u8 exchange;
    bool ours; /* we ask */
    u32 id;
    u8 nonce[2][CLIENT_NONCE_MAX];
    size_t nonce_len[2];
    u64 spi_ike[2]; /* of a new IKE SA */
    u32 spi_esp[2];
    u16 group; /* of the key exchange; KE_NONE: without */
    u8 ke_private[KE_PRIVATE_MAX];
    u8 ke_peer[KE_PUBLIC_MAX];
    size_t ke_peer_len;
    struct proposal agreed;
    bool rekeys; /* a Child SA */
};

struct client {
    struct node node;
    struct node *out;
    const struct script *script;
    const struct shrike_provider *provider;
    const struct kernel *server; /* the data plane at the other end */
    struct prng prng;
    struct shrike_endpoint here, there;
    bool fragments_offered, fragments; /* by us; by both ends (RFC 7383) */
    struct client_sa now, before;      /* before: replaced and not deleted yet */
    struct client_talk talk;
    struct client_child child, old_child;
    bool closed; /* the server has deleted the IKE SA */
    /* IKE_SA_INIT and IKE_AUTH: of the initiator, of the responder */
    u8 init[2][4096];
    size_t init_len[2];
    u8 nonces[2][CLIENT_NONCE_MAX];
    size_t nonce_len[2];
    u8 sk_p[2][KEY_MAX];
    u8 id[2][CLIENT_ID_MAX]; /* bodies */
    size_t id_len[2];
    struct passwords eap;
    u8 msk[64]; /* of EAP */
    size_t msk_len;
    struct shrike_addr leased[SHRIKE_ADDRESSES_MAX];
    unsigned leased_count;
    /* what came */
    struct packet *inbox[CLIENT_INBOX_MAX];
    unsigned count;
    u8 heard[MESSAGE_MAX]; /* `in` points into it */
    struct message in;
    bool asked; /* `in` is a request that waits for its answer */
    u64 answered;
    /* the first thing that was not as the script says; 0: nothing */
    unsigned failed_at;
    char why[400];
};

void client_init(struct client *c, struct world *w, const struct script *s);
void client_free(struct client *c);
/* Begin anew: its SAs are gone, and nobody is told. */
void client_forget(struct client *c);
/* What is not as it should be; the first one is kept. */
void client_fail(struct client *c, const struct line *l, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Send a message: the tokens of a line from the second on. */
void client_say(struct client *c, const struct line *l);
/* Wait for one, and look that it has what the line names. */
void client_hear(struct client *c, const struct line *l);
/* An answer of ours is out: what it makes is there. */
void client_answered(struct client *c, const struct line *l);
/* Wait for the next message and read it into `in`. */
void client_listen(struct client *c, const struct line *l);
/* Has the last message this notify? By its name. */
bool client_was_told(const struct client *c, const char *notify);
/* Let time pass and hear nothing. */
void client_sleep(struct client *c, shrike_time duration);
/* Let time pass. Requests that only ask whether we are there, or delete, are answered. */
void client_wait(struct client *c, shrike_time duration);

/* ---- between speaking and hearing ---- */

void client_send(struct client *c, const u8 *octets, size_t len);
/* Seal this chain as the message that `talk` is, and send it. */
void client_seal(struct client *c, struct client_sa *sa, struct bytes inner, u8 first);
/* SHA-1 as in NAT_DETECTION notifies (RFC 7296 2.23). */
void client_natd(const struct client *c, const struct shrike_endpoint *e, u8 out[20]);
/* What its method makes of the EAP message that has come. */
struct shrike_answer client_eap(struct client *c, const char *password);
/* What the initiator signs, or the responder (RFC 7296 2.15). Stands until the next call. */
struct bytes client_signed(const struct client *c, unsigned side);

/* ---- keys (client_keys.c) ---- */

/* Of the IKE SA that IKE_SA_INIT has agreed, or a rekey. false: they cannot be made. */
bool client_new_ike(struct client *c) must_use;
/* Of a Child SA: NULL, or how the server's differ. */
const char *client_new_child(struct client *c) must_use;

#endif
