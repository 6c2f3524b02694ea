/* Loaded before libc (LD_PRELOAD), this counts each lock that anything in the process takes. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

uint64_t bench_locks;

/* The same function of libc, looked up once. */
#define COUNTED(name, type)                                                                        \
    int name(type *lock)                                                                           \
    {                                                                                              \
        static int (*next)(type *);                                                                \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        bench_locks++;                                                                             \
        return next(lock);                                                                         \
    }

COUNTED(pthread_mutex_lock, pthread_mutex_t)
COUNTED(pthread_mutex_trylock, pthread_mutex_t)
COUNTED(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNTED(pthread_rwlock_wrlock, pthread_rwlock_t)
