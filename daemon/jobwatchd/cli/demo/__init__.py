"""`jobwatchd demo`: both job APIs simulated, the real daemon, a receiver, and a few dozen seconds of what they do.

- `performance`: the command, from start to end: what happens when, and what it all comes to
- `stage`: simulators, receiver and daemon, set up and taken down; they are `children`
- `scene`: the jobs, and what becomes of them
- `remote`: the HTTP of the simulators and of the daemon
- `screen`: what a person sees, and what is said at the end
- `comparison`: what was told, held against what really happened
"""
