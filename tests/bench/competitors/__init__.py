"""The polling loops that people write, each as small and as honest as it would be in the wild.

Every script polls `--jobs` jobs, each every `--interval` seconds, reads their status, and prints one JSON object about
`--window` seconds after `--warmup` seconds. None of them limits, retries, remembers or tells anything.

- `httpx_script`: a task per job, one `httpx.AsyncClient`
- `aiohttp_script`: a task per job, one `aiohttp.ClientSession`; `--frozen` keeps the garbage collector away
- `pyreqwest_loop`: workers fed by one schedule, pyreqwest on uvloop: what the daemon is measured against
- `meter`: arguments, pinning and measuring, the same for all
"""
