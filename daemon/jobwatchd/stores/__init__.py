"""Where watches, events and deliveries outlive the process; each adapter is a `ports.Store`.

- `memory`, `memory_deliveries`: everything in dicts, for tests and for `jobwatchd wait`
- `sql`: the transactions; what is said in them stands, noun by noun, in `sql_watches`, `sql_commit`, `sql_events`,
  `sql_deliveries`
- `schema`: the tables; `migrations/`: how an older schema becomes this one
- `rows`, `codec`: rows and JSON to and from the model; `prepared`: statements with many rows
- `database`: one writer, many readers, every failure a `StoreError`
- `sqlite`: all that is true of SQLite only: files, locks, pragmas; `sqlite_faults`: which of its errors pass
"""
