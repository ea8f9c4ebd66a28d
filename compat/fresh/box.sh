#!/bin/bash
# box.sh LAYER LOWER ENVIRONMENT: becomes the first process of a bare machine whose files are the
# layers LOWER (overlayfs' notation) below LAYER/upper. Started by box.ts in namespaces of its own;
# prints this process' id as the machine outside knows it, then only waits.
set -eu
layer=$1 lower=$2
read -r pid _ </proc/self/stat
mount --make-rprivate /
mkdir -p "$layer/work" "$layer/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$layer/upper,workdir=$layer/work" "$layer/root"
cd "$layer/root"
mkdir -p proc sys dev run .outside
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty kvm fuse net/tun loop-control loop{0..7}; do
  [ -e "/dev/$name" ] || continue
  mkdir -p "dev/$(dirname "$name")"
  cp -a "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mkdir -m 1777 run/lock
hostname fresh
pivot_root . .outside
cd /
umount -l .outside
rmdir .outside
exec </dev/null
echo "$pid"
# A shell that waits buries the orphans of the box, as an init does; a bare sleep would leave zombies.
while :; do
  sleep 3600 &
  wait $! || true
done
