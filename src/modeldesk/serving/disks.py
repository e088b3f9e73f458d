"""What kind of disk a file is on."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")  # of Linux; others are not asked
# Where locks and shared memory of several machines, or even of one, are not what SQLite needs.
NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "lustre", "ncpfs"),
    *("nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs", "virtiofs"),
    *("fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
}


def network_fault(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Why a file of SQLite must not be there, or None."""
    kind = _kind(path.resolve(), mounts)
    if kind not in NETWORK:
        return None
    return (
        f"{path} is on a network disk ({kind}), where SQLite loses what it has stored or waits "
        "for ever; name a file on a disk of this machine, or use a database server."
    )


def _kind(path: Path, mounts: Path) -> str:
    """The type of the file system that a path is on, "" where nobody says it."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found: dict[Path, str] = {}
    for line in lines:
        about, _, of_disk = line.partition(" - ")
        # Blanks and the like are written as \\040.
        place = about.split()[4].encode().decode("unicode_escape").encode("latin-1").decode()
        found[Path(place)] = of_disk.split()[0]  # the last one mounted there is seen
    above = [place for place in found if path.is_relative_to(place)]
    return found[max(above, key=lambda place: len(place.parts))] if above else ""
