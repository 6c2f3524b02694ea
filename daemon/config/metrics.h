/* Where metrics are served: the section `metrics` of the section `shrike`. */
#ifndef DAEMON_CONFIG_METRICS_H
#define DAEMON_CONFIG_METRICS_H

#include "config/compile.h"

/* Fills settings->metrics; nowhere, where nothing is written. */
void compile_metrics(struct compile *c, struct settings *settings);

#endif
