"""Training the heads that score texts: rows with labels, a frozen trunk, calibration, figures."""
