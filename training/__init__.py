"""Trainers of the generator and its heads; they read corpus files and write a model folder."""
