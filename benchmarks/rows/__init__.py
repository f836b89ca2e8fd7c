"""The rows of the table, in its order; each is a module of this folder."""

from benchmarks.harness.arena import Row
from benchmarks.rows import by_id, connection, mutation

ROWS: tuple[Row, ...] = (
    by_id.ROW,
    connection.ROW,
    mutation.ROW,
)
