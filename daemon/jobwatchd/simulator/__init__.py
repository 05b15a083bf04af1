"""The two seed APIs as real HTTP servers, written from their documentation; for the demo, tests and benchmarks.

- `nebula`: NebulaGraph Explorer (`NebulaSimulator`); its parts are `nebula_job`, `nebula_list`, `nebula_envelope` and
  `nebula_sessions`
- `telestream`: Telestream UP (`TelestreamSimulator`); its part is `telestream_job`
- `words`: the status words of both, and what they mean
- `life`: a job's life as data; `fate` draws random ones; `job` and `fleet` hold those who live them
- `roster`: adds jobs, scripted or random
- `faults`: what goes wrong, when and how often; `faulty_app` and `tampering` make it happen
- `world`: what one API is made of, and the truth about its jobs
- `control`: `/_sim/faults`, `/_sim/jobs` and `/_sim/truth`, to steer a running API from outside
- `server`: runs an ASGI app on a loopback port inside a structured block
- `answers`: answers in JSON
- `receiver`: a webhook receiver that verifies and records what it is sent
- `__main__`: `python -m jobwatchd.simulator`, both APIs in a process of their own

It shares no code with `sources`: what one of them gets wrong about an API, the other must not repeat.
"""
