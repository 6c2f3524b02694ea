/* What is legal in a configuration, and surely not meant. */
#ifndef TOOL_DOUBT_H
#define TOOL_DOUBT_H

#include "config/config.h"

/* More connections, children or secrets than these are not compared, each with each; that is told.
 */
#define DOUBT_CHILDREN_MAX 2000

/* Warnings about one configuration, each at its place. */
void doubt(const struct config *c, struct config_report *report);

/* The secret that is used between these two, as the keeper of secrets finds it; NULL: there is
 * none. An identity that stands for several fits what is listed of these. */
const struct config_secret *doubt_secret(const struct config *c, const struct shrike_id *local,
                                         const struct shrike_id *remote);

#endif
