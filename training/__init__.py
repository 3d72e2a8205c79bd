"""From a scraped blog to a tuned generator, and heads that learn from readers: ``python -m training --help``."""
