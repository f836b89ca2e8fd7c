"""The rows of the table, in its order; each is made in a module of this folder."""

from benchmarks.harness.arena import Row
from benchmarks.rows import (
    appending,
    by_id,
    connection,
    freshness,
    log,
    lone,
    mutation,
    mutation_kept_up,
    mutation_one_account,
    rebuild,
    snapshots,
    subscribers,
    verify,
)

ROWS: tuple[Row, ...] = (
    by_id.ROW,
    connection.ROW,
    mutation.ROW,
    mutation_kept_up.ROW,
    mutation_one_account.ROW,
    lone.QUERY,
    lone.MUTATION,
    log.APPEND,
    log.DRIVERS,
    appending.EMMETT,
    appending.EVENTSOURCING,
    freshness.ROW,
    rebuild.ROW,
    verify.ROW,
    snapshots.ROW,
    subscribers.ROW,
)
