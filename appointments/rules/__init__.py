"""Rules of the diary: pure functions that give reasons. No clock, no settings, no tables."""
