"""NebulaGraph Explorer's workflow jobs.

- `section`: its settings
- `source`: `NebulaExplorer`, the `ports.Source`
- `login`: what proves who is asking
- `payload`: what answers mean
"""
