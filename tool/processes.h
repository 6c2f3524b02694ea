/* `shrike processes`: what each process of the daemon may do, as the system tells. */
#ifndef TOOL_PROCESSES_H
#define TOOL_PROCESSES_H

#include "tool/tool.h"

#define PROCESS_NAME 32

/* Whose files it can name. */
enum process_root {
    PROCESS_ROOT_UNKNOWN, /* nobody but root may look */
    PROCESS_ROOT_HOST,
    PROCESS_ROOT_EMPTY, /* a folder that was removed while it stood in it */
    PROCESS_ROOT_OTHER,
};

struct process {
    const char *role;
    u64 pid;
    char name[PROCESS_NAME]; /* as the system has it; empty: it is not there any more */
    u32 uid;
    u64 effective, bounding; /* sets of capabilities */
    u32 seccomp;             /* 0: none, 1: strict, 2: a filter */
    bool no_new_privileges;
    enum process_root root;
};

/* From /proc/PID/status; false: something is missing there. */
bool process_read(const char *status, struct process *p) must_use;
/* The names of a set, with blanks between; "none", "all". */
struct text;
void process_capabilities(struct text *t, u64 set);

int command_processes(struct tool *t, char *const *arguments);

#endif
