"""Writing through a server with the OpenAI completions interface, in place of the own engine."""
