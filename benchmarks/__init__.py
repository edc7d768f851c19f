"""What `make bench` runs: every budget of the design, measured side by side in one run."""
