"""From SQLite to PostgreSQL: all that is stored, in parts, and checked."""

from leadbridge.store.moving.run import Moved, Progress, move, undo

__all__ = ["Moved", "Progress", "move", "undo"]
