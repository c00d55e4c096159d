#define _GNU_SOURCE
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void usage(void)
{
    fputs("usage: gantry-applier FOLDER [--max-bytes N] [--max-entries N] [--volatile] <archive.tar\n"
          "       gantry-applier --path FOLDER [--ids-from N] [--keep-kinds] [LIMITS] --process PID START_TIME <archive.tar\n"
          "       gantry-applier --path FOLDER [--ids-from N] [--keep-kinds] [LIMITS] --upper FOLDER --work FOLDER [--lower FOLDER]...\n",
          stderr);
    exit(2);
}

static int64_t positive(const char *text)
{
    char *rest;
    errno = 0;
    long long value = text == NULL ? 0 : strtoll(text, &rest, 10);
    if (value <= 0 || errno != 0 || *rest != '\0')
        usage();
    return value;
}

/* Gives up every capability that placing entries does not need, so that a flaw in the reader is worth less. */
static void drop_capabilities(void)
{
    static const int needed[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,   CAP_FSETID,
                                 CAP_MKNOD,  CAP_SETFCAP,      CAP_SYS_ADMIN /* trusted.* attributes */};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        data[needed[i] / 32].permitted |= 1u << needed[i] % 32;
        data[needed[i] / 32].effective |= 1u << needed[i] % 32;
    }
    if (syscall(SYS_capset, &header, data) < 0)
        fail_errno("cannot give up capabilities (the applier needs root)");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        fail_errno("cannot give up privileges");
}

/* Makes the folder the only thing this process can name; openat2 in applier_place.c is the second wall. */
static int enter(const char *folder)
{
    if (chdir(folder) < 0)
        fail_errno("cannot enter the folder");
    if (chroot(".") < 0 || chdir("/") < 0)
        fail_errno("cannot make the folder the root (the applier needs root)");
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        fail_errno("cannot open the folder");
    return root;
}

int main(int count, char **arguments)
{
    struct limits limits = {.bytes = (int64_t)64 << 30, .entries = 2000000};
    struct target target = {.base = -1};
    const char *folder = NULL;
    bool lasting = true; /* what is unpacked is there after a power cut */
    for (int i = 1; i < count; i++) {
        const char *flag = arguments[i];
        if (i == 1 && *flag != '-') {
            folder = flag;
            continue;
        }
        if (strcmp(flag, "--keep-kinds") == 0) {
            path_keep_kinds();
            continue;
        }
        if (strcmp(flag, "--volatile") == 0) {
            lasting = false;
            continue;
        }
        const char *value = i + 1 < count ? arguments[++i] : NULL;
        if (value == NULL)
            usage();
        if (strcmp(flag, "--max-bytes") == 0)
            limits.bytes = positive(value);
        else if (strcmp(flag, "--max-entries") == 0)
            limits.entries = positive(value);
        else if (strcmp(flag, "--ids-from") == 0)
            target.base = positive(value);
        else if (strcmp(flag, "--path") == 0)
            target.path = value;
        else if (strcmp(flag, "--upper") == 0)
            target.upper = value;
        else if (strcmp(flag, "--work") == 0)
            target.work = value;
        else if (strcmp(flag, "--lower") == 0 && target.lower_count < LOWER_LIMIT)
            target.lower[target.lower_count++] = value;
        else if (strcmp(flag, "--process") == 0 && i + 1 < count) {
            target.pid = positive(value);
            target.start = positive(arguments[++i]);
        } else
            usage();
    }
    bool mounted = target.upper != NULL && target.work != NULL;
    if (folder == NULL ? target.path == NULL || mounted == (target.pid > 0) : target.path != NULL)
        usage();

    if (folder == NULL)
        target_enter(&target);
    /* Nobody waits for the result of a daemon that is gone; its next start sweeps the folder. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    umask(0);
    int root = enter(folder == NULL ? "." : folder);
    drop_capabilities();
    path_root(root, folder != NULL);

    static struct entry entry;
    int64_t entries = 0, bytes = 0;
    while (tar_next(&entry, &limits)) {
        if (++entries > limits.entries)
            fail("more than %lld entries", (long long)limits.entries);
        if (entry.stored > limits.bytes - bytes)
            fail("the archive holds more than %lld bytes", (long long)limits.bytes);
        bytes += place_entry(&entry);
    }
    metadata_finish();
    if (lasting && syncfs(root) < 0)
        fail_errno("cannot write to the disk");
    printf("{\"entries\":%lld,\"bytes\":%lld}\n", (long long)entries, (long long)bytes);
    return 0;
}
