"""From a scraped blog to a tuned generator, and heads that learn: ``python -m training --help``."""
