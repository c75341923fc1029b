"""Forms of this floor: validation, layout, and the one action of each."""
