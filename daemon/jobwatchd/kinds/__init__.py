"""What every kind of source and sink is made of.

- `http`: how requests are sent · `poll`: how often a source is polled
"""
