"""What jobwatchd costs, measured: the daemon on one core, a load server on the other, everything as ratios in one run.

Run it with `PYTHONPATH=tests python -m bench` (`--quick` for a first impression). It installs nothing; what is missing
is left out with a note.

- `server`: the load server, a process of its own: both seed APIs and a webhook receiver, scripted
- `competitors`: the polling loops that people write, one script each
- `scenarios`: what is measured, one file a goal
- `daemon`, `load`, `contenders`: the real daemon, the load server and the polling loops as processes of a run
- `seeds`: watches put into a store before the daemon starts
- `scrape`, `process`, `probe`: what is read from outside while a run lasts
- `sustained`: the search for the highest rate that is kept up
- `lives`, `chart`: cadences compared by simulation, and drawn
- `machine`, `report`: where it ran, and what came out
"""
