"""The jobs that a generator serves, from the wire to the network and back."""
