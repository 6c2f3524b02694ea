/* What the command line of the daemon says; the same for every role. */
#ifndef PROC_OPTIONS_H
#define PROC_OPTIONS_H

#include "shrike/event.h"

struct options {
    const char *config;         /* [/etc/swanctl/swanctl.conf] */
    const char *foreign;        /* settings in the language of strongswan.conf; NULL: none */
    const char *control_socket; /* NULL: as the configuration says */
    enum shrike_level level;    /* of lines that the log shows [INFO] */
    bool one_process;
    int take_over; /* a descriptor: what the program before hands on (parent/takeover.h); 0: none */
    unsigned char kernel; /* what the kernel's IPsec can do, of enum settings_plane; 0: nothing */
    const char *kernel_says; /* the same for people; NULL in roles */
    bool check_only;         /* read the configuration, say what is wrong, and end */
};

#endif
