/* The tool's conversation with the daemon over the control socket: blocking, bounded in time. */
#ifndef TOOL_SESSION_H
#define TOOL_SESSION_H

#include "vici/client.h"

#define SESSION_SILENCE_MS 30000 /* the daemon says nothing for so long: it is given up */
#define SESSION_FOR_EVER   (-1)

struct session {
    int fd; /* -1: not open */
    struct vici_client client;
    char why[512]; /* after a failure: one line for people, fit for a terminal */
};

/* Connect to the socket at this path. false: s->why says why, and what would help. */
bool session_open(struct session *s, const char *path) must_use;
/* Talk over this connected stream socket, which belongs to the session from then on. */
void session_of(struct session *s, int fd);
void session_close(struct session *s); /* twice is fine */

/* Called for each event; the packet is valid during the call. */
struct session_listener {
    void (*event)(void *ctx, const struct vici_packet *p);
    void *ctx;
};

enum session_told {
    SESSION_ANSWER,
    SESSION_UNKNOWN, /* the daemon does not know this command, or event; s->why says so */
    SESSION_LOST,    /* s->why; the session is of no more use */
};

/* Get events of this name, or no longer. */
enum session_told session_events(struct session *s, const char *event, bool on);

struct session_question {
    const char *command;
    struct bytes message;
    int silence_ms; /* the longest pause between two packets; 0: SESSION_SILENCE_MS */
    struct session_listener listener; /* events that come before the answer; or none */
};
/* Ask, and wait for the answer: valid until the next call. */
enum session_told session_ask(struct session *s, const struct session_question *q,
                              struct bytes *answer);
/* Listen to events until the daemon is gone: s->why. */
void session_follow(struct session *s, struct session_listener listener);

/* What an answer's `success` and `errmsg` say. false: s->why is the reason. */
bool session_success(struct session *s, struct bytes answer) must_use;
/* The same of an answer that says `success` only where there was none, as behind events: true:
 * s->why is the reason. */
bool session_refused(struct session *s, struct bytes answer) must_use;

#endif
