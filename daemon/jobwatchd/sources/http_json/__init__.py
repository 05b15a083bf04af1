"""Any job API that answers in JSON, by its description (`jobwatchd.description`).

- `section`: its settings
- `source`: `HttpJson`, the `ports.Source`
- `judge`: what an answer means
- `reader`: the job in it · `values`: its words, texts and times
- `inspection`: what each expression finds, for people, also in answers kept in files
- `listing`: many jobs, page by page
"""
