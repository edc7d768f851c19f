"""Many accounts with skewed load: whether the small ones feel the giants (`make simulate`)."""
