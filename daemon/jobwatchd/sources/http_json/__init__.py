"""Any job API that answers in JSON, by its description (`jobwatchd.description`).

- `section`: its settings
- `source`: `HttpJson`, the `ports.Source`
- `judge`: what an answer means
- `reader`: the job in it · `instants`, `words`: its times, and its other values
- `inspection`: what each expression finds, for people · `recorded`: answers kept in files
- `listing`: many jobs, page by page · `pages`: how the next page is asked for
"""
