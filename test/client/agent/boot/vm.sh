#!/bin/sh
# Boots a Debian tree as a machine of its own, in the network namespace that this is started in:
#   vm.sh boot TREE DISK CGROUP      runs systemd until the machine is off
#   vm.sh install TREE DISK DEB      installs a package into the disk of a machine that is off
#   vm.sh clear TREE DISK CGROUP     removes what a machine has left in memory
# TREE is never written: DISK keeps what the machine writes.
set -e

mount_disk() {
    mkdir -p "$2/upper" "$2/work" "$2/root"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
}

case "$1" in
install)
    [ -n "$UNSHARED" ] || UNSHARED=1 exec unshare --mount "$0" "$@"
    mount --make-rprivate /
    mount_disk "$2" "$3"
    root=$3/root
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/run"
    mount --bind /dev "$root/dev"
    cp "$4" "$root/package.deb"
    chroot "$root" dpkg --install /package.deb
    rm "$root/package.deb"
    ;;
boot)
    [ -n "$UNSHARED" ] || UNSHARED=mount exec unshare --mount "$0" "$@"
    if [ "$UNSHARED" = mount ]; then
        # A branch of its own in the tree of cgroups, which systemd takes for the whole.
        mount --make-rprivate /
        mkdir -p "$3/cgroup"
        mount -t cgroup2 none "$3/cgroup"
        mkdir -p "$3/cgroup/$4"
        echo $$ > "$3/cgroup/$4/cgroup.procs"
        UNSHARED=all exec unshare --cgroup --pid --uts --ipc --fork --kill-child "$0" "$@"
    fi
    mount_disk "$2" "$3"
    cd "$3/root"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t cgroup2 none sys/fs/cgroup
    mount -t tmpfs tmpfs run
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    touch dev/console
    mkdir -p old
    pivot_root . old
    umount -l /old
    hostname vm
    exec env -i container=countersign PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init --log-target=journal --show-status=0
    ;;
clear)
    # What the machine has left running ends, and its cgroups go.
    [ -n "$UNSHARED" ] || UNSHARED=1 exec unshare --mount "$0" "$@"
    mount --make-rprivate /
    mount -t cgroup2 none "$3/cgroup"
    cd "$3/cgroup"
    [ -d "$4" ] || exit 0
    echo 1 >"$4/cgroup.kill"
    while grep -q 'populated 1' "$4/cgroup.events"; do sleep 0.05; done
    find "$4" -depth -type d -exec rmdir {} +
    ;;
esac
