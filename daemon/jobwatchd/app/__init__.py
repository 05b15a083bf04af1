"""The life of the process: starts, reloads and stops everything in order.

- `daemon`: the life of the process, from opening the store to closing it
- `dependencies`: what it is handed, and what it has built from settings
- `configuration`: what is in force, what is to change, and going over to it · `reloader`: reading it again
- `service`: what systemd is told of it (ready, reloading, stopping, watchdog), and what signals ask
- `one_shot_wait`: some jobs until they end, without a daemon; `patience` says when that is pointless
"""
