"""The switchboard: durable jobs between the bot loop, the generators and the selectors.

Nobody connects to a worker: generators and selectors poll. `messages` is what crosses the wire, `store` what
is kept, `app` the HTTP service, `client` and `worker` what the other processes use.
"""
