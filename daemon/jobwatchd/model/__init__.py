"""What jobwatchd knows and decides: pure values and functions, no I/O, no clock of its own.

- `facts`: what an API tells of a job beside its state
- `job`: states, job references, observations
- `watch`: a job somebody asked to follow, and what is remembered of it
- `event`: what is told to sinks, its unchanging id, and which events a sink wants
- `transition`: what an observation changes (`advance`)
- `cadence`: when to look again (`next_poll_s`), and how to back off
- `health`: when a source counts as unreachable, and as recovered
- `delivery`: one event on its way to one sink
- `query`: which watches and events to list
- `configuration`: which one is in force, and what came of reading it last
- `api_token`: tokens of the API and their names
- `notation`: durations and addresses as people write them; what a message shows of a value that came where it does not
  belong
"""
