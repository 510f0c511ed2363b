"""Delivers letters to candidates: what they say, when they leave, and what became of them."""
