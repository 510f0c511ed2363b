"""The read models: one module each, with its tables, how events change them, and its queries."""
