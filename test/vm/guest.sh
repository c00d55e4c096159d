#!/bin/sh
# The guest's init on its real root: what a system has before any service, pure cgroup v2, then the tests, then off.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 CI=1 NO_COLOR=1
. /run/vm/job

mount -t proc proc /proc
mount -t sysfs sysfs /sys
# The tests' temporary folders: an overlay's upper folder cannot lie on an overlay. The checkout may be below /tmp.
mkdir /run/vm/checkout
mount --bind "$checkout" /run/vm/checkout
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o mode=620,gid=5,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -sfn /proc/self/fd /dev/fd
mount --make-rshared / # as systemd and docker have it; the kernel's default is private

# The kernel loads modules by a program's help; this machine's host need not have one.
mkdir -p /lib/modules
ln -sfn "/run/vm/checkout/$modules" "/lib/modules/$(uname -r)"
ln -s busybox /run/vm/modprobe
echo /run/vm/modprobe >/proc/sys/kernel/modprobe
/run/vm/busybox ip link set lo up
/run/vm/busybox hostname gantry-vm

echo "guest: Linux $(uname -r), up in $(cut -d' ' -f1 /proc/uptime) s, cgroup v2 with: $(cat /sys/fs/cgroup/cgroup.controllers)"
export GANTRY_TEST_PATIENCE="$patience"
cd /run/vm/checkout && "$node" node_modules/vitest/vitest.mjs run --project scenario "$@" </dev/null
status=$?
if [ "$status" -ne 0 ]; then
  for log in test/artifacts/*.log; do
    [ "$log" -nt /run/vm/job ] && echo "--- $log" && tail -n 40 "$log"
  done
fi
echo "guest: vitest ended with $status after $(cut -d' ' -f1 /proc/uptime) s"
echo "status $status" >/dev/ttyS1
sync
/run/vm/busybox poweroff -f
