/* Models of those who sign and who judge certificates; and EAP with its real methods. A certificate
 * is a line of text, "KIND TYPE NAME by AUTHORITY": the kind of its key (RSA, ECDSA), whose
 * identity it is, and who has signed it. Who has the text has the key. */
#ifndef CLIENTS_MODEL_H
#define CLIENTS_MODEL_H

#include "crypto/scheme.h"
#include "pair/passwords.h"
#include "shrike/action.h"

#define MODEL_VALUE_MAX 512
#define MODEL_CERT_MAX  200
#define MODEL_PASSWORD  "open sesame" /* of every user */

struct model {
    const struct shrike_provider *provider;
    char certificate[MODEL_CERT_MAX]; /* of the server; empty: it has none */
    char authority[MODEL_CERT_MAX];   /* that it trusts */
    struct passwords eap;
    u8 value[MODEL_VALUE_MAX];
};

/* PROVE, CHECK and EAP of the server. The answer points into the model. */
void model_answer(void *model, const struct shrike_op *op, struct shrike_answer *out);

/* The AUTH data of this certificate by this way to sign; 0: there is no room. */
size_t model_sign(const struct shrike_provider *p, const struct scheme *s, const char *certificate,
                  struct bytes octets, u8 out[MODEL_VALUE_MAX]);
/* Is it of this certificate? *scheme: by which way. */
bool model_verify(const struct shrike_provider *p, const struct shrike_auth_op *op,
                  const char *certificate, const struct scheme **scheme);
/* "TYPE NAME" of the certificate; false: it is none. */
bool model_name(const char *certificate, char out[MODEL_CERT_MAX]);
enum key_kind model_kind(const char *certificate);
/* The hash of an authority, or of a certificate's key. */
struct shrike_key_id model_key_id(const struct shrike_provider *p, const char *text);

#endif
