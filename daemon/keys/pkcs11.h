/* Private keys on tokens, by the modules that p11-kit knows. In a process of its own: steward.h. */
#ifndef KEYS_PKCS11_H
#define KEYS_PKCS11_H

#define PKCS11_KEYS_MAX 16 /* keys that are open at a time */
#define PKCS11_WAIT_S   8  /* no question takes longer: the process ends by SIGALRM */

/* Answer the letters of this socket until it is closed, or a token fails in a way that only a new
 * process mends. */
_Noreturn void pkcs11_serve(int fd);

#endif
