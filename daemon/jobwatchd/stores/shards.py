"""Which shard a watch belongs to; replicas lease shards, and one lane's work is split along them."""

from zlib import crc32

from jobwatchd.model.job import JobReference

# Stored with every watch: another number would need a migration that computes all of them anew.
SHARDS = 64


def shard_of(ref: JobReference) -> int:
    """Return the shard of a job, from 0 to 63; the same in every process and every version."""
    return crc32(ref.key.encode()) % SHARDS
