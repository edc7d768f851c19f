"""The emulated Copper."""
