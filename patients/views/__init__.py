"""Views of this floor."""
