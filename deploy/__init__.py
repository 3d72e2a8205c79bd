"""Running the processes: under supervisord, under systemd, and the demo on one machine."""
