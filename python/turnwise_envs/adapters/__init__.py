"""Adapters for Python trainers. Each module imports its trainer when its function is called."""
