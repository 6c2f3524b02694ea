/* The grid of RFC 7296 appendix C: which payload may stand how often in which message. */
#ifndef WIRE_GRAMMAR_H
#define WIRE_GRAMMAR_H

#include "base/bytes.h"

/* Columns of the grid; requests and responses apart. */
enum column {
    COLUMN_INIT_REQUEST,
    COLUMN_INIT_RESPONSE,
    COLUMN_INTER_REQUEST, /* RFC 9242 */
    COLUMN_INTER_RESPONSE,
    COLUMN_AUTH_REQUEST,
    COLUMN_AUTH_RESPONSE,
    COLUMN_CHILD_REQUEST, /* a new Child SA */
    COLUMN_CHILD_RESPONSE,
    COLUMN_REKEY_CHILD_REQUEST,
    COLUMN_REKEY_CHILD_RESPONSE,
    COLUMN_REKEY_IKE_REQUEST,
    COLUMN_REKEY_IKE_RESPONSE,
    COLUMN_INFO_REQUEST,
    COLUMN_INFO_RESPONSE,
    COLUMN_COUNT
};

enum cell { CELL_NEVER, CELL_ONE, CELL_MAYBE, CELL_MANY };

/* What the grid says of a payload type in a column; CELL_NEVER for types it does not have. */
enum cell grammar_cell(u8 payload, enum column column);
/* The most payloads of this type in one message where the cell says many. */
unsigned grammar_most(u8 payload);

struct message;
/* The column of a request, or of a response to a request of that column's exchange. For
 * CREATE_CHILD_SA the payloads tell: N(REKEY_SA) rekeys a Child SA, a proposal for IKE rekeys the
 * IKE SA. COLUMN_COUNT: an exchange that the grid does not have. */
enum column grammar_column(const struct message *m);

enum grammar_verdict { GRAMMAR_OK, GRAMMAR_UNEXPECTED, GRAMMAR_MISSING, GRAMMAR_TOO_MANY };
/* Does the message fit the column? A response with an error notify may lack what is demanded.
 * *payload names the type that decides. */
enum grammar_verdict grammar_check(const struct message *m, enum column column,
                                   u8 *payload) must_use;

#endif
