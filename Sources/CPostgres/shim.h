#include <libpq-fe.h>

/* What waiting on a connection's thread takes and Glibc's module leaves out. */
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* prctl(2) has a variable number of arguments, which Swift does not call. */
static inline int postgres_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
