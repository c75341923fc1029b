"""Rules of treatment: pure functions on frozen dataclasses. They give reasons, not booleans."""
