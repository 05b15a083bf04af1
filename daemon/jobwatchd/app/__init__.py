"""The daemon as a whole: starts, reloads and stops the parts in order.

- `daemon`: the life of the process, from opening the store to closing it
- `reload`: what changes when the configuration is read again
- `listening`: waiting for the address, while signals are obeyed
- `parts`: what is built from settings, and by whom
- `waiting`: some jobs until they end, without a daemon
- `open_files`: how many files the process may have open
- `service`: manners towards systemd: ready, reloading, stopping, watchdog
"""
