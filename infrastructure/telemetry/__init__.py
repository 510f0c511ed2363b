"""What a process tells of its work: figures, traces and logs. None of it names a person."""
