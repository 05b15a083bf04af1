"""The daemon as a whole: starts, reloads and stops the parts in order.

- `daemon`: the life of the process, from opening the store to closing it
- `orders`: what signals ask of it · `loops`: the engine's loops, put together
- `configuration`: what is in force, and going over to another one
- `reloader`: reading the configuration again · `reload`: what changes then
- `parts`: what is built from settings, and by whom
- `one_shot_wait`: some jobs until they end, without a daemon; `patience` says when that is pointless
- `open_files`: how many files the process may have open
- `service`: manners towards systemd: ready, reloading, stopping, watchdog
"""
