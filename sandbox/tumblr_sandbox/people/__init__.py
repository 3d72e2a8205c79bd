"""People who live in the sandbox: seeded characters who read, like, write, ask and answer back."""
