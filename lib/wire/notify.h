/* Finding notifies in a message (RFC 7296 3.10). */
#ifndef WIRE_NOTIFY_H
#define WIRE_NOTIFY_H

#include "wire/message.h"
#include "wire/payload.h"

/* The first notify of this type; false when there is none. Malformed ones are refused earlier, by
 * notify_check(). */
bool notify_find(const struct message *m, u16 type, struct notify *out);
/* The first error notify; false when there is none. */
bool notify_error(const struct message *m, struct notify *out);
/* Are all notify payloads well-formed? */
bool notify_check(const struct message *m) must_use;
/* Append a notify without protocol and SPI. */
void notify_add(struct builder *b, u16 type, struct bytes data);
/* One about a Child SA, which its SPI names. */
void notify_add_spi(struct builder *b, u16 type, u8 protocol, struct bytes spi);

#endif
