"""The load server: answers in the shapes of both seed APIs, and takes webhooks, at more than 40,000 requests a second.

It is no simulator: there are no faults, no sessions that end, and no job that anybody could change. What a job shows is
computed from the time of the request, so a million scripted jobs cost nothing while nobody asks.

- `connection`: HTTP/1.1 as far as polling clients and webhooks speak it
- `script`: which jobs there are, and when each of them changes
- `nebula`, `telestream`: the answers
- `receipts`: the webhooks that came
- `site`: who answers which path, and the counters
"""
