"""What every kind of source and sink is made of.

- `source`, `sink`: the section that a kind brings (`SourceSection`, `SinkSection`), and what it builds with; what was
  found in an answer, for people
- `http`: how requests are sent · `poll`: how often a source is polled
- `clients`: what both are built with: HTTP clients, as sections have them, and credentials
- `secrets`: secrets found by their types, and in files · `recipes`: those that come from files, read again
"""
