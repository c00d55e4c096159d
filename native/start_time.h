// A pid alone names nothing for long; with its start time (proc_pid_stat(5), field 22) it does.
#ifndef GANTRY_START_TIME_H
#define GANTRY_START_TIME_H
#include <sys/types.h>

// `proc`: descriptor of a /proc. 0: no such process.
unsigned long long start_time_in(int proc, pid_t pid);
#endif
