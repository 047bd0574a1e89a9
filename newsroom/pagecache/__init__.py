"""Keeps public pages, and never shows one that is older than what it was made from."""
