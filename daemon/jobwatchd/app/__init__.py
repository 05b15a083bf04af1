"""The daemon as a whole: starts, reloads and stops the parts in order.

- `daemon`: the life of the process, from opening the store to closing it
- `reload`: what changes when the configuration is read again
- `parts`: what is built from settings, and by whom
- `waiting`: some jobs until they end, without a daemon; `patience` says when that is pointless
- `service`: manners towards systemd: ready, reloading, stopping, watchdog
"""
