"""The mood at a moment, from the inputs in the store; what the log and readers see of it."""
