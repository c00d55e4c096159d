#!/bin/busybox sh
# The guest's first program: makes the host's root, read-only and below a tmpfs, its own, and goes on there.
set -eu
PATH=/bin
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "$module"; done </load-order

mount -t virtiofs -o ro host /host
mount -t tmpfs tmpfs /changes
mkdir /changes/upper /changes/work
mount -t overlay -o lowerdir=/host,upperdir=/changes/upper,workdir=/changes/work overlay /root

mount -t tmpfs -o mode=755 tmpfs /root/run
mkdir /root/run/vm
cp /bin/busybox /job /root/run/vm
. /job
umount /proc
mount --move /dev /root/dev
exec switch_root -c /dev/console /root /bin/sh "$checkout/test/vm/guest.sh"
