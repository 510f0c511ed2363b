"""The console: the pages that people of the marketplace work in."""
