"""The schema of JSON Resume 1.0.0, as its package `resume-schema` has it, with its licence."""
