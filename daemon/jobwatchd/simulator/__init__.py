"""The two seed APIs as real HTTP servers, written from their documentation; for the demo, tests and benchmarks.

- `nebula`: NebulaGraph Explorer (`NebulaSimulator`); what it says is `nebula_answers`
- `telestream`: Telestream UP (`TelestreamSimulator`)
- `job`: the status words of both and what they mean, a job's life as data · `fate` draws random lives
- `roster`: all jobs of one API; adds some, scripted or random
- `faults`: what goes wrong, when and how often, and how (`FaultyApp`)
- `world`: what one API is made of, the truth about its jobs, and `/_sim/…`, which steers it from outside
- `server`: runs an ASGI app on a loopback port inside a structured block; answers in JSON
- `receiver`: a webhook receiver that verifies and records what it is sent
- `__main__`: `python -m jobwatchd.simulator`, both APIs in a process of their own

It shares no code with `sources`: what one of them gets wrong about an API, the other must not repeat.
"""
