/* A line of the log as it is written: for people, as JSON, for syslog, as fields of the journal.
 * All text in it is printable ASCII in the end, whatever names and peers contain. */
#ifndef CONTROL_FORMAT_H
#define CONTROL_FORMAT_H

#include "base/text.h"
#include "control/log.h"

/* Room for any of them. */
#define FORMAT_MAX (2 * LOG_TEXT_MAX + 2048)

/* With a newline. */
void format_text(struct text *t, const struct settings_log *conf, const struct log_line *line);
/* One object and a newline. */
void format_json(struct text *t, const struct log_line *line);
/* A datagram of syslog, RFC 3164 4.1, as local daemons read it: without the host's name. */
void format_syslog(struct text *t, const struct settings_log *conf, const char *identifier,
                   const struct log_line *line);
/* A datagram of the journal's native protocol: a field a line. */
void format_journal(struct text *t, const char *identifier, const struct log_line *line);

#endif
