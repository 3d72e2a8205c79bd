"""The generator, its samplers, the heads that read its activations, and the jobs that use them.

Importing the package imports no submodule: ``autoresponder.errors`` stays usable on a machine
without torch.
"""
