"""The life of the process: starts, reloads and stops everything in order.

- `daemon`: the life of the process, from opening the store to closing it
- `orders`: what signals ask of it
- `configuration`: what is in force, and going over to another one
- `reloader`: reading the configuration again · `reload`: what changes then
- `wiring`: what it is handed, and what it has built from settings
- `one_shot_wait`: some jobs until they end, without a daemon; `patience` says when that is pointless
- `open_files`: how many files the process may have open
- `service`: manners towards systemd: ready, reloading, stopping, watchdog
"""
