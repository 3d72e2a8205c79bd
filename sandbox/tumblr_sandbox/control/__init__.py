"""The control face under /sandbox: what only the sandbox can do."""
