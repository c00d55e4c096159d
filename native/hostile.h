/* What the programs that read other people's trees have in common. */
#ifndef GANTRY_HOSTILE_H
#define GANTRY_HOSTILE_H

/*
 * Prints a name in quotes on standard error. Names are hostile: no control character, quote or half of a UTF-8 sequence
 * reaches a terminal or a log.
 */
void print_quoted(const char *name);
/* Of the process whose folder in /proc this is (proc_pid_stat(5), field 22); -1 where it is gone. */
long long process_start_time(int folder);

#endif
