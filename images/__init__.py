"""Text out of images and images out of text; everything that is fetched from where users point is guarded."""
