/* The steward of keys: a process beside it that has tokens of PKCS #11. Their modules are programs
 * of others: they open files, sockets and devices, wait as long as they like, and must not see a
 * secret that is not for them. So they are in none of our roles; keys asks by letters. */
#ifndef KEYS_STEWARD_H
#define KEYS_STEWARD_H

/* Call it once, while this process has one thread, all its rights and no secret. Gives the
 * descriptor by which letters go, which ends the steward when it is closed; -1: the system refuses.
 * The steward is the user shrike-token, without capabilities; where the caller is not root it stays
 * who it is. Until the first letter it sleeps. Then it forks the one that loads modules and
 * answers; who dies, or waits for a token for longer than 8 s, is replaced, after a pause. */
int steward_start(void);

#endif
