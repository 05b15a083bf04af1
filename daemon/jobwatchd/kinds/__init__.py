"""What every kind of source and sink is made of.

- `source`, `sink`: the section that a kind brings (`SourceSection`, `SinkSection`), and what it builds with; what was
  found in an answer, for people
- `http`: how requests are sent
- `clients`: what both are built with: HTTP clients, as sections have them, and credentials
- `secrets`: secrets found by their types, and in files, from which they are read again
"""
